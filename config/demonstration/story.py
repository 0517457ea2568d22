"""One review of the demonstration and the hands of its people: every act is an operation of the product."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cases.enums import Capacity, Role
from cases.models import Nomination, Participation, Query, Question, Review, Seat, Task, Text, User
from cases.operations.clearance import clear, product_digest, texts_of_product
from cases.operations.deadlines import extend_deadline
from cases.operations.dialogue import ask_query, reply_query, settle_query
from cases.operations.drafts import save_text
from cases.operations.people import Named, name_person, register
from cases.operations.positions import take_position
from cases.operations.transition import advance
from cases.queries import questions_for, seats_of
from config.demonstration import material
from config.demonstration.pace import Pace
from config.demonstration.plan import Part

ROLES = {
    "mission": Role.MISSION,
    "focal-point": Role.FOCAL_POINT,
    "former-focal-point": Role.FOCAL_POINT,
    "expert-1": Role.EXPERT,
    "expert-2": Role.EXPERT,
    "observer": Role.OBSERVER,
}


@dataclass(slots=True)
class Story:
    """A review, its seats, and who acts for whom; ``users`` holds everybody by user name."""

    review: Review
    part: Part
    pace: Pace
    users: Mapping[str, User]
    officer: User
    reviewed: Seat = field(init=False)
    reviewing: list[Seat] = field(init=False)
    questions: list[Question] = field(init=False)
    language: str = field(init=False)

    def __post_init__(self) -> None:
        seats = seats_of(self.review)
        self.reviewed = next(seat for seat in seats if seat.capacity == Capacity.REVIEWED)
        self.reviewing = [seat for seat in seats if seat.capacity == Capacity.REVIEWING]
        self.questions = list(questions_for(self.review))
        self.language = self.review.state.language

    @property
    def at(self) -> datetime:
        """The next moment: nothing happens at the same time as something else."""
        self.pace.pass_minutes()
        return self.pace.at

    @property
    def code(self) -> str:
        return self.review.state.code

    def does(self, act: str) -> bool:
        return act in self.part.doing

    def fresh(self) -> Review:
        self.review = Review.objects.select_related("mechanism", "phase", "state").get(pk=self.review.pk)
        return self.review

    # People

    def has(self, seat: Seat, name: str) -> bool:
        return self._username(seat, name) in self.users

    def person(self, seat: Seat, name: str) -> User:
        return self.users[self._username(seat, name)]

    def experts(self, seat: Seat) -> list[User]:
        """The seat's experts of the moment."""
        held = Participation.objects.filter(seat=seat, role=Role.EXPERT, ended_at=None)
        return [one.user for one in held.select_related("user").order_by("pk")]

    def expert(self, seat: Seat) -> User:
        return self.experts(seat)[0]

    def focal_point(self, seat: Seat) -> User:
        """The seat's focal point of the moment."""
        return Participation.objects.select_related("user").get(seat=seat, role=Role.FOCAL_POINT, ended_at=None).user

    def names(self, seat: Seat, *, by: User, people: Iterable[str]) -> list[Nomination]:
        """Enter people of one State by one note verbale."""
        at = self.pace.at
        reference = f"{100 + material.lot(self.review.case, seat.pk, at.date()) % 900}/{at.year}"
        return [
            name_person(
                case=self.review.case,
                seat_uid=str(seat.uid),
                person=_named(self.person(seat, name), ROLES[name]),
                reference=reference,
                dated=at.date(),
                by=by,
                at=self.at,
            )
            for name in people
            if self.has(seat, name)
        ]

    def registers(self, nominations: Iterable[Nomination]) -> None:
        """Register people as the officer who compares them with the note."""
        by_address = {user.email: user for user in self.users.values()}
        for one in nominations:
            register(
                case=self.review.case,
                nomination_uid=str(one.uid),
                by=self.officer,
                at=self.at,
                user=by_address[one.email],
            )

    # Steps and texts

    def advance(self, action: str, by: User, reason: str = "") -> None:
        seen = self.fresh().stage_version
        self.review = advance(case=self.review.case, action=action, by=by, at=self.at, seen_version=seen, reason=reason)

    def save(
        self, kind: str, ref: str, content: Mapping[str, Any], language: str, by: User, *, seen: int | None = None
    ) -> Text:
        """Save a text over the version that ``by`` saw: the one that stands, where none is named."""
        if seen is None:
            texts = Text.objects.filter(review=self.review, kind=kind, ref=ref)
            if self.review.definition.text(kind).draft_room == "seat":
                texts = texts.filter(seat__participations__user=by, seat__participations__ended_at=None)
            seen = texts.values_list("version", flat=True).first() or 0
        return save_text(
            review=self.review,
            kind=kind,
            ref=ref,
            content=content,
            language=language,
            by=by,
            at=self.at,
            seen_version=seen,
        )

    def answer(self, questions: Iterable[Question], turn: int) -> None:
        """Draft answers in one sitting.

        Some are first written without their citations, which a colleague adds; some questions are left open.
        """
        self.fresh()
        experts = self.experts(self.reviewed)
        for question in questions:
            chance = material.lot(self.code, question.key, "sitting")
            if question.obligation != "mandatory" and chance % 5 == 0:
                continue
            language, content = material.answer(question.key, self.code, self.language)
            by, seen = experts[turn % len(experts)], 0
            if content["citations"] and chance % 6 == 1:
                self.save("answer", question.key, {**content, "citations": []}, language, by, seen=0)
                by, seen = experts[(turn + 1) % len(experts)], 1
            self.save("answer", question.key, content, language, by, seen=seen)

    def clear(self, product: str, by: User, seat: Seat) -> None:
        review = self.fresh()
        texts = texts_of_product(review=review, product=product, seat_id=seat.pk)
        clear(case=review.case, product=product, by=by, at=self.at, seen_digest=product_digest(product, texts))

    def hands_over(self, product: str, action: str, seat: Seat) -> None:
        """The focal point reads, clears and hands over."""
        by = self.focal_point(seat)
        self.clear(product, by, seat)
        self.advance(action, by)

    def takes_position(self, text: Text, seat: Seat, stance: str, reason: material.Text | None = None) -> None:
        by = self.focal_point(seat)
        text.refresh_from_db()
        take_position(
            case=self.review.case,
            text_uid=str(text.uid),
            seen_version=text.version,
            stance=stance,
            reason=reason["text"] if reason else "",
            language=reason["language"] if reason else by.language,
            by=by,
            at=self.at,
        )

    # Dialogue and dates

    def asks(self, thread: material.Text, seat: Seat) -> Query:
        return ask_query(
            case=self.review.case,
            subject=thread["question"],
            words=thread["query"],
            language=thread["language"],
            by=self.expert(seat),
            at=self.at,
        )

    def replies(self, query: Query, thread: material.Text) -> None:
        query.refresh_from_db()
        reply_query(
            case=self.review.case,
            query_uid=str(query.uid),
            words=thread["reply"],
            language=thread["language"],
            by=self.focal_point(self.reviewed),
            at=self.at,
            seen_version=query.version,
        )

    def settles(self, query: Query, how: str) -> None:
        query.refresh_from_db()
        settle_query(
            case=self.review.case,
            query_uid=str(query.uid),
            how=how,
            by=self.expert(query.seat),
            at=self.at,
            seen_version=query.version,
        )

    def extends(self, key: str, seat: Seat, due_on: date) -> None:
        task = Task.objects.get(review=self.review, seat=seat, key=key, done_at=None)
        if task.due_on is None or due_on <= task.due_on:
            return
        extend_deadline(
            case=self.review.case,
            task_uid=str(task.uid),
            seen_due_on=task.due_on,
            due_on=due_on,
            reason=material.words("extend", "en")["text"],
            by=self.officer,
            at=self.at,
        )

    def observation_uid(self, number: int) -> str:
        """The name of an observation: the same in every building."""
        return str(UUID(int=material.lot(self.review.case, "observation", number) << 96 | number, version=4))

    def languages_of(self, seat: Seat) -> Sequence[str]:
        """The languages of the review, the State's own first where it is one of them."""
        own = seat.state.language if seat.state else ""
        agreed = list(self.review.languages)
        return [own, *(one for one in agreed if one != own)] if own in agreed else list(reversed(agreed))

    @staticmethod
    def _username(seat: Seat, name: str) -> str:
        return f"{seat.state.code.lower()}-{name}" if seat.state else ""


def _named(user: User, role: str) -> Named:
    """A person as the note names them: by their office."""
    name, _comma, office = user.office.rpartition(", ")
    return Named(role=role, name=name or office, office=office, email=user.email, language=user.language)
