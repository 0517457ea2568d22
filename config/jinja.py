"""The Jinja2 environment of the templates: translation, addresses, dates, names of States, differences.

Every filter whose result depends on the language takes the context, so that Jinja2 never computes it
while compiling (a compiled template serves all languages). Dates, numbers and plurals follow CLDR through
Babel; names of States follow UN usage, never CLDR.
"""

import difflib
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date, format_time, format_timedelta
from babel.numbers import format_decimal
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone, translation
from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from cases.content import ASSISTANCE_FORMS, OBSERVATION_CATEGORIES

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
CLDR = {"en": "en_001", "zh-hans": "zh_Hans"}
PUNCTUATION = {"comma": {"ar": "، ", "zh-hans": "、"}, "colon": {"fr": "\u00a0: ", "zh-hans": "："}}
"""What stands between two things of a list, and after the name of a thing, where it is not as in English."""
DAYS_COUNTED = 60
PARTS_COMPARED = 3000

_ARTICLE = re.compile(r"\s*\((?:l['’]|le|la|les|el|los|las|the)\)", re.IGNORECASE)
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n+")
_HAN = r"\u3400-\u9fff\uf900-\ufaff"
_WORDS = re.compile(rf"(?:[{_HAN}]|[^\W{_HAN}]+|[^\w\s])\s*|\s+")
_SENTENCES = re.compile(r"[^.!?。！？؟\n]*[.!?。！？؟\n]*\s*")
_LINES = re.compile(r"[^\n]*\n+|[^\n]+")


def environment(**options: Any) -> Environment:
    """Return the environment that Django's Jinja2 backend renders every page with."""
    env = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"], **options)  # noqa: S701
    env.policies["ext.i18n.trimmed"] = True
    env.install_gettext_callables(  # type: ignore[attr-defined]
        translation.gettext,
        translation.ngettext,
        newstyle=True,
        pgettext=translation.pgettext,
        npgettext=translation.npgettext,
    )
    env.globals |= {
        "static": static,
        "url": url,
        "get_language": current_language,
        "dir": direction,
        "comma": lambda: PUNCTUATION["comma"].get(current_language(), ", "),
        "colon": lambda: PUNCTUATION["colon"].get(current_language(), ": "),
        "arrow": lambda: "←" if direction() == "rtl" else "→",
        "label": label,
        "state_name": state_name,
        "assistance_forms": ASSISTANCE_FORMS,
        "observation_categories": OBSERVATION_CATEGORIES,
    }
    env.filters |= {
        "date": pass_context(lambda context, value, length="long": date_text(value, length)),
        "datetime": pass_context(lambda context, value, length="medium": datetime_text(value, length)),
        "relative_day": relative_day,
        "number": pass_context(lambda context, value: number_text(value)),
        "state_name": pass_context(lambda context, state, form="short": state_name(state, form)),
        "label": pass_context(lambda context, labels: label(labels)),
        "paragraphs": paragraphs,
        "word_diff": word_diff,
        "dir": direction,
    }
    return env


def url(name: str, *args: Any, **kwargs: Any) -> str:
    """Return the address of the view ``name``."""
    return reverse(name, args=args or None, kwargs=kwargs or None)


def current_language() -> str:
    """Return the code of the language being shown; English when translation is off."""
    return translation.get_language() or "en"


def direction(language: str | None = None) -> str:
    """Return ``rtl`` or ``ltr`` for ``language``, or for the one being shown."""
    code = (language or current_language()).replace("_", "-").split("-", 1)[0]
    return "rtl" if code in RIGHT_TO_LEFT else "ltr"


def label(labels: Mapping[str, str] | str | None) -> str:
    """Return the label in the current language, else in English, else the first there is."""
    if not labels:
        return ""
    if not isinstance(labels, Mapping):
        return str(labels)
    return labels.get(current_language()) or labels.get("en") or next(iter(labels.values()), "")


