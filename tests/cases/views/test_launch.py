"""Opening the review of a State that joins a phase: the Secretariat's officers, and nobody else."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.models import Event, Participation, Review, Seat, User
from tests.conftest import make_person, make_state

ADDRESS = "/cycles/test/open/"
NEIGHBOURS = (("XBA", "africa"), ("XBB", "africa"), ("XBC", "weog"), ("XBD", "grulac"), ("XBE", "asia-pacific"))


@pytest.fixture
def cycle(cast):
    """A cycle with one review, and States parties that are in none."""
    for code, group in NEIGHBOURS:
        make_state(code, group)
    make_state("XBF", "weog", instruments=())
    cast.people["officer"].is_staff = True
    cast.people["officer"].save()
    return cast


def rows():
    return (Review.objects.count(), Seat.objects.count(), Event.objects.count())


@pytest.mark.parametrize(
    "person", ["fp", "expert", "observer", "mission", "rfp1", "rexpert1", "rfp2", "rexpert2", "robserver2", "outsider"]
)
def test_for_anybody_else_the_page_does_not_exist(cycle, client, person):
    client.force_login(cycle.people[person])
    before = rows()
    assert client.get(ADDRESS).status_code == 404
    assert client.post(ADDRESS, {"phase": "test-1", "state": "XBA", "key": "k"}).status_code == 404
    assert "open/" not in client.get("/cycles/test/").content.decode()
    assert rows() == before


def test_an_officer_of_a_review_who_is_no_officer_of_this_installation_opens_none(cycle, client):
    User.objects.filter(username="officer").update(is_staff=False)
    client.force_login(cycle.people["officer"])
    before = rows()
    assert client.get(ADDRESS).status_code == 404
    assert client.post(ADDRESS, {"phase": "test-1", "state": "XBA", "key": "k"}).status_code == 404
    assert rows() == before


def test_the_anonymous_are_asked_to_sign_in(cycle, client):
    before = rows()
    assert "/accounts/login/" in client.get(ADDRESS).url
    assert "/accounts/login/" in client.post(ADDRESS, {"phase": "test-1", "state": "XBA"}).url
    assert rows() == before


def test_an_officer_opens_a_review_and_sees_its_reviewing_states(cycle, client):
    client.force_login(cycle.people["officer"])
    assert ADDRESS in client.get("/cycles/test/").content.decode()
    offered = client.get(ADDRESS).content.decode()
    for code, _group in NEIGHBOURS:
        assert f'value="{code}"' in offered
    assert 'value="XAA"' not in offered, "under review in this phase already"
    assert 'value="XBF"' not in offered, "party to nothing"
    response = client.post(ADDRESS, {"phase": "test-1", "state": "XBA", "key": "once"})
    assert response.url == f"{ADDRESS}?opened=test-1/XBA"
    review = Review.objects.get(case="test-1/XBA")
    assert Participation.objects.get(review=review).user == cycle.people["officer"]
    shown = client.get(response.url).content.decode()
    reviewers = Seat.objects.filter(review=review, capacity="reviewing").select_related("state")
    assert {one.side for one in reviewers} == {"same", "other"}
    for seat in reviewers:
        assert f"<strong>Invented {seat.state.code}</strong>" in shown
    assert "own regional group" in shown
    assert 'value="XBA"' not in shown
    assert Event.objects.filter(case="test-1/_", verb="phase.join").count() == 1


def test_a_form_sent_twice_opens_one_review(cycle, client):
    client.force_login(cycle.people["officer"])
    data = {"phase": "test-1", "state": "XBA", "key": "once"}
    assert client.post(ADDRESS, data).status_code == 302
    before = rows()
    assert client.post(ADDRESS, data).status_code == 302
    assert rows() == before


@pytest.mark.parametrize("state", ["XAA", "XBF", "XZZ", ""])
def test_a_state_that_cannot_join_comes_back_with_the_reason(cycle, client, state):
    client.force_login(cycle.people["officer"])
    before = rows()
    response = client.post(ADDRESS, {"phase": "test-1", "state": state, "key": "k"})
    shown = response.content.decode()
    assert response.status_code == 422
    assert 'href="#state-test-1"' in shown
    assert 'id="state-test-1-error"' in shown
    assert rows() == before


def test_where_the_rules_leave_no_reviewer_nothing_is_opened(cycle, client):
    make_state("XCA", "eastern-europe")
    client.force_login(cycle.people["officer"])
    before = rows()
    response = client.post(ADDRESS, {"phase": "test-1", "state": "XCA", "key": "k"})
    shown = response.content.decode()
    assert response.status_code == 422
    assert "No valid reviewers" in shown
    assert 'value="XCA" selected' in shown
    assert rows() == before


def test_a_phase_of_another_cycle_does_not_exist_here(cycle, client):
    client.force_login(cycle.people["officer"])
    before = rows()
    assert client.post(ADDRESS, {"phase": "other-1", "state": "XBA", "key": "k"}).status_code == 404
    assert client.get("/cycles/other/open/").status_code == 404
    assert rows() == before


def test_a_review_one_may_not_see_is_not_shown_as_opened(cycle, client):
    stranger = make_person("second-officer", is_staff=True)
    client.force_login(stranger)
    shown = client.get(f"{ADDRESS}?opened=test-1/XAA").content.decode()
    assert "Reviewing States of" not in shown
    assert client.get("/cycles/test/").status_code == 200


def test_the_page_takes_the_same_queries_for_any_number_of_states(cycle, client):
    client.force_login(cycle.people["officer"])

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(ADDRESS).status_code == 200
        return len(captured)

    client.get(ADDRESS)
    first = queries()
    for number in range(20):
        make_state(f"XD{chr(65 + number)}", "africa")
    assert queries() == first
    assert first <= 8
