"""A review's page: where it is, whose turn, what I may do and why not the rest, who takes part, what happened."""

import json
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cases.enums import Capacity, Language, NominationStatus, Role
from cases.exceptions import BadInput, NotVisible
from cases.locks import Locked
from cases.models import Extension, Nomination, Participation, Seat, Submission, Task
from cases.operations import deadlines, people
from cases.operations.transition import advance, why_not
from cases.queries import open_tasks, people_of, seated, seats_of, timeline_for, visible_review
from cases.rights import rights_from
from cases.verbs import verb_of
from cases.views.common import Context, address, case_of, confirm_identity, frame, load, now, page, request_key, seen
from cases.views.home import WHERE
from workflow.deadlines import passed
from workflow.machine import edges

ENTRIES_ON_REVIEW = 8
ENTRIES_ON_TIMELINE = 100
_NAME = ("first_name", "last_name", "office", "username")
ABOUT_PEOPLE = ("seat_id", "role", "user_id", "review_id", *(f"user__{name}" for name in _NAME))
ABOUT_EVENTS = ("line", "seq", "verb", "at", "seat_id", "to_stage", *(f"actor__{name}" for name in _NAME))
"""What the review's page says about people and entries: nothing else is read for it."""

RARE = {"suspend", "withdraw", "reopen", "go_on"}
"""Steps shown below the others, and only where they can be taken."""


@page
@require_safe
def review(request: HttpRequest, phase: str, code: str) -> HttpResponse:
    """The review's own page; its seats are read once, and everything else on the page is put into them."""
    shown = visible_review(request.user, case_of(phase, code))
    seats = seats_of(shown)
    everybody = seated(people_of(shown).select_related(None).select_related("user").only(*ABOUT_PEOPLE), seats)
    rights = rights_from(user=request.user, review=shown, participations=everybody)
    context = Context(review=shown, rights=rights)
    return render(request, "reviews/review.html", review_page(context, seats, everybody))


def review_page(context: Context, seats: list[Seat], everybody: list[Participation]) -> dict[str, Any]:
    """Everything the review's page shows."""
    tasks = seated(open_tasks(context.review).select_related(None), seats)
    submissions = list(Submission.objects.filter(review=context.review, voided_at=None).defer("versions", "salt"))
    events = timeline_for(context.rights).select_related(None).select_related("actor").only(*ABOUT_EVENTS)
    locked = Locked(review=context.review, seats=seats, people=everybody, submissions=submissions)
    steps = [
        (edge, list(why_not(edge, context.rights, locked)), context.rights.transition_standing(edge) is not None)
        for edge in edges(context.definition, context.review.stage)
        if not edge.auto
    ]
    at = now()
    return frame(
        context,
        current="review",
        seats=seats,
        people=people_by_seat(everybody),
        tasks=[
            (task, context.definition.task(task.key), passed(task.due_on, at) if task.due_on else False)
            for task in tasks
        ],
        turn=_turn(tasks, context),
        mine={(standing.seat_id, standing.role) for standing in context.rights.standings},
        where=WHERE,
        can=[edge for edge, reasons, mine in steps if mine and not reasons and edge.effect not in RARE],
        rare=[edge for edge, reasons, mine in steps if mine and not reasons and edge.effect in RARE],
        cannot=[
            (edge, reasons)
            for edge, reasons, mine in steps
            if mine and reasons and edge.effect not in {*RARE, "resume"}
        ],
        others=[edge for edge, _reasons, mine in steps if not mine],
        may_extend=context.rights.act_standing("extend_deadline") is not None,
        submissions=[one for one in submissions if one.submitted_at],
        entries=[entry(event, context) for event in seated(events[:ENTRIES_ON_REVIEW], seats)],
        today=at.date(),
    )


def people_by_seat(everybody: list[Any]) -> dict[int, list[Any]]:
    grouped: dict[int, list[Any]] = {}
    for person in everybody:
        grouped.setdefault(person.seat_id, []).append(person)
    return grouped


def _turn(tasks: list[Task], context: Context) -> list[tuple[Any, bool]]:
    """The seats with an open task, each once, and whether it is one's own: whose turn it is."""
    own = {standing.seat_id for standing in context.rights.standings}
    unique = {task.seat_id: task.seat for task in tasks}
    return [(seat, seat_id in own) for seat_id, seat in unique.items()]


