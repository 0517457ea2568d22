"""How fair the lots are: ``python -m tests.workflow.fairness`` prints 10,000 draws beside what was to be expected.

Two worlds small enough to list every outcome. For each: how often a State of a group falls to a State under review,
beside the share that symmetry asks for, with the largest deviation in standard deviations; and how far the outcomes
are from being all alike likely (total variation), beside the distance that as many draws from a fair urn would show.
Serial draws with look-ahead are not uniform over outcomes; docs/draw.md §13 says so with these figures.
"""

from __future__ import annotations

import math
import random
import sys
from collections import Counter
from dataclasses import dataclass

from tests.workflow.worlds import state, world
from workflow.draw.lots import Position, draw, start
from workflow.draw.numbers import Numbers, derived_seed
from workflow.draw.transcript import digest
from workflow.draw.world import World, bits


@dataclass(frozen=True)
class Figures:
    """``pairs`` maps (State under review, reviewer) to how often it fell; ``expected`` is the share of each."""

    draws: int
    outcomes: int
    seen: int
    distance: float
    floor: float
    least: float
    most: float
    pairs: Counter
    expected: dict[tuple[str, str], float]

    @property
    def worst(self) -> float:
        """The largest deviation of a pair from its share, in standard deviations."""
        return max(
            abs(self.pairs[pair] - self.draws * share) / math.sqrt(self.draws * share * (1 - share))
            for pair, share in self.expected.items()
        )


def worlds():
    """Six States in two groups: evenly shared, and with one to three reviews each."""
    states = [state(f"X{group[0].upper()}{one}", group, ["untoc"]) for group in ("africa", "weog") for one in "ABC"]
    return {"even": world(states), "bounds": world(states, balance="bounds")}


def every_outcome(position: Position) -> set[tuple[int, ...]]:
    """All that can come of a position."""
    table = position.table
    if not table.open:
        return {tuple(table.primary)}
    seat = next(bits(table.open))
    found: set[tuple[int, ...]] = set()
    for r in bits(table.candidates(seat)):
        then = position.after(seat, r)
        if isinstance(then, Position):
            found |= every_outcome(then)
    return found


def measure(data, draws: int) -> Figures:
    """Draw many times, each with a seed of its own."""
    lots = World(data)
    outcomes = every_outcome(start(lots))
    frozen = digest(data)
    fell: Counter = Counter()
    for number in range(draws):
        beacon = [{"source": "balls", "round": "1", "value": str(number)}]
        fell[tuple(draw(lots, Numbers(derived_seed(frozen, [], beacon))).table.primary)] += 1
    pairs: Counter = Counter()
    for outcome, times in fell.items():
        for seat, r in enumerate(outcome):
            pairs[lots.codes[seat >> 1], lots.codes[r]] += times
    fair = draws / len(outcomes)
    return Figures(
        draws=draws,
        outcomes=len(outcomes),
        seen=len(set(fell) & outcomes),
        distance=distance(fell, outcomes, draws),
        floor=distance(Counter(random.Random(1).choices(sorted(outcomes), k=draws)), outcomes, draws),
        least=min(fell[one] for one in outcomes) / fair,
        most=max(fell[one] for one in outcomes) / fair,
        pairs=pairs,
        expected=shares(data),
    )


def distance(fell: Counter, outcomes, draws: int) -> float:
    """The total variation between what fell and all outcomes alike likely."""
    return sum(abs(fell[one] / draws - 1 / len(outcomes)) for one in outcomes) / 2


def shares(data) -> dict[tuple[str, str], float]:
    """What symmetry asks for: on each side every admissible State of the world as often as the others."""
    rows = data["participants"]
    found = {}
    for x in rows:
        for same in (True, False):
            side = [r["code"] for r in rows if r is not x and (r["group"] == x["group"]) is same]
            found |= {(x["code"], code): 1 / len(side) for code in side}
    return found


def main(draws: int) -> None:
    for name, data in worlds().items():
        figures = measure(data, draws)
        print(f"{name}: {figures.draws} draws; {figures.seen} of {figures.outcomes} outcomes seen")
        for pair, share in sorted(figures.expected.items()):
            print(f"  {' reviewed by '.join(pair)}: {figures.pairs[pair]}, expected {figures.draws * share:.0f}")
        print(f"  largest deviation {figures.worst:.2f} standard deviations")
        print(f"  distance from all outcomes alike likely {figures.distance:.3f}; a fair urn {figures.floor:.3f}")
        print(f"  rarest outcome {figures.least:.2f} of its fair share, most frequent {figures.most:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
