"""Saving a text. What only one State can see writes its own history and nothing else (architecture.md §3)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases.content import is_empty
from cases.exceptions import NotAllowed, NotVisible, Stale, WrongStage
from cases.locks import Locked, lock_review
from cases.models import Participation, Position, Review, Seat, Submission, Text, TextVersion, User
from cases.operations.record import Request, act_once, record, save_head
from cases.operations.tasks import reopen_seat_tasks
from cases.operations.transition import void_submissions
from cases.rights import Rights, Standing, rights_for
from workflow import ledger
from workflow.definition import EVERY


def save_text(
    *,
    review: Review,
    kind: str,
    ref: str,
    content: Mapping[str, Any],
    language: str,
    by: User,
    at: datetime,
    seen_version: int,
    request: Request | None = None,
) -> Text:
    """Save one version of a text of one's own side; ``seen_version`` is 0 for a first one.

    A text in the seat's own room locks that seat only and leaves no entry; one that another State can read locks the
    review and leaves an entry with the version's digest. Saving the same words again changes nothing.

    :raises NotVisible: the review does not exist for ``by``.
    :raises NotAllowed: this role does not draft this kind.
    :raises WrongStage: this kind cannot be drafted at this stage, or has been handed over.
    :raises Stale: somebody saved a newer version; ``details`` has ``current`` and ``ancestor``.
    """
    with transaction.atomic(durable=True):
        rights = rights_for(by, review)
        if not rights.sees:
            raise NotVisible
        standing = _drafting(rights, kind)
        if _private(review, kind):
            seat = Seat.objects.select_for_update(of=("self",)).get(pk=standing.seat_id)
            _still_drafting(seat, kind, by)
            text, changed = _write(
                review=review,
                seat=seat,
                kind=kind,
                ref=ref,
                content=content,
                language=language,
                by=by,
                at=at,
                seen_version=seen_version,
            )
            if changed:
                _lapse_own_clearance(seat=seat, review=review, kind=kind, at=at)
            return text
        return _save_shared(
            review=review,
            standing=standing,
            kind=kind,
            ref=ref,
            content=content,
            language=language,
            by=by,
            at=at,
            seen_version=seen_version,
            request=request,
        )


def _drafting(rights: Rights, kind: str) -> Standing:
    standing = rights.edit_standing(kind)
    if standing is not None:
        return standing
    own = {one.capacity for one in rights.standings}
    anywhere = {title for stage in rights.mechanism.stages for title in stage.edit.get(kind, ())}
    if rights.titles & anywhere:
        raise WrongStage(_("This text cannot be changed at the stage the review is in now."))
    raise NotAllowed(_("Only its own State's focal point and experts write this text."), own=sorted(own))


def _still_drafting(seat: Seat, kind: str, by: User) -> None:
    """Under the lock: the seat may still draft this kind, and the person is still in the seat."""
    if kind not in seat.writable:
        raise WrongStage(_("This text has been handed over; it can be changed again after it is taken back."))
    if not Participation.objects.filter(user=by, seat=seat, ended_at=None).exists():
        raise NotVisible


def _private(review: Review, kind: str) -> bool:
    return review.definition.text(kind).draft_room == "seat"


def _write(
    *,
    review: Review,
    seat: Seat,
    kind: str,
    ref: str,
    content: Mapping[str, Any],
    language: str,
    by: User,
    at: datetime,
    seen_version: int,
) -> tuple[Text, bool]:
    """Write the next version under a lock the caller holds; returns the text and whether anything changed."""
    text = Text.objects.filter(seat=seat, kind=kind, ref=ref).first()
    if text is None:
        if seen_version:
            raise Stale(_("This text is no longer there."))
        text = Text(
            review=review,
            seat=seat,
            kind=kind,
            ref=ref,
            room=review.definition.text(kind).draft_room,
            version=0,
        )
    elif text.withdrawn_at is not None:
        raise Stale(_("This text was taken out meanwhile. What you typed is still here."), current=text, ancestor={})
    elif text.content == content and text.language == language:
        return text, False
    elif text.version != seen_version:
        ancestor = TextVersion.objects.filter(text=text, number=seen_version).first()
        raise Stale(
            _("A colleague has saved a newer version of this text. Both are shown; nothing you typed is lost."),
            current=text,
            ancestor=ancestor.content if ancestor else {},
        )
    if kind == "answer":
        _count(seat=seat, was=bool(text.version) and not is_empty(text.content), now=not is_empty(content))
    text.version += 1
    text.version_uid = uuid4()
    text.content, text.language = dict(content), language
    text.updated_at, text.updated_by = at, by
    text.save()
    TextVersion.objects.create(
        uid=text.version_uid,
        text=text,
        number=text.version,
        language=language,
        content=dict(content),
        salt=ledger.new_salt(),
        at=at,
        by=by,
    )
    return text, True


def _count(*, seat: Seat, was: bool, now: bool) -> None:
    """Keep the seat's own count of answered questions; nobody outside the seat reads it before submission."""
    if was != now:
        seat.drafted += 1 if now else -1
        seat.save(update_fields=["drafted"])


