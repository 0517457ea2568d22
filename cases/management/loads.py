"""What the commands that load a file have to say, each problem with its line or key."""

from collections.abc import Mapping
from typing import Any

from cases.management import base
from cases.operations.loading import Loaded


def without_loading(sentence: str) -> Mapping[str, Any]:
    """The object of a load that did not come about."""
    return {**Loaded(errors=[{"message": sentence}]).as_json(), "error": sentence}


def outcome_of(loaded: Loaded, *, what: str, check: bool, of_the_format: bool) -> base.Outcome:
    """What a load has to say, each problem with its line or key."""
    problems = [_place(one) + one["message"] for one in loaded.errors]
    notes = ["Note: " + _place(one) + one["message"] for one in loaded.warnings]
    if problems:
        status = base.REFUSED if of_the_format else base.BAD_USAGE
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}; nothing was changed."
        return base.Outcome(loaded.as_json(), problems=[*notes, *problems, count], status=status)
    if check:
        return base.Outcome(loaded.as_json(), lines=["The file has no problem; nothing was changed."], problems=notes)
    done = f"{what}: {loaded.created} added, {loaded.updated} updated, {loaded.unchanged} as they were."
    return base.Outcome(loaded.as_json(), lines=[done], problems=notes)


def _place(problem: Mapping[str, Any]) -> str:
    parts = [f"line {problem['line']}" if "line" in problem else "", str(problem.get("key", ""))]
    place = ", ".join(part for part in parts if part)
    return f"{place}: " if place else ""
