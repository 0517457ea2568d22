"""Written feedback of the reviewing States, section by section beside the answers (rules 38, 39)."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases.content import is_empty
from cases.enums import Language
from cases.exceptions import BadInput, NotAllowed, NotVisible, Refused, Stale, WrongStage
from cases.models import Article, Query, Seat, Section, Submission, Text
from cases.operations.clearance import clearing_standing
from cases.operations.dialogue import OPEN
from cases.operations.drafts import save_text
from cases.queries import ReadText, questions_for, seats_of, sections_for, texts_for
from cases.views.common import Context, address, frame, load, now, page, seen
from cases.views.queries import (
    asked,
    asked_subjects,
    beside,
    first_language,
    said_about,
    standings_in,
    subjects_of,
    threads,
    typed_words,
)

KIND = "feedback"


@page
@require_safe
def overview(request: HttpRequest, phase: str, code: str) -> HttpResponse:
    """The sections, what this person's State has written so far, and which States have handed over."""
    context = load(request, phase, code)
    seats = seats_of(context.review)
    seat = _own(context, seats)
    texts = texts_for(context.rights, KIND)
    subjects = asked_subjects(context.review)
    asked_about = Counter(
        subjects[subject].section.key
        for subject in Query.objects.filter(review=context.review, status__in=OPEN).values_list("subject", flat=True)
        if subject in subjects
    )
    extra = {
        "sections": [
            (one.section, _covers(seat, one.section), _read_in(texts, one.section, seat), asked_about[one.section.key])
            for one in subjects.values()
            if one.question is None
        ],
        "seat": seat,
        "reads_own": seat is not None and seat.pk in context.rights.own_seats,
        "closed": _why_closed(context, seat),
        "reviewing": _reviewing(context, seats),
        "about": next((stage.about for stage in context.definition.stages if stage.edit.get(KIND)), ""),
        "clears": clearing_standing(context.rights, _product(context)) is not None,
        "product": _product(context),
        **_handed_over(context, seat),
    }
    return render(request, "feedback/overview.html", frame(context, current=KIND, seats=seats, **extra))


def _product(context: Context) -> str:
    return context.definition.text(KIND).product or ""


def _reviewing(context: Context, seats: Iterable[Seat]) -> list[Seat]:
    owner = context.definition.text(KIND).owner
    return [seat for seat in seats if seat.capacity == owner]


def _own(context: Context, seats: Iterable[Seat]) -> Seat | None:
    """The reviewing State this person takes part for, if any."""
    mine = {standing.seat_id for standing in context.rights.standings}
    return next((seat for seat in _reviewing(context, seats) if seat.pk in mine), None)


def _covers(seat: Seat | None, section: Section) -> bool:
    """Whether a reviewing State reads this section: the general part, and its own instruments (rule 39)."""
    return seat is not None and (not section.instrument or section.instrument in seat.instruments)


def _read_in(texts: Iterable[ReadText], section: Section, own: Seat | None) -> dict[str, Any]:
    """What is written in a section, as this person reads it: one's own State's text, and of how many others."""
    found = [text for text in texts if text.ref == section.key and not is_empty(text.content)]
    others = [text for text in found if own is None or text.seat_id != own.pk]
    return {"own": len(found) > len(others), "others": len(others)}


def _handed_over(context: Context, own: Seat | None) -> dict[str, Any]:
    """By seat, when the feedback was handed over; what is cleared and still here is told to one's own side only."""
    product = _product(context)
    answers = context.definition.text("answer").product
    rows = Submission.objects.filter(review=context.review, product__in=[product, answers])
    given = {
        row.seat_id: row.submitted_at
        for row in rows
        if row.product == product and row.submitted_at and row.voided_at is None
    }
    return {
        "given": given,
        "answers_given": any(row.product == answers and row.submitted_at for row in rows),
        "cleared": own is not None
        and own.pk in context.rights.own_seats
        and own.pk not in given
        and any(row.seat_id == own.pk and row.product == product and row.voided_at is None for row in rows),
    }


def _why_closed(context: Context, seat: Seat | None) -> str:
    """Why somebody of a reviewing State cannot write now; empty for those who can, and for everybody else."""
    rights = context.rights
    if seat is None:
        return ""
    if rights.suspended:
        return _("The review is suspended; all dates are paused.")
    drafters = {title for stage in context.definition.stages for title in stage.edit.get(KIND, ())}
    if not rights.titles & drafters:
        return _("Only its own State's focal point and experts write this text.")
    if rights.edit_standing(KIND) is None:
        return _("This text cannot be changed at the stage the review is in now.")
    if KIND not in seat.writable:
        return _("This text has been handed over; it can be changed again after it is taken back.")
    return ""


