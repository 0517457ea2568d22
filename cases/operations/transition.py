"""The one write path of a review's stage (architecture.md §3): lock, permission, guards, change, record, tell."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from cases.exceptions import GuardFailed, NotAllowed, Reason, Stale, WrongStage
from cases.guards import facts_of, unmet
from cases.locks import Locked, lock_review
from cases.models import Interval, Review, Seat, Submission, Text, User
from cases.operations.record import Request, act_once, record
from cases.operations.tasks import close_tasks, open_stage_tasks, reopen_seat_tasks, shift_dates
from cases.rights import Rights, Standing
from workflow.definition import Transition
from workflow.machine import edge as find_edge
from workflow.machine import edges, fire


def advance(
    *,
    case: str,
    action: str,
    by: User,
    at: datetime,
    seen_version: int,
    request: Request | None = None,
    reason: str = "",
) -> Review:
    """Take one action on a review, and whatever follows from it by itself, in one transaction.

    :raises NotVisible: the review does not exist for ``by``.
    :raises Repeated: this form was sent before; it acted once.
    :raises WrongStage: the action does not exist from the stage the review is in.
    :raises Stale: the review has changed since ``by`` saw it.
    :raises NotAllowed: the action belongs to another role.
    :raises GuardFailed: with every reason, when a rule of who, when or integrity is not met.
    """
    with transaction.atomic(durable=True):
        return _advance(
            case=case, action=action, by=by, at=at, seen_version=seen_version, request=request, reason=reason
        )


def _advance(
    *,
    case: str,
    action: str,
    by: User,
    at: datetime,
    seen_version: int | None,
    request: Request | None = None,
    reason: str = "",
) -> Review:
    """The steps of ``advance`` inside a transaction of the caller's."""
    locked = lock_review(case=case, by=by)
    review = locked.review
    rights = locked.rights(by)
    act_once(by, request)
    if seen_version is not None and review.stage_version != seen_version:
        raise Stale(_("This review has moved on since you opened the page. Look at it as it is now."))
    edge = find_edge(review.definition, review.stage, action)
    if edge is None or edge.auto:
        raise WrongStage(_("This step does not exist at the stage the review is in now."))
    standing = rights.transition_standing(edge)
    if standing is None:
        raise NotAllowed(_("This step belongs to another role."), rule=edge.rule)
    _refuse_unmet(edge, locked, standing, reason)
    _apply(edge=edge, locked=locked, by=by, standing=standing, at=at, reason=reason, request=request)
    _follow_on(locked=locked, at=at)
    review._change_reason = reason[:100] or action
    review._history_user = by
    review._history_date = at
    review.save()
    return review


def why_not(edge: Transition, rights: Rights, locked: Locked) -> Iterable[Reason]:
    """The reasons against one step for one person; none when it can be pressed."""
    standing = rights.transition_standing(edge)
    if standing is None:
        yield _("This step belongs to another role.")
        return
    yield from suspended_or_withdrawn(edge, locked.review)
    yield from (verdict.reason for verdict in unmet(edge, facts_of(locked, standing, reason="·")))


def suspended_or_withdrawn(edge: Transition, review: Review) -> Iterable[Reason]:
    if review.withdrawn:
        yield _("The State party has withdrawn from this review.")
    elif review.suspended and not edge.allowed_while_suspended:
        yield _("The review is suspended; all dates are paused.")


def _refuse_unmet(edge: Transition, locked: Locked, standing: Standing | None, reason: str) -> None:
    reasons = list(suspended_or_withdrawn(edge, locked.review))
    reasons += [verdict.reason for verdict in unmet(edge, facts_of(locked, standing, reason=reason))]
    if edge.reason == "required" and not reason.strip():
        reasons.append(_("Say why: the reason is recorded with the step."))
    if reasons:
        raise GuardFailed(*reasons, rule=edge.rule)


def _apply(
    *,
    edge: Transition,
    locked: Locked,
    by: User | None,
    standing: Standing | None,
    at: datetime,
    reason: str = "",
    request: Request | None = None,
) -> None:
    """Change the rows for one transition and record it; the caller saves the review."""
    review = locked.review
    before = review.stage
    seat = locked.seat(standing.seat_id) if standing else None
    submission = _effect(edge=edge, locked=locked, seat=seat, at=at, reason=reason)
    fire(review.definition, review, edge.key)
    review.stage_version += 1
    moved = review.stage != before
    if moved:
        review.stage_since = at
        close_tasks(review=review, at=at)
    elif seat is not None:
        # what one State shares is shared for all that wrote it; everything else each does for itself
        close_tasks(review=review, at=at, action=edge.key, seat=None if edge.effect == "share" else seat)
    record(
        head=review,
        verb=f"review.{edge.key}",
        by=by,
        standing=standing,
        at=at,
        object_type="submission" if submission else "review",
        object_uid=str(submission.uid if submission else review.uid),
        digest=submission.digest if submission else None,
        content={"reason": reason} if reason and not submission else None,
        from_stage=before if moved else None,
        to_stage=review.stage if moved else None,
        request=request,
        people=locked.people,
    )
    if moved:
        open_stage_tasks(locked=locked, at=at)
    elif edge.effect == "reopen" and seat is not None:
        reopen_seat_tasks(locked=locked, seat=seat, at=at)
    set_writable(locked)


