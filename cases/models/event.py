"""The record: append-only, hash-chained, one chain per case (formats.md §3)."""

import uuid
from typing import Any, NoReturn

from django.db import models
from django.db.models import Q

from cases.models.review import Review, Seat
from cases.models.user import User


class AppendOnly(models.Model):
    """A row that is written once; triggers refuse what this class cannot see."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the row.

        :raises ValueError: when it is already there.
        """
        if not self._state.adding:
            raise ValueError("the record is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """:raises ValueError: always."""
        raise ValueError("the record is append-only")


class Event(AppendOnly):
    """One entry of the trail; ``line`` holds its canonical bytes, ``room`` says who may see that it happened.

    ``request_key`` is the form's or client's key: the same person's same key acts once.
    """

    case = models.CharField(max_length=64)
    seq = models.PositiveIntegerField()
    review = models.ForeignKey(Review, null=True, blank=True, on_delete=models.PROTECT, related_name="events")
    seat = models.ForeignKey(Seat, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    actor = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    verb = models.CharField(max_length=80)
    at = models.DateTimeField()
    room = models.SlugField(max_length=20, default="review")
    object_type = models.SlugField(max_length=40)
    object_uid = models.CharField(max_length=36)
    from_stage = models.SlugField(max_length=60, blank=True)
    to_stage = models.SlugField(max_length=60, blank=True)
    hash = models.CharField(max_length=64)
    line = models.BinaryField()
    request_key = models.CharField(max_length=64, blank=True)
    request_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "seq"], name="one_entry_per_number"),
            models.UniqueConstraint(
                fields=["actor", "request_key"], condition=~Q(request_key=""), name="a_key_acts_once"
            ),
        ]
        indexes = [models.Index(fields=["review", "seq"], name="timeline")]

    def __str__(self) -> str:
        return f"{self.case}#{self.seq} {self.verb}"


class Disclosure(models.Model):
    """The content behind an entry that no other row holds, and its salt; it can be destroyed, the entry cannot."""

    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="disclosure")
    content = models.JSONField()
    salt = models.CharField(max_length=64)

    def __str__(self) -> str:
        return str(self.event_id)


class Ledger(models.Model):
    """The head of a chain that belongs to no review: ``PHASE/_`` or ``system/_``."""

    case = models.CharField(max_length=64, unique=True)
    head_seq = models.PositiveIntegerField(default=0)
    head_hash = models.CharField(max_length=64, default="0" * 64)
    head_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.case


class Checkpoint(AppendOnly):
    """A signed root over the newest entry of every case; two lines of the export (formats.md §3)."""

    number = models.PositiveIntegerField(unique=True)
    at = models.DateTimeField()
    cases = models.PositiveIntegerField()
    entries = models.PositiveBigIntegerField()
    hash = models.CharField(max_length=64)
    heads_line = models.BinaryField()
    line = models.BinaryField()

    def __str__(self) -> str:
        return str(self.number)


class Installation(models.Model):
    """What this installation is; marked as a demonstration once, for ever (formats.md §1)."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    demonstration = models.BooleanField(default=False)
    simulated = models.BooleanField(default=False)
    last_sweep_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return "demonstration" if self.demonstration else "installation"
