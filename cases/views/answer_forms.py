"""The forms of answers: made once for each question and language, then filled with a person's words.

A page holds up to 120 of them (performance.md, B5). All but the words is the same for every State, so a template makes
each form with slots in the places of the words, and the process keeps it; filling one is putting strings together.
"""

import re
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.template.backends.utils import csrf_input
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from markupsafe import Markup, escape

from cases.enums import Language
from cases.models import Question
from cases.views.answers import CITATION, MOST_CITATIONS, SHARE, YES_NO_PART, Item

_SLOT = re.compile("\ue000([^\ue001]*)\ue001")
_ERROR = Markup('<p class="error" id="{}-{}-error">{}</p>')
_INVALID = Markup(' aria-invalid="true" aria-describedby="{}-{}-error"')
_CHECKED = " checked"


@dataclass(frozen=True, slots=True)
class Made:
    """A piece of a page with slots: ``pieces`` is one longer than ``names``."""

    pieces: tuple[str, ...]
    names: tuple[str, ...]

    def filled(self, words: Mapping[str, str]) -> Markup:
        """The piece with ``words``, which are escaped already, in its slots; a slot without words stays empty."""
        parts = [self.pieces[0]]
        for name, piece in zip(self.names, self.pieces[1:], strict=True):
            parts += (words.get(name, ""), piece)
        return Markup("".join(parts))  # noqa: S704 - pieces come from a template, words are escaped


Form = tuple[Made, Made]
"""A question's form, and one row of the laws it cites."""

Kept = MutableMapping[tuple[str, str], Form]
"""The forms a process keeps, by question and language."""


def slot(name: str) -> Markup:
    """The place of ``name`` in a form that is being made."""
    return Markup(f"\ue000{name}\ue001")  # noqa: S704 - names come from the template


def make(question: Question) -> Form:
    """The form of ``question`` in the language being read, without anybody's words."""
    around = {
        "q": question,
        "slot": slot,
        "yes_no_part": YES_NO_PART,
        "share": SHARE,
        "most_citations": MOST_CITATIONS,
        "languages": settings.LANGUAGES,
    }
    return _split(render_to_string("questionnaire/form.html", around)), _split(
        render_to_string("questionnaire/law.html", around)
    )


def _split(page: str) -> Made:
    parts = _SLOT.split(page)
    return Made(pieces=tuple(parts[::2]), names=tuple(parts[1::2]))


def filler(request: HttpRequest, base: str, kept: Kept) -> Callable[[Item], Markup]:
    """What fills forms on one page: the page's token and words are found once, forms are made where none is kept."""
    language = get_language() or "en"
    common = {
        "csrf": csrf_input(request),
        "trigger": "submit, change delay:400ms, retry",
        "save": escape(_("Save")),
    }
    said = {
        "unsaved": escape(_("Not saved yet")),
        "saved": escape(_("Saved")),
        "soft": escape(_("Nothing written yet")),
    }

    def form_of(item: Item) -> Markup:
        question = item.question
        found = kept.get((question.key, language))
        if found is None:
            found = kept[question.key, language] = make(question)
        form, law = found
        words = {**common, **_words(item, f"{base}questionnaire/answers/{question.key}/", law)}
        tone = "unsaved" if item.errors or item.reasons else "saved" if item.version else "soft"
        words |= {"tone": tone, "status": _saved_at(item) if item.saved_at else said[tone]}
        return form.filled(words)

    return form_of


def _saved_at(item: Item) -> Markup:
    return Markup(render_to_string("questionnaire/saved.html", {"at": item.saved_at}).strip())  # noqa: S704


def _words(item: Item, where: str, law: Made) -> dict[str, str]:
    content = item.content
    words = {
        "where": where,
        "lang": item.language,
        "dir": "rtl" if item.language == Language.ARABIC else "ltr",
        f"language {item.language}": " selected",
        "version": str(item.version),
        "text": escape(content.get("text") or ""),
        f"value {content.get('value')}": _CHECKED,
    }
    for value in content.get("values") or ():
        words[f"values {value}"] = _CHECKED
    for key, said in (content.get("follow_ups") or {}).items():
        if isinstance(said, list):
            words |= {f"follow-{key} {value}": _CHECKED for value in said}
        else:
            words |= {f"follow-{key}": escape(said), f"follow-{key} {said}": _CHECKED}
    words["laws"] = _laws(item, law, words)
    if item.question.assistance and content:
        words |= _need(content.get("assistance") or {})
    if item.errors or item.reasons:
        words |= _in_the_way(item, where)
    return words


def _laws(item: Item, law: Made, words: Mapping[str, str]) -> Markup:
    """The rows of the laws cited, and an empty one."""
    rows = []
    for number, row in enumerate([*(item.content.get("citations") or ()), {}], 1):
        said = {"lang": words["lang"], "dir": words["dir"], "n": str(number)}
        for name in CITATION:
            said[name] = escape(row.get(name) or "")
            if item.errors:
                said |= _faulty(item, f"{name}-{number}", name)
        rows.append(law.filled(said))
    return Markup().join(rows)


def _need(need: Mapping[str, Any]) -> dict[str, str]:
    """The part on technical assistance."""
    return {
        f"needed {'yes' if need.get('needed') else 'no'}": _CHECKED,
        "assistance": escape(need.get("text") or ""),
        "given": escape(need.get("given") or ""),
        f"share {need.get('share')}": _CHECKED,
        **{f"forms {value}": _CHECKED for value in need.get("forms") or ()},
    }


def _in_the_way(item: Item, where: str) -> dict[str, str]:
    """What was not saved and why; a newer version of a colleague's is saved over only by a person's press."""
    words: dict[str, str] = {
        "whole": "1",
        "obstacles": Markup(render_to_string("questionnaire/obstacles.html", {"item": item, "where": where})),  # noqa: S704
    }
    for name in item.errors:
        words |= _faulty(item, name, name)
    if item.conflict:
        words |= {
            "trigger": "submit",
            "since": str(item.conflict.since),
            "save": escape(_("Save this over the newer version")),
        }
    return words


def _faulty(item: Item, name: str, place: str) -> dict[str, str]:
    if name not in item.errors:
        return {}
    key = item.question.key
    return {
        f"error {place}": _ERROR.format(key, name, item.errors[name]),
        f"invalid {place}": _INVALID.format(key, name),
    }
