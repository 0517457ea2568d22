"""What each State says of a shared text, one version at a time (rule 44)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases.enums import Stance
from cases.exceptions import BadInput, NotAllowed, NotVisible, Stale, WrongStage
from cases.locks import lock_review
from cases.models import Position, Text, User
from cases.operations.record import Request, act_once, record, save_head
from workflow.machine import edges


def take_position(
    *,
    case: str,
    text_uid: str,
    seen_version: int,
    stance: str,
    reason: str,
    language: str,
    by: User,
    at: datetime,
    request: Request | None = None,
) -> Position:
    """Say for one's State whether it agrees to one version of an observation or summary.

    :raises Repeated: this form was sent before; it acted once.
    :raises NotVisible: the text does not exist for ``by``.
    :raises NotAllowed: only focal points take positions.
    :raises WrongStage: this text is not being agreed at this stage.
    :raises Stale: the words have changed since ``by`` read them.
    :raises BadInput: a reservation or objection without its reason.
    """
    with transaction.atomic(durable=True):
        locked = lock_review(case=case, by=by)
        rights = locked.rights(by)
        act_once(by, request)
        text = Text.objects.filter(uid=text_uid, review=locked.review, withdrawn_at=None).first()
        if text is None or not (
            rights.reads(text.room, text.seat_id) or (text.cleared_version and text.cleared_room in rights.rooms)
        ):
            raise NotVisible
        standing = rights.act_standing("take_position")
        if standing is None:
            raise NotAllowed(_("The focal points of the States in the review take positions."), rule="agreement")
        product = locked.review.definition.text(text.kind).product
        agreed_here = {one.product for one in edges(locked.review.definition, locked.review.stage) if one.product}
        if product not in agreed_here:
            raise WrongStage(_("This text is not being agreed at the stage the review is in now."))
        if text.version != seen_version:
            raise Stale(_("The words have changed since you read them. Read them again before you decide."))
        if stance not in Stance.values:
            raise BadInput(_("Choose one."), fields={"stance": _("Choose one.")})
        if stance != Stance.AGREE and not reason.strip():
            sentence = _("Say what you object to or reserve, so that the others can answer it.")
            raise BadInput(sentence, fields={"reason": sentence})
        Position.objects.filter(seat_id=standing.seat_id, text=text, superseded_at=None).update(superseded_at=at)
        position = Position.objects.create(
            review=locked.review,
            seat_id=standing.seat_id,
            text=text,
            version=text.version,
            stance=stance,
            reason=reason.strip(),
            language=language,
            at=at,
            by=by,
        )
        content = {"stance": stance, "reason": position.reason, "version": str(text.version_uid)}
        record(
            head=locked.review,
            verb="position.take",
            by=by,
            standing=standing,
            at=at,
            object_type="position",
            object_uid=str(position.uid),
            content=content,
            request=request,
            room=text.cleared_room or text.room,
            people=locked.people,
        )
        save_head(locked.review)
        return position