def state_name(state: Any, form: str = "short") -> str:
    """Return the name of a party by UN usage, without the article that UN lists add in brackets.

    ``state`` is a party (with ``names``), or the names themselves: ``{language: {"short": …, "formal": …}}``.
    Brackets that belong to the name, as in "(Plurinational State of)", stay.
    """
    if state is None:
        return ""
    names = state if isinstance(state, Mapping) else getattr(state, "names", None)
    if not names:
        return str(state)
    for language in (current_language(), "en"):
        chosen = names.get(language) or {}
        name = chosen.get(form) or chosen.get("short")
        if name:
            return _ARTICLE.sub("", name)
    return str(state)


@lru_cache(maxsize=16)
def _locale(language: str) -> Locale:
    return Locale.parse(CLDR.get(language) or language.replace("-", "_"))


@lru_cache(maxsize=4096)
def _date_text(value: date, length: str, language: str) -> str:
    return format_date(value, format=length, locale=_locale(language))


def date_text(value: date | datetime | None, length: str = "long") -> str:
    """Return a date in words of the current language; a moment is taken at its UTC day."""
    if value is None:
        return ""
    return _date_text(_day(value), length, current_language())


def datetime_text(value: datetime | None, length: str = "medium") -> str:
    """Return a moment in UTC to the minute, named as such, in the current language; ``length`` is the date's."""
    if value is None:
        return ""
    moment = value.astimezone(UTC) if timezone.is_aware(value) else value
    locale = _locale(current_language())
    clock = format_time(moment, format="HH:mm", tzinfo=UTC, locale=locale)
    clock = f"\u2066{clock} UTC\u2069" if direction() == "rtl" else f"{clock} UTC"  # read from left to right
    return str(locale.datetime_formats["medium"]).format(clock, date_text(moment, length))


def number_text(value: float) -> str:
    """Return a number with the current language's separators."""
    return format_decimal(value, locale=_locale(current_language()))


@lru_cache(maxsize=4096)
def _distance(days: int, language: str) -> str:
    threshold = 1e9 if abs(days) <= DAYS_COUNTED else 2
    return format_timedelta(
        timedelta(days=days),
        granularity="day",
        threshold=threshold,
        add_direction=True,
        locale=_locale(language),
    )


@pass_context
def relative_day(context: Context, value: date | datetime | None, today: date | None = None) -> str:
    """Return "today", "in 3 days" or "12 days ago", counted in whole UTC days.

    ``today`` comes from the call, else from the page's variable ``today``, else from the clock.
    """
    if value is None:
        return ""
    now = today or context.get("today") or timezone.now().astimezone(UTC).date()
    days = (_day(value) - now).days
    if days == 0:
        return translation.gettext("today")
    if days == 1:
        return translation.gettext("tomorrow")
    if days == -1:
        return translation.gettext("yesterday")
    return _distance(days, current_language())


def _day(value: date | datetime) -> date:
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if timezone.is_aware(value) else value).date()
    return value


def paragraphs(text: str | None) -> Markup:
    """Return plain text as escaped paragraphs: an empty line separates two, a line end stays a line end."""
    if not text:
        return Markup()
    blocks = (block.strip() for block in _PARAGRAPH.split(text.replace("\r\n", "\n").replace("\r", "\n")))
    return Markup("\n").join(
        Markup("<p>%s</p>") % Markup("<br>\n").join(escape(line) for line in block.split("\n"))
        for block in blocks
        if block
    )


def word_diff(old: str | None, new: str | None) -> Markup:
    """Return ``new`` with what changed since ``old`` in ``<del>`` and ``<ins>``, word by word.

    Chinese is compared character by character; very long texts by sentences, then by lines, so that the
    work stays bounded. White space is kept as it is in ``new``.
    """
    old, new = old or "", new or ""
    for unit in (_WORDS, _SENTENCES, _LINES):
        before, after = unit.findall(old), unit.findall(new)
        if len(before) + len(after) <= PARTS_COMPARED:
            break
    else:
        before, after = [old], [new]
    parts: list[Markup] = []
    for tag, i, j, k, m in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        removed, added = "".join(before[i:j]), "".join(after[k:m])
        if tag == "equal":
            parts.append(escape(added))
            continue
        if removed:
            parts.append(Markup("<del>%s</del>") % removed)
        if added:
            parts.append(Markup("<ins>%s</ins>") % added)
    return Markup().join(parts)
