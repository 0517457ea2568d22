"""The list of reviews is found by a State's name in any of the six languages."""

import pytest

from cases.models import StateParty
from tests.integrity.crawl import signed_in

NAMES = {
    "en": "Velmora",
    "ru": "Вельмора",
    "ar": "فيلمورا",
    "zh-hans": "韦尔莫拉",
    "fr": "Velmora (la)",
    "es": "Velmora",
}


@pytest.mark.parametrize("words", ["velm", "ВЕЛЬМ", "فيلمورا", "韦尔", "xaa"])
def test_a_state_is_found_by_any_of_its_names(cast, words):
    state = StateParty.objects.get(code="XAA")
    state.names = {language: {"short": name, "formal": name} for language, name in NAMES.items()}
    state.save()
    client = signed_in(cast.people["officer"])
    assert "/reviews/test-1/XAA/" in client.get("/reviews/", {"state": words}).content.decode()
    assert "/reviews/test-1/XAA/" not in client.get("/reviews/", {"state": "nowhere"}).content.decode()
