"""One pass of the clock over what is due (formats.md §1): idempotent for a moment, one transaction per review."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from cases.enums import IntervalKind
from cases.locks import lock_review
from cases.models import Checkpoint, Event, Installation, Interval, Review, Task
from cases.operations.audit import CannotSign, make_checkpoint
from cases.operations.record import SYSTEM_CASE, record, save_head
from workflow.deadlines import passed
from workflow.ledger import KeyFileError

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Swept:
    """What one pass did; ``failed`` names the reviews that could not be done, the others are."""

    overdue: int = 0
    reminders: int = 0
    escalations: int = 0
    timers: int = 0
    failed: list[str] = field(default_factory=list)

    def as_json(self) -> Mapping[str, object]:
        return {
            "overdue": self.overdue,
            "reminders": self.reminders,
            "escalations": self.escalations,
            "timers": self.timers,
            "failed": self.failed,
        }


def sweep(*, now: datetime) -> Swept:
    """Mark the dates that have passed, end what was opened for a time, checkpoint the trail once a day.

    A date is passed when it is over everywhere; nothing else follows from it but that people are told.
    """
    done = Swept()
    latest = (now - timedelta(hours=12)).date()
    due = set(
        Task.objects.filter(
            done_at=None,
            passed_at=None,
            due_on__lt=latest + timedelta(days=1),
            review__suspended_since=None,
            review__withdrawn_on=None,
        ).values_list("review__case", flat=True)
    )
    expired = set(Review.objects.exclude(helped_seats=[]).values_list("case", flat=True))
    for case in sorted(due | expired):
        try:
            with transaction.atomic():
                done.overdue += _mark_passed(case=case, now=now)
                done.timers += _end_help(case=case, now=now)
        except Exception:
            log.exception("the pass over %s failed", case)
            done.failed.append(case)
    try:
        with transaction.atomic():
            _checkpoint_daily(now)
    except (CannotSign, OSError, KeyFileError):
        log.exception("no checkpoint could be signed")
        done.failed.append(SYSTEM_CASE)
    with transaction.atomic():
        if not Installation.objects.update(last_sweep_at=now):
            Installation.objects.create(last_sweep_at=now)
    return done


def _mark_passed(*, case: str, now: datetime) -> int:
    locked = lock_review(case=case, by=None)
    tasks = [
        task
        for task in Task.objects.filter(review=locked.review, done_at=None, passed_at=None).exclude(due_on=None)
        if task.due_on and passed(task.due_on, now)
    ]
    for task in tasks:
        task.passed_at = now
        record(
            head=locked.review,
            verb="deadline.pass",
            by=None,
            standing=None,
            at=now,
            object_type="task",
            object_uid=str(task.uid),
            seat_id=task.seat_id,
            people=locked.people,
        )
    Task.objects.bulk_update(tasks, ["passed_at"])
    save_head(locked.review)
    return len(tasks)


def _end_help(*, case: str, now: datetime) -> int:
    """Close to the Secretariat again the drafts that were opened until a day that has come."""
    locked = lock_review(case=case, by=None)
    still = set(
        Interval.objects.filter(
            review=locked.review, kind=IntervalKind.DRAFTS_OPEN, ends_on__gt=now.date()
        ).values_list("seat_id", flat=True)
    )
    ended = [seat_id for seat_id in locked.review.helped_seats if seat_id not in still]
    for seat_id in ended:
        record(
            head=locked.review,
            verb="drafts.close",
            by=None,
            standing=None,
            at=now,
            object_type="seat",
            object_uid=str(locked.seat(seat_id).uid),
            seat_id=seat_id,
            people=locked.people,
        )
    if ended:
        locked.review.helped_seats = sorted(still)
        save_head(locked.review, "helped_seats")
    return len(ended)


def _checkpoint_daily(now: datetime) -> None:
    last = Checkpoint.objects.order_by("-number").first()
    moved = last is None or Event.objects.filter(at__gt=last.at).exists()
    if Event.objects.exists() and moved and (last is None or now - last.at >= timedelta(days=1)):
        make_checkpoint(at=now)
