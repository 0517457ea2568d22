"""The self-assessment: drafted by the State under review, read beside the articles once it is handed over."""

from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from cases.content import is_empty
from cases.exceptions import BadInput, NotAllowed, NotVisible, Refused, Stale, WrongStage
from cases.models import Question, Review, Seat, Submission, Text, TextVersion
from cases.operations.clearance import clearing_standing
from cases.operations.drafts import save_text
from cases.queries import ReadText, questions_for, seats_of, texts_for, visible_review
from cases.views.answer_forms import filler
from cases.views.answers import Conflict, Item, compare, parts_of, read_answer, typed_answer, typed_language
from cases.views.asked import asked_of
from cases.views.common import Context, address, case_of, frame, is_helped, load, now, page, seen

KIND = "answer"
PARTIAL = "questionnaire/one.html"


@page
@require_safe
def overview(request: HttpRequest, phase: str, code: str) -> HttpResponse:
    """The sections this State is asked, how far its own side is, and what to do next."""
    context = load(request, phase, code)
    seats = seats_of(context.review)
    seat, own = _answering(context, seats), _reads_drafts(context, seats)
    asked = asked_of(context.review)
    texts = texts_for(context.rights, KIND)
    said = {text.ref for text in texts if own and not is_empty(text.content)}
    questions = Counter(question.section for question in asked.questions)
    written = Counter(question.section for question in asked.questions if question.key in said)
    extra = {
        "groups": [
            (instrument, [(one, questions[one.key], written[one.key]) for one in sections])
            for instrument, sections in groupby(asked.sections, key=lambda section: section.instrument)
        ],
        "asked": len(asked.questions),
        "written": sum(written.values()),
        "next": next((one for one in asked.sections if written[one.key] < questions[one.key]), None),
        "own": own,
        "writes": _writes(context, seat),
        "closed": _why_closed(context, seat),
        "helped": is_helped(context.review, seat.pk),
        "readable": bool(texts),
        "submission": _submission(context, own),
        "clears": clearing_standing(context.rights, _product(context)) is not None,
        "product": _product(context),
        "room": context.definition.room(context.definition.text(KIND).cleared_room),
    }
    return render(request, "questionnaire/overview.html", frame(context, current="questionnaire", seats=seats, **extra))


def _answering(context: Context, seats: Iterable[Seat]) -> Seat:
    """The seat that answers: the State party under review.

    :raises NotVisible: the mechanism has no questionnaire.
    """
    owner = next((one.owner for one in context.definition.texts if one.key == KIND), None)
    seat = next((seat for seat in seats if seat.capacity == owner), None)
    if seat is None:
        raise NotVisible
    return seat


def _reads_drafts(context: Context, seats: Iterable[Seat]) -> bool:
    return _answering(context, seats).pk in context.rights.own_seats


def _product(context: Context) -> str:
    return context.definition.text(KIND).product or ""


def _writes(context: Context, seat: Seat) -> bool:
    standing = context.rights.edit_standing(KIND)
    return standing is not None and standing.seat_id == seat.pk and KIND in seat.writable


def _why_closed(context: Context, seat: Seat) -> str:
    """Why somebody of the answering State cannot write now; empty for those who can, and for everybody else."""
    rights = context.rights
    if seat.pk not in rights.own_seats or _writes(context, seat):
        return ""
    if rights.suspended:
        return _("The review is suspended; all dates are paused.")
    if rights.edit_standing(KIND):
        return _("This text has been handed over; it can be changed again after it is taken back.")
    drafters = {title for stage in context.definition.stages for title in stage.edit.get(KIND, ())}
    if rights.titles & drafters:
        return _("This text cannot be changed at the stage the review is in now.")
    return _("Only its own State's focal point and experts write this text.")


def _submission(context: Context, own: bool) -> Submission | None:
    """What was cleared last, if it stands; for others only once it is handed over."""
    standing = Submission.objects.filter(review=context.review, product=_product(context), voided_at=None)
    return (standing if own else standing.exclude(submitted_at=None)).first()


@page
@require_safe
def section(request: HttpRequest, phase: str, code: str, section: str) -> HttpResponse:
    """One section: the article beside its questions, to be answered or to be read."""
    context = load(request, phase, code)
    return render(request, "questionnaire/section.html", _section(request, context, section))


