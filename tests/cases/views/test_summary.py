"""The summary: one text, agreed by all."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.models import Event, Position, Text, TextVersion

WRITERS = ("rfp1", "rexpert1", "rfp2", "rexpert2")
READERS = (*WRITERS, "robserver2")
OTHERS = ("fp", "expert", "observer", "mission", "officer")
EVERYBODY = (*READERS, *OTHERS)
FORM = {"text": "In short, zebra words", "language": "en", "seen_version": 0}


@pytest.fixture
def page(cast, client):
    """Open or send a page of the review's summary as one of the cast."""

    def ask(person, path="", data=None):
        client.logout()
        if person:
            client.force_login(cast.people[person])
        address = f"/reviews/{cast.review.case}/summary/{path}"
        return client.get(address) if data is None else client.post(address, data)

    return ask


@pytest.fixture
def drafting(cast):
    return cast.to("summary")


@pytest.fixture
def written(drafting):
    drafting.save("summary", "summary", {"text": "In short, zebra words"}, "rexpert1")
    return drafting


@pytest.fixture
def shared(written):
    written.advance("share_summary", "rfp2")
    return written


def rows():
    return (Text.objects.count(), TextVersion.objects.count(), Position.objects.count(), Event.objects.count())


def content(response):
    return response.content.decode()


@pytest.mark.parametrize("person", WRITERS)
def test_a_reviewing_state_writes_the_summary(drafting, page, person):
    assert "Write the summary" in content(page(person))
    assert page(person, "", {**FORM, "key": "k"}).status_code == 302
    assert Text.objects.get(kind="summary").content == {"text": "In short, zebra words"}
    assert Event.objects.get(verb="summary.save").room == "reviewers"


@pytest.mark.parametrize(
    ("person", "status"),
    [(one, 403) for one in (*OTHERS, "robserver2")] + [("outsider", 404), (None, 302)],
)
def test_nobody_else_writes_it(drafting, page, person, status):
    before = rows()
    assert page(person, "", {**FORM, "key": "k"}).status_code == status
    assert rows() == before


def test_it_is_not_written_at_another_stage(cast, page):
    cast.to("list_of_observations")
    assert page("rfp1", "", {**FORM, "key": "k"}).status_code == 409
    assert "cannot be changed at the stage" in content(page("rfp1"))
    assert not Text.objects.filter(kind="summary").exists()


@pytest.mark.parametrize("person", OTHERS)
def test_a_draft_is_the_reviewing_states_own(drafting, page, person):
    empty = content(page(person)).partition("<main")[2]
    drafting.save("summary", "summary", {"text": "In short, zebra words"}, "rexpert1")
    assert content(page(person)).partition("<main")[2] == empty
    assert "have not shared a summary yet" in empty
    assert page(person, "history/").status_code == 404
    assert page(person, "position/", {"stance": "agree", "seen_version": 1}).status_code == 404


@pytest.mark.parametrize("person", EVERYBODY)
def test_everybody_reads_the_shared_summary(shared, page, person):
    shown = content(page(person))
    assert "In short, zebra words" in shown
    assert ("Change the summary" in shown) == (person in WRITERS)
    assert ("Take your State" in shown) == (person in ("fp", "rfp1", "rfp2"))
    assert page(person, "history/").status_code == (200 if person in READERS else 404)


def test_what_changed_is_shown_to_all_who_read_it(shared, page):
    page("rfp1", "", {**FORM, "text": "In short, quagga words", "seen_version": 1, "key": "k"})
    for person in EVERYBODY:
        assert "<del>zebra </del><ins>quagga </ins>" in content(page(person))
    history = content(page("rfp2", "history/"))
    assert "Version 1" in history
    assert "Invented XAB" in history


def test_a_change_of_an_older_version_shows_both_texts_and_the_ancestor(written, page):
    page("rfp2", "", {**FORM, "text": "Theirs was first", "seen_version": 1, "key": "k1"})
    before = rows()
    response = page("rfp1", "", {**FORM, "text": "Mine came second", "seen_version": 1, "key": "k2"})
    shown = content(response)
    assert response.status_code == 409
    for words in ("Theirs was first", ">Mine came second</textarea>", "In short, zebra words"):
        assert words in shown
    assert 'name="seen_version" value="2"' in shown
    assert rows() == before


