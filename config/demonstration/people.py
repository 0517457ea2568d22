"""Whom one can be in a demonstration."""

from typing import Any

from django.conf import settings

from cases.enums import Role
from cases.models import Installation, Participation


def demo_people() -> list[dict[str, Any]]:
    """The people of a demonstration with their State and roles, for its sign-in page; nobody anywhere else."""
    if not settings.DEMO or not Installation.objects.filter(demonstration=True).exists():
        return []
    people: dict[str, dict[str, Any]] = {}
    rows = (
        Participation.objects.filter(ended_at=None, user__is_active=True)
        .select_related("user", "seat__state")
        .order_by("user__username", "pk")
    )
    for row in rows:
        one = people.setdefault(
            row.user.username,
            {"username": row.user.username, "state": row.seat.state, "roles": [], "label": row.user.name},
        )
        role = str(Role(row.role).label)
        if role not in one["roles"]:
            one["roles"].append(role)
            one["label"] = f"{row.user.name} ({', '.join(one['roles'])})"
    return list(people.values())
