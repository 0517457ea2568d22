"""Who reviews whom: an assignment that keeps rules 10 to 13, drawn from a fixed seed.

For every State under review and every instrument it is party to there is one reviewer from its own regional
group and one from another, both party to that instrument. The assignment follows from its input alone, so that
anybody can repeat it. The public drawing of lots, with commitments, beacon and transcript, is another procedure
(``docs/formats.md`` §2); a phase drawn that way does not use this one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, NamedTuple, TypeVar

T = TypeVar("T")
Side = Literal["same", "other"]
Kind = Literal["primary", "additional"]

START_GROUPS = 3
ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class Participant:
    """A State in the draw; ``group`` is None for one without a regional group."""

    code: str
    group: str | None
    instruments: frozenset[str]


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A reviewing State and what it reviews; ``side`` is None when the reviewed State has no group."""

    code: str
    side: Side | None
    kind: Kind
    instruments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """A State under review, its start group from 1 on, and its reviewers, primary before additional."""

    reviewed: str
    start_group: int
    reviewers: tuple[Reviewer, ...]


class CannotAssignError(ValueError):
    """The rules leave a seat that nobody can take."""


def assign(participants: Iterable[Participant], *, seed: str) -> list[Assignment]:
    """Return the reviewers of every participant, by code, and the start groups dealt evenly.

    Every participant is under review and reviews. As a primary reviewer nobody carries more than one above
    the mean; one additional reviewer on a side takes the instruments that its primary is not party to, so that
    no review has more than four. A State with no group has its two primary reviewers from different groups; as
    a reviewer it counts as from another group. The order in which participants come changes nothing.

    :raises CannotAssignError: when the rules leave a seat that nobody can take, or no attempt fills all seats.
    :raises ValueError: for a code that comes twice, or a participant without instruments.
    """
    states = sorted(participants, key=lambda state: state.code)
    if len({state.code for state in states}) != len(states):
        raise ValueError("a State takes part once")
    for state in states:
        if not state.instruments:
            raise ValueError(f"{state.code} is party to no instrument")
    if not states:
        return []
    lots = _Lots(seed)
    for _ in range(ATTEMPTS):
        reviewers = _Attempt(states, lots).reviewers()
        if reviewers is not None:
            break
    else:
        raise CannotAssignError(f"no valid assignment was found in {ATTEMPTS} attempts")
    dealt = lots.shuffled([state.code for state in states])
    groups = {code: place % START_GROUPS + 1 for place, code in enumerate(dealt)}
    return [Assignment(state.code, groups[state.code], reviewers[state.code]) for state in states]


def assign_one(
    reviewed: Participant,
    others: Iterable[Participant],
    *,
    loads: Mapping[str, int],
    reviewed_by_it: frozenset[str],
    seed: str,
) -> tuple[Reviewer, ...]:
    """Return reviewers for one State that joins after the others, by the same rules: the least loaded, then by lot.

    ``loads`` says how often each State reviews already; ``reviewed_by_it`` names those that ``reviewed`` reviews, who
    cannot review it (rule 10).

    :raises CannotAssignError: when nobody can take a seat.
    """
    lots = _Lots(seed)
    able = sorted(
        (one for one in others if one.code != reviewed.code and one.code not in reviewed_by_it),
        key=lambda one: one.code,
    )
    able = sorted(lots.shuffled(able), key=lambda one: loads.get(one.code, 0))
    chosen = [reviewer for side, pool in _sides(reviewed, able) for reviewer in _one_side(reviewed, side, pool)]
    return tuple(sorted(chosen, key=_place))


class _Lots:
    """Numbers from SHA-256 in counter mode: the same on every machine and every version of Python."""

    def __init__(self, seed: str) -> None:
        self._key = sha256(seed.encode()).digest()
        self._count = 0

    def below(self, limit: int) -> int:
        while True:
            block = sha256(self._key + self._count.to_bytes(8, "big")).digest()
            self._count += 1
            word = int.from_bytes(block[:8], "big")
            if word < 2**64 - 2**64 % limit:  # else the smaller numbers would be likelier
                return word % limit

    def shuffled(self, things: Sequence[T]) -> list[T]:
        result = list(things)
        for last in range(len(result) - 1, 0, -1):
            other = self.below(last + 1)
            result[last], result[other] = result[other], result[last]
        return result


class _Seat(NamedTuple):
    """A primary reviewer's place; ``group`` is where it comes from when the State has no group itself."""

    reviewed: str
    side: Side | None
    group: str | None