@page
@require_http_methods(["GET", "HEAD", "POST"])
def section(request: HttpRequest, phase: str, code: str, section: str) -> HttpResponse:
    """One section: the article, the State's answers, the feedback on them, and the requests for clarification."""
    context = load(request, phase, code)
    if request.method != "POST":
        return render(request, "feedback/section.html", _section(request, context, section))
    shown = sections_for(context.review).filter(key=section).first()
    if shown is None:
        raise NotVisible
    try:
        saved = _save(request, context, shown)
    except (BadInput, Stale, NotAllowed, WrongStage) as refusal:
        return _not_saved(request, context, shown, refusal)
    if request.htmx:
        return render(request, "feedback/state.html", {"saved": saved, "base": address(context.review)})
    messages.success(request, _("Saved."))
    return redirect(address(context.review, "feedback_section", section=section))


def _save(request: HttpRequest, context: Context, shown: Section) -> Text:
    """Save one's own State's feedback on a section.

    :raises NotAllowed: another reviewing State reads this instrument.
    :raises BadInput: the language is none of the six.
    """
    standing = context.rights.edit_standing(KIND)
    if standing and not _covers(Seat.objects.get(pk=standing.seat_id), shown):
        raise NotAllowed(_("Your State does not review this instrument."))
    language = request.POST.get("language", "")
    if language not in Language.values:
        raise BadInput(fields={"language": _("Choose the language of the text.")})
    return save_text(
        review=context.review,
        kind=KIND,
        ref=shown.key,
        content={"text": typed_words(request)},
        language=language,
        by=request.user,
        at=now(),
        seen_version=seen(request, "over") or seen(request),
    )


def _not_saved(request: HttpRequest, context: Context, shown: Section, refusal: Refused) -> HttpResponse:
    """The form as it was typed, with the reasons and, where a colleague was quicker, the newer words."""
    told = {
        "typed": request.POST,
        "errors": {f"feedback-{name}": said for name, said in refusal.details.get("fields", {}).items()},
        "reasons": refusal.reasons,
        "conflict": refusal.details if "current" in refusal.details else None,
        "saved": None,
        "seen_version": seen(request),
    }
    if request.htmx:
        told["base"] = address(context.review)
        return render(request, "feedback/state.html", told, status=refusal.status)
    if isinstance(refusal, NotAllowed | WrongStage):
        raise refusal
    whole = _section(request, context, shown.key, **told)
    return render(request, "feedback/section.html", whole, status=refusal.status)


def _section(request: HttpRequest, context: Context, key: str, **extra: Any) -> dict[str, Any]:
    """What a section's page shows; ``extra`` says how a form stands that was not taken."""
    sections = list(sections_for(context.review))
    place = next((number for number, one in enumerate(sections) if one.key == key), None)
    if place is None:
        raise NotVisible
    shown, seats, at = sections[place], seats_of(context.review), now()
    questions = list(questions_for(context.review).filter(section=key))
    subjects = subjects_of([shown], questions)
    said = said_about(context.review, Q(query__subject__in=list(subjects)))
    refs = [*subjects, *(message.text.ref for message in said)]
    texts = texts_for(context.rights, "answer", KIND, "query", "reply", refs=refs)
    seat = _own(context, seats)
    written = {text.seat_id: text for text in texts if text.kind == KIND}
    own, closed = written.get(seat.pk) if seat else None, _why_closed(context, seat)
    return frame(
        context,
        current=KIND,
        seats=seats,
        section=shown,
        article=Article.objects.filter(instrument=shown.instrument, number=shown.article).first(),
        before=sections[place - 1] if place else None,
        after=sections[place + 1] if place + 1 < len(sections) else None,
        questions=questions,
        answers={text.ref: text for text in texts if text.kind == "answer" and text.cleared},
        feedback=[(one, written.get(one.pk)) for one in _reviewing(context, seats) if one != seat or closed],
        seat=seat,
        own=own,
        covers=_covers(seat, shown),
        writes=seat is not None and not closed and _covers(seat, shown),
        closed=closed,
        shape=context.definition.text(KIND),
        threads=threads(context, said=said, texts=texts, subjects=subjects, seats=seats, at=at),
        subjects=list(subjects.values()),
        language=first_language(context, request.user),
        today=at.date(),
        **_handed_over(context, seat),
        **standings_in(context),
        **{
            "typed": {},
            "errors": {},
            "asking": {},
            "asking_errors": {},
            "reasons": (),
            "conflict": None,
            "saved": own,
            "seen_version": own.version if own else 0,
            **extra,
        },
    )


@page
@require_POST
def ask(request: HttpRequest, phase: str, code: str, section: str) -> HttpResponse:
    """Ask for clarification from a section's page."""
    context = load(request, phase, code)
    try:
        asked(request, context)
    except BadInput as refusal:
        shown = _section(request, context, section, asking=request.POST, asking_errors=beside(refusal))
        return render(request, "feedback/section.html", shown, status=refusal.status)
    return redirect(address(context.review, "feedback_section", section=section) + "#requests")


urlpatterns = [
    path("reviews/<slug:phase>/<str:code>/feedback/", overview, name="feedback"),
    path("reviews/<slug:phase>/<str:code>/feedback/<slug:section>/", section, name="feedback_section"),
    path("reviews/<slug:phase>/<str:code>/feedback/<slug:section>/ask/", ask, name="ask_about_section"),
]
