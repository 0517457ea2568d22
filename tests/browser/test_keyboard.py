"""The keyboard alone, at 1280 pixels: reading order, a focus one sees, no trap, the keys, and the main actions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.person import Person
from tests.browser.product import Product
from tests.browser.stages import name_at, review_at

WALKED = (
    # stage, who, page
    ("nomination", "officer", "people/"),
    ("preliminary_consultations", "fp", "consultations/"),
    ("self_assessment", "expert", "/"),
    ("self_assessment", "expert", "questionnaire/untoc-5/"),
    ("self_assessment", "fp", ""),
    ("desk_review", "rexpert1", "feedback/untoc-5/"),
    ("desk_review", "rexpert1", "queries/ask/"),
    ("list_of_observations", "rfp1", "observations/"),
    ("list_of_observations", "rfp1", "observations/new/"),
    ("summary", "rfp1", "summary/"),
    ("concluded", "fp", "documents/"),
)

FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  window.walked ??= [];
  const style = getComputedStyle(one), box = one.getBoundingClientRect();
  const before = walked.at(-1);
  walked.push(one);
  return {
    name: (one.tagName + " " + (one.name || one.id || one.textContent.trim().slice(0, 40))).trim(),
    again: walked.indexOf(one) !== walked.length - 1,
    follows: !before || Boolean(before.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING),
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    seen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight
      && box.right > 0 && box.left < innerWidth,
  };
}"""

pytestmark = pytest.mark.browser


@pytest.fixture
def arrives(people: Callable[..., Person], product: Product) -> Callable[[str, str], Person]:
    """Signs somebody in to work on the review at a stage; nothing glides, so that a place is where it is at once."""

    def arrive(stage: str, key: str) -> Person:
        look = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}
        return people(name_at(stage, key), product, review=review_at(stage), **look).signs_in()

    return arrive


def walk(person: Person, *, most: int = 400) -> list[dict]:
    """Press Tab from the top until the focus leaves the page; what it stood on, in order."""
    stops = []
    for _press in range(most):
        person.page.keyboard.press("Tab")
        stop = person.page.evaluate(FOCUSED)
        if stop is None or stop["again"]:
            return stops
        stops.append(stop)
    raise AssertionError(f"the focus does not leave the page after {most} presses: {stops[-3:]}")


def tab_to(person: Person, wanted: Locator, *, most: int = 400) -> Locator:
    """Press Tab until the focus stands on ``wanted``."""
    for _press in range(most):
        if wanted.evaluate("(one) => one === document.activeElement"):
            return wanted
        person.page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} is not reached by Tab")


def types(person: Person, field: Locator, words: str) -> None:
    tab_to(person, field)
    person.page.keyboard.insert_text(words)


@pytest.mark.parametrize(("stage", "key", "path"), WALKED, ids=lambda part: part.strip("/").replace("/", "-"))
def test_the_focus_walks_in_reading_order_and_is_seen(
    arrives: Callable[[str, str], Person], stage: str, key: str, path: str
) -> None:
    person = arrives(stage, key)
    person.opens(path)
    stops = walk(person)
    assert stops[0]["name"] == "A Skip to the content"
    assert len(stops) > 10
    assert [stop["name"] for stop in stops if not stop["outlined"]] == []
    assert [stop["name"] for stop in stops if not stop["seen"]] == []
    assert [stop["name"] for stop in stops if not stop["follows"]] == []


def test_signing_in_and_skipping_to_the_content(people: Callable[..., Person], product: Product) -> None:
    person = people(name_at("self_assessment", "expert"), product, review=review_at("self_assessment"))
    page = person.opens("/accounts/login/")
    types(person, page.locator("input[name=login]"), person.key)
    types(person, page.locator("input[name=password]"), f"{person.key}-pass")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{product.url}/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    first = page.locator("main a, main button, main input, main select, main textarea, main summary").first
    expect(first).to_be_focused()