def _section(request: HttpRequest, context: Context, key: str, *items: Item) -> dict[str, Any]:
    """What a section's page shows; ``items`` are questions as they stand in a form that was not saved."""
    asked = asked_of(context.review)
    place = next((number for number, one in enumerate(asked.sections) if one.key == key), None)
    if place is None:
        raise NotVisible
    shown = asked.sections[place]
    seats = seats_of(context.review)
    seat = _answering(context, seats)
    questions = [question for question in asked.questions if question.section == key]
    texts = texts_for(context.rights, KIND, refs=[question.key for question in questions])
    return frame(
        context,
        current="questionnaire",
        seats=seats,
        section=shown,
        article=asked.article(shown),
        items=_items(request, context, seat, questions, texts, kept=items),
        form_of=filler(request, address(context.review), asked.forms),
        before=asked.sections[place - 1] if place else None,
        after=asked.sections[place + 1] if place + 1 < len(asked.sections) else None,
        readable=bool(texts) or _handed_over_once(context),
        **_around(context, seat),
    )


def _around(context: Context, seat: Seat) -> dict[str, Any]:
    """What every page with questions says around them."""
    return {
        "own": seat.pk in context.rights.own_seats,
        "writes": _writes(context, seat),
        "closed": _why_closed(context, seat),
        "mine": _is_mine(context, seat),
        "helped": is_helped(context.review, seat.pk),
        "room": context.definition.room(context.definition.text(KIND).cleared_room),
    }


def _is_mine(context: Context, seat: Seat) -> bool:
    """Whether the person sits for the answering State and reads its drafts: who wrote what is for them alone."""
    return seat.pk in context.rights.own_seats & {standing.seat_id for standing in context.rights.standings}


def _handed_over_once(context: Context) -> bool:
    """Whether the answers were ever handed over: what others have read they can go on reading."""
    handed_over = Submission.objects.filter(review=context.review, product=_product(context))
    return handed_over.exclude(submitted_at=None).exists()


def _items(
    request: HttpRequest,
    context: Context,
    seat: Seat,
    questions: Iterable[Question],
    texts: Iterable[ReadText],
    *,
    kept: Iterable[Item] = (),
) -> list[Item]:
    """The questions as this person sees them; ``kept`` stand as they are in a form that was not saved."""
    by_ref = {text.ref: text for text in texts}
    typed = {item.question.key: item for item in kept}
    writes, language = _writes(context, seat), _first_language(request, context.review)
    return [
        typed.get(question.key) or _item(question, by_ref.get(question.key), writes=writes, language=language)
        for question in questions
    ]


def _item(question: Question, text: ReadText | Text | None, *, writes: bool, language: str) -> Item:
    if text is None:
        return Item(question=question, language=language, writes=writes)
    return Item(
        question=question,
        text=text,
        content=text.content,
        language=text.language,
        version=text.version,
        writes=writes,
    )


def _first_language(request: HttpRequest, review: Review) -> str:
    """The language a new text begins in: the person's own, where the review is run in it or none is agreed."""
    own = request.user.language
    return own if not review.languages or own in review.languages else review.languages[0]


@page
@require_safe
def whole(request: HttpRequest, phase: str, code: str) -> HttpResponse:
    """Every question on one page, for reading, searching and printing; with ``?write`` as forms."""
    context = load(request, phase, code)
    asked = asked_of(context.review)
    seats = seats_of(context.review)
    seat = _answering(context, seats)
    texts = texts_for(context.rights, KIND)
    around = _around(context, seat)
    writing = around["writes"] and "write" in request.GET
    by_section: dict[str, list[Item]] = {}
    for item in _items(request, context, seat, asked.questions, texts):
        item.writes = writing
        by_section.setdefault(item.question.section, []).append(item)
    extra = {
        "parts": [(one, asked.article(one), by_section.get(one.key, [])) for one in asked.sections],
        "form_of": filler(request, address(context.review), asked.forms),
        "readable": bool(texts) or _handed_over_once(context),
        "writing": writing,
        **around,
    }
    return render(request, "questionnaire/all.html", frame(context, current="questionnaire", seats=seats, **extra))


@page
@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, phase: str, code: str, question: str) -> HttpResponse:
    """Save one answer; the same question comes back as it stands, saved or with what stands in the way."""
    review = visible_review(request.user, case_of(phase, code))
    asked = questions_for(review).filter(key=question).first()
    if asked is None:
        raise NotVisible
    if request.method == "GET":
        return _shown(request, load(request, phase, code), asked)
    typed = typed_answer(asked, request.POST)
    item = Item(
        question=asked,
        content=typed,
        language=typed_language(request.POST, _first_language(request, review)),
        version=seen(request),
        writes=True,
    )
    try:
        content = read_answer(asked, request.POST)
        if not is_empty(content) or item.version:
            _save(request, review, item, content)
    except (BadInput, Stale, NotAllowed, WrongStage) as refusal:
        return _not_saved(request, load(request, phase, code), item, refusal)
    if request.htmx:
        return _question(request, review, item, whole=request.POST.get("whole") == "1")
    messages.success(request, _("Saved."))
    return redirect(f"{address(review, 'section', section=asked.section)}#q-{asked.key}")


