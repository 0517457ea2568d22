"""400 % zoom (320 × 256 CSS pixels of a 1280 × 1024 screen) and a telephone: no page scrolls sideways."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.browser.product import Product
from tests.browser.stages import name_at, pages_by_person, review_at

SCREENS = ({"width": 320, "height": 256}, {"width": 360, "height": 740})
WIDEST = """() => [...document.querySelectorAll("body *")]
  .filter((one) => { const box = one.getBoundingClientRect(); return box.right > innerWidth + 1 || box.left < -1; })
  .map((one) => one.tagName.toLowerCase() + "." + one.className).slice(0, 5)"""

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("language", ["en", "ar"])
def test_no_page_scrolls_sideways(people: Callable[..., Person], product: Product, language: str) -> None:
    wide = []
    for (stage, key), paths in pages_by_person():
        person = people(name_at(stage, key), product, review=review_at(stage), viewport=SCREENS[0]).signs_in()
        person.posts("/language/", language=language)
        for path in paths:
            person.opens(path)
            expect(person.page.locator("html")).to_have_attribute("lang", language)
            for screen in SCREENS:
                person.page.set_viewport_size(screen)
                if person.page.evaluate("document.scrollingElement.scrollWidth > innerWidth"):
                    wide.append(f"{stage} {key} {path} at {screen['width']}: {person.page.evaluate(WIDEST)}")
    assert wide == []
