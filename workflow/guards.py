"""Guards: small pure questions about who, when and integrity. None asks whether a text is complete.

A State hands over what it considers ready; what is missing is shown to its focal point and never refuses a
submission. A guard's name carries its version (``all_submitted@1``): a published definition keeps the
behaviour it was published with, and changed behaviour gets a new number.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class SeatFacts:
    """One seat for a guard. ``cleared`` includes what was submitted; ``agreed_to_go_on`` names stages."""

    id: int
    capacity: str
    state: str | None = None
    has_focal_point: bool = False
    cleared: frozenset[str] = frozenset()
    submitted: frozenset[str] = frozenset()
    agreed_to_go_on: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Facts:
    """A review for a guard. ``acting`` is the seat that acts, if any; ``shared`` names products."""

    stage: str
    suspended: bool = False
    withdrawn: bool = False
    reason: str = ""
    languages: tuple[str, ...] = ()
    shared: frozenset[str] = frozenset()
    acting: SeatFacts | None = None
    seats: tuple[SeatFacts, ...] = ()

    def seats_of(self, *capacities: str) -> tuple[SeatFacts, ...]:
        return tuple(seat for seat in self.seats if seat.capacity in capacities)

    @property
    def agreed_to_go_on(self) -> bool:
        """Whether it was agreed to go on from this stage without the seats that are not ready."""
        return any(self.stage in seat.agreed_to_go_on for seat in self.seats)


@dataclass(frozen=True, slots=True)
class Verdict:
    """``reason`` says in the users' words what is awaited; ``waiting_for`` holds the ids of those seats."""

    ok: bool
    reason: str | Promise = ""
    waiting_for: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class GuardCall:
    """A guard as a definition calls it: the versioned name and the parameters."""

    name: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Guard:
    """A registered guard; ``required`` and ``optional`` name its parameters, and a name says the kind.

    ``of`` is a product; ``capacity`` and ``capacities`` are those; ``at_least`` and ``at_most`` numbers.
    """

    name: str
    judge: Callable[..., Verdict]
    required: tuple[str, ...]
    optional: tuple[str, ...]


HOLDS: Final = Verdict(ok=True)
GUARDS: dict[str, Guard] = {}


def guard(name: str, *, version: int) -> Callable[[Callable[..., Verdict]], Callable[..., Verdict]]:
    """Register a guard as ``name@version``; its keyword parameters are what a definition may give.

    :raises ValueError: when the name is registered already.
    """

    def register(judge: Callable[..., Verdict]) -> Callable[..., Verdict]:
        versioned = f"{name}@{version}"
        if versioned in GUARDS:
            raise ValueError(f"there is already a guard {versioned}")
        params = [one for one in inspect.signature(judge).parameters.values() if one.kind is one.KEYWORD_ONLY]
        GUARDS[versioned] = Guard(
            name=versioned,
            judge=judge,
            required=tuple(one.name for one in params if one.default is one.empty),
            optional=tuple(one.name for one in params if one.default is not one.empty),
        )
        return judge

    return register


def evaluate(call: GuardCall, facts: Facts) -> Verdict:
    """Judge one guard of a transition; a definition that names an unknown one was refused when read."""
    return GUARDS[call.name].judge(facts, **call.params)


def _verdict(*, ok: bool, reason: Promise, waiting_for: Iterable[SeatFacts] = ()) -> Verdict:
    return HOLDS if ok else Verdict(ok=False, reason=reason, waiting_for=tuple(seat.id for seat in waiting_for))


@guard("cleared_by_focal_point", version=1)
def cleared_by_focal_point(facts: Facts, *, of: str) -> Verdict:
    """The acting seat's focal point cleared exactly these words (rule 23)."""
    return _verdict(
        ok=facts.acting is not None and of in facts.acting.cleared,
        reason=_("Your State's focal point has not cleared this text as it stands now."),
        waiting_for=(facts.acting,) if facts.acting else (),
    )


@guard("not_submitted", version=1)
def not_submitted(facts: Facts, *, of: str) -> Verdict:
    """The acting seat has not handed this over yet."""
    return _verdict(
        ok=facts.acting is not None and of not in facts.acting.submitted,
        reason=_("Your State has handed this over already."),
    )


