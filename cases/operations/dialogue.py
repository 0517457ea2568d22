"""Requests for clarification and replies (rules 38–42): asked, replied to, settled; each turn is an entry."""

from datetime import date, datetime, timedelta
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases.enums import Capacity, Language, QueryStatus
from cases.exceptions import BadInput, NotAllowed, NotVisible, Reason, Stale, WrongStage
from cases.locks import Locked, lock_review
from cases.models import Message, Query, Review, Seat, Task, Text, TextVersion, User
from cases.operations.drafts import record_version, show_to_all
from cases.operations.record import Request, act_once, save_head
from cases.operations.tasks import open_tasks_after
from cases.queries import questions_for, sections_for
from cases.rights import Rights, Standing
from workflow import ledger
from workflow.deadlines import add_months

OPEN = (QueryStatus.ASKED, QueryStatus.ANSWERED)
ENDS = (QueryStatus.ACCEPTED, QueryStatus.WITHDRAWN, QueryStatus.CARRIED)


def ask_query(
    *, case: str, subject: str, words: str, language: str, by: User, at: datetime, request: Request | None = None
) -> Query:
    """Ask the State under review about one question or article; everybody in the review reads it.

    ``subject`` is the key of a question or of a section that this State is asked.

    :raises NotAllowed: the role does not ask.
    :raises WrongStage: there is no dialogue at this stage.
    :raises BadInput: nothing was asked, or about nothing this State is asked; with a sentence per field.
    """
    with transaction.atomic(durable=True):
        locked = lock_review(case=case, by=by)
        standing = _standing(locked.rights(by), "ask_query", _("Reviewing States ask for clarification."))
        act_once(by, request)
        _refuse_missing({**_about(locked.review, subject), **_said(words, language)})
        query = Query.objects.create(review=locked.review, seat_id=standing.seat_id, subject=subject, asked_at=at)
        _say(
            locked=locked,
            query=query,
            kind="query",
            verb="query.ask",
            words=words,
            language=language,
            by=by,
            standing=standing,
            at=at,
            request=request,
        )
        reviewed = [seat for seat in locked.seats if seat.capacity == Capacity.REVIEWED]
        open_tasks_after(locked=locked, seats=reviewed, verb="query.ask", at=at)
        query.due_on = _reply_due_on(locked, reviewed[0], at)
        query.save(update_fields=["due_on"])
        _date_reply_tasks(locked, at)
        _count(locked)
        return query


def reply_query(
    *,
    case: str,
    query_uid: str,
    words: str,
    language: str,
    by: User,
    at: datetime,
    seen_version: int,
    request: Request | None = None,
) -> Query:
    """Reply to a request; the reply speaks for the State.

    :raises NotAllowed: only the State under review's focal point replies.
    :raises WrongStage: there is no dialogue at this stage.
    :raises NotVisible: there is no such request in the review.
    :raises Stale: the request was settled or replied to meanwhile.
    :raises BadInput: nothing was said; with a sentence per field.
    """
    with transaction.atomic(durable=True):
        locked = lock_review(case=case, by=by)
        standing = _standing(locked.rights(by), "reply_query", _("The focal point of the State under review replies."))
        act_once(by, request)
        query = _query(locked, query_uid, seen_version)
        _refuse_missing(_said(words, language))
        _say(
            locked=locked,
            query=query,
            kind="reply",
            verb="query.reply",
            words=words,
            language=language,
            by=by,
            standing=standing,
            at=at,
            request=request,
        )
        query.status, query.version = QueryStatus.ANSWERED, query.version + 1
        query.save(update_fields=["status", "version"])
        _date_reply_tasks(locked, at)
        asker = [locked.seat(query.seat_id)]
        open_tasks_after(locked=locked, seats=asker, verb="query.reply", at=at)
        _count(locked)
        return query


def settle_query(
    *, case: str, query_uid: str, how: str, by: User, at: datetime, seen_version: int, request: Request | None = None
) -> Query:
    """End a query in one way: the reply accepted, withdrawn, or carried into an observation.

    :raises NotAllowed: only the State that asked settles.
    :raises WrongStage: there is no dialogue at this stage.
    :raises NotVisible: there is no such request in the review.
    :raises Stale: the request was settled or replied to meanwhile.
    :raises BadInput: ``how`` is none of the ways a query ends.
    """
    with transaction.atomic(durable=True):
        locked = lock_review(case=case, by=by)
        rights = locked.rights(by)
        standing = _standing(rights, "settle_query", _("The State that asked settles its request."))
        act_once(by, request)
        query = _query(locked, query_uid, seen_version)
        if query.seat_id != standing.seat_id:
            raise NotAllowed(_("The State that asked settles its request."))
        if how not in ENDS or (how == QueryStatus.ACCEPTED and query.status != QueryStatus.ANSWERED):
            raise BadInput(_("Choose how the request ends."), fields={"how": _("Choose how the request ends.")})
        query.status, query.version, query.settled_at = QueryStatus(how), query.version + 1, at
        query.save(update_fields=["status", "version", "settled_at"])
        first = Message.objects.filter(query=query).select_related("text").order_by("pk")[0]
        record_version(
            locked=locked,
            text=first.text,
            verb="query.settle",
            by=by,
            standing=standing,
            at=at,
            room="review",
            request=request,
        )
        still = Query.objects.filter(review=locked.review, seat_id=query.seat_id)
        if not still.filter(status=QueryStatus.ANSWERED).exists():
            Task.objects.filter(seat_id=query.seat_id, key="settle_query", done_at=None).update(done_at=at)
        _date_reply_tasks(locked, at)
        _count(locked)
        return query


