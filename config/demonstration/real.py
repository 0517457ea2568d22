"""The real cycle of a demonstration is always just launched: no date of a State party may pass in a made-up record."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from cases.models import Cycle, Phase, Review, Task
from config.demonstration.plan import REAL_CYCLE, REAL_PHASE


def begin_today(*, now: datetime) -> int:
    """Move the launch of the real cycle, and every date that hangs on it, to today; returns by how many days."""
    with transaction.atomic():
        phase = Phase.objects.select_for_update(of=("self",)).filter(key=REAL_PHASE).first()
        days = (now.date() - phase.starts_on).days if phase else 0
        if days <= 0:
            return 0
        for review in Review.objects.filter(phase=phase):
            review.launched_on = now.date()
            review._change_reason = "the demonstration's real cycle begins today"
            review._history_date = now
            review.save()
        Task.objects.filter(review__phase=phase, done_at=None).exclude(due_on=None).update(
            due_on=F("due_on") + timedelta(days=days), passed_at=None
        )
        Phase.objects.filter(pk=phase.pk).update(starts_on=now.date())
        Cycle.objects.filter(key=REAL_CYCLE).update(starts_on=now.date())
        return days