def _save(request: HttpRequest, review: Review, item: Item, content: dict[str, Any]) -> None:
    text = save_text(
        review=review,
        kind=KIND,
        ref=item.question.key,
        content=content,
        language=item.language,
        by=request.user,
        at=now(),
        seen_version=item.version,
    )
    item.text, item.content, item.version, item.saved_at = text, text.content, text.version, text.updated_at


def _not_saved(request: HttpRequest, context: Context, item: Item, refusal: Refused) -> HttpResponse:
    """The question again, with what was typed and why it was not saved; what others wrote only to their own side."""
    if isinstance(refusal, NotAllowed):
        raise refusal
    if not _reads_drafts(context, seats_of(context.review)):
        raise NotAllowed(_("Only its own State's focal point and experts write this text."))
    if isinstance(refusal, BadInput):
        item.errors = refusal.details["fields"]
    else:
        item.reasons = tuple(refusal.reasons)
    if isinstance(refusal, Stale) and "current" in refusal.details:
        item.conflict = _conflict(item, refusal.details["current"], refusal.details["ancestor"])
        item.version = refusal.details["current"].version
    if not request.htmx:
        shown = _section(request, context, item.question.section, item)
        return render(request, "questionnaire/section.html", shown, status=refusal.status)
    return _question(request, context.review, item, whole=True, status=refusal.status)


def _question(request: HttpRequest, review: Review, item: Item, *, whole: bool, status: int = 200) -> HttpResponse:
    """The partial of one question: the page takes the line that says how it was kept, or the ``whole``."""
    response = render(request, PARTIAL, _alone(request, review, item), status=status)
    if whole:
        response["HX-Retarget"] = response["HX-Reselect"] = f"#q-{item.question.key}"
    return response


def _conflict(item: Item, current: Text, ancestor: dict[str, Any]) -> Conflict:
    began = TextVersion.objects.filter(text=current, number=item.version).first()
    question = item.question
    return Conflict(
        since=item.version,
        rows=compare(
            parts_of(question, ancestor, began.language if began else ""),
            parts_of(question, current.content, current.language),
            parts_of(question, item.content, item.language),
        ),
        by=current.updated_by.name,
        at=current.updated_at,
    )


def _alone(request: HttpRequest, review: Review, item: Item) -> dict[str, Any]:
    """What the partial of one question needs beside the page."""
    base = address(review)
    return {
        "base": base,
        "item": item,
        "own": True,
        "readable": True,
        "mine": True,
        "form_of": filler(request, base, {}),
    }


def _shown(request: HttpRequest, context: Context, asked: Question) -> HttpResponse:
    """One question as it stands: its place on the section's page, or by itself for a page that has it already."""
    if not request.htmx:
        return redirect(f"{address(context.review, 'section', section=asked.section)}#q-{asked.key}")
    seat = _answering(context, seats_of(context.review))
    texts = texts_for(context.rights, KIND, ref=asked.key)
    (item,) = _items(request, context, seat, [asked], texts)
    around = {**_around(context, seat), "readable": bool(texts) or _handed_over_once(context)}
    return render(request, PARTIAL, {**_alone(request, context.review, item), **around})


@page
@require_safe
def history(request: HttpRequest, phase: str, code: str, question: str) -> HttpResponse:
    """The versions of one answer, newest first, each with what it changed; to the State's own side alone."""
    context = load(request, phase, code)
    seats = seats_of(context.review)
    seat = _answering(context, seats)
    asked = questions_for(context.review).filter(key=question).first()
    if asked is None or not _is_mine(context, seat):
        raise NotVisible
    versions = TextVersion.objects.filter(text__seat=seat, text__kind=KIND, text__ref=asked.key)
    kept = list(versions.select_related("by").order_by("number"))
    words = [parts_of(asked, one.content, one.language) for one in kept]
    earlier = [parts_of(asked, {}, ""), *words]
    rows = [(one, compare(old, new)) for one, old, new in zip(kept, earlier, words, strict=False)]
    extra = {"versions": rows[::-1], "question": asked}
    if request.htmx:
        return render(request, "questionnaire/versions.html", extra)
    return render(request, "questionnaire/history.html", frame(context, current="questionnaire", seats=seats, **extra))


BASE = "reviews/<slug:phase>/<str:code>/questionnaire/"
urlpatterns = [
    path(BASE, overview, name="questionnaire"),
    path(f"{BASE}all/", whole, name="whole_questionnaire"),
    path(f"{BASE}answers/<slug:question>/", answer, name="answer"),
    path(f"{BASE}answers/<slug:question>/history/", history, name="answer_history"),
    path(f"{BASE}<slug:section>/", section, name="section"),
]
