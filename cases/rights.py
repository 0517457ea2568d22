"""The one place that decides permissions: facts about (person, review) once, then small questions about them.

``rights_for`` answers for one review; ``Review.objects.visible_to`` for sets; a test proves that both agree.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from cases.enums import Capacity, Role
from cases.models import Participation, Review, ReviewGrant, User
from workflow.definition import Mechanism, Transition


@dataclass(frozen=True, slots=True)
class Standing:
    """One role a person holds in one seat of a review."""

    participation_id: int
    seat_id: int
    state_id: int | None
    state_code: str | None
    capacity: str
    role: str
    reads_drafts: bool = True

    @property
    def title(self) -> str:
        """``role.capacity``, as definitions name it."""
        return f"{self.role}.{self.capacity}"


@dataclass(frozen=True)
class Rights:
    """Everything one person may do in one review, at the stage it is in; default deny."""

    user_id: int
    review_id: int
    mechanism: Mechanism
    stage: str
    suspended: bool
    withdrawn: bool
    standings: tuple[Standing, ...]
    granted: bool = False
    helped_seats: frozenset[int] = frozenset()

    @property
    def sees(self) -> bool:
        return bool(self.standings) or self.granted

    @cached_property
    def titles(self) -> frozenset[str]:
        return frozenset(standing.title for standing in self.standings)

    @cached_property
    def acting(self) -> Standing | None:
        """In which standing the person acts: the one that can do most."""
        weight = {Role.FOCAL_POINT: 0, Role.EXPERT: 1, Role.OFFICER: 2, Role.MISSION: 3, Role.OBSERVER: 4}
        return min(self.standings, key=lambda standing: weight[Role(standing.role)], default=None)

    def standing_for(self, titles: Iterable[str]) -> Standing | None:
        """The standing that meets one of ``titles`` (``role.capacity``), or none."""
        wanted = frozenset(titles)
        return next((standing for standing in self.standings if standing.title in wanted), None)

    def transition_standing(self, edge: Transition) -> Standing | None:
        """The standing in which the person may press this transition, its guards aside."""
        return self.standing_for(edge.roles)

    def edit_standing(self, kind: str) -> Standing | None:
        """The standing in which the person drafts texts of ``kind`` in this stage, or none."""
        if self.suspended or self.withdrawn:
            return None
        return self.standing_for(self.mechanism.stage(self.stage).edit.get(kind, ()))

    def act_standing(self, act: str) -> Standing | None:
        """The standing in which the person may do ``act`` in this stage, or none.

        People can be named, registered and released also while a review is suspended: a seat must not stay empty.
        """
        if self.withdrawn or (self.suspended and act not in {"register_people", "name_people"}):
            return None
        return self.standing_for(self.mechanism.stage(self.stage).may.get(act, ()))

    @cached_property
    def speaks(self) -> Standing | None:
        """The standing in which the person speaks for a State: its one focal point (rule 19)."""
        return next((one for one in self.standings if one.role == Role.FOCAL_POINT), None)

    @cached_property
    def own_seats(self) -> frozenset[int]:
        """Seats whose drafts the person reads: the seat's own room, plus any opened to the Secretariat for help."""
        readers = frozenset(self.mechanism.room("seat").readers)
        own = {one.seat_id for one in self.standings if one.role in readers and one.reads_drafts}
        if Capacity.SECRETARIAT in {standing.capacity for standing in self.standings}:
            own |= self.helped_seats
        return frozenset(own)

    @cached_property
    def rooms(self) -> frozenset[str]:
        """Rooms common to several seats that the person reads."""
        common = {
            room.key for room in self.mechanism.rooms if room.key != "seat" and self.titles & frozenset(room.readers)
        }
        if self.granted:
            common.add("review")
        return frozenset(common)

    @property
    def takes_trail(self) -> bool:
        """Whether the person takes the review's trail away as a file: it holds no content (formats.md §3)."""
        return any(one.role in {Role.FOCAL_POINT, Role.MISSION, Role.OFFICER} for one in self.standings)

    def reads(self, room: str, seat_id: int | None) -> bool:
        """Whether the person reads a thing of ``seat_id`` that lies in ``room``."""
        return (room == "seat" and seat_id in self.own_seats) or room in self.rooms


def standings_of(participations: Iterable[Participation]) -> tuple[Standing, ...]:
    """Standings from participations loaded with ``seat`` and ``seat__state``."""
    return tuple(
        Standing(
            participation_id=row.pk,
            seat_id=row.seat_id,
            state_id=row.seat.state_id,
            state_code=row.seat.state.code if row.seat.state else None,
            capacity=row.seat.capacity,
            role=row.role,
            reads_drafts=row.role != Role.OBSERVER or row.seat.observers_read_drafts,
        )
        for row in participations
    )


def reads_as(person: Participation, mechanism: Mechanism, room: str, seat_id: int | None) -> bool:
    """Whether the holder of one participation reads a thing of ``seat_id`` that lies in ``room``."""
    (standing,) = standings_of([person])
    if room != "seat":
        return standing.title in mechanism.room(room).readers
    return standing.seat_id == seat_id and standing.reads_drafts and standing.role in mechanism.room("seat").readers


def rights_from(*, user: User, review: Review, participations: Iterable[Participation]) -> Rights:
    """Rights from participations already loaded (all active ones of the review will do)."""
    standings = standings_of(row for row in participations if row.user_id == user.pk)
    granted = not standings and ReviewGrant.objects.filter(user=user, content_object=review, ended_at=None).exists()
    return Rights(
        user_id=user.pk,
        review_id=review.pk,
        mechanism=review.definition,
        stage=review.stage,
        suspended=review.suspended,
        withdrawn=review.withdrawn,
        standings=standings,
        granted=granted,
        helped_seats=_helped_seats(review, standings),
    )


def _helped_seats(review: Review, standings: tuple[Standing, ...]) -> frozenset[int]:
    """Seats that opened their drafts to the Secretariat; asked only for an officer of a review that has any."""
    if not review.helped_seats or not any(one.capacity == Capacity.SECRETARIAT for one in standings):
        return frozenset()
    return frozenset(int(seat_id) for seat_id in review.helped_seats)


def rights_for(user: User, review: Review) -> Rights:
    """The rights of ``user`` on ``review``: one query (two for somebody outside every seat)."""
    rows = Participation.objects.filter(user=user, review=review, ended_at=None).select_related("seat__state")
    return rights_from(user=user, review=review, participations=rows)


def opens_reviews(user: User) -> bool:
    """Whether a person is an officer of this installation's Secretariat, who opens reviews (rule 61)."""
    return user.is_authenticated and user.is_active and user.is_staff