@guard("has_submitted", version=1)
def has_submitted(facts: Facts, *, of: str) -> Verdict:
    """The acting seat has handed this over, so that there is something to take back."""
    return _verdict(
        ok=facts.acting is not None and of in facts.acting.submitted,
        reason=_("Your State has not handed this over; there is nothing to take back."),
    )


@guard("all_submitted", version=1)
def all_submitted(facts: Facts, *, of: str, capacity: str) -> Verdict:
    """Every seat of a capacity has handed this over; with no such seat nothing was handed over."""
    seats = facts.seats_of(capacity)
    waiting = [seat for seat in seats if of not in seat.submitted]
    return _verdict(
        ok=bool(seats) and not waiting,
        reason=_("The review is waiting for every State concerned to hand this over."),
        waiting_for=waiting,
    )


@guard("submitted_or_agreed", version=1)
def submitted_or_agreed(facts: Facts, *, of: str, capacity: str) -> Verdict:
    """Every seat of a capacity has handed this over; or one has, and it was agreed to go on with that."""
    seats = facts.seats_of(capacity)
    waiting = [seat for seat in seats if of not in seat.submitted]
    some = len(waiting) < len(seats)
    return _verdict(
        ok=some and (not waiting or facts.agreed_to_go_on),
        reason=_(
            "The review is waiting for the other States to hand this over. When at least one has done so, "
            "the State party under review may agree to go on."
        ),
        waiting_for=waiting,
    )


@guard("all_agreed", version=1)
def all_agreed(facts: Facts, *, of: str, capacities: tuple[str, ...]) -> Verdict:
    """Every seat that shares a product has agreed to it.

    A seat without a focal point still counts, unless it was agreed to go on from this stage; a State that can
    speak is never taken to agree. ``capacities`` are the product's, filled in when the definition is read.
    """
    seats = facts.seats_of(*capacities)
    waiting = [
        seat for seat in seats if of not in seat.submitted and (seat.has_focal_point or not facts.agreed_to_go_on)
    ]
    agreed = {seat.capacity for seat in seats if of in seat.submitted}
    return _verdict(
        ok=not waiting and agreed == set(capacities),
        reason=_("The review is waiting for every State that takes part to agree to the text."),
        waiting_for=waiting,
    )


@guard("has_focal_point", version=1)
def has_focal_point(facts: Facts, *, capacity: str, at_least: int = 1) -> Verdict:
    """Enough seats of a capacity have a focal point, who alone can speak for the State (rule 19)."""
    seats = facts.seats_of(capacity)
    waiting = [seat for seat in seats if not seat.has_focal_point]
    return _verdict(
        ok=len(seats) - len(waiting) >= at_least,
        reason=_("The review is waiting for focal points to be named and registered."),
        waiting_for=waiting,
    )


@guard("languages_agreed", version=1)
def languages_agreed(facts: Facts, *, at_most: int = 2) -> Verdict:
    """The review has its language, or as many as the rules allow (rule 28)."""
    return _verdict(
        ok=1 <= len(set(facts.languages)) <= at_most,
        reason=_("The States have not agreed yet in which language or languages the review is held."),
    )


@guard("text_shared", version=1)
def text_shared(facts: Facts, *, of: str) -> Verdict:
    """The text has been opened to every seat, so that all agree to the same words."""
    return _verdict(
        ok=of in facts.shared,
        reason=_("The reviewing States have not shared this text with everybody in the review yet."),
    )


@guard("not_shared", version=1)
def not_shared(facts: Facts, *, of: str) -> Verdict:
    """The text is not open to every seat yet: what is shared stays shared, and later words with it."""
    return _verdict(
        ok=of not in facts.shared,
        reason=_("Everybody in the review reads this text already."),
    )


@guard("reason_given", version=1)
def reason_given(facts: Facts) -> Verdict:
    """A reason was written; it is recorded with the step."""
    return _verdict(ok=bool(facts.reason.strip()), reason=_("Give a reason: it is recorded with this step."))


@guard("suspended", version=1)
def suspended(facts: Facts) -> Verdict:
    return _verdict(ok=facts.suspended, reason=_("The review is not suspended."))


@guard("not_suspended", version=1)
def not_suspended(facts: Facts) -> Verdict:
    return _verdict(ok=not facts.suspended, reason=_("The review is suspended; it can be resumed at any time."))


@guard("not_withdrawn", version=1)
def not_withdrawn(facts: Facts) -> Verdict:
    return _verdict(ok=not facts.withdrawn, reason=_("This review has been withdrawn."))
