"""Texts that all States of a review agree on: the list of observations and its summary share everything but the shape.

What each reader is shown of them, what each State has said, which step comes next and for whom.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F
from django.http import HttpRequest
from django.utils.translation import gettext as _

from cases.enums import Language
from cases.exceptions import NotAllowed, NotVisible, Refused, Stale, WrongStage
from cases.models import Event, Position, Seat, StateParty, Submission, Text, TextVersion
from cases.operations.positions import take_position
from cases.queries import ReadText, texts_for
from cases.views.common import Context, now, request_key, seen
from workflow.definition import Product, Stage, Transition

LONGEST_TEXT = 20_000
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Shown:
    """One text as this reader is shown it: whose hand, the words before, what the States say of it."""

    text: ReadText
    state: StateParty | None
    person: str
    before: TextVersion | None
    positions: tuple[Position, ...]
    own: Position | None


@dataclass(frozen=True, slots=True)
class Step:
    """Where the agreement on a product stands; ``edge`` is the step that comes next, None outside its ``stage``."""

    product: Product
    stage: Stage | None
    shared: bool
    edge: Transition | None
    mine: bool
    agreed: list[tuple[Seat, datetime]]
    waiting: list[Seat]


@dataclass(frozen=True, slots=True)
class Kept:
    """One version in the history of a text: whose hand, the words before it, what was said of it."""

    version: TextVersion
    event: Event | None
    person: str
    before: TextVersion | None
    positions: list[Position]
    taken_out: Event | None


def product_of(context: Context, kind: str) -> str:
    """The product that hands texts of ``kind`` over."""
    return context.definition.text(kind).product or ""


def reads_drafts(context: Context, kind: str) -> bool:
    """Whether this person reads the room in which texts of ``kind`` are drafted."""
    return context.definition.text(kind).draft_room in context.rights.rooms


def own_seats(context: Context) -> set[int]:
    return {standing.seat_id for standing in context.rights.standings}


def shown(context: Context, kind: str) -> list[Shown]:
    """The texts of ``kind`` that this person reads, oldest first; four queries, however many there are."""
    texts = texts_for(context.rights, kind)
    if not texts:
        return []
    by_text = {text.pk: text for text in texts}
    column = "text__version" if reads_drafts(context, kind) else "text__cleared_version"
    before = {one.text_id: one for one in TextVersion.objects.filter(text__in=list(by_text), number=F(column) - 1)}
    entries, taken_out = _entries(context, [text.version_uid for text in texts] + [str(v.uid) for v in before.values()])
    positions: dict[int, list[Position]] = {}
    standing = Position.objects.filter(review=context.review, superseded_at=None, text__in=list(by_text))
    for position in standing.select_related("seat__state").order_by("seat_id"):
        if position.version == by_text[position.text_id].version:
            positions.setdefault(position.text_id, []).append(position)
    own = own_seats(context)
    return [
        Shown(
            text=text,
            state=entry.seat.state if entry and entry.seat else None,
            person=_person(entry, own),
            before=_readable(before.get(text.pk), entry, taken_out, context),
            positions=tuple(positions.get(text.pk, ())),
            own=next((one for one in positions.get(text.pk, ()) if one.seat_id in own), None),
        )
        for text in texts
        for entry in (entries.get(text.version_uid),)
    ]


def _entries(context: Context, uids: list[str]) -> tuple[dict[str, Event], dict[str, Event]]:
    """The entries that saved these versions, and those that took them out, by the version's uid."""
    saved: dict[str, Event] = {}
    taken_out: dict[str, Event] = {}
    rows = Event.objects.filter(review=context.review, object_uid__in=uids).select_related("seat__state", "actor")
    for event in rows.order_by("seq"):
        (taken_out if event.verb.endswith(".withdraw") else saved)[event.object_uid] = event
    return saved, taken_out


def _person(event: Event | None, own: set[int]) -> str:
    """Who it was, to one's own side only."""
    return event.actor.name if event and event.actor and event.seat_id in own else ""


