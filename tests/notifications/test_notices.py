"""Who is told of what, in the same transaction; one's own notices, and only of reviews one still sees."""

import ast
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction

from cases.models import Event
from cases.operations.people import release
from cases.verbs import EVERYBODY, NOBODY, OWN_SEAT, REVIEWED, REVIEWING, SECRETARIAT, VERBS, verb_of
from notifications.models import Notification
from notifications.queries import notices_of, unread_count
from tests.integrity.crawl import signed_in


def verbs_in_the_code() -> set[str]:
    """Every verb that an operation records: the literals given as ``verb=``, kinds of text filled in."""
    found = set()
    for path in (Path(settings.BASE_DIR) / "cases/operations").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.keyword) or node.arg != "verb":
                continue
            if isinstance(node.value, ast.Constant):
                found.add(node.value.value)
            elif isinstance(node.value, ast.JoinedStr):
                parts = [one.value if isinstance(one, ast.Constant) else None for one in node.value.values]
                if parts[0] is None:
                    found |= {f"{kind}{parts[1]}" for kind in ("consultation", "observation", "summary")}
    return found


def test_every_verb_has_its_entry_and_no_entry_is_idle():
    found = verbs_in_the_code()
    assert len(found) > 15
    for verb in found:
        verb_of(verb)
    idle = set(VERBS) - found - {"query.ask", "query.reply"}
    assert idle == set()
    with pytest.raises(KeyError):
        verb_of("nothing.known")


def told(cast, verb: str) -> set[str]:
    event = Event.objects.filter(review=cast.review, verb=verb).latest("seq")
    names = {user.pk: person for person, user in cast.people.items()}
    return {names[user_id] for user_id in Notification.objects.filter(event=event).values_list("user_id", flat=True)}


REVIEWED_SEAT = {"fp", "expert", "observer", "mission"}
FIRST_SEAT, SECOND_SEAT = {"rfp1", "rexpert1"}, {"rfp2", "rexpert2", "robserver2"}


def test_a_step_is_told_to_everybody_but_who_took_it(cast):
    cast.advance("open_consultations", "officer")
    assert told(cast, "review.open_consultations") == REVIEWED_SEAT | FIRST_SEAT | SECOND_SEAT


def test_a_clearance_is_told_to_the_seats_own_readers_alone(cast):
    cast.to("self_assessment")
    cast.save("answer", "C1-UNTOC-5-07", {"value": "no", "text": "Reasons"}, "expert")
    cast.clear("self_assessment", "fp")
    assert told(cast, "submission.clear") == {"expert", "observer"}
    seat = cast.seat("fp")
    seat.observers_read_drafts = False
    seat.save()
    cast.save("answer", "C1-UNTOC-5-07", {"value": "no", "text": "Other reasons"}, "expert", seen=1)
    cast.clear("self_assessment", "fp")
    assert told(cast, "submission.clear") == {"expert"}


def test_an_unshared_observation_is_told_to_reviewing_states_alone(cast):
    cast.to("list_of_observations")
    content = {"category": "suggestion", "instrument": "untoc", "articles": [5], "text": "Consider"}
    cast.save("observation", "33333333-3333-4333-8333-333333333333", content, "rfp1")
    assert told(cast, "observation.save") == {"rexpert1"} | SECOND_SEAT


def test_a_refused_step_tells_nobody_and_an_undone_one_neither(cast):
    before = Notification.objects.count()
    savepoint = transaction.savepoint()
    cast.advance("open_consultations", "officer")
    assert Notification.objects.count() > before
    transaction.savepoint_rollback(savepoint)
    assert Notification.objects.count() == before


def test_the_page_shows_ones_own_and_marks_them_read(cast):
    cast.to("self_assessment")
    client = signed_in(cast.people["rfp1"])
    unread = unread_count(cast.people["rfp1"])
    assert unread > 3
    page = client.get("/notices/").content.decode()
    assert page.count("<li") >= unread
    newest = notices_of(cast.people["rfp1"]).first().pk
    others = Notification.objects.exclude(user=cast.people["rfp1"]).filter(read_at=None).count()
    assert client.post("/notices/read/", {"newest": newest}).status_code == 302
    assert unread_count(cast.people["rfp1"]) == 0
    assert Notification.objects.exclude(user=cast.people["rfp1"]).filter(read_at=None).count() == others


def test_who_left_reads_no_notice_of_the_review_any_more(cast):
    cast.to("self_assessment")
    leaving = cast.people["rexpert1"]
    assert notices_of(leaving).exists()
    participation = leaving.participations.get(review=cast.review)
    release(case=cast.review.case, participation_uid=str(participation.uid), by=cast.people["officer"], at=cast.at)
    assert not notices_of(leaving).exists()
    assert signed_in(leaving).get("/notices/").status_code == 200
    assert unread_count(leaving) == 0


def test_every_audience_is_a_known_one():
    assert {one.heard_by for one in VERBS.values()} <= {EVERYBODY, REVIEWED, REVIEWING, SECRETARIAT, OWN_SEAT, NOBODY}
