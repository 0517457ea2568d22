"""An answer as a form: what may be typed (rules 32, 33, 65), how it is read back, and its parts side by side."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import zip_longest
from typing import Any
from urllib.parse import urlsplit

from django.http import QueryDict
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from cases.content import ASSISTANCE_FORMS
from cases.enums import Language
from cases.exceptions import BadInput
from cases.models import Question
from workflow.definition import label

LONGEST_TEXT = 20_000
LONGEST_LINK = 2_000
MOST_CITATIONS = 30
YES_NO_PART = {"yes": gettext_lazy("Yes"), "in_part": gettext_lazy("Yes, in part"), "no": gettext_lazy("No")}
SHARE = {
    "yes": gettext_lazy("Yes"),
    "only_if_in_list": gettext_lazy("Only if it is in the agreed list of observations"),
}
CITATION = ("law", "provision", "date", "link")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(slots=True)
class Item:
    """One question on a page: what is saved or typed, and what stands in the way of saving it.

    ``text`` is what may be read; ``content`` and ``language`` fill the form; ``saved_at`` is set
    when it was saved just now.
    """

    question: Question
    text: Any = None
    content: Mapping[str, Any] = field(default_factory=dict)
    language: str = Language.ENGLISH
    version: int = 0
    saved_at: datetime | None = None
    writes: bool = False
    errors: Mapping[str, Any] = field(default_factory=dict)
    reasons: tuple[Any, ...] = ()
    conflict: "Conflict | None" = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two versions made from one: the parts in which they differ, each as it was, is now, and stands in the form."""

    since: int
    rows: list[tuple[str, ...]]
    by: str
    at: datetime


def read_answer(question: Question, post: QueryDict) -> dict[str, Any]:
    """The content of an answer from its form, in the shape of ``cases.content``.

    :raises BadInput: ``details["fields"]`` maps each field to its sentence; nothing is changed silently.
    """
    content = typed_answer(question, post)
    faults: dict[str, str] = {}
    for name, sentence in _faults(question, content):
        faults.setdefault(name, sentence)
    if faults:
        raise BadInput(*faults.values(), fields=faults)
    return content


def typed_answer(question: Question, post: QueryDict) -> dict[str, Any]:
    """What the form holds, unchecked: shown again in the form when it cannot be saved."""
    single = question.answer_type in {"yes_no_part", "choice"}
    follow_ups = {
        one["key"]: _values(post, name) if one["answer_type"] == "multi" else _words(post, name)
        for one in question.follow_ups
        if one["answer_type"] != "citation"
        for name in [f"follow-{one['key']}"]
    }
    rows = zip_longest(*([_clean(value) for value in post.getlist(name)] for name in CITATION), fillvalue="")
    helped = question.assistance
    return {
        "value": _words(post, "value") if single else "",
        "values": _values(post, "values") if question.answer_type == "multi" else [],
        "text": _words(post, "text"),
        "follow_ups": {key: said for key, said in follow_ups.items() if said},
        "citations": [dict(zip(CITATION, row, strict=True)) for row in rows if any(row)],
        "assistance": {
            "needed": helped and post.get("needed") == "yes",
            "forms": _values(post, "forms") if helped else [],
            "text": _words(post, "assistance") if helped else "",
            "given": _words(post, "given") if helped else "",
            "share": _words(post, "share") if helped else "",
        },
    }


def typed_language(post: QueryDict, default: str) -> str:
    """The language chosen for the text, or ``default`` where the form names none of the six."""
    chosen = post.get("language", "")
    return chosen if chosen in Language.values else default


