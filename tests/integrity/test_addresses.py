"""Every address is classified, and its class is proved; a new address without a class fails the build."""

import re
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver

from cases.models import Event
from tests.conftest import make_review
from tests.integrity.crawl import signed_in, steady

OPEN = {
    # before sign-in: how one comes in, whether the process is alive, and what anybody may check
    "account_login", "account_logout", "account_reset_password", "account_reset_password_done",
    "account_reset_password_from_key", "account_reset_password_from_key_done", "account_signup", "account_inactive",
    "mfa_authenticate", "mfa_login_webauthn", "mfa_trust", "set_language", "become", "healthz",
    "verify_lots",
}  # fmt: skip
OWN = {
    # one's own things only; what lies behind is filtered by visible_to
    "home", "reviews", "verifier", "cycle", "states", "notices", "read_notices", "profile", "account_reauthenticate",
    "account_change_password", "account_set_password", "account_email", "mfa_index", "mfa_reauthenticate",
    "mfa_activate_totp", "mfa_deactivate_totp", "mfa_list_webauthn", "mfa_add_webauthn", "mfa_reauthenticate_webauthn",
    "mfa_remove_webauthn", "mfa_edit_webauthn", "mfa_signup_webauthn", "mfa_generate_recovery_codes",
    "mfa_view_recovery_codes", "mfa_download_recovery_codes",
}  # fmt: skip
OFFICERS = {"open_review"}
REVIEW = "reviews/<slug:phase>/<str:code>/"


def patterns(resolver=None, prefix=""):
    for one in (resolver or get_resolver()).url_patterns:
        if isinstance(one, URLResolver):
            yield from patterns(one, prefix + str(one.pattern))
        elif isinstance(one, URLPattern):
            yield prefix + str(one.pattern), one.name


def filled(route: str, phase: str, code: str) -> str:
    """An address of this route, with things that do not exist behind the review."""
    route = route.replace("<slug:phase>", phase).replace("<str:code>", code)
    route = re.sub(r"<uuid:[^>]+>", str(uuid.UUID(int=7)), route)
    route = re.sub(r"<int:[^>]+>", "7", route)
    route = re.sub(r"<slug:section>", "untoc-5", route)
    return "/" + re.sub(r"<(?:slug|str):[^>]+>", "nothing", route)


def test_every_address_has_a_class():
    unclassified = [
        (route, name)
        for route, name in patterns()
        if not route.startswith(REVIEW) and name not in OPEN | OWN | OFFICERS
    ]
    assert unclassified == []


@pytest.fixture
def cast(world):
    cast = make_review().to("list_of_observations")
    other = make_review(code="XBA", same="XBB", other="XBC", prefix="b-")
    cast.people["elsewhere"] = other.people["fp"]
    return cast


def test_nobody_unknown_comes_past_the_sign_in(cast):
    phase, code = cast.review.case.split("/")
    stranger = Client()
    for route, name in patterns():
        if name in OPEN or name.startswith("mfa_"):
            continue
        address = (
            filled(route, phase, code).replace("nothing", "test") if name == "cycle" else filled(route, phase, code)
        )
        for response in (stranger.get(address), stranger.post(address)):
            assert response.status_code in {302, 405}, (address, response.status_code)
            if response.status_code == 302:
                assert response["Location"].startswith("/accounts/"), address


@pytest.mark.parametrize("person", ["outsider", "elsewhere"])
def test_a_hidden_review_answers_as_one_that_does_not_exist(cast, person):
    """GET and POST on every address of a review: 404, the same bytes, the same number of statements."""
    client = signed_in(cast.people[person])
    phase, code = cast.review.case.split("/")
    before = Event.objects.count()
    checked = 0
    for route, name in patterns():
        if not route.startswith(REVIEW):
            continue
        for method in (client.get, client.post):
            answers = []
            for where in (code, "XZZ"):
                method(filled(route, phase, where))  # the session's own first statements are not counted
                with CaptureQueriesContext(
                    connection,
                ) as queries:
                    response = method(filled(route, phase, where))
                answers.append((response.status_code, steady(response.content), len(queries)))
            assert answers[0] == answers[1], (name, method)
            assert answers[0][0] in {404, 405}, (name, method, answers[0][0])
            checked += 1
    assert checked > 40
    assert Event.objects.count() == before


@pytest.mark.parametrize("person", ["outsider", "fp", "expert", "observer", "mission", "rfp1"])
def test_only_officers_open_reviews(cast, person):
    client = signed_in(cast.people[person])
    for route, name in patterns():
        if name in OFFICERS:
            address = "/" + route.replace("<slug:key>", "test")
            assert client.get(address).status_code == 404
            assert client.post(address, {"phase": "test-1", "state": "XZA"}).status_code == 404
