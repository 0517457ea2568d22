"""The goals, with their limits: ratios to a floor of the same run, or counts that no machine changes."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Goal:
    """``limit`` bounds the figure named in ``of``; ``queries`` and ``bytes`` bound those of the same request."""

    what: str
    limit: float
    of: str = "ratio"
    queries: int | None = None
    bytes: int | None = None


GOALS = {
    "A1": Goal("any page, p50 at L / at S", 1.25),
    "A2": Goal("pages and saves whose queries differ between sizes", 0, of="count"),
    "A3": Goal("HTML bytes of any page at L / at S", 1.05),
    "A4": Goal("a transition with a million events / with few", 1.10),
    "A7": Goal("statements of pages that read a whole table", 0, of="count"),
    "B1": Goal("review list, 200 rows / hello", 4.0, queries=8),
    "B2": Goal("review page / hello", 3.0, queries=10),
    "B3": Goal("inbox at 5,000 open tasks / hello", 2.5, queries=7, bytes=60_000),
    "B5": Goal("120 answered questions on one page / hello", 5.0, queries=8),
    "B6": Goal("autosave of one answer / hello", 2.5, queries=12),
    "B7": Goal("transition by POST / hello", 2.8, queries=14),
    "B8": Goal("p95 / p50 of each", 1.6),
    "B9": Goal("first visit, gzip: HTML, CSS, JS", 60_000, of="bytes_gz"),
    "C1": Goal("full transition / spike, SQLite", 1.2),
    "C2": Goal("full transition / spike, PostgreSQL", 1.2),
    "E1": Goal("permission-filtered first page / the plain join", 1.5, queries=1),
    "E2": Goal("verifying the chain / reading it", 3.0),
    "E3": Goal("verifying since the last checkpoint / all", 0.03),
    "E11": Goal("start-up / bare Django with auth", 2.5),
}
FILES_OF_A_FIRST_VISIT = 6


def part(goal: str, subject: str, **figures: Any) -> dict[str, Any]:
    """One figure of a benchmark, judged by its goal."""
    aim = GOALS[goal]
    met = figures[aim.of] <= aim.limit
    bounds: dict[str, int] = {}
    if aim.queries is not None and "queries" in figures:
        met, bounds["queries_limit"] = met and figures["queries"] <= aim.queries, aim.queries
    if aim.bytes is not None and "bytes" in figures:
        met, bounds["bytes_limit"] = met and figures["bytes"] <= aim.bytes, aim.bytes
    return {"goal": goal, "subject": subject, **figures, "limit": aim.limit, **bounds, "met": met}


def strain(one: dict[str, Any]) -> float:
    """How near a part is to its limit, or how far beyond: for naming the one that decides."""
    figure = one[GOALS[one["goal"]].of]
    return float(figure / one["limit"]) if one["limit"] else float(figure + 1 if figure else 0)


def result(bench: str, *, db: str, size: str, parts: list[dict[str, Any]], **about: Any) -> dict[str, Any]:
    """The line of a benchmark: the figures of the part that decides, and all parts."""
    decides = max(parts, key=lambda one: (not one["met"], strain(one)))
    first = dict.fromkeys(_COLUMNS) | {name: decides.get(name) for name in _COLUMNS if name in decides}
    return {
        "bench": bench,
        "db": db,
        "size": size,
        **first,
        **about,
        "met": all(p["met"] for p in parts),
        "parts": parts,
    }


_COLUMNS = (
    "rounds",
    "p50_ms",
    "p95_ms",
    "floor",
    "floor_p50_ms",
    "ratio",
    "ratio_iqr",
    "queries",
    "bytes",
    "bytes_gz",
    "rss_mb",
    "goal",
    "limit",
)
