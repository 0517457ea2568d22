"""What a person must know: written in the transaction of the change, authoritative over every mail."""

import uuid

from django.db import models
from django.db.models import Q

from cases.models import Event, Review, User


class Notification(models.Model):
    """That something happened which concerns a person; holds ids, never text."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications")
    event = models.ForeignKey(Event, on_delete=models.PROTECT)
    review = models.ForeignKey(Review, null=True, blank=True, on_delete=models.PROTECT)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "event"], name="told_once")]
        indexes = [
            models.Index(fields=["user", "id"], name="notices_of_user"),
            models.Index(fields=["user"], condition=Q(read_at=None), name="unread_notices"),  # the count in the header
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.event_id}"
