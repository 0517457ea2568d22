"""A person's notices; their own only."""

from django.db.models import QuerySet

from cases.models import User
from notifications.models import Notification


def unread_count(user: User) -> int:
    return Notification.objects.filter(user=user, read_at=None).count()


def notices_of(user: User) -> QuerySet[Notification]:
    """The notices of ``user`` about reviews still visible to them, newest first."""
    from cases.models import Review

    return (
        Notification.objects.filter(user=user, review__in=Review.objects.visible_to(user).values("pk"))
        .select_related("event__seat__state", "review__state", "review__mechanism", "review__phase")
        .order_by("-id")
    )
