"""What was handed over and under which digest; what a State opens by its own decision; the trail as a file."""

import json
import logging
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cases.enums import Capacity, IntervalKind, PublicationScope
from cases.exceptions import BadInput, NotAllowed, NotVisible
from cases.models import Checkpoint, Event, Interval, Publication, Submission, TextVersion
from cases.operations import openness
from cases.operations.audit import CannotSign, disclosed, export_case
from cases.queries import questions_for, seats_of, sections_for
from cases.rights import Rights
from cases.views.agreed import own_seats
from cases.views.common import Context, address, case_of, confirm_identity, frame, load, now, page, request_key
from cases.views.observations import article_titles, grouped
from workflow.definition import TextKind
from workflow.ledger import KeyFileError

logger = logging.getLogger(__name__)
VERIFIER = Path(settings.BASE_DIR) / "tools" / "verify_audit.py"


@page
@require_safe
def documents(request: HttpRequest, phase: str, code: str) -> HttpResponse:
    """What was handed over, and what one's own State opens."""
    return render(request, "documents/documents.html", documents_page(load(request, phase, code)))


def documents_page(context: Context, **extra: Any) -> dict[str, Any]:
    """Everything the page shows, for the page itself and for a refusal shown on it."""
    rights, today = context.rights, now().date()
    seats = seats_of(context.review)
    speaks = rights.speaks
    helps = rights.act_standing("open_drafts_for_help")
    intervals = Interval.objects.filter(
        review=context.review, kind=IntervalKind.DRAFTS_OPEN, ends_on__gt=today, seat__in=context.review.helped_seats
    )
    opened = {one.seat_id: one.ends_on for one in intervals.order_by("pk")}
    officer = any(one.capacity == Capacity.SECRETARIAT for one in rights.standings)
    return frame(
        context,
        current="documents",
        seats=seats,
        handed_over=_handed_over(context),
        publications=list(Publication.objects.filter(review=context.review).order_by("pk")),
        publishes=rights.act_standing("publish") is not None,
        publishable=[context.definition.product(one) for one in openness.PUBLISHABLE],
        scopes=PublicationScope.choices,
        own_seat=next((seat for seat in seats if speaks and seat.pk == speaks.seat_id), None),
        helps=helps is not None,
        open_until=opened.get(helps.seat_id) if helps else None,
        opened_to_me=[(seat, opened[seat.pk]) for seat in seats if officer and seat.pk in opened],
        last_day=today + openness.LONGEST_HELP,
        checkpoint=newest_checkpoint(),
        **{"typed": {}, "errors": {}, **extra},
    )


def _handed_over(context: Context) -> list[tuple[Any, list[dict[str, Any]]]]:
    """Per product what was handed over, oldest first; three queries, however many there are."""
    definition, own = context.definition, own_seats(context)
    rows = Submission.objects.filter(review=context.review).exclude(submitted_at=None)
    shown = [
        row
        for row in rows.select_related("seat__state", "cleared_by").order_by("submitted_at", "pk")
        if _reads(context.rights, _kind(context, row), row)
    ]
    entries = {
        event.object_uid: event.seq
        for event in Event.objects.filter(
            review=context.review, object_uid__in=[str(row.uid) for row in shown], verb__startswith="review."
        )
    }
    by_product: dict[str, list[dict[str, Any]]] = {product.key: [] for product in definition.products}
    for row in shown:
        person = row.cleared_by.name if row.seat_id in own else ""
        by_product[row.product].append({"row": row, "person": person, "entry": entries.get(str(row.uid))})
    return [(product, by_product[product.key]) for product in definition.products]


def _kind(context: Context, row: Submission) -> TextKind:
    return context.definition.text(context.definition.product(row.product).kind)


def _reads(rights: Rights, kind: TextKind, row: Submission) -> bool:
    """Whether the person reads what ``row`` handed over."""
    return rights.reads(kind.cleared_room, row.seat_id)


def newest_checkpoint() -> dict[str, Any] | None:
    """Number, hash and key of the newest checkpoint; None before the first."""
    found = Checkpoint.objects.order_by("-number").first()
    if found is None:
        return None
    return {"number": found.number, "at": found.at, "hash": found.hash, "key": json.loads(bytes(found.line))["key"]}


