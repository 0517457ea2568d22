"""Pictures of every main page: 1280 and 360 px, English and Arabic, light and dark (``make screenshots``).

``python -m tests.browser.screenshots [NAME …]`` takes only the pages named; ``--folder FOLDER`` uses a demonstration
that is there already; ``--quick`` takes 1280 px, English, light alone.
"""

import argparse
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.gallery import Shot, demonstration, gallery
from tests.browser.product import ROOT, Product, chromium

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDTHS, LANGUAGES, SCHEMES = (1280, 360), ("en", "ar"), ("light", "dark")


def take(browser: Browser, product: Product, shots: list[Shot], folder: Path, *, quick: bool, whole: bool) -> int:
    """Take the pictures, one folder a look, of the whole page or of what first meets the eye; returns how many."""
    taken = 0
    looks = [
        (width, language, scheme)
        for width in (WIDTHS[:1] if quick else WIDTHS)
        for language in (LANGUAGES[:1] if quick else LANGUAGES)
        for scheme in (SCHEMES[:1] if quick else SCHEMES)
    ]
    for width, language, scheme in looks:
        into = folder / f"{width}-{language}-{scheme}"
        into.mkdir(parents=True, exist_ok=True)
        for username in sorted({shot.username for shot in shots}):
            context = browser.new_context(
                base_url=product.url, viewport={"width": width, "height": 800}, color_scheme=scheme
            )
            page = context.new_page()
            sign_in(page, username, language)
            for shot in shots:
                if shot.username == username:
                    page.goto(shot.path)
                    page.screenshot(path=into / f"{shot.name}.png", full_page=whole)
                    taken += 1
            context.close()
    return taken


def sign_in(page, username: str, language: str) -> None:
    """Become one of the demonstration's people, and choose the language."""
    page.goto("/accounts/login/")
    if username:
        token = page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
        page.request.post(
            "/demonstration/",
            form={"username": username, "csrfmiddlewaretoken": token},
            headers={"Referer": page.url},
        )
        page.goto("/")
    token = page.locator("input[name=csrfmiddlewaretoken]").first.input_value()
    page.request.post(
        "/language/", form={"language": language, "csrfmiddlewaretoken": token}, headers={"Referer": page.url}
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "screenshots")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--top", action="store_true", help="only what first meets the eye, not the whole page")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        product = Product(options.folder) if options.folder else demonstration(Path(temporary))
        shots = [shot for shot in gallery(product) if not options.names or shot.name in options.names]
        with product.running(), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
            taken = take(browser, product, shots, options.out, quick=options.quick, whole=not options.top)
            print(f"{taken} pictures in {options.out}")
            browser.close()


if __name__ == "__main__":
    main()
