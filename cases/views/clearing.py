"""The second key: the focal point reads exactly what will be handed over, clears it, and hands it over (rule 23)."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cases.exceptions import NotAllowed, NotVisible, Stale, WrongStage
from cases.locks import Locked
from cases.models import Question, Submission, Text
from cases.operations.clearance import clear, clearing_standing, product_digest, texts_of_product
from cases.operations.openness import PUBLISHABLE
from cases.operations.transition import why_not
from cases.queries import gaps, people_of, questions_for, seats_of, sections_for
from cases.rights import Rights, Standing
from cases.views.common import Context, address, confirm_identity, frame, is_helped, load, now, page, request_key
from workflow.definition import Mechanism, Transition

TABS_OF = {"answer": "questionnaire", "consultation": "consultations", "observation": "observations"}
"""The tab on which texts of a kind are drafted, where it is not named like the kind."""


@page
@confirm_identity
@require_http_methods(["GET", "POST"])
def clearing(request: HttpRequest, phase: str, code: str, product: str) -> HttpResponse:
    """What one's State is about to hand over; on POST it is cleared, if it is still what was read."""
    context = load(request, phase, code)
    standing = _reading_standing(context, product)
    if request.method != "POST":
        return render(request, "clearing/product.html", _cleared_page(context, standing, product))
    try:
        clear(
            case=context.review.case,
            product=product,
            by=request.user,
            at=now(),
            seen_digest=request.POST.get("digest", ""),
            request=request_key(request),
        )
    except (Stale, WrongStage) as refusal:
        shown = _cleared_page(load(request, phase, code), standing, product, refused=refusal.reasons)
        return render(request, "clearing/product.html", shown, status=refusal.status)
    messages.success(request, _("Cleared. Handing it over is the next step."))
    return redirect(address(context.review, "clear", product=product))


def _reading_standing(context: Context, product: str) -> Standing:
    """In which standing the person reads what their State is about to hand over.

    :raises NotVisible: the mechanism hands over no such thing.
    :raises NotAllowed: it is not their State that hands it over, or they neither draft nor clear.
    """
    definition = context.definition
    if product not in {one.key for one in definition.products}:
        raise NotVisible
    capacities = definition.product(product).seats
    titles = {title for stage in definition.stages for edit in stage.edit.values() for title in edit}
    titles |= {title for edge in definition.transitions if edge.product == product for title in edge.roles}
    standing = context.rights.standing_for(title for title in titles if title.partition(".")[2] in capacities)
    if standing is None:
        raise NotAllowed(_("What a State hands over is read here by its own focal point and experts."))
    return standing


def _cleared_page(context: Context, standing: Standing, product: str, **extra: Any) -> dict[str, Any]:
    """The page of one product: every text of it, the open questions, who will read it, and the step that follows."""
    definition, review, rights = context.definition, context.review, context.rights
    kind = definition.text(definition.product(product).kind)
    seats = seats_of(review)
    texts = texts_of_product(review=review, product=product, seat_id=standing.seat_id)
    withheld = not all(_reads(rights, text) for text in texts)
    questions = list(questions_for(review)) if kind.key == "answer" else []
    submissions = list(Submission.objects.filter(review=review, voided_at=None).select_related("cleared_by"))
    submission = next((one for one in submissions if (one.seat_id, one.product) == (standing.seat_id, product)), None)
    clears = clearing_standing(rights, product) is not None
    edge = _edge(definition, review.stage, product)
    reasons = []
    if clears and edge and submission and not submission.submitted_at:
        people = list(people_of(review))
        reasons = list(why_not(edge, rights, Locked(review, seats, people, submissions)))
    tab = TABS_OF.get(kind.key, kind.key)
    return frame(
        context,
        current=tab,
        seats=seats,
        product=definition.product(product),
        kind=kind,
        tab=tab,
        texts=[] if withheld else _in_order(context, kind.key, texts, questions),
        withheld=withheld,
        gaps=gaps(questions, {text.ref: text.content for text in texts}),
        digest=product_digest(product, texts) if clears and not withheld else "",
        submission=submission,
        clears=clears,
        edge=edge,
        reasons=reasons,
        room=definition.room(kind.cleared_room),
        helped=kind.draft_room == "seat" and is_helped(review, standing.seat_id),
        opened=product in PUBLISHABLE,
        **{"refused": (), **extra},
    )


def _edge(definition: Mechanism, stage: str, product: str) -> Transition | None:
    """The step that hands ``product`` over at ``stage``."""
    edges = definition.transitions_from(stage)
    return next((edge for edge in edges if edge.effect == "submit" and edge.product == product), None)


def _reads(rights: Rights, text: Text) -> bool:
    """Whether the person reads the present version: in its own room, or as the version shown to all."""
    if rights.reads(text.room, text.seat_id):
        return True
    return text.cleared_room in rights.rooms and text.cleared_version == text.version


def _in_order(context: Context, kind: str, texts: list[Text], questions: list[Question]) -> list[tuple[Any, Text]]:
    """Each text with what it is about, in the order in which it is read."""
    if kind == "answer":
        by_ref = {text.ref: text for text in texts}
        return [(question, by_ref[question.key]) for question in questions if question.key in by_ref]
    if kind == "feedback":
        place = {one.key: (number, one) for number, one in enumerate(sections_for(context.review))}
        known = sorted(texts, key=lambda text: place.get(text.ref, (len(place), None))[0])
        return [(place.get(text.ref, (0, None))[1], text) for text in known]
    return [(context.definition, text) for text in texts]


urlpatterns = [
    path("reviews/<slug:phase>/<str:code>/clear/<slug:product>/", clearing, name="clear"),
]
