"""Figures side by side: medians, ratios of the same round, their spread."""

import random
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

WARM_ROUNDS = 3
BUSY = 1.25
"""From here on a wall clock says how busy the machine is with other things, rather than how fast the product is."""


class Sample(NamedTuple):
    """Milliseconds by the clock on the wall, and those in which this process was at work."""

    wall: float
    cpu: float


class Stopwatch:
    """Takes one sample: begin it, do the thing, end it."""

    def __init__(self) -> None:
        self._cpu = time.process_time()
        self._wall = time.perf_counter()

    def end(self) -> Sample:
        wall, cpu = time.perf_counter(), time.process_time()
        return Sample((wall - self._wall) * 1000, (cpu - self._cpu) * 1000)


@dataclass(frozen=True, slots=True)
class Compared:
    """One subject against its floor: milliseconds, and the ratio of the same round.

    ``clock`` says by which clock: the one on the wall, or on a machine that is busy with other things, where a long
    request is interrupted and a short one is not, the time at work.
    """

    p50_ms: float
    p95_ms: float
    floor_p50_ms: float
    ratio: float
    ratio_iqr: float
    rounds: int
    clock: str

    @property
    def tail(self) -> float:
        """p95 against p50."""
        return self.p95_ms / self.p50_ms

    def figures(self) -> dict[str, float | int | str]:
        return {
            "rounds": self.rounds,
            "p50_ms": round(self.p50_ms, 3),
            "p95_ms": round(self.p95_ms, 3),
            "floor_p50_ms": round(self.floor_p50_ms, 3),
            "ratio": round(self.ratio, 4),
            "ratio_iqr": round(self.ratio_iqr, 4),
            "clock": self.clock,
        }


def interleave(samplers: Mapping[str, Callable[[], Sample]], *, rounds: int) -> dict[str, list[Sample]]:
    """Take one sample of each in every round, in random order; the first rounds are thrown away."""
    order = list(samplers)
    chance = random.Random(1)
    taken: dict[str, list[Sample]] = {name: [] for name in order}
    for number in range(rounds + WARM_ROUNDS):
        chance.shuffle(order)
        for name in order:
            sample = samplers[name]()
            if number >= WARM_ROUNDS:
                taken[name].append(sample)
    return taken


def compare(subject: Sequence[Sample], floor: Sequence[Sample], *, waits: bool = False) -> Compared:
    """A subject's samples against the floor's of the same rounds.

    ``waits`` says that the work is done by another process as well (a database server): then only the wall clock knows.
    """
    pairs = list(zip(subject, floor, strict=True))
    delay = percentile([max(one.wall / one.cpu, other.wall / other.cpu) for one, other in pairs], 0.9)
    clock = "cpu" if delay > BUSY and not waits else "wall"
    taken = [(getattr(one, clock), getattr(other, clock)) for one, other in pairs]
    ratios = [one / other for one, other in taken]
    return Compared(
        p50_ms=statistics.median(one for one, _other in taken),
        p95_ms=percentile([one for one, _other in taken], 0.95),
        floor_p50_ms=statistics.median(other for _one, other in taken),
        ratio=statistics.median(ratios),
        ratio_iqr=percentile(ratios, 0.75) - percentile(ratios, 0.25),
        rounds=len(ratios),
        clock=clock,
    )


def percentile(samples: Sequence[float], part: float) -> float:
    """The sample below which ``part`` of all lie, between two samples in proportion."""
    ordered = sorted(samples)
    place = (len(ordered) - 1) * part
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
