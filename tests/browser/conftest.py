"""One Chromium and one prepared installation for all browser tests; every test module works on its own copy."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.person import Person
from tests.browser.product import ROOT, Product, chromium, prepared

RESULTS = ROOT / "test-results"
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


FAILED = pytest.StashKey[bool]()


# The driver of the browser keeps an event loop running, in which Django refuses to work: it ends with this folder.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=60_000 if os.environ.get("SOAK") else 30_000)
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=chromium(), args=SWITCHES)
        yield opened
        opened.close()


@pytest.fixture(scope="package")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Product:
    """One review at each stage, everybody registered; nothing is done on it, only copied."""
    script = "from tests.browser.stages import prepare; prepare()"
    return prepared(tmp_path_factory.mktemp("prepared"), script)


@pytest.fixture(scope="module")
def product(installation: Product, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """This module's own copy of the prepared installation, being served."""
    with installation.copy(tmp_path_factory.mktemp("copy") / "data").running() as running:
        yield running


@pytest.fixture
def people(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Person]]:
    """Opens a browser context per person; at the end no page has said anything wrong.

    Where something went wrong, a screenshot of everybody is in ``test-results/``; with TRACE=1 a trace too.
    """
    opened: list[Person] = []

    def arrive(key: str, at: Product, **how) -> Person:
        person = Person(browser, at.url, key, **how)
        opened.append(person)
        return person

    yield arrive
    faults = [fault for person in opened for fault in person.faults]
    wrong = request.node.stash.get(FAILED, True) or faults
    folder = RESULTS / re.sub(r"\W+", "-", request.node.name).strip("-")
    shutil.rmtree(folder, ignore_errors=True)
    for person in opened:
        person.leave(folder if wrong else None)
    assert faults == []
