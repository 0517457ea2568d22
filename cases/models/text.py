"""Texts of States: one table, one history, one rule about who reads what (architecture.md §4, §8)."""

import uuid

from django.db import models
from django.db.models import Q

from cases.enums import Language, Stance
from cases.models.review import Review, Seat
from cases.models.user import User


class Text(models.Model):
    """One text of a seat about one subject.

    ``content`` is the working version, read in ``room``; ``cleared_content`` is the version handed over, read in
    ``cleared_room`` once ``cleared_version`` is set. ``ref`` names the subject: a question's key, an article, or the
    text's own uid. The shape of ``content`` depends on the kind and is described in ``cases/content.py``.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="texts")
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="texts")
    kind = models.SlugField(max_length=30)
    ref = models.CharField(max_length=80)
    room = models.SlugField(max_length=20)
    language = models.CharField(max_length=8, choices=Language.choices)
    version = models.PositiveIntegerField(default=0)
    version_uid = models.UUIDField(default=uuid.uuid4)
    content = models.JSONField(default=dict)
    updated_at = models.DateTimeField()
    updated_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    cleared_room = models.SlugField(max_length=20, blank=True)
    cleared_version = models.PositiveIntegerField(null=True, blank=True)
    cleared_version_uid = models.UUIDField(null=True, blank=True)
    cleared_language = models.CharField(max_length=8, blank=True)
    cleared_content = models.JSONField(null=True, blank=True)
    cleared_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seat", "kind", "ref"], name="one_text_per_subject"),
        ]
        indexes = [models.Index(fields=["review", "kind"], name="texts_of_review")]

    def __str__(self) -> str:
        return f"{self.kind} {self.ref} v{self.version}"


class TextVersion(models.Model):
    """A version of a text as it was saved: who, when, and the salt that binds it to the trail."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    text = models.ForeignKey(Text, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    language = models.CharField(max_length=8)
    content = models.JSONField()
    salt = models.CharField(max_length=64)
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["text", "number"], name="one_version_per_number")]

    def __str__(self) -> str:
        return f"{self.text_id} v{self.number}"


class Position(models.Model):
    """What a State says of one version of a text that all must agree; a reservation or objection has its reason."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="positions")
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="positions")
    text = models.ForeignKey(Text, on_delete=models.PROTECT, related_name="positions")
    version = models.PositiveIntegerField()
    stance = models.CharField(max_length=12, choices=Stance.choices)
    reason = models.TextField(blank=True)
    language = models.CharField(max_length=8, choices=Language.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["seat", "text"], condition=Q(superseded_at=None), name="one_standing_position"
            ),
            models.CheckConstraint(condition=Q(stance__in=Stance.values), name="known_stance"),
            models.CheckConstraint(condition=Q(stance=Stance.AGREE) | ~Q(reason=""), name="reservation_has_its_reason"),
        ]
        indexes = [models.Index(fields=["review"], condition=Q(superseded_at=None), name="standing_positions")]

    def __str__(self) -> str:
        return f"{self.text_id} {self.stance}"
