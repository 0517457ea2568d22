"""The arrangements of a review in the browser: written by all sides, agreed to by every State, then read."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.models import Event, Review, Submission, Text, TextVersion

WRITERS = ("fp", "expert", "rfp1", "rexpert1", "rfp2", "rexpert2")
READERS = (*WRITERS, "observer", "mission", "robserver2", "officer")


@pytest.fixture
def consulting(cast):
    return cast.to("preliminary_consultations")


def page(cast, tail=""):
    return f"/reviews/{cast.review.case}/consultations/{tail}"


def enter(client, cast, person):
    client.force_login(cast.people[person])
    return client


def form(**fields):
    return {
        "key": "a-form",
        "language": "en",
        "languages": ["en", "fr"],
        "timetable": "Two calls in March",
        "division": "By instrument",
        "seen_version": 0,
        **fields,
    }


def html(answer):
    return answer.content.decode()


def write(cast, person="fp", *, seen=0, **changes):
    content = {"languages": ["en"], "timetable": "Two calls in March", "division": "By instrument", **changes}
    return cast.save("consultation", "consultation", content, person, seen=seen)


@pytest.mark.parametrize("person", WRITERS)
def test_focal_points_and_experts_of_all_sides_write(consulting, client, person):
    enter(client, consulting, person)
    assert "Write the arrangements" in html(client.get(page(consulting)))
    answer = client.post(page(consulting), form())
    assert answer.url == page(consulting)
    assert Text.objects.get().content == {
        "languages": ["en", "fr"],
        "timetable": "Two calls in March",
        "division": "By instrument",
    }
    assert Review.objects.get(pk=consulting.review.pk).languages == ["en", "fr"]
    assert Event.objects.filter(verb="consultation.save", seat=consulting.seat(person)).count() == 1
    for reader in READERS:
        assert "Two calls in March" in html(enter(client, consulting, reader).get(page(consulting))), reader


@pytest.mark.parametrize(
    ("person", "status"), [("observer", 403), ("mission", 403), ("robserver2", 403), ("officer", 403)]
)
def test_others_read_and_are_told_who_writes(consulting, client, person, status):
    write(consulting)
    enter(client, consulting, person)
    shown = html(client.get(page(consulting)))
    assert "The focal points and experts of the States in the review write the arrangements." in shown
    assert 'name="timetable"' not in shown
    answer = client.post(page(consulting), form(timetable="Other words", seen_version=1))
    assert answer.status_code == status
    assert "Other words" in html(answer)
    assert TextVersion.objects.count() == 1


def test_it_is_closed_to_everybody_else(consulting, client):
    enter(client, consulting, "outsider")
    assert client.get(page(consulting)).status_code == 404
    assert client.post(page(consulting), form()).status_code == 404
    client.logout()
    assert client.post(page(consulting), form()).status_code == 302
    assert not Text.objects.exists()


def test_before_their_stage_nothing_is_written_and_the_page_says_when(cast, client):
    enter(client, cast, "fp")
    shown = html(client.get(page(cast)))
    assert "Nothing has been written yet." in shown
    assert "It is possible during:" in shown
    assert client.post(page(cast), form()).status_code == 409
    assert not Text.objects.exists()


@pytest.mark.parametrize(
    ("languages", "sentence"),
    [
        ([], "Choose the language or languages of the review."),
        (["xx"], "Choose the language or languages of the review."),
        (["en", "fr", "ar"], "A review is held in at most 2 languages."),
    ],
)
def test_one_or_two_languages_and_what_was_typed_stays(consulting, client, languages, sentence):
    enter(client, consulting, "rexpert1")
    answer = client.post(page(consulting), form(languages=languages, timetable="In my own words"))
    assert answer.status_code == 422
    assert sentence in html(answer)
    assert 'href="#languages"' in html(answer)
    assert "In my own words" in html(answer)
    assert html(answer).count(" checked") == len([one for one in languages if one != "xx"])
    assert not Text.objects.exists()
    assert Review.objects.get(pk=consulting.review.pk).languages == []


def test_bad_input_never_passes_over_what_another_state_saved_meanwhile(consulting, client):
    write(consulting)
    write(consulting, "rfp1", seen=1, timetable="Three calls")
    enter(client, consulting, "fp")
    answer = client.post(page(consulting), form(languages=[], seen_version=1))
    assert answer.status_code == 422
    assert 'name="seen_version" value="1"' in html(answer)
    assert client.post(page(consulting), form(language="xx", seen_version=1)).status_code == 422
    assert client.post(page(consulting), form(seen_version=1)).status_code == 409


def test_two_states_that_write_at_once_see_both_texts_and_what_both_began_from(consulting, client):
    write(consulting, timetable="The common beginning")
    write(consulting, "rfp1", seen=1, timetable="What the other State wrote")
    enter(client, consulting, "fp")
    answer = client.post(page(consulting), form(timetable="What this State wrote", seen_version=1))
    assert answer.status_code == 409
    for words in ("The common beginning", "What the other State wrote", "What this State wrote", "Invented XAB"):
        assert words in html(answer)
    assert 'name="seen_version" value="2"' in html(answer)
    assert Text.objects.get().content["timetable"] == "What the other State wrote"
    assert client.post(page(consulting), form(key="b", seen_version=2)).status_code == 302
    assert Text.objects.get().version == 3


def test_pressing_twice_saves_once(consulting, client):
    enter(client, consulting, "fp")
    for _press in range(2):
        assert client.post(page(consulting), form()).url == page(consulting)
    assert TextVersion.objects.count() == 1
    assert Event.objects.filter(verb="consultation.save").count() == 1


def test_who_changed_it_last_and_the_words_that_differ(consulting, client):
    write(consulting)
    write(consulting, "rexpert2", seen=1, timetable="Two calls in April")
    write(consulting, "rfp1", seen=2, timetable="Two calls in April", languages=["en", "ar"])
    shown = html(enter(client, consulting, "rfp2").get(page(consulting)))
    assert "Last changed by Invented XAB" in shown
    assert "Office of rfp1" not in shown
    assert "<ins>" in shown
    earlier = html(client.get(page(consulting, "?version=2")))
    assert "<del>March</del><ins>April</ins>" in earlier
    assert "Office of rexpert2" in earlier
    assert "Office of rexpert2" not in html(enter(client, consulting, "fp").get(page(consulting, "?version=2")))
    assert client.get(page(consulting, "?version=nonsense")).status_code == 200


def test_agreements_are_shown_by_state_and_lapse_with_the_words(consulting, client):
    write(consulting)
    consulting.hand_over("consultations", "agree_consultations", "rfp1")
    consulting.clear("consultations", "rfp2")
    shown = html(enter(client, consulting, "officer").get(page(consulting)))
    assert shown.count("agreed on ") == 1
    assert shown.count("cleared, not handed over yet") == 1
    shown = html(enter(client, consulting, "expert").get(page(consulting)))
    assert "every State that has agreed is asked again" in shown
    client.post(page(consulting), form(timetable="Another timetable", seen_version=1))
    assert not Submission.objects.filter(voided_at=None).exists()
    shown = html(client.get(page(consulting)))
    assert "agreed on " not in shown
    assert "every State that has agreed is asked again" not in shown


def test_focal_points_are_led_to_the_clearance(consulting, client):
    link = f"/reviews/{consulting.review.case}/clear/consultations/"
    assert link not in html(enter(client, consulting, "fp").get(page(consulting)))
    write(consulting)
    for person in ("fp", "rfp1", "rfp2"):
        assert link in html(enter(client, consulting, person).get(page(consulting))), person
    for person in ("expert", "rexpert1", "observer", "mission", "officer"):
        assert link not in html(enter(client, consulting, person).get(page(consulting))), person
    consulting.hand_over("consultations", "agree_consultations", "rfp1")
    assert link not in html(enter(client, consulting, "rfp1").get(page(consulting)))


def test_after_the_stage_they_are_read_with_the_date_of_the_agreement(cast, client):
    cast.to("self_assessment")
    enter(client, cast, "fp")
    shown = html(client.get(page(cast)))
    assert "Agreed on " in shown
    assert "Two calls ordinary" in shown
    assert 'name="timetable"' not in shown
    answer = client.post(page(cast), form(timetable="Too many calls", seen_version=1))
    assert answer.status_code == 409
    assert "Too many calls" in html(answer)
    assert TextVersion.objects.filter(text__kind="consultation").count() == 1


def test_the_number_of_statements_does_not_grow(consulting, client):
    write(consulting)
    write(consulting, seen=1, timetable="Once more")
    enter(client, consulting, "fp")
    client.get(page(consulting))

    def count():
        with CaptureQueriesContext(connection) as statements:
            assert client.get(page(consulting)).status_code == 200
        return len(statements)

    few = count()
    for number in range(2, 14):
        write(consulting, WRITERS[number % 6], seen=number, timetable=f"Timetable {number}")
    assert count() == few
    assert few <= 10
