"""axe finds no violation on any main page and none scrolls sideways; in English and Arabic, in six in ``make soak``."""

import os

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.gallery import OPEN, PAGES, demonstration, gallery
from tests.browser.screenshots import sign_in

SOAK = os.environ.get("SOAK") == "1"
LANGUAGES = ("en", "ar", "fr", "es", "ru", "zh-hans") if SOAK else ("en", "ar")
LOOKS = {
    "light, 1280": ("light", {"width": 1280, "height": 800}),
    "dark, 360": ("dark", {"width": 360, "height": 800}),
}
STANDARD = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
NAMES = [name for name, *_rest in (*OPEN, *PAGES)]


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    product = demonstration(tmp_path_factory.mktemp("accessibility"))
    with product.running():
        yield product


@pytest.fixture(scope="module")
def shots(product):
    return {shot.name: shot for shot in gallery(product)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_has_a_violation_or_scrolls_sideways(product, shots, browser, language):
    found = {}
    for username in sorted({shot.username for shot in shots.values()}):
        context = browser.new_context(base_url=product.url, reduced_motion="reduce")
        page = context.new_page()
        sign_in(page, username, language)
        for shot in (one for one in shots.values() if one.username == username):
            page.goto(shot.path)
            assert page.locator("html").get_attribute("lang") == language, shot.name
            for look, (scheme, screen) in LOOKS.items():
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size(screen)
                if wrong := faults(page):
                    found[f"{shot.name} ({look})"] = wrong
        context.close()
    assert found == {}
    assert set(shots) == set(NAMES)


def faults(page) -> list[str]:
    """What is wrong with a page as it is seen now."""
    result = Axe().run(page, options=STANDARD)
    wrong = [
        f"{one['id']}: {one['help']} — {one['nodes'][0]['html'][:200]} (×{len(one['nodes'])})"
        for one in result.response["violations"]
    ]
    if page.evaluate("document.scrollingElement.scrollWidth > window.innerWidth + 1"):
        wrong.append("scrolls sideways")
    return wrong
