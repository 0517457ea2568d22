"""The clock's pass: what is due once, in one transaction per review, and what goes wrong is named."""

from datetime import date, timedelta

import pytest

from cases.models import Checkpoint, Event, Interval, Task
from cases.operations import audit
from cases.operations.openness import close_drafts, open_drafts
from cases.operations.sweep import sweep
from notifications.models import Notification
from workflow import ledger


def test_a_date_is_passed_when_it_is_over_everywhere_and_marked_once(cast):
    task = Task.objects.filter(review=cast.review, key="draft_answers").get()
    eve = cast.at.replace(hour=11, minute=59)
    Task.objects.filter(pk=task.pk).update(due_on=eve.date() - timedelta(days=1))
    assert sweep(now=eve).overdue == 0
    noon = eve.replace(hour=12, minute=0, second=0, microsecond=0)
    assert sweep(now=noon).as_json() == {"overdue": 1, "reminders": 0, "escalations": 0, "timers": 0, "failed": []}
    events, notices = Event.objects.count(), Notification.objects.count()
    assert sweep(now=noon).overdue == 0
    assert (Event.objects.count(), Notification.objects.count()) == (events, notices)
    event = Event.objects.get(verb="deadline.pass")
    assert event.seat_id == task.seat_id
    told = set(Notification.objects.filter(event=event).values_list("user__username", flat=True))
    assert told == {"fp", "expert", "observer", "mission"}


def test_a_suspended_review_passes_no_date(cast):
    cast.advance("suspend", "fp", reason="As the State asked")
    Task.objects.filter(review=cast.review).update(due_on=date(2020, 1, 1))
    assert sweep(now=cast.at).overdue == 0


def test_drafts_opened_for_help_close_by_themselves(cast):
    cast.save("answer", "C1-UNTOC-5-07", {"value": "no", "text": "Reasons"}, "expert")
    until = cast.now.date() + timedelta(days=3)
    open_drafts(case=cast.review.case, until=until, by=cast.people["fp"], at=cast.at)
    assert sweep(now=cast.at).timers == 0
    assert cast.fresh().helped_seats == [cast.seat("fp").pk]
    assert sweep(now=cast.at + timedelta(days=4)).timers == 1
    assert cast.fresh().helped_seats == []
    assert Event.objects.filter(verb="drafts.close", actor=None).count() == 1
    open_drafts(case=cast.review.case, until=until, by=cast.people["fp"], at=cast.at)
    close_drafts(case=cast.review.case, by=cast.people["fp"], at=cast.at)
    assert cast.fresh().helped_seats == []
    assert not Interval.objects.filter(ends_on__gt=cast.now.date(), kind="drafts_open").exists()


def test_one_review_that_cannot_be_done_does_not_stop_the_others(cast, monkeypatch):
    from cases.operations import sweep as module
    from tests.conftest import make_review

    other = make_review(code="XBA", same="XBB", other="XBC", prefix="b-")
    Task.objects.filter(key="draft_answers").update(due_on=date(2020, 1, 1))
    real = module.lock_review

    def lock(*, case, by):
        if case == cast.review.case:
            raise RuntimeError("this one cannot be done")
        return real(case=case, by=by)

    monkeypatch.setattr(module, "lock_review", lock)
    done = sweep(now=other.at)
    assert done.failed == [cast.review.case]
    assert Event.objects.filter(case=other.review.case, verb="deadline.pass").count() == done.overdue > 0


def test_one_checkpoint_a_day_and_none_by_a_wrong_key(cast, tmp_path, monkeypatch):
    sweep(now=cast.at)
    assert Checkpoint.objects.count() == 1
    cast.advance("open_consultations", "officer")
    sweep(now=cast.at)
    assert Checkpoint.objects.count() == 1
    tomorrow = cast.at + timedelta(days=1)
    stranger = ledger.generate_key(tmp_path / "another.key")
    with monkeypatch.context() as patched:
        patched.setattr(audit, "signing_key", lambda: stranger)
        assert sweep(now=tomorrow).failed == ["system/_"]
        with pytest.raises(audit.CannotSign):
            audit.make_checkpoint(at=tomorrow)
    assert Checkpoint.objects.count() == 1
    assert sweep(now=tomorrow).failed == []
    assert Checkpoint.objects.count() == 2
