"""What every page's frame needs; one query, and only where the frame is drawn."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from notifications.queries import unread_count


def page(request: HttpRequest) -> dict[str, Any]:
    """The frame's variables; ``unread()`` and ``demo_people()`` ask the database only where a template calls them."""
    user = getattr(request, "user", None)
    return {
        "user": user,
        "demo": settings.DEMO,
        "second_factor": settings.SECOND_FACTOR,
        "source_url": settings.SOURCE_URL,
        "product_name": settings.PRODUCT_NAME,
        "languages": settings.LANGUAGES,
        "demo_people": demo_people,
        "unread": lambda: unread_count(user) if user and user.is_authenticated else 0,
    }


def demo_people(find: str = "") -> dict[str, Any]:
    """The people of a demonstration; imported only where one is shown, because a start would wait for it."""
    from config.demonstration import people

    return people.demo_people(find)
