"""The list of observations: drafted by the reviewing States, shared by a step, agreed by all (rules 43 and 44)."""

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cases.content import ASSISTANCE_FORMS, OBSERVATION_CATEGORIES
from cases.enums import Language, Stance
from cases.exceptions import BadInput, NotVisible, Stale
from cases.models import Article, Text
from cases.operations.drafts import save_text, withdraw_observation
from cases.queries import instruments_of, seats_of
from cases.views import agreed
from cases.views.agreed import Shown
from cases.views.common import Context, address, frame, load, now, page, request_key, seen
from workflow.definition import Instrument, Mechanism

KIND = "observation"


@page
@require_safe
def observations(request: HttpRequest, phase: str, code: str) -> HttpResponse:
    """The list as this person reads it."""
    return render(request, "observations/list.html", listing(load(request, phase, code), request))


def listing(context: Context, request: HttpRequest, **extra: Any) -> dict[str, Any]:
    """Everything the list shows, for the page itself and for a refusal shown on it."""
    seats = seats_of(context.review)
    step = agreed.next_step(context, agreed.product_of(context, KIND), seats)
    ones = agreed.shown(context, KIND)
    return frame(
        context,
        current="observations",
        seats=seats,
        step=step,
        ones=ones,
        groups=grouped(((one.text.content, one) for one in ones), context.definition),
        titles=article_titles(),
        taken_out=_taken_out(context),
        why_not=agreed.why_not_write(context, KIND),
        reads_drafts=agreed.reads_drafts(context, KIND),
        may_take_position=agreed.may_take_position(context, step),
        language=agreed.writing_language(context, request),
        **{**_words(), "refused": "", "typed": {}, "errors": {}, **extra},
    )


def _words() -> dict[str, Any]:
    """The closed lists that a form offers."""
    return {
        "stances": Stance.choices,
        "languages_offered": Language.choices,
    }


def grouped(rows: Iterable[tuple[Any, Any]], definition: Mechanism) -> list[tuple[str, list[tuple[str, list[Any]]]]]:
    """Things by category, then by instrument and article: the order of the treaty, which orders no State."""
    categories = list(OBSERVATION_CATEGORIES)
    instruments = [one.key for one in definition.instruments]

    def place(row: tuple[Any, Any]) -> tuple[int, int, list[int]]:
        content = row[0]
        return (
            _index(categories, content.get("category", "")),
            _index(instruments, content.get("instrument", "")),
            sorted(content.get("articles", ())),
        )

    groups: list[tuple[str, list[tuple[str, list[Any]]]]] = []
    for content, thing in sorted(rows, key=place):
        category, instrument = content.get("category", ""), content.get("instrument", "")
        if not groups or groups[-1][0] != category:
            groups.append((category, []))
        if not groups[-1][1] or groups[-1][1][-1][0] != instrument:
            groups[-1][1].append((instrument, []))
        groups[-1][1][-1][1].append(thing)
    return groups


def _index(keys: list[str], key: str) -> int:
    return keys.index(key) if key in keys else len(keys)


def article_titles() -> dict[tuple[str, int], Any]:
    """The titles of all articles, by instrument and number; one query."""
    return {(one.instrument, one.number): one.title for one in Article.objects.only("instrument", "number", "title")}


def _taken_out(context: Context) -> list[Text]:
    """What was taken out of the list again; it stays in the record of those who drafted it."""
    if not agreed.reads_drafts(context, KIND):
        return []
    return list(Text.objects.filter(review=context.review, kind=KIND).exclude(withdrawn_at=None).order_by("pk"))


@page
def new(request: HttpRequest, phase: str, code: str) -> HttpResponse:
    """Write an observation."""
    context = load(request, phase, code)
    agreed.must_write(context, KIND)
    if request.method != "POST":
        return render(request, "observations/write.html", _writing(context, request, None))
    return _save(context, request, None)


