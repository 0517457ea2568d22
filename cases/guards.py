"""From the record to the facts that the mechanism's guards judge."""

from collections import defaultdict

from cases.enums import Role
from cases.locks import Locked
from cases.rights import Standing
from workflow.definition import Transition
from workflow.guards import Facts, SeatFacts, Verdict, evaluate


def facts_of(locked: Locked, standing: Standing | None, *, reason: str = "") -> Facts:
    """Everything the guards may ask about a locked review; no query."""
    with_focal_point = {person.seat_id for person in locked.people if person.role == Role.FOCAL_POINT}
    cleared: dict[int, set[str]] = defaultdict(set)
    submitted: dict[int, set[str]] = defaultdict(set)
    for submission in locked.submissions:
        (submitted if submission.submitted_at else cleared)[submission.seat_id].add(submission.product)
    seats = tuple(
        SeatFacts(
            id=seat.pk,
            capacity=seat.capacity,
            state=seat.state.code if seat.state else None,
            has_focal_point=seat.pk in with_focal_point,
            cleared=frozenset(cleared[seat.pk] | submitted[seat.pk]),
            submitted=frozenset(submitted[seat.pk]),
            agreed_to_go_on=frozenset(seat.agreed_to_go_on),
        )
        for seat in locked.seats
    )
    review = locked.review
    return Facts(
        stage=review.stage,
        suspended=review.suspended,
        withdrawn=review.withdrawn,
        reason=reason,
        languages=tuple(review.languages),
        shared=frozenset(review.shared),
        acting=next((seat for seat in seats if standing and seat.id == standing.seat_id), None),
        seats=seats,
    )


def unmet(edge: Transition, facts: Facts) -> list[Verdict]:
    """Every guard of a transition that does not hold, with its reason."""
    return [verdict for verdict in (evaluate(call, facts) for call in edge.guards) if not verdict.ok]