def _readable(
    before: TextVersion | None, entry: Event | None, taken_out: dict[str, Event], context: Context
) -> TextVersion | None:
    """The words before, if this person may read them.

    A version saved while the text was shared follows one that was read by the same people, unless that one had been
    taken out before the text was shared.
    """
    if before is None or entry is None or entry.room not in context.rights.rooms or str(before.uid) in taken_out:
        return None
    return before


def find(context: Context, kind: str, ref: str) -> Shown:
    """One text of ``kind`` as this person reads it.

    :raises NotVisible: there is none for them.
    """
    one = next((one for one in shown(context, kind) if one.text.ref == ref), None)
    if one is None:
        raise NotVisible
    return one


def next_step(context: Context, product: str, seats: list[Seat]) -> Step:
    """Which step of the agreement on ``product`` comes next, for whom, and who has agreed already; one query."""
    rights, definition = context.rights, context.definition
    edges = {one.effect: one for one in definition.transitions_from(rights.stage) if one.product == product}
    shared = product in context.review.shared
    edge = edges.get("submit") if shared else edges.get("share")
    handed_over = {
        one.seat_id: one.submitted_at
        for one in Submission.objects.filter(review=context.review, product=product, voided_at=None)
        if one.submitted_at
    }
    shape = definition.product(product)
    waiting = [seat for seat in seats if seat.capacity in shape.seats and seat.pk not in handed_over]
    standing = rights.transition_standing(edge) if edge and not (rights.suspended or rights.withdrawn) else None
    return Step(
        product=shape,
        stage=next((one for one in definition.stages if _agrees(context, one, product)), None),
        shared=shared,
        edge=edge,
        mine=standing is not None and (not shared or standing.seat_id in {seat.pk for seat in waiting}),
        agreed=[(seat, handed_over[seat.pk]) for seat in seats if seat.pk in handed_over],
        waiting=waiting,
    )


def _agrees(context: Context, stage: Stage, product: str) -> bool:
    """Whether ``product`` is agreed at ``stage``."""
    edges = context.definition.transitions_from(stage.key)
    return any(one.product == product and one.effect == "submit" for one in edges)


def may_take_position(context: Context, step: Step) -> bool:
    """Whether this person may say now what their State thinks of these words."""
    if step.edge is None or context.rights.act_standing("take_position") is None:
        return False
    return step.shared or reads_drafts(context, step.product.kind)


def take(context: Context, request: HttpRequest, one: Shown) -> None:
    """Take the position that a form asks for.

    :raises WrongStage: the words are not being agreed at this stage.
    :raises NotAllowed: this is not for this person to say.
    :raises Stale: the words have changed.
    :raises BadInput: no stance, or one without its reason.
    """
    step = next_step(context, product_of(context, one.text.kind), [])
    if context.rights.act_standing("take_position") and not may_take_position(context, step):
        raise WrongStage(_("These words are not open for agreement now."))
    take_position(
        case=context.review.case,
        text_uid=one.text.uid,
        seen_version=seen(request),
        stance=request.POST.get("stance", ""),
        reason=typed_words(request, "reason")[:LONGEST_TEXT],
        language=language_of(request) or writing_language(context, request),
        by=request.user,
        at=now(),
        request=request_key(request),
    )


def refused_position(one: Shown, refusal: Refused, request: HttpRequest) -> dict[str, Any]:
    """What a page needs to show a refused position beside its words, with what was typed."""
    fields = refusal.details.get("fields") or {"reason": refusal.reasons[0]}
    errors = {f"{name}-{one.text.uid}": sentence for name, sentence in fields.items()}
    return {"refused": one.text.uid, "typed": request.POST, "errors": errors}