@page
def change(request: HttpRequest, phase: str, code: str, ref: str) -> HttpResponse:
    """Change one observation; the versions before stay in its history."""
    context = load(request, phase, code)
    one = _mine(context, request, str(ref))
    if request.method != "POST":
        return render(request, "observations/write.html", _writing(context, request, one))
    return _save(context, request, one)


def _mine(context: Context, request: HttpRequest, ref: str) -> Shown:
    """The observation that this person is about to change.

    :raises Stale: it was taken out while they wrote.
    :raises NotVisible: there is none for them.
    """
    try:
        one = agreed.find(context, KIND, ref)
    except NotVisible:
        if request.method == "POST" and ref in {text.ref for text in _taken_out(context)}:
            raise Stale(_("This observation was taken out of the list while you wrote.")) from None
        raise
    agreed.must_write(context, KIND)
    return one


def _writing(context: Context, request: HttpRequest, one: Shown | None, **extra: Any) -> dict[str, Any]:
    """The form, for a new observation or a change, with what was typed where it comes back."""
    kept = one.text.content if one else {}
    typed = {
        "category": kept.get("category", ""),
        "articles": [f"{kept.get('instrument')}-{number}" for number in kept.get("articles", ())],
        "forms": list(kept.get("forms", ())),
        "text": kept.get("text", ""),
        "language": one.text.language if one else agreed.writing_language(context, request),
    }
    now_read, later_read = agreed.readers(context, KIND)
    return frame(
        context,
        current="observations",
        one=one,
        choices=_choices(context, kept),
        titles=article_titles(),
        now_read=now_read,
        later_read=later_read,
        **{
            **_words(),
            "version": one.text.version if one else 0,
            "typed": typed,
            "errors": {},
            "conflict": None,
            **extra,
        },
    )


def _choices(context: Context, kept: dict[str, Any] | Any) -> list[tuple[Instrument, list[int]]]:
    """The articles under review of the instruments the State is party to, and any the observation names already."""
    definition, party_to = context.definition, instruments_of(context.review)
    articles = definition.cluster(context.review.phase.cluster).articles
    choices = []
    for instrument in definition.instruments:
        numbers = set(articles.get(instrument.key, ())) if instrument.key in party_to else set()
        if kept.get("instrument") == instrument.key:
            numbers |= set(kept.get("articles", ()))
        if numbers:
            choices.append((instrument, sorted(numbers)))
    return choices


def _save(context: Context, request: HttpRequest, one: Shown | None) -> HttpResponse:
    """Save what the form says, or show it again with the reason it was not taken."""
    typed = _typed(request)
    try:
        content = _content(typed, _choices(context, one.text.content if one else {}))
        text = save_text(
            review=context.review,
            kind=KIND,
            ref=one.text.ref if one else str(uuid4()),
            content=content,
            language=typed["language"],
            by=request.user,
            at=now(),
            seen_version=seen(request) if one else 0,
            request=request_key(request),
        )
    except BadInput as refusal:
        shown = _writing(context, request, one, typed=typed, version=seen(request), errors=refusal.details["fields"])
        return render(request, "observations/write.html", shown, status=422)
    except Stale as refusal:
        conflict = agreed.conflict_of(refusal)
        version = conflict["current"].version
        shown = _writing(context, request, one, typed=typed, version=version, conflict=conflict)
        return render(request, "observations/write.html", shown, status=409)
    messages.success(request, _("Saved."))
    return redirect(f"{address(context.review, 'observations')}#o-{text.ref}")


def _typed(request: HttpRequest) -> dict[str, Any]:
    return {
        "category": request.POST.get("category", ""),
        "articles": request.POST.getlist("articles"),
        "forms": request.POST.getlist("forms"),
        "text": agreed.typed_words(request),
        "language": agreed.language_of(request),
    }