@page
@require_safe
def document(request: HttpRequest, phase: str, code: str, submission: str) -> HttpResponse:
    """Exactly the versions that one submission handed over, to read and to print."""
    context = load(request, phase, code)
    row = (
        Submission.objects.filter(uid=submission, review=context.review)
        .exclude(submitted_at=None)
        .select_related("seat__state", "cleared_by")
        .first()
    )
    if row is None or not _reads(context.rights, _kind(context, row), row):
        raise NotVisible
    kind = _kind(context, row).key
    versions = list(TextVersion.objects.filter(uid__in=row.versions).select_related("text").order_by("text_id"))
    extra: dict[str, Any] = {
        "row": row,
        "kind": kind,
        "product": context.definition.product(row.product),
        "person": row.cleared_by.name if row.seat_id in own_seats(context) else "",
        "checkpoint": newest_checkpoint(),
        "parts": _parts(context, kind, versions),
    }
    if kind == "observation":
        extra["titles"] = article_titles()
        extra["groups"] = grouped(((one.content, one) for one in versions), context.definition)
    return render(request, "documents/document.html", frame(context, current="documents", **extra))


def _parts(context: Context, kind: str, versions: list[TextVersion]) -> list[tuple[Any, Any, TextVersion]]:
    """The versions in the order of the questionnaire: the section that begins here, what each is about, its words."""
    sections = {one.key: one for one in sections_for(context.review)} if kind in {"answer", "feedback"} else {}
    questions = {one.key: one for one in questions_for(context.review)} if kind == "answer" else {}
    abouts: dict[str, Any] = questions or sections
    order = {key: number for number, key in enumerate(abouts)}
    parts, before = [], None
    for version in sorted(versions, key=lambda one: order.get(one.text.ref, len(order))):
        about = abouts.get(version.text.ref)
        section = sections.get(about.section) if about and questions else None
        parts.append((section if section != before else None, about, version))
        before = section
    return parts


@page
@confirm_identity
@require_POST
def publish(request: HttpRequest, phase: str, code: str) -> HttpResponse:
    """Record the decision of the State under review to open a document."""
    context = load(request, phase, code)
    try:
        openness.publish_document(
            case=context.review.case,
            product=request.POST.get("product", ""),
            scope=request.POST.get("scope", ""),
            by=request.user,
            at=now(),
            request=request_key(request),
        )
    except BadInput as refusal:
        shown = documents_page(context, typed=request.POST, errors={"publish": refusal.reasons[0]})
        return render(request, "documents/documents.html", shown, status=422)
    messages.success(request, _("The decision is recorded. Everybody in this review sees it."))
    return redirect(address(context.review, "documents"))


@page
@confirm_identity
@require_POST
def unpublish(request: HttpRequest, phase: str, code: str, publication: str) -> HttpResponse:
    """Take a decision to open a document back."""
    openness.withdraw_publication(
        case=case_of(phase, code),
        publication_uid=str(publication),
        by=request.user,
        at=now(),
        request=request_key(request),
    )
    messages.success(request, _("The decision is taken back. The record keeps that it stood until now."))
    return redirect("documents", phase=phase, code=code)


@page
@confirm_identity
@require_POST
def open_drafts(request: HttpRequest, phase: str, code: str) -> HttpResponse:
    """Let the Secretariat read one's own State's drafts until a date."""
    context = load(request, phase, code)
    try:
        until = date.fromisoformat(request.POST.get("until", ""))
    except ValueError:
        until = date.min
    try:
        openness.open_drafts(
            case=context.review.case, until=until, by=request.user, at=now(), request=request_key(request)
        )
    except BadInput as refusal:
        shown = documents_page(context, typed=request.POST, errors=refusal.details["fields"])
        return render(request, "documents/documents.html", shown, status=422)
    messages.success(request, _("The Secretariat can read your State's drafts until the date you chose."))
    return redirect(address(context.review, "documents"))


