"""A State's own follow-up after its review: voluntary, kept in its own room, seen by nobody else (rule 66)."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cases.content import is_empty
from cases.exceptions import BadInput, NotVisible, Stale
from cases.models import Seat
from cases.operations.drafts import save_text
from cases.queries import seats_of, texts_for
from cases.views.answers import LONGEST_TEXT, compare, is_date, typed_language
from cases.views.common import Context, address, frame, is_helped, load, now, page, seen

KIND = "follow_up"
LONGEST_OWNER = 500


@page
@require_safe
def follow_up(request: HttpRequest, phase: str, code: str) -> HttpResponse:
    """The actions a State keeps for itself."""
    context = load(request, phase, code)
    return render(request, "follow_up/actions.html", _actions(request, context))


def _actions(request: HttpRequest, context: Context, **extra: Any) -> dict[str, Any]:
    """The State's actions, soonest first, with one empty form.

    :raises NotVisible: for everybody but the State's own side, and where there is and can be nothing.
    """
    seats = seats_of(context.review)
    seat = _owner(context, seats)
    texts = texts_for(context.rights, KIND) if seat.pk in context.rights.own_seats else []
    writes = context.rights.edit_standing(KIND) is not None and KIND in seat.writable
    if not texts and not writes:
        raise NotVisible
    kept = [text for text in texts if not is_empty(text.content)]
    return frame(
        context,
        current="follow-up",
        seats=seats,
        actions=sorted(kept, key=lambda text: (text.content.get("by") or "9999", text.pk)),
        writes=writes,
        helped=is_helped(context.review, seat.pk),
        new=str(uuid4()),
        language=request.user.language,
        today=now().date(),
        dates={text.ref: _day(text.content.get("by")) for text in kept},
        **{"typed": None, "errors": {}, "conflict": None, **extra},
    )


def _owner(context: Context, seats: list[Seat]) -> Seat:
    owner = next((one.owner for one in context.definition.texts if one.key == KIND), None)
    seat = next((seat for seat in seats if seat.capacity == owner), None)
    if seat is None:
        raise NotVisible
    return seat


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value and is_date(value) else None


@page
@require_POST
def save_action(request: HttpRequest, phase: str, code: str, action: UUID) -> HttpResponse:
    """Save one action; one whose fields are all empty is no longer listed."""
    context = load(request, phase, code)
    if _owner(context, seats_of(context.review)).pk not in context.rights.own_seats:
        raise NotVisible
    typed = {name: request.POST.get(name, "").replace("\r\n", "\n").strip() for name in ("action", "owner", "by")}
    shown = {"ref": str(action), **typed, "language": typed_language(request.POST, request.user.language)}
    version = seen(request)
    try:
        _check(typed)
        if version or any(typed.values()):
            save_text(
                review=context.review,
                kind=KIND,
                ref=str(action),
                content=typed,
                language=shown["language"],
                by=request.user,
                at=now(),
                seen_version=version,
            )
    except BadInput as refusal:
        extra = {"typed": {**shown, "version": version}, "errors": refusal.details["fields"]}
        return render(request, "follow_up/actions.html", _actions(request, context, **extra), status=422)
    except Stale as refusal:
        current = refusal.details.get("current")
        extra = {
            "typed": {**shown, "version": current.version if current else 0},
            "conflict": _conflict(refusal, typed),
        }
        return render(request, "follow_up/actions.html", _actions(request, context, **extra), status=409)
    messages.success(request, _("Saved."))
    return redirect(address(context.review, "follow-up"))


def _check(typed: dict[str, str]) -> None:
    """Refuse what cannot be kept.

    :raises BadInput: with a sentence per field.
    """
    errors = {}
    if (typed["owner"] or typed["by"]) and not typed["action"]:
        errors["action"] = _("Write what is to be done.")
    for name, longest in (("action", LONGEST_TEXT), ("owner", LONGEST_OWNER)):
        if len(typed[name]) > longest:
            errors[name] = _("This has %(length)s characters; there is room for %(longest)s.") % {
                "length": len(typed[name]),
                "longest": longest,
            }
    if typed["by"] and not is_date(typed["by"]):
        errors["by"] = _("Write the date as year-month-day, such as 2026-05-31.")
    if errors:
        raise BadInput(*errors.values(), fields=errors)


def _conflict(refusal: Stale, typed: dict[str, str]) -> dict[str, Any]:
    """Where the two versions differ, part by part, beside the words both began from."""
    current = refusal.details.get("current")
    ancestor, theirs = refusal.details.get("ancestor") or {}, current.content if current else {}
    titles = (("action", _("Action")), ("owner", _("Who, at home")), ("by", _("By when")))
    versions = [[(title, one.get(name) or "") for name, title in titles] for one in (ancestor, theirs, typed)]
    return {"rows": compare(*versions), "by": current.updated_by.name if current else "", "reasons": refusal.reasons}


BASE = "reviews/<slug:phase>/<str:code>/follow-up/"
urlpatterns = [
    path(BASE, follow_up, name="follow-up"),
    path(f"{BASE}<uuid:action>/", save_action, name="save_action"),
]
