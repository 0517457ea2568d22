"""Whether the lots can be drawn at all, known before the ceremony, and if not, what stands in the way.

The test within the draw (``docs/draw.md`` §5) looks at each seat by itself; this one searches, so that its answer is
exact: it is made once, over all open seats, when nobody is waiting in a room.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from workflow.draw.lots import Position, additional_room, start
from workflow.draw.table import Giving, Table
from workflow.draw.world import World, as_bits, bits

PATIENCE = 20_000
"""How many lots a search tries before it says that it does not know."""

SETTING_ASIDE: Mapping[str, Mapping[str, Any]] = {
    "exclusions": {},
    "mutual": {"mutual": True},
    "max_reviewers_per_review": {"max_reviewers_per_review": 1_000},
    "balance": {"balance": "bounds"},
    "max_reviews": {"max_reviews": 1_000_000},
    "min_reviews": {"min_reviews": 0},
}
"""Rules that a conflict can name, and what their being set aside would mean."""


class UndecidedError(Exception):
    """The search was given up before it had an answer."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Rules and States that cannot go together; with any one of them away the draw can be done.

    ``needing`` says what the States stand for: their own reviews, or their being given reviews to make.
    """

    rules: tuple[str, ...]
    states: tuple[str, ...]
    needing: bool

    def __str__(self) -> str:
        rules = [RULE_WORDS[rule] for rule in self.rules]
        who = ", ".join(self.states)
        what = f"{who} cannot all be given a State to review" if self.needing else f"the reviews of {who} lack a seat"
        held = f" while {' and '.join(rules)}" if rules else " whatever the numbers in the rules"
        return (
            f"{what if self.states else 'The seats cannot be filled'}{held}; with any one of these away it can be done"
        )


RULE_WORDS = {
    "exclusions": "the exclusions stand",
    "mutual": "no two States review each other",
    "max_reviewers_per_review": "a review has no more reviewing States than max_reviewers_per_review",
    "balance": "the reviews are shared out evenly",
    "max_reviews": "no State reviews more than max_reviews",
    "min_reviews": "each State reviews at least min_reviews",
}


def can_be_drawn(data: Mapping[str, Any]) -> bool:
    """Whether a checked input has any valid outcome.

    :raises UndecidedError: when the search had to be given up.
    """
    first = start(World(data))
    return isinstance(first, Position) and _search(first, [PATIENCE])


def _search(position: Position, patience: list[int]) -> bool:
    """Fill the open seats in whatever order is quickest to fail."""
    table = position.table
    if not table.open:
        return _search_additional(table, patience)
    seat = min(bits(table.open), key=lambda one: table.candidates(one).bit_count())
    for r in bits(table.candidates(seat)):
        _spend(patience)
        then = position.after(seat, r)
        if isinstance(then, Position) and _search(then, patience):
            return True
    return False


def _search_additional(table: Table, patience: list[int]) -> bool:
    seats = table.wanting_help()
    room = additional_room(table, seats)
    return room is not None and _seat_helpers(table, seats, room, patience)


def _seat_helpers(table: Table, seats: Sequence[int], room: Sequence[int], patience: list[int]) -> bool:
    if not seats:
        return True
    takers = {seat: table.helpers(seat) for seat in seats}
    if not Giving(list(room)).give_all(seats, takers):
        return False
    first, *rest = sorted(seats, key=lambda one: takers[one].bit_count())
    for r in bits(takers[first] & as_bits(place for place, left in enumerate(room) if left > 0)):
        _spend(patience)
        left = [one - (place == r) for place, one in enumerate(room)]
        if _seat_helpers(table.with_helper(first, r), rest, left, patience):
            return True
    return False


def _spend(patience: list[int]) -> None:
    patience[0] -= 1
    if patience[0] < 0:
        raise UndecidedError("it could not be found out whether the lots can be drawn")


class _Part(NamedTuple):
    """One thing that a conflict can name, and the input without it."""

    name: str
    without: Callable[[Mapping[str, Any]], Mapping[str, Any]]


def conflict(data: Mapping[str, Any]) -> Conflict | None:
    """An irreducible set of rules and States that stand in the way of a draw; None where there is a draw.

    :raises UndecidedError: when the search had to be given up.
    """
    if can_be_drawn(data):
        return None
    data, rules = _reduced(data, [_Part(name, _rule_away(name)) for name in SETTING_ASIDE])
    needing = "min_reviews" in rules
    away = _need_away if needing else _review_away
    column = "reviews" if needing else "under_review"
    states = [one["code"] for one in data["participants"] if one[column]]
    data, named = _reduced(data, [_Part(code, away(code)) for code in states])
    data, rules = _reduced(data, [_Part(name, _rule_away(name)) for name in rules])
    return Conflict(tuple(rules), tuple(named), needing)


def _reduced(data: Mapping[str, Any], parts: Sequence[_Part]) -> tuple[Mapping[str, Any], list[str]]:
    """The input without the parts that it fails without too, and the names of those it needs to fail."""
    needed = list(parts)
    again = True
    while again:
        again = False
        for part in list(needed):
            without = part.without(data)
            if not can_be_drawn(without):
                data, again = without, True
                needed.remove(part)
    return data, [part.name for part in needed]


def _rule_away(name: str) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    def away(data: Mapping[str, Any]) -> Mapping[str, Any]:
        if name == "exclusions":
            return {**data, "exclusions": []}
        return {**data, "rules": {**data["rules"], **SETTING_ASIDE[name]}}

    return away


def _review_away(code: str) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    return lambda data: _changed(data, code, lambda one: {**one, "under_review": False})


def _need_away(code: str) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    def served(data: Mapping[str, Any]) -> Mapping[str, Any]:
        least = data["rules"]["min_reviews"]
        return _changed(data, code, lambda one: {**one, "load": max(one["load"], least)})

    return served


def _changed(
    data: Mapping[str, Any], code: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> Mapping[str, Any]:
    rows = [change(one) if one["code"] == code else one for one in data["participants"]]
    return {**data, "participants": rows}