def why_not_write(context: Context, kind: str) -> str:
    """Why this person cannot write texts of ``kind`` now, in one sentence; empty when they can."""
    rights, definition = context.rights, context.definition
    if rights.edit_standing(kind) is not None:
        return ""
    writers = {title for stage in definition.stages for title in stage.edit.get(kind, ())}
    if not rights.titles & writers:
        return _("The focal points and experts of the reviewing States write this text.")
    if rights.withdrawn:
        return _("The State party has withdrawn from this review.")
    if rights.suspended:
        return _("The review is suspended; all dates are paused.")
    return _("This text cannot be changed at the stage the review is in now.")


def must_write(context: Context, kind: str) -> None:
    """Stop here when this person does not write texts of ``kind`` now.

    :raises WrongStage: not at this stage.
    :raises NotAllowed: not in this role.
    """
    sentence = why_not_write(context, kind)
    if not sentence:
        return
    writers = {title for stage in context.definition.stages for title in stage.edit.get(kind, ())}
    raise (WrongStage if context.rights.titles & writers else NotAllowed)(sentence)


def conflict_of(refusal: Stale) -> dict[str, Any]:
    """The words saved meanwhile and the ones both began from, for a page that shows them side by side.

    :raises Stale: again, when it says nothing of other words.
    """
    current: Text | None = refusal.details.get("current")
    if current is None or current.withdrawn_at is not None:
        raise refusal
    return {"current": current, "ancestor": refusal.details.get("ancestor") or {}}


def history(context: Context, kind: str, ref: str) -> list[Kept]:
    """Every version of one text, newest first, for those who read the room it is drafted in.

    :raises NotVisible: there is no such text, or it is drafted in another room.
    """
    text = Text.objects.filter(review=context.review, kind=kind, ref=ref).first()
    if text is None or not reads_drafts(context, kind):
        raise NotVisible
    versions = list(TextVersion.objects.filter(text=text).order_by("-number"))
    saved, taken_out = _entries(context, [str(version.uid) for version in versions])
    positions: dict[int, list[Position]] = {}
    for position in Position.objects.filter(text=text).select_related("seat__state").order_by("at"):
        positions.setdefault(position.version, []).append(position)
    own = own_seats(context)
    return [
        Kept(
            version=version,
            event=saved.get(str(version.uid)),
            person=_person(saved.get(str(version.uid)), own),
            before=before,
            positions=positions.get(version.number, []),
            taken_out=taken_out.get(str(version.uid)),
        )
        for version, before in zip(versions, [*versions[1:], None], strict=True)
    ]


def typed_words(request: HttpRequest, name: str = "text") -> str:
    """What was typed, with line ends as line feeds and without what no page can show."""
    value = request.POST.get(name, "")
    return _UNPRINTABLE.sub("", value.replace("\r\n", "\n").replace("\r", "\n")).strip()


def faults_of_words(words: str, missing: str) -> dict[str, str]:
    """What is wrong with a text, as an error of the field ``text``; ``missing`` is said of an empty one."""
    if not words:
        return {"text": missing}
    if len(words) > LONGEST_TEXT:
        sentence = _("This has %(length)s characters; there is room for %(longest)s.")
        return {"text": sentence % {"length": len(words), "longest": LONGEST_TEXT}}
    return {}


def language_of(request: HttpRequest) -> str:
    """The language a form was written in, or empty."""
    language = request.POST.get("language", "")
    return language if language in Language.values else ""


def writing_language(context: Context, request: HttpRequest) -> str:
    """The language to begin a text in: one's own, unless the review is held in others."""
    agreed = context.review.languages
    own: str = request.user.language
    return own if not agreed or own in agreed else agreed[0]


def readers(context: Context, kind: str) -> tuple[Any, Any | None]:
    """Who reads a text of ``kind`` now, and who will later, as labels; None when nobody is added."""
    definition = context.definition
    shape = definition.text(kind)
    shared = shape.product in context.review.shared
    now_room = definition.room(shape.cleared_room if shared else shape.draft_room)
    later = definition.room(shape.cleared_room)
    return now_room.labels, None if later.key == now_room.key else later.labels
