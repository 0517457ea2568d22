"""``growth``, ``plans`` and ``weight``: what changes with ten times the reviews, people, answers and entries."""

from typing import Any

from bench import goals
from bench.databases import copied, seeded
from bench.timing import compare, interleave
from bench.worker import Worker, working_on

TIMED = (
    "home",
    "own_reviews",
    "review",
    "timeline",
    "queries",
    "observations",
    "section",
    "questions_read",
    "notices",
)
LISTS_OF_PARTIES = {"open_review", "states"}
NAMED = {"cases_review", "cases_text", "cases_textversion", "cases_event", "cases_participation"}
"""What A7 is about; other tables that grow are watched as well, and named where one is read."""

LARGER = {"S10": "S", "S": "L", "L": "XL"}


def growth(*, db: str, size: str, rounds: int) -> dict[str, Any]:
    """A1 to A4 between ``size`` and the next larger one."""
    larger = LARGER.get(size, size)
    with working_on(seeded(db, size)) as small, working_on(seeded(db, larger)) as large:
        parts = _timed(small, large, rounds, waits=db == "pg")
        parts += compared_pages(small.ask("gates")["pages"], large.ask("gates")["pages"])
    parts += _saves(db, size, larger, rounds)
    return goals.result("growth", db=db, size=larger, parts=parts, floor=f"the same at {size}")


def _timed(small: Worker, large: Worker, rounds: int, *, waits: bool) -> list[dict[str, Any]]:
    parts = []
    for name in TIMED:
        taken = interleave({"small": small.sampler(name), "large": large.sampler(name)}, rounds=rounds)
        parts.append(goals.part("A1", name, **compare(taken["large"], taken["small"], waits=waits).figures()))
    return parts


def compared_pages(small: list[dict[str, Any]], large: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A2 and A3 of every page that the first circle's people open at both sizes.

    A list of all States parties is left out of the bytes: their number does not grow, but a tenth of S has eight.
    """
    before = {(page["path"], page["username"]): page for page in small}
    after = {(page["path"], page["username"]): page for page in large}
    both = [(before[key], after[key]) for key in before if key in after]
    differ = [
        f"{one['path']} as {one['username']}: {one['queries']} and {other['queries']}"
        for one, other in both
        if one["queries"] != other["queries"]
    ]
    heaviest = max(
        (pair for pair in both if pair[0]["name"] not in LISTS_OF_PARTIES),
        key=lambda pair: pair[1]["bytes"] / pair[0]["bytes"],
    )
    ratio = heaviest[1]["bytes"] / heaviest[0]["bytes"]
    return [
        goals.part("A2", f"{len(both)} pages", count=len(differ), differ=differ[:20]),
        goals.part(
            "A3",
            f"{heaviest[1]['path']} as {heaviest[1]['username']}",
            ratio=round(ratio, 4),
            bytes=heaviest[1]["bytes"],
        ),
    ]


def _saves(db: str, size: str, larger: str, rounds: int) -> list[dict[str, Any]]:
    """A2 of saves, and A4: a step with few entries in the database and with all of the larger one's."""
    with (
        copied(db, "S10", "ready") as none,
        copied(db, size, "ready") as little,
        copied(db, larger, "ready") as much,
        working_on(none) as few,
        working_on(little) as small,
        working_on(much) as large,
    ):
        names = ("autosave", "transition")
        seen = {name: (small.seen(name).queries, large.seen(name).queries) for name in names}
        differ = [f"{name}: {one} and {other}" for name, (one, other) in seen.items() if one != other]
        taken = interleave(
            {"few": few.calling("full_transition"), "many": large.calling("full_transition")}, rounds=rounds
        )
        counts = {name: worker.ask("call", function="events") for name, worker in (("few", few), ("many", large))}
    subject = f"open_consultations, {counts['many']:,} entries / {counts['few']:,}"
    return [
        goals.part("A2", "autosave, transition", count=len(differ), differ=differ),
        goals.part("A4", subject, **compare(taken["many"], taken["few"], waits=db == "pg").figures()),
    ]


def plans(*, db: str, size: str, rounds: int) -> dict[str, Any]:
    """A7: each statement of each page, explained by the database."""
    with working_on(seeded(db, size)) as worker:
        found = worker.ask("gates")["scans"]
    named = [one for one in found if one["table"] in NAMED]
    rest = [one for one in found if one not in named]
    part = goals.part("A7", "every page of the first circle", count=len(named), scans=named[:20], others=rest[:20])
    return goals.result("plans", db=db, size=size, parts=[part])


def weight(*, db: str, size: str, rounds: int) -> dict[str, Any]:
    """B9: what somebody loads who has nothing yet."""
    with working_on(seeded(db, size)) as worker:
        visits = worker.ask("weight")
    parts = []
    for visit in visits:
        part = goals.part(
            "B9",
            visit["path"],
            bytes=visit["bytes"],
            bytes_gz=visit["bytes_gz"],
            files=visit["files"],
            files_limit=goals.FILES_OF_A_FIRST_VISIT,
        )
        parts.append(part | {"met": part["met"] and visit["files"] <= goals.FILES_OF_A_FIRST_VISIT})
    return goals.result("weight", db=db, size=size, parts=parts)
