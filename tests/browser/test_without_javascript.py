"""Scripts switched off: every main page is read, and every form is filled and sent, by buttons and links alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.browser.product import Product
from tests.browser.stages import name_at, pages_by_person, review_at

TODAY = datetime.now(UTC).date()
DOUBLE = "all => all.map((one) => one.id).filter((name, place, names) => names.indexOf(name) !== place)"
LAW = ("Criminal Code", "section 4", "2011-03-01", "https://laws.example.org/criminal-code")

pytestmark = pytest.mark.browser


@pytest.fixture
def arrives(people: Callable[..., Person], product: Product) -> Callable[[str, str], Person]:
    """Signs somebody in, with a browser that runs no script, to work on the review at a stage."""

    def arrive(stage: str, key: str) -> Person:
        person = people(name_at(stage, key), product, review=review_at(stage), java_script_enabled=False)
        return person.signs_in()

    return arrive


def test_every_main_page_is_read_and_every_form_has_its_button(arrives: Callable[[str, str], Person]) -> None:
    """And a label, an error, the skip link each lead to the one thing they name."""
    for who, paths in pages_by_person():
        person = arrives(*who)
        for path in paths:
            person.opens(path)
            expect(person.page.locator("main h1")).to_be_visible()
            without_a_button = person.page.locator("form:not(:has(button:not([type=button])))")
            expect(without_a_button).to_have_count(0)
            assert person.page.locator("[id]").evaluate_all(DOUBLE) == [], path
            expect(person.page.locator("a[href='#'], a:not([href]), button[type=button]")).to_have_count(0)


def test_signing_in_from_the_list_and_out_again(people: Callable[..., Person], product: Product) -> None:
    person = people("fp", product, java_script_enabled=False)
    person.signs_in_from_the_list("Office of a-fp")
    person.page.get_by_role("button", name="Sign out").click()
    expect(person.page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert person.gets(review_at("nomination")) == 200
    assert "/accounts/login/" in person.context.request.get(review_at("nomination")).url


def test_language_notices_and_details(arrives: Callable[[str, str], Person]) -> None:
    person = arrives("desk_review", "fp")
    person.opens("/notices/")
    expect(person.page.locator("nav.main .count")).to_be_visible()
    person.page.get_by_role("button", name="Mark all as read").click()
    expect(person.page.locator("nav.main .count")).to_have_count(0)
    person.opens("/profile/")
    person.page.get_by_label("Telephone").fill("+43 1 26060")
    person.page.get_by_role("button", name="Save", exact=True).click()
    person.is_told("Saved.")
    person.page.get_by_label("Language").first.select_option("ar")
    person.page.get_by_role("button", name="Change", exact=True).click()
    expect(person.page.locator("html")).to_have_attribute("dir", "rtl")
    person.page.locator("select#language").select_option("en")
    person.page.locator("form.language button").click()
    expect(person.page.locator("html")).to_have_attribute("lang", "en")
    expect(person.page.get_by_label("Telephone")).to_have_value("+43 1 26060")


def test_the_list_of_reviews_is_filtered(arrives: Callable[[str, str], Person]) -> None:
    officer = arrives("nomination", "officer")
    officer.opens("/reviews/")
    officer.page.get_by_label("Stage").select_option("summary")
    officer.page.get_by_role("button", name="Show", exact=True).click()
    expect(officer.page.locator("main tbody tr")).to_have_count(1)
    officer.opens("/cycles/test/open/")
    officer.page.get_by_label("State party not under review in this phase yet").select_option(index=1)
    officer.page.get_by_role("button", name="Open the review").click()
    officer.sees("Reviewing States of")


def test_people_are_named_registered_and_released_and_a_date_is_moved(arrives: Callable[[str, str], Person]) -> None:
    mission, officer = arrives("nomination", "mission"), arrives("nomination", "officer")
    mission.names(
        state="Invented XAA", role="governmental expert", name="Lena Vardy", office="Judge", email="lena@pp.example",
        note="NV/9", dated=TODAY.isoformat(),
    )  # fmt: skip
    officer.registers("Lena Vardy")
    person = officer.page.locator(".people-list li", has_text="Lena Vardy")
    person.get_by_text("End this role").first.click()
    person.get_by_role("button", name="End this role").click()
    officer.is_told("The role has ended.")
    officer.opens("")
    officer.page.get_by_role("link", name=re.compile("^Extend")).first.click()
    officer.page.get_by_label("New date").fill((TODAY + timedelta(days=300)).isoformat())
    officer.page.get_by_label("Reason").fill("Asked for by the State.")
    officer.page.get_by_role("button", name="Record the new date").click()
    officer.is_told("The new date is recorded")
    officer.takes("Open the preliminary consultations")


def test_arrangements_are_changed_cleared_and_agreed(arrives: Callable[[str, str], Person]) -> None:
    focal_point = arrives("preliminary_consultations", "fp")
    focal_point.arranges(languages=("English", "Français"), timetable="Three calls.", division="By instrument.")
    focal_point.clears_and_hands_over("consultations", "Agree to the arrangements")
    focal_point.reads("consultations/", "agreed on", "Three calls.")


def test_an_answer_is_saved_cleared_and_submitted(arrives: Callable[[str, str], Person]) -> None:
    expert, focal_point = arrives("self_assessment", "expert"), arrives("self_assessment", "fp")
    expert.opens("questionnaire/untoc-5/")
    question = expert.fills(
        "C1-UNTOC-5-07",
        value="Yes, in part",
        text="Three persons or more.",
        further={"b": "Preparatory acts."},
        law=LAW,
        need=("Legal advice", "A comparison of laws."),
    )
    question.get_by_role("button", name="Save", exact=True).click()
    expert.is_told("Saved.")
    for name, value in (("text", "Three persons or more."), ("follow-b", "Preparatory acts."), ("law", LAW[0])):
        expect(question.locator(f"[name='{name}']").first).to_have_value(value)
    question.locator("[name=link]").first.fill("not an address")
    question.get_by_role("button", name="Save", exact=True).click()
    expert.sees("Not saved. What you typed is still here.")
    expect(question.locator("[name=link]").first).to_have_value("not an address")
    expert.reads("questionnaire/answers/C1-UNTOC-5-07/history/", "Preparatory acts.")
    focal_point.clears_and_hands_over("self_assessment", "Submit the self-assessment")
    focal_point.sees_stage("Desk review and dialogue")
    focal_point.takes("Suspend the review", reason="Elections are being held.")
    focal_point.takes("Resume the review")


def test_feedback_and_a_dialogue(arrives: Callable[[str, str], Person]) -> None:
    stage = "desk_review"
    asking, replying, drafting = arrives(stage, "rexpert1"), arrives(stage, "fp"), arrives(stage, "expert")
    asking.opens("feedback/untoc-5/")
    form = asking.page.locator("#feedback-form")
    form.get_by_label("What your State has to say on this article").fill("Clear and well applied.")
    form.get_by_role("button", name="Save", exact=True).click()
    asking.is_told("Saved.")
    asking.page.get_by_text("Ask for clarification").first.click()
    asking.page.get_by_label("What you would like to know").fill("Which law covers it?")
    asking.page.get_by_role("button", name="Send the request").click()
    asking.is_told("Your request is sent")
    query = asking.asks(about="untoc-6", words="Does it cover acts abroad?")
    drafting.opens(query)
    drafting.page.get_by_label("Reply", exact=True).fill("It does.")
    drafting.page.get_by_role("button", name="Save as a draft").click()
    drafting.is_told("The draft is saved; only your State can read it.")
    replying.replies(query)
    asking.settles(query, "The reply answers the request")
    asking.opens("queries/")
    asking.page.get_by_label("How it stands").select_option("accepted")
    asking.page.get_by_role("button", name="Show", exact=True).click()
    expect(asking.page.locator("main .tasks li")).to_have_count(1)


def test_observations_and_positions(arrives: Callable[[str, str], Person]) -> None:
    stage = "list_of_observations"
    writing, agreeing = arrives(stage, "rfp1"), arrives(stage, "rfp2")
    kept = writing.observes(kind="Suggestion", articles=("untoc-5", "untoc-6"), words="Consider one register.")
    other = writing.observes(kind="Best practice", articles=("untoc-8",), words="Prosecutors meet twice a year.")
    agreeing.takes_position("observations/", f"o-{kept}", "agrees with a reservation")
    agreeing.sees("Say what you object to or reserve, so that the others can answer it.")
    agreeing.takes_position("observations/", f"o-{kept}", "agrees with a reservation", "Or several.")
    agreeing.is_told("Your State's position is recorded.")
    writing.changes_observation(kept, "Consider one register or several.")
    writing.opens(f"observations/{other}/take-out/")
    writing.page.get_by_role("button", name="Take it out").click()
    writing.is_told("Taken out of the list.")
    writing.takes("Share the list of observations")
    agreeing.clears_and_hands_over("list_of_observations", "Agree to the list of observations")


def test_summary(arrives: Callable[[str, str], Person]) -> None:
    writing, reading = arrives("summary", "rfp1"), arrives("summary", "fp")
    writing.summarises("Article 5 is applied in full.")
    writing.takes("Share the summary")
    reading.takes_position("summary/", "words", "objects", "Practice is still forming.")
    reading.is_told("Your State's position is recorded.")


def test_publication_help_observers_and_the_trail(arrives: Callable[[str, str], Person]) -> None:
    concluded, drafting = arrives("concluded", "fp"), arrives("preliminary_consultations", "fp")
    concluded.opens("documents/")
    form = concluded.page.locator("form[action$='/documents/publish/']")
    form.get_by_role("radio", name=re.compile("^Summary")).check()
    form.get_by_role("radio", name="all States parties").check()
    form.get_by_role("button", name="Record the decision").click()
    concluded.is_told("The decision is recorded.")
    concluded.page.get_by_role("button", name=re.compile("^Take this decision back")).click()
    concluded.is_told("The decision is taken back.")
    with concluded.page.expect_download() as taken:
        concluded.page.get_by_role("button", name="Take the trail").click()
    assert taken.value.suggested_filename.endswith("-trail.jsonl")
    drafting.opens("documents/")
    drafting.page.get_by_label("Until").fill((TODAY + timedelta(days=20)).isoformat())
    drafting.page.get_by_role("button", name="Open the drafts").click()
    drafting.is_told("The Secretariat can read your State's drafts until the date you chose.")
    drafting.page.get_by_role("button", name="End it now").click()
    drafting.is_told("Your State's drafts are its own again.")
    drafting.page.get_by_role("radio", name="only what everybody in the review reads").check()
    drafting.page.locator("form[action$='/observers/'] button").click()
    drafting.is_told("Saved.")


def test_follow_up(arrives: Callable[[str, str], Person]) -> None:
    focal_point = arrives("follow_up", "fp")
    focal_point.opens("follow-up/")
    card = focal_point.page.locator("section[aria-labelledby=new-title]")
    card.get_by_label("What is to be done").fill("Train forty investigators.")
    card.get_by_role("button", name="Save", exact=True).click()
    focal_point.is_told("Saved.")
    action = focal_point.page.locator("article.card", has_text="Train forty investigators.")
    action.get_by_text("Change").click()
    action.get_by_label("Who, at home").fill("National Police School")
    action.get_by_role("button", name="Save", exact=True).click()
    focal_point.is_told("Saved.")
    focal_point.sees("National Police School")
    focal_point.takes("Close the follow-up")
