"""Requests for clarification: what is asked about which question, what was replied, whose move it is, how it ended."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases.enums import Capacity, Language, QueryStatus
from cases.exceptions import BadInput, NotVisible, Refused, Stale
from cases.models import Message, Query, Question, Review, Section, Task, User
from cases.operations.dialogue import ENDS, OPEN, ask_query, reply_query, settle_query
from cases.operations.drafts import save_text
from cases.queries import ReadText, questions_for, sections_for, texts_for
from cases.views.common import Context, address, confirm_identity, frame, load, now, page, request_key, seen
from workflow.deadlines import passed

ENDED_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Subject:
    """What a request is about: one question, or a section as a whole."""

    section: Section
    question: Question | None = None

    @property
    def key(self) -> str:
        return self.question.key if self.question else self.section.key

    @property
    def where(self) -> str:
        """The page of the section's answers, at the question."""
        return f"feedback/{self.section.key}/" + (f"#q-{self.question.key}" if self.question else "")


@dataclass(frozen=True, slots=True)
class Turn:
    """What one State said, with the person for one's own side only."""

    text: ReadText
    at: datetime
    person: str


@dataclass(frozen=True, slots=True)
class Thread:
    """A request with what was said about it; ``moves`` is the seat whose move it is, or None when it has ended."""

    query: Query
    subject: Subject | None
    turns: tuple[Turn, ...]
    due_on: date | None
    passed: bool
    moves: int | None

    @property
    def open(self) -> bool:
        return self.query.status in OPEN


def subjects_of(sections: Iterable[Section], questions: Iterable[Question]) -> dict[str, Subject]:
    """Every subject of these sections by its key: each section, then its questions."""
    by_section: dict[str, list[Question]] = {}
    for question in questions:
        by_section.setdefault(question.section, []).append(question)
    subjects: dict[str, Subject] = {}
    for section in sections:
        subjects[section.key] = Subject(section)
        subjects |= {one.key: Subject(section, one) for one in by_section.get(section.key, ())}
    return subjects


def asked_subjects(review: Review) -> dict[str, Subject]:
    """Everything that this State is asked, by key."""
    return subjects_of(sections_for(review), questions_for(review))


def said_about(review: Review, which: Q) -> list[Message]:
    """What was said in the requests of a review that ``which`` picks, in order; the words come from ``texts_for``.

    ``reply_by`` is the date of the State's open task to reply, which more time may have moved past a request's own.
    """
    task = Task.objects.filter(review=review, key="reply_to_query", done_at=None).values("due_on")
    return list(
        Message.objects.filter(which, query__review=review)
        .annotate(reply_by=Subquery(task[:1]))
        .select_related("query", "text__updated_by")
        .defer("text__content", "text__cleared_content")
        .order_by("query_id", "pk")
    )


def threads(
    context: Context,
    *,
    said: Iterable[Message],
    texts: Iterable[ReadText],
    subjects: Mapping[str, Subject],
    seats: Iterable[Any],
    at: datetime,
) -> list[Thread]:
    """The requests of which this person reads at least the first words, oldest first."""
    readable = {text.pk: text for text in texts}
    own = {standing.seat_id for standing in context.rights.standings}
    reviewed = next((seat.pk for seat in seats if seat.capacity == Capacity.REVIEWED), None)
    turns: dict[int, list[Turn]] = {}
    found: dict[int, Message] = {}
    for message in said:
        text = readable.get(message.text_id)
        if text is not None:
            found.setdefault(message.query_id, message)
            person = message.text.updated_by.name if text.seat_id in own else ""
            turns.setdefault(message.query_id, []).append(Turn(text=text, at=message.at, person=person))
    moves = {QueryStatus.ASKED: lambda _query: reviewed, QueryStatus.ANSWERED: lambda query: query.seat_id}
    return [
        Thread(
            query=first.query,
            subject=subjects.get(first.query.subject),
            turns=tuple(turns[pk]),
            due_on=_reply_date(first),
            passed=bool(_reply_date(first) and passed(_reply_date(first), at)),
            moves=moves.get(first.query.status, lambda _query: None)(first.query),
        )
        for pk, first in found.items()
    ]


def _reply_date(first: Message) -> date | None:
    """By when the reply is awaited: the request's own date, or a later one recorded for the State."""
    if first.query.status != QueryStatus.ASKED:
        return None
    return max((day for day in (first.query.due_on, first.reply_by) if day), default=None)


