"""The second factor: set up first by who needs one, asked for again before what binds (architecture.md §8)."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.test import Client

from cases.models import Event
from tests.integrity.crawl import signed_in


@pytest.fixture
def strict(settings):
    settings.SECOND_FACTOR = True


def with_authenticator(user) -> str:
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


@pytest.mark.parametrize("person", ["officer", "fp", "rfp1", "mission"])
def test_who_needs_a_second_factor_sets_it_up_first(strict, cast, person):
    client = signed_in(cast.people[person])
    assert client.get("/")["Location"] == "/accounts/2fa/"
    assert client.get(f"/reviews/{cast.review.case}/")["Location"] == "/accounts/2fa/"
    assert client.get("/accounts/2fa/").status_code == 200
    with_authenticator(cast.people[person])
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("person", ["expert", "observer", "rexpert1"])
def test_others_may_do_without(strict, cast, person):
    assert signed_in(cast.people[person]).get("/").status_code == 200


def test_signing_in_asks_for_the_code(strict, cast):
    secret = with_authenticator(cast.people["fp"])
    client = Client()
    response = client.post("/accounts/login/", {"login": "fp", "password": "fp-pass"})
    assert response["Location"].startswith("/accounts/2fa/authenticate/")
    assert client.get("/")["Location"].startswith("/accounts/login/")
    wrong = client.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert wrong.status_code == 200
    assert client.post("/accounts/2fa/authenticate/", {"code": code(secret)})["Location"] == "/"
    assert client.get("/").status_code == 200


def test_a_step_that_binds_asks_again_and_then_goes_on_with_what_was_sent(strict, cast):
    secret = with_authenticator(cast.people["officer"])
    client = signed_in(cast.people["officer"])
    case = cast.review.case
    form = {"seen_version": cast.fresh().stage_version, "key": "a-key-of-a-form"}
    asked = client.post(f"/reviews/{case}/act/open_consultations/", form)
    assert asked.status_code == 302
    assert asked["Location"].startswith("/accounts/reauthenticate/?next=")
    assert cast.fresh().stage == "nomination"
    on = client.get(asked["Location"])
    assert on["Location"].startswith("/accounts/2fa/reauthenticate/?next=")
    answered = client.post(on["Location"], {"code": code(secret)})
    assert answered.status_code == 302
    assert cast.fresh().stage == "preliminary_consultations"
    assert Event.objects.filter(case=case, verb="review.open_consultations").count() == 1


def test_the_answer_holds_for_ten_minutes(strict, cast, settings):
    secret = with_authenticator(cast.people["officer"])
    client = signed_in(cast.people["officer"])
    client.post("/accounts/2fa/reauthenticate/", {"code": code(secret)})
    case = cast.review.case
    suspend = {"seen_version": cast.fresh().stage_version, "reason": "As decided"}
    assert client.post(f"/reviews/{case}/act/suspend_by_decision/", suspend)["Location"] == f"/reviews/{case}/"
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 601
    session.save()
    resume = {"seen_version": cast.fresh().stage_version}
    assert client.post(f"/reviews/{case}/act/resume/", resume)["Location"].startswith("/accounts/reauthenticate/")
    assert cast.fresh().suspended


def test_printed_codes_work_once(strict, cast):
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    with_authenticator(cast.people["fp"])
    codes = RecoveryCodes.activate(cast.people["fp"]).get_unused_codes()
    assert len(codes) == 10
    client = Client()
    client.post("/accounts/login/", {"login": "fp", "password": "fp-pass"})
    assert client.post("/accounts/2fa/authenticate/", {"code": codes[0]}).status_code == 302
    assert client.get("/").status_code == 200
    again = Client()
    again.post("/accounts/login/", {"login": "fp", "password": "fp-pass"})
    assert again.post("/accounts/2fa/authenticate/", {"code": codes[0]}).status_code == 200
    assert Authenticator.objects.filter(user=cast.people["fp"]).count() == 2