def test_two_first_drafts_are_a_conflict_as_well(written, page):
    response = page("rfp2", "", {**FORM, "text": "Mine came second", "key": "k"})
    assert response.status_code == 409
    assert ">Mine came second</textarea>" in content(response)
    assert "In short, zebra words" in content(response)
    assert "both began from" not in content(response)


def test_a_form_sent_twice_acts_once(drafting, page):
    assert page("rfp1", "", {**FORM, "key": "once"}).status_code == 302
    response = page("rfp1", "", {**FORM, "key": "once"})
    assert response.status_code == 302
    assert Text.objects.get(kind="summary").version == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [({"text": " "}, "text"), ({"text": "x" * 20_001}, "text"), ({"language": "xx"}, "text-language")],
)
def test_bad_input_says_where_and_keeps_what_was_typed(drafting, page, change, field):
    before = rows()
    response = page("rexpert1", "", {**FORM, "key": "k", **change})
    shown = content(response)
    assert response.status_code == 422
    assert f'href="#{field}"' in shown
    assert f'id="{field}-error"' in shown
    if field == "text-language":
        assert ">In short, zebra words</textarea>" in shown
    assert rows() == before


@pytest.mark.parametrize(
    ("person", "status"),
    [(one, 403) for one in ("expert", "observer", "mission", "rexpert1", "robserver2", "officer")]
    + [("outsider", 404), (None, 302)],
)
def test_only_focal_points_take_positions(shared, page, person, status):
    before = rows()
    assert page(person, "position/", {"stance": "agree", "seen_version": 1, "key": "k"}).status_code == status
    assert rows() == before


def test_a_position_is_recorded_and_read_by_all(shared, page):
    data = {"stance": "object", "reason": "The second sentence", "language": "fr", "seen_version": 1, "key": "k"}
    assert page("fp", "position/", data).status_code == 302
    assert page("fp", "position/", data).status_code == 302
    assert Position.objects.count() == 1
    for person in EVERYBODY:
        assert 'lang="fr" dir="ltr"><p>The second sentence</p>' in content(page(person))


def test_a_position_without_its_reason_comes_back(shared, page):
    response = page("fp", "position/", {"stance": "object", "reason": " ", "seen_version": 1, "key": "k"})
    assert response.status_code == 422
    assert 'value="object" checked' in content(response)
    assert not Position.objects.exists()


def test_a_position_on_older_words_is_refused_with_both_texts(shared, page):
    shared.save("summary", "summary", {"text": "In short, quagga words"}, "rfp2", seen=1)
    response = page("fp", "position/", {"stance": "object", "reason": "Typed", "seen_version": 1, "key": "k"})
    assert response.status_code == 409
    assert "<del>zebra </del><ins>quagga </ins>" in content(response)
    assert ">Typed</textarea>" in content(response)
    assert not Position.objects.exists()


def test_the_next_step_is_named_with_whose_it_is(written, page):
    assert "#can-title" in content(page("rfp1"))
    assert "#can-title" not in content(page("fp"))
    written.advance("share_summary", "rfp1")
    assert "clear/summary/" in content(page("fp"))
    for person in ("fp", "rfp1", "rfp2"):
        written.hand_over("summary", "agree_summary", person)
    for person in EVERYBODY:
        assert "All States that take part have agreed" in content(page(person))


@pytest.mark.parametrize("person", ["rfp1", "fp"])
def test_the_page_takes_the_same_queries_after_many_versions(shared, page, client, person):
    def queries():
        assert page(person).status_code == 200
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/reviews/{shared.review.case}/summary/").status_code == 200
        return len(captured)

    shared.save("summary", "summary", {"text": "Version 2"}, "rfp1", seen=1)
    first = queries()
    for number in range(2, 12):
        shared.save("summary", "summary", {"text": f"Version {number + 1}"}, "rfp1", seen=number)
    assert queries() == first
    assert first <= 14
