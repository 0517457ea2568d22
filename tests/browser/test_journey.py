"""One review of an invented party, from launch to closed, by ten people in ten browsers.

On the real mechanism, instruments and questions. At each stage: what each of them sees, whose turn it is in words, and
what is refused to whom. At the end the trail of all of it is exported and checked by the stand-alone program.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser.launch import PHASE
from tests.browser.person import SLOW, Line, Person
from tests.browser.product import ROOT, Product, prepared

REVIEW = f"/reviews/{PHASE}/XAA/"
VELMORA, ZUNDRELLE, OMBRAVEL, SECRETARIAT = "Velmora", "Zundrelle", "Ombravel", "Secretariat"
TODAY = datetime.now(UTC).date()
LINES = [pytest.param(None, id="fast line")] + ([pytest.param(SLOW, id="slow line")] if os.environ.get("SOAK") else [])

DRAFT = "Section 4 covers associations of three persons; a bill on preparatory acts is being drafted."
LATER = "Section 4 covers associations of three persons. The bill on preparatory acts was adopted in May."
COORDINATION = "The Office of Treaty Affairs, with the Ministries of Justice and of the Interior."
LAW = ("Criminal Code", "section 4", "2011-03-01", "https://laws.example.org/criminal-code")
TRAINING = ("Training and capacity-building", "Courses for investigators on financial inquiries.")

pytestmark = pytest.mark.browser


@pytest.fixture
def launched(tmp_path: Path):
    script = "from tests.browser.launch import launch; launch()"
    with prepared(tmp_path / "data", script).running() as product:
        yield product


@pytest.mark.parametrize("line", LINES)
def test_a_review_from_launch_to_closed(
    line: Line | None, launched: Product, people: Callable[..., Person], tmp_path: Path
) -> None:
    cast = arrive(launched, people, line)
    nominations(cast)
    preliminary_consultations(cast)
    drafting_the_self_assessment(cast)
    more_time_and_a_suspension(cast)
    two_keys(cast)
    dialogue(cast)
    taking_the_self_assessment_back(cast)
    written_feedback(cast)
    list_of_observations(cast)
    agreements_lapse_when_words_change(cast)
    summary(cast)
    publication(cast)
    follow_up_and_closing(cast)
    the_trail_holds(cast, launched, tmp_path)


def arrive(product: Product, people: Callable[..., Person], line: Line | None) -> SimpleNamespace:
    """Everybody at their own computer; so far only the officer and the Missions see the review."""
    keys = ("officer", "mission", "fp", "expert", "rmission1", "rfp1", "rexpert1", "rfp2", "outsider")
    cast = SimpleNamespace(**{key: people(key, product, review=REVIEW, line=line).signs_in() for key in keys})
    cast.observer = people("observer", product, review=REVIEW, line=line)
    cast.everybody = lambda: (
        *(cast.officer, cast.mission, cast.fp, cast.expert, cast.observer),
        *(cast.rmission1, cast.rfp1, cast.rexpert1, cast.rfp2),
    )
    cast.others = lambda *but: [one for one in cast.everybody() if one not in but]
    return cast


def refused(people: list[Person] | tuple[Person, ...], path: str, status: int, **form: str) -> None:
    """A form made by hand is refused to each of them."""
    found = {person.key: person.posts(path, key=str(uuid4()), **form) for person in people}
    assert set(found.values()) == {status}, f"{path}: {found}"


def hidden(people: list[Person] | tuple[Person, ...], path: str) -> None:
    found = {person.key: person.gets(path) for person in people}
    assert set(found.values()) == {404}, f"{path}: {found}"


# -- nominations -------------------------------------------------------------------------------------------------------


def nominations(cast: SimpleNamespace) -> None:
    cast.officer.owes()
    cast.mission.owes("Name your State's focal point", "Name your State's governmental experts")
    cast.mission.sees("for Velmora as State party under review")
    cast.rmission1.owes("Name your State's focal point", "Name your State's governmental experts")
    cast.rmission1.sees("for Zundrelle as reviewing State of Velmora")
    cast.mission.sees_stage("Nominations")
    cast.mission.sees("You act for Velmora as State party under review (Permanent Mission).")
    cast.mission.sees_whose_turn(f"{VELMORA} · you", ZUNDRELLE, OMBRAVEL)

    nobody_yet = (cast.fp, cast.expert, cast.rfp1, cast.rexpert1, cast.rfp2, cast.outsider)
    for person in nobody_yet[:-1]:
        person.owes()
    hidden(nobody_yet, "")
    hidden(nobody_yet, "questionnaire/untoc-5/")
    refused(nobody_yet, "act/open_consultations/", 404, seen_version="0")
    cast.outsider.opens("/reviews/")
    cast.outsider.sees("Quillandis")
    cast.outsider.does_not_see(VELMORA)

    cast.officer.may_not("Open the preliminary consultations")
    cast.officer.sees("Yours, but not yet")
    cast.mission.may_not("Open the preliminary consultations")
    refused((cast.mission, cast.rmission1), "act/open_consultations/", 403, seen_version=seen(cast.officer))

    named_by_their_missions(cast)
    registered_by_the_officer(cast)

    cast.expert.owes("Draft answers to the questionnaire")
    cast.expert.sees("for Velmora as State party under review")
    cast.fp.owes()
    cast.mission.owes()
    cast.mission.sees("What others do now in your reviews")
    cast.observer.owes()
    cast.rfp2.sees_whose_turn(VELMORA, SECRETARIAT)
    cast.officer.owes("Open the preliminary consultations")
    cast.officer.may("Open the preliminary consultations")
    cast.officer.takes("Open the preliminary consultations")
    for person in cast.everybody():
        person.sees_stage("Preliminary consultations")
    hidden((cast.outsider,), "")


def named_by_their_missions(cast: SimpleNamespace) -> None:
    for key, role, name, office in (
        ("fp", "focal point", "Ilse Marrow", "Director of Public Prosecutions"),
        ("expert", "governmental expert", "Tomas Ferrel", "Legal adviser, Ministry of Justice"),
        ("observer", "observer", "Anwen Pell", "Second Secretary, Permanent Mission"),
    ):
        cast.mission.names(
            state=VELMORA, role=role, name=name, office=office, email=f"{key}@office.example",
            note="NV/2026/14", dated=TODAY.isoformat(),
        )  # fmt: skip
    for key, role, name, office in (
        ("rfp1", "focal point", "Oda Sellick", "Head of Treaty Section"),
        ("rexpert1", "governmental expert", "Ruben Aske", "Senior Prosecutor"),
    ):
        cast.rmission1.names(
            state=ZUNDRELLE, role=role, name=name, office=office, email=f"{key}@office.example",
            note="NV/77", dated=TODAY.isoformat(),
        )  # fmt: skip
    for key, role, name, office in (
        ("rfp2", "focal point", "Petra Quill", "Adviser on Organized Crime"),
        ("rexpert2", "governmental expert", "Lena Vardy", "Judge of the High Court"),
    ):
        cast.officer.names(
            state=OMBRAVEL, role=role, name=name, office=office, email=f"{key}@office.example",
            note="by post, 12/3", dated=(TODAY - timedelta(days=3)).isoformat(),
        )  # fmt: skip


def registered_by_the_officer(cast: SimpleNamespace) -> None:
    names = ("Ilse Marrow", "Tomas Ferrel", "Anwen Pell", "Oda Sellick", "Ruben Aske", "Petra Quill", "Lena Vardy")
    cast.mission.reads("people/", *names[:3], "note verbale NV/2026/14", but_not=names[3:])
    cast.rmission1.reads("people/", *names[3:5], but_not=(*names[:3], *names[5:]))
    expect(cast.mission.page.get_by_role("button", name=re.compile("^Register "))).to_have_count(0)
    cast.officer.owes("Register the people named by a State")
    cast.officer.reads("people/", *names)
    waiting = cast.officer.page.locator("form[action$='/register/']").first.get_attribute("action")
    assert waiting
    refused((cast.mission, cast.rmission1), waiting, 403)
    refused((cast.fp, cast.outsider), waiting, 404)
    for name in names:
        cast.officer.registers(name)
    cast.officer.does_not_see("Waiting for registration")
    cast.observer.signs_in_from_the_list("Anwen Pell")


# -- preliminary consultations -----------------------------------------------------------------------------------------


def preliminary_consultations(cast: SimpleNamespace) -> None:
    focal_points = (cast.fp, cast.rfp1, cast.rfp2)
    for person in focal_points:
        person.owes("Agree on languages, timetable and division of work")
    cast.fp.sees_whose_turn(f"{VELMORA} · you", ZUNDRELLE, OMBRAVEL)
    cast.fp.may_not("Agree to the arrangements")
    cast.fp.sees("Yours, but not yet", "has not cleared this text as it stands now.")
    cast.fp.arranges(languages=("English",), timetable="Two calls, in March and in June.", division="By instrument.")
    cast.rfp1.reads("consultations/", "Two calls, in March and in June.", f"Last changed by {VELMORA}")
    cast.rfp1.does_not_see("Ilse Marrow", "Director of Public Prosecutions of Velmora")
    cast.rfp1.arranges(
        languages=("English", "Français"),
        timetable="Three calls, in March, June and October.",
        division="Zundrelle reads the Convention, Ombravel the three Protocols.",
    )
    cast.officer.reads("consultations/", "Three calls, in March, June and October.", f"Last changed by {ZUNDRELLE}")
    readers = (cast.officer, cast.mission, cast.observer, cast.rmission1)
    for person in readers:
        person.reads("consultations/", "The focal points and experts of the States in the review write")
        expect(person.page.get_by_role("button", name="Save", exact=True)).to_have_count(0)
    words = {"languages": "en", "timetable": "None", "division": "None", "language": "en", "seen_version": "2"}
    refused(readers, "consultations/", 403, **words)
    refused((cast.outsider,), "consultations/", 404, **words)
    refused((cast.expert, cast.officer, cast.rexpert1), "act/agree_consultations/", 403, seen_version=seen(cast.fp))

    for person in focal_points:
        person.clears_and_hands_over("consultations", "Agree to the arrangements")
        if person is not cast.rfp2:
            person.owes()
            person.sees_stage("Preliminary consultations")
    cast.rfp2.reads("consultations/", "Agreed on ", "English", "Français")
    for person in cast.everybody():
        person.sees_stage("Self-assessment")
        person.sees("English, Français")


def seen(person: Person) -> str:
    """The version of the review that a form made by hand would carry, read by somebody who has a step to take."""
    return person.opens("").locator("form[action*='/act/'] input[name=seen_version]").first.input_value()


# -- self-assessment ---------------------------------------------------------------------------------------------------


def drafting_the_self_assessment(cast: SimpleNamespace) -> None:
    cast.expert.owes("Draft answers to the questionnaire")
    cast.fp.owes("Clear and submit the self-assessment")
    cast.officer.sees_whose_turn(VELMORA)
    entries = entries_seen(cast.officer)

    cast.expert.opens("questionnaire/untoc-5/")
    cast.expert.sees("Article 5", "The official text", "Only your State reads what you write here.")
    question = cast.expert.question("C1-UNTOC-5-07")
    expect(question.locator("[name=follow-b]")).to_be_hidden()
    cast.expert.fills("C1-UNTOC-5-07", value="Yes, in part")
    cast.expert.sees_it_saved(question)
    expect(question.locator("[name=follow-b]")).to_be_visible()
    cast.expert.answers("C1-UNTOC-5-07", text=DRAFT, further={"b": "Preparatory acts."}, law=LAW, need=TRAINING)
    cast.expert.answers("C1-UNTOC-5-11", value="No", further={"a": "No such involvement is required."})
    cast.expert.opens("questionnaire/general-1/")
    cast.expert.answers("C1-GEN-0-01", text=COORDINATION)
    cast.expert.answers("C1-GEN-0-02", value="No", text="Not yet.")
    cast.expert.opens("questionnaire/untoc-5/")
    expect(question.locator("[name=law]").first).to_have_value("Criminal Code")
    cast.fp.reads("questionnaire/", "Something is written for 4 of 56 questions.")
    cast.fp.opens("questionnaire/untoc-5/")
    expect(cast.fp.question("C1-UNTOC-5-07").locator("[name=text]")).to_have_value(DRAFT)
    cast.observer.reads("questionnaire/untoc-5/", DRAFT, "Criminal Code", "draft")

    outside = (cast.officer, cast.mission, cast.rmission1, cast.rfp1, cast.rexpert1, cast.rfp2)
    for person in outside:
        person.reads("questionnaire/", "Not submitted yet; drafts belong to the State.", but_not=("written for",))
        person.reads("questionnaire/untoc-5/", "Not submitted yet; drafts belong to the State.", but_not=(DRAFT,))
        person.reads("questionnaire/all/", but_not=(DRAFT, COORDINATION))
    assert entries_seen(cast.officer) == entries
    typed = {"value": "yes", "text": "Written by somebody else", "seen_version": "2", "language": "en"}
    refused((*outside, cast.observer), "questionnaire/answers/C1-UNTOC-5-07/", 403, **typed)
    refused((cast.outsider,), "questionnaire/answers/C1-UNTOC-5-07/", 404, **typed)
    hidden((*outside, cast.outsider), "questionnaire/answers/C1-UNTOC-5-07/history/")
    cast.expert.reads("questionnaire/answers/C1-UNTOC-5-07/history/", but_not=("Written by somebody else",))


def entries_seen(person: Person) -> int:
    return person.opens("timeline/").locator(".timeline li").count()


def more_time_and_a_suspension(cast: SimpleNamespace) -> None:
    later = date.fromisoformat((TODAY + timedelta(days=240)).isoformat())
    cast.officer.opens("")
    extend = cast.officer.page.get_by_role("link", name=re.compile("^Extend.*Clear and submit the self-assessment"))
    where = extend.get_attribute("href")
    assert where
    refused((cast.fp, cast.rfp1, cast.mission), where, 403, due_on=later.isoformat(), seen_due_on=TODAY.isoformat())
    refused((cast.outsider,), where, 404, due_on=later.isoformat(), seen_due_on=TODAY.isoformat())
    extend.click()
    cast.officer.sees("Every open task of Velmora that hangs on this date moves with it.")
    cast.officer.page.get_by_label("New date").fill(later.isoformat())
    cast.officer.page.get_by_label("Reason").fill("Asked for by the State: consultations with the provinces.")
    cast.officer.page.get_by_role("button", name="Record the new date").click()
    cast.officer.is_told("The new date is recorded")
    for person in (cast.expert, cast.fp):
        person.opens("/")
        expect(person.page.locator(f"time[datetime='{later.isoformat()}']")).to_have_count(1)
    cast.rfp1.reads("timeline/", "A date was extended")
    expect(cast.fp.opens("").get_by_role("link", name=re.compile("^Extend"))).to_have_count(0)

    refused((cast.officer, cast.rfp1, cast.mission), "act/suspend/", 403, seen_version=seen(cast.fp), reason="Wished")
    cast.fp.takes("Suspend the review", reason="Elections are being held.")
    for person in cast.everybody():
        person.opens("")
        expect(person.page.locator(".capacity .chip.warn")).to_have_text("suspended; all dates are paused")
    cast.expert.reads("questionnaire/untoc-5/", "The review is suspended; all dates are paused.", DRAFT)
    expect(cast.expert.page.locator("form.answer")).to_have_count(0)
    typed = {"value": "no", "seen_version": "3", "language": "en"}
    refused((cast.expert,), "questionnaire/answers/C1-UNTOC-5-07/", 409, **typed)
    cast.rfp1.may_not("Resume the review")
    refused((cast.rfp1, cast.expert, cast.mission), "act/resume/", 403, seen_version=seen(cast.fp))
    cast.officer.may("Resume the review")
    cast.fp.takes("Resume the review")
    for person in cast.everybody():
        person.opens("")
        expect(person.page.locator(".capacity .chip.warn")).to_have_count(0)


def two_keys(cast: SimpleNamespace) -> None:
    cast.fp.opens("clear/self_assessment/")
    cast.fp.sees("52 questions without an answer, or with a yes that cites no law", "Nothing here stops you.")
    cast.fp.sees(DRAFT, "Criminal Code", "Your State only", "Everybody who takes part in this review")
    cast.expert.opens("clear/self_assessment/")
    cast.expert.sees(DRAFT, "The focal point clears.")
    expect(cast.expert.page.get_by_role("button", name=re.compile("^Clear for"))).to_have_count(0)
    digest = cast.fp.page.locator("input[name=digest]").get_attribute("value")
    assert digest
    refused((cast.expert, cast.observer, cast.officer, cast.rfp1), "clear/self_assessment/", 403, digest=digest)
    cast.fp.clears("self_assessment")
    expect(cast.fp.step("Submit the self-assessment")).to_have_count(1)
    cast.expert.reads("questionnaire/", "cleared, not yet handed over", "Any change to an answer voids the clearance.")
    cast.rfp1.reads("questionnaire/untoc-5/", "Not submitted yet", but_not=(DRAFT,))

    cast.expert.opens("questionnaire/untoc-5/")
    cast.expert.answers("C1-UNTOC-5-11", value="No", further={"a": "No involvement of a group is required."})
    cast.fp.hands_over_in_vain("Submit the self-assessment", "has not cleared this text as it stands now.")
    cast.fp.may_not("Submit the self-assessment")
    cast.fp.opens("clear/self_assessment/")
    cast.fp.sees("No involvement of a group is required.")
    cast.fp.does_not_see("and not handed over yet")
    cast.rfp1.reads("questionnaire/untoc-5/", "Not submitted yet", but_not=(DRAFT,))

    cast.fp.clears_and_hands_over("self_assessment", "Submit the self-assessment")
    cast.fp.sees_stage("Desk review and dialogue")
    cast.expert.reads("questionnaire/untoc-5/", "This text cannot be changed at the stage the review is in now.")
    expect(cast.expert.page.locator("form.answer")).to_have_count(0)
    typed = {"value": "no", "seen_version": "3", "language": "en"}
    refused((cast.expert, cast.fp), "questionnaire/answers/C1-UNTOC-5-07/", 409, **typed)
    for person in cast.others(cast.expert):
        person.reads("questionnaire/untoc-5/", DRAFT, "Criminal Code", TRAINING[1])
    for person in (cast.officer, cast.rfp1):
        person.does_not_see("Ilse Marrow", "Tomas Ferrel")
    hidden((cast.outsider,), "questionnaire/untoc-5/")


# -- desk review and dialogue ------------------------------------------------------------------------------------------


def dialogue(cast: SimpleNamespace) -> None:
    cast.rfp1.owes("Clear and submit the written feedback")
    cast.rexpert1.owes("Draft the written feedback")
    cast.fp.owes()
    cast.fp.sees_whose_turn(ZUNDRELLE, OMBRAVEL)
    cast.rexpert1.reads("feedback/untoc-5/", "Article 5", f"Answers of {VELMORA}", DRAFT, "The official text")

    asking = {"subject": "C1-UNTOC-5-07", "words": "Asked by somebody else", "language": "en"}
    refused((cast.officer, cast.fp, cast.expert, cast.mission), "queries/ask/", 403, **asking)
    refused((cast.outsider,), "queries/ask/", 404, **asking)
    query = cast.rexpert1.asks(about="C1-UNTOC-5-07", words="Does section 4 cover groups formed abroad?")
    cast.rexpert1.sees(f"Waiting for the reply of {VELMORA}")
    hidden((cast.outsider,), query)
    for person in cast.others(cast.rexpert1):
        person.reads(query, "Does section 4 cover groups formed abroad?")
        person.does_not_see("Ruben Aske") if person not in (cast.rfp1,) else None
    cast.fp.owes("Answer a request for clarification")
    cast.expert.owes("Answer a request for clarification")
    cast.fp.sees_whose_turn(f"{VELMORA} · you", ZUNDRELLE, OMBRAVEL)

    cast.expert.opens(query)
    cast.expert.sees("Your State replies next")
    expect(cast.expert.page.get_by_role("button", name="Send the reply")).to_have_count(0)
    cast.expert.page.get_by_label("Reply", exact=True).fill("It does, by section 9.")
    cast.expert.page.get_by_role("button", name="Save as a draft").click()
    cast.expert.is_told("The draft is saved; only your State can read it.")
    for person in (cast.rexpert1, cast.rfp1, cast.officer, cast.mission):
        person.reads(query, but_not=("It does, by section 9.",))
    replying = {"words": "Replied by somebody else", "language": "en", "seen_version": "1"}
    refused((cast.expert, cast.rfp1, cast.officer, cast.observer), f"{query}reply/", 403, **replying)
    cast.fp.opens(query)
    expect(cast.fp.page.get_by_label("Reply", exact=True)).to_have_value("It does, by section 9.")
    cast.fp.replies(query, "It does, by section 9, which applies wherever the group was formed.")
    cast.fp.owes()
    cast.expert.owes()
    cast.rexpert1.owes("Draft the written feedback", "Read a reply and settle your request")
    settling = {"how": "withdrawn", "seen_version": "2"}
    refused((cast.fp, cast.officer, cast.rfp2), f"{query}settle/", 403, **settling)
    cast.rexpert1.settles(query, "The reply answers the request")
    cast.fp.reads(query, f"{ZUNDRELLE} settled this request on", "reply accepted", "wherever the group was formed")
    cast.rexpert1.owes("Draft the written feedback")


def taking_the_self_assessment_back(cast: SimpleNamespace) -> None:
    refused((cast.rfp1, cast.officer, cast.expert), "act/reopen_self_assessment/", 403, seen_version=seen(cast.fp))
    cast.fp.takes("Take the self-assessment back")
    for person in cast.everybody():
        person.sees_stage("Self-assessment")
    cast.rfp1.reads("questionnaire/", "The State has taken its self-assessment back to change it.")
    cast.expert.opens("questionnaire/untoc-5/")
    cast.expert.answers("C1-UNTOC-5-07", text=LATER)
    for person in (cast.rfp1, cast.rexpert1, cast.officer, cast.mission):
        person.reads("questionnaire/untoc-5/", DRAFT, but_not=(LATER,))
    cast.observer.reads("questionnaire/untoc-5/", LATER)
    refused((cast.rfp1,), "feedback/untoc-5/", 409, words="Too soon", language="en", seen_version="0")
    cast.fp.clears_and_hands_over("self_assessment", "Submit the self-assessment")
    for person in (cast.rfp1, cast.rfp2, cast.officer):
        person.reads("feedback/untoc-5/", LATER, but_not=(DRAFT,))
    cast.rfp1.reads("documents/", "no longer stands since")


def written_feedback(cast: SimpleNamespace) -> None:
    first, second = "Section 4 is clear and well applied.", "The Protocols are given effect in one law."
    cast.rexpert1.gives_feedback("untoc-5", first)
    cast.rfp2.gives_feedback("tip-5", second)
    cast.rfp1.opens("feedback/untoc-5/")
    expect(cast.rfp1.page.locator("#feedback-words")).to_have_value(first)
    for person in (cast.fp, cast.officer, cast.rfp2, cast.observer, cast.rmission1):
        person.reads("feedback/untoc-5/", "not handed over yet", but_not=(first,))
    writing = {"words": "Written by somebody else", "language": "en", "seen_version": "0"}
    refused((cast.fp, cast.expert, cast.officer, cast.rmission1), "feedback/untoc-5/", 403, **writing)
    refused((cast.outsider,), "feedback/untoc-5/", 404, **writing)
    refused((cast.fp, cast.officer, cast.rexpert1), "act/submit_feedback/", 403, seen_version=seen(cast.fp))

    before = entries_seen(cast.fp), seen(cast.fp)
    cast.rfp1.clears("feedback")
    cast.rfp2.clears("feedback")
    cast.fp.reads("feedback/untoc-5/", but_not=(first,))
    assert (entries_seen(cast.fp), seen(cast.fp)) == before, "a clearance is its own State's affair"
    cast.rfp1.hands_over("Submit the written feedback")
    cast.fp.reads("feedback/untoc-5/", first, but_not=("Ruben Aske", "Oda Sellick"))
    cast.fp.reads("feedback/tip-5/", but_not=(second,))
    cast.rfp1.reads("feedback/tip-5/", but_not=(second,))
    cast.rfp2.owes("Clear and submit the written feedback")
    cast.fp.sees_whose_turn(OMBRAVEL)
    cast.fp.may("Agree to go on with the States that are ready")
    cast.rfp2.opens("clear/feedback/")
    cast.rfp2.hands_over("Submit the written feedback")
    for person in cast.everybody():
        person.sees_stage("List of observations")
    cast.officer.reads("feedback/tip-5/", second)


# -- list of observations ----------------------------------------------------------------------------------------------


def list_of_observations(cast: SimpleNamespace) -> None:
    cast.rexpert1.owes("Draft observations")
    cast.rfp1.owes("Read and agree to the list of observations", "Share the list of observations")
    cast.words = {
        "gap": "Preparatory acts are not covered yet.",
        "practice": "Prosecutors of all provinces meet twice a year.",
        "suggestion": "Consider one register of legal persons.",
        "need": "Training of investigators on financial inquiries.",
    }
    cast.gap = cast.rexpert1.observes(
        kind="Gap or challenge", articles=("untoc-5",), words=cast.words["gap"]
    )  # fmt: skip
    cast.practice = cast.rfp1.observes(
        kind="Best practice", articles=("untoc-5", "untoc-6"), words=cast.words["practice"]
    )
    cast.suggestion = cast.rfp2.observes(kind="Suggestion", articles=("tip-5",), words=cast.words["suggestion"])
    cast.need = cast.rfp1.observes(
        kind="Need for technical assistance", articles=("untoc-6",), words=cast.words["need"], forms=(TRAINING[0],)
    )
    outside = (cast.fp, cast.expert, cast.observer, cast.mission, cast.officer)
    for person in outside:
        person.reads("observations/", "have not shared a list", but_not=tuple(cast.words.values()))
    hidden((*outside, cast.outsider), f"observations/{cast.gap}/history/")
    new = {"category": "suggestion", "articles": "untoc-5", "text": "By somebody else", "language": "en"}
    refused((*outside, cast.rmission1), "observations/new/", 403, **new)
    refused((cast.outsider,), "observations/new/", 404, **new)
    refused((*outside, cast.rexpert1), "act/share_list/", 403, seen_version=seen(cast.fp))
    cast.fp.may_not("Agree to the list of observations")
    cast.fp.opens("clear/list_of_observations/")
    cast.fp.sees("The reviewing States have not shared this text yet.")

    cast.rfp1.takes("Share the list of observations")
    for person in (cast.rfp1, cast.rfp2):
        person.owes("Read and agree to the list of observations")
    cast.rexpert1.owes()
    for person in cast.everybody():
        person.reads("observations/", *cast.words.values())
        person.sees("Gap or challenge", "Best practice", "Suggestion", "Need for technical assistance")
    hidden((cast.outsider,), "observations/")
    for person in (cast.expert, cast.observer, cast.mission, cast.officer, cast.rexpert1):
        person.opens("observations/")
        expect(person.page.locator("details.position")).to_have_count(0)
    position = {"stance": "agree", "seen_version": "1", "language": "en"}
    refused((cast.expert, cast.officer, cast.observer), f"observations/{cast.gap}/position/", 403, **position)

    cast.fp.takes_position("observations/", f"o-{cast.gap}", "objects")
    cast.fp.sees("Say what you object to or reserve, so that the others can answer it.")
    cast.fp.takes_position("observations/", f"o-{cast.gap}", "objects", "The bill was adopted in May.")
    cast.fp.is_told("Your State's position is recorded.")
    cast.fp.takes_position(
        "observations/", f"o-{cast.suggestion}", "agrees with a reservation", "The register is for the provinces."
    )
    cast.fp.is_told("Your State's position is recorded.")
    for person in (cast.rexpert1, cast.rfp2, cast.officer, cast.observer):
        person.opens("observations/")
        expect(person.observation(cast.gap)).to_contain_text("objects")
        expect(person.observation(cast.gap)).to_contain_text("The bill was adopted in May.")
        expect(person.observation(cast.suggestion)).to_contain_text("agrees with a reservation")


def agreements_lapse_when_words_change(cast: SimpleNamespace) -> None:
    cast.rfp2.clears_and_hands_over("list_of_observations", "Agree to the list of observations")
    cast.rfp1.clears_and_hands_over("list_of_observations", "Agree to the list of observations")
    cast.rfp1.owes()
    cast.fp.reads("observations/", f"waiting for {VELMORA}")
    cast.fp.sees_whose_turn(f"{VELMORA} · you")

    cast.rexpert1.opens(f"observations/{cast.gap}/")
    cast.rexpert1.sees("When the words change, those positions lapse and every State is asked again.")
    new = "Preparatory acts are covered since May; practice is still to form."
    cast.rexpert1.changes_observation(cast.gap, new)
    cast.fp.reads("observations/", new, f"waiting for {VELMORA}, {ZUNDRELLE}, {OMBRAVEL}")
    gap = cast.fp.observation(cast.gap)
    expect(gap.locator(".positions")).to_have_count(0)
    gap.get_by_text("What changed since version 1").click()
    expect(gap.locator("del").first).to_be_visible()
    cast.rfp1.owes("Read and agree to the list of observations")
    cast.rfp2.owes("Read and agree to the list of observations")
    stale = {"stance": "agree", "seen_version": "1", "language": "en"}
    refused((cast.fp,), f"observations/{cast.gap}/position/", 409, **stale)
    cast.fp.takes_position("observations/", f"o-{cast.gap}", "agrees")
    cast.fp.is_told("Your State's position is recorded.")
    for person in (cast.fp, cast.rfp1, cast.rfp2):
        person.clears_and_hands_over("list_of_observations", "Agree to the list of observations")
    for person in cast.everybody():
        person.sees_stage("Summary")
    refused((cast.rexpert1,), f"observations/{cast.gap}/", 409, text="Late", language="en", seen_version="2")


# -- summary, publication, follow-up -----------------------------------------------------------------------------------


def summary(cast: SimpleNamespace) -> None:
    first = "Velmora applies article 5 in full since May."
    second = "Velmora applies article 5; a law on preparatory acts was adopted in May."
    cast.rexpert1.owes("Draft the summary")
    cast.rexpert1.summarises(first)
    outside = (cast.fp, cast.expert, cast.observer, cast.mission, cast.officer)
    for person in outside:
        person.reads("summary/", "have not shared a summary yet", but_not=(first,))
    refused((*outside, cast.rmission1), "summary/", 403, text="By somebody else", language="en", seen_version="1")
    refused((cast.outsider,), "summary/", 404, text="By somebody else", language="en", seen_version="1")
    cast.rfp2.takes("Share the summary")
    for person in cast.everybody():
        person.reads("summary/", first)
    cast.rfp2.clears_and_hands_over("summary", "Agree to the summary")
    cast.fp.takes_position("summary/", "words", "agrees with a reservation", "Not in full: practice is forming.")
    cast.fp.is_told("Your State's position is recorded.")
    cast.rfp1.reads("summary/", "Not in full: practice is forming.")
    cast.rfp1.summarises(second)
    cast.fp.reads("summary/", second, f"waiting for {VELMORA}, {ZUNDRELLE}, {OMBRAVEL}", but_not=("Not in full",))
    for person in (cast.rfp1, cast.fp, cast.rfp2):
        person.clears_and_hands_over("summary", "Agree to the summary")
    for person in cast.everybody():
        person.sees_stage("Concluded")


def publication(cast: SimpleNamespace) -> None:
    cast.officer.owes("Close the review")
    cast.officer.may("Close the review")
    refused((cast.fp, cast.rfp1, cast.mission), "act/close_review/", 403, seen_version=seen(cast.fp))
    everybody_else = cast.others(cast.fp)
    refused(everybody_else, "documents/publish/", 403, product="summary", scope="public")
    refused((cast.outsider,), "documents/publish/", 404, product="summary", scope="public")
    for person in everybody_else:
        person.opens("documents/")
        expect(person.page.get_by_role("button", name="Record the decision")).to_have_count(0)
    cast.fp.opens("documents/")
    form = cast.fp.page.locator("form[action$='/documents/publish/']")
    form.get_by_role("radio", name=re.compile("^Summary")).check()
    form.get_by_role("radio", name="the public").check()
    form.get_by_role("button", name="Record the decision").click()
    cast.fp.is_told("The decision is recorded. Everybody in this review sees it.")
    for person in everybody_else:
        person.reads("documents/", "What the State party under review opens to others", "the public", "decided on")


def follow_up_and_closing(cast: SimpleNamespace) -> None:
    others = (cast.officer, cast.mission, cast.rmission1, cast.rfp1, cast.rexpert1, cast.rfp2)
    refused((*others, cast.expert), "act/open_follow_up/", 403, seen_version=seen(cast.fp))
    cast.fp.takes("Open a follow-up")
    action = "Train forty investigators on financial inquiries."
    cast.fp.owes("Keep your State's follow-up")
    cast.fp.opens("follow-up/")
    cast.fp.sees("Only your State reads this page, now and later.")
    card = cast.fp.page.locator("section[aria-labelledby=new-title]")
    card.get_by_label("What is to be done").fill(action)
    card.get_by_label("Who, at home").fill("National Police School")
    card.get_by_label("By when").fill((TODAY + timedelta(days=300)).isoformat())
    card.get_by_role("button", name="Save", exact=True).click()
    cast.fp.is_told("Saved.")
    for person in (cast.fp, cast.expert, cast.observer):
        person.reads("follow-up/", action, "National Police School")
    for person in others:
        person.sees_tabs(absent="Follow-up")
        person.reads("timeline/", but_not=(action,))
    hidden((*others, cast.outsider), "follow-up/")
    refused((*others, cast.outsider), f"follow-up/{uuid4()}/", 404, action="By somebody else", seen_version="0")
    refused((cast.officer, cast.rfp1, cast.expert), "act/close_follow_up/", 403, seen_version=seen(cast.fp))

    cast.fp.takes("Close the follow-up")
    for person in cast.everybody():
        person.sees_stage("Closed")
        person.sees("Nobody owes anything in this review now.")
        person.reads("questionnaire/untoc-5/", LATER)
        person.reads("observations/", "practice is still to form")
    refused((cast.fp,), "act/suspend/", 409, seen_version="0", reason="Afterwards")
    refused((cast.expert,), "questionnaire/answers/C1-UNTOC-5-07/", 409, value="no", seen_version="4", language="en")
    hidden((cast.outsider,), "")


# -- the trail ---------------------------------------------------------------------------------------------------------

STEPS = [
    *("review.open", "review.open_consultations"),
    *["review.agree_consultations"] * 3,
    *("review.begin_self_assessment", "review.suspend", "review.resume", "review.submit_self_assessment"),
    *("review.reopen_self_assessment", "review.submit_self_assessment"),
    *["review.submit_feedback"] * 2,
    *("review.begin_list", "review.share_list"),
    *["review.agree_list"] * 5,
    *("review.begin_summary", "review.share_summary"),
    *["review.agree_summary"] * 4,
    *("review.conclude", "review.open_follow_up", "review.close_follow_up"),
]
ACTS = {
    "people.name": 10,
    "people.register": 10,
    "deadline.extend": 1,
    "query.ask": 1,
    "query.reply": 1,
    "query.settle": 1,
    "observation.save": 5,
    "summary.save": 2,
    "position.take": 4,
    "document.publish": 1,
}


def the_trail_holds(cast: SimpleNamespace, product: Product, folder: Path) -> None:
    cast.fp.opens("documents/")
    with cast.fp.page.expect_download() as taken:
        cast.fp.page.get_by_role("button", name="Take the trail").click()
    own = folder / "own.jsonl"
    taken.value.save_as(own)
    whole = folder / "trail.jsonl"
    product.manage("export_audit", "--out", str(whole))
    for trail in (own, whole):
        report = verified(trail)
        assert report["ok"] is True, report
    entries = [json.loads(line) for line in whole.read_text(encoding="utf-8").splitlines()]
    verbs = [entry["action"] for entry in entries if entry.get("case") == f"{PHASE}/XAA" and entry["type"] == "entry"]
    assert [verb for verb in verbs if verb.startswith("review.")] == STEPS
    assert {verb: Counter(verbs)[verb] for verb in ACTS} == ACTS
    said = whole.read_text(encoding="utf-8")
    assert not any(words in said for words in (DRAFT, LATER, COORDINATION, "Ilse", "Train forty"))
    assert "Traceback" not in product.log.read_text()


def verified(trail: Path) -> dict:
    """What the stand-alone program says of a trail, run as any party would run it."""
    done = subprocess.run(
        [sys.executable, "-I", "tools/verify_audit.py", str(trail), "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)
