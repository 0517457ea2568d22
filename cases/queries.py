"""What a person may see, composed from ``visible_to`` and the rooms; every page, count and export starts here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import F, Q, QuerySet

from cases.exceptions import NotVisible
from cases.models import (
    Event,
    Participation,
    Question,
    Ratification,
    Review,
    Seat,
    Section,
    StateParty,
    Task,
    Text,
    User,
)
from cases.rights import Rights

Seated = TypeVar("Seated", Participation, Task, Event)


def visible_review(user: User, case: str) -> Review:
    """The review of this name, if ``user`` may know of it, with its State and phase.

    :raises NotVisible: alike for a hidden review and one that does not exist.
    """
    review = Review.objects.visible_to(user).select_related("state", "phase").filter(case=case).first()
    if review is None:
        raise NotVisible
    return review


def tasks_for(user: User) -> QuerySet[Task]:
    """The open tasks of every role that ``user`` holds, soonest date first, undated last."""
    return (
        Task.objects.filter(
            done_at=None,
            seat__participations__user=user,
            seat__participations__ended_at=None,
            seat__participations__role=F("role"),
        )
        .select_related("seat__state", "review__state")
        .order_by(F("due_on").asc(nulls_last=True), "id")
    )


_OF_A_TASK = (
    "key",
    "due_on",
    "seat__capacity",
    "seat__state_id",
    "review__case",
    "review__state_id",
    "review__mechanism_id",
)
"""What a line of the inbox says of a task: nothing else is read for it."""


def first_tasks_for(user: User, number: int) -> list[Task]:
    """The first ``number`` of ``tasks_for``, with seat, review and their States.

    Sorted as keys first: of thousands of tasks only those shown are read.
    """
    keys = list(tasks_for(user).select_related(None).values_list("pk", flat=True)[:number])
    found = Task.objects.filter(pk__in=keys).select_related("seat", "review").only(*_OF_A_TASK).in_bulk()
    tasks = [found[key] for key in keys]
    attach_states([thing for task in tasks for thing in (task.seat, task.review)])
    return tasks


def attach_states(things: Iterable[Seat | Review]) -> None:
    """Give each seat or review its State, every State read and unpacked once; one query."""
    things = list(things)
    states = StateParty.objects.only("code", "names").in_bulk({thing.state_id for thing in things if thing.state_id})
    for thing in things:
        if thing.state_id is not None:
            thing.state = states[thing.state_id]


def open_tasks(review: Review) -> QuerySet[Task]:
    """The open tasks of a review: whose turn it is."""
    return (
        Task.objects.filter(review=review, done_at=None)
        .select_related("seat__state")
        .order_by(F("due_on").asc(nulls_last=True), "id")
    )


def people_of(review: Review) -> QuerySet[Participation]:
    """The active participations of a review, with person and State."""
    return (
        Participation.objects.filter(review=review, ended_at=None)
        .select_related("user", "seat__state")
        .order_by("seat_id", "role", "id")
    )


def seated(rows: Iterable[Seated], seats: Iterable[Seat]) -> list[Seated]:
    """The rows of a review, each with its seat from those already read; a row may belong to no seat."""
    by_id = {seat.pk: seat for seat in seats}
    rows = list(rows)
    for row in rows:
        if row.seat_id is not None:
            row.seat = by_id[row.seat_id]
    return rows


def seats_of(review: Review) -> list[Seat]:
    """The seats of a review with their States, the State under review first."""
    order = {"reviewed": 0, "reviewing": 1, "secretariat": 2}
    seats = Seat.objects.filter(review=review).select_related("state")
    return sorted(seats, key=lambda seat: (order[seat.capacity], seat.kind != "primary", seat.side != "same", seat.pk))


@dataclass(frozen=True, slots=True)
class ReadText:
    """A text as one reader may read it: the working version for its own rooms, the cleared version for others."""

    pk: int
    uid: str
    seat_id: int
    kind: str
    ref: str
    language: str
    version: int
    version_uid: str
    content: Mapping[str, Any]
    at: datetime
    draft: bool
    cleared: bool


def texts_for(rights: Rights, *kinds: str, ref: str | None = None, refs: Iterable[str] | None = None) -> list[ReadText]:
    """The texts of one review that this person reads, each in the version that is theirs to read; one query."""
    own = Q(room="seat", seat_id__in=rights.own_seats)
    rows = Text.objects.filter(
        own | Q(room__in=rights.rooms) | Q(cleared_room__in=rights.rooms, cleared_version__isnull=False),
        review_id=rights.review_id,
        withdrawn_at=None,
    )
    if kinds:
        rows = rows.filter(kind__in=kinds)
    if ref is not None:
        rows = rows.filter(ref=ref)
    if refs is not None:
        rows = rows.filter(ref__in=list(refs))
    return [_as_read(row, rights) for row in rows.order_by("id")]


def _as_read(row: Text, rights: Rights) -> ReadText:
    working = rights.reads(row.room, row.seat_id)
    return ReadText(
        pk=row.pk,
        uid=str(row.uid),
        seat_id=row.seat_id,
        kind=row.kind,
        ref=row.ref,
        language=row.language if working else row.cleared_language,
        version=row.version if working else (row.cleared_version or 0),
        version_uid=str(row.version_uid if working else row.cleared_version_uid),
        content=row.content if working else (row.cleared_content or {}),
        at=row.updated_at if working else (row.cleared_at or row.updated_at),
        draft=working and row.version != row.cleared_version,
        cleared=row.cleared_version is not None,
    )


def timeline_for(rights: Rights) -> QuerySet[Event]:
    """The entries of a review's trail that this person may know of, newest first."""
    return (
        Event.objects.filter(
            Q(room__in=rights.rooms) | Q(room="seat", seat_id__in=rights.own_seats), review_id=rights.review_id
        )
        .select_related("seat__state", "actor")
        .order_by("-seq")
    )


def instruments_of(review: Review) -> set[str]:
    """The instruments the State under review is party to: it is asked about no other (rule 5)."""
    return set(Ratification.objects.filter(state_id=review.state_id).values_list("instrument", flat=True))


def questions_for(review: Review) -> QuerySet[Question]:
    """The questions this State is asked, in order: the general part and its own instruments (rule 5)."""
    party_to = Ratification.objects.filter(state_id=review.state_id).values("instrument")
    return Question.objects.filter(
        Q(instrument="") | Q(instrument__in=party_to),
        cluster=review.phase.cluster,
        version=review.questionnaire_version,
    ).order_by("number")


def sections_for(review: Review) -> QuerySet[Section]:
    """The sections of the questionnaire this State is asked, in order."""
    party_to = Ratification.objects.filter(state_id=review.state_id).values("instrument")
    return Section.objects.filter(
        Q(instrument="") | Q(instrument__in=party_to),
        cluster=review.phase.cluster,
        version=review.questionnaire_version,
    ).order_by("number")


def gaps(questions: Sequence[Question], answers: Mapping[str, Mapping[str, Any]]) -> list[Question]:
    """Questions without an answer, or with a yes that cites no law; shown once, never a reason to refuse (rule 32)."""
    return [question for question in questions if _is_gap(question, answers.get(question.key, {}))]


def _is_gap(question: Question, content: Mapping[str, Any]) -> bool:
    said = content.get("value") or content.get("values") or (content.get("text") or "").strip()
    if not said:
        return True
    uncited = not any((citation.get("law") or "").strip() for citation in content.get("citations", ()))
    return question.cite == "required_if_yes_or_part" and content.get("value") in {"yes", "in_part"} and uncited
