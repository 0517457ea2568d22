"""Home: what I owe, on which review, by when; and the reviews I take part in."""

from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from cases.enums import Capacity
from cases.models import Cycle, Participation, Phase, Review, StateParty, Task
from cases.queries import attach_states, first_tasks_for
from cases.rights import opens_reviews
from cases.views.common import now, page
from workflow.deadlines import passed
from workflow.models import definition_of

TASKS_SHOWN = 50
REVIEWS_SHOWN = 200


@page
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What I owe, most urgent first; nothing owed: what I am waiting for."""
    rows = first_tasks_for(request.user, TASKS_SHOWN + 1)
    at = now()
    tasks = [
        task_row(task, at.date(), passed(task.due_on, at) if task.due_on else False) for task in rows[:TASKS_SHOWN]
    ]
    waiting = [] if rows else waiting_for(request)
    return render(
        request, "home.html", {"tasks": tasks, "more": len(rows) > TASKS_SHOWN, "waiting": waiting, "today": at.date()}
    )


def task_row(task: Task, today: date, is_passed: bool) -> dict[str, Any]:
    """A task as a line: what, on which review, in which capacity, by when, and where to go."""
    rule = task.review.definition.task(task.key)
    return {
        "task": task,
        "labels": rule.labels,
        "help": rule.help,
        "review": task.review,
        "state": task.review.state,
        "seat": task.seat,
        "own": task.seat.capacity == Capacity.REVIEWED,
        "due_on": task.due_on,
        "passed": is_passed,
        "today": today,
        "where": f"/reviews/{task.review.case}/{WHERE.get(task.key, '')}",
    }


WHERE = {
    "name_focal_point": "people/",
    "name_experts": "people/",
    "register_people": "people/",
    "agree_consultations": "consultations/",
    "draft_answers": "questionnaire/",
    "submit_self_assessment": "clear/self_assessment/",
    "draft_feedback": "feedback/",
    "submit_feedback": "clear/feedback/",
    "reply_to_query": "queries/",
    "settle_query": "queries/",
    "draft_observations": "observations/",
    "share_list": "observations/",
    "agree_list": "observations/",
    "draft_summary": "summary/",
    "share_summary": "summary/",
    "agree_summary": "summary/",
    "keep_follow_up": "follow-up/",
}
"""The page on which a task is done; elsewhere the review's own page."""


def waiting_for(request: HttpRequest) -> list[dict[str, Any]]:
    """For somebody who owes nothing: what others do now in the reviews they take part in."""
    tasks = (
        Task.objects.filter(review__in=Review.objects.visible_to(request.user).values("pk"), done_at=None)
        .exclude(seat__capacity=Capacity.SECRETARIAT)
        .select_related("seat", "review")
        .order_by("due_on", "id")[:10]
    )
    attach_states([thing for task in tasks for thing in (task.seat, task.review)])
    at = now()
    rows = [task_row(task, at.date(), passed(task.due_on, at) if task.due_on else False) for task in tasks]
    return [{**row, "where": f"/reviews/{row['review'].case}/"} for row in rows]  # the page of the task is not theirs


@page
@require_safe
def reviews(request: HttpRequest) -> HttpResponse:
    """Every review this person may see, filtered by phase, stage, group and State; in the order of their names."""
    visible = Review.objects.visible_to(request.user)
    phases = list(Phase.objects.filter(pk__in=visible.values("phase_id")).select_related("cycle").order_by("pk"))
    chosen = {name: request.GET.get(name, "") for name in ("phase", "stage", "group", "state")}
    rows = list(_filtered(visible, chosen, after=request.GET.get("after", ""))[: REVIEWS_SHOWN + 1])
    shown = rows[:REVIEWS_SHOWN]
    query = request.GET.copy()
    if len(rows) > REVIEWS_SHOWN:
        query["after"] = shown[-1].case
    turns = whose_turn(shown)
    states = {review.state_id for review in shown}.union(*turns.values()) - {None}
    capacities = _capacities(request, shown)
    context = {
        "reviews": [(review, turns.get(review.pk, ()), capacities.get(review.pk)) for review in shown],
        "states": StateParty.objects.only("names").in_bulk(states),
        "definition": definition_of(shown[0].mechanism_id) if shown else None,
        "phases": phases,
        "chosen": chosen,
        "next": f"?{query.urlencode()}" if len(rows) > REVIEWS_SHOWN else "",
    }
    return render(request, "reviews/list.html", context)


