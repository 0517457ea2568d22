"""What every view shares: who may see, what a refusal looks like, the frame of a review's pages."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from hashlib import sha256
from typing import Any

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers

from cases.enums import Capacity
from cases.exceptions import NotVisible, Refused, Repeated
from cases.models import Review, Seat, Text
from cases.operations.record import Request
from cases.queries import seats_of, visible_review
from cases.rights import Rights, rights_for
from workflow.definition import Mechanism

View = Callable[..., HttpResponse]


def page(view: View) -> View:
    """A page for people who are signed in: refusals become pages, a hidden thing the same 404 as a missing one."""

    @login_required
    @vary_on_headers("HX-Request", "Cookie")
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NotVisible:
            return not_found(request)
        except Repeated:
            messages.info(request, _("This form was sent before; it acted once. This is how things stand now."))
            return redirect(origin(request))
        except Refused as refusal:
            return refused(request, refusal)

    return wrapped


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The one 404: it tells nothing about what was asked for."""
    return render(request, "errors/404.html", {"here": "/"}, status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """The page of a fault of ours."""
    return render(request, "errors/500.html", status=500)


def refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """The page of a refusal: every reason, what was typed, and the way back."""
    typed = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name not in {"csrfmiddlewaretoken", "key", "seen_version", "version", "digest"} and value.strip()
    ]
    context = {"reasons": refusal.reasons, "rule": refusal.rule, "typed": typed, "back_to": origin(request)}
    return render(request, "errors/refused.html", context, status=refusal.status)


def origin(request: HttpRequest) -> str:
    """The page that a form of ``request`` stands on: a page of the review, the review itself, or home."""
    parts = request.path.split("/")
    if parts[1] != "reviews" or len(parts) <= 4:
        return "/"
    tab = f"{parts[4]}/" if parts[4] in {name for name, _title in TABS} else ""
    if parts[4] == "clear" and len(parts) > 5:
        tab = f"clear/{parts[5]}/"
    return "/".join(parts[:4]) + "/" + tab


def confirm_identity(view: View) -> View:
    """Ask who is there again after ten minutes, before what binds a State or lets something out (architecture.md §9).

    A demonstration, which has no second factor, does not ask; nor does a page that is only read.
    """
    asking = reauthentication_required(view, allow_get=True)

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return (asking if settings.SECOND_FACTOR else view)(request, *args, **kwargs)

    return wrapped


def now() -> datetime:
    """The clock, read once per request in the view and handed down."""
    return datetime.now(UTC)


def new_key() -> str:
    """A key for a form, so that pressing twice acts once."""
    return get_random_string(24)


def request_key(request: HttpRequest) -> Request | None:
    """The form's key and a digest of what it asks, or None for a form without one."""
    key = request.POST.get("key", "")[:64]
    if not key:
        return None
    body = sorted(
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name not in {"csrfmiddlewaretoken", "key"}
    )
    return Request(key=key, digest=sha256(repr((request.path, body)).encode()).hexdigest())


def seen(request: HttpRequest, name: str = "seen_version") -> int:
    """The version a form was made from; 0 where it is missing or no number, which is never current."""
    value = request.POST.get(name, "")
    return int(value) if value.isdigit() and len(value) < 10 else 0


def case_of(phase: str, code: str) -> str:
    return f"{phase}/{code}"


@dataclass(frozen=True, slots=True)
class Context:
    """One visible review and what this person may do in it."""

    review: Review
    rights: Rights

    @property
    def definition(self) -> Mechanism:
        return self.rights.mechanism


def load(request: HttpRequest, phase: str, code: str) -> Context:
    """The review of an address, for this person.

    :raises NotVisible: when there is none they may know of.
    """
    review = visible_review(request.user, case_of(phase, code))
    return Context(review=review, rights=rights_for(request.user, review))


def address(review: Review, name: str = "review", **kwargs: Any) -> str:
    """The address of a page of ``review``."""
    phase, _slash, code = review.case.partition("/")
    return reverse(name, kwargs={"phase": phase, "code": code, **kwargs})


TABS = (
    ("review", lambda: _("Overview")),
    ("consultations", lambda: _("Consultations")),
    ("questionnaire", lambda: _("Self-assessment")),
    ("feedback", lambda: _("Feedback")),
    ("queries", lambda: _("Clarifications")),
    ("observations", lambda: _("Observations")),
    ("summary", lambda: _("Summary")),
    ("documents", lambda: _("Documents")),
    ("people", lambda: _("People")),
    ("timeline", lambda: _("Timeline")),
    ("follow-up", lambda: _("Follow-up")),
)


def is_helped(review: Review, seat_id: int) -> bool:
    """Whether a State lets the Secretariat read its drafts for now, for help with them."""
    return seat_id in {int(one) for one in review.helped_seats}


def keeps_follow_up(context: Context, seats: Iterable[Seat]) -> bool:
    """Whether the person's own State keeps a follow-up, or may; nobody else learns that there is one (rule 66)."""
    own = next((seat for seat in seats if seat.capacity == Capacity.REVIEWED), None)
    if own is None or own.pk not in context.rights.own_seats:
        return False
    if context.rights.edit_standing("follow_up") is not None:
        return True
    ended = context.definition.stage(context.review.stage).final
    return ended and Text.objects.filter(seat=own, kind="follow_up").exists()


def frame(context: Context, *, current: str = "", **extra: Any) -> dict[str, Any]:
    """What every page of a review shows around its own matter."""
    review = context.review
    base = address(review)
    seats: list[Seat] = extra.pop("seats", None) or seats_of(review)
    hidden = set() if keeps_follow_up(context, seats) else {"follow-up"}
    return {
        "review": review,
        "rights": context.rights,
        "definition": context.definition,
        "base": base,
        "seats": seats,
        "seat_by_id": {seat.pk: seat for seat in seats},
        "acting_seat": next(
            (s for s in seats if context.rights.acting and s.pk == context.rights.acting.seat_id), None
        ),
        "tabs": [
            (base if name == "review" else f"{base}{name}/", title(), name == current)
            for name, title in TABS
            if name not in hidden
        ],
        "key": new_key(),
        **extra,
    }
