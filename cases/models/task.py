"""What a seat owes, to whom it falls in that seat, and by when."""

import uuid

from django.db import models
from django.db.models import Q

from cases.models.review import Review, Seat
from cases.models.user import User


class Task(models.Model):
    """One thing to do by one role of one seat, opened and closed by the write path from the mechanism's rules.

    ``due_on`` is a date, passed when it is over everywhere (12:00 UTC of the next day); null where no rule sets one.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="tasks")
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="tasks")
    role = models.CharField(max_length=20)
    key = models.SlugField(max_length=60)
    deadline = models.SlugField(max_length=60, blank=True)
    opened_at = models.DateTimeField()
    due_on = models.DateField(null=True, blank=True)
    passed_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seat", "key", "role"], condition=Q(done_at=None), name="one_open_task")
        ]
        indexes = [
            # one_open_task has the role last, so that SQLite takes this one for the inbox: it needs no look at the rows
            # the inbox: open tasks of (seat, role), by date; a review's page: its open tasks; sweep: dates to mark
            models.Index(fields=["seat", "role", "due_on", "id"], condition=Q(done_at=None), name="inbox"),
            models.Index(fields=["review"], condition=Q(done_at=None), name="open_tasks_of_review"),
            models.Index(fields=["due_on"], condition=Q(done_at=None, passed_at=None), name="dates_to_pass"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.seat_id}"


class Extension(models.Model):
    """More time for one deadline of one seat: who recorded it, why, from what date to what date."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="extensions")
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="extensions")
    deadline = models.SlugField(max_length=60)
    old_due_on = models.DateField()
    due_on = models.DateField()
    reason = models.TextField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(due_on__gt=models.F("old_due_on")), name="an_extension_extends")
        ]

    def __str__(self) -> str:
        return f"{self.seat_id} {self.deadline}"