def _clean(value: str) -> str:
    return _UNPRINTABLE.sub("", value.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _words(post: QueryDict, name: str) -> str:
    return _clean(post.get(name, ""))


def _values(post: QueryDict, name: str) -> list[str]:
    return list(dict.fromkeys(value for value in post.getlist(name) if value))


def choices_of(asked: Mapping[str, Any]) -> dict[str, str]:
    """The values a question or follow-up offers, with their words in the language being read."""
    if asked["answer_type"] == "yes_no_part":
        return {value: str(title) for value, title in YES_NO_PART.items()}
    return {one["value"]: label(one["labels"], _reading()) for one in asked["options"]}


def _asked(question: Question) -> dict[str, Any]:
    return {"answer_type": question.answer_type, "options": question.options}


def _reading() -> str:
    return get_language() or "en"


def _faults(question: Question, content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    unknown = _("Choose among the answers offered.")
    offered = choices_of(_asked(question))
    if content["value"] and content["value"] not in offered:
        yield "value", unknown
    if not set(content["values"]) <= set(offered):
        yield "values", unknown
    yield from _too_long("text", content["text"])
    for one in question.follow_ups:
        said = content["follow_ups"].get(one["key"], "")
        name = f"follow-{one['key']}"
        if isinstance(said, list):
            if not set(said) <= set(choices_of(one)):
                yield name, unknown
        elif one["answer_type"] in {"choice", "yes_no_part"} and said and said not in choices_of(one):
            yield name, unknown
        elif one["answer_type"] == "link" and not all(
            is_link(line.strip()) for line in said.split("\n") if line.strip()
        ):
            yield name, _("Write one address a line, each beginning with https:// or http://.")
        else:
            yield from _too_long(name, said)
    yield from _faults_of_citations(content["citations"])
    yield from _faults_of_assistance(content["assistance"], unknown)


def _too_long(name: str, said: str, longest: int = LONGEST_TEXT) -> Iterator[tuple[str, str]]:
    if len(said) > longest:
        yield (
            name,
            _("This has %(length)s characters; there is room for %(longest)s.")
            % {"length": len(said), "longest": longest},
        )


def _faults_of_citations(citations: list[dict[str, str]]) -> Iterator[tuple[str, str]]:
    if len(citations) > MOST_CITATIONS:
        yield "citations", _("There is room for %(number)s laws in one answer.") % {"number": MOST_CITATIONS}
    for number, row in enumerate(citations, 1):
        yield from _too_long(f"law-{number}", row["law"])
        yield from _too_long(f"provision-{number}", row["provision"])
        if row["date"] and not is_date(row["date"]):
            yield f"date-{number}", _("Write the date as year-month-day, such as 2026-05-31.")
        if row["link"] and not is_link(row["link"]):
            yield f"link-{number}", _("Write an address that begins with https:// or http://.")


def _faults_of_assistance(need: Mapping[str, Any], unknown: str) -> Iterator[tuple[str, str]]:
    if not set(need["forms"]) <= set(ASSISTANCE_FORMS):
        yield "forms", unknown
    if need["share"] and need["share"] not in SHARE:
        yield "share", unknown
    yield from _too_long("assistance", need["text"])
    yield from _too_long("given", need["given"])


def is_date(value: str) -> bool:
    """Whether ``value`` is a day written year-month-day."""
    try:
        return bool(_DATE.fullmatch(value) and date.fromisoformat(value))
    except ValueError:
        return False


def is_link(value: str) -> bool:
    """Whether ``value`` is a web address: http or https, with a host, without white space."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    plain = len(value) <= LONGEST_LINK and not re.search(r"\s", value)
    return plain and parts.scheme in {"http", "https"} and bool(parts.hostname)


def parts_of(question: Question, content: Mapping[str, Any], language: str) -> list[tuple[str, str]]:
    """An answer part by part as plain words, always the same parts in the same order: for telling versions apart."""
    parts = [(_("Language"), dict(Language.choices).get(language, language) if content else "")]
    offered = choices_of(_asked(question))
    if question.answer_type != "text":
        chosen = [content["value"]] if content.get("value") else content.get("values") or []
        parts.append((_("Answer"), _listed(chosen, offered)))
    parts.append((_("Answer") if question.answer_type == "text" else _("Explanation"), content.get("text") or ""))
    for one in question.follow_ups:
        if one["answer_type"] == "citation":
            continue
        said = (content.get("follow_ups") or {}).get(one["key"], "")
        titles = choices_of(one)
        words = _listed(said, titles) if isinstance(said, list) else titles.get(said, said)
        parts.append((label(one["text"], _reading()), words))
    rows = (" · ".join(row[name] for name in CITATION if row.get(name)) for row in content.get("citations") or [])
    parts.append((_("Legislation cited"), "\n".join(rows)))
    if question.assistance:
        need = content.get("assistance") or {}
        forms = {value: str(title) for value, title in ASSISTANCE_FORMS.items()}
        parts += [
            (_("Technical assistance needed"), _("Yes") if need.get("needed") else ""),
            (_("In what form"), _listed(need.get("forms") or [], forms)),
            (_("What is needed"), need.get("text") or ""),
            (_("What was given before"), need.get("given") or ""),
            (_("May it be passed on"), str(SHARE.get(need.get("share") or "", ""))),
        ]
    return parts


def _listed(values: list[str], titles: Mapping[str, str]) -> str:
    return "\n".join(titles.get(value, value) for value in values)


def compare(*versions: list[tuple[str, str]]) -> list[tuple[str, ...]]:
    """The parts in which versions differ: title, then each version's words."""
    rows = [(parts[0][0], *(words for _title, words in parts)) for parts in zip(*versions, strict=True)]
    return [row for row in rows if len(set(row[1:])) > 1]
