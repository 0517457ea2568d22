"""Reads the file of States: codes, regional groups, names in six languages, what each is party to (rules 5, 6, 13).

Pure: bytes in, rows and problems out; no database, no clock. Every problem of a file is found in one reading, each with
its line, so that a person repairs the file once. The columns are described in ``docs/formats.md`` §1 and in
``cases/data/README.md``.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

INSTRUMENTS = ("untoc", "tip", "som", "firearms")
LANGUAGES = ("ar", "zh-hans", "en", "fr", "ru", "es")
REQUIRED = ("iso3", "regional_group", *INSTRUMENTS)
GROUPS = {
    "african": "africa",
    "asia-pacific": "asia-pacific",
    "eastern european": "eastern-europe",
    "grulac": "grulac",
    "weog": "weog",
    "africa": "africa",
    "eastern-europe": "eastern-europe",
}
# A Convention or Protocol cannot have been signed before it was adopted: A/RES/55/25, A/RES/55/255.
ADOPTED = {
    "untoc": date(2000, 11, 15),
    "tip": date(2000, 11, 15),
    "som": date(2000, 11, 15),
    "firearms": date(2001, 5, 31),
}
UNKNOWN = "U"
LONGEST_NAME = 200
LONGEST_EVIDENCE = 20

_CODE = re.compile(r"[A-Z]{3}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
# A cell that begins so is computed, not shown, by a spreadsheet that opens an export.
_FORMULA = ("=", "+", "-", "@")

Names = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be repaired, or known, at one line; line 1 is the header. Sentences, in English."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Ratification:
    """Whether a State is party to an instrument, since when, when it signed, and how sure that is."""

    party: bool
    since: date | None = None
    signed: date | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class StateRow:
    """One State or regional economic integration organization.

    ``group`` is a slug or None; ``names`` is ``{language: {"short": …, "formal": …}}`` with what the file gives,
    perhaps nothing; ``ratifications`` has all four instruments; ``language`` is one of the six or None.
    """

    line: int
    code: str
    group: str | None
    names: Names
    ratifications: Mapping[str, Ratification]
    entity_type: str = ""
    group_note: str = ""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class StatesFile:
    """What a file says. With any error nothing of it may be loaded; warnings are for a person to know."""

    rows: tuple[StateRow, ...] = ()
    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


@dataclass(slots=True)
class _Report:
    prefix: str = ""
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def error(self, line: int, message: str) -> None:
        self.errors.append(Problem(line, self.prefix + message))

    def warn(self, line: int, message: str) -> None:
        self.warnings.append(Problem(line, self.prefix + message))


def parse(source: bytes, names: bytes | None = None, *, as_of: date | None = None) -> StatesFile:
    """Read a file of States, and the file of names beside it where there is one.

    A cell whose evidence is ``U`` is read as not party, with a warning. A name in ``source`` goes before one in
    ``names``. With ``as_of``, a date after it is an error. Never raises for what is in the bytes.
    """
    report = _Report()
    by_code = _names_by_code(names, report) if names is not None else {}
    rows: list[StateRow] = []
    lines: dict[str, int] = {}
    cells = None
    for line, cells in _records(source, REQUIRED, report):
        code = _code(line, cells, report)
        group = _group(line, cells, report)
        ratifications = _ratifications(line, cells, as_of, report)
        own = _names(line, cells, report)
        note, kind = (_text(line, cells, column, report) for column in ("group_note", "entity_type"))
        if code is None:
            continue
        if code in lines:
            report.error(line, f"{code} is given twice; it is already on line {lines[code]}.")
            continue
        lines[code] = line
        merged = _merge(own, by_code.get(code, {}), cells.get("name_en", ""))
        if not merged and names is not None:
            report.warn(line, f"{code} has no name in either file.")
        rows.append(StateRow(line, code, group, merged, ratifications, kind, note, _language(cells)))
    if cells is None and not report.errors:
        report.error(2, "The file has a header and no State.")
    if rows and names is None and not any(row.names for row in rows):
        report.warn(1, "The file gives no names; States that are not known yet would be shown without one.")
    _no_shared_names(rows, report)
    return StatesFile(tuple(rows), _in_order(report.errors), _in_order(report.warnings))


def _in_order(problems: list[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: problem.line))


def _decode(source: bytes, report: _Report) -> str | None:
    """The text of a file, or None when it is not one; every reason is reported."""
    if not source.strip():
        report.error(1, f"The file is empty; a header with {', '.join(REQUIRED)} was expected.")
        return None
    if source.startswith((b"\xff\xfe", b"\xfe\xff")):
        report.error(1, "The file is UTF-16; it has to be saved as UTF-8.")
        return None
    good = True
    for number, raw in enumerate(source.splitlines(), start=1):
        if b"\x00" in raw:
            report.error(number, "There is a NUL byte here; text in UTF-8 was expected.")
            good = False
        try:
            raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            report.error(
                number,
                f"Byte {error.start + 1} of this line is not UTF-8; the file has to be saved as UTF-8.",
            )
            good = False
    return source.decode("utf-8-sig") if good else None


def _records(source: bytes, required: tuple[str, ...], report: _Report) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row as (its first line, {column: stripped text}); rows of the wrong width are reported and left out."""
    text = _decode(source, report)
    if text is None:
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader)]
        if not _good_header(header, required, report):
            return
        while True:
            line = reader.line_num + 1
            cells = next(reader, None)
            if cells is None:
                return
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                report.error(line, f"This row has {len(cells)} cells; {len(header)}, as in the header, were expected.")
                continue
            yield line, dict(zip(header, (cell.strip() for cell in cells), strict=True))
    except csv.Error as error:
        report.error(reader.line_num, f"This is not CSV ({error}); quotes have to be closed and doubled inside a cell.")


