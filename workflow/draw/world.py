"""What a draw starts from: its rules, the States and their places, as sets of bits (``docs/draw.md`` §1, §3 and §4)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Side = Literal["same", "other"]
FIRST, SECOND = 0, 1
SIDES: tuple[Side, Side] = ("same", "other")


class Kept(NamedTuple):
    """A seat that an earlier draw gave and a redraw leaves as it is."""

    reviewed: str
    code: str
    side: Side | None
    kind: str


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers that the mechanism leaves to the Conference (rules 10, 12 and 15)."""

    balance: str
    max_reviews: int
    min_reviews: int
    max_reviewers_per_review: int
    mutual: bool
    start_groups: int
    is_redraw: bool


class World:
    """The input of a draw; States are numbers in the order of their codes, sets of them are bits of an integer.

    ``data`` is an input as ``workflow.draw.form`` has checked it.
    """

    def __init__(self, data: Mapping[str, Any], kept: Iterable[Kept] = ()) -> None:
        rules = data["rules"]
        self.rules = Rules(
            balance=rules["balance"],
            max_reviews=rules["max_reviews"],
            min_reviews=rules["min_reviews"],
            max_reviewers_per_review=rules["max_reviewers_per_review"],
            mutual=rules["mutual"],
            start_groups=rules["start_groups"],
            is_redraw=rules["redraw"] is not None,
        )
        states: Sequence[Mapping[str, Any]] = data["participants"]
        self.codes = [one["code"] for one in states]
        self.number = {code: place for place, code in enumerate(self.codes)}
        self.groups = [one["group"] for one in states]
        self.instruments = [frozenset(one["instruments"]) for one in states]
        self.load = [one["load"] for one in states]
        self.under_review = [place for place, one in enumerate(states) if one["under_review"]]
        self.reviewers = as_bits(place for place, one in enumerate(states) if one["reviews"])
        self.grouped = as_bits(place for place, group in enumerate(self.groups) if group is not None)
        self.of_group = {
            group: as_bits(place for place, one in enumerate(self.groups) if one == group)
            for group in set(self.groups) - {None}
        }
        self.excluded = [0] * len(states)
        for one in data["exclusions"]:
            self.excluded[self.number[one["reviewed"]]] |= 1 << self.number[one["reviewer"]]
        self.kept = list(kept)
        self._party: dict[frozenset[str], int] = {}
        self.classes = {place: list(self._classes(place)) for place in self.under_review}

    def _classes(self, reviewed: int) -> Iterator[tuple[frozenset[str], int]]:
        """The States that share an instrument with one under review, by the instruments they lack."""
        found: dict[frozenset[str], int] = {}
        own = self.instruments[reviewed]
        for place, instruments in enumerate(self.instruments):
            if own & instruments:
                missing = own - instruments
                found[missing] = found.get(missing, 0) | 1 << place
        yield from found.items()

    def party(self, instruments: frozenset[str]) -> int:
        """The States that are party to all of ``instruments``."""
        if instruments not in self._party:
            self._party[instruments] = as_bits(
                place for place, own in enumerate(self.instruments) if instruments <= own
            )
        return self._party[instruments]

    def side_of(self, seat: int) -> Side | None:
        """The side of a seat; seats are numbered 2x and 2x + 1."""
        return None if self.groups[seat >> 1] is None else SIDES[seat & 1]

    def caps(self) -> list[int]:
        """The loads to be tried as the most that a State carries, the evener first (``docs/draw.md`` §4)."""
        most = self.rules.max_reviews
        if self.rules.balance != "even":
            return [most]
        reviewers = list(bits(self.reviewers))
        if not reviewers:
            return [most]
        total = sum(self.load[place] for place in reviewers) + 2 * len(self.under_review)
        even, loose = -(-total // len(reviewers)), total // len(reviewers) + 1
        return list(dict.fromkeys([min(even, most), min(loose, most)]))


def as_bits(places: Iterable[int]) -> int:
    """A set of numbers as the bits of one integer."""
    result = 0
    for place in places:
        result |= 1 << place
    return result


def bits(mask: int) -> Iterator[int]:
    """The numbers in a set, in order."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
