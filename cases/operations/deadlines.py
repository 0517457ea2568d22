"""More time: recorded by the Secretariat, with its reason, the old date and the new one."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases.exceptions import BadInput, NotAllowed, NotVisible, Stale
from cases.locks import lock_review
from cases.models import Extension, Task, User
from cases.operations.record import Request, act_once, record, save_head


def extend_deadline(
    *,
    case: str,
    task_uid: str,
    seen_due_on: date,
    due_on: date,
    reason: str,
    by: User,
    at: datetime,
    request: Request | None = None,
) -> Extension:
    """Move the date of every open task of one seat that hangs on the same deadline.

    :raises NotVisible: there is no such open task in the review.
    :raises NotAllowed: the role does not record extensions.
    :raises Stale: the date is not the one that was shown.
    :raises BadInput: the new date is not later, or no reason is given.
    """
    with transaction.atomic(durable=True):
        locked = lock_review(case=case, by=by)
        standing = locked.rights(by).act_standing("extend_deadline")
        if standing is None:
            raise NotAllowed(_("The Secretariat records extensions."))
        act_once(by, request)
        task = Task.objects.filter(uid=task_uid, review=locked.review, done_at=None).exclude(due_on=None).first()
        if task is None or task.due_on is None:
            raise NotVisible
        if task.due_on != seen_due_on:
            raise Stale(_("The date was moved since you opened the page."))
        fields = {}
        if due_on <= task.due_on:
            fields["due_on"] = _("Choose a date after the present one.")
        if not reason.strip():
            fields["reason"] = _("Say why: the reason is recorded with the new date.")
        if fields:
            raise BadInput(*fields.values(), fields=fields)
        extension = Extension.objects.create(
            review=locked.review,
            seat_id=task.seat_id,
            deadline=task.deadline,
            old_due_on=task.due_on,
            due_on=due_on,
            reason=reason.strip(),
            at=at,
            by=by,
        )
        Task.objects.filter(seat_id=task.seat_id, deadline=task.deadline, done_at=None).update(
            due_on=due_on, passed_at=None
        )
        seat = locked.seat(task.seat_id)
        seat.extended = {**seat.extended, task.deadline: due_on.isoformat()}
        seat.save(update_fields=["extended"])
        content = {
            "deadline": task.deadline,
            "from": seen_due_on.isoformat(),
            "to": due_on.isoformat(),
            "reason": reason.strip(),
        }
        record(
            head=locked.review,
            verb="deadline.extend",
            by=by,
            standing=standing,
            at=at,
            object_type="extension",
            object_uid=str(extension.uid),
            content=content,
            seat_id=task.seat_id,
            request=request,
            people=locked.people,
        )
        save_head(locked.review)
        return extension
