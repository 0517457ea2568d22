"""Inputs of a draw as they are made: the States, and the rules where the Conference has not said otherwise."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class StateInDraw:
    """A State party as a draw sees it; ``group`` is None for one without a regional group (rule 6)."""

    code: str
    group: str | None
    instruments: frozenset[str]
    load: int = 0


RULES: Mapping[str, Any] = {
    "balance": "even",
    "max_reviewers_per_review": 4,
    "max_reviews": 3,
    "min_reviews": 1,
    "mutual": False,
    "redraw": None,
    "start_groups": 3,
}
"""Nobody reviews each other; at most four reviewing States; one to three reviews each, even (rules 10, 12 and 15)."""


def make_input(
    *,
    phase: str,
    states: Iterable[StateInDraw],
    as_of: date,
    rehearsal: bool,
    joining: str = "",
    never: Iterable[str] = (),
) -> dict[str, Any]:
    """The input in which every State party is under review and reviews; a State that is party to nothing is left out.

    Where one State is ``joining`` a phase whose lots are drawn, it alone is under review; ``never`` are the codes of
    those that may not review it, in order.
    """
    rules = {**RULES, "as_of": as_of.isoformat(), "rehearsal": rehearsal}
    if joining:
        rules["min_reviews"] = 0  # its two seats cannot give everybody a review
    return {
        "phase": phase,
        "rules": rules,
        "participants": [
            {
                "code": state.code,
                "group": state.group,
                "instruments": sorted(state.instruments),
                "under_review": joining in ("", state.code),
                "reviews": True,
                "load": state.load,
            }
            for state in sorted(states, key=lambda one: one.code)
            if state.instruments
        ],
        "exclusions": [{"reviewed": joining, "reviewer": code} for code in never],
    }
