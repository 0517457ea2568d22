"""An installation on the day a review is launched: the Secretariat's officer and the Permanent Missions, nobody else.

Run inside the installation (``manage.py shell``): everything is put there by the operations the product itself uses.
"""

from datetime import UTC, datetime, timedelta

from django.db import transaction

from cases.models import Installation, Review, StateParty, User
from cases.operations.loading import load_states
from cases.operations.opening import DrawnSeat, open_cycle, open_phase, open_review
from cases.operations.people import Named, name_person, register
from config.demonstration.build import invented_states
from tests.conftest import make_world
from workflow.models import MechanismVersion

PHASE = "journey-1"
INSTRUMENTS = ("untoc", "tip", "som", "firearms")
DRAWN = {"XAA": ("XBH", "XAC"), "XAD": ("XAG", "XAE")}
"""The reviewing States of each State under review: one of its own regional group, one of another."""

OFFICES = {
    "officer": "Secretariat, review team",
    "mission": "Permanent Mission of Velmora",
    "fp": "Director of Public Prosecutions of Velmora",
    "expert": "Legal adviser, Ministry of Justice of Velmora",
    "rmission1": "Permanent Mission of Zundrelle",
    "rfp1": "Head of Treaty Section, Zundrelle",
    "rexpert1": "Senior Prosecutor, Zundrelle",
    "rmission2": "Permanent Mission of Ombravel",
    "rfp2": "Adviser on Organized Crime, Ombravel",
    "outsider": "Head of International Law, Quillandis",
}


def launch() -> None:
    at = datetime.now(UTC) - timedelta(days=1)
    Installation.objects.create(demonstration=True)
    make_world(at)
    load_states(source=invented_states(), names=None, at=at, invented=True)
    users = {
        key: User.objects.create_user(key, f"{key}@office.example", f"{key}-pass", office=office)
        for key, office in OFFICES.items()
    }
    reviews = _reviews(at, users["officer"])
    for key, role, code, case in (
        ("mission", "mission", "XAA", "XAA"),
        ("rmission1", "mission", "XBH", "XAA"),
        ("rmission2", "mission", "XAC", "XAA"),
        ("outsider", "focal_point", "XAD", "XAD"),
    ):
        at += timedelta(minutes=1)
        _seat(reviews[case], users[key], role, code, by=users["officer"], at=at)


def _reviews(at: datetime, officer: User) -> dict[str, Review]:
    states = {state.code: state for state in StateParty.objects.all()}
    with transaction.atomic():
        cycle = open_cycle(
            key="journey",
            names={"en": "Demonstration cycle"},
            mechanism=MechanismVersion.objects.get(key="untoc"),
            invented=True,
            starts_on=at.date(),
        )
        phase = open_phase(cycle=cycle, key=PHASE, cluster="I", starts_on=at.date())
        return {
            code: open_review(
                phase=phase,
                state=states[code],
                start_group=1,
                at=at,
                officers=[officer],
                reviewers=[
                    DrawnSeat(state=states[same], side="same", kind="primary", instruments=INSTRUMENTS),
                    DrawnSeat(state=states[other], side="other", kind="primary", instruments=INSTRUMENTS),
                ],
            )
            for code, (same, other) in DRAWN.items()
        }


def _seat(review: Review, user: User, role: str, code: str, *, by: User, at: datetime) -> None:
    seat = review.seats.get(state__code=code)
    nomination = name_person(
        case=review.case,
        seat_uid=str(seat.uid),
        person=Named(role=role, name=user.name, office=user.office, email=user.email),
        reference=f"NV/{code}/1",
        dated=at.date(),
        by=by,
        at=at,
    )
    register(case=review.case, nomination_uid=str(nomination.uid), by=by, at=at + timedelta(seconds=1), user=user)