def _standing(rights: Rights, act: str, otherwise: object) -> Standing:
    standing = rights.act_standing(act)
    if standing is not None:
        return standing
    anywhere = {title for stage in rights.mechanism.stages for title in stage.may.get(act, ())}
    if rights.titles & anywhere:
        raise WrongStage(_("This cannot be done at the stage the review is in now."))
    raise NotAllowed(otherwise)  # type: ignore[arg-type]


def _said(words: str, language: str) -> dict[str, Reason]:
    """What is missing in what was said, by field."""
    missing: dict[str, Reason] = {}
    if not words.strip():
        missing["words"] = _("Write what you want to say.")
    if language not in Language.values:
        missing["language"] = _("Choose the language of the text.")
    return missing


def _about(review: Review, subject: str) -> dict[str, Reason]:
    asked = questions_for(review).filter(key=subject).exists() or sections_for(review).filter(key=subject).exists()
    return {} if asked else {"subject": _("Choose the question or article you ask about.")}


def _refuse_missing(missing: dict[str, Reason]) -> None:
    if missing:
        raise BadInput(*missing.values(), fields=missing)


def _query(locked: Locked, query_uid: str, seen_version: int) -> Query:
    query = Query.objects.filter(review=locked.review, uid=query_uid).first()
    if query is None:
        raise NotVisible
    if query.version != seen_version or query.status not in OPEN:
        raise Stale(_("This request has moved on since you opened the page."))
    return query


def _say(
    *,
    locked: Locked,
    query: Query,
    kind: str,
    verb: str,
    words: str,
    language: str,
    by: User,
    standing: Standing,
    at: datetime,
    request: Request | None,
) -> None:
    seat: Seat = locked.seat(standing.seat_id)
    version_uid = uuid4()
    text = Text.objects.create(
        review=locked.review,
        seat=seat,
        kind=kind,
        ref=str(uuid4()),
        room="seat",
        language=language,
        version=1,
        version_uid=version_uid,
        content={"text": words},
        updated_at=at,
        updated_by=by,
    )
    TextVersion.objects.create(
        uid=version_uid,
        text=text,
        number=1,
        language=language,
        content={"text": words},
        salt=ledger.new_salt(),
        at=at,
        by=by,
    )
    room = locked.review.definition.text(kind).cleared_room
    show_to_all(text, room=room, at=at)
    Message.objects.create(query=query, text=text, at=at)
    record_version(locked=locked, text=text, verb=verb, by=by, standing=standing, at=at, room=room, request=request)


def _reply_due_on(locked: Locked, seat: Seat, at: datetime) -> date | None:
    """The date of one reply, counted from its own request; a later date recorded for the State holds for it too."""
    rules = locked.review.definition.tasks_of(locked.review.stage)
    rule = next((one for one in rules if one.opens_after == "query.ask" and one.deadline), None)
    if rule is None or rule.deadline is None:
        return None
    deadline = locked.review.definition.deadline(rule.deadline)
    own = add_months(at.date(), deadline.months) + timedelta(weeks=deadline.weeks, days=deadline.days)
    moved = seat.extended.get(rule.deadline)
    return max(own, date.fromisoformat(moved)) if moved else own


def _date_reply_tasks(locked: Locked, at: datetime) -> None:
    """One task stands for all open requests: it is done with the last, and dated by the earliest that is open."""
    waiting = Query.objects.filter(review=locked.review, status=QueryStatus.ASKED)
    tasks = Task.objects.filter(review=locked.review, key="reply_to_query", done_at=None)
    dates = list(waiting.values_list("due_on", flat=True))
    if not dates:
        tasks.update(done_at=at)
        return
    earliest = min((due_on for due_on in dates if due_on), default=None)
    if earliest:
        tasks.filter(due_on__lt=earliest).update(due_on=earliest, passed_at=None)


def _count(locked: Locked) -> None:
    review = locked.review
    review.open_queries = Query.objects.filter(review=review, status=QueryStatus.ASKED).count()
    save_head(review, "open_queries")