@page
@require_safe
def queries(request: HttpRequest, phase: str, code: str) -> HttpResponse:
    """The requests of a review: the open ones, then those that have ended, by section and by how they stand."""
    context = load(request, phase, code)
    subjects = asked_subjects(context.review)
    about, status = request.GET.get("about", ""), request.GET.get("status", "")
    which = Query.objects.filter(review=context.review)
    if about in subjects:
        which = which.filter(subject__in=[key for key, one in subjects.items() if about in {key, one.section.key}])
    if status in QueryStatus.values:
        which = which.filter(status=status)
    shown = frame(context, current="queries")
    at = now()
    before = _uid(request.GET.get("before", ""))
    ended, older = _ended(which, before)
    picked = Q(query__in=[one.pk for one in ended])
    if before is None:
        picked |= Q(query__in=which.filter(status__in=OPEN).values("pk"))
    said = said_about(context.review, picked)
    texts = texts_for(context.rights, "query", "reply", refs=[message.text.ref for message in said])
    found = threads(context, said=said, texts=texts, subjects=subjects, seats=shown["seats"], at=at)
    extra = {
        "open": [thread for thread in found if thread.open],
        "ended": [thread for thread in reversed(found) if not thread.open],
        "older": f"?{urlencode({'about': about, 'status': status, 'before': older})}" if older else "",
        "first_page": before is None,
        "sections": [one.section for one in subjects.values() if one.question is None],
        "statuses": QueryStatus.choices,
        "chosen": {"about": about, "status": status},
        "today": at.date(),
        **standings_in(context),
    }
    return render(request, "queries/list.html", {**shown, **extra})


def _ended(which: QuerySet[Query], before: UUID | None) -> tuple[list[Query], str]:
    """A page of ended requests, the newest first, and the uid that the next page begins before."""
    rows = which.exclude(status__in=OPEN).order_by("-pk")
    if before:
        rows = rows.filter(pk__lt=Subquery(which.filter(uid=before).values("pk")[:1]))
    found = list(rows[: ENDED_SHOWN + 1])
    shown = found[:ENDED_SHOWN]
    return shown, str(shown[-1].uid) if len(found) > ENDED_SHOWN else ""


def _uid(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None


def standings_in(context: Context) -> dict[str, Any]:
    """What this person may do in the dialogue, and at which stages each act is possible at all."""
    acts = ("ask_query", "reply_query", "settle_query")
    stages = {act: [stage for stage in context.definition.stages if stage.may.get(act)] for act in acts}
    titles = context.rights.titles
    return {
        "may": {act: context.rights.act_standing(act) for act in acts},
        "stages_of": stages,
        "ever": {act: any(titles & set(stage.may[act]) for stage in stages[act]) for act in acts},
        "languages_offered": Language.choices,
    }


@page
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, phase: str, code: str) -> HttpResponse:
    """Ask for clarification: about what, in which language, in what words."""
    context = load(request, phase, code)
    if request.method != "POST":
        typed = {"subject": request.GET.get("about", "")}
        return render(request, "queries/ask.html", _asking(request, context, typed=typed))
    try:
        query = asked(request, context)
    except BadInput as refusal:
        shown = _asking(request, context, typed=request.POST, errors=beside(refusal))
        return render(request, "queries/ask.html", shown, status=422)
    return redirect(address(context.review, "query", uid=query.uid))


def asked(request: HttpRequest, context: Context) -> Query:
    """Send what a form asks.

    :raises BadInput: with a sentence per field.
    """
    query = ask_query(
        case=context.review.case,
        subject=request.POST.get("subject", ""),
        words=typed_words(request),
        language=request.POST.get("language", ""),
        by=request.user,
        at=now(),
        request=request_key(request),
    )
    messages.success(request, _("Your request is sent; everybody who takes part in this review can read it."))
    return query


def _asking(request: HttpRequest, context: Context, **extra: Any) -> dict[str, Any]:
    return frame(
        context,
        current="queries",
        subjects=list(asked_subjects(context.review).values()),
        language=first_language(context, request.user),
        **standings_in(context),
        **{"typed": {}, "errors": {}, **extra},
    )


def beside(refusal: Refused) -> dict[str, Any]:
    """The sentences of a refusal by the field each stands beside; a page has another field named language."""
    fields = refusal.details.get("fields", {})
    return {"text-language" if name == "language" else name: sentence for name, sentence in fields.items()}


def typed_words(request: HttpRequest, name: str = "words") -> str:
    """What was typed into a field of text, with plain line ends."""
    return request.POST.get(name, "").replace("\r\n", "\n").strip()


def first_language(context: Context, user: User) -> str:
    """The language a new text is offered in: the person's own, or the review's where it is held in another."""
    own = get_language() or user.language
    agreed = context.review.languages
    return own if own in agreed or not agreed else agreed[0]


@page
@require_safe
def query(request: HttpRequest, phase: str, code: str, uid: Any) -> HttpResponse:
    """One request, what was said about it, and what this person may do about it."""
    return render(request, "queries/query.html", _query_page(request, load(request, phase, code), uid))


def _query_page(request: HttpRequest, context: Context, uid: Any, **extra: Any) -> dict[str, Any]:
    said = said_about(context.review, Q(query__uid=uid))
    refs = [message.text.ref for message in said]
    texts = texts_for(context.rights, "query", "reply", refs=[*refs, str(uid)])
    shown = frame(context, current="queries")
    at = now()
    subjects = asked_subjects(context.review)
    found = threads(context, said=said, texts=texts, subjects=subjects, seats=shown["seats"], at=at)
    if not found:
        raise NotVisible
    (thread,) = found
    draft = next((text for text in texts if text.kind == "reply" and text.ref == str(uid)), None)
    settles = context.rights.act_standing("settle_query")
    return {
        **shown,
        "thread": thread,
        "draft": draft if draft and _unsent(draft, thread) else None,
        "draft_version": draft.version if draft else 0,
        "may_draft": context.rights.edit_standing("reply") is not None,
        "may_settle": settles is not None and settles.seat_id == thread.query.seat_id,
        "ends": [(how, title()) for how, title in ENDINGS.items() if how in ENDS and _may_end(how, thread)],
        "language": first_language(context, request.user),
        "today": at.date(),
        "typed": {},
        "errors": {},
        "reasons": (),
        "conflict": None,
        **standings_in(context),
        **extra,
    }


