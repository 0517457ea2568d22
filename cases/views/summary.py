"""The summary of the list of observations: one text, agreed by all; the only one that is translated (rule 46)."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cases.enums import Language, Stance
from cases.exceptions import BadInput, Stale
from cases.operations.drafts import save_text
from cases.queries import seats_of
from cases.views import agreed
from cases.views.common import Context, address, frame, load, now, page, request_key, seen

KIND = REF = "summary"


@page
def summary(request: HttpRequest, phase: str, code: str) -> HttpResponse:
    """The summary as this person reads it, and the form for those who write it."""
    context = load(request, phase, code)
    if request.method != "POST":
        return render(request, "summary/summary.html", summary_page(context, request))
    agreed.must_write(context, KIND)
    return _save(context, request)


def summary_page(context: Context, request: HttpRequest, **extra: Any) -> dict[str, Any]:
    """Everything the page shows, for the page itself and for a refusal shown on it."""
    seats = seats_of(context.review)
    step = agreed.next_step(context, agreed.product_of(context, KIND), seats)
    one = next(iter(agreed.shown(context, KIND)), None)
    now_read, later_read = agreed.readers(context, KIND)
    given = {"version": one.text.version if one else 0, "refused": "", "typed": {}, "errors": {}, "conflict": None}
    written = {
        "text": one.text.content.get("text", "") if one else "",
        "language": one.text.language if one else agreed.writing_language(context, request),
    }
    return frame(
        context,
        current="summary",
        seats=seats,
        step=step,
        one=one,
        why_not=agreed.why_not_write(context, KIND),
        reads_drafts=agreed.reads_drafts(context, KIND),
        may_take_position=agreed.may_take_position(context, step),
        language=agreed.writing_language(context, request),
        now_read=now_read,
        later_read=later_read,
        stances=Stance.choices,
        languages_offered=Language.choices,
        **{"written": written, **given, **extra},
    )


def _save(context: Context, request: HttpRequest) -> HttpResponse:
    """Save what the form says, or show it again with the reason it was not taken."""
    written = {
        "text": agreed.typed_words(request),
        "language": agreed.language_of(request),
    }
    errors = agreed.faults_of_words(written["text"], _("Write the summary."))
    if not written["language"]:
        errors["text-language"] = _("Choose the language it is written in.")
    if errors:
        shown = summary_page(context, request, written=written, version=seen(request), errors=errors)
        return render(request, "summary/summary.html", shown, status=422)
    try:
        save_text(
            review=context.review,
            kind=KIND,
            ref=REF,
            content={"text": written["text"]},
            language=written["language"],
            by=request.user,
            at=now(),
            seen_version=seen(request),
            request=request_key(request),
        )
    except Stale as refusal:
        conflict = agreed.conflict_of(refusal)
        version = conflict["current"].version
        shown = summary_page(context, request, written=written, version=version, conflict=conflict)
        return render(request, "summary/summary.html", shown, status=409)
    messages.success(request, _("Saved."))
    return redirect(address(context.review, "summary"))


@page
@require_POST
def position(request: HttpRequest, phase: str, code: str) -> HttpResponse:
    """Say for one's State what it thinks of exactly these words."""
    context = load(request, phase, code)
    one = agreed.find(context, KIND, REF)
    try:
        agreed.take(context, request, one)
    except (BadInput, Stale) as refusal:
        shown = summary_page(context, request, **agreed.refused_position(one, refusal, request))
        return render(request, "summary/summary.html", shown, status=refusal.status)
    messages.success(request, _("Your State's position is recorded."))
    return redirect(address(context.review, "summary"))


@page
@require_safe
def history(request: HttpRequest, phase: str, code: str) -> HttpResponse:
    """Every version of the summary, newest first."""
    context = load(request, phase, code)
    versions = agreed.history(context, KIND, REF)
    return render(request, "summary/history.html", frame(context, current="summary", versions=versions))


_BASE = "reviews/<slug:phase>/<str:code>/summary/"
urlpatterns = [
    path(_BASE, summary, name="summary"),
    path(f"{_BASE}history/", history, name="summary_history"),
    path(f"{_BASE}position/", position, name="summary_position"),
]
