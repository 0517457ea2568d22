"""``transition``, ``permlist`` and ``audit_verify``: the record itself, without pages."""

import time
from typing import Any

from bench import goals
from bench.databases import copied, seeded
from bench.timing import Sample, compare, interleave
from bench.worker import working_on

SECONDS_OF_VERIFYING = 90
LISTS = (1_000, 10_000)


def transition(*, db: str, size: str, rounds: int) -> dict[str, Any]:
    """C1 on SQLite, C2 on PostgreSQL: a step with guards, history, entry, tasks and notices, and the spike."""
    with copied(db, size, "ready") as database, working_on(database) as worker:
        taken = interleave(
            {"full": worker.calling("full_transition"), "spike": worker.calling("spike_transition")}, rounds=rounds
        )
    compared = compare(taken["full"], taken["spike"], waits=db == "pg").figures()
    goal = "C1" if db == "sqlite" else "C2"
    part = goals.part(goal, "open_consultations", **compared, floor="spike")
    return goals.result("transition", db=db, size=size, parts=[part], floor="spike")


def permlist(*, db: str, size: str, rounds: int) -> dict[str, Any]:
    """E1 at 1,000 and at 10,000 reviews."""
    parts = []
    for number in LISTS:
        with copied(db, size) as database, working_on(database) as worker:
            username = worker.ask("call", function="prepare_list", number=number)
            samplers = {
                way: worker.calling("read_list", username=username, way=way) for way in ("visible_to", "plain_join")
            }
            taken = interleave(samplers, rounds=rounds)
            queries = worker.ask("call", function="list_queries", username=username)
        figures = compare(taken["visible_to"], taken["plain_join"], waits=db == "pg").figures()
        parts.append(goals.part("E1", f"{number:,} reviews", **figures, floor="plain join", queries=queries))
    return goals.result("permlist", db=db, size=size, parts=parts, floor="plain join")


def audit_verify(*, db: str, size: str, rounds: int) -> dict[str, Any]:
    """E2: the whole trail as ``verify_audit`` checks it, against reading its bytes; as often as time allows."""
    verified: list[Sample] = []
    read: list[Sample] = []
    with working_on(seeded(db, size)) as worker:
        began = time.monotonic()
        worker.ask("call", function="read_all")
        while len(verified) < rounds and (not verified or time.monotonic() - began < SECONDS_OF_VERIFYING):
            read.append(worker.calling("read_all")())
            verified.append(worker.calling("verify_all")())
        number = worker.ask("call", function="events")
    figures = compare(verified, read, waits=db == "pg").figures()
    parts = [goals.part("E2", f"{number:,} entries", **figures, floor="reading the stored bytes")]
    return goals.result("audit_verify", db=db, size=size, parts=parts, floor="reading the stored bytes")
