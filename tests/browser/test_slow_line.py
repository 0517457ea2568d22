"""64 kbit/s, 600 ms there and back, no WebSocket, a line that drops: the work is done and nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.person import SLOW, Line, Person
from tests.browser.product import Product
from tests.browser.stages import name_at, review_at

STAGE = "self_assessment"
SECTION = "questionnaire/untoc-5/"
QUESTIONS = ("C1-UNTOC-5-07", "C1-UNTOC-5-09", "C1-UNTOC-5-10", "C1-UNTOC-5-11")
LAW = ("Criminal Code", "section 4", "2011-03-01", "https://laws.example.org/criminal-code")

pytestmark = pytest.mark.browser


@pytest.fixture
def arrives(people: Callable[..., Person], product: Product) -> Callable[..., Person]:
    """Signs somebody in who works on the review at the stage of the self-assessment."""

    def arrive(key: str, line: Line | None = None) -> Person:
        return people(name_at(STAGE, key), product, review=review_at(STAGE), line=line).signs_in()

    return arrive


def test_a_section_is_filled_and_the_self_assessment_submitted(arrives: Callable[..., Person]) -> None:
    expert, focal_point = arrives("expert", SLOW), arrives("fp", SLOW)
    expert.opens(SECTION)
    assert expert.page.evaluate("window.WebSocket") is None
    assert expert.page.evaluate("performance.getEntriesByType('navigation')[0].duration") > SLOW.milliseconds
    first = expert.fills(QUESTIONS[0], value="Yes, in part")
    expert.sees_it_saved(first)
    expert.answers(QUESTIONS[0], text="Three persons or more.", further={"b": "Preparatory acts."}, law=LAW)
    for key in QUESTIONS[1:]:
        expert.fills(key, value="No", text="Not in our law so far.")
    for key in QUESTIONS[1:]:
        expert.question(key).get_by_role("button", name="Save", exact=True).click()
    for key in QUESTIONS[1:]:
        expert.sees_it_saved(expert.question(key))
    expert.opens(SECTION)
    expect(first.locator("[name=law]").first).to_have_value("Criminal Code")
    for key in QUESTIONS[1:]:
        expect(expert.question(key).locator("[name=text]")).to_have_value("Not in our law so far.")

    focal_point.clears_and_hands_over("self_assessment", "Submit the self-assessment")
    focal_point.sees_stage("Desk review and dialogue")
    focal_point.takes("Take the self-assessment back")


def typed_without_a_line(person: Person, words: str) -> None:
    """Type an explanation while nothing can be sent, and read that it is kept here."""
    person.opens(SECTION)
    question = person.question(QUESTIONS[0])
    person.cuts_the_line()
    question.locator("[name=text]").fill(words)
    question.locator("[name=law]").last.focus()
    expect(question.locator("[data-status]")).to_have_text("Kept on this computer until it can be sent")


def test_what_is_typed_while_the_line_is_cut_is_sent_when_it_is_back(arrives: Callable[..., Person]) -> None:
    expert, focal_point = arrives("expert"), arrives("fp")
    typed_without_a_line(expert, "Typed on a train, in a tunnel.")
    focal_point.opens(SECTION)
    typed = focal_point.question(QUESTIONS[0]).locator("[name=text]")
    expect(typed).not_to_have_value("Typed on a train, in a tunnel.")
    expert.connect()
    expert.sees_it_saved(expert.question(QUESTIONS[0]))
    focal_point.opens(SECTION)
    expect(typed).to_have_value("Typed on a train, in a tunnel.")


def test_what_was_typed_is_offered_again_when_the_page_is_opened_anew(arrives: Callable[..., Person]) -> None:
    expert = arrives("expert")
    typed_without_a_line(expert, "Typed before the computer went to sleep.")
    expert.page.goto("about:blank")
    expert.connect()
    expert.opens(SECTION)
    question = expert.question(QUESTIONS[0])
    expect(question.locator("[name=text]")).to_have_value("Typed before the computer went to sleep.")
    # the browser may hear that the line is back only now, and then the page sends the words by itself
    offered = re.compile("^(What you typed here before is back; it is not saved yet.|Saved.*)$")
    expect(question.locator("[data-status]")).to_have_text(offered)
    question.get_by_role("button", name="Save", exact=True).click()
    expert.sees_it_saved(question)


def test_what_a_colleague_saved_meanwhile_is_shown_beside_it(arrives: Callable[..., Person]) -> None:
    expert, focal_point = arrives("expert"), arrives("fp")
    typed_without_a_line(expert, "Mine, typed while the line was cut.")
    focal_point.opens(SECTION)
    focal_point.answers(QUESTIONS[0], text="Theirs, saved meanwhile.")
    expert.connect()
    question = expert.question(QUESTIONS[0])
    expect(question.locator(".conflict")).to_contain_text("Theirs, saved meanwhile.")
    expect(question.locator("[name=text]")).to_have_value("Mine, typed while the line was cut.")
    focal_point.opens(SECTION)
    expect(focal_point.question(QUESTIONS[0]).locator("[name=text]")).to_have_value("Theirs, saved meanwhile.")
    question.get_by_role("button", name="Save this over the newer version").click()
    expect(question.locator(".conflict")).to_have_count(0)
    expert.sees_it_saved(question)
    focal_point.reads("questionnaire/answers/C1-UNTOC-5-07/history/", "Office of c-expert", "Office of c-fp")
    focal_point.opens(SECTION)
    typed = focal_point.question(QUESTIONS[0]).locator("[name=text]")
    expect(typed).to_have_value("Mine, typed while the line was cut.")


def test_a_request_sent_into_a_cut_line_is_offered_again(people: Callable[..., Person], product: Product) -> None:
    """The same for the forms that are sent as a whole."""
    stage = "desk_review"
    expert = people(name_at(stage, "rexpert1"), product, review=review_at(stage)).signs_in()
    expert.opens("queries/ask/")
    expert.page.locator("#subject").select_option("untoc-5")
    expert.page.get_by_label("What you would like to know").fill("Does the law cover preparatory acts?")
    expert.cuts_the_line()
    expert.page.get_by_role("button", name="Send the request").click()
    expect(expert.page).to_have_url("chrome-error://chromewebdata/")
    expert.connect()
    expert.opens("queries/")
    expert.does_not_see("Does the law cover preparatory acts?")
    expert.opens("queries/ask/")
    expert.sees("What you typed here before is back; it is not sent yet.")
    words = expert.page.get_by_label("What you would like to know")
    expect(words).to_have_value("Does the law cover preparatory acts?")
    expert.page.get_by_role("button", name="Send the request").click()
    expert.is_told("Your request is sent")
    expert.opens("queries/ask/")
    expect(words).to_have_value("")
