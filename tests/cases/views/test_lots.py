"""The page that checks a drawing of lots: for anybody, the same for everybody, and it asks the database for nothing."""

import re

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.integrity.crawl import signed_in, steady

ADDRESS = "/lots/verify/"


def main_of(response) -> str:
    return re.search(r"<main.*</main>", steady(response.content), re.DOTALL).group()


def in_language(language: str) -> Client:
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return client


@pytest.mark.parametrize(
    ("language", "heading", "direction"),
    [("en", "Check a drawing of lots", "ltr"), ("ar", "التحقق من قرعة", "rtl")],
)
def test_anybody_reads_it_in_their_language_and_everybody_reads_the_same(cast, language, heading, direction):
    cast.to("list_of_observations")
    anonymous = in_language(language).get(ADDRESS)
    page = anonymous.content.decode()
    assert anonymous.status_code == 200
    assert f'<html lang="{language}" dir="{direction}">' in page
    assert f"<h1>{heading}</h1>" in page
    assert "tools/verify_draw.py" in re.search(r"<noscript>.*</noscript>", page, re.DOTALL).group()
    assert "XAA" not in page
    assert cast.word not in page
    for person in ("fp", "expert", "officer", "outsider"):
        response = signed_in(cast.people[person], language=language).get(ADDRESS)
        assert response.status_code == 200
        assert main_of(response) == main_of(anonymous)


def test_its_scripts_are_files_of_this_installation_and_no_other_page_loads_them(client, db):
    response = client.get(ADDRESS)
    page = response.content.decode()
    assert '<script type="module" src="/static/js/verify-page.js"></script>' in page
    assert re.findall(r"<script(?![^>]* src=)", page) == []
    assert "script-src 'self'" in response["Content-Security-Policy"]
    assert "verify-page.js" not in client.get("/accounts/login/").content.decode()


def test_nothing_is_sent_to_it(client, db):
    assert client.post(ADDRESS, {"transcript": "{}"}).status_code == 405
    assert "<form" not in main_of(client.get(ADDRESS))


def test_it_asks_the_database_for_nothing_but_the_frame(cast, client):
    def asked(by: Client, address: str) -> int:
        by.get(address)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert by.get(address).status_code == 200
        return len(queries)

    assert asked(client, ADDRESS) == asked(client, "/accounts/login/") == 0
    assert asked(signed_in(cast.people["fp"]), ADDRESS) == 3  # the session, who it is, how much is unread


def test_who_has_yet_to_set_up_a_second_factor_reads_it_too(cast, settings):
    settings.SECOND_FACTOR = True
    client = signed_in(cast.people["fp"])
    assert client.get("/").status_code == 302
    assert client.get(ADDRESS).status_code == 200


def test_the_sign_in_page_and_the_page_of_a_cycle_lead_there(cast, client):
    link = f'href="{ADDRESS}"'
    assert link in client.get("/accounts/login/").content.decode()
    assert link in main_of(signed_in(cast.people["fp"]).get("/cycles/test/"))