def _lapse_own_clearance(*, seat: Seat, review: Review, kind: str, at: datetime) -> None:
    """An edit after the clearance voids it: what is submitted is exactly what the focal point saw."""
    product = review.definition.text(kind).product
    if product:
        Submission.objects.filter(seat=seat, product=product, voided_at=None, submitted_at=None).update(voided_at=at)


def _save_shared(
    *,
    review: Review,
    standing: Standing,
    kind: str,
    ref: str,
    content: Mapping[str, Any],
    language: str,
    by: User,
    at: datetime,
    seen_version: int,
    request: Request | None,
) -> Text:
    """Save a text that another State reads: the version is an entry, and agreements to older words lapse."""
    locked = lock_review(review_id=review.pk, by=by)
    rights = locked.rights(by)
    standing = _drafting(rights, kind)
    act_once(by, request)
    seat = locked.seat(standing.seat_id)
    if kind not in seat.writable:
        raise WrongStage(_("This text cannot be changed at the stage the review is in now."))
    definition = locked.review.definition
    shape = definition.text(kind)
    existing = Text.objects.filter(review=review, kind=kind, ref=ref).select_related("seat").first()
    owner = existing.seat if existing else seat
    if shape.owner != EVERY and owner.capacity != seat.capacity:
        raise NotAllowed(_("This text belongs to another side of the review."))
    text, changed = _write(
        review=locked.review,
        seat=owner,
        kind=kind,
        ref=ref,
        content=content,
        language=language,
        by=by,
        at=at,
        seen_version=seen_version,
    )
    if not changed:
        return text
    shared = shape.draft_room == shape.cleared_room or shape.product in locked.review.shared
    if shared:
        show_to_all(text, room=shape.cleared_room, at=at)
    record_version(
        locked=locked,
        text=text,
        verb=f"{kind}.save",
        by=by,
        standing=standing,
        at=at,
        request=request,
        room=shape.cleared_room if shared else shape.draft_room,
    )
    fields = lapse_agreements(locked=locked, text=text, at=at)
    if "languages" in content:
        locked.review.languages = list(content["languages"])
        fields = [*fields, "languages"]
    save_head(locked.review, *fields)
    return text


def show_to_all(text: Text, *, room: str, at: datetime) -> None:
    """Make the present version of one text the one that the readers of ``room`` read."""
    text.cleared_room, text.cleared_version, text.cleared_version_uid = room, text.version, text.version_uid
    text.cleared_content, text.cleared_language, text.cleared_at = text.content, text.language, at
    text.save()


def record_version(
    *,
    locked: Locked,
    text: Text,
    verb: str,
    by: User,
    standing: Standing,
    at: datetime,
    room: str,
    request: Request | None = None,
) -> None:
    """The entry for a version that others can read; its digest is salted with the version's own salt."""
    version = TextVersion.objects.get(uid=text.version_uid)
    record(
        head=locked.review,
        verb=verb,
        by=by,
        standing=standing,
        at=at,
        object_type=text.kind,
        object_uid=str(version.uid),
        digest=ledger.content_digest(version_content(text.kind, text.ref, version), version.salt),
        room=room,
        request=request,
        people=locked.people,
    )


def version_content(kind: str, ref: str, version: TextVersion) -> dict[str, Any]:
    """What a text entry's digest covers (docs/audit.md)."""
    return {"kind": kind, "ref": ref, "language": version.language, "body": version.content}


def lapse_agreements(*, locked: Locked, text: Text, at: datetime) -> list[str]:
    """Words that changed are no longer agreed: void what rested on them and open the tasks again.

    Returns the fields of the review that the caller must save.
    """
    product = locked.review.definition.text(text.kind).product
    Position.objects.filter(text=text, superseded_at=None).update(superseded_at=at)
    if product is None:
        return []
    voided = void_submissions(locked=locked, product=product, at=at)
    for submission in voided:
        reopen_seat_tasks(locked=locked, seat=locked.seat(submission.seat_id), at=at)
    if not any(one.submitted_at for one in voided):
        return []
    locked.review.stage_version += 1
    return ["stage_version"]


def withdraw_observation(
    *, review: Review, ref: str, by: User, at: datetime, seen_version: int, request: Request | None = None
) -> Text:
    """Take an observation out of the list; it stays in the record.

    :raises NotVisible: there is no such observation for ``by``.
    :raises Stale: it was changed since ``by`` saw it.
    """
    kind = "observation"
    with transaction.atomic(durable=True):
        locked = lock_review(review_id=review.pk, by=by)
        rights = locked.rights(by)
        standing = _drafting(rights, kind)
        act_once(by, request)
        text = Text.objects.filter(review=review, kind=kind, ref=ref, withdrawn_at=None).select_related("seat").first()
        if text is None or not rights.reads(text.room, text.seat_id):
            raise NotVisible
        if text.version != seen_version:
            raise Stale(_("This text was changed since you opened it."), current=text, ancestor={})
        text.withdrawn_at = at
        text.save(update_fields=["withdrawn_at"])
        shape = locked.review.definition.text(kind)
        shared = shape.product in locked.review.shared
        record_version(
            locked=locked,
            text=text,
            verb="observation.withdraw",
            by=by,
            standing=standing,
            at=at,
            room=shape.cleared_room if shared else shape.draft_room,
            request=request,
        )
        save_head(locked.review, *lapse_agreements(locked=locked, text=text, at=at))
        return text
