"""The seats of a draw and who can take them, and whether the rest can be completed (``docs/draw.md`` §3 to §5)."""

from collections.abc import Iterable
from typing import Protocol

from workflow.draw.world import FIRST, SECOND, Kept, World, as_bits, bits

NOBODY = -1


class Table:
    """The lots fallen so far. Seats are 2x and 2x + 1 for the State under review x; States are bits of a set.

    ``with_lot`` makes a new table and leaves this one alone, so that a lot can be tried.
    """

    def __init__(self, world: World, cap: int) -> None:
        self.world, self.cap = world, cap
        count = len(world.codes)
        self.holders = [0] * count  # of the review of x: who has a seat in it
        self.reviewing = [0] * count  # of r: the reviews it has a seat in
        self.primary = [NOBODY] * (2 * count)
        self.helper = [NOBODY] * (2 * count)
        self.missing: list[frozenset[str]] = [frozenset()] * (2 * count)
        self.load = list(world.load)
        self.additional = [0] * count
        self.open = as_bits(seat for x in world.under_review for seat in (2 * x, 2 * x + 1))
        for kept in world.kept:
            self._keep(kept)
        self.eligible = {seat: self._eligible(seat) for seat in bits(self.open)}

    def copy(self) -> "Table":
        """A table with the same lots."""
        new = object.__new__(Table)
        new.__dict__.update(
            {name: value.copy() if isinstance(value, (list, dict)) else value for name, value in self.__dict__.items()}
        )
        return new

    # -- lots

    def _keep(self, kept: Kept) -> None:
        x, r = self.world.number[kept.reviewed], self.world.number[kept.code]
        seat = self._seat_kept(x, r, kept)
        if kept.kind == "primary":
            self._take(seat, r)
        else:
            self._help(seat, r)

    def _seat_kept(self, x: int, r: int, kept: Kept) -> int:
        if kept.side is not None:
            return 2 * x + (SECOND if kept.side == "other" else FIRST)
        if kept.kind == "primary":
            return 2 * x + (FIRST if self.primary[2 * x] == NOBODY else SECOND)
        same_group = self.world.groups[self.primary[2 * x]] == self.world.groups[r]
        return 2 * x + (FIRST if same_group else SECOND)

    def _take(self, seat: int, r: int) -> None:
        x = seat >> 1
        self.primary[seat] = r
        self.open &= ~(1 << seat)
        self.load[r] += 1
        self.missing[seat] = self.world.instruments[x] - self.world.instruments[r]
        self.additional[x] += bool(self.missing[seat])
        self._sit(x, r)

    def _help(self, seat: int, r: int) -> None:
        self.helper[seat] = r
        self._sit(seat >> 1, r)

    def _sit(self, x: int, r: int) -> None:
        self.holders[x] |= 1 << r
        self.reviewing[r] |= 1 << x

    def with_lot(self, seat: int, r: int) -> "Table":
        """The table after ``r`` is drawn for a primary seat; only the reviews of the two States change by it."""
        new = self.copy()
        new._take(seat, r)
        new.eligible.pop(seat, None)
        for touched in (seat & ~1, seat | 1, 2 * r, 2 * r + 1):
            if touched in new.eligible:
                new.eligible[touched] = new._eligible(touched)
        return new

    def with_helper(self, seat: int, r: int) -> "Table":
        """The table after ``r`` is drawn for an additional seat."""
        new = self.copy()
        new._help(seat, r)
        return new

    # -- who can take a seat

    def _free(self, x: int) -> int:
        """The States that may come into the review of x, whatever the side."""
        world = self.world
        barred = 1 << x | world.excluded[x] | self.holders[x]
        if not world.rules.mutual:
            barred |= self.reviewing[x]
        return world.reviewers & ~barred

    def _on_side(self, seat: int) -> int:
        """The States that stand on the side of a primary seat."""
        world, group = self.world, self.world.groups[seat >> 1]
        if group is not None:
            own = world.of_group[group]
            return ~own if seat & 1 else own
        other = self.primary[seat ^ 1]
        return world.grouped if other == NOBODY else world.grouped & ~world.of_group[world.groups[other]]

    def _eligible(self, seat: int) -> int:
        """Who can take an open primary seat, loads apart."""
        world, x = self.world, seat >> 1
        free = self._free(x) & self._on_side(seat)
        room = self.additional[x] < world.rules.max_reviewers_per_review - 2
        found = 0
        for missing, states in world.classes[x]:
            able = states & free
            if not missing:
                found |= able
            elif able and room:
                found |= self._with_help(able, free & world.party(missing), sided=world.groups[x] is not None)
        return found

    def _with_help(self, able: int, helpers: int, *, sided: bool) -> int:
        """Those of ``able`` for whom somebody of their side is among ``helpers``."""
        if sided:
            return able if helpers else 0
        found = 0
        for group in self.world.of_group.values():
            if helpers & group:
                found |= able & group
        return found

    def helpers(self, seat: int) -> int:
        """Who can take the additional seat beside a primary reviewer (``missing`` is what it reviews)."""
        world, x = self.world, seat >> 1
        group = world.groups[x] if world.groups[x] is not None else world.groups[self.primary[seat]]
        own = world.of_group[group]
        side = ~own if world.groups[x] is not None and seat & 1 else own
        return self._free(x) & side & world.party(self.missing[seat])

    def candidates(self, seat: int) -> int:
        """Who can take an open primary seat now."""
        return self.eligible[seat] & self.below_cap()

    def below_cap(self) -> int:
        return as_bits(place for place, load in enumerate(self.load) if load < self.cap)

    def wanting_help(self) -> list[int]:
        """The additional seats known so far that nobody has."""
        world = self.world
        return [
            seat
            for x in world.under_review
            for seat in (2 * x, 2 * x + 1)
            if self.missing[seat] and self.helper[seat] == NOBODY
        ]