def _filtered(visible: Any, chosen: dict[str, str], *, after: str) -> Any:
    """The reviews that fit, in the order of their names, with what a line of the list shows and no more."""
    if chosen["phase"]:
        visible = visible.filter(phase__key=chosen["phase"])
    if chosen["stage"]:
        visible = visible.filter(stage=chosen["stage"])
    if chosen["group"].isdigit():
        visible = visible.filter(start_group=int(chosen["group"]))
    if chosen["state"].strip():
        visible = visible.filter(state__in=_states_named(chosen["state"].strip()))
    if after:
        visible = visible.filter(case__gt=after)
    shown = ("pk", "case", "stage", "state_id", "phase_id", "mechanism_id", "suspended_since")
    return visible.order_by("case").values_list(*shown, named=True)


def _states_named(words: str) -> list[int]:
    """States whose name in any language contains the words; compared here, because databases fold few alphabets."""
    wanted = words.casefold()
    return [
        state.pk
        for state in StateParty.objects.only("code", "names")
        if wanted == state.code.casefold()
        or any(wanted in name.casefold() for forms in state.names.values() for name in forms.values())
    ]


def whose_turn(shown: list[Any]) -> dict[int, list[int | None]]:
    """Per review, the States with an open task, each once, as keys; None for the Secretariat."""
    turns: dict[int, list[int | None]] = {}
    tasks = Task.objects.filter(review__in=[review.pk for review in shown], done_at=None)
    for review, state in tasks.order_by("review_id", "seat_id").values_list("review_id", "seat__state_id").distinct():
        turns.setdefault(review, []).append(state)
    return turns


def _capacities(request: HttpRequest, shown: list[Any]) -> dict[int, str]:
    """In which capacity the person takes part in each review shown."""
    return dict(
        Participation.objects.filter(
            user=request.user, ended_at=None, review__in=[review.pk for review in shown]
        ).values_list("review_id", "seat__capacity")
    )


@page
@require_safe
def cycle(request: HttpRequest, key: str) -> HttpResponse:
    """A cycle at a glance: how many reviews stand at each stage, by phase and start group; no State is ordered."""
    visible = Review.objects.visible_to(request.user)
    opens = opens_reviews(request.user)
    cycles = Cycle.objects.filter(key=key).select_related("mechanism")
    found = (cycles if opens else cycles.filter(phases__reviews__in=visible.values("pk"))).first()
    if found is None:
        from cases.exceptions import NotVisible

        raise NotVisible
    counts = (
        visible.filter(phase__cycle=found)
        .values("phase__key", "start_group", "stage")
        .annotate(number=Count("pk"))
        .order_by("phase__key", "start_group")
    )
    definition = found.mechanism.definition
    table: dict[tuple[str, int], dict[str, int]] = {}
    for row in counts:
        table.setdefault((row["phase__key"], row["start_group"]), {})[row["stage"]] = row["number"]
    totals = {stage.key: sum(row.get(stage.key, 0) for row in table.values()) for stage in definition.stages}
    suspended = visible.filter(phase__cycle=found).exclude(suspended_since=None).count()
    context = {
        "cycle": found,
        "opens": opens,
        "definition": definition,
        "table": table,
        "totals": totals,
        "suspended": suspended,
        "all": sum(totals.values()),
        "largest": max(totals.values(), default=0) or 1,
    }
    return render(request, "cycles/cycle.html", context)


@page
@require_safe
def states(request: HttpRequest) -> HttpResponse:
    """The States parties, their regional groups and what each is party to: public facts, in the order of names."""
    from django.utils.translation import get_language

    language = get_language() or "en"
    invented = request.GET.get("invented") == "1"
    rows = StateParty.objects.filter(invented=invented).select_related("group").prefetch_related("ratifications")
    named = sorted(
        rows, key=lambda state: (state.names.get(language) or state.names.get("en") or {}).get("short", state.code)
    )
    pages = Paginator(named, 250)
    return render(request, "states.html", {"states": pages.get_page(request.GET.get("page")), "invented": invented})


urlpatterns = [
    path("", home, name="home"),
    path("reviews/", reviews, name="reviews"),
    path("cycles/<slug:key>/", cycle, name="cycle"),
    path("states/", states, name="states"),
]
