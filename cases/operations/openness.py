"""What a State opens by its own decision: a document to others (rule 48), its drafts to the Secretariat for help."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from cases.enums import IntervalKind, PublicationScope
from cases.exceptions import BadInput, NotAllowed, NotVisible
from cases.locks import lock_review
from cases.models import Interval, Publication, User
from cases.operations.record import Request, act_once, record, save_head

PUBLISHABLE = ("self_assessment", "list_of_observations", "summary")
LONGEST_HELP = timedelta(days=60)


def publish_document(
    *, case: str, product: str, scope: str, by: User, at: datetime, request: Request | None = None
) -> Publication:
    """Decide that a document of one's own review may be read by all States parties, or by the public.

    :raises NotAllowed: only the focal point of the State under review decides, once the review is concluded.
    :raises BadInput: the document or the scope is none there is.
    """
    with transaction.atomic(durable=True):
        locked = lock_review(case=case, by=by)
        standing = locked.rights(by).act_standing("publish")
        if standing is None:
            raise NotAllowed(_("The State under review decides, once its review is concluded."), rule="publication")
        act_once(by, request)
        if product not in PUBLISHABLE or scope not in PublicationScope.values:
            raise BadInput(_("Choose the document and who may read it."))
        publication, created = Publication.objects.get_or_create(
            review=locked.review,
            product=product,
            scope=scope,
            withdrawn_at=None,
            defaults={"decided_at": at, "decided_by": by},
        )
        if created:
            content = {"product": product, "scope": scope}
            record(
                head=locked.review,
                verb="document.publish",
                by=by,
                standing=standing,
                at=at,
                object_type="publication",
                object_uid=str(publication.uid),
                content=content,
                people=locked.people,
                request=request,
            )
            save_head(locked.review)
        return publication


def withdraw_publication(
    *, case: str, publication_uid: str, by: User, at: datetime, request: Request | None = None
) -> Publication:
    """Take a decision to publish back; it stays in the record that it was open until now.

    :raises NotVisible: there is no such standing decision.
    :raises NotAllowed: only the focal point of the State under review decides.
    """
    with transaction.atomic(durable=True):
        locked = lock_review(case=case, by=by)
        standing = locked.rights(by).act_standing("publish")
        if standing is None:
            raise NotAllowed(_("The State under review decides, once its review is concluded."), rule="publication")
        act_once(by, request)
        publication = Publication.objects.filter(uid=publication_uid, review=locked.review, withdrawn_at=None).first()
        if publication is None:
            raise NotVisible
        publication.withdrawn_at = at
        publication.save(update_fields=["withdrawn_at"])
        record(
            head=locked.review,
            verb="document.unpublish",
            by=by,
            standing=standing,
            at=at,
            object_type="publication",
            object_uid=str(publication.uid),
            people=locked.people,
            request=request,
        )
        save_head(locked.review)
        return publication


def open_drafts(*, case: str, until: date, by: User, at: datetime, request: Request | None = None) -> Interval:
    """Let the Secretariat read one's own State's drafts until a date, for help with them.

    :raises NotAllowed: only a focal point opens its State's drafts.
    :raises BadInput: the date is past, or more than sixty days ahead.
    """
    with transaction.atomic(durable=True):
        locked = lock_review(case=case, by=by)
        standing = locked.rights(by).act_standing("open_drafts_for_help")
        if standing is None:
            raise NotAllowed(_("The focal point decides about the State's drafts."))
        act_once(by, request)
        if not at.date() < until <= at.date() + LONGEST_HELP:
            sentence = _("Choose a date within the next sixty days.")
            raise BadInput(sentence, fields={"until": sentence})
        interval = Interval.objects.create(
            review=locked.review,
            seat_id=standing.seat_id,
            kind=IntervalKind.DRAFTS_OPEN,
            starts_on=at.date(),
            ends_on=until,
        )
        locked.review.helped_seats = sorted({*locked.review.helped_seats, standing.seat_id})
        content = {"until": until.isoformat()}
        record(
            head=locked.review,
            verb="drafts.open",
            by=by,
            standing=standing,
            at=at,
            object_type="interval",
            object_uid=str(interval.uid),
            content=content,
            people=locked.people,
            request=request,
        )
        save_head(locked.review, "helped_seats")
        return interval


def close_drafts(*, case: str, by: User, at: datetime, request: Request | None = None) -> None:
    """End the Secretariat's reading of one's own State's drafts now.

    :raises NotAllowed: only a focal point decides about its State's drafts.
    """
    with transaction.atomic(durable=True):
        locked = lock_review(case=case, by=by)
        standing = locked.rights(by).act_standing("open_drafts_for_help")
        if standing is None:
            raise NotAllowed(_("The focal point decides about the State's drafts."))
        act_once(by, request)
        Interval.objects.filter(
            review=locked.review, seat_id=standing.seat_id, kind=IntervalKind.DRAFTS_OPEN, ends_on__gt=at.date()
        ).update(ends_on=at.date())
        locked.review.helped_seats = [one for one in locked.review.helped_seats if one != standing.seat_id]
        record(
            head=locked.review,
            verb="drafts.close",
            by=by,
            standing=standing,
            at=at,
            object_type="seat",
            object_uid=str(locked.seat(standing.seat_id).uid),
            people=locked.people,
            request=request,
        )
        save_head(locked.review, "helped_seats")


def let_observers_read(*, case: str, drafts: bool, by: User) -> None:
    """Decide whether one's own State's observers read its drafts, or only what every party reads (rule 24).

    The choice is the State's own affair: it leaves no entry.

    :raises NotAllowed: only a focal point decides for its State.
    """
    with transaction.atomic(durable=True):
        locked = lock_review(case=case, by=by)
        standing = locked.rights(by).speaks
        if standing is None:
            raise NotAllowed(_("The focal point decides what the State's observers read."), rule="observers")
        seat = locked.seat(standing.seat_id)
        seat.observers_read_drafts = drafts
        seat.save(update_fields=["observers_read_drafts"])
