"""The core of a simulated review: who is there, the clock, the hash chain, the notices, and what seats owe."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from cases.enums import Capacity, Role
from cases.locks import Locked
from cases.models import Disclosure, Event, NoteVerbale, Participation, Review, Seat, Task, User
from cases.operations.record import actor_of
from cases.operations.tasks import owed
from cases.rights import Standing, reads_as, standings_of
from cases.verbs import EVERYBODY, OWN_SEAT, verb_of
from config.simulation.shelf import Chance, HistoricalReview, Shelf
from notifications.models import Notification
from workflow import ledger
from workflow.definition import Mechanism

NOTICES_OF_A_REVIEW = 25
"""Entries of a review, the newest, that people still have notices of: older ones are left out."""

UNREAD_FOR = timedelta(days=20)


class NotPossibleError(RuntimeError):
    """The simulation asked for a step that the mechanism refuses: a fault of the simulation."""


class Trail:
    """The chain of one review, its people, its open tasks and the present moment ``at``, which only moves forward."""

    def __init__(self, *, shelf: Shelf, chance: Chance, review: Review, seats: Sequence[Seat]) -> None:
        self.shelf = shelf
        self.chance = chance
        self.review = review
        self.definition: Mechanism = review.definition
        self.locked = Locked(review=review, seats=list(seats), people=[], submissions=[])
        self.at = review.stage_since
        self.tasks: list[Task] = []
        self._heard: deque[tuple[Event, tuple[Participation, ...]]] = deque(maxlen=NOTICES_OF_A_REVIEW)
        self.everybody: tuple[Participation, ...] = ()
        self.standings: dict[int, Standing] = {}
        self._actors: dict[int, ledger.Actor] = {}

    # Who is there

    @property
    def reviewed(self) -> Seat:
        return next(seat for seat in self.locked.seats if seat.capacity == Capacity.REVIEWED)

    @property
    def reviewing(self) -> list[Seat]:
        return [seat for seat in self.locked.seats if seat.capacity == Capacity.REVIEWING]

    @property
    def secretariat(self) -> Seat:
        return next(seat for seat in self.locked.seats if seat.capacity == Capacity.SECRETARIAT)

    def holder(self, seat: Seat, *roles: str) -> Participation | None:
        """Who holds the first of ``roles`` that anybody holds in a seat."""
        held = {person.role: person for person in self.everybody if person.seat_id == seat.pk}
        return next((held[role] for role in roles if role in held), None)

    def focal_point(self, seat: Seat) -> Participation:
        return self._must(seat, Role.FOCAL_POINT)

    def drafter(self, seat: Seat) -> Participation:
        return self._must(seat, Role.EXPERT, Role.FOCAL_POINT)

    def officer(self) -> Participation:
        return self._must(self.secretariat, Role.OFFICER)

    def _must(self, seat: Seat, *roles: str) -> Participation:
        person = self.holder(seat, *roles)
        if person is None:
            raise NotPossibleError(f"{self.review.case}: nobody is {' or '.join(roles)} in {seat.capacity}")
        return person

    def sit(self, *, user: User, seat: Seat, role: str, note: NoteVerbale | None = None) -> Participation:
        """Seat a person, from now."""
        person = self.shelf.add(
            Participation,
            uid=self.chance.uid(),
            user=user,
            seat=seat,
            review=self.review,
            role=role,
            started_at=self.at,
            note_verbale=note,
        )
        self.locked.people.append(person)
        self.everybody = (*self.everybody, person)
        (self.standings[person.pk],) = standings_of([person])
        self._actors[person.pk] = actor_of(user, self.standings[person.pk])
        return person

    # The clock

    def go_to(self, at: datetime) -> None:
        """Move on to ``at``; dates that pass on the way are recorded when they are over everywhere."""
        if self.review.suspended_since is None and self.review.withdrawn_on is None:
            passing = sorted(
                ((_over(task.due_on), task.pk, task) for task in self.tasks if task.due_on and not task.passed_at),
                key=lambda one: one[:2],
            )
            for moment, _key, task in passing:
                if moment > at:
                    break
                self.at = max(self.at, moment)
                task.passed_at = self.at
                self.record("deadline.pass", None, object_type="task", object_uid=task.uid, seat_id=task.seat_id)
        self.at = max(self.at, at)

    # The trail

    def record(
        self,
        verb: str,
        person: Participation | None,
        *,
        object_type: str,
        object_uid: Any,
        digest: str | None = None,
        content: Mapping[str, Any] | None = None,
        room: str = "review",
        seat_id: int | None = None,
        stages: tuple[str | None, str | None] = (None, None),
    ) -> Event:
        """``cases.operations.record.record``, on the shelf."""
        review = self.review
        salt = self.chance.salt() if content is not None else ""
        if content is not None:
            digest = ledger.content_digest(content, salt)
        from_stage, to_stage = stages
        seq = review.head_seq + 1
        line = ledger.entry_line(
            case=review.case,
            seq=seq,
            at=self.at,
            actor=self._actors[person.pk] if person else ledger.SYSTEM,
            action=verb,
            obj={"type": object_type, "id": str(object_uid)},
            from_stage=from_stage,
            to_stage=to_stage,
            digest=digest,
            prev=review.head_hash,
        )
        event = self.shelf.add(
            Event,
            case=review.case,
            seq=seq,
            review_id=review.pk,
            seat_id=seat_id if seat_id is not None else (person.seat_id if person else None),
            actor_id=person.user_id if person else None,
            verb=verb,
            at=self.at,
            room=room,
            object_type=object_type,
            object_uid=str(object_uid),
            from_stage=from_stage or "",
            to_stage=to_stage or "",
            hash=line.hash,
            line=line.data,
        )
        if content is not None:
            self.shelf.add(Disclosure, event_id=event.pk, content=dict(content), salt=salt)
        review.head_seq, review.head_hash, review.head_at = seq, line.hash, self.at
        self._heard.append((event, self.everybody))
        return event

    def remember(self, person: Participation | None, reason: str, kind: str = "~") -> None:
        """A row of the review's history, as it is now."""
        fields = {field.attname: getattr(self.review, field.attname) for field in HistoricalReview.tracked_fields}
        self.shelf.add(
            HistoricalReview,
            **fields,
            history_date=self.at,
            history_type=kind,
            history_user_id=person.user_id if person else None,
            history_change_reason=reason or None,
        )

    def tell(self, today: datetime) -> None:
        """Write the notices of the newest entries; call once, at the end."""
        for event, people in self._heard:
            heard_by = verb_of(event.verb).heard_by
            hearers = {
                person.user_id: None
                for person in people
                if person.user_id != event.actor_id
                and _hears(person, heard_by, event)
                and reads_as(person, self.definition, event.room, event.seat_id)
            }
            for user_id in hearers:
                read = self.chance.random.random() < (0.9 if today - event.at > UNREAD_FOR else 0.4)
                self.shelf.add(
                    Notification,
                    uid=self.chance.uid(),
                    user_id=user_id,
                    event_id=event.pk,
                    review_id=self.review.pk,
                    at=event.at,
                    read_at=min(today, event.at + timedelta(days=1)) if read else None,
                )

    # What seats owe

    def open_tasks(self, seats: Sequence[Seat], *, after: str | None) -> None:
        open_now = {(task.seat_id, task.role, task.key) for task in self.tasks}
        for task in owed(locked=self.locked, seats=seats, after=after, at=self.at):
            if (task.seat_id, task.role, task.key) not in open_now:
                task.uid = self.chance.uid()
                self.tasks.append(self.shelf.put(task))

    def close_tasks(self, fits: Callable[[Task], bool]) -> None:
        for task in self.tasks:
            if fits(task):
                task.done_at = self.at
        self.tasks = [task for task in self.tasks if task.done_at is None]

    def set_writable(self) -> None:
        edit = self.definition.stage(self.review.stage).edit
        for seat in self.locked.seats:
            handed_over = {
                kind.key
                for kind in (
                    self.definition.text(self.definition.product(one.product).kind)
                    for one in self.locked.submissions
                    if one.seat_id == seat.pk and one.submitted_at
                )
                if kind.draft_room == "seat"
            }
            seat.writable = sorted(
                kind
                for kind, titles in edit.items()
                if self.review.suspended_since is None
                and kind not in handed_over
                and any(title.endswith("." + seat.capacity) for title in titles)
            )


def _over(due: date) -> datetime:
    """When a date is over everywhere; ``workflow.deadlines.passed`` says the same of a moment."""
    return datetime.combine(due + timedelta(days=1), time(12), UTC)


def _hears(person: Participation, heard_by: str, event: Event) -> bool:
    if heard_by == EVERYBODY:
        return True
    if heard_by == OWN_SEAT:
        return person.seat_id == event.seat_id
    return person.seat.capacity == heard_by
