"""Opening and closing what seats owe, by the mechanism's task rules; called by the write path only."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from cases.enums import Capacity, QueryStatus, Role
from cases.guards import facts_of, unmet
from cases.locks import Locked
from cases.models import Query, Review, Seat, Task
from workflow.deadlines import add_months
from workflow.definition import Deadline, TaskRule

NAMING = {"name_focal_point": Role.FOCAL_POINT.value, "name_experts": Role.EXPERT.value}
"""Tasks that a seat no longer owes once somebody holds the role."""


def due_on(*, rule: TaskRule, locked: Locked, seat: Seat, at: datetime) -> date | None:
    """The date of a task: its deadline's length from the anchor, later pauses and extensions included."""
    if rule.deadline is None:
        return None
    if rule.deadline in seat.extended:
        return date.fromisoformat(seat.extended[rule.deadline])
    deadline = locked.review.definition.deadline(rule.deadline)
    if deadline.anchor == "launched":
        return _after(locked.review.launched_on, deadline) + timedelta(days=locked.review.paused_days)
    return _after(at.date(), deadline)


def _after(start: date, deadline: Deadline) -> date:
    return add_months(start, deadline.months) + timedelta(weeks=deadline.weeks, days=deadline.days)


def open_stage_tasks(*, locked: Locked, at: datetime) -> None:
    """Open what the stage asks of each seat and is not open yet."""
    _open(locked=locked, seats=locked.seats, after=None, at=at)


def open_tasks_after(*, locked: Locked, seats: Iterable[Seat], verb: str, at: datetime) -> None:
    """Open the tasks that an event begins (``opens_after``), where they are not open yet.

    A task that asks for a step is opened once the step can be taken: nobody's turn comes before it is their turn.
    """
    _open(locked=locked, seats=seats, after=verb, at=at)


def _can_be_done(rule: TaskRule, locked: Locked) -> bool:
    """Whether the steps a task asks for could be taken now, by whoever acts."""
    edges = {edge.key: edge for edge in locked.review.definition.transitions_from(locked.review.stage)}
    asked = [edges[action] for action in rule.until if action in edges]
    return not asked or any(not unmet(edge, facts_of(locked, None)) for edge in asked)


def reopen_seat_tasks(*, locked: Locked, seat: Seat, at: datetime) -> None:
    """Open the stage's tasks of one seat again after what it had handed over was taken back or lapsed."""
    _open(locked=locked, seats=[seat], after=None, at=at)


def _open(*, locked: Locked, seats: Iterable[Seat], after: str | None, at: datetime) -> None:
    """One statement; a task that is open already stays as it is, its date included."""
    tasks = owed(locked=locked, seats=seats, after=after, at=at)
    if tasks:
        Task.objects.bulk_create(tasks, ignore_conflicts=True)


def owed(*, locked: Locked, seats: Iterable[Seat], after: str | None, at: datetime) -> list[Task]:
    """What the stage asks of ``seats``, or the event ``after`` begins, as tasks that are not stored; no query."""
    return [
        Task(
            review=locked.review,
            seat=seat,
            role=rule.role.partition(".")[0],
            key=rule.key,
            deadline=rule.deadline or "",
            opened_at=at,
            due_on=due_on(rule=rule, locked=locked, seat=seat, at=at),
        )
        for rule in locked.review.definition.tasks_of(locked.review.stage)
        for seat in seats
        if rule.opens_after == after
        and rule.role.endswith("." + seat.capacity)
        and (_can_be_done(rule, locked) if after is not None else not _settled(rule, locked, seat))
    ]


def _settled(rule: TaskRule, locked: Locked, seat: Seat) -> bool:
    """Whether a task asks for what is there already: people, a text shared, or a submission that still stands."""
    naming = NAMING.get(rule.key)
    if naming and any(person.role == naming and person.seat_id == seat.pk for person in locked.people):
        return True
    steps = [locked.review.definition.transition(action) for action in rule.until if "." not in action]
    if any(step.effect == "share" and step.product in locked.review.shared for step in steps):
        return True
    products = {step.product for step in steps} - {None}
    return any(one.seat_id == seat.pk and one.submitted_at and one.product in products for one in locked.submissions)


def close_tasks(*, review: Review, at: datetime, action: str | None = None, seat: Seat | None = None) -> None:
    """Close open tasks: those that ``action`` fulfils (of one seat, or of all), or all that the stage does not know."""
    tasks = Task.objects.filter(review=review, done_at=None)
    if action is not None:
        keys = [rule.key for rule in review.definition.tasks if action in rule.until]
        if not keys:
            return
        tasks = tasks.filter(key__in=keys)
        if seat is not None:
            tasks = tasks.filter(seat=seat)
    elif not review.withdrawn:
        tasks = tasks.exclude(key__in=[rule.key for rule in review.definition.tasks_of(review.stage)])
    tasks.update(done_at=at)


def shift_dates(*, review: Review, days: int) -> None:
    """Move every open date of a review, of its requests and extensions, by the days it was suspended."""
    if not days:
        return
    moved = []
    for task in Task.objects.filter(review=review, done_at=None, due_on__isnull=False):
        if task.due_on:
            task.due_on, task.passed_at = task.due_on + timedelta(days=days), None
            moved.append(task)
    Task.objects.bulk_update(moved, ["due_on", "passed_at"])
    waiting = list(Query.objects.filter(review=review, status=QueryStatus.ASKED, due_on__isnull=False))
    for query in waiting:
        if query.due_on:
            query.due_on += timedelta(days=days)
    Query.objects.bulk_update(waiting, ["due_on"])
    for seat in Seat.objects.filter(review=review).exclude(capacity=Capacity.SECRETARIAT):
        if seat.extended:
            seat.extended = {
                key: (date.fromisoformat(day) + timedelta(days=days)).isoformat() for key, day in seat.extended.items()
            }
            seat.save(update_fields=["extended"])
