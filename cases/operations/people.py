"""Who speaks for a State: named by note verbale, registered by the Secretariat, released later (rules 19–22)."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from cases.enums import Capacity, NominationStatus, Role
from cases.exceptions import BadInput, NotAllowed, NotVisible, WrongStage
from cases.locks import Locked, lock_review
from cases.models import Nomination, NoteVerbale, Participation, Task, User
from cases.operations.record import Request, act_once, record, save_head
from cases.operations.tasks import NAMING, open_tasks_after
from cases.rights import Rights, Standing


@dataclass(frozen=True, slots=True)
class Named:
    """A person as a note verbale names them."""

    role: str
    name: str
    office: str
    email: str
    phone: str = ""
    language: str = "en"


def name_person(
    *,
    case: str,
    seat_uid: str,
    person: Named,
    reference: str,
    dated: date,
    by: User,
    at: datetime,
    replaces_uid: str = "",
    request: Request | None = None,
) -> Nomination:
    """Enter the name of a person for a seat of one's State, with the note verbale that carries it.

    The Mission or focal point names; the Secretariat enters on behalf of a State that sent its note by post.

    :raises NotAllowed: the seat is another State's, or the role does not name people.
    """
    with transaction.atomic(durable=True):
        locked = lock_review(case=case, by=by)
        rights = locked.rights(by)
        seat = next((one for one in locked.seats if str(one.uid) == seat_uid and one.state_id), None)
        if seat is None:
            raise NotVisible
        standing = rights.act_standing("register_people") or _own(rights, rights.act_standing("name_people"), seat.pk)
        if standing is None:
            raise NotAllowed(_("A State names its own people, by note verbale."), rule="note_verbale")
        act_once(by, request)
        note, _created = NoteVerbale.objects.get_or_create(
            state_id=seat.state_id, reference=reference.strip(), dated=dated, defaults={"received_at": at}
        )
        nomination = Nomination.objects.create(
            review=locked.review,
            seat=seat,
            note_verbale=note,
            role=person.role,
            name=person.name.strip(),
            office=person.office.strip(),
            email=person.email.strip(),
            phone=person.phone.strip(),
            language=person.language,
            named_by=by,
            named_at=at,
            replaces=next(
                (one for one in locked.people if str(one.uid) == replaces_uid and one.seat_id == seat.pk), None
            ),
        )
        content = {"note": note.reference, "dated": note.dated.isoformat(), "role": person.role}
        record(
            head=locked.review,
            verb="people.name",
            by=by,
            standing=standing,
            at=at,
            object_type="nomination",
            object_uid=str(nomination.uid),
            content=content,
            people=locked.people,
            request=request,
            seat_id=seat.pk,
        )
        Task.objects.filter(seat=seat, done_at=None, key__in=_naming_tasks(person.role)).update(done_at=at)
        open_tasks_after(
            locked=locked,
            seats=[one for one in locked.seats if one.capacity == Capacity.SECRETARIAT],
            verb="people.name",
            at=at,
        )
        save_head(locked.review)
        return nomination


def _own(rights: Rights, standing: Standing | None, seat_id: int) -> Standing | None:
    """A naming standing counts only in the seat it belongs to."""
    return next(
        (one for one in rights.standings if one.seat_id == seat_id and standing and one.title == standing.title), None
    )


def _naming_tasks(role: str) -> list[str]:
    return [key for key, named in NAMING.items() if named == role]


def register(
    *, case: str, nomination_uid: str, by: User, at: datetime, user: User | None = None, request: Request | None = None
) -> Participation:
    """Register a named person: an account if there is none for the address, and the role in the seat from now.

    A new focal point takes over from the one before: never two at once (rule 19).

    :raises NotVisible: there is no such nomination waiting.
    :raises NotAllowed: only the Secretariat registers.
    """
    with transaction.atomic(durable=True):
        locked = lock_review(case=case, by=by)
        rights = locked.rights(by)
        standing = rights.act_standing("register_people")
        if standing is None:
            raise NotAllowed(_("The Secretariat registers people."), rule="registration")
        act_once(by, request)
        nomination = (
            Nomination.objects.select_related("seat", "note_verbale", "replaces")
            .filter(uid=nomination_uid, review=locked.review, status=NominationStatus.ASKED)
            .first()
        )
        if nomination is None:
            raise NotVisible
        participation = _seat_person(
            locked=locked,
            nomination=nomination,
            user=user or _account(nomination),
            by=by,
            standing=standing,
            at=at,
            request=request,
        )
        save_head(locked.review, "stage_version")
        return participation


def _account(nomination: Nomination) -> User:
    existing = User.objects.filter(email__iexact=nomination.email, is_active=True).first()
    if existing:
        return existing
    first, _sep, last = nomination.name.rpartition(" ")
    return User.objects.create_user(
        username=f"{nomination.email.split('@')[0][:30]}-{get_random_string(4, 'abcdefghjkmnpqrstuvwxyz')}",
        email=nomination.email,
        first_name=first,
        last_name=last,
        office=nomination.office,
        phone=nomination.phone,
        language=nomination.language,
    )


def _seat_person(
    *,
    locked: Locked,
    nomination: Nomination,
    user: User,
    by: User,
    standing: Standing,
    at: datetime,
    request: Request | None,
) -> Participation:
    states = {
        one.seat.state_id for one in Participation.objects.filter(user=user, ended_at=None).select_related("seat")
    }
    if states - {None, nomination.seat.state_id}:
        raise BadInput(_("This address belongs to a person registered for another State."), fields={"email": ""})
    leaving = [
        one
        for one in locked.people
        if one.pk == nomination.replaces_id
        or (one.seat_id == nomination.seat_id and one.role == Role.FOCAL_POINT == nomination.role)
    ]
    for one in leaving:
        _end(locked=locked, participation=one, by=by, standing=standing, at=at)
    already = next(
        (
            one
            for one in locked.people
            if one.seat_id == nomination.seat_id and one.user_id == user.pk and one.role == nomination.role
        ),
        None,
    )
    participation = already or Participation.objects.create(
        user=user,
        seat=nomination.seat,
        review=locked.review,
        role=nomination.role,
        started_at=at,
        note_verbale=nomination.note_verbale,
    )
    nomination.status, nomination.user = NominationStatus.REGISTERED, user
    nomination.save(update_fields=["status", "user"])
    if not already:
        locked.people.append(participation)
    locked.review.stage_version += 1
    record(
        head=locked.review,
        verb="people.register",
        by=by,
        standing=standing,
        at=at,
        object_type="participation",
        object_uid=str(participation.uid),
        people=locked.people,
        request=request,
        seat_id=nomination.seat_id,
    )
    Task.objects.filter(seat_id=nomination.seat_id, done_at=None, key__in=_naming_tasks(nomination.role)).update(
        done_at=at
    )
    officers = [one for one in locked.seats if one.capacity == Capacity.SECRETARIAT]
    open_tasks_after(locked=locked, seats=officers, verb="people.register", at=at)
    if not Nomination.objects.filter(review=locked.review, status=NominationStatus.ASKED).exists():
        Task.objects.filter(review=locked.review, key="register_people", done_at=None).update(done_at=at)
    return participation


def release(
    *, case: str, participation_uid: str, by: User, at: datetime, request: Request | None = None
) -> Participation:
    """End a person's role in a seat; drafts and tasks stay with the seat.

    :raises NotVisible: there is no such active participation.
    :raises NotAllowed: the role does not register people.
    """
    with transaction.atomic(durable=True):
        locked = lock_review(case=case, by=by)
        rights = locked.rights(by)
        standing = rights.act_standing("register_people")
        if standing is None:
            raise NotAllowed(_("The Secretariat registers people."), rule="registration")
        act_once(by, request)
        participation = next((one for one in locked.people if str(one.uid) == participation_uid), None)
        if participation is None:
            raise NotVisible
        if participation.seat.capacity == "secretariat" and participation.user_id == by.pk:
            raise WrongStage(_("You cannot release yourself; ask a colleague."))
        _end(locked=locked, participation=participation, by=by, standing=standing, at=at, request=request)
        locked.review.stage_version += 1
        save_head(locked.review, "stage_version")
        return participation


def _end(
    *,
    locked: Locked,
    participation: Participation,
    by: User,
    standing: Standing,
    at: datetime,
    request: Request | None = None,
) -> None:
    participation.ended_at = at
    participation.save(update_fields=["ended_at"])
    record(
        head=locked.review,
        verb="people.leave",
        by=by,
        standing=standing,
        at=at,
        object_type="participation",
        object_uid=str(participation.uid),
        people=locked.people,
        request=request,
        seat_id=participation.seat_id,
    )
    locked.people.remove(participation)
