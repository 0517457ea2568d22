"""What every page's frame needs; one query, and only where the frame is drawn."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from notifications.queries import unread_count


def page(request: HttpRequest) -> dict[str, Any]:
    """The frame's variables; ``unread`` asks the database only when a template uses it."""
    user = getattr(request, "user", None)
    return {
        "user": user,
        "demo": settings.DEMO,
        "second_factor": settings.SECOND_FACTOR,
        "product_name": settings.PRODUCT_NAME,
        "languages": settings.LANGUAGES,
        "unread": SimpleLazyObject(lambda: unread_count(user) if user and user.is_authenticated else 0),
    }
