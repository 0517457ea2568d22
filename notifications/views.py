"""A person's notices: what happened that concerns them, and why they were told."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from cases.models import Review
from cases.verbs import verb_of
from cases.views.common import now, page
from notifications.models import Notification
from notifications.queries import notices_of

SHOWN = 50


@page
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """The notices, newest first, unread ones marked; pages by key."""
    rows = notices_of(request.user)
    before = request.GET.get("before", "")
    if before.isdigit():
        rows = rows.filter(pk__lt=int(before[:18]))
    found = list(rows[: SHOWN + 1])
    context = {
        "notices": [(notice, *_words(notice)) for notice in found[:SHOWN]],
        "older": found[SHOWN - 1].pk if len(found) > SHOWN else None,
    }
    return render(request, "notices.html", context)


def _words(notice: Notification) -> tuple[object, object]:
    """The sentence of a notice, or the labels of the mechanism's step."""
    verb = notice.event.verb
    if verb.startswith("review.") and verb != "review.open" and notice.review:
        return "", notice.review.definition.transition(verb.removeprefix("review.")).labels
    return verb_of(verb).sentence, None


@page
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark every notice that was on the page as read."""
    newest = request.POST.get("newest", "")
    if newest.isdigit():
        Notification.objects.filter(
            user=request.user,
            read_at=None,
            pk__lte=int(newest[:18]),
            review__in=Review.objects.visible_to(request.user).values("pk"),
        ).update(read_at=now())
    return redirect("notices")


urlpatterns = [
    path("notices/", notices, name="notices"),
    path("notices/read/", read_all, name="read_notices"),
]
