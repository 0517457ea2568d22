"""What the people of a demonstration say: the texts of ``cases/data/demonstration``, lent to parties by language.

Every choice follows from names alone, so that each building of the demonstration tells the same story.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from typing import Any, TypeVar

from cases.operations.loading import DATA

T = TypeVar("T")
Text = Mapping[str, Any]


def lot(*names: object) -> int:
    """A number that follows from names, the same on every machine."""
    return int.from_bytes(sha256("/".join(map(str, names)).encode()).digest()[:4], "big")


@cache
def parties() -> tuple[Mapping[str, Any], ...]:
    """The invented parties, by code."""
    return tuple(sorted(_load("invented-parties.json")["parties"], key=lambda party: party["code"]))


def offices(role: str) -> Sequence[str]:
    return _load("demonstration/offices.json")["offices"][role]


def answer(key: str, code: str, language: str) -> tuple[str, dict[str, Any]]:
    """The language and content of one State's answer to one question."""
    chosen = _pick(_load("demonstration/answers.json")["answers"][key], (language, "en"), code, key)
    return chosen["language"], {name: part for name, part in chosen.items() if name != "language"}


def consultation(languages: Sequence[str]) -> Text:
    """Arrangements for a review of the State whose language comes first, with reviewers of the other languages."""
    known = _load("demonstration/consultations.json")["consultations"]
    wanted = set(languages)
    return max(known, key=lambda one: (one["language"] == languages[0], len(wanted & set(one["languages"]))))


def threads(keys: Iterable[str], languages: Sequence[str], *names: object) -> list[Text]:
    """Requests for clarification with their replies, one about each question; those in ``languages`` first."""
    asked = set(keys)
    known = [one for one in _load("demonstration/dialogue.json")["threads"] if one["question"] in asked]
    found: dict[str, Text] = {}
    for one in _by_language(known, languages, *names):
        found.setdefault(one["question"], one)
    return list(found.values())


def feedback(instruments: Iterable[str], languages: Sequence[str], *names: object) -> list[Text]:
    """Written feedback, one text for each article."""
    held = set(instruments)
    known = [one for one in _load("demonstration/feedback.json")["feedback"] if one["instrument"] in held]
    found: dict[tuple[str, int], Text] = {}
    for one in _by_language(known, languages, *names):
        found.setdefault((one["instrument"], one["article"]), one)
    return list(found.values())


def observations(instruments: Iterable[str], languages: Sequence[str], *names: object) -> list[Text]:
    """Observations of the four kinds in turn."""
    held = set(instruments)
    known = [one for one in _load("demonstration/observations.json")["observations"] if one["instrument"] in held]
    by_kind: dict[str, list[Text]] = {}
    for one in _by_language(known, languages, *names):
        by_kind.setdefault(one["category"], []).append(one)
    return [kind[turn] for turn in range(len(known)) for kind in by_kind.values() if turn < len(kind)]


def summary(languages: Sequence[str]) -> Text:
    return _by_language(_load("demonstration/summaries.json")["summaries"], languages)[0]


def words(act: str, *languages: str) -> Text:
    """What is said with an act: a reason, a reservation, an objection."""
    return _by_language(_load("demonstration/acts.json")[act], languages)[0]


def actions(language: str) -> list[Text]:
    """What a State notes for its own follow-up."""
    known = _load("demonstration/acts.json")["follow_up"]
    return [one for one in known if one["language"] == language] or [one for one in known if one["language"] == "en"]


def _by_language(texts: Sequence[Text], languages: Sequence[str], *names: object) -> list[Text]:
    """Texts in the first of ``languages``, then the second, then English, then any; within a language by lot."""
    order = list(dict.fromkeys((*languages, "en")))

    def place(one: Text) -> tuple[int, int]:
        language = one["language"]
        return (order.index(language) if language in order else len(order)), lot(*names, sorted(one.items()))

    return sorted(texts, key=place)


def _pick(texts: Sequence[Text], languages: Iterable[str], *names: object) -> Text:
    for language in languages:
        fitting = [one for one in texts if one["language"] == language]
        if fitting:
            return fitting[lot(*names) % len(fitting)]
    return texts[lot(*names) % len(texts)]


@cache
def _load(name: str) -> Any:
    return json.loads((DATA / name).read_text(encoding="utf-8"))
