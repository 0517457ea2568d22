"""axe finds no violation on any main page and none scrolls sideways; in English and Arabic, in six in ``make soak``."""

import os

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from tests.browser.gallery import PAGES, demonstration, gallery
from tests.browser.product import chromium
from tests.browser.screenshots import FLAGS, sign_in

SOAK = os.environ.get("SOAK") == "1"
LANGUAGES = ("en", "ar", "fr", "es", "ru", "zh-hans") if SOAK else ("en", "ar")
LOOKS = [
    {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    {"color_scheme": "dark", "viewport": {"width": 360, "height": 800}},
]
STANDARD = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
NAMES = ["sign-in", *(name for name, *_rest in PAGES)]


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    product = demonstration(tmp_path_factory.mktemp("accessibility"))
    with product.running():
        yield product


@pytest.fixture(scope="module")
def shots(product):
    return {shot.name: shot for shot in gallery(product)}


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield browser
        browser.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("look", LOOKS, ids=["light-1280", "dark-360"])
def test_no_page_has_a_violation_or_scrolls_sideways(product, shots, browser, language, look):
    found = {}
    for username in sorted({shot.username for shot in shots.values()}):
        context = browser.new_context(base_url=product.url, reduced_motion="reduce", **look)
        page = context.new_page()
        sign_in(page, username, language)
        for shot in (one for one in shots.values() if one.username == username):
            page.goto(shot.path)
            assert page.locator("html").get_attribute("lang") == language, shot.name
            result = Axe().run(page, options=STANDARD)
            faults = [
                f"{one['id']}: {one['help']} — {one['nodes'][0]['html'][:200]} (×{len(one['nodes'])})"
                for one in result.response["violations"]
            ]
            if page.evaluate("document.scrollingElement.scrollWidth > window.innerWidth + 1"):
                faults.append("scrolls sideways")
            if faults:
                found[shot.name] = faults
        context.close()
    assert found == {}
    assert set(shots) == set(NAMES)
