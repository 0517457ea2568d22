"""The second key: the focal point clears exactly what was shown (rule 23)."""

from datetime import datetime
from hashlib import sha256

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases.exceptions import NotAllowed, Stale, WrongStage
from cases.locks import Locked, lock_review
from cases.models import Review, Submission, Text, User
from cases.operations.record import Request, act_once, record, save_head
from cases.queries import gaps, questions_for
from cases.rights import Rights, Standing
from workflow import ledger


def clearing_standing(rights: Rights, product: str) -> Standing | None:
    """The standing in which a person clears ``product`` now: a focal point whose transition hands it over here."""
    if rights.suspended or rights.withdrawn:
        return None
    edges = rights.mechanism.transitions_from(rights.stage)
    titles = {title for edge in edges if edge.effect == "submit" and edge.product == product for title in edge.roles}
    return rights.standing_for(title for title in titles if title.startswith("focal_point."))


def texts_of_product(*, review: Review, product: str, seat_id: int) -> list[Text]:
    """The texts that ``product`` hands over, in order: one seat's own, or the common ones of the review."""
    kind = review.definition.text(review.definition.product(product).kind)
    texts = Text.objects.filter(review=review, kind=kind.key, withdrawn_at=None, version__gt=0)
    if kind.draft_room == "seat":
        texts = texts.filter(seat_id=seat_id)
    return list(texts.order_by("pk"))


def product_digest(product: str, texts: list[Text]) -> str:
    """A digest of the exact versions shown; the page carries it, the clearance must meet it."""
    shown = [{"text": str(text.uid), "version": str(text.version_uid)} for text in texts]
    return sha256(ledger.canonical({"product": product, "versions": shown})).hexdigest()


def count_gaps(review: Review, product: str, texts: list[Text]) -> int:
    """How many questions of a self-assessment are open; listed to the focal point once, never a reason to refuse."""
    if review.definition.product(product).kind != "answer":
        return 0
    return len(gaps(list(questions_for(review)), {text.ref: text.content for text in texts}))


def clear(
    *, case: str, product: str, by: User, at: datetime, seen_digest: str, request: Request | None = None
) -> Submission:
    """Clear a product for one's State. Any later edit voids the clearance.

    :raises NotVisible: the review does not exist for ``by``.
    :raises NotAllowed: ``by`` is not the focal point of a seat that hands this over.
    :raises WrongStage: it cannot be handed over at this stage, or has been already.
    :raises Stale: the texts are not the ones ``by`` was shown.
    """
    with transaction.atomic(durable=True):
        locked = lock_review(case=case, by=by)
        rights = locked.rights(by)
        standing = _clearer(locked, rights, product)
        act_once(by, request)
        earlier = locked.standing_submission(standing.seat_id, product)
        if earlier and earlier.submitted_at:
            raise WrongStage(_("This has been handed over already."))
        texts = texts_of_product(review=locked.review, product=product, seat_id=standing.seat_id)
        if product_digest(product, texts) != seen_digest:
            raise Stale(_("The text was changed while you were reading. Look at it again before you clear it."))
        if earlier:
            return earlier
        return _clear(locked=locked, standing=standing, product=product, texts=texts, by=by, at=at, request=request)


def _clearer(locked: Locked, rights: Rights, product: str) -> Standing:
    standing = clearing_standing(rights, product)
    if standing is not None:
        return standing
    if "focal_point" in {one.role for one in rights.standings}:
        raise WrongStage(_("This cannot be cleared at the stage the review is in now."))
    raise NotAllowed(_("Only the focal point clears what the State hands over."), rule="clearance")


def _clear(
    *,
    locked: Locked,
    standing: Standing,
    product: str,
    texts: list[Text],
    by: User,
    at: datetime,
    request: Request | None,
) -> Submission:
    versions = [str(text.version_uid) for text in texts]
    salt = ledger.new_salt()
    submission = Submission.objects.create(
        review=locked.review,
        seat_id=standing.seat_id,
        product=product,
        versions=versions,
        gaps=count_gaps(locked.review, product, texts),
        digest=ledger.content_digest({"product": product, "versions": versions}, salt),
        salt=salt,
        cleared_by=by,
        cleared_at=at,
    )
    private = _is_private(locked.review, product)
    # What one State clears for itself is no news to the others: their open pages stay as good as they were.
    locked.review.stage_version += not private
    record(
        head=locked.review,
        verb="submission.clear",
        by=by,
        standing=standing,
        at=at,
        object_type="submission",
        object_uid=str(submission.uid),
        digest=submission.digest,
        request=request,
        people=locked.people,
        room="seat" if private else "review",
    )
    save_head(locked.review, "stage_version")
    return submission


def _is_private(review: Review, product: str) -> bool:
    return review.definition.text(review.definition.product(product).kind).draft_room == "seat"