def _good_header(header: list[str], required: tuple[str, ...], report: _Report) -> bool:
    """Whether rows can be read under this header."""
    missing = [name for name in required if name not in header]
    for name in missing:
        hint = " Columns are separated by commas." if len(header) == 1 and re.search("[;\t|]", header[0]) else ""
        report.error(1, f"The column {name} is missing.{hint}")
    twice = sorted({name for name in header if name and header.count(name) > 1})
    for name in twice:
        report.error(1, f"The column {name} is there {header.count(name)} times; once was expected.")
    return not missing and not twice


def _code(line: int, cells: Mapping[str, str], report: _Report) -> str | None:
    code = cells["iso3"]
    if _CODE.fullmatch(code):
        return code
    report.error(
        line,
        f"iso3 is {code!r}; three capital letters A–Z were expected, as in ISO 3166-1 (EUE for the Union).",
    )
    return None


def _group(line: int, cells: Mapping[str, str], report: _Report) -> str | None:
    given = cells["regional_group"]
    if not given:
        return None
    slug = GROUPS.get(given.lower())
    if slug is None:
        report.error(
            line,
            f"regional_group is {given!r}; African, Asia-Pacific, Eastern European, GRULAC, WEOG or nothing was "
            "expected.",
        )
    return slug


def _ratifications(line: int, cells: Mapping[str, str], as_of: date | None, report: _Report) -> dict[str, Ratification]:
    found = {key: _ratification(line, cells, key, as_of, report) for key in INSTRUMENTS}
    if not found["untoc"].party:
        for key in INSTRUMENTS[1:]:
            if found[key].party:
                report.error(
                    line,
                    f"{key} is y but untoc is not: only a party to the Convention can be party to a Protocol "
                    "(article 37, paragraph 2).",
                )
    return found


def _ratification(line: int, cells: Mapping[str, str], key: str, as_of: date | None, report: _Report) -> Ratification:
    given = cells[key].lower()
    evidence = cells.get(f"{key}_evidence", "")
    since = _date(line, cells, f"{key}_date", key=key, as_of=as_of, report=report)
    signed = _date(line, cells, f"{key}_signed", key=key, as_of=as_of, report=report)
    if given not in ("y", "n", "no", ""):
        report.error(line, f"{key} is {cells[key]!r}; y, or n or nothing was expected.")
    if len(evidence) > LONGEST_EVIDENCE or _CONTROL.search(evidence):
        report.error(
            line,
            f"{key}_evidence is too long or unreadable; a short code such as V2014, R or U was expected.",
        )
        evidence = ""
    if evidence == UNKNOWN:
        code = cells["iso3"]
        report.warn(line, f"Whether {code} is party to {key} is unknown (evidence U); it is read as not party.")
        return Ratification(party=False, signed=signed, evidence=evidence)
    party = given == "y"
    if since and not party:
        report.error(line, f"{key}_date is {since} but {key} is not y; either the date or the mark is wrong.")
    if since and signed and signed > since:
        report.error(line, f"{key}_signed is {signed}, after {key}_date {since}; a date on or before it was expected.")
    return Ratification(party=party, since=since if party else None, signed=signed, evidence=evidence)


