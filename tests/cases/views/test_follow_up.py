"""A State's own follow-up: its side writes and reads it, and nobody else learns that it is there."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.models import Event, Text, TextVersion

ACTION = "22222222-2222-4222-8222-222222222222"
OTHERS = ("mission", "rfp1", "rexpert1", "rfp2", "rexpert2", "robserver2", "officer", "outsider")


def base_of(cast):
    return f"/reviews/{cast.review.case}/follow-up/"


def get(client, cast, person):
    client.logout()
    if person != "anonymous":
        client.force_login(cast.people[person])
    return client.get(base_of(cast))


def post(client, cast, person, data, ref=ACTION):
    client.logout()
    if person != "anonymous":
        client.force_login(cast.people[person])
    return client.post(f"{base_of(cast)}{ref}/", data)


def text(response):
    return response.content.decode()


SENT = {"action": "Count the zebras", "owner": "Ministry", "by": "2027-03-01", "language": "en", "seen_version": "0"}


@pytest.fixture
def following(cast):
    return cast.to("follow_up")


@pytest.mark.parametrize("person", ["fp", "expert"])
def test_the_own_side_writes_an_action(following, client, person):
    entries = Event.objects.count()
    assert post(client, following, person, SENT).status_code == 302
    (kept,) = Text.objects.filter(kind="follow_up")
    assert kept.content == {"action": "Count the zebras", "owner": "Ministry", "by": "2027-03-01"}
    assert kept.room == "seat"
    assert kept.seat == following.seat("fp")
    assert Event.objects.count() == entries, "a draft leaves no entry"
    for reader in ("fp", "expert", "observer"):
        shown = text(get(client, following, reader))
        assert "Count the zebras" in shown
        assert "1 Mar 2027" in shown


@pytest.mark.parametrize("person", OTHERS)
def test_nobody_else_learns_of_it(following, client, person):
    post(client, following, "fp", SENT)
    assert get(client, following, person).status_code == 404
    assert post(client, following, person, SENT, ref=uuid4()).status_code == 404
    assert Text.objects.filter(kind="follow_up").count() == 1
    client.force_login(following.people[person])
    assert "/follow-up/" not in text(client.get(f"/reviews/{following.review.case}/"))


def test_a_stranger_signs_in_first(following, client):
    assert get(client, following, "anonymous").status_code == 302
    assert post(client, following, "anonymous", SENT).status_code == 302
    assert not Text.objects.filter(kind="follow_up").exists()


def test_an_observer_reads_and_does_not_write(following, client):
    post(client, following, "fp", SENT)
    assert "<textarea" not in text(get(client, following, "observer"))
    assert post(client, following, "observer", SENT, ref=uuid4()).status_code == 403
    assert Text.objects.filter(kind="follow_up").count() == 1


def test_the_tab_is_there_only_when_it_can_be_kept_or_was(cast, client):
    cast.to("concluded")
    client.force_login(cast.people["fp"])
    page = f"/reviews/{cast.review.case}/"
    assert get(client, cast, "fp").status_code == 404
    assert "/follow-up/" not in text(client.get(page))
    cast.to("follow_up")
    assert "/follow-up/" in text(client.get(page))
    post(client, cast, "fp", SENT)
    cast.to("closed")
    client.force_login(cast.people["fp"])
    assert "/follow-up/" in text(client.get(page))
    shown = text(get(client, cast, "fp"))
    assert "Count the zebras" in shown
    assert "<textarea" not in shown
    assert post(client, cast, "fp", {**SENT, "action": "More", "seen_version": "1"}).status_code == 409


def test_a_stale_save_shows_both_and_saves_knowingly(following, client):
    post(client, following, "expert", SENT)
    post(client, following, "expert", {**SENT, "action": "Count the okapis", "seen_version": "1"})
    response = post(client, following, "fp", {**SENT, "action": "Count the quaggas", "seen_version": "1"})
    shown = text(response)
    assert response.status_code == 409
    assert "Count the <del>zebras</del><ins>okapis</ins>" in shown
    assert "Count the <del>zebras</del><ins>quaggas</ins>" in shown
    assert ">Count the quaggas</textarea>" in shown
    assert 'name="seen_version" value="2"' in shown
    assert TextVersion.objects.filter(text__kind="follow_up").count() == 2
    assert post(client, following, "fp", {**SENT, "action": "Both", "seen_version": "2"}).status_code == 302


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"action": ""}, "action"),
        ({"by": "soon"}, "by"),
        ({"owner": "x" * 501}, "owner"),
        ({"action": "x" * 20_001}, "action"),
    ],
)
def test_bad_input_keeps_what_was_typed(following, client, changed, field):
    response = post(client, following, "fp", {**SENT, **changed})
    shown = text(response)
    assert response.status_code == 422
    assert f'<a href="#{field}">' in shown
    assert f'id="{field}-error"' in shown
    assert f'id="{field}" name="{field}"' in shown
    assert "Ministry" in shown or field == "owner"
    assert not Text.objects.filter(kind="follow_up").exists()


def test_the_same_form_twice_is_one_version_and_an_empty_one_leaves_the_list(following, client):
    for _time in range(2):
        assert post(client, following, "fp", SENT).status_code == 302
    assert TextVersion.objects.filter(text__kind="follow_up").count() == 1
    emptied = {"action": "", "owner": "", "by": "", "language": "en", "seen_version": "1"}
    assert post(client, following, "fp", emptied).status_code == 302
    assert "zebras" not in text(get(client, following, "fp"))
    assert post(client, following, "fp", {**emptied, "seen_version": "0"}, ref=uuid4()).status_code == 302
    assert Text.objects.filter(kind="follow_up").count() == 1


def test_the_number_of_queries_does_not_grow_with_the_actions(following, client):
    def count():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(base_of(following)).status_code == 200
        return len(captured)

    following.save("follow_up", ACTION, {"action": "One", "owner": "", "by": ""}, "fp")
    client.force_login(following.people["fp"])
    one = count()
    for number in range(12):
        following.save("follow_up", str(uuid4()), {"action": f"Do {number}", "owner": "", "by": ""}, "fp")
    assert count() == one
