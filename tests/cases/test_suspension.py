"""A suspension pauses every clock; whoever holds the review up is nobody (rules 50 and 68)."""

from datetime import timedelta

import pytest

from cases.exceptions import GuardFailed, WrongStage
from cases.models import Interval, Query, Seat, Task
from cases.operations.deadlines import extend_deadline
from cases.operations.dialogue import ask_query


def dates(cast):
    return dict(
        Task.objects.filter(review=cast.review, done_at=None, due_on__isnull=False).values_list("uid", "due_on")
    )


def test_every_open_date_moves_by_the_days_it_lasted(cast):
    cast.to("desk_review")
    query = ask_query(
        case=cast.review.case, subject="untoc-5", words="Why?", language="en", by=cast.people["rfp1"], at=cast.at
    )
    task = Task.objects.get(review=cast.review, key="submit_feedback", seat=cast.seat("rfp1"))
    extend_deadline(
        case=cast.review.case,
        task_uid=str(task.uid),
        seen_due_on=task.due_on,
        due_on=task.due_on + timedelta(days=10),
        reason="The State asked",
        by=cast.people["officer"],
        at=cast.at,
    )
    before, asked = dates(cast), Query.objects.get(pk=query.pk).due_on
    extended = Seat.objects.get(pk=task.seat_id).extended["feedback"]
    cast.advance("suspend", "fp", reason="Elections")
    assert dates(cast) == before
    cast.now += timedelta(days=21)
    cast.advance("resume", "fp")
    assert dates(cast) == {uid: day + timedelta(days=21) for uid, day in before.items()}
    assert Query.objects.get(pk=query.pk).due_on == asked + timedelta(days=21)
    assert Seat.objects.get(pk=task.seat_id).extended["feedback"] > extended
    interval = Interval.objects.get(review=cast.review, kind="suspended")
    assert (interval.ends_on - interval.starts_on).days == 21
    assert cast.fresh().paused_days == 21


def test_while_suspended_only_resuming_withdrawing_and_naming_go_on(cast):
    cast.to("self_assessment")
    cast.advance("suspend_by_decision", "officer", reason="Decision of the Conference")
    with pytest.raises(GuardFailed):
        cast.advance("submit_self_assessment", "fp")
    with pytest.raises(WrongStage):
        cast.save("answer", "C1-UNTOC-5-07", {"value": "no"}, "expert")
    assert cast.seat("fp").writable == []
    cast.advance("resume", "officer")
    assert cast.seat("fp").writable != []


def test_a_withdrawn_review_asks_nothing_of_anybody(cast):
    cast.to("self_assessment")
    cast.advance("withdraw", "officer", reason="By note verbale")
    assert not Task.objects.filter(review=cast.review, done_at=None).exists()
    assert cast.fresh().stage == "self_assessment"
    with pytest.raises(GuardFailed):
        cast.advance("suspend", "fp", reason="Again")


def test_no_reason_no_suspension(cast):
    with pytest.raises(GuardFailed) as refused:
        cast.advance("suspend", "fp")
    assert refused.value.reasons
    assert not cast.fresh().suspended
