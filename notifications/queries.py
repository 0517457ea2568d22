"""A person's notices; their own only."""

from django.db.models import QuerySet

from cases.models import Review, User
from notifications.models import Notification


def unread_count(user: User) -> int:
    """How many unread notices ``user`` has about reviews still visible to them; the number tells nothing else."""
    seen = Review.objects.visible_to(user).values("pk")
    return Notification.objects.filter(user=user, read_at=None, review__in=seen).count()


def notices_of(user: User) -> QuerySet[Notification]:
    """The notices of ``user`` about reviews still visible to them, newest first."""
    return (
        Notification.objects.filter(user=user, review__in=Review.objects.visible_to(user).values("pk"))
        .select_related("event__seat__state", "review__state")
        .order_by("-id")
    )