class _Attempt:
    """One try: primary reviewers by augmenting paths in random order, then additional ones by least load."""

    def __init__(self, states: Sequence[Participant], lots: _Lots) -> None:
        self.states = {state.code: state for state in states}
        self.lots = lots
        seats = [seat for state in states for seat in self._seats(state)]
        self.seats = lots.shuffled(seats)
        self.mean = len(seats) / len(states)
        self.pools = {seat: self._pool(seat) for seat in self.seats}
        self.candidates = {seat: lots.shuffled(self._candidates(seat)) for seat in self.seats}
        self.primary: dict[_Seat, str] = {}
        self.held: dict[str, list[_Seat]] = {state.code: [] for state in states}

    def _seats(self, state: Participant) -> list[_Seat]:
        if state.group is not None:
            return [_Seat(state.code, "same", None), _Seat(state.code, "other", None)]
        groups = sorted({other.group for other in self.states.values() if other.group is not None})
        able = [group for group in groups if self._candidates(_Seat(state.code, None, group))]
        if len(able) < 2:
            raise CannotAssignError(f"{state.code} has no group, and fewer than two groups can review it")
        return [_Seat(state.code, None, group) for group in self.lots.shuffled(able)[:2]]

    def _pool(self, seat: _Seat) -> list[Participant]:
        """Return the States that stand on the side of a seat."""
        state = self.states[seat.reviewed]
        others = [other for other in self.states.values() if other is not state]
        if seat.side == "other":
            return [other for other in others if other.group != state.group]
        group = seat.group if seat.side is None else state.group
        return [other for other in others if other.group == group]

    def _candidates(self, seat: _Seat) -> list[str]:
        """Return who can be primary: party to something, the rest being within one other State's reach."""
        instruments = self.states[seat.reviewed].instruments
        pool = self._pool(seat)
        able = []
        for one in pool:
            rest = instruments - one.instruments
            if rest != instruments and any(rest <= other.instruments for other in pool):
                able.append(one.code)
        if not able and seat.side is not None:
            raise CannotAssignError(f"nobody can take the seat of {seat.reviewed} on the side {seat.side!r}")
        return able

    def reviewers(self) -> dict[str, tuple[Reviewer, ...]] | None:
        """Return the reviewers of every State, or None when this try led nowhere."""
        if not all(self._fill(seat) for seat in self.seats) or not self._part_mutual():
            return None
        additional = self._additional()
        if additional is None:
            return None
        found: dict[str, list[Reviewer]] = {code: [] for code in self.states}
        for seat, code in self.primary.items():
            mine = self.states[seat.reviewed].instruments
            shared = tuple(sorted(mine & self.states[code].instruments))
            found[seat.reviewed].append(Reviewer(code, seat.side, "primary", shared))
            if seat in additional:
                rest = tuple(sorted(mine - self.states[code].instruments))
                found[seat.reviewed].append(Reviewer(additional[seat], seat.side, "additional", rest))
        return {code: tuple(sorted(reviewers, key=_place)) for code, reviewers in found.items()}

    def _fill(self, seat: _Seat) -> bool:
        """Give a seat a primary reviewer, moving others along where that keeps loads even."""
        even, most = -int(-self.mean // 1), int(self.mean) + 1
        return self._place(seat, even, set()) or self._place(seat, most, set())

    def _place(self, seat: _Seat, most: int, tried: set[str]) -> bool:
        for code in self.candidates[seat]:
            if code in tried or self._reviews(seat.reviewed, code):
                continue
            tried.add(code)
            if len(self.held[code]) < most:
                self._take(seat, code)
                return True
            for other in self.held[code]:
                if self._place(other, most, tried):
                    self._take(seat, code)
                    return True
        return False

    def _take(self, seat: _Seat, code: str) -> None:
        self._leave(seat)
        self.primary[seat] = code
        self.held[code].append(seat)

    def _leave(self, seat: _Seat) -> None:
        if seat in self.primary:
            self.held[self.primary.pop(seat)].remove(seat)

    def _reviews(self, reviewer: str, reviewed: str) -> bool:
        return any(seat.reviewed == reviewed for seat in self.held[reviewer])

    def _part_mutual(self) -> bool:
        """Undo mutual reviews that moving others along has made (rule 10)."""
        for _ in self.seats:
            seat = next((seat for seat, code in self.primary.items() if self._reviews(seat.reviewed, code)), None)
            if seat is None:
                return True
            self.candidates[seat] = [code for code in self.candidates[seat] if code != self.primary[seat]]
            self._leave(seat)
            if not self._fill(seat):
                return False
        return False

    def _additional(self) -> dict[_Seat, str] | None:
        """Return who takes the instruments that primaries are not party to (rule 11)."""
        load = Counter({code: len(seats) for code, seats in self.held.items()})
        pairs = {(code, seat.reviewed) for seat, code in self.primary.items()}
        chosen: dict[_Seat, str] = {}
        for seat in self.seats:
            rest = self.states[seat.reviewed].instruments - self.states[self.primary[seat]].instruments
            if not rest:
                continue
            able = [
                other.code
                for other in self.pools[seat]
                if rest <= other.instruments and (seat.reviewed, other.code) not in pairs
            ]
            if not able:
                return None
            code = min(self.lots.shuffled(able), key=load.__getitem__)
            chosen[seat] = code
            load[code] += 1
            pairs.add((code, seat.reviewed))
        return chosen


def _sides(reviewed: Participant, able: list[Participant]) -> Iterator[tuple[Side | None, list[Participant]]]:
    """Who stands on each side of a State: its own group and the others, or two groups where it has none."""
    if reviewed.group is not None:
        yield "same", [one for one in able if one.group == reviewed.group]
        yield "other", [one for one in able if one.group != reviewed.group]
        return
    grouped = [one for one in able if one.group is not None]
    first = next((one.group for one in grouped if one.instruments & reviewed.instruments), None)
    yield None, [one for one in grouped if one.group == first]
    yield None, [one for one in grouped if one.group != first]


def _one_side(reviewed: Participant, side: Side | None, pool: list[Participant]) -> list[Reviewer]:
    """The first of ``pool`` whose missing instruments one other of it can take, and that other where one is needed."""
    for primary in pool:
        mine = reviewed.instruments & primary.instruments
        rest = reviewed.instruments - primary.instruments
        if not mine:
            continue
        found = [Reviewer(primary.code, side, "primary", tuple(sorted(mine)))]
        if not rest:
            return found
        helper = next((one for one in pool if one is not primary and rest <= one.instruments), None)
        if helper is not None:
            return [*found, Reviewer(helper.code, side, "additional", tuple(sorted(rest)))]
    raise CannotAssignError(f"nobody can take the seat of {reviewed.code} on the side {side!r}")


def _place(reviewer: Reviewer) -> tuple[bool, bool, str]:
    return reviewer.kind == "additional", reviewer.side == "other", reviewer.code
