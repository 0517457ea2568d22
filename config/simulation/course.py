"""One review as it happens: the rows that ``cases.operations`` writes, made in memory in the same order.

Whatever an operation decides is decided here by the same functions (guards, machine, dates, standings); whatever it
stores is put on the shelf. A step that the mechanism would refuse stops the simulation.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from cases.content import is_empty
from cases.enums import NominationStatus, QueryStatus, Role, Stance
from cases.guards import facts_of, unmet
from cases.models import (
    Extension,
    Interval,
    Message,
    Nomination,
    NoteVerbale,
    Participation,
    Position,
    Query,
    Question,
    Seat,
    Submission,
    Task,
    Text,
    TextVersion,
    User,
)
from cases.operations.tasks import NAMING, due_on
from cases.queries import gaps
from config.simulation.trail import NotPossibleError, Trail
from workflow import ledger
from workflow.definition import EVERY, Transition
from workflow.machine import edge as find_edge
from workflow.machine import edges, fire


class Course(Trail):
    """A review and everything that is done in it."""

    def __init__(self, *, questions: Sequence[Question], **about: Any) -> None:
        super().__init__(**about)
        self.questions = questions
        self.texts: dict[tuple[str, str], Text] = {}
        self.versions: dict[int, TextVersion] = {}
        self.positions: list[Position] = []
        self.queries: list[Query] = []
        self.nominations: list[Nomination] = []

    # The opening

    def open(self, officers: Sequence[User]) -> None:
        """The first entry, the officers and the first tasks."""
        self.remember(None, "", kind="+")
        for officer in officers:
            self.sit(user=officer, seat=self.secretariat, role=Role.OFFICER)
        seats = [
            {
                "state": seat.state.code if seat.state else None,
                "capacity": seat.capacity,
                "instruments": seat.instruments,
            }
            for seat in self.locked.seats
        ]
        self.record(
            "review.open",
            None,
            object_type="review",
            object_uid=self.review.uid,
            content={"mechanism": self.review.mechanism.digest, "seats": seats},
            stages=(None, self.review.stage),
        )
        self.open_tasks(self.locked.seats, after=None)
        self.set_writable()

    def name(self, *, user: User, seat: Seat, role: str, note: NoteVerbale) -> Nomination:
        """An officer enters a person whom a State has named in a note."""
        nomination = self.shelf.add(
            Nomination,
            uid=self.chance.uid(),
            review=self.review,
            seat=seat,
            note_verbale=note,
            role=role,
            name=user.name,
            office=user.office,
            email=user.email,
            language=user.language,
            named_by_id=self.officer().user_id,
            named_at=self.at,
        )
        self.nominations.append(nomination)
        content = {"note": note.reference, "dated": note.dated.isoformat(), "role": role}
        self.record(
            "people.name",
            self.officer(),
            object_type="nomination",
            object_uid=nomination.uid,
            content=content,
            seat_id=seat.pk,
        )
        self.close_tasks(lambda task: task.seat_id == seat.pk and NAMING.get(task.key) == role)
        self.open_tasks([self.secretariat], after="people.name")
        return nomination

    def register(self, nomination: Nomination, user: User) -> Participation:
        """The Secretariat registers whom a State has named."""
        person = self.sit(user=user, seat=nomination.seat, role=nomination.role, note=nomination.note_verbale)
        nomination.status, nomination.user = NominationStatus.REGISTERED, user
        self.review.stage_version += 1
        self.record(
            "people.register",
            self.officer(),
            object_type="participation",
            object_uid=person.uid,
            seat_id=nomination.seat_id,
        )
        self.close_tasks(lambda task: task.seat_id == nomination.seat_id and NAMING.get(task.key) == nomination.role)
        if not any(one.status == NominationStatus.ASKED for one in self.nominations):
            self.close_tasks(lambda task: task.key == "register_people")
        self.open_tasks([self.secretariat], after="people.register")
        return person

    def note(self, seat: Seat, number: int) -> NoteVerbale:
        return self.shelf.add(
            NoteVerbale,
            uid=self.chance.uid(),
            state_id=seat.state_id,
            reference=f"NV/{self.review.case}/{number}",
            dated=(self.at - timedelta(days=2)).date(),
            received_at=self.at,
        )

    # Texts

    def draft(self, kind: str, ref: str, content: Mapping[str, Any], language: str, person: Participation) -> Text:
        """Save a text that only its own State sees: a version, and nothing else."""
        if kind not in person.seat.writable:
            raise NotPossibleError(f"{self.review.case}: {kind} cannot be drafted at {self.review.stage}")
        text = self.texts.get((kind, f"{person.seat_id}/{ref}"))
        was = text is not None and not is_empty(text.content)
        text = self._write(text, kind=kind, ref=ref, content=content, language=language, person=person)
        self.texts[kind, f"{person.seat_id}/{ref}"] = text
        if kind == "answer":
            person.seat.drafted += (not is_empty(content)) - was
        return text

    def save(self, kind: str, ref: str, content: Mapping[str, Any], language: str, person: Participation) -> Text:
        """Save a text that others read: each version is an entry, and positions on older words lapse."""
        shape = self.definition.text(kind)
        text = self.texts.get((kind, ref))
        if kind not in person.seat.writable:
            raise NotPossibleError(f"{self.review.case}: {kind} cannot be written at {self.review.stage}")
        if text and shape.owner != EVERY and text.seat.capacity != person.seat.capacity:
            raise NotPossibleError(f"{self.review.case}: {kind} belongs to another side")
        if any(one.product == shape.product for one in self.locked.submissions):
            raise NotPossibleError(f"{self.review.case}: {kind} is cleared already")
        text = self._write(text, kind=kind, ref=ref, content=content, language=language, person=person)
        self.texts[kind, ref] = text
        shared = shape.draft_room == shape.cleared_room or shape.product in self.review.shared
        if shared:
            self._show(text, shape.cleared_room)
        self._record_version(f"{kind}.save", text, person, room=shape.cleared_room if shared else shape.draft_room)
        for position in self.positions:
            if position.text_id == text.pk and position.superseded_at is None:
                position.superseded_at = self.at
        if "languages" in content:
            self.review.languages = list(content["languages"])
        return text

    def _write(
        self,
        text: Text | None,
        *,
        kind: str,
        ref: str,
        content: Mapping[str, Any],
        language: str,
        person: Participation,
    ) -> Text:
        if text is None:
            text = self.shelf.add(
                Text,
                uid=self.chance.uid(),
                review=self.review,
                seat=person.seat,
                kind=kind,
                ref=ref,
                room="seat" if kind in {"query", "reply"} else self.definition.text(kind).draft_room,
            )
        text.version += 1
        text.version_uid = self.chance.uid()
        text.content, text.language = dict(content), language
        text.updated_at, text.updated_by_id = self.at, person.user_id
        self.versions[text.pk] = self.shelf.add(
            TextVersion,
            uid=text.version_uid,
            text_id=text.pk,
            number=text.version,
            language=language,
            content=text.content,
            salt=self.chance.salt(),
            at=self.at,
            by_id=person.user_id,
        )
        return text

    def _show(self, text: Text, room: str) -> None:
        text.cleared_room, text.cleared_version, text.cleared_version_uid = room, text.version, text.version_uid
        text.cleared_content, text.cleared_language, text.cleared_at = text.content, text.language, self.at

    def _record_version(self, verb: str, text: Text, person: Participation, *, room: str) -> None:
        version = self.versions[text.pk]
        body = {"kind": text.kind, "ref": text.ref, "language": version.language, "body": version.content}
        self.record(
            verb,
            person,
            object_type=text.kind,
            object_uid=version.uid,
            digest=ledger.content_digest(body, version.salt),
            room=room,
        )

    def take_position(self, text: Text, stance: str, reason: str, language: str, person: Participation) -> None:
        """Say for a State whether it agrees to a text as it stands."""
        for earlier in self.positions:
            if earlier.text_id == text.pk and earlier.seat_id == person.seat_id and earlier.superseded_at is None:
                earlier.superseded_at = self.at
        position = self.shelf.add(
            Position,
            uid=self.chance.uid(),
            review=self.review,
            seat_id=person.seat_id,
            text_id=text.pk,
            version=text.version,
            stance=stance,
            reason="" if stance == Stance.AGREE else reason,
            language=language,
            at=self.at,
            by_id=person.user_id,
        )
        self.positions.append(position)
        self.record(
            "position.take",
            person,
            object_type="position",
            object_uid=position.uid,
            content={"stance": stance, "reason": position.reason, "version": str(text.version_uid)},
            room=text.cleared_room or text.room,
        )

    # Requests for clarification

    def ask(self, subject: str, words: str, language: str, person: Participation) -> Query:
        query = self.shelf.add(
            Query,
            uid=self.chance.uid(),
            review=self.review,
            seat_id=person.seat_id,
            subject=subject,
            asked_at=self.at,
        )
        self._say(query, "query", words, language, person)
        self.open_tasks([self.reviewed], after="query.ask")
        rules = self.definition.tasks_of(self.review.stage)
        rule = next(one for one in rules if one.opens_after == "query.ask" and one.deadline)
        query.due_on = due_on(rule=rule, locked=self.locked, seat=self.reviewed, at=self.at)
        self.queries.append(query)
        self._date_reply_tasks()
        self._count_queries()
        return query

    def reply(self, query: Query, words: str, language: str, person: Participation) -> None:
        self._say(query, "reply", words, language, person)
        query.status, query.version = QueryStatus.ANSWERED, query.version + 1
        self._date_reply_tasks()
        self.open_tasks([self.locked.seat(query.seat_id)], after="query.reply")
        self._count_queries()

    def settle(self, query: Query, how: str, person: Participation) -> None:
        query.status, query.version, query.settled_at = how, query.version + 1, self.at
        self._record_version("query.settle", self.texts["query", str(query.uid)], person, room="review")
        if not any(one.seat_id == query.seat_id and one.status == QueryStatus.ANSWERED for one in self.queries):
            self.close_tasks(lambda task: task.seat_id == query.seat_id and task.key == "settle_query")
        self._date_reply_tasks()
        self._count_queries()

    def _say(self, query: Query, kind: str, words: str, language: str, person: Participation) -> None:
        act = {"query": "ask_query", "reply": "reply_query"}[kind]
        if self.standings[person.pk].title not in self.definition.stage(self.review.stage).may.get(act, ()):
            raise NotPossibleError(f"{self.review.case}: no {kind} at {self.review.stage}")
        text = self._write(
            None, kind=kind, ref=str(self.chance.uid()), content={"text": words}, language=language, person=person
        )
        if kind == "query":
            self.texts["query", str(query.uid)] = text
        room = self.definition.text(kind).cleared_room
        self._show(text, room)
        self.shelf.add(Message, query_id=query.pk, text_id=text.pk, at=self.at)
        self._record_version(f"query.{'ask' if kind == 'query' else 'reply'}", text, person, room=room)

    def _date_reply_tasks(self) -> None:
        """One task stands for all open requests: done with the last, dated by the earliest that is open."""
        dates = [one.due_on for one in self.queries if one.status == QueryStatus.ASKED and one.due_on]
        if not dates:
            self.close_tasks(lambda task: task.key == "reply_to_query")
        for task in self.tasks:
            if task.key == "reply_to_query" and task.due_on and task.due_on < min(dates):
                task.due_on, task.passed_at = min(dates), None

    def _count_queries(self) -> None:
        self.review.open_queries = sum(one.status == QueryStatus.ASKED for one in self.queries)

    # Clearing and moving on

    def clear(self, product: str, person: Participation) -> None:
        """The focal point clears the product as it stands."""
        kind = self.definition.text(self.definition.product(product).kind)
        private = kind.draft_room == "seat"
        texts = sorted(
            (
                one
                for one in self.texts.values()
                if one.kind == kind.key and (not private or one.seat_id == person.seat_id)
            ),
            key=lambda one: one.pk,
        )
        versions = [str(one.version_uid) for one in texts]
        salt = self.chance.salt()
        left = gaps(self.questions, {one.ref: one.content for one in texts}) if kind.key == "answer" else ()
        submission = self.shelf.add(
            Submission,
            uid=self.chance.uid(),
            review=self.review,
            seat_id=person.seat_id,
            product=product,
            versions=versions,
            gaps=len(left),
            digest=ledger.content_digest({"product": product, "versions": versions}, salt),
            salt=salt,
            cleared_by_id=person.user_id,
            cleared_at=self.at,
        )
        self.locked.submissions.append(submission)
        self.review.stage_version += not private
        self.record(
            "submission.clear",
            person,
            object_type="submission",
            object_uid=submission.uid,
            digest=submission.digest,
            room="seat" if private else "review",
        )

    def advance(self, action: str, person: Participation, reason: str = "") -> None:
        """Take one step of the mechanism and whatever follows from it by itself."""
        edge = find_edge(self.definition, self.review.stage, action)
        standing = self.standings[person.pk]
        if edge is None or edge.auto or standing.title not in edge.roles:
            raise NotPossibleError(f"{self.review.case}: {standing.title} cannot {action} at {self.review.stage}")
        refusals = unmet(edge, facts_of(self.locked, standing, reason=reason))
        if refusals or (edge.reason == "required" and not reason):
            raise NotPossibleError(f"{self.review.case}: {action}: {[str(one.reason) for one in refusals]}")
        self._apply(edge, person, reason)
        while follows := self._follows():
            self._apply(follows, None)
        self.remember(person, reason[:100] or action)

    def _follows(self) -> Transition | None:
        if self.review.suspended_since is not None:
            return None
        return next(
            (
                edge
                for edge in edges(self.definition, self.review.stage)
                if edge.auto and not unmet(edge, facts_of(self.locked, None))
            ),
            None,
        )

    def _apply(self, edge: Transition, person: Participation | None, reason: str = "") -> None:
        review, before = self.review, self.review.stage
        submission = self._effect(edge, person, reason)
        fire(self.definition, review, edge.key)
        review.stage_version += 1
        moved = review.stage != before
        if moved:
            review.stage_since = self.at
            known = {rule.key for rule in self.definition.tasks_of(review.stage)}
            self.close_tasks(lambda task: task.key not in known)
        elif person is not None:
            done = {rule.key for rule in self.definition.tasks if edge.key in rule.until}
            everybody = edge.effect == "share"
            self.close_tasks(lambda task: task.key in done and (everybody or task.seat_id == person.seat_id))
        self.record(
            f"review.{edge.key}",
            person,
            object_type="submission" if submission else "review",
            object_uid=submission.uid if submission else review.uid,
            digest=submission.digest if submission else None,
            content={"reason": reason} if reason and not submission else None,
            stages=(before, review.stage) if moved else (None, None),
        )
        if moved:
            self.open_tasks(self.locked.seats, after=None)
        self.set_writable()

    def _effect(self, edge: Transition, person: Participation | None, reason: str) -> Submission | None:
        if edge.effect == "submit" and edge.product and person:
            submission = self.locked.standing_submission(person.seat_id, edge.product)
            if submission is None:
                raise NotPossibleError(f"{self.review.case}: {edge.product} is not cleared")
            submission.submitted_at = self.at
            kind = self.definition.text(self.definition.product(edge.product).kind)
            if kind.draft_room == "seat":
                self._open_texts(kind.key, kind.cleared_room, seat_id=person.seat_id)
            return submission
        if edge.effect == "share" and edge.product:
            kind = self.definition.text(self.definition.product(edge.product).kind)
            self.review.shared = sorted({*self.review.shared, edge.product})
            self._open_texts(kind.key, kind.cleared_room)
        elif edge.effect == "suspend" and person:
            self.review.suspended_since = self.at.date()
            self.shelf.add(
                Interval,
                uid=self.chance.uid(),
                review=self.review,
                seat_id=person.seat_id,
                kind="suspended",
                starts_on=self.at.date(),
                reason=reason,
            )
        elif edge.effect is not None:
            raise NotPossibleError(f"{edge.key} is not simulated")
        return None

    def _open_texts(self, kind: str, room: str, *, seat_id: int | None = None) -> None:
        for text in self.texts.values():
            if text.kind == kind and (seat_id is None or text.seat_id == seat_id):
                self._show(text, room)

    def extend(self, task: Task, until: date, reason: str, person: Participation) -> None:
        """The Secretariat records more time for what a seat owes."""
        if task.due_on is None or until <= task.due_on:
            raise NotPossibleError(f"{self.review.case}: {until} is not after {task.due_on}")
        before = task.due_on
        extension = self.shelf.add(
            Extension,
            uid=self.chance.uid(),
            review=self.review,
            seat_id=task.seat_id,
            deadline=task.deadline,
            old_due_on=before,
            due_on=until,
            reason=reason,
            at=self.at,
            by_id=person.user_id,
        )
        for one in self.tasks:
            if one.seat_id == task.seat_id and one.deadline == task.deadline:
                one.due_on, one.passed_at = until, None
        seat = self.locked.seat(task.seat_id)
        seat.extended = {**seat.extended, task.deadline: until.isoformat()}
        self.record(
            "deadline.extend",
            person,
            object_type="extension",
            object_uid=extension.uid,
            content={
                "deadline": task.deadline,
                "from": before.isoformat(),
                "to": until.isoformat(),
                "reason": reason,
            },
            seat_id=task.seat_id,
        )