def _unsent(draft: ReadText, thread: Thread) -> bool:
    """Whether a draft still waits: it stays in its State's history after a reply, and is not offered again."""
    return thread.query.status == QueryStatus.ASKED or (thread.open and draft.at > thread.turns[-1].at)


ENDINGS = {
    QueryStatus.ACCEPTED: lambda: _("The reply answers the request"),
    QueryStatus.CARRIED: lambda: _("The matter is taken up in an observation"),
    QueryStatus.WITHDRAWN: lambda: _("The request is withdrawn"),
}


def _may_end(how: str, thread: Thread) -> bool:
    """A reply can be accepted once there is one."""
    return how != QueryStatus.ACCEPTED or thread.query.status == QueryStatus.ANSWERED


def _shown_again(request: HttpRequest, context: Context, uid: Any, refusal: Refused, **extra: Any) -> HttpResponse:
    """The request's page as it is now, with the reasons, what was typed, and the newer text where there is one."""
    if isinstance(refusal, BadInput):
        extra["draft_version"] = seen(request, "draft_version")
    shown = _query_page(
        request,
        context,
        uid,
        typed=request.POST,
        reasons=() if refusal.details.get("fields") else refusal.reasons,
        errors=beside(refusal),
        conflict=refusal.details if "current" in refusal.details else None,
        **extra,
    )
    return render(request, "queries/query.html", shown, status=refusal.status)


@page
@confirm_identity
@require_POST
def reply(request: HttpRequest, phase: str, code: str, uid: Any) -> HttpResponse:
    """Send the reply of the State under review."""
    context = load(request, phase, code)
    try:
        reply_query(
            case=context.review.case,
            query_uid=str(uid),
            words=typed_words(request),
            language=request.POST.get("language", ""),
            by=request.user,
            at=now(),
            seen_version=seen(request),
            request=request_key(request),
        )
    except (BadInput, Stale) as refusal:
        return _shown_again(request, context, uid, refusal)
    messages.success(request, _("Your reply is sent; everybody who takes part in this review can read it."))
    return redirect(address(context.review, "query", uid=uid))


@page
@require_POST
def draft(request: HttpRequest, phase: str, code: str, uid: Any) -> HttpResponse:
    """Keep a reply as a draft of one's own State; the focal point finds it in the form."""
    context = load(request, phase, code)
    about = Query.objects.filter(review=context.review, uid=uid).first()
    if about is None:
        raise NotVisible
    language = request.POST.get("language", "")
    try:
        if about.status not in OPEN:
            raise Stale(_("This request has moved on since you opened the page."))
        if language not in Language.values:
            raise BadInput(fields={"language": _("Choose the language of the text.")})
        save_text(
            review=context.review,
            kind="reply",
            ref=str(uid),
            content={"text": typed_words(request)},
            language=language,
            by=request.user,
            at=now(),
            seen_version=seen(request, "draft_version"),
        )
    except (BadInput, Stale) as refusal:
        return _shown_again(request, context, uid, refusal)
    messages.success(request, _("The draft is saved; only your State can read it."))
    return redirect(address(context.review, "query", uid=uid))


@page
@require_POST
def settle(request: HttpRequest, phase: str, code: str, uid: Any) -> HttpResponse:
    """End a request of one's own State in one of its ways."""
    context = load(request, phase, code)
    try:
        settle_query(
            case=context.review.case,
            query_uid=str(uid),
            how=request.POST.get("how", ""),
            by=request.user,
            at=now(),
            seen_version=seen(request),
            request=request_key(request),
        )
    except (BadInput, Stale) as refusal:
        return _shown_again(request, context, uid, refusal)
    messages.success(request, _("The request is settled, and those concerned have been told."))
    return redirect(address(context.review, "query", uid=uid))


urlpatterns = [
    path("reviews/<slug:phase>/<str:code>/queries/", queries, name="queries"),
    path("reviews/<slug:phase>/<str:code>/queries/ask/", ask, name="ask_query"),
    path("reviews/<slug:phase>/<str:code>/queries/<uuid:uid>/", query, name="query"),
    path("reviews/<slug:phase>/<str:code>/queries/<uuid:uid>/reply/", reply, name="reply_query"),
    path("reviews/<slug:phase>/<str:code>/queries/<uuid:uid>/draft/", draft, name="draft_reply"),
    path("reviews/<slug:phase>/<str:code>/queries/<uuid:uid>/settle/", settle, name="settle_query"),
]
