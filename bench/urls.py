"""The product's addresses and the floor's."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import path

from cases.models import Installation
from config import urls as product

handler404 = product.handler404
handler500 = product.handler500


@login_required
def hello(request: HttpRequest) -> HttpResponse:
    """The floor: a session, its user, one query, one line. What a page costs more than this is its own."""
    return HttpResponse(f"hello {request.user.username} {Installation.objects.get().pk}")


urlpatterns = [path("hello/", hello), *product.urlpatterns]
