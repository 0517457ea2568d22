"""The audit entry of every decision: the one place that writes ``Event`` rows (architecture.md §3, formats.md §3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from cases.exceptions import Repeated, Stale
from cases.models import Disclosure, Event, Ledger, Participation, Review, User
from cases.rights import Standing
from cases.signals import event_recorded
from workflow import ledger

SYSTEM_CASE = "system/_"


@dataclass(frozen=True, slots=True)
class Request:
    """The key a form or a client sent with a write, and the digest of what it asked: it acts once."""

    key: str
    digest: str


def act_once(by: User, request: Request | None) -> None:
    """Stop here when this person's key acted already; call it under the lock, after the rights are known.

    :raises Repeated: with the entry that the first sending wrote.
    :raises Stale: when the same key came with another body.
    """
    if request is None:
        return
    earlier = Event.objects.filter(actor=by, request_key=request.key).first()
    if earlier is None:
        return
    if earlier.request_digest != request.digest:
        raise Stale(_("This form was sent before with other contents. Open the page again."))
    raise Repeated(earlier.pk)


def actor_of(user: User | None, standing: Standing | None) -> ledger.Actor:
    """Who acts, as the trail names it: a pseudonymous id, the role, the capacity and the State."""
    if user is None:
        return ledger.SYSTEM
    return {
        "id": str(user.uid),
        "role": standing.role if standing else "officer",
        "capacity": standing.capacity if standing else "secretariat",
        "state": standing.state_code if standing else None,
    }


def record(
    *,
    head: Review | Ledger,
    verb: str,
    by: User | None,
    standing: Standing | None,
    at: datetime,
    object_type: str,
    object_uid: str,
    digest: str | None = None,
    from_stage: str | None = None,
    to_stage: str | None = None,
    room: str = "review",
    seat_id: int | None = None,
    content: Mapping[str, Any] | None = None,
    request: Request | None = None,
    people: Sequence[Participation] | None = None,
) -> Event:
    """Append one entry to the chain of ``head``, whose row the caller has locked and saves afterwards.

    ``content`` is what no other row holds of the decision: it is kept beside the entry and gives its digest; otherwise
    ``digest`` is that of the version or submission that holds it.

    Times never go back within a case: an entry is dated no earlier than the one before it. The signal
    ``event_recorded`` is sent in the same transaction.
    """
    at = max(at, head.head_at) if head.head_at else at
    salt = ledger.new_salt() if content is not None else ""
    if content is not None:
        digest = ledger.content_digest(content, salt)
    line = ledger.entry_line(
        case=head.case,
        seq=head.head_seq + 1,
        at=at,
        actor=actor_of(by, standing),
        action=verb,
        obj={"type": object_type, "id": object_uid},
        from_stage=from_stage,
        to_stage=to_stage,
        digest=digest,
        prev=head.head_hash,
    )
    event = Event(
        case=head.case,
        seq=head.head_seq + 1,
        review=head if isinstance(head, Review) else None,
        seat_id=seat_id if seat_id is not None else (standing.seat_id if standing else None),
        actor=by,
        verb=verb,
        at=at,
        room=room,
        object_type=object_type,
        object_uid=object_uid,
        from_stage=from_stage or "",
        to_stage=to_stage or "",
        hash=line.hash,
        line=line.data,
        request_key=request.key if request else "",
        request_digest=request.digest if request else "",
    )
    event.save(force_insert=True)
    if content is not None:
        Disclosure.objects.create(event=event, content=dict(content), salt=salt)
    head.head_seq, head.head_hash, head.head_at = event.seq, line.hash, at
    event_recorded.send(sender=Event, event=event, people=people)
    return event


def save_head(head: Review | Ledger, *fields: str) -> None:
    """Save the chain's head, and other ``fields``, without a history row: the trail is the history of these."""
    if isinstance(head, Review):
        head.skip_history_when_saving = True  # type: ignore[attr-defined]
        try:
            head.save(update_fields=["head_seq", "head_hash", "head_at", *fields])
        finally:
            del head.skip_history_when_saving  # type: ignore[attr-defined]
    else:
        head.save(update_fields=["head_seq", "head_hash", "head_at", *fields])


def lock_ledger(case: str = SYSTEM_CASE) -> Ledger:
    """The locked head of a chain that belongs to no review, begun when it is missing."""
    Ledger.objects.get_or_create(case=case)
    return Ledger.objects.select_for_update().get(case=case)


def record_apart(
    *,
    case: str = SYSTEM_CASE,
    verb: str,
    by: User | None,
    at: datetime,
    object_type: str,
    object_uid: str,
    content: Mapping[str, Any] | None = None,
    request: Request | None = None,
) -> Event:
    """Append an entry that belongs to no review, with its content kept beside it."""
    head = lock_ledger(case)
    event = record(
        head=head,
        verb=verb,
        by=by,
        standing=None,
        at=at,
        object_type=object_type,
        object_uid=object_uid,
        content=content,
        request=request,
    )
    save_head(head)
    return event
