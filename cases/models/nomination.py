"""How a State names its people: by note verbale (rules 19–22)."""

import uuid

from django.db import models
from django.db.models import Q

from cases.enums import Language, NominationStatus, Role
from cases.models.party import StateParty
from cases.models.review import Participation, Review, Seat
from cases.models.user import User


class NoteVerbale(models.Model):
    """A note of a State, by its reference and date; its text stays between the State and the Secretariat."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state = models.ForeignKey(StateParty, on_delete=models.PROTECT, related_name="notes_verbales")
    reference = models.CharField(max_length=120)
    dated = models.DateField()
    received_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.reference


class Nomination(models.Model):
    """One person named for one seat by a note; the Secretariat registers what the note says."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="nominations")
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="nominations")
    note_verbale = models.ForeignKey(NoteVerbale, on_delete=models.PROTECT, related_name="nominations")
    role = models.CharField(max_length=20, choices=Role.choices)
    name = models.CharField(max_length=150)
    office = models.CharField(max_length=200)
    email = models.EmailField()
    phone = models.CharField(max_length=60, blank=True)
    language = models.CharField(max_length=8, choices=Language.choices, default=Language.ENGLISH)
    replaces = models.ForeignKey(Participation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=12, choices=NominationStatus.choices, default=NominationStatus.ASKED)
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    named_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    named_at = models.DateTimeField()
    remark = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=NominationStatus.values), name="known_nomination_status")
        ]
        indexes = [models.Index(fields=["review", "status"], name="nominations_by_status")]

    def __str__(self) -> str:
        return f"{self.seat_id} {self.role}"