def _date(
    line: int, cells: Mapping[str, str], column: str, *, key: str, as_of: date | None, report: _Report
) -> date | None:
    given = cells.get(column, "")
    if not given:
        return None
    try:
        # fromisoformat also takes 20040302 and week dates, which a reader of the file would not recognize.
        found = date.fromisoformat(given) if _DATE.fullmatch(given) else None
    except ValueError:
        found = None
    if found is None:
        report.error(line, f"{column} is {given!r}; a date as YYYY-MM-DD was expected.")
    elif found < ADOPTED[key]:
        report.error(
            line,
            f"{column} is {found}; no date before {ADOPTED[key]}, when the instrument was adopted, can be.",
        )
    elif as_of and found > as_of:
        report.error(line, f"{column} is {found}; a date not after {as_of} was expected.")
    else:
        return found
    return None


def _text(line: int, cells: Mapping[str, str], column: str, report: _Report) -> str:
    """A cell that people will read: short, on one line, and nothing a spreadsheet would compute."""
    given = cells.get(column, "")
    if _CONTROL.search(given):
        report.error(line, f"{column} contains a line break or a control character; plain text was expected.")
    elif given.startswith(_FORMULA):
        report.error(
            line,
            f"{column} is {given[:40]!r}, which a spreadsheet would take for a formula; text was expected.",
        )
    elif len(given) > LONGEST_NAME:
        report.error(line, f"{column} has {len(given)} characters; at most {LONGEST_NAME} were expected.")
    else:
        return given
    return ""


def _names(line: int, cells: Mapping[str, str], report: _Report) -> dict[str, dict[str, str]]:
    """Names from the columns ``short_en``, ``formal_zh_hans`` and so on: single blanks, no footnote mark."""
    found: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        for form in ("short", "formal"):
            given = _text(line, cells, f"{form}_{language.replace('-', '_')}", report)
            name = " ".join(given.rstrip("* ").split())
            if name:
                found.setdefault(language, {})[form] = name
    _text(line, cells, "name_en", report)
    return found


def _merge(own: Names, beside: Names, english: str) -> dict[str, dict[str, str]]:
    merged = {
        language: {**beside.get(language, {}), **own.get(language, {})}
        for language in LANGUAGES
        if language in own or language in beside
    }
    if english and "short" not in merged.get("en", {}):
        merged.setdefault("en", {})["short"] = english
    return merged


def _names_by_code(source: bytes, report: _Report) -> dict[str, Names]:
    inner = _Report(prefix="Names file: ")
    found: dict[str, Names] = {}
    for line, cells in _records(source, ("iso3",), inner):
        code = _code(line, cells, inner)
        names = _names(line, cells, inner)
        if code is None:
            continue
        if code in found:
            inner.error(line, f"{code} is given twice.")
            continue
        missing = [language for language in LANGUAGES if "short" not in names.get(language, {})]
        if missing:
            inner.warn(line, f"{code} has no short name in {', '.join(missing)}.")
        found[code] = names
    report.errors += inner.errors
    report.warnings += inner.warnings
    return found


def _no_shared_names(rows: list[StateRow], report: _Report) -> None:
    """Two States with one name could not be told apart on any page."""
    seen: dict[tuple[str, str], StateRow] = {}
    for row in rows:
        for language, forms in row.names.items():
            short = forms.get("short")
            if not short:
                continue
            other = seen.setdefault((language, short.casefold()), row)
            if other is not row:
                report.error(row.line, f"{row.code} has the same short name in {language} as {other.code}: {short!r}.")


def _language(cells: Mapping[str, str]) -> str | None:
    given = cells.get("lang_primary_assumed", "").lower()
    given = {"zh": "zh-hans"}.get(given, given)
    return given if given in LANGUAGES else None
