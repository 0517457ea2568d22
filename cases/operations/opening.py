"""Beginning a cycle, a phase and its reviews: the seats that the lots gave, the first tasks, the first entry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from cases.enums import Capacity
from cases.locks import Locked, lock_review
from cases.models import Cycle, Disclosure, Phase, Question, Ratification, Review, Seat, StateParty, User
from cases.operations.record import record
from cases.operations.tasks import open_stage_tasks
from cases.operations.transition import set_writable
from workflow import ledger
from workflow.models import MechanismVersion


@dataclass(frozen=True, slots=True)
class DrawnSeat:
    """One reviewing State as the lots gave it."""

    state: StateParty
    side: str
    kind: str
    instruments: Sequence[str]


def open_cycle(
    *, key: str, names: Mapping[str, str], mechanism: MechanismVersion, invented: bool, starts_on: date
) -> Cycle:
    """Begin a cycle of a published mechanism, if it has not begun; call inside a transaction."""
    cycle, _ = Cycle.objects.get_or_create(
        key=key,
        defaults={"names": dict(names), "mechanism": mechanism, "invented": invented, "starts_on": starts_on},
    )
    return cycle


def open_phase(*, cycle: Cycle, key: str, cluster: str, starts_on: date) -> Phase:
    """Begin the phase that reviews one thematic cluster; call inside a transaction."""
    phase, _ = Phase.objects.get_or_create(
        key=key, defaults={"cycle": cycle, "cluster": cluster, "starts_on": starts_on}
    )
    return phase


def open_review(
    *,
    phase: Phase,
    state: StateParty,
    reviewers: Sequence[DrawnSeat],
    start_group: int,
    at: datetime,
    by: User | None = None,
    launched_on: date | None = None,
) -> Review:
    """Open one review with its seats and first tasks; call inside a transaction.

    The first entry carries the digest of the mechanism the review stays on (architecture.md §8).
    """
    mechanism = phase.cycle.mechanism
    definition = mechanism.definition
    instruments = sorted(Ratification.objects.filter(state=state).values_list("instrument", flat=True))
    review = Review(
        phase=phase, state=state, mechanism=mechanism, case=f"{phase.key}/{state.code}", stage=definition.initial,
        stage_since=at, launched_on=launched_on or at.date(), start_group=start_group,
        question_count=Question.objects.filter(
            cluster=phase.cluster, version=1, instrument__in=["", *instruments]
        ).count(),
    )
    review._history_date = at  # noqa: SLF001  django-simple-history's documented hook
    review.save()
    seats = [
        Seat(review=review, state=state, capacity=Capacity.REVIEWED, instruments=instruments),
        *(
            Seat(
                review=review, state=seat.state, capacity=Capacity.REVIEWING, side=seat.side or "", kind=seat.kind,
                instruments=sorted(seat.instruments),
            )
            for seat in reviewers
        ),
        Seat(review=review, capacity=Capacity.SECRETARIAT, instruments=instruments),
    ]
    Seat.objects.bulk_create(seats)
    locked = lock_review(review_id=review.pk)
    _first_entry(locked=locked, mechanism=mechanism, by=by, at=at)
    open_stage_tasks(locked=locked, at=at)
    set_writable(locked)
    return locked.review


def _first_entry(*, locked: Locked, mechanism: MechanismVersion, by: User | None, at: datetime) -> None:
    review = locked.review
    content = {
        "mechanism": mechanism.digest,
        "seats": [
            {"state": seat.state.code if seat.state else None, "capacity": seat.capacity, "instruments": seat.instruments}
            for seat in locked.seats
        ],
    }
    salt = ledger.new_salt()
    event = record(
        head=review, verb="review.open", by=by, standing=None, at=at, object_type="review", object_uid=str(review.uid),
        digest=ledger.content_digest(content, salt), to_stage=review.stage, people=locked.people,
    )
    Disclosure.objects.create(event=event, content=content, salt=salt)
    review.skip_history_when_saving = True
    review.save()
    del review.skip_history_when_saving
