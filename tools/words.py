"""The word lists in locale/words: the mechanism's terms and the words never used, one list per language.

Run as a program it lists what the catalogues say that their word lists do not, and exits 1 if anything:
``python tools/words.py [language …]``.
"""

import re
import sys
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "locale" / "words"
LANGUAGES = ("ar", "zh-hans", "en", "fr", "ru", "es")
# Arabic writes conjunctions, prepositions and the article with the noun; Chinese writes no spaces.
WHOLE = {"ar": r"\b(?:[وف]?(?:[بلكس]?(?:ال)?|لل))(?:{})\b", "zh-hans": "(?:{})"}
HARAKAT = re.compile(r"[\u0640\u064b-\u065f\u0670]")


@dataclass(frozen=True, slots=True)
class Term:
    """A term of the mechanism: the word for it, and how it is recognised in running text."""

    key: str
    word: str
    label: str
    found: re.Pattern[str]
    checked: bool


@dataclass(frozen=True, slots=True)
class Never:
    """What is never said, what to say instead, and where it is right."""

    found: re.Pattern[str]
    unless: re.Pattern[str] | None
    instead: str


@dataclass(frozen=True, slots=True)
class Words:
    """The list of one language."""

    language: str
    terms: dict[str, Term]
    never: tuple[Never, ...]
    same: frozenset[str] = field(default_factory=frozenset)


def plain(text: str, language: str) -> str:
    """The text as it is compared: composed, one kind of apostrophe and space, no vowel signs, no ё."""
    text = unicodedata.normalize("NFC", text).replace("’", "'").replace("\u00a0", " ").replace("\u202f", " ")
    if language == "ar":
        return HARAKAT.sub("", text)
    return text.replace("ё", "е") if language == "ru" else text


def whole(pattern: str, language: str) -> re.Pattern[str]:
    """Finds whole words, in the way the language joins them."""
    return re.compile(WHOLE.get(language, r"\b(?:{})\b").format(pattern), re.IGNORECASE)


@lru_cache
def load(language: str) -> Words:
    """Read the list of a language.

    :raises KeyError, re.error, tomllib.TOMLDecodeError: for a list that is not as locale/words/en.toml says.
    """
    raw = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    terms = {
        key: Term(
            key,
            one["word"],
            one.get("label", ""),
            whole(one.get("match") or re.escape(plain(one["word"], language)), language),
            "match" in one,
        )
        for key, one in raw["terms"].items()
    }
    never = tuple(
        Never(
            re.compile(one["marks"]) if "marks" in one else whole(one["words"], language),
            re.compile(one["unless"], re.IGNORECASE) if "unless" in one else None,
            one["instead"],
        )
        for one in raw["never"]
    )
    return Words(raw["language"], terms, never, frozenset(raw.get("same", ())))


def blame(text: str, language: str) -> Iterator[tuple[str, str]]:
    """Every word of ``text`` that is never used in ``language``, with what to say instead."""
    text = plain(text, language)
    for one in load(language).never:
        kept = one.unless.sub(" ", text) if one.unless else text
        yield from ((match.group(), one.instead) for match in one.found.finditer(kept))


@lru_cache
def _in_english() -> re.Pattern[str]:
    """Finds the terms of an English text, the longest at each place."""
    checked = [term for term in load("en").terms.values() if term.checked]
    checked.sort(key=lambda term: len(term.word), reverse=True)
    return re.compile("|".join(f"(?P<{term.key}>{term.found.pattern})" for term in checked), re.IGNORECASE)


def terms_in(text: str) -> set[str]:
    """The keys of the checked terms that an English text uses: "list of observations", not "observation" in it."""
    return {match.lastgroup or "" for match in _in_english().finditer(plain(text, "en"))}


def lost_terms(english: str, translated: str, language: str) -> list[tuple[str, str]]:
    """The (term, word) of each term that the English text uses and the translation does not."""
    terms, text = load(language).terms, plain(translated, language)
    return [
        (load("en").terms[key].word, terms[key].word)
        for key in sorted(terms_in(english))
        if not terms[key].found.search(text)
    ]


def said_wrongly(english: str, translated: str, language: str) -> list[str]:
    """What a translation says that the list of its language does not, in a line each."""
    if not translated:
        return []
    return [
        *(f"{found!r}: {instead}" for found, instead in blame(translated, language)),
        *(f"{term!r} is {word!r} here" for term, word in lost_terms(english, translated, language)),
    ]


def main(argv: list[str]) -> int:
    from tools.catalogues import LANGUAGES as NAMES
    from tools.catalogues import load as catalogue
    from tools.catalogues import pairs

    wrong = 0
    for language in argv or [one for one in LANGUAGES if one != "en"]:
        name = next(key for key, value in NAMES.items() if value == language)
        for english, translated in pairs(catalogue(name)):
            for line in said_wrongly(english, translated, language):
                wrong += 1
                print(f"{language}: {english!r}\n    {translated!r}\n    {line}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.path.insert(0, str(FOLDER.parent.parent))
    sys.exit(main(sys.argv[1:]))
