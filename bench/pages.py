"""``pages`` and ``saves``: what a page and a save cost, against hello on the same server and database."""

from typing import Any

from bench import goals
from bench.databases import copied, seeded
from bench.timing import compare, interleave
from bench.worker import Worker, working_on

PAGES = {
    "crowd": {"listing": "B1", "inbox": "B3"},
    "bare": {"review": "B2", "questions": "B5"},
}
ROWS = 200
QUESTIONS = 120


def pages(*, db: str, size: str, rounds: int) -> dict[str, Any]:
    """B1, B2, B3, B5, and B8 of each: the head of a crowded desk, then the first circle."""
    parts: list[dict[str, Any]] = []
    rss = 0.0
    for kind, subjects in PAGES.items():
        with working_on(seeded(db, size, kind)) as worker:
            _check_shapes(worker, kind)
            parts += measured(worker, subjects, rounds=rounds, waits=db == "pg")
            rss = max(rss, worker.ask("rss_mb"))
    return goals.result("pages", db=db, size=size, parts=parts, floor="hello", rss_mb=rss)


def saves(*, db: str, size: str, rounds: int) -> dict[str, Any]:
    """B6 and B7, and B8 of each, on a copy."""
    with copied(db, size, "ready") as database, working_on(database) as worker:
        parts = measured(worker, {"autosave": "B6", "transition": "B7"}, rounds=rounds, waits=db == "pg")
        rss = worker.ask("rss_mb")
    return goals.result("saves", db=db, size=size, parts=parts, floor="hello", rss_mb=rss)


def _check_shapes(worker: Worker, kind: str) -> None:
    """A page that lost its rows would be fast."""
    if kind == "crowd":
        rows = worker.ask("body", name="listing").count("<tr data-row>")
        if rows != ROWS:
            raise RuntimeError(f"the list has {rows} rows, not {ROWS}")
    else:
        forms = worker.ask("body", name="questions").count('<form class="answer"')
        if forms != QUESTIONS:
            raise RuntimeError(f"the page has {forms} questions, not {QUESTIONS}")


def measured(worker: Worker, subjects: dict[str, str], *, rounds: int, waits: bool) -> list[dict[str, Any]]:
    """Each subject against hello, with its statements and bytes."""
    seen = {name: worker.seen(name) for name in subjects}
    taken = interleave({name: worker.sampler(name) for name in ("hello", *subjects)}, rounds=rounds)
    parts = []
    for name, goal in subjects.items():
        compared = compare(taken[name], taken["hello"], waits=waits)
        counts = {"queries": seen[name].queries, "bytes": seen[name].bytes, "bytes_gz": seen[name].bytes_gz}
        parts.append(goals.part(goal, name, **compared.figures(), floor="hello", **counts))
        tail = {**compared.figures(), "ratio": round(compared.tail, 4), "ratio_iqr": None, "floor": "its own p50"}
        parts.append(goals.part("B8", name, **tail))
    return parts
