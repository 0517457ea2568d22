"""What a draw gave, as whoever opens the reviews needs it; and lots that fall from a known seed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from workflow.draw.transcript import make_transcript
from workflow.draw.world import Side

Kind = Literal["primary", "additional"]


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A reviewing State and what it reviews; ``side`` is None when the State under review has no regional group."""

    code: str
    side: Side | None
    kind: Kind
    instruments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """A State under review, its start group from 1 on, and its reviewers, primary before additional."""

    reviewed: str
    start_group: int
    reviewers: tuple[Reviewer, ...]


def assignments(transcript: Mapping[str, Any]) -> list[Assignment]:
    """The result of a draw, by the code of the State under review."""
    return [
        Assignment(
            reviewed=one["reviewed"],
            start_group=one["start_group"],
            reviewers=tuple(
                Reviewer(seat["code"], seat["side"], seat["kind"], tuple(seat["instruments"]))
                for seat in one["reviewers"]
            ),
        )
        for one in transcript["result"]
    ]


def drawn_from_seed(*, data: Mapping[str, Any], seed: str, drawn_at: str) -> dict[str, Any]:
    """The transcript of lots that fall from a seed anybody knows: no drawing in public, and repeatable all the same.

    :raises CannotDrawError: when no lots can be drawn.
    :raises FormError: when the input has not the form.
    """
    beacon = [{"source": "seed", "round": "1", "value": seed}]
    return make_transcript(data=data, contributions=[], beacon=beacon, drawn_at=drawn_at)
