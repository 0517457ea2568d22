"""Collect, check and compile the message catalogues with Babel: ``collect`` brings every language up to date with the
code and the templates; ``compile`` makes what Django reads; ``missing`` counts what has no translation; ``check`` names
everything that is wrong. The last two exit 1 if there is anything."""

import io
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = {"ar": "ar", "es": "es", "fr": "fr", "ru": "ru", "zh_Hans": "zh-hans"}
"""The folder of each catalogue, and the language as the product and the word lists write it."""
PLURALS = {
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
    "es": "nplurals=2; plural=(n != 1);",
    "fr": "nplurals=2; plural=(n > 1);",
    "ru": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);",
    "zh_Hans": "nplurals=1; plural=0;",
}
ONE_NUMBER = {"ar": (0, 1, 2), "es": (0,), "fr": (), "ru": (), "zh_Hans": ()}
"""The plural forms that stand for one number only, and so can do without the figure ("both reviews")."""
COUNTERS = frozenset({"num", "count", "number"})
"""How messages call the number that chooses their form."""
# Neither dates nor names: a catalogue changes only when its messages do.
HEADER = """\
# Messages of the peer reviews, {language}. The words of the mechanism: locale/words/{words}.toml
# Brought up to date by tools/catalogues.py: translations are written here, everything else is overwritten.
msgid ""
msgstr ""
"Project-Id-Version: peer-review\\n"
"Language: {language}\\n"
"Plural-Forms: {plurals}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")]
JINJA = {"trimmed": "true", "newstyle_gettext": "true", "extensions": "jinja2.ext.do,jinja2.ext.loopcontrols"}
OPTIONS = {"**.html": JINJA, "**.txt": JINJA}
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
FOLDERS = ("cases", "config", "notifications", "templates", "workflow")
PLACEHOLDER = re.compile(r"%\((\w+)\)[#0\- +]*\d*(?:\.\d+)?([a-z])|%([a-z])")
TAG = re.compile(r"</?[a-z][^>]*>")
LETTERS = re.compile(r"[^\W\d_]")


def collect() -> Catalog:
    """Every message of the code and the templates."""
    catalog = Catalog(project="peer-review", charset="utf-8", fuzzy=False)
    for folder in FOLDERS:
        found = extract_from_dir(str(ROOT / folder), METHODS, OPTIONS, KEYWORDS)
        for name, line, message, comments, context in found:
            catalog.add(message, None, [(f"{folder}/{name}", line)], auto_comments=comments, context=context)
    return catalog


def path_of(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def load(language: str) -> Catalog:
    """The catalogue as it is on disk; an empty one where there is none."""
    path = path_of(language)
    source = path.read_bytes() if path.exists() else header(language).encode()
    return read_po(io.BytesIO(source), locale=language)


def header(language: str) -> str:
    return HEADER.format(language=language, words=LANGUAGES[language], plurals=PLURALS[language])


def text_of(catalog: Catalog, language: str) -> bytes:
    """The file of a catalogue: the same bytes for the same messages, whenever and wherever it is written."""
    body = io.BytesIO()
    write_po(body, catalog, width=0, sort_output=True, no_location=True, omit_header=True, ignore_obsolete=True)
    return header(language).encode() + body.getvalue()


def updated(language: str, template: Catalog) -> bytes:
    """The file with exactly the messages of ``template``; what is translated already is kept."""
    catalog = load(language)
    catalog.update(template, no_fuzzy_matching=True)
    for message in catalog:
        message.auto_comments, message.previous_id = [], []
    return text_of(catalog, language)


def update() -> None:
    template = collect()
    for language in LANGUAGES:
        path_of(language).parent.mkdir(parents=True, exist_ok=True)
        path_of(language).write_bytes(updated(language, template))


def compile_all() -> None:
    for language in LANGUAGES:
        if path_of(language).exists():
            with path_of(language).with_suffix(".mo").open("wb") as handle:
                write_mo(handle, load(language))


def messages(catalog: Catalog) -> Iterator[Message]:
    """Every message but the header."""
    return (message for message in catalog if message.id)


def ids(message: Message) -> tuple[str, ...]:
    """The English of a message: one text, or the singular and the plural."""
    return message.id if isinstance(message.id, tuple | list) else (message.id,)


def strings(message: Message) -> tuple[str, ...]:
    """The translation of a message: one text, or one for each plural form."""
    return tuple(message.string) if isinstance(message.string, tuple | list) else (message.string or "",)


def pairs(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Every (English, translation), each plural form with the English plural."""
    for message in messages(catalog):
        yield from ((ids(message)[-1], string) for string in strings(message))