@page
@require_POST
def close_drafts(request: HttpRequest, phase: str, code: str) -> HttpResponse:
    """End the Secretariat's reading of one's own State's drafts now."""
    openness.close_drafts(case=case_of(phase, code), by=request.user, at=now(), request=request_key(request))
    messages.success(request, _("Your State's drafts are its own again."))
    return redirect("documents", phase=phase, code=code)


@page
@require_POST
def observers(request: HttpRequest, phase: str, code: str) -> HttpResponse:
    """Decide whether one's own State's observers read its drafts."""
    openness.let_observers_read(case=case_of(phase, code), drafts=request.POST.get("drafts") == "yes", by=request.user)
    messages.success(request, _("Saved."))
    return redirect("documents", phase=phase, code=code)


@page
@confirm_identity
@require_POST
def trail(request: HttpRequest, phase: str, code: str) -> HttpResponse:
    """This review's trail as a file, with a checkpoint made for it (formats.md §3)."""
    context = load(request, phase, code)
    if not context.rights.takes_trail:
        raise NotAllowed(_("Focal points, Permanent Missions and the Secretariat take the trail of a review."))
    out = BytesIO()
    try:
        export_case(out=out, case=context.review.case, at=now())
    except (CannotSign, KeyFileError, OSError):
        logger.exception("no checkpoint can be signed for %s", context.review.case)
        sentence = _("The trail cannot be signed at this moment. Ask the Secretariat; nothing was changed.")
        shown = documents_page(context, errors={"trail": sentence})
        return render(request, "documents/documents.html", shown, status=503)
    name = context.review.case.replace("/", "-")
    return HttpResponse(
        out.getvalue(),
        content_type="application/x-ndjson; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}-trail.jsonl"', "Cache-Control": "no-store"},
    )


@page
@require_safe
def verifier(request: HttpRequest) -> HttpResponse:
    """The program that checks a trail: one file, which needs Python and nothing else."""
    return FileResponse(VERIFIER.open("rb"), as_attachment=True, filename=VERIFIER.name, content_type="text/x-python")


@page
@require_safe
def content(request: HttpRequest, phase: str, code: str, seq: int) -> HttpResponse:
    """The content behind one entry with its salt, for those who may read it: what the verifier opens."""
    context = load(request, phase, code)
    event = Event.objects.filter(review=context.review, seq=seq).first()
    if event is None or not may_open(context.rights, event):
        raise NotVisible
    body = json.dumps(disclosed(case=event.case, seq=seq), ensure_ascii=False, indent=1, sort_keys=True)
    name = event.case.replace("/", "-")
    return HttpResponse(
        body + "\n",
        content_type="application/json; charset=utf-8",
        headers={"Content-Disposition": f'inline; filename="{name}-{seq}.json"', "Cache-Control": "no-store"},
    )


def may_open(rights: Rights, event: Event) -> bool:
    """Whether the person may read the content behind an entry.

    That a State named somebody is known to the review; the note verbale is the State's and the Secretariat's.
    """
    if not rights.reads(event.room, event.seat_id):
        return False
    if event.object_type != "nomination":
        return True
    return any(one.seat_id == event.seat_id or one.capacity == Capacity.SECRETARIAT for one in rights.standings)


_BASE = "reviews/<slug:phase>/<str:code>/documents/"
urlpatterns = [
    path(_BASE, documents, name="documents"),
    path(f"{_BASE}publish/", publish, name="publish"),
    path(f"{_BASE}publish/<uuid:publication>/take-back/", unpublish, name="unpublish"),
    path(f"{_BASE}help/", open_drafts, name="open_drafts"),
    path(f"{_BASE}help/end/", close_drafts, name="close_drafts"),
    path(f"{_BASE}observers/", observers, name="observers_read"),
    path(f"{_BASE}trail.jsonl", trail, name="trail"),
    path(f"{_BASE}<uuid:submission>/", document, name="document"),
    path("reviews/<slug:phase>/<str:code>/timeline/<int:seq>/content/", content, name="entry_content"),
    path("tools/verify_audit.py", verifier, name="verifier"),
]
