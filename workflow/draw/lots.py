"""The draw itself: a lot is taken only where the rest can still be completed (``docs/draw.md`` §5 to §9).

As sports federations draw by hand: each lot falls among those who can take the seat, and one that would make it
impossible to seat the others is put aside, in public, with its reason.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar, cast

from workflow.draw.numbers import Number, Numbers
from workflow.draw.table import Giving, Table
from workflow.draw.world import World, as_bits, bits

T = TypeVar("T")

Reason = Literal["seats", "loads", "additional"]
REASONS = ("seats", "loads", "additional")
ATTEMPTS = 1000


class CannotDrawError(ValueError):
    """No lots can be drawn: the rules leave a seat that nobody can take."""


class _FailedError(Exception):
    """This attempt came to a seat that nobody can take."""


@dataclass(frozen=True, slots=True)
class Lot:
    """One seat as it was drawn; States are numbers of the world."""

    attempt: int
    seat: int
    kind: str
    instruments: tuple[str, ...]
    candidates: tuple[int, ...]
    rejected: tuple[tuple[int, Reason], ...]
    number: Number
    drawn: int


@dataclass(frozen=True, slots=True)
class Restart:
    """A failed attempt; the number of the next."""

    attempt: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """All that a draw gave: every step of every attempt, the seats, and each State's start group (none in a redraw)."""

    steps: tuple[Lot | Restart, ...]
    table: Table
    start_groups: dict[int, int]


class Position:
    """A table, with one way to give its open seats away and one to give every State what it needs.

    That there are both shows that the rest can be completed (``docs/draw.md`` §5); ``after`` changes them as little as
    a lot asks for.
    """

    def __init__(self, table: Table, seats: Giving, needs: Giving) -> None:
        self.table, self._seats, self._needs = table, seats, needs

    @classmethod
    def at_start(cls, table: Table) -> "Position | Reason":
        """The position before the first lot, or why the seats cannot all be filled."""
        seats = Giving([max(0, table.cap - load) for load in table.load])
        needs = Giving([1] * len(table.primary))
        if not seats.give_all(bits(table.open), table.eligible):
            return "seats"
        if not needs.give_all(_needed(table), _SeatsFor(table)):
            return "loads"
        if not all(table.helpers(seat) for seat in table.wanting_help()):
            return "additional"
        return cls(table, seats, needs)

    def after(self, seat: int, r: int) -> "Position | Reason":
        """The position when ``r`` has been drawn for a seat, or why the rest could not be completed then."""
        table, seats, needs = self.table.with_lot(seat, r), self._seats.copy(), self._needs.copy()
        changed = [one for one in (seat ^ 1, 2 * r, 2 * r + 1) if one in table.eligible]
        seats.take_back(seat)
        again = seats.less(r)
        again += [one for one in changed if seats.lost(one, table.eligible[one])]
        if not seats.give_all(again, table.eligible):
            return "seats"
        if not needs.give_all(_needed_again(needs, table, seat, r, changed), _SeatsFor(table)):
            return "loads"
        if not all(table.helpers(one) for one in table.wanting_help()):
            return "additional"
        return Position(table, seats, needs)


MOST_NEEDED = 1 << 16
"""A State's need is counted in units: those of r are the numbers from r times this on."""


