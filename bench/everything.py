"""``all``: every benchmark, a miss tried again, and at the end each goal with its figure and its limit."""

import json
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.goals import GOALS, strain

PLAN = (
    ("weight", "sqlite", "S"),
    ("startup", "sqlite", "S"),
    ("pages", "sqlite", "S"),
    ("saves", "sqlite", "S"),
    ("transition", "sqlite", "S"),
    ("transition", "pg", "S"),
    ("permlist", "sqlite", "S"),
    ("permlist", "pg", "S"),
    ("plans", "sqlite", "S"),
    ("plans", "sqlite", "L"),
    ("plans", "pg", "L"),
    ("audit_verify", "sqlite", "L"),
    ("growth", "sqlite", "S"),
)
TRIES = 3
MACHINE_INDEPENDENT = {"weight", "plans"}
NOT_THERE = {"E3": "the product verifies the whole trail; it has no verification since a checkpoint yet"}

Bench = Callable[..., dict[str, Any]]


def everything(benches: Mapping[str, Bench], *, rounds: int, out: Path | None) -> int:
    """Run all; a bench that misses runs again, and has missed when two of three runs missed."""
    from bench.__main__ import MET, MISSED, run

    lines: list[dict[str, Any]] = []
    for name, db, size in PLAN:
        tries = []
        while True:
            line, status = run(benches[name], db=db, size=size, rounds=rounds)
            tries.append(line)
            print(json.dumps({**line, "parts": None, "try": len(tries)}), flush=True)
            if status != MISSED or name in MACHINE_INDEPENDENT or _decided(tries):
                break
        lines += tries
    summary = summarize(lines)
    if out:
        made = {"at": datetime.now(UTC).isoformat(), "summary": summary, "lines": lines}
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for row in summary:
        sys.stdout.write(_sentence(row) + "\n")
    return MET if all(row["met"] is not False for row in summary) else MISSED


def _decided(tries: list[dict[str, Any]]) -> bool:
    missed = sum(one["met"] is False for one in tries)
    return missed >= 2 or len(tries) >= TRIES


def summarize(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each goal once: met in most of its runs, by the worst subject of the run in the middle."""
    rows = []
    for goal, aim in GOALS.items():
        runs = [[p for p in line["parts"] if p["goal"] == goal] for line in lines if line.get("parts")]
        worst = [max(parts, key=lambda one: (not one["met"], strain(one))) for parts in runs if parts]
        if not worst:
            why = NOT_THERE.get(goal) or "; ".join(str(line["skipped"]) for line in lines if "skipped" in line)
            rows.append({"goal": goal, "what": aim.what, "met": None, "figure": None, "limit": aim.limit, "why": why})
            continue
        subjects = {one["subject"] for one in worst}
        per_subject = [_of_runs([one for one in worst if one["subject"] == subject]) for subject in subjects]
        decides = max(per_subject, key=lambda one: (not one["met"], strain(one)))
        rows.append(
            {
                "goal": goal,
                "what": aim.what,
                "met": decides["met"],
                "figure": decides[aim.of],
                "limit": aim.limit,
                "subject": decides["subject"],
                **{
                    name: decides[name]
                    for name in ("queries", "queries_limit", "bytes", "bytes_limit", "files", "files_limit")
                    if name in decides
                },
            }
        )
    return rows


def _of_runs(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The part that speaks for several runs: the middle one."""
    return sorted(parts, key=lambda one: (not one["met"], strain(one)))[(len(parts) - 1) // 2]


def _sentence(row: dict[str, Any]) -> str:
    said = {True: "met", False: "missed", None: "not run"}[row["met"]]
    more = ", ".join(
        f"{row[name]} {name} of {row[name + '_limit']}"
        for name in ("queries", "bytes", "files")
        if name + "_limit" in row
    )
    figure = "" if row["figure"] is None else f"{row['figure']} of {row['limit']}"
    rest = "; ".join(part for part in (figure, more, row.get("subject", ""), row.get("why", "")) if part)
    return f"{row['goal']:>3} {said:<7} {row['what']}: {rest}"
