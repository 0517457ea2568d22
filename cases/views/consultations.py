"""The arrangements of a review, which all its States write together: languages, timetable, division of work."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from cases.enums import Capacity, Language
from cases.exceptions import BadInput, Refused, Stale
from cases.models import Event, Submission, TextVersion
from cases.operations.clearance import clearing_standing
from cases.operations.drafts import save_text
from cases.queries import ReadText, seats_of, texts_for, timeline_for
from cases.views.common import Context, address, frame, load, now, page, request_key, seen
from cases.views.queries import beside, typed_words

KIND = "consultation"
REF = "consultation"


@page
@require_http_methods(["GET", "HEAD", "POST"])
def consultations(request: HttpRequest, phase: str, code: str) -> HttpResponse:
    """The arrangements as they stand, who changed them last and how, who has agreed, and the form to change them."""
    context = load(request, phase, code)
    if request.method != "POST":
        return render(request, "consultations/consultations.html", _arrangements(request, context))
    content = {
        "languages": [one for one in Language.values if one in request.POST.getlist("languages")],
        "timetable": typed_words(request, "timetable"),
        "division": typed_words(request, "division"),
    }
    try:
        _save(request, context, content)
    except (BadInput, Stale) as refusal:
        return _not_saved(request, context, content, refusal)
    messages.success(request, _("Saved. Everybody in the review reads the new words and has been told."))
    return redirect(address(context.review, "consultations"))


def _save(request: HttpRequest, context: Context, content: dict[str, Any]) -> None:
    language = request.POST.get("language", "")
    _check(context, content, language)
    save_text(
        review=context.review,
        kind=KIND,
        ref=REF,
        content=content,
        language=language,
        by=request.user,
        at=now(),
        seen_version=seen(request),
        request=request_key(request),
    )


def _not_saved(request: HttpRequest, context: Context, content: dict[str, Any], refusal: Refused) -> HttpResponse:
    """The form as it was typed; a newer text is shown beside it, and only then may the next save go over it."""
    told = {
        "typed": {**content, "language": request.POST.get("language", "")},
        "errors": beside(refusal),
        "reasons": () if beside(refusal) else refusal.reasons,
        "conflict": refusal.details if "current" in refusal.details else None,
    }
    if isinstance(refusal, BadInput):
        told["seen_version"] = seen(request)
    shown = _arrangements(request, context, **told)
    return render(request, "consultations/consultations.html", shown, status=refusal.status)


def _check(context: Context, content: dict[str, Any], language: str) -> None:
    """Refuse what the States could not agree to.

    :raises BadInput: no language, or more than the mechanism allows; a language of the text that is none of the six.
    """
    most = _most_languages(context)
    errors = {}
    if not content["languages"]:
        errors["languages"] = _("Choose the language or languages of the review.")
    elif len(content["languages"]) > most:
        errors["languages"] = ngettext(
            "A review is held in %(most)d language.", "A review is held in at most %(most)d languages.", most
        ) % {"most": most}
    if language not in Language.values:
        errors["language"] = _("Choose the language of the text.")
    if errors:
        raise BadInput(*errors.values(), fields=errors)


def _most_languages(context: Context) -> int:
    return int(context.definition.settings.get("max_languages", 1))


def _arrangements(request: HttpRequest, context: Context, **extra: Any) -> dict[str, Any]:
    """What the page shows; ``extra`` says how a form stands that was not taken."""
    seats = seats_of(context.review)
    text = next(iter(texts_for(context.rights, KIND, ref=REF)), None)
    changes = _changes(context, text)
    product = context.definition.product(context.definition.text(KIND).product)
    standing = Submission.objects.filter(review=context.review, product=product.key, voided_at=None)
    agreed = {one.seat_id: one.submitted_at for one in standing if one.submitted_at}
    writable = context.rights.edit_standing(KIND) is not None
    return frame(
        context,
        current="consultations",
        seats=seats,
        text=text,
        changes=changes,
        shown=_compared(changes, request.GET.get("version", "")),
        product=product,
        parties=[seat for seat in seats if seat.capacity in product.seats],
        agreed=agreed,
        agreed_on=max(agreed.values(), default=None),
        cleared={one.seat_id for one in standing if not one.submitted_at},
        clears=clearing_standing(context.rights, product.key) is not None,
        writable=writable,
        closed="" if writable else _why_closed(context),
        stages=[stage for stage in context.definition.stages if stage.edit.get(KIND)],
        most_languages=_most_languages(context),
        languages_offered=Language.choices,
        shape=context.definition.text(KIND),
        reviewing=[seat for seat in seats if seat.capacity == Capacity.REVIEWING],
        **{
            "typed": {},
            "errors": {},
            "reasons": (),
            "conflict": None,
            "seen_version": text.version if text else 0,
            **extra,
        },
    )


def _changes(context: Context, text: ReadText | None) -> list[dict[str, Any]]:
    """Every version this person may know of, the newest first, with the State that wrote it and its entry."""
    if text is None:
        return []
    own = {standing.seat_id for standing in context.rights.standings}
    entries: dict[str, Event] = {
        entry.object_uid: entry for entry in timeline_for(context.rights).filter(verb=f"{KIND}.save")
    }
    versions = TextVersion.objects.filter(text_id=text.pk, number__lte=text.version).order_by("-number")
    return [
        {
            "version": version,
            "entry": entries[str(version.uid)],
            "person": entries[str(version.uid)].actor.name if entries[str(version.uid)].seat_id in own else "",
        }
        for version in versions
        if str(version.uid) in entries
    ]


def _compared(changes: list[dict[str, Any]], number: str) -> dict[str, Any] | None:
    """The change asked for, or the last, beside the version before it; None for a text never changed."""
    chosen = next((at for at, one in enumerate(changes) if str(one["version"].number) == number), 0)
    if chosen + 1 >= len(changes):
        return None
    return {**changes[chosen], "before": changes[chosen + 1]["version"]}


def _why_closed(context: Context) -> str:
    """Why this person cannot change the arrangements now."""
    if context.rights.suspended:
        return _("The review is suspended; all dates are paused.")
    writers = {title for stage in context.definition.stages for title in stage.edit.get(KIND, ())}
    if not context.rights.titles & writers:
        return _("The focal points and experts of the States in the review write the arrangements.")
    return _("This text cannot be changed at the stage the review is in now.")


urlpatterns = [path("reviews/<slug:phase>/<str:code>/consultations/", consultations, name="consultations")]
