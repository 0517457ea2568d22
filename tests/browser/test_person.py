"""What the other tests rely on: whatever a page or the server does wrong is heard, and fails the test."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.person import Person
from tests.browser.product import Product

FAULTS = {
    "a script that breaks": ("pageerror", "setTimeout(() => { throw new Error('broken'); })"),
    "an inline style": ("console", "document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">red</p>')"),
    "an inline script": (
        "console",
        "document.body.append(Object.assign(document.createElement('script'), { text: '1' }))",
    ),
    "a file of ours that is not there": ("response", "fetch('/static/nothing.js')"),
    "something logged as an error": ("console", "console.error('wrong')"),
}

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("event", "script"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_heard(people: Callable[..., Person], product: Product, event: str, script: str) -> None:
    person = people("officer", product)
    person.opens("/accounts/login/")
    assert person.faults == []
    with person.page.expect_event(event):
        person.page.evaluate(f"() => {{ {script} }}")
    assert len(person.faults) == 1
    person.faults.clear()
