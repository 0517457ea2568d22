"""Opening the review of a State that became party after its phase was launched; for the Secretariat's officers."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cases.enums import Capacity
from cases.exceptions import BadInput, NotVisible
from cases.models import Cycle, Phase, Review, StateParty
from cases.operations.opening import launch_review
from cases.queries import seats_of
from cases.rights import opens_reviews
from cases.views.common import confirm_identity, new_key, now, page, request_key

RULES = ("draw", "regions", "max_reviewers")
"""The rules that the page names beside the button."""


@page
@confirm_identity
def open_review(request: HttpRequest, key: str) -> HttpResponse:
    """Choose a phase and a State party that is not under review in it, and open its review."""
    cycle = Cycle.objects.select_related("mechanism").filter(key=key).first()
    if cycle is None or not opens_reviews(request.user):
        raise NotVisible
    if request.method != "POST":
        return render(request, "cycles/open_review.html", _opening(cycle, request))
    phase = request.POST.get("phase", "")
    if not cycle.phases.filter(key=phase).exists():
        raise NotVisible
    try:
        review = launch_review(
            phase_key=phase,
            state_code=request.POST.get("state", ""),
            by=request.user,
            at=now(),
            request=request_key(request),
        )
    except BadInput as refusal:
        shown = _opening(cycle, request, chosen=phase, errors={f"state-{phase}": refusal.reasons[0]})
        return render(request, "cycles/open_review.html", shown, status=422)
    messages.success(request, _("The review is opened. The States concerned name their people next."))
    return redirect(f"{reverse('open_review', kwargs={'key': key})}?opened={review.case}")


def _opening(cycle: Cycle, request: HttpRequest, **extra: Any) -> dict[str, Any]:
    """Each phase with the States parties that can still join it, and the review just opened."""
    phases = list(cycle.phases.order_by("pk"))
    definition = cycle.mechanism.definition
    return {
        "cycle": cycle,
        "definition": definition,
        "phases": [(phase, states, new_key()) for phase, states in _joinable(cycle, phases)],
        "rules": [definition.rule(rule) for rule in RULES],
        "opened": _opened(request),
        "typed": request.POST,
        "chosen": "",
        "errors": {},
        **extra,
    }


def _joinable(cycle: Cycle, phases: list[Phase]) -> list[tuple[Phase, list[StateParty]]]:
    """The States parties that are not under review in each phase, in the order of their names."""
    language = get_language() or "en"
    parties = sorted(
        StateParty.objects.filter(invented=cycle.invented, ratifications__isnull=False).distinct(),
        key=lambda one: (one.names.get(language) or one.names.get("en") or {}).get("short", one.code),
    )
    under_review = set(Review.objects.filter(phase__in=phases).values_list("phase_id", "state_id"))
    return [(phase, [one for one in parties if (phase.pk, one.pk) not in under_review]) for phase in phases]


def _opened(request: HttpRequest) -> dict[str, Any] | None:
    """The review that was just opened, with the reviewing States that the rules gave it."""
    case = request.GET.get("opened", "")
    review = Review.objects.visible_to(request.user).select_related("state").filter(case=case).first() if case else None
    if review is None:
        return None
    return {"review": review, "reviewers": [one for one in seats_of(review) if one.capacity == Capacity.REVIEWING]}


urlpatterns = [path("cycles/<slug:key>/open/", open_review, name="open_review")]
