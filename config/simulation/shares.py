"""How many reviews, people, answers and entries fall to whom; nothing here knows the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FIRST_CIRCLE = ("XCG", "XAD", "XAG", "XAJ", "XAE", "XAI", "XAM", "XAQ")
"""Eight parties of two regional groups that can review each other: the reviews that every size has in common."""

CIRCLE_STAGES = (
    "self_assessment",
    "list_of_observations",
    "desk_review",
    "concluded",
    "preliminary_consultations",
    "nomination",
    "summary",
    "self_assessment",
)
"""The stages of eight reviews that follow each other; the first of them has everything answered and submits next."""

ANSWERED = {"nomination": 0.15, "preliminary_consultations": 0.4, "self_assessment": 0.6}
"""What part of the questions is answered by the end of a stage's middle; later everything is."""

BUSY = {"nomination": 0, "preliminary_consultations": 1, "self_assessment": 1, "desk_review": 1}
"""How much of the entries beyond the steps themselves falls to a review, by its stage; ``LATER`` for the others."""

LATER = 6
PEOPLE_IN_A_TEAM = 3
FEWEST_OFFICERS = 2
FEWEST_USERS = len(FIRST_CIRCLE) + FEWEST_OFFICERS


@dataclass(frozen=True, slots=True)
class People:
    """How the users are divided: teams of each party (one role each, focal point first) and the officers."""

    parties: int
    roles: int
    teams: int
    officers: int

    def team_of(self, phase: int) -> int:
        """The team that serves its party in phase 0, 1, …: one each, the last takes what is left."""
        return min(phase, self.teams - 1)


def divide_people(*, reviews: int, users: int, parties: int) -> People:
    """Who there is: all parties where every one can have a focal point and an expert, else the first circle."""
    wide = reviews > len(FIRST_CIRCLE) and users >= 2 * parties + FEWEST_OFFICERS
    number = parties if wide else len(FIRST_CIRCLE)
    each = (users - FEWEST_OFFICERS) // number
    roles = min(PEOPLE_IN_A_TEAM, each)
    teams = max(1, each // PEOPLE_IN_A_TEAM)
    return People(parties=number, roles=roles, teams=teams, officers=users - number * roles * teams)


def desk_of(review: int, *, reviews: int, officers: int) -> int:
    """The officer who sits in a review beside the head of the desk (officer 0): one for the first circle alone."""
    if review < len(FIRST_CIRCLE) or officers < 3:
        return 1
    return 2 + (review - len(FIRST_CIRCLE)) * (officers - 2) // (reviews - len(FIRST_CIRCLE))


def portions(total: int, lengths: Sequence[int]) -> list[int]:
    """``total`` in proportion to ``lengths``, in whole numbers that add up to it."""
    whole, done, shares = sum(lengths), 0, []
    given = 0
    for length in lengths:
        done += length
        share = total * done // whole - given
        given += share
        shares.append(share)
    return shares


def deal_answers(quota: int, stages: Sequence[str], asked: Sequence[int]) -> list[int]:
    """How many questions each review of a circle has answered, ``quota`` together: as its stage lets expect.

    What is left over is taken from, or given to, those that have answered least.

    :raises ValueError: when there are fewer questions than ``quota``.
    """
    if quota > sum(asked):
        raise ValueError("there are not that many questions")
    full = {0}
    usual = [
        number if place in full else int(number * ANSWERED.get(stage, 1))
        for place, (stage, number) in enumerate(zip(stages, asked, strict=True))
    ]
    if quota < 0.8 * sum(usual):
        return portions(quota, usual)
    counts, rest = list(usual), quota - sum(usual)
    for place in sorted(range(len(counts)), key=lambda place: (ANSWERED.get(stages[place], 1), -place)):
        change = max(-counts[place], min(rest, asked[place] - counts[place]))
        counts[place] += change
        rest -= change
    return counts


def deal_entries(quota: int, stages: Sequence[str], natural: Sequence[int]) -> list[int]:
    """How many further entries each review of a circle gets, so that all of them have ``quota`` where possible."""
    weights = [BUSY.get(stage, LATER) for stage in stages]
    rest = quota - sum(natural)
    if rest <= 0 or not sum(weights):
        return [0] * len(stages)
    return portions(rest, weights)


def by_instrument(asked: Mapping[str, int], instruments: Sequence[str]) -> int:
    """The number of questions for a party to ``instruments``, the general part included."""
    return asked[""] + sum(asked.get(one, 0) for one in instruments)
