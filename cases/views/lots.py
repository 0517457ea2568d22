"""Checking a drawing of lots: a page for anybody, signed in or not."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe


@require_safe
def verify(request: HttpRequest) -> HttpResponse:
    """The page that checks a transcript in the reader's own browser; no file comes here, and nothing is asked for."""
    return render(request, "lots/verify.html")


urlpatterns = [
    path("lots/verify/", verify, name="verify_lots"),
]