def entry(event: Any, context: Context) -> dict[str, Any]:
    """One line of the timeline: what, by whom, about which State where that is another, when.

    The person is named only to their own side.
    """
    actor = json.loads(bytes(event.line))["actor"]
    for_state = actor["state"] is not None
    capacities = {standing.capacity for standing in context.rights.standings}
    seats = {standing.seat_id for standing in context.rights.standings}
    own = event.seat_id in seats if for_state else actor["capacity"] in capacities
    key = event.verb.removeprefix("review.")
    transition = None
    if event.verb.startswith("review.") and event.verb != "review.open":
        transition = context.definition.transition(key)
    return {
        "event": event,
        "labels": transition.labels if transition else None,
        "sentence": "" if transition else verb_of(event.verb).sentence,
        "state": event.seat.state if event.seat and for_state else None,
        "secretariat": actor["capacity"] == Capacity.SECRETARIAT,
        "concerns": event.seat.state if event.seat and not for_state else None,
        "person": event.actor.name if own and event.actor else "",
        "to": context.definition.stage(event.to_stage).labels if event.to_stage else None,
    }


@page
@confirm_identity
@require_POST
def act(request: HttpRequest, phase: str, code: str, action: str) -> HttpResponse:
    """Take one step of the mechanism."""
    taken = advance(
        case=case_of(phase, code),
        action=action,
        by=request.user,
        at=now(),
        seen_version=seen(request),
        request=request_key(request),
        reason=request.POST.get("reason", "").strip(),
    )
    messages.success(request, _("Done, and recorded. Everybody concerned has been told."))
    return redirect(address(taken))


@page
@require_safe
def timeline(request: HttpRequest, phase: str, code: str) -> HttpResponse:
    """Everything recorded in this review that this person may know of, newest first."""
    context = load(request, phase, code)
    events = timeline_for(context.rights)
    before = request.GET.get("before", "")
    if before.isdigit():
        events = events.filter(seq__lt=int(before))
    rows = list(events[: ENTRIES_ON_TIMELINE + 1])
    shown = rows[:ENTRIES_ON_TIMELINE]
    extra = {
        "entries": [entry(event, context) for event in shown],
        "older": shown[-1].seq if len(rows) > ENTRIES_ON_TIMELINE else None,
    }
    return render(request, "reviews/timeline.html", frame(context, current="timeline", **extra))


@page
@require_safe
def people_page(request: HttpRequest, phase: str, code: str) -> HttpResponse:
    """Who takes part, how to reach them, and who is waiting to be registered."""
    return render(request, "reviews/people.html", _people(load(request, phase, code)))


def _people(context: Context, **extra: Any) -> dict[str, Any]:
    seats = seats_of(context.review)
    registers = context.rights.act_standing("register_people") is not None
    naming = context.rights.act_standing("name_people")
    own = {standing.seat_id for standing in context.rights.standings}
    waiting = Nomination.objects.filter(review=context.review, status=NominationStatus.ASKED).select_related(
        "note_verbale", "seat__state"
    )
    if not registers:
        waiting = waiting.filter(seat_id__in=own)
    return frame(
        context,
        current="people",
        seats=seats,
        people=people_by_seat(list(people_of(context.review))),
        waiting=list(waiting.order_by("pk")),
        registers=registers,
        nameable=[seat for seat in seats if seat.state_id and (registers or (naming and seat.pk in own))],
        roles=[role for role in Role.choices if role[0] != Role.OFFICER],
        languages_offered=Language.choices,
        **{"typed": {}, "errors": {}, **extra},
    )


@page
@confirm_identity
@require_POST
def name(request: HttpRequest, phase: str, code: str) -> HttpResponse:
    """Name a person for a seat, with the note verbale."""
    context = load(request, phase, code)
    typed = {field: value.strip() for field, value in request.POST.items()}
    try:
        named, dated = _named(typed)
        people.name_person(
            case=context.review.case,
            seat_uid=typed.get("seat", ""),
            person=named,
            reference=typed["reference"],
            dated=dated,
            by=request.user,
            at=now(),
            replaces_uid=typed.get("replaces", ""),
        )
    except BadInput as refusal:
        shown = _people(context, typed=typed, errors=refusal.details["fields"])
        return render(request, "reviews/people.html", shown, status=422)
    messages.success(request, _("The name is entered. The Secretariat registers the person next."))
    return redirect(address(context.review, "people"))


