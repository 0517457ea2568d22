"""A person at a computer: one browser context, signed in, doing what the mechanism's words say."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Response, expect

REFUSED = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
"""What Chromium says of a page that was refused; the tests look at those pages themselves."""

TRACING = os.environ.get("TRACE") == "1"
"""Whether each page is kept as it was, which takes as long as the work itself: to find out why a test failed."""

NO_WEBSOCKET = "Object.defineProperty(window, 'WebSocket', { value: undefined });"


@dataclass(frozen=True)
class Line:
    """How fast a connection is."""

    kilobits: int
    milliseconds: int
    patience: int
    """How many seconds a page may take over it."""


SLOW = Line(kilobits=64, milliseconds=600, patience=120)


class Person:
    """``key`` is the user name; ``review`` is the address of the review they work on."""

    def __init__(
        self,
        browser: Browser,
        url: str,
        key: str,
        *,
        review: str = "",
        line: Line | None = None,
        **context: Any,
    ) -> None:
        self.key, self.url, self.review = key, url, review
        self.faults: list[str] = []
        self.forgiven: tuple[str, ...] = ()
        self.context = browser.new_context(base_url=url, locale="en-GB", **context)
        self.context.set_default_timeout(1000 * (line.patience if line else 20))
        if TRACING:
            self.context.tracing.start(snapshots=True)
        if line:
            self.context.add_init_script(NO_WEBSOCKET)
        self.page: Page = self.context.new_page()
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self._fault(f"error in a script: {error}"))
        self.page.on("response", self._answered)
        self.line = line
        self.devtools = self.context.new_cdp_session(self.page)
        if line:
            self.connect()

    # -- what must not happen

    def _fault(self, words: str) -> None:
        if not any(one in words for one in self.forgiven):
            self.faults.append(f"{self.key} at {self.page.url}: {words}")

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not REFUSED.match(message.text):
            self._fault(f"console: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500 or (response.status >= 400 and "/static/" in response.url):
            self._fault(f"{response.status} for {response.url}")

    def leave(self, folder: Path | None) -> None:
        """Close everything; with a folder, keep a screenshot in it, and the trace if there is one."""
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=folder / f"{self.key}.png", full_page=True)
            if TRACING:
                self.context.tracing.stop(path=folder / f"{self.key}.zip")
        self.context.close()

    # -- the line

    def connect(self, *, offline: bool = False) -> None:
        """Open the line at its speed, or cut it."""
        bytes_a_second = self.line.kilobits * 1000 / 8 if self.line else -1
        self.devtools.send("Network.enable")
        self.devtools.send(
            "Network.emulateNetworkConditions",
            {
                "offline": offline,
                "latency": self.line.milliseconds if self.line else 0,
                "downloadThroughput": bytes_a_second,
                "uploadThroughput": bytes_a_second,
            },
        )

    def cuts_the_line(self) -> None:
        """Nothing is sent and nothing arrives; the browser's own words about it are no fault."""
        self.forgiven = ("ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest")
        self.connect(offline=True)

    # -- signing in

    def signs_in(self) -> Person:
        """By user name and password."""
        self.page.goto("/accounts/login/")
        self.page.locator("input[name=login]").fill(self.key)
        self.page.locator("input[name=password]").fill(f"{self.key}-pass")
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        expect(self.page).to_have_url(f"{self.url}/")
        return self

    def signs_in_from_the_list(self, name: str) -> Person:
        """As one of the people that a demonstration lists on its sign-in page."""
        self.page.goto("/accounts/login/")
        self.page.get_by_label("Find a State, a role or an office").fill(name)
        self.page.get_by_role("button", name="Find", exact=True).click()
        self.page.locator("form[action='/demonstration/'] li", has_text=name).get_by_role("button").click()
        expect(self.page).to_have_url(f"{self.url}/")
        return self

    # -- looking

    def opens(self, path: str, status: int = 200) -> Page:
        """Open a page of the review by the address after the review's own, or any page by its whole address."""
        response = self.page.goto(path if path.startswith("/") else self.review + path)
        assert response is not None
        assert response.status == status, f"{self.key}: {path} answered {response.status}"
        return self.page

    def sees(self, *words: str) -> None:
        for one in words:
            expect(self.page.locator("body")).to_contain_text(one, ignore_case=False)

    def does_not_see(self, *words: str) -> None:
        for one in words:
            expect(self.page.locator("body")).not_to_contain_text(one)

    def is_told(self, words: str) -> None:
        """The line that says what was done; the rest of its page has arrived too."""
        expect(self.page.locator(".notice.done[role=status]").first).to_contain_text(words)
        self.page.wait_for_load_state()

    def owes(self, *tasks: str) -> None:
        """Exactly these tasks stand on the home page, in whatever order."""
        self.opens("/")
        expect(self.page.get_by_role("heading", level=1)).to_have_text("What you owe")
        if not tasks:
            self.sees("Nothing is waiting for you.")
            return
        self.does_not_see("Nothing is waiting for you.")
        found = self.page.locator(".tasks a.what").all_inner_texts()
        assert sorted(found) == sorted(tasks), f"{self.key} owes {found}"

    def sees_whose_turn(self, *who: str) -> None:
        """Exactly these take the next step, as the review's page says it."""
        self.opens("")
        found = self.page.locator("section[aria-labelledby=turn-title] .chip:not(.warn)").all_inner_texts()
        assert sorted(found) == sorted(who), f"{self.key} reads that it is the turn of {found}"

    def sees_stage(self, stage: str) -> None:
        self.opens("")
        expect(self.page.locator(".track [aria-current=step]")).to_contain_text(stage)

    def sees_tabs(self, *, absent: str) -> None:
        self.opens("")
        expect(self.page.locator(".tabs a", has_text=absent)).to_have_count(0)

    def reads(self, path: str, *words: str, but_not: tuple[str, ...] = ()) -> None:
        self.opens(path)
        self.sees(*words)
        self.does_not_see(*but_not)

    # -- what is not theirs

    def gets(self, path: str) -> int:
        """The status of an address typed by hand."""
        return self.context.request.get(self.review + path if not path.startswith("/") else path).status

    def posts(self, path: str, **form: str) -> int:
        """The status of a form made by hand and sent with this person's own session."""
        token = next(one["value"] for one in self.context.cookies() if one["name"] == "csrftoken")
        answer = self.context.request.post(
            self.review + path if not path.startswith("/") else path,
            form={"csrfmiddlewaretoken": token, **form},
            max_redirects=0,
        )
        return answer.status

    # -- steps of the mechanism

    def step(self, name: str) -> Locator:
        """The form of a step on the page that is open."""
        button = self.page.get_by_role("button", name=name, exact=True, include_hidden=True)
        return self.page.locator("form[action*='/act/']").filter(has=button)

    def may(self, *steps: str) -> None:
        self.opens("")
        for name in steps:
            expect(self.step(name)).to_have_count(1)

    def may_not(self, *steps: str) -> None:
        self.opens("")
        for name in steps:
            expect(self.step(name)).to_have_count(0)

    def takes(self, name: str, *, reason: str = "") -> None:
        """Take a step from the review's page."""
        self.opens("")
        self._press(name, reason)

    def _press(self, name: str, reason: str = "") -> None:
        form = self.step(name)
        expect(form).to_have_count(1)
        if not form.get_by_role("button", name=name, exact=True).is_visible():
            self.page.get_by_text("Rarely needed").click()
        if reason:
            form.get_by_role("textbox").fill(reason)
        form.get_by_role("button", name=name, exact=True).click()
        self.is_told("Done, and recorded.")

    def clears(self, product: str) -> None:
        """Read what one's State hands over, and clear it."""
        self.opens(f"clear/{product}/")
        self.page.get_by_role("button", name=re.compile("^Clear for ")).click()
        self.is_told("Cleared. Handing it over is the next step.")

    def hands_over(self, name: str) -> None:
        """Take the step that follows the clearance, on the page that the clearance came back to."""
        self._press(name)

    def hands_over_in_vain(self, name: str, why: str) -> None:
        """Take the step on the page that is open, and read why it was not taken."""
        self.step(name).get_by_role("button", name=name, exact=True).click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text("This was not done, and nothing was changed")
        self.sees(why)

    def clears_and_hands_over(self, product: str, name: str) -> None:
        self.clears(product)
        self.hands_over(name)

    # -- people

    def names(self, *, state: str, role: str, name: str, office: str, email: str, note: str, dated: str) -> None:
        """Name a person by note verbale."""
        self.opens("people/")
        form = self.page.locator("form[action$='/people/name/']")
        form.get_by_label("For which State").select_option(label=state)
        form.get_by_label("Role", exact=True).select_option(label=role)
        for label, value in (
            ("Name", name),
            ("Office", office),
            ("E-mail", email),
            ("Reference of the note verbale", note),
            ("Date of the note", dated),
        ):
            form.get_by_label(label, exact=True).fill(value)
        form.get_by_role("button", name="Enter the name").click()
        self.is_told("The name is entered. The Secretariat registers the person next.")

    def registers(self, name: str) -> None:
        self.opens("people/")
        self.page.get_by_role("button", name=f"Register {name}", exact=True).click()
        self.is_told("Registered. The person sees this review from now on.")

    # -- texts

    def arranges(self, *, languages: tuple[str, ...], timetable: str, division: str) -> None:
        """Write or change the arrangements for the review."""
        self.opens("consultations/")
        for box in self.page.locator("input[name=languages]").all():
            box.set_checked(box.locator("xpath=..").inner_text().strip() in languages)
        self.page.get_by_label("Timetable").fill(timetable)
        self.page.get_by_label("Who reviews what").fill(division)
        self.page.get_by_role("button", name="Save", exact=True).click()
        self.is_told("Saved. Everybody in the review reads the new words")

    def question(self, key: str) -> Locator:
        return self.page.locator(f"#q-{key}")

    def fills(
        self,
        key: str,
        *,
        value: str = "",
        text: str = "",
        further: dict[str, str] | None = None,
        law: tuple[str, str, str, str] | None = None,
        need: tuple[str, str] | None = None,
    ) -> Locator:
        """Fill one question of the section that is open, and leave it unsaved.

        ``law`` is law, provision, date and link; ``need`` a form of assistance and what is needed.
        """
        question = self.question(key)
        if value:
            question.locator(f"[id='{key}-value']").get_by_role("radio", name=value, exact=True).check()
        if text:
            question.locator(f"[id='{key}-text']").fill(text)
        for name, words in (further or {}).items():
            question.locator(f"[name='follow-{name}']").fill(words)
        if law:
            row = question.locator(".law").last
            for name, words in zip(("law", "provision", "date", "link"), law, strict=True):
                row.locator(f"[name={name}]").fill(words)
        if need:
            question.locator("[name=needed][value=yes]").check()
            question.get_by_role("checkbox", name=need[0], exact=True).check()
            question.locator("[name=assistance]").fill(need[1])
        return question

    def answers(self, key: str, **said: Any) -> None:
        """Fill one question of the section that is open, and save it."""
        question = self.fills(key, **said)
        question.get_by_role("button", name="Save", exact=True).click()
        self.sees_it_saved(question)

    def sees_it_saved(self, form: Locator) -> None:
        """The form says when it was saved, and nothing of it waits in the browser."""
        expect(form.locator("[data-status]")).to_contain_text("Saved at")
        self.page.wait_for_function("() => !Object.keys(localStorage).some((name) => name.startsWith('draft:'))")

    def asks(self, *, about: str, words: str) -> str:
        """Ask for clarification; the address of the request."""
        self.opens("queries/ask/")
        self.page.locator("#subject").select_option(about)
        self.page.get_by_label("What you would like to know").fill(words)
        self.page.get_by_role("button", name="Send the request").click()
        self.is_told("Your request is sent; everybody who takes part in this review can read it.")
        return self.page.url.removeprefix(self.url + self.review)

    def replies(self, query: str, words: str = "") -> None:
        """Send the reply that stands in the form, or other words."""
        self.opens(query)
        if words:
            self.page.get_by_label("Reply", exact=True).fill(words)
        self.page.get_by_role("button", name="Send the reply").click()
        self.is_told("Your reply is sent")

    def settles(self, query: str, how: str) -> None:
        self.opens(query)
        self.page.get_by_role("radio", name=how).check()
        self.page.get_by_role("button", name="Settle the request").click()
        self.is_told("The request is settled")

    def gives_feedback(self, section: str, words: str) -> None:
        """Write one's State's feedback on a section, and save it."""
        self.opens(f"feedback/{section}/")
        form = self.page.locator("#feedback-form")
        form.get_by_label("What your State has to say on this article").fill(words)
        form.get_by_role("button", name="Save", exact=True).click()
        self.sees_it_saved(form)

    def observes(self, *, kind: str, articles: tuple[str, ...], words: str, forms: tuple[str, ...] = ()) -> str:
        """Write an observation; its key in the addresses of its pages."""
        self.opens("observations/new/")
        self.page.get_by_role("radio", name=kind, exact=True).check()
        for article in articles:
            self.page.locator(f"input[name=articles][value='{article}']").check()
        self.page.locator("#text").fill(words)
        for form in forms:
            self.page.get_by_role("checkbox", name=form, exact=True).check()
        self.page.get_by_role("button", name="Add to the list").click()
        self.is_told("Saved.")
        return self.page.url.partition("#o-")[2]

    def changes_observation(self, ref: str, words: str) -> None:
        self.opens(f"observations/{ref}/")
        self.page.locator("#text").fill(words)
        self.page.get_by_role("button", name="Save the change").click()
        self.is_told("Saved.")

    def observation(self, ref: str) -> Locator:
        return self.page.locator(f"[id='o-{ref}']")

    def takes_position(self, where: str, text: str, stance: str, reason: str = "") -> None:
        """Say for one's State what it thinks of the words in the article ``text`` of the page ``where``."""
        self.opens(where)
        words = self.page.locator(f"[id='{text}']")
        words.locator("details.position > summary").click()
        words.get_by_role("radio", name=stance, exact=True).check()
        if reason:
            words.get_by_label("Reason", exact=True).fill(reason)
        words.get_by_role("button", name="Record the position").click()

    def summarises(self, words: str) -> None:
        self.opens("summary/")
        self.page.locator("#text").fill(words)
        self.page.get_by_role("button", name="Save the summary").click()
        self.is_told("Saved.")