def _follow_on(*, locked: Locked, at: datetime) -> None:
    """Take the automatic transitions whose guards hold now: when the last State has submitted, the review moves."""
    while not (locked.review.suspended or locked.review.withdrawn):
        ready = next(
            (
                edge
                for edge in edges(locked.review.definition, locked.review.stage)
                if edge.auto and not unmet(edge, facts_of(locked, None))
            ),
            None,
        )
        if ready is None:
            return
        _apply(edge=ready, locked=locked, by=None, standing=None, at=at)


def _effect(*, edge: Transition, locked: Locked, seat: Seat | None, at: datetime, reason: str) -> Submission | None:
    """What a transition does beside moving the stage; returns the submission it hands over."""
    review = locked.review
    if edge.effect == "submit" and seat is not None and edge.product:
        return _submit(locked=locked, seat=seat, product=edge.product, at=at)
    if edge.effect == "reopen" and seat is not None and edge.product:
        void_submissions(locked=locked, product=edge.product, at=at, seat=seat if edge.by_seat else None)
        review.shared = [product for product in review.shared if product != edge.product]
    elif edge.effect == "share" and edge.product:
        _share(review=review, product=edge.product, at=at)
    elif edge.effect == "go_on" and seat is not None:
        seat.agreed_to_go_on = sorted({*seat.agreed_to_go_on, review.stage})
        seat.save(update_fields=["agreed_to_go_on"])
    elif edge.effect == "suspend":
        review.suspended_since = at.date()
        Interval.objects.create(review=review, seat=seat, kind="suspended", starts_on=at.date(), reason=reason)
    elif edge.effect == "resume":
        _resume(review=review, on=at.date())
    elif edge.effect == "withdraw":
        review.withdrawn_on = at.date()
        Interval.objects.create(review=review, seat=seat, kind="withdrawn", starts_on=at.date(), reason=reason)
        close_tasks(review=review, at=at)
    return None


def _submit(*, locked: Locked, seat: Seat, product: str, at: datetime) -> Submission:
    """Hand over what the focal point cleared: others read exactly these versions from now on."""
    submission = locked.standing_submission(seat.pk, product)
    if submission is None:
        raise GuardFailed(_("The focal point has not cleared this yet."))
    submission.submitted_at = at
    submission.save(update_fields=["submitted_at"])
    definition = locked.review.definition
    kind = definition.text(definition.product(product).kind)
    if kind.draft_room == "seat":
        open_texts(review=locked.review, kind=kind.key, room=kind.cleared_room, at=at, seat=seat)
    return submission


def open_texts(*, review: Review, kind: str, room: str, at: datetime, seat: Seat | None = None) -> None:
    """Let the readers of ``room`` read the present version of every text of ``kind``: one statement."""
    texts = Text.objects.filter(review=review, kind=kind, withdrawn_at=None)
    if seat is not None:
        texts = texts.filter(seat=seat)
    texts.update(
        cleared_room=room,
        cleared_version=F("version"),
        cleared_version_uid=F("version_uid"),
        cleared_language=F("language"),
        cleared_content=F("content"),
        cleared_at=at,
    )


def _share(*, review: Review, product: str, at: datetime) -> None:
    kind = review.definition.text(review.definition.product(product).kind)
    review.shared = sorted({*review.shared, product})
    open_texts(review=review, kind=kind.key, room=kind.cleared_room, at=at)


def _resume(*, review: Review, on: date) -> None:
    """End the suspension and move every open date by the days it lasted."""
    if review.suspended_since is None:
        return
    days = (on - review.suspended_since).days
    Interval.objects.filter(review=review, kind="suspended", ends_on=None).update(ends_on=on)
    review.suspended_since = None
    review.paused_days += days
    shift_dates(review=review, days=days)


def void_submissions(*, locked: Locked, product: str, at: datetime, seat: Seat | None = None) -> list[Submission]:
    """Void the standing clearances and submissions of a product (of one seat, or of all); returns them."""
    voided = [one for one in locked.submissions if one.product == product and (seat is None or one.seat_id == seat.pk)]
    if voided:
        Submission.objects.filter(pk__in=[one.pk for one in voided]).update(voided_at=at)
        locked.submissions = [one for one in locked.submissions if one not in voided]
    return voided


def set_writable(locked: Locked) -> None:
    """Write into each seat which kinds of text it may draft now: the stage's table, less what it has handed over."""
    review = locked.review
    definition = review.definition
    edit = definition.stage(review.stage).edit
    closed = review.suspended or review.withdrawn
    changed = []
    for seat in locked.seats:
        handed_over = {
            definition.product(one.product).kind
            for one in locked.submissions
            if one.seat_id == seat.pk
            and one.submitted_at
            and definition.text(definition.product(one.product).kind).draft_room == "seat"
        }
        writable = sorted(
            kind
            for kind, titles in edit.items()
            if not closed and kind not in handed_over and any(title.endswith("." + seat.capacity) for title in titles)
        )
        if writable != seat.writable:
            seat.writable = writable
            changed.append(seat)
    if changed:
        Seat.objects.bulk_update(changed, ["writable"])