def known(catalog: Catalog, message: Message) -> Message | None:
    return catalog.get(ids(message)[0], message.context)


def missing(catalog: Catalog, template: Catalog) -> list[str]:
    """The messages of the code without a whole translation."""
    lacking = []
    for message in messages(template):
        found = known(catalog, message)
        forms = catalog.num_plurals if message.pluralizable else 1
        if found is None or len(strings(found)) != forms or not all(strings(found)):
            lacking.append(ids(message)[0])
    return lacking


def obsolete(catalog: Catalog, template: Catalog) -> list[str]:
    """The messages of the catalogue that the code no longer has."""
    kept = [ids(message)[0] for message in messages(catalog) if known(template, message) is None]
    return kept + [ids(message)[0] for message in catalog.obsolete.values()]


def placeholders(text: str) -> list[tuple[str, str]]:
    """Every (name, conversion) that is filled in, sorted; a doubled per cent sign is none."""
    found = PLACEHOLDER.findall(text.replace("%%", ""))
    return sorted((name, conversion or positional) for name, conversion, positional in found)


def blanks(text: str) -> tuple[str, str]:
    """The blanks before and after a text."""
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


def expected(message: Message, form: int, language: str) -> list[list[tuple[str, str]]]:
    """What a form of a translation may be filled with: as the English is, or without the number it stands for."""
    wanted = placeholders(ids(message)[-1])
    allowed = [wanted]
    if message.pluralizable and form in ONE_NUMBER[language]:
        allowed.append([(name, kind) for name, kind in wanted if name not in COUNTERS and kind != "d"])
    if message.pluralizable and language == "fr" and form == 0:
        # It also stands for none, so the figure goes only where the English singular has none either.
        allowed.append(placeholders(ids(message)[0]))
    return allowed


def differences(message: Message, language: str, same: frozenset[str]) -> Iterator[str]:
    """What a translation must have as the English has it, and does not."""
    english = ids(message)[-1]
    for form, string in enumerate(strings(message)):
        if not string:
            continue
        allowed = expected(message, form, language)
        if placeholders(string) not in allowed:
            yield f"placeholders {placeholders(string)} where {allowed[0]} are expected"
        if sorted(TAG.findall(english)) != sorted(TAG.findall(string)):
            yield "other markup than in English"
        if blanks(english) != blanks(string):
            yield "blanks at the beginning or the end differ"
        if string in ids(message) and ids(message)[0] not in same and LETTERS.search(PLACEHOLDER.sub("", english)):
            yield "the same as in English, and not listed as such in the word list"


def problems(catalog: Catalog, template: Catalog, language: str, same: frozenset[str]) -> list[str]:
    """Everything that is wrong with a catalogue, a line each."""
    return [
        *(f"no translation: {one!r}" for one in missing(catalog, template)),
        *(f"no longer in the code: {one!r}" for one in obsolete(catalog, template)),
        *(f"marked fuzzy: {ids(one)[0]!r}" for one in messages(catalog) if one.fuzzy),
        *(f"{line}: {ids(one)[0]!r}" for one in messages(catalog) for line in differences(one, language, same)),
    ]


def report(find: Callable[[str, Catalog], list[str]], *, in_full: bool) -> int:
    template, found = collect(), 0
    for language in LANGUAGES:
        lines = find(language, template)
        found += len(lines)
        print(f"{language}: {len(lines)} of {sum(1 for _ in messages(template))} messages")
        if in_full:
            print("\n".join(f"  {line}" for line in lines))
    return int(found > 0)


def main(argv: list[str]) -> int:
    if argv == ["collect"]:
        update()
        return 0
    if argv == ["compile"]:
        compile_all()
        return 0
    if argv == ["missing"]:
        return report(lambda language, template: missing(load(language), template), in_full=False)
    if argv == ["check"]:
        from tools import words

        return report(
            lambda language, template: problems(
                load(language), template, language, words.load(LANGUAGES[language]).same
            ),
            in_full=True,
        )
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main(sys.argv[1:]))
