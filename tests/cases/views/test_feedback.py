"""Written feedback in the browser: beside the answers, private until it is handed over, then side by side by State."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.models import Event, Query, Seat, Text
from cases.operations.dialogue import ask_query

SECTION = "untoc-2"
WRITERS = ("rfp1", "rexpert1", "rfp2", "rexpert2")


@pytest.fixture
def reviewing(cast):
    return cast.to("desk_review")


def page(cast, tail=""):
    return f"/reviews/{cast.review.case}/feedback/{tail}"


def enter(client, cast, person):
    client.force_login(cast.people[person])
    return client


def form(**fields):
    return {"key": "a-form", "language": "en", "words": "The provisions are clear.", "seen_version": 0, **fields}


def html(answer):
    return answer.content.decode()


def write(cast, person="rfp1", words="What this State thinks", *, seen=0):
    return cast.save("feedback", SECTION, {"text": words}, person, seen=seen)


@pytest.mark.parametrize("person", WRITERS)
def test_reviewing_states_write_beside_the_answers(reviewing, client, person):
    enter(client, reviewing, person)
    shown = html(client.get(page(reviewing, f"{SECTION}/")))
    assert "Reasons ordinary" in shown
    assert "Your State only" in shown
    assert "Everybody who takes part in this review" in shown
    entries = Event.objects.count()
    answer = client.post(page(reviewing, f"{SECTION}/"), form())
    assert answer.url == page(reviewing, f"{SECTION}/")
    text = Text.objects.get(kind="feedback")
    assert (text.seat, text.content) == (reviewing.seat(person), {"text": "The provisions are clear."})
    assert Event.objects.count() == entries
    assert "The provisions are clear." in html(client.get(answer.url))


@pytest.mark.parametrize(
    ("person", "status"),
    [
        *((person, 403) for person in ("fp", "expert", "observer", "mission", "robserver2", "officer")),
        ("outsider", 404),
    ],
)
def test_others_write_nothing(reviewing, client, person, status):
    enter(client, reviewing, person)
    if status != 404:
        assert 'id="feedback-form"' not in html(client.get(page(reviewing, f"{SECTION}/")))
    answer = client.post(page(reviewing, f"{SECTION}/"), form())
    assert answer.status_code == status
    assert not Text.objects.filter(kind="feedback").exists()


def test_nobody_is_let_in_without_signing_in_and_no_section_is_made_up(reviewing, client):
    assert client.get(page(reviewing)).status_code == 302
    assert client.post(page(reviewing, f"{SECTION}/"), form()).status_code == 302
    enter(client, reviewing, "rfp1")
    for answer in (client.get(page(reviewing, "untoc-999/")), client.post(page(reviewing, "untoc-999/"), form())):
        assert answer.status_code == 404
    assert not Text.objects.filter(kind="feedback").exists()


def test_a_draft_is_read_by_its_own_state_alone(reviewing, client):
    write(reviewing)
    for person in ("rfp1", "rexpert1"):
        enter(client, reviewing, person)
        assert "What this State thinks" in html(client.get(page(reviewing, f"{SECTION}/")))
        assert ">begun<" in html(client.get(page(reviewing)))
    for person in ("fp", "expert", "observer", "mission", "rfp2", "rexpert2", "robserver2", "officer"):
        enter(client, reviewing, person)
        assert "What this State thinks" not in html(client.get(page(reviewing, f"{SECTION}/"))), person
        assert "begun" not in html(client.get(page(reviewing))), person
        assert "of 1 State" not in html(client.get(page(reviewing))), person


def test_once_handed_over_everybody_reads_it_side_by_side_by_state(reviewing, client):
    write(reviewing, words="Of the first State")
    reviewing.hand_over("feedback", "submit_feedback", "rfp1")
    write(reviewing, "rfp2", words="Of the second State")
    for person in ("fp", "observer", "mission", "rfp2", "robserver2", "officer"):
        shown = html(enter(client, reviewing, person).get(page(reviewing, f"{SECTION}/")))
        assert "Of the first State" in shown, person
        assert ("Of the second State" in shown) == (person in {"rfp2", "robserver2"}), person
    assert "of 1 State" in html(enter(client, reviewing, "fp").get(page(reviewing)))
    reviewing.hand_over("feedback", "submit_feedback", "rfp2")
    shown = html(enter(client, reviewing, "fp").get(page(reviewing, f"{SECTION}/")))
    assert shown.index("Of the first State") < shown.index("Of the second State")
    assert "of 2 States" in html(client.get(page(reviewing)))


def test_what_was_handed_over_is_closed_until_it_is_taken_back(reviewing, client):
    write(reviewing)
    reviewing.hand_over("feedback", "submit_feedback", "rfp1")
    enter(client, reviewing, "rexpert1")
    shown = html(client.get(page(reviewing, f"{SECTION}/")))
    assert "it can be changed again after it is taken back" in shown
    assert "What this State thinks" in shown
    answer = client.post(page(reviewing, f"{SECTION}/"), form(seen_version=1))
    assert answer.status_code == 409
    assert "The provisions are clear." in html(answer)
    reviewing.advance("reopen_feedback", "rfp1")
    assert client.post(page(reviewing, f"{SECTION}/"), form(seen_version=1)).status_code == 302
    shown = html(enter(client, reviewing, "fp").get(page(reviewing, f"{SECTION}/")))
    assert "What this State thinks" in shown
    assert "The provisions are clear." not in shown


def test_before_the_answers_are_in_nothing_can_be_written(cast, client):
    cast.to("self_assessment")
    enter(client, cast, "rfp1")
    assert "This text cannot be changed at the stage the review is in now." in html(client.get(page(cast)))
    assert "Not submitted yet; drafts belong to the State." in html(client.get(page(cast, f"{SECTION}/")))
    assert client.post(page(cast, f"{SECTION}/"), form()).status_code == 409
    assert not Text.objects.filter(kind="feedback").exists()


def test_two_versions_from_one_are_both_shown_and_mine_goes_over_only_when_i_say_so(reviewing, client):
    write(reviewing, words="The common beginning")
    write(reviewing, "rexpert1", words="What the colleague wrote", seen=1)
    enter(client, reviewing, "rfp1")
    where = page(reviewing, f"{SECTION}/")
    for extra in ({}, {"HTTP_HX_REQUEST": "true"}):
        answer = client.post(where, form(seen_version=1), **extra)
        assert answer.status_code == 409
        assert "The common beginning" in html(answer)
        assert "What the colleague wrote" in html(answer)
        assert 'name="seen_version" value="1"' in html(answer)
        assert ("The provisions are clear." in html(answer)) == (not extra)
    assert Text.objects.get(kind="feedback").content == {"text": "What the colleague wrote"}
    assert client.post(where, form(seen_version=1, over=2)).status_code == 302
    assert Text.objects.get(kind="feedback").content == {"text": "The provisions are clear."}


def test_saving_in_the_background_returns_the_line_that_says_so(reviewing, client):
    enter(client, reviewing, "rexpert2")
    where = page(reviewing, f"{SECTION}/")
    answer = client.post(where, form(), HTTP_HX_REQUEST="true")
    assert answer.status_code == 200
    assert "<html" not in html(answer)
    assert 'name="seen_version" value="1"' in html(answer)
    assert "Saved at" in html(answer)
    write(reviewing, "rfp2", seen=1)
    reviewing.hand_over("feedback", "submit_feedback", "rfp2")
    answer = client.post(where, form(seen_version=2), HTTP_HX_REQUEST="true")
    assert answer.status_code == 409
    assert "<html" not in html(answer)
    assert "This text has been handed over" in html(answer)


def test_a_language_that_is_none_of_the_six_is_refused_and_the_words_stay(reviewing, client):
    enter(client, reviewing, "rfp1")
    answer = client.post(page(reviewing, f"{SECTION}/"), form(language="tlh"))
    assert answer.status_code == 422
    assert 'href="#feedback-language"' in html(answer)
    assert "The provisions are clear." in html(answer)
    assert not Text.objects.filter(kind="feedback").exists()


def test_a_state_writes_on_its_own_instruments_only(reviewing, client):
    Seat.objects.filter(pk=reviewing.seat("rfp1").pk).update(instruments=["tip"])
    enter(client, reviewing, "rfp1")
    shown = html(client.get(page(reviewing, f"{SECTION}/")))
    assert 'id="feedback-form"' not in shown
    assert "Trafficking in Persons Protocol" in shown
    answer = client.post(page(reviewing, f"{SECTION}/"), form())
    assert answer.status_code == 403
    assert "The provisions are clear." in html(answer)
    assert not Text.objects.filter(kind="feedback").exists()
    assert client.post(page(reviewing, "general-1/"), form()).status_code == 302
    assert "not for your State to review" in html(client.get(page(reviewing)))


def test_others_read_the_answers_handed_over_and_the_own_side_is_told_of_a_newer_draft(reviewing, client):
    reviewing.advance("reopen_self_assessment", "fp")
    reviewing.save("answer", "C1-UNTOC-2-04", {"value": "yes", "text": "Only in the draft"}, "expert", seen=1)
    where = page(reviewing, f"{SECTION}/")
    assert "Only in the draft" not in html(enter(client, reviewing, "rfp1").get(where))
    assert "Only in the draft" not in html(enter(client, reviewing, "officer").get(where))
    shown = html(enter(client, reviewing, "expert").get(where))
    assert "draft; the others read what was handed over" in shown


def test_the_focal_point_is_led_to_the_clearance_and_only_the_own_side_hears_of_it(reviewing, client):
    write(reviewing)
    assert f"{reviewing.review.case}/clear/feedback/" in html(enter(client, reviewing, "rfp1").get(page(reviewing)))
    assert "/clear/feedback/" not in html(enter(client, reviewing, "rexpert1").get(page(reviewing)))
    reviewing.clear("feedback", "rfp1")
    assert "cleared, not handed over yet" in html(client.get(page(reviewing)))
    for person in ("fp", "rfp2", "officer"):
        assert "cleared, not handed over yet" not in html(enter(client, reviewing, person).get(page(reviewing)))


def test_asking_from_a_section(reviewing, client):
    enter(client, reviewing, "rexpert2")
    where = page(reviewing, f"{SECTION}/ask/")
    asked = {"key": "q", "subject": "C1-UNTOC-2-05", "words": "Which courts?", "language": "fr"}
    for _press in range(2):
        assert client.post(where, asked).status_code == 302
    query = Query.objects.get()
    assert query.subject == "C1-UNTOC-2-05"
    shown = html(enter(client, reviewing, "fp").get(page(reviewing, f"{SECTION}/")))
    assert 'lang="fr" dir="ltr">Which courts?' in shown
    assert f"queries/{query.uid}/" in shown
    assert "Which courts?" not in html(client.get(page(reviewing, "untoc-6/")))
    enter(client, reviewing, "rexpert2")
    answer = client.post(where, {**asked, "key": "r", "words": " "})
    assert answer.status_code == 422
    assert 'value="C1-UNTOC-2-05" selected' in html(answer)
    enter(client, reviewing, "expert")
    assert client.post(where, {**asked, "key": "s"}).status_code == 403
    assert Query.objects.count() == 1


def test_sections_lead_to_the_next_and_the_one_before(reviewing, client):
    enter(client, reviewing, "officer")
    shown = html(client.get(page(reviewing, f"{SECTION}/")))
    assert f'rel="prev" href="{page(reviewing, "general-1/")}"' in shown
    assert f'rel="next" href="{page(reviewing, "untoc-5/")}"' in shown
    assert 'rel="prev"' not in html(client.get(page(reviewing, "general-1/")))


def test_the_number_of_statements_does_not_grow(reviewing, client):
    enter(client, reviewing, "rfp1")
    client.get(page(reviewing))

    def count(where):
        with CaptureQueriesContext(connection) as statements:
            assert client.get(where).status_code == 200
        return len(statements)

    def ask(number):
        ask_query(
            case=reviewing.review.case,
            subject=SECTION,
            words=f"Number {number}",
            language="en",
            by=reviewing.people["rfp2"],
            at=reviewing.at,
        )

    ask(0)
    write(reviewing)
    few = count(page(reviewing)), count(page(reviewing, f"{SECTION}/"))
    for number in range(12):
        ask(number)
    for key in ("untoc-5", "untoc-6", "general-1"):
        reviewing.save("feedback", key, {"text": "More"}, "rfp1")
        reviewing.save("feedback", key, {"text": "More"}, "rfp2")
    reviewing.hand_over("feedback", "submit_feedback", "rfp2")
    assert (count(page(reviewing)), count(page(reviewing, f"{SECTION}/"))) == few
    assert max(few) <= 12
