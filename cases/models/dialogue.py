"""Requests for clarification and what is said about them (rules 38–42)."""

import uuid

from django.db import models
from django.db.models import Q

from cases.enums import QueryStatus
from cases.models.review import Review, Seat
from cases.models.text import Text


class Query(models.Model):
    """A request for clarification by a reviewing State about one question or article; it ends in exactly one way."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="queries")
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="queries")
    subject = models.CharField(max_length=80, blank=True)
    status = models.CharField(max_length=12, choices=QueryStatus.choices, default=QueryStatus.ASKED)
    version = models.PositiveIntegerField(default=1)
    asked_at = models.DateTimeField()
    due_on = models.DateField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(status__in=QueryStatus.values), name="known_query_status")]
        indexes = [models.Index(fields=["review", "status"], name="queries_by_status")]

    def __str__(self) -> str:
        return f"{self.review_id} {self.subject}"


class Message(models.Model):
    """One turn in a query: the request itself, or a reply."""

    query = models.ForeignKey(Query, on_delete=models.PROTECT, related_name="messages")
    text = models.OneToOneField(Text, on_delete=models.PROTECT)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.query_id} {self.at}"