def _named(typed: dict[str, str]) -> tuple[people.Named, date]:
    """What the form says.

    :raises BadInput: with a sentence per field.
    """
    needed = (
        ("name", _("Write the person's name.")),
        ("office", _("Write the person's office.")),
        ("reference", _("Write the reference of the note verbale.")),
    )
    errors = {field: sentence for field, sentence in needed if not typed.get(field)}
    try:
        validate_email(typed.get("email", ""))
    except ValidationError:
        errors["email"] = _("Write an e-mail address, such as name@ministry.example.")
    try:
        dated = date.fromisoformat(typed.get("dated", ""))
    except ValueError:
        dated = date.min
        errors["dated"] = _("Write the date of the note as year-month-day, such as 2026-05-31.")
    if typed.get("role") not in {role for role in Role.values if role != Role.OFFICER}:
        errors["role"] = _("Choose the role.")
    if errors:
        raise BadInput(*errors.values(), fields=errors)
    language = typed.get("language", "en")
    named = people.Named(
        role=typed["role"],
        name=typed["name"],
        office=typed["office"],
        email=typed["email"],
        phone=typed.get("phone", ""),
        language=language if language in Language.values else "en",
    )
    return named, dated


@page
@confirm_identity
@require_POST
def register(request: HttpRequest, phase: str, code: str, nomination: str) -> HttpResponse:
    """Register a named person in their seat."""
    people.register(
        case=case_of(phase, code), nomination_uid=nomination, by=request.user, at=now(), request=request_key(request)
    )
    messages.success(request, _("Registered. The person sees this review from now on."))
    return redirect("people", phase=phase, code=code)


@page
@confirm_identity
@require_POST
def release(request: HttpRequest, phase: str, code: str, participation: UUID) -> HttpResponse:
    """End a person's role; drafts and tasks stay with the seat."""
    people.release(
        case=case_of(phase, code),
        participation_uid=str(participation),
        by=request.user,
        at=now(),
        request=request_key(request),
    )
    messages.success(request, _("The role has ended. Drafts and tasks stay with the seat."))
    return redirect("people", phase=phase, code=code)


@page
def extend(request: HttpRequest, phase: str, code: str, task: str) -> HttpResponse:
    """Record more time for a deadline: the consequences first, then the new date and the reason."""
    context = load(request, phase, code)
    found = (
        Task.objects.filter(uid=task, review=context.review, done_at=None)
        .exclude(due_on=None)
        .select_related("seat__state")
        .first()
    )
    if found is None:
        raise NotVisible
    if request.method != "POST":
        return render(request, "reviews/extend.html", _extension(context, found))
    typed = {field: value.strip() for field, value in request.POST.items()}
    try:
        due_on = date.fromisoformat(typed.get("due_on", ""))
        shown = date.fromisoformat(typed.get("seen_due_on", ""))
    except ValueError:
        sentence = _("Write the new date as year-month-day, such as 2026-05-31.")
        return render(
            request,
            "reviews/extend.html",
            _extension(context, found, typed=typed, errors={"due_on": sentence}),
            status=422,
        )
    try:
        deadlines.extend_deadline(
            case=context.review.case,
            task_uid=task,
            seen_due_on=shown,
            due_on=due_on,
            reason=typed.get("reason", ""),
            by=request.user,
            at=now(),
            request=request_key(request),
        )
    except BadInput as refusal:
        shown_again = _extension(context, found, typed=typed, errors=refusal.details["fields"])
        return render(request, "reviews/extend.html", shown_again, status=422)
    messages.success(request, _("The new date is recorded, and those concerned have been told."))
    return redirect(address(context.review))


def _extension(context: Context, task: Task, **extra: Any) -> dict[str, Any]:
    earlier = Extension.objects.filter(seat=task.seat, deadline=task.deadline).order_by("pk")
    return frame(
        context,
        current="review",
        task=task,
        rule=context.definition.task(task.key),
        earlier=list(earlier),
        may_extend=context.rights.act_standing("extend_deadline") is not None,
        **{"typed": {}, "errors": {}, **extra},
    )


urlpatterns = [
    path("reviews/<slug:phase>/<str:code>/", review, name="review"),
    path("reviews/<slug:phase>/<str:code>/act/<slug:action>/", act, name="act"),
    path("reviews/<slug:phase>/<str:code>/timeline/", timeline, name="timeline"),
    path("reviews/<slug:phase>/<str:code>/people/", people_page, name="people"),
    path("reviews/<slug:phase>/<str:code>/people/name/", name, name="name_person"),
    path("reviews/<slug:phase>/<str:code>/people/<uuid:nomination>/register/", register, name="register_person"),
    path("reviews/<slug:phase>/<str:code>/people/<uuid:participation>/release/", release, name="release_person"),
    path("reviews/<slug:phase>/<str:code>/extend/<uuid:task>/", extend, name="extend"),
]
