"""Anybody checks a drawing of lots in their own browser, with the line cut; the script and Python say the same."""

from __future__ import annotations

import base64
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person
from tests.browser.product import Product
from tests.workflow.test_draw import drawn
from tests.workflow.worlds import DATA, random_world
from workflow.draw.lots import CannotDrawError
from workflow.draw.transcript import DoesNotHold, NotATranscript, as_bytes, verify

ADDRESS = "/lots/verify/"
WORLDS = 1000 if os.environ.get("SOAK") == "1" else 40
CHECK = """
async (files) => {
  const { verify } = await import("/static/js/verify-draw.js");
  const bytes = (file) => Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
  return Promise.all(files.map(async (file) => (await verify(bytes(file))).ok));
}
"""


@pytest.fixture
def transcript(product: Product, tmp_path: Path) -> Path:
    """The lots of all States parties, drawn as the Secretariat draws them."""
    out = tmp_path / "lots.json"
    states = DATA / "states.csv"
    product.manage("draw", "--phase", "untoc-1", "--states", states, "--beacon", "balls|1|17", "--out", out)
    return out


def test_a_transcript_is_checked_without_signing_in_and_with_the_line_cut(
    people: Callable[..., Person], product: Product, transcript: Path, tmp_path: Path
) -> None:
    person = people("anybody", product)
    page = person.opens(ADDRESS)
    field, said = page.get_by_label("Transcript of a drawing of lots"), page.get_by_role("status")
    field.set_input_files(transcript)
    expect(said).to_have_text("This transcript holds: every lot and the result follow from what went in.")
    for fact in ("untoc-1", "191", "No", verify(transcript.read_bytes())["result_sha256"]):
        expect(page.get_by_role("definition").get_by_text(fact, exact=True)).to_be_visible()

    person.cuts_the_line()
    changed = tmp_path / "changed.json"
    changed.write_bytes(transcript.read_bytes().replace(b'"start_group":1', b'"start_group":2', 1))
    field.set_input_files(changed)
    expect(said).to_contain_text("This transcript does not hold. What was found first:")
    detail = said.locator("[lang=en][dir=ltr]")
    expect(detail).to_contain_text("start group is not the one drawn")
    expect(page.locator("#found")).to_be_hidden()

    field.set_input_files(product.folder / "audit.key")
    expect(said).to_contain_text("This file is not a transcript of a drawing of lots.")
    field.set_input_files({"name": "large.json", "mimeType": "application/json", "buffer": bytes(20_000_001)})
    expect(said).to_contain_text("The file was not read: it is larger than 20 MB")
    expect(detail).to_be_hidden()
    field.set_input_files(transcript)
    expect(page.locator("#found")).to_be_visible()


def test_a_rehearsal_is_called_one_in_the_language_of_the_page(
    people: Callable[..., Person], product: Product, transcript: Path
) -> None:
    page = people("anybody", product).opens(ADDRESS)
    product.manage("draw", "--phase", "untoc-1", "--states", DATA / "states.csv", "--out", transcript)
    page.locator("select#language").select_option("ar")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    page.locator("#transcript").set_input_files(transcript)
    expect(page.locator("[data-fact=rehearsal]")).to_have_text("نعم. وهي لا تقرر شيئاً.")


def test_without_javascript_it_reads_and_offers_no_field_that_does_nothing(
    people: Callable[..., Person], product: Product
) -> None:
    """What stands in ``noscript`` is read by tests/cases/views/test_lots.py: a browser told so by a driver hides it."""
    page = people("anybody", product, java_script_enabled=False).opens(ADDRESS)
    expect(page.get_by_role("heading", level=1)).to_have_text("Check a drawing of lots")
    expect(page.locator("#transcript")).to_be_hidden()


def files() -> Iterator[bytes]:
    """Transcripts of random worlds that have a draw, each followed by itself with one byte changed."""
    chance, found, seed = random.Random(17), 0, 0
    while found < WORLDS:
        seed += 1
        try:
            whole = as_bytes(drawn(random_world(seed), seed))
        except CannotDrawError:
            continue
        found += 1
        place = chance.randrange(len(whole))
        yield whole
        yield whole[:place] + bytes([whole[place] ^ chance.randrange(1, 256)]) + whole[place + 1 :]


def holds(data: bytes) -> bool:
    try:
        verify(data)
    except (DoesNotHold, NotATranscript):
        return False
    return True


def test_the_script_agrees_with_python_on_random_worlds(people: Callable[..., Person], product: Product) -> None:
    page = people("anybody", product).opens(ADDRESS)
    given = list(files())
    said = page.evaluate(CHECK, [base64.b64encode(one).decode() for one in given])
    assert said == [holds(one) for one in given]
    assert all(said[::2])
    assert said.count(True) < len(said)
