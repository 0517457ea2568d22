"""Language by one's own choice, the second factor where the role requires it, and no shared caches."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation

from cases.enums import Role
from cases.models import Participation

GetResponse = Callable[[HttpRequest], HttpResponse]

NEEDS_SECOND_FACTOR = (Role.OFFICER, Role.FOCAL_POINT, Role.MISSION)


class LanguageMiddleware:
    """The language of the profile; before sign-in, of the cookie or the browser."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.user.language if request.user.is_authenticated else None
        language = chosen or translation.get_language_from_request(request)
        translation.activate(language)
        request.LANGUAGE_CODE = translation.get_language()
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", translation.get_language() or "en")
        return response


class SecondFactorMiddleware:
    """Secretariat, focal points and Missions set a second factor up before anything else (architecture.md §9)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SECOND_FACTOR and request.user.is_authenticated and not self._may_pass(request):
            return redirect(reverse("mfa_index"))
        return self.get_response(request)

    @staticmethod
    def _may_pass(request: HttpRequest) -> bool:
        from allauth.mfa.utils import is_mfa_enabled

        open_paths = ("/accounts/", "/static/", "/language/", "/healthz", "/lots/verify/")
        if request.path.startswith(open_paths) or request.session.get("second_factor"):
            return True
        needed = Participation.objects.filter(
            user_id=request.user.pk, ended_at=None, role__in=NEEDS_SECOND_FACTOR
        ).exists()
        if needed and not is_mfa_enabled(request.user):
            return False
        request.session["second_factor"] = True
        return True


class PrivateCacheMiddleware:
    """Pages of a confidential process are kept by nobody but the person's own browser, and revalidated."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response
