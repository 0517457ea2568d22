"""Collect, update and compile the message catalogues with Babel: ``collect`` writes the templates and updates every
language; ``compile`` makes what Django reads; ``missing`` lists what has no translation and exits 1 if anything."""

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = {"ar": "ar", "es": "es", "fr": "fr", "ru": "ru", "zh_Hans": "zh_Hans"}
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
OPTIONS = {
    "**.html": {"trimmed": "true", "newstyle_gettext": "true", "extensions": "jinja2.ext.do,jinja2.ext.loopcontrols"}
}
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "ngettext_lazy": (1, 2),
}
FOLDERS = ("cases", "config", "notifications", "templates", "workflow")


def collect() -> Catalog:
    """Every message of the code and the templates."""
    catalog = Catalog(project="Peer reviews", charset="utf-8", fuzzy=False)
    for folder in FOLDERS:
        found = extract_from_dir(str(ROOT / folder), METHODS, OPTIONS, KEYWORDS)
        for name, line, message, comments, context in found:
            catalog.add(message, None, [(f"{folder}/{name}", line)], auto_comments=comments, context=context)
    return catalog


def path_of(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def load(language: str) -> Catalog:
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language, charset="utf-8", fuzzy=False)
    with path.open("rb") as handle:
        return read_po(handle, locale=language)


def update() -> None:
    template = collect()
    for language in LANGUAGES:
        catalog = load(language)
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        path_of(language).parent.mkdir(parents=True, exist_ok=True)
        with path_of(language).open("wb") as handle:
            write_po(handle, catalog, width=0, sort_output=True, no_location=True, omit_header=False)


def compile_all() -> None:
    for language in LANGUAGES:
        if path_of(language).exists():
            with path_of(language).with_suffix(".mo").open("wb") as handle:
                write_mo(handle, load(language))


def missing(language: str) -> list[str]:
    """The messages of the code without a translation in ``language``."""
    catalog = load(language)
    lacking = []
    for message in collect():
        if not message.id:
            continue
        known = catalog.get(message.id[0] if isinstance(message.id, tuple) else message.id, message.context)
        parts = known.string if known and isinstance(known.string, tuple | list) else (known.string if known else "",)
        if not all(parts):
            lacking.append(str(message.id))
    return lacking


def main(argv: list[str]) -> int:
    if argv == ["collect"]:
        update()
    elif argv == ["compile"]:
        compile_all()
    elif argv == ["missing"]:
        lacking = {language: missing(language) for language in LANGUAGES}
        for language, messages in lacking.items():
            print(f"{language}: {len(messages)} without a translation")
        return int(any(lacking.values()))
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