def _content(typed: dict[str, Any], choices: list[tuple[Instrument, list[int]]]) -> dict[str, Any]:
    """The content of an observation as the form says it.

    :raises BadInput: with a sentence per field.
    """
    offered = {f"{one.key}-{number}": (one.key, number) for one, numbers in choices for number in numbers}
    chosen = [offered[name] for name in typed["articles"] if name in offered]
    instruments = {instrument for instrument, _number in chosen}
    needs_help = typed["category"] == "assistance_need"
    errors = {}
    if typed["category"] not in OBSERVATION_CATEGORIES:
        errors["category"] = _("Choose what kind of observation it is.")
    if not chosen:
        errors["articles"] = _("Choose the article or articles it is about.")
    elif len(instruments) > 1:
        errors["articles"] = _("Choose articles of one instrument, and write another observation for the other one.")
    if typed["forms"] and not needs_help:
        errors["forms"] = _("Forms of assistance belong to a need for technical assistance.")
    errors |= agreed.faults_of_words(typed["text"], _("Write the observation."))
    if not typed["language"]:
        errors["text-language"] = _("Choose the language it is written in.")
    if errors:
        raise BadInput(*errors.values(), fields=errors)
    return {
        "category": typed["category"],
        "instrument": instruments.pop(),
        "articles": sorted(number for _instrument, number in chosen),
        "text": typed["text"],
        "forms": [form for form in ASSISTANCE_FORMS if form in typed["forms"]],
    }


@page
def take_out(request: HttpRequest, phase: str, code: str, ref: str) -> HttpResponse:
    """Take an observation out of the list: the consequences first, then the step."""
    context = load(request, phase, code)
    one = _mine(context, request, str(ref))
    if request.method == "POST":
        try:
            withdraw_observation(
                review=context.review,
                ref=one.text.ref,
                by=request.user,
                at=now(),
                seen_version=seen(request),
                request=request_key(request),
            )
        except Stale as refusal:
            agreed.conflict_of(refusal)
            return render(request, "observations/take_out.html", _taking_out(context, one, refusal), status=409)
        messages.success(request, _("Taken out of the list. It stays in the record."))
        return redirect(address(context.review, "observations"))
    return render(request, "observations/take_out.html", _taking_out(context, one, None))


def _taking_out(context: Context, one: Shown, refusal: Stale | None) -> dict[str, Any]:
    return frame(
        context,
        current="observations",
        one=one,
        titles=article_titles(),
        reasons=refusal.reasons if refusal else (),
        shared=agreed.product_of(context, KIND) in context.review.shared,
        **_words(),
    )


@page
@require_POST
def position(request: HttpRequest, phase: str, code: str, ref: str) -> HttpResponse:
    """Say for one's State what it thinks of exactly these words."""
    context = load(request, phase, code)
    one = agreed.find(context, KIND, str(ref))
    try:
        agreed.take(context, request, one)
    except (BadInput, Stale) as refusal:
        shown = listing(context, request, **agreed.refused_position(one, refusal, request))
        return render(request, "observations/list.html", shown, status=refusal.status)
    messages.success(request, _("Your State's position is recorded."))
    return redirect(f"{address(context.review, 'observations')}#o-{one.text.ref}")


@page
@require_safe
def history(request: HttpRequest, phase: str, code: str, ref: str) -> HttpResponse:
    """Every version of one observation, newest first."""
    context = load(request, phase, code)
    versions = agreed.history(context, KIND, str(ref))
    extra = {"versions": versions, "titles": article_titles(), **_words()}
    return render(request, "observations/history.html", frame(context, current="observations", **extra))


_BASE = "reviews/<slug:phase>/<str:code>/observations/"
urlpatterns = [
    path(_BASE, observations, name="observations"),
    path(f"{_BASE}new/", new, name="new_observation"),
    path(f"{_BASE}<uuid:ref>/", change, name="observation"),
    path(f"{_BASE}<uuid:ref>/history/", history, name="observation_history"),
    path(f"{_BASE}<uuid:ref>/take-out/", take_out, name="take_out_observation"),
    path(f"{_BASE}<uuid:ref>/position/", position, name="observation_position"),
]
