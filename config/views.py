"""Profile, language, the demonstration's sign-in, health."""

from allauth.account import views as account
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cases.enums import Language
from cases.models import Participation
from cases.views.common import now, page

OFFSETS = list(range(-12 * 60, 14 * 60 + 1, 30))


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keep the language one chose: in the profile, and in a cookie before sign-in."""
    language = request.POST.get("language", "")
    back = request.POST.get("next", "") or request.headers.get("referer", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = redirect(back)
    if language in Language.values:
        if request.user.is_authenticated:
            request.user.language = language
            request.user.save(update_fields=["language"])
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=31_536_000,
            samesite="Lax",
            secure=settings.SECURE,
            httponly=True,
        )
    return response


@page
def profile(request: HttpRequest) -> HttpResponse:
    """One's own details; the name and office come from the note verbale and are changed by one."""
    if request.method == "POST":
        language, offset = request.POST.get("language", ""), request.POST.get("utc_offset", "")
        request.user.phone = request.POST.get("phone", "").strip()[:60]
        if language in Language.values:
            request.user.language = language
            translation.activate(language)
        if offset.lstrip("-").isdigit() and int(offset) in OFFSETS:
            request.user.utc_offset = int(offset)
        request.user.save(update_fields=["phone", "language", "utc_offset"])
        messages.success(request, _("Saved."))
        return redirect("profile")
    roles = Participation.objects.filter(user=request.user, ended_at=None).select_related(
        "seat__state", "review__state"
    )[:200]
    return render(request, "profile.html", {"roles": roles, "offsets": [(one, _offset(one)) for one in OFFSETS]})


def _offset(minutes: int) -> str:
    sign = "−" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


@require_POST
def become(request: HttpRequest) -> HttpResponse:
    """In a demonstration: sign in as one of its people. Anywhere else this address refuses."""
    from config.demonstration.people import can_be, is_demonstration

    if not is_demonstration():
        raise PermissionDenied
    user = can_be().filter(username=request.POST.get("username", "")).first()
    if user is None:
        return redirect("account_login")
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("home")


def reauthenticate(request: HttpRequest) -> HttpResponse:
    """Who is there, again: by the second factor where the person has one, else by the password."""
    if request.user.is_authenticated and is_mfa_enabled(request.user):
        return redirect(f"{reverse('mfa_reauthenticate')}?{request.GET.urlencode()}")
    return account.reauthenticate(request)


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Whether this process can serve: the database answers and is migrated."""
    executor = MigrationExecutor(connection)
    pending = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    return JsonResponse({"ok": not pending, "at": now().isoformat()}, status=503 if pending else 200)


urlpatterns = [
    path("language/", set_language, name="set_language"),
    path("profile/", profile, name="profile"),
    path("demonstration/", become, name="become"),
    path("healthz", healthz, name="healthz"),
]
