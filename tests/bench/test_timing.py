"""How figures are set side by side, and how a goal judges them."""

import pytest

from bench import goals
from bench.everything import summarize
from bench.timing import WARM_ROUNDS, Sample, compare, interleave, percentile


def quiet(*ms):
    return [Sample(one, one) for one in ms]


def test_a_ratio_is_the_median_of_the_rounds_and_not_that_of_the_medians():
    compared = compare(quiet(10, 30, 90), quiet(10, 10, 30))
    assert compared.ratio == 3
    assert compared.p50_ms == 30
    assert compared.floor_p50_ms == 10
    assert compared.clock == "wall"


def test_on_a_busy_machine_the_time_at_work_counts():
    subject = [Sample(50, 10), Sample(12, 10), Sample(60, 10)]
    floor = [Sample(5, 5), Sample(20, 5), Sample(5, 5)]
    assert compare(subject, floor).ratio == 2
    assert compare(subject, floor).clock == "cpu"
    assert compare(subject, floor, waits=True).clock == "wall"


def test_the_warm_rounds_are_thrown_away_and_every_round_has_one_of_each():
    asked = []

    def sampler(name):
        def sample():
            asked.append(name)
            return Sample(len(asked), 1)

        return sample

    taken = interleave({"one": sampler("one"), "other": sampler("other")}, rounds=5)
    assert [len(samples) for samples in taken.values()] == [5, 5]
    assert len(asked) == 2 * (5 + WARM_ROUNDS)
    rounds = [set(asked[place : place + 2]) for place in range(0, len(asked), 2)]
    assert rounds == [{"one", "other"}] * (5 + WARM_ROUNDS)


@pytest.mark.parametrize(("part", "expected"), [(0, 1), (0.5, 3), (0.95, 4.8), (1, 5)])
def test_percentile(part, expected):
    assert percentile([5, 1, 3, 2, 4], part) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("goal", "figures", "met"),
    [
        ("B1", {"ratio": 4.0, "queries": 8}, True),
        ("B1", {"ratio": 4.01, "queries": 8}, False),
        ("B1", {"ratio": 1.0, "queries": 9}, False),
        ("B3", {"ratio": 1.0, "queries": 7, "bytes": 60_001}, False),
        ("A7", {"count": 0}, True),
        ("A7", {"count": 1}, False),
    ],
)
def test_a_goal_judges_every_bound(goal, figures, met):
    assert goals.part(goal, "subject", **figures)["met"] is met


def test_a_benchmark_says_which_part_decides():
    parts = [goals.part("B1", "list", ratio=3.9, queries=8), goals.part("B2", "page", ratio=3.1, queries=8)]
    line = goals.result("pages", db="sqlite", size="S", parts=parts)
    assert (line["goal"], line["ratio"], line["limit"], line["met"]) == ("B2", 3.1, 3.0, False)


def lines(*ratios):
    return [{"parts": [goals.part("B2", "review", ratio=ratio, queries=9)]} for ratio in ratios]


@pytest.mark.parametrize(("ratios", "met"), [((2.9,), True), ((3.1, 2.9, 3.2), False), ((3.1, 2.8, 2.9), True)])
def test_a_goal_is_missed_when_two_of_three_runs_miss(ratios, met):
    row = next(row for row in summarize(lines(*ratios)) if row["goal"] == "B2")
    assert row["met"] is met


def test_a_goal_that_was_not_measured_is_neither_met_nor_missed():
    rows = {row["goal"]: row for row in summarize(lines(2.9))}
    assert set(rows) == set(goals.GOALS)
    assert rows["C2"]["met"] is None
