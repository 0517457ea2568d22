"""Whom one can be in a demonstration."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from cases.enums import Role
from cases.models import Installation, Participation, StateParty, User
from config.demonstration.accounts import accounts
from config.demonstration.plan import TOUR
from config.jinja import state_name

ORDER = (Role.MISSION, Role.FOCAL_POINT, Role.EXPERT, Role.OBSERVER, Role.OFFICER)


@dataclass(slots=True)
class Person:
    """Somebody one can be, with their roles."""

    username: str
    name: str
    language: str
    roles: list[Role]

    @property
    def titles(self) -> list[str]:
        """The roles in the page's language, each as it begins a line."""
        labels = [str(role.label) for role in self.roles]
        return [label[:1].upper() + label[1:] for label in labels]


@dataclass(slots=True)
class Delegation:
    """The people of one invented party, or of the Secretariat where ``state`` is none; ``name`` is the State's."""

    state: StateParty | None
    name: str
    people: list[Person]


def can_be() -> QuerySet[User]:
    """Everybody one can be: whoever takes part for an invented party, and the officers of the Secretariat."""
    part = Q(participations__seat__state__invented=True) | Q(participations__role=Role.OFFICER)
    return User.objects.filter(part, participations__ended_at=None, is_active=True).distinct()


def is_demonstration() -> bool:
    """Whether this process shows a demonstration, in an installation that is one."""
    return bool(settings.DEMO) and Installation.objects.filter(demonstration=True).exists()


def demo_people(find: str = "") -> dict[str, list[Delegation]]:
    """The people of a demonstration for its sign-in page; nobody anywhere else.

    The ``officers`` of the Secretariat, a State to begin a ``tour`` with, and the ``others``, by their names in the
    page's language. ``find`` keeps the States and people in whose name it occurs, all of them as ``found``.
    """
    if not is_demonstration():
        return {}
    delegations = list(_delegations())
    if wanted := find.strip().casefold():
        return {"found": [one for one in (_those_with(wanted, one) for one in delegations) if one.people]}
    return {
        "officers": [one for one in delegations if one.state is None],
        "tour": [one for one in delegations if one.state and one.state.code == TOUR],
        "others": [one for one in delegations if one.state and one.state.code != TOUR],
    }


def demonstration_people() -> list[dict[str, Any]]:
    """The people made with the demonstration who have a role now, by user name, for ``demo --json``."""
    made = {account.username for account in accounts()}
    people = [
        {"username": one.username, "state": each.state.code if each.state else None, "roles": [*map(str, one.roles)]}
        for each in _delegations()
        for one in each.people
        if one.username in made
    ]
    return sorted(people, key=lambda one: one["username"])


def _delegations() -> Iterator[Delegation]:
    """The delegations by name, the Secretariat first, each with its people in the order of their roles."""
    rows = (
        Participation.objects.filter(Q(seat__state__invented=True) | Q(seat__state=None), ended_at=None)
        .filter(user__is_active=True)
        .values_list("user_id", "seat__state_id", "role")
        .distinct()
    )
    held: dict[int | None, dict[int, list[Role]]] = {}
    for user_id, state_id, role in rows:
        held.setdefault(state_id, {}).setdefault(user_id, []).append(Role(role))
    users = User.objects.in_bulk({user_id for people in held.values() for user_id in people})
    states: dict[int | None, StateParty] = dict(StateParty.objects.in_bulk([one for one in held if one]))
    named = [(state_name(states.get(state_id)), state_id) for state_id in held]
    for name, delegation in sorted(named, key=lambda one: (one[1] is not None, one[0].casefold())):
        people = [
            Person(user.username, user.name, user.language, sorted(held[delegation][user.pk], key=ORDER.index))
            for user in map(users.__getitem__, held[delegation])
        ]
        people.sort(key=lambda one: (ORDER.index(one.roles[0]), one.username))
        yield Delegation(states.get(delegation), name, people)


def _those_with(wanted: str, delegation: Delegation) -> Delegation:
    """A delegation with the people whom a search means: all of them where it names the State."""

    def meant(words: Iterable[object]) -> bool:
        return any(wanted in str(word).casefold() for word in words)

    if meant([delegation.name]):
        return delegation
    people = [one for one in delegation.people if meant([one.username, one.name, *(role.label for role in one.roles)])]
    return Delegation(delegation.state, delegation.name, people)