def test_the_keys(arrives: Callable[[str, str], Person]) -> None:
    person = arrives("nomination", "officer")
    page = person.opens("/states/?invented=1")
    page.keyboard.type("gh")
    expect(page).to_have_url(f"{person.url}/")
    page.keyboard.type("gr")
    expect(page).to_have_url(f"{person.url}/reviews/")
    page.keyboard.press("/")
    expect(page.get_by_label("State", exact=True)).to_be_focused()
    page.keyboard.type("gh?/jk")
    expect(page.get_by_label("State", exact=True)).to_have_value("gh?/jk")
    expect(page).to_have_url(f"{person.url}/reviews/")
    page.keyboard.press("Tab")
    rows = page.locator("[data-row] th a")
    page.locator("main").focus()
    page.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_be_visible()
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Review of")


def test_an_answer_is_written_and_the_self_assessment_cleared_and_submitted(
    arrives: Callable[[str, str], Person],
) -> None:
    expert, focal_point = arrives("self_assessment", "expert"), arrives("self_assessment", "fp")
    page = expert.opens("questionnaire/untoc-5/")
    question = expert.question("C1-UNTOC-5-07")
    tab_to(expert, question.locator("[name=value]").first)
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(question.locator("[name=value][value=in_part]")).to_be_checked()
    types(expert, question.locator("[name=text]"), "Three persons or more.")
    types(expert, question.locator("[name=follow-b]"), "Preparatory acts.")
    types(expert, question.locator("[name=law]").first, "Criminal Code")
    tab_to(expert, question.get_by_role("button", name="Save", exact=True))
    page.keyboard.press("Enter")
    expert.sees_it_saved(question)

    page = focal_point.opens("clear/self_assessment/")
    focal_point.sees("Three persons or more.")
    tab_to(focal_point, page.get_by_role("button", name="Clear for"))
    page.keyboard.press("Enter")
    focal_point.is_told("Cleared.")
    tab_to(focal_point, page.get_by_role("button", name="Submit the self-assessment"))
    page.keyboard.press("Enter")
    focal_point.is_told("Done, and recorded.")
    focal_point.sees_stage("Desk review and dialogue")


def test_a_rare_step_with_its_reason(arrives: Callable[[str, str], Person]) -> None:
    person = arrives("preliminary_consultations", "fp")
    page = person.opens("")
    tab_to(person, page.locator("summary", has_text="Rarely needed"))
    page.keyboard.press("Enter")
    types(person, person.step("Suspend the review").get_by_role("textbox"), "Elections are being held.")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Suspend the review", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    person.is_told("Done, and recorded.")


def test_a_request_an_observation_and_a_position(arrives: Callable[[str, str], Person]) -> None:
    asking, writing = arrives("desk_review", "rexpert1"), arrives("list_of_observations", "rfp1")
    page = asking.opens("queries/ask/")
    tab_to(asking, page.locator("#subject"))
    page.keyboard.type("Question 7")
    types(asking, page.get_by_label("What you would like to know"), "Which law covers it?")
    tab_to(asking, page.get_by_role("button", name="Send the request"))
    page.keyboard.press("Enter")
    asking.is_told("Your request is sent")

    page = writing.opens("observations/new/")
    tab_to(writing, page.locator("[name=category]").first)
    page.keyboard.press("Space")
    tab_to(writing, page.locator("[name=articles][value=untoc-5]"))
    page.keyboard.press("Space")
    types(writing, page.locator("#text"), "Preparatory acts are not covered yet.")
    tab_to(writing, page.get_by_role("button", name="Add to the list"))
    page.keyboard.press("Enter")
    writing.is_told("Saved.")
    tab_to(writing, page.locator("details.position > summary").first)
    page.keyboard.press("Enter")
    tab_to(writing, page.locator("[name=stance]").first)
    page.keyboard.press("Space")
    tab_to(writing, page.get_by_role("button", name="Record the position").first)
    page.keyboard.press("Enter")
    writing.is_told("Your State's position is recorded.")