class _SeatsFor:
    """For a unit of a State's need, the open seats that the State could take."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._known: dict[int, int] = {}

    def __getitem__(self, unit: int) -> int:
        r = unit // MOST_NEEDED
        if r not in self._known:
            table = self._table
            able = table.load[r] < table.cap
            self._known[r] = as_bits(seat for seat, who in table.eligible.items() if who >> r & 1) if able else 0
        return self._known[r]


def _needed(table: Table) -> list[int]:
    least = table.world.rules.min_reviews
    return [
        r * MOST_NEEDED + unit for r in bits(table.world.reviewers) for unit in range(max(0, least - table.load[r]))
    ]


def _needed_again(needs: Giving, table: Table, seat: int, r: int, changed: Sequence[int]) -> list[int]:
    """The units that want another seat now that ``r`` has one; one unit of its own is served by it."""
    again = needs.close(seat)
    own = [unit for unit in again if unit // MOST_NEEDED == r]
    if not own:
        own = [unit for unit in needs.given if unit // MOST_NEEDED == r][:1]
        for unit in own:
            needs.take_back(unit)
    again = [unit for unit in again if unit not in own]
    for one in changed:
        for unit in list(needs.having.get(one, ())):
            if not table.eligible[one] >> unit // MOST_NEEDED & 1:
                needs.take_back(unit)
                again.append(unit)
    return again


def start(world: World) -> Position | Reason:
    """The position before the first lot, with the evenest cap that the seats can be completed with."""
    position: Position | Reason = "seats"
    for cap in world.caps():
        position = Position.at_start(Table(world, cap))
        if isinstance(position, Position):
            break
    return position


def draw(world: World, numbers: Numbers) -> Drawn:
    """Draw all seats of a world, and the start groups.

    :raises CannotDrawError: when the seats cannot be completed, or every attempt came to a seat that nobody can take.
    """
    first = start(world)
    if not isinstance(first, Position):
        raise CannotDrawError(first)
    steps: list[Lot | Restart] = []
    for attempt in range(1, ATTEMPTS + 1):
        if attempt > 1:
            steps.append(Restart(attempt))
        order = numbers.shuffled(world.under_review)
        try:
            table = _attempt(first, order, numbers, attempt, steps)
        except _FailedError:
            continue
        return Drawn(tuple(steps), table, _start_groups(world, numbers))
    raise CannotDrawError(f"{ATTEMPTS} attempts")


def _start_groups(world: World, numbers: Numbers) -> dict[int, int]:
    if world.rules.is_redraw:
        return {}
    dealt = numbers.shuffled(world.under_review)
    return {x: place % world.rules.start_groups + 1 for place, x in enumerate(dealt)}


def _attempt(
    position: Position, order: Sequence[int], numbers: Numbers, attempt: int, steps: list[Lot | Restart]
) -> Table:
    for seat in (seat for x in order for seat in (2 * x, 2 * x + 1)):
        if position.table.open >> seat & 1:
            position = _primary(position, seat, numbers, attempt, steps)
    return _additional(position.table, order, numbers, attempt, steps)


def _primary(position: Position, seat: int, numbers: Numbers, attempt: int, steps: list[Lot | Restart]) -> Position:
    candidates = list(bits(position.table.candidates(seat)))
    number, drawn, after, rejected = _fall(candidates, lambda r: position.after(seat, r), numbers)
    world = position.table.world
    own = world.instruments[seat >> 1] & world.instruments[drawn]
    steps.append(Lot(attempt, seat, "primary", tuple(sorted(own)), tuple(candidates), rejected, number, drawn))
    return after


def _additional(
    table: Table, order: Sequence[int], numbers: Numbers, attempt: int, steps: list[Lot | Restart]
) -> Table:
    wanting = set(table.wanting_help())
    seats = [seat for x in order for seat in _in_order(table, x) if seat in wanting]
    room = additional_room(table, seats)
    if room is None:
        raise _FailedError
    for place, seat in enumerate(seats):
        rest = seats[place + 1 :]
        below = as_bits(r for r, left in enumerate(room) if left > 0)
        candidates = list(bits(table.helpers(seat) & below))
        number, drawn, after, rejected = _fall(candidates, _help(table, seat, rest, room), numbers)
        instruments = tuple(sorted(table.missing[seat]))
        steps.append(Lot(attempt, seat, "additional", instruments, tuple(candidates), rejected, number, drawn))
        table = after
        room[drawn] -= 1
    return table


def _in_order(table: Table, x: int) -> list[int]:
    seats = [2 * x, 2 * x + 1]
    if table.world.rules.is_redraw and table.world.groups[x] is None:
        seats.sort(key=lambda seat: table.primary[seat])
    return seats


def additional_room(table: Table, seats: Sequence[int]) -> list[int] | None:
    """How many additional seats each State can take: as few as serve (``docs/draw.md`` §7); None where none serve."""
    takers = {seat: table.helpers(seat) for seat in seats}
    most = max(1, len(seats))
    caps = range(1, most + 1) if table.world.rules.balance == "even" else [most]
    for cap in caps:
        if Giving([cap] * len(table.load)).give_all(seats, takers):
            return [cap] * len(table.load)
    return None


def _help(table: Table, seat: int, rest: Sequence[int], room: Sequence[int]) -> Callable[[int], Table | Reason]:
    def after(r: int) -> Table | Reason:
        new = table.with_helper(seat, r)
        left = [room[taker] - (taker == r) for taker in range(len(room))]
        takers = {one: new.helpers(one) for one in rest}
        return new if Giving(left).give_all(rest, takers) else "additional"

    return after


def _fall(
    candidates: Sequence[int], after: Callable[[int], T | Reason], numbers: Numbers
) -> tuple[Number, int, T, tuple[tuple[int, Reason], ...]]:
    """Draw from the candidates until one can stay."""
    left = list(candidates)
    rejected: list[tuple[int, Reason]] = []
    while left:
        number = numbers.below(len(left))
        drawn = left.pop(number.place)
        then = after(drawn)
        if then not in REASONS:
            return number, drawn, cast(T, then), tuple(rejected)
        rejected.append((drawn, cast(Reason, then)))
    raise _FailedError