class Takers(Protocol):
    """Who can take a thing: a dict of sets, or what computes them when asked."""

    def __getitem__(self, thing: int, /) -> int: ...


class Giving:
    """Whether things can all be given away, kept up to date while little changes: augmenting paths in a graph.

    ``takers[thing]`` is the set of those who can take it; ``room[taker]`` how many more things a taker can have.
    """

    def __init__(self, room: list[int]) -> None:
        self.room = room
        self.spare = as_bits(taker for taker, left in enumerate(room) if left > 0)
        self.given: dict[int, int] = {}
        self.having: dict[int, set[int]] = {}

    def copy(self) -> "Giving":
        new = object.__new__(Giving)
        new.room, new.spare, new.given = self.room.copy(), self.spare, self.given.copy()
        new.having = {taker: things.copy() for taker, things in self.having.items() if things}
        return new

    def take_back(self, thing: int) -> int:
        """Nobody has the thing any longer; returns who had it."""
        taker = self.given.pop(thing, NOBODY)
        if taker != NOBODY:
            self.having[taker].discard(thing)
            self._more(taker)
        return taker

    def _more(self, taker: int) -> None:
        self.room[taker] += 1
        if self.room[taker] > 0:
            self.spare |= 1 << taker

    def lost(self, thing: int, takers: int) -> bool:
        """Take the thing back from a taker who can have it no longer; whether it was so."""
        taker = self.given.get(thing, NOBODY)
        if taker == NOBODY or takers >> taker & 1:
            return False
        self.take_back(thing)
        return True

    def close(self, taker: int) -> list[int]:
        """A taker can have nothing more; returns the things that it has to give back."""
        back = list(self.having.get(taker, ()))
        for thing in back:
            self.take_back(thing)
        self.room[taker] = 0
        self.spare &= ~(1 << taker)
        return back

    def less(self, taker: int) -> list[int]:
        """A taker can have one thing fewer; returns the things that it has to give back for it."""
        self.room[taker] -= 1
        back = []
        while self.room[taker] < 0 and self.having.get(taker):
            thing = min(self.having[taker])
            self.take_back(thing)
            back.append(thing)
        if self.room[taker] <= 0:
            self.spare &= ~(1 << taker)
        return back

    def give_all(self, things: Iterable[int], takers: Takers) -> bool:
        return all(self._give(thing, takers, [0]) for thing in things)

    def _give(self, thing: int, takers: Takers, seen: list[int]) -> bool:
        ready = takers[thing] & self.spare & ~seen[0]
        if ready:
            self._hand(thing, (ready & -ready).bit_length() - 1)
            return True
        asked = takers[thing] & ~seen[0]
        while asked:
            lowest = asked & -asked
            taker = lowest.bit_length() - 1
            seen[0] |= lowest
            for other in list(self.having.get(taker, ())):
                if self._give(other, takers, seen):
                    self.having[taker].discard(other)
                    self._more(taker)
                    self._hand(thing, taker)
                    return True
            asked = takers[thing] & ~seen[0]
        return False

    def _hand(self, thing: int, taker: int) -> None:
        self.given[thing] = taker
        self.having.setdefault(taker, set()).add(thing)
        self.room[taker] -= 1
        if self.room[taker] <= 0:
            self.spare &= ~(1 << taker)
