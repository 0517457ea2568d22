"""Beginning a cycle, a phase and its reviews: the seats that the lots gave, the first tasks, the first entry."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases.enums import Capacity, Role, SeatKind
from cases.exceptions import BadInput, NotAllowed, NotVisible
from cases.locks import Locked, lock_review
from cases.models import Cycle, Participation, Phase, Question, Ratification, Review, Seat, StateParty, User
from cases.operations.record import Request, act_once, record, record_apart
from cases.operations.tasks import open_stage_tasks
from cases.operations.transition import set_writable
from cases.rights import opens_reviews
from workflow.draw.assignment import Assignment, Reviewer, assignments, drawn_from_seed
from workflow.draw.inputs import RULES, StateInDraw, make_input
from workflow.draw.lots import CannotDrawError
from workflow.ledger import format_time
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
    cycle, _created = Cycle.objects.get_or_create(
        key=key,
        defaults={"names": dict(names), "mechanism": mechanism, "invented": invented, "starts_on": starts_on},
    )
    return cycle


def open_phase(*, cycle: Cycle, key: str, cluster: str, starts_on: date) -> Phase:
    """Begin the phase that reviews one thematic cluster; call inside a transaction."""
    phase, _created = Phase.objects.get_or_create(
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
    officers: Sequence[User] = (),
) -> Review:
    """Open one review with its seats and first tasks; call inside a transaction.

    ``officers`` sit for the Secretariat from the start. The first entry carries the digest of the mechanism the review
    stays on (architecture.md §8).
    """
    mechanism = phase.cycle.mechanism
    definition = mechanism.definition
    instruments = sorted(Ratification.objects.filter(state=state).values_list("instrument", flat=True))
    review = Review(
        phase=phase,
        state=state,
        mechanism=mechanism,
        case=f"{phase.key}/{state.code}",
        stage=definition.initial,
        stage_since=at,
        launched_on=launched_on or at.date(),
        start_group=start_group,
        question_count=Question.objects.filter(
            cluster=phase.cluster, version=1, instrument__in=["", *instruments]
        ).count(),
    )
    review._history_date = at
    review.save()
    seats = [
        Seat(review=review, state=state, capacity=Capacity.REVIEWED, instruments=instruments),
        *(
            Seat(
                review=review,
                state=seat.state,
                capacity=Capacity.REVIEWING,
                side=seat.side or "",
                kind=seat.kind,
                instruments=sorted(seat.instruments),
            )
            for seat in reviewers
        ),
        Seat(review=review, capacity=Capacity.SECRETARIAT, instruments=instruments),
    ]
    Seat.objects.bulk_create(seats)
    Participation.objects.bulk_create(
        Participation(user=officer, seat=seats[-1], review=review, role=Role.OFFICER, started_at=at)
        for officer in officers
    )
    locked = lock_review(review_id=review.pk, by=None)
    _first_entry(locked=locked, mechanism=mechanism, by=by, at=at)
    open_stage_tasks(locked=locked, at=at)
    set_writable(locked)
    return locked.review


def launch_phase(
    *,
    phase: Phase,
    states: Iterable[StateParty],
    seed: str,
    at: datetime,
    by: User | None = None,
    officers: Sequence[User] = (),
    as_of: date | None = None,
) -> list[Review]:
    """Open the reviews of all ``states`` at once, with reviewers by lots that fall from ``seed``.

    ``as_of`` is the day of the list of States, that of the launch where it is left out. Call inside a transaction.

    :raises CannotDrawError: when the rules leave a seat that nobody can take; nothing is opened.
    """
    states = list(states)
    assigned = assign_reviewers(phase=phase, states=states, seed=seed, at=at, by=by, as_of=as_of)
    return open_reviews(phase=phase, states=states, assigned=assigned, at=at, by=by, officers=officers)


def assign_reviewers(
    *,
    phase: Phase,
    states: Iterable[StateParty],
    seed: str,
    at: datetime,
    by: User | None = None,
    as_of: date | None = None,
) -> list[Assignment]:
    """Draw reviewers and start groups for all ``states`` (``docs/draw.md``); no review is opened yet.

    The transcript is recorded in the phase's own chain, so that anybody can replay it; it says that these lots were no
    drawing in public. Call inside a transaction.

    :raises CannotDrawError: when the rules leave a seat that nobody can take.
    """
    data = make_input(phase=phase.key, states=map(in_draw, states), as_of=as_of or at.date(), rehearsal=True)
    transcript = drawn_from_seed(data=data, seed=seed, drawn_at=format_time(at))
    record_apart(
        case=f"{phase.key}/_",
        verb="phase.launch",
        by=by,
        at=at,
        object_type="phase",
        object_uid=phase.key[:36],
        content={"transcripts": [transcript]},
    )
    return assignments(transcript)


def open_reviews(
    *,
    phase: Phase,
    states: Iterable[StateParty],
    assigned: Iterable[Assignment],
    at: datetime,
    by: User | None = None,
    officers: Sequence[User] = (),
) -> list[Review]:
    """Open the reviews that were assigned: those of the whole phase, or of one start group on its own date (rule 3).

    Call inside a transaction.
    """
    by_code = {state.code: state for state in states}
    return [
        open_review(
            phase=phase,
            state=by_code[one.reviewed],
            start_group=one.start_group,
            reviewers=[_drawn(reviewer, by_code) for reviewer in one.reviewers],
            at=at,
            by=by,
            officers=officers,
        )
        for one in assigned
    ]


def launch_review(
    *,
    phase_key: str,
    state_code: str,
    by: User,
    at: datetime,
    officers: Sequence[User] = (),
    request: Request | None = None,
) -> Review:
    """Open the review of one State that became party after its phase was launched.

    ``by`` sits for the Secretariat, and whoever else of its ``officers`` is named.

    :raises NotAllowed: only the Secretariat's officers open reviews.
    :raises NotVisible: there is no such phase.
    :raises BadInput: the State is not party, is under review in this phase already, or has no possible reviewers.
    """
    with transaction.atomic(durable=True):
        if not opens_reviews(by):
            raise NotAllowed(_("The Secretariat opens reviews."), rule="calendar")
        phase = (
            Phase.objects.select_for_update(of=("self",))
            .select_related("cycle__mechanism")
            .filter(key=phase_key)
            .first()
        )
        if phase is None:
            raise NotVisible
        act_once(by, request)
        state, transcript, reviewers = _join(phase, state_code, at)
        review = open_review(
            phase=phase,
            state=state,
            start_group=1 + phase.reviews.count() % RULES["start_groups"],
            reviewers=reviewers,
            at=at,
            by=by,
            officers=[by, *(officer for officer in officers if officer.pk != by.pk)],
        )
        record_apart(
            case=f"{phase.key}/_",
            verb="phase.join",
            by=by,
            at=at,
            object_type="review",
            object_uid=str(review.uid),
            content={"transcripts": [transcript]},
            request=request,
        )
        return review


def _join(phase: Phase, state_code: str, at: datetime) -> tuple[StateParty, dict[str, Any], list[DrawnSeat]]:
    """The State that joins a phase, the lots drawn for it, and the reviewers it is given."""
    parties = (
        StateParty.objects.filter(invented=phase.cycle.invented)
        .select_related("group")
        .prefetch_related("ratifications")
    )
    by_code = {one.code: one for one in parties}
    state = by_code.get(state_code)
    if state is None or not state.ratifications.all() or phase.reviews.filter(state=state).exists():
        sentence = _("Choose a State party that is not under review in this phase yet.")
        raise BadInput(sentence, fields={"state": sentence})
    seats = Seat.objects.filter(review__phase=phase, capacity=Capacity.REVIEWING).select_related(
        "state", "review__state"
    )
    pairs = [(seat.state.code, seat.review.state.code, seat.kind) for seat in seats if seat.state]
    loads = Counter(reviewer for reviewer, _reviewed, kind in pairs if kind == SeatKind.PRIMARY)
    states = [in_draw(one, load=loads[one.code]) for one in by_code.values() if one.ratifications.all()]
    mutual = {reviewed for reviewer, reviewed, _kind in pairs if reviewer == state_code}
    for balance in ("even", "bounds"):  # evenly where two more seats can be, else within what a State may carry
        data = make_input(
            phase=phase.key, states=states, as_of=at.date(), rehearsal=True, joining=state_code, never=sorted(mutual)
        )
        data["rules"]["balance"] = balance
        with suppress(CannotDrawError):
            transcript = drawn_from_seed(data=data, seed=f"{phase.key}/{state_code}", drawn_at=format_time(at))
            return state, transcript, [_drawn(one, by_code) for one in assignments(transcript)[0].reviewers]
    sentence = _("No valid reviewers can be found for this State: nobody left is party to the same instruments.")
    raise BadInput(sentence, fields={"state": sentence})


def in_draw(state: StateParty, load: int = 0) -> StateInDraw:
    """A State as a draw sees it; ``load`` is what earlier lots gave it to review."""
    return StateInDraw(
        code=state.code,
        group=state.group.slug if state.group else None,
        instruments=frozenset(one.instrument for one in state.ratifications.all()),
        load=load,
    )


def _drawn(reviewer: Reviewer, by_code: Mapping[str, StateParty]) -> DrawnSeat:
    return DrawnSeat(
        state=by_code[reviewer.code], side=reviewer.side or "", kind=reviewer.kind, instruments=reviewer.instruments
    )


def _first_entry(*, locked: Locked, mechanism: MechanismVersion, by: User | None, at: datetime) -> None:
    review = locked.review
    content = {
        "mechanism": mechanism.digest,
        "seats": [
            {
                "state": seat.state.code if seat.state else None,
                "capacity": seat.capacity,
                "instruments": seat.instruments,
            }
            for seat in locked.seats
        ],
    }
    record(
        head=review,
        verb="review.open",
        by=by,
        standing=None,
        at=at,
        object_type="review",
        object_uid=str(review.uid),
        content=content,
        to_stage=review.stage,
        people=locked.people,
    )
    review.skip_history_when_saving = True
    review.save()
    del review.skip_history_when_saving
