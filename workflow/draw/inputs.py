"""Inputs of a draw as they are made: the States, and the rules where the Conference has not said otherwise."""

from collections.abc import Iterable
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


def make_input(*, phase: str, states: Iterable[StateInDraw], as_of: date, rehearsal: bool) -> dict[str, Any]:
    """The input in which every State party is under review and reviews; a State that is party to nothing is left out.

    The numbers are those of rules 10, 12 and 15: nobody reviews each other, at most four reviewing States, one to
    three reviews each, evenly shared.
    """
    return {
        "phase": phase,
        "rules": {
            "as_of": as_of.isoformat(),
            "balance": "even",
            "max_reviewers_per_review": 4,
            "max_reviews": 3,
            "min_reviews": 1,
            "mutual": False,
            "redraw": None,
            "rehearsal": rehearsal,
            "start_groups": 3,
        },
        "participants": [
            {
                "code": state.code,
                "group": state.group,
                "instruments": sorted(state.instruments),
                "under_review": True,
                "reviews": True,
                "load": state.load,
            }
            for state in sorted(states, key=lambda one: one.code)
            if state.instruments
        ],
        "exclusions": [],
    }
