"""Reads a mechanism's tables into their shapes and notes everything that is not as expected.

Reading never stops: what cannot be used is noted and replaced by an empty value, so that the author of a
definition sees all of its problems at once.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, Final, get_args

from workflow.guards import GuardCall
from workflow.shape import (
    LANGUAGES,
    Capacity,
    Cluster,
    Confidence,
    Deadline,
    Effect,
    Instrument,
    Labels,
    Mechanism,
    Product,
    Reason,
    Role,
    Room,
    Rule,
    Setting,
    Stage,
    TaskRule,
    TextKind,
    Transition,
)
from workflow.toml_lines import Path, Source

SECTIONS: Final = (
    "capacity",
    "role",
    "rule",
    "room",
    "text",
    "product",
    "stage",
    "transition",
    "instrument",
    "cluster",
    "deadline",
    "task",
    "setting",
)
NEEDED: Final = frozenset(SECTIONS[:8])
_SLUG = re.compile(r"[a-z][a-z0-9_]*(-[a-z0-9_]+)*")
_CLUSTER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,7}")
_KINDS: Final = {
    str: "a text in quotes",
    bool: "true or false",
    int: "a whole number",
    list: "a list",
    dict: "a table",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where (``line``, and the key's path in ``key``), and what was expected."""

    line: int | None
    key: str
    message: str

    @property
    def where(self) -> str:
        """``line 12``, or the key's path where no line is to blame."""
        return f"line {self.line}" if self.line else self.key

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@dataclass(slots=True)
class Findings:
    """The problems of one source, found while reading and checking it."""

    source: Source
    damaged: set[Path] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def add(self, path: Path, message: str) -> None:
        self.problems.append(Problem(line=self.source.line_of(path), key=dotted(path), message=message))

    def unknown(self, path: Path, what: str, given: str, known: Iterable[str]) -> None:
        """Note a word that names nothing, with what it may have meant."""
        known = sorted(known)
        close = get_close_matches(given, known, n=1)
        hint = f'; did you mean "{close[0]}"?' if close else f"; expected one of: {', '.join(known) or 'none defined'}"
        self.add(path, f'there is no {what} "{given}"{hint}')

    def sorted(self) -> list[Problem]:
        return sorted(set(self.problems), key=lambda one: (one.line or 0, one.key, one.message))


def dotted(path: Path) -> str:
    """``("stage", 3, "label", "fr")`` as ``stage[3].label.fr``, counting from 1."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "definition"


class Table:
    """One table of the source while it is read: every key is asked for by what it should be."""

    def __init__(self, data: Mapping[str, Any], path: Path, found: Findings) -> None:
        self.data = data
        self.path = path
        self.found = found
        self.asked: set[str] = set()

    def value(self, key: str, kind: type, *, needed: bool) -> Any:
        """The value of a key if it is of ``kind``, else None."""
        self.asked.add(key)
        if key not in self.data:
            if needed and self.path[:2] not in self.found.damaged:
                self.found.add(self.path, f'the key "{key}" is missing; expected {_KINDS[kind]}')
            return None
        value = self.data[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.found.add((*self.path, key), f'"{key}" should be {_KINDS[kind]}')
            return None
        return value

    def text(self, key: str, *, needed: bool = True) -> str:
        value = self.value(key, str, needed=needed)
        if value is not None and not value.strip():
            self.found.add((*self.path, key), f'"{key}" is empty; expected a text')
        return value or ""

    def slug(self, key: str = "key", pattern: re.Pattern[str] = _SLUG) -> str:
        value = self.text(key)
        if value and not pattern.fullmatch(value):
            self.found.add(
                (*self.path, key),
                f'"{value}" is not a key; expected small letters, digits, "_" and "-", a letter first',
            )
        return value

    def choice(self, key: str, options: Iterable[str], *, default: str | None = None) -> str:
        value = self.text(key, needed=default is None)
        if not value:
            return default or ""
        if value not in options:
            self.found.unknown((*self.path, key), f"{key}", value, options)
        return value

    def flag(self, key: str) -> bool:
        return bool(self.value(key, bool, needed=False))

    def number(self, key: str, *, least: int, needed: bool = True) -> int:
        value = self.value(key, int, needed=needed)
        if value is not None and value < least:
            self.found.add((*self.path, key), f'"{key}" is {value}; expected {least} or more')
            return least
        return least if value is None else int(value)

    def texts(self, key: str, *, needed: bool = True, filled: bool = False) -> tuple[str, ...]:
        values = self.value(key, list, needed=needed)
        return _texts(values or [], (*self.path, key), self.found, filled=filled and values is not None)

    def many(self, key: str) -> dict[str, tuple[str, ...]]:
        """A table of lists of texts."""
        values = self.value(key, dict, needed=False) or {}
        lists = {}
        for name, value in values.items():
            path = (*self.path, key, name)
            if isinstance(value, list):
                lists[name] = _texts(value, path, self.found, filled=True)
            else:
                self.found.add(path, f'"{name}" should be a list')
        return lists

    def labels(self, key: str = "label") -> Labels:
        """A text in each of the six languages."""
        given = self.value(key, dict, needed=True)
        if given is None:
            return {}
        path = (*self.path, key)
        for language in given:
            if language not in LANGUAGES:
                self.found.unknown((*path, language), "language", language, LANGUAGES)
        missing = [language for language in LANGUAGES if language not in given]
        if missing and self.path[:2] not in self.found.damaged:
            self.found.add(path, f'"{key}" is missing in: {", ".join(missing)}; expected all six languages')
        for language in LANGUAGES:
            value = given.get(language, "-")
            if not isinstance(value, str):
                self.found.add((*path, language), f'"{key}.{language}" should be a text in quotes')
            elif not value.strip():
                self.found.add((*path, language), f'"{key}.{language}" is empty; expected a text')
        return {language: str(given[language]) for language in LANGUAGES if language in given}

    def tables(self, key: str) -> list["Table"]:
        rows = self.value(key, list, needed=False) or []
        tables = []
        for number, row in enumerate(rows):
            path = (*self.path, key, number)
            if isinstance(row, dict):
                tables.append(Table(row, path, self.found))
            else:
                self.found.add(path, f'"{key}" should be a list of tables')
        return tables

    def raw(self, key: str) -> Any:
        self.asked.add(key)
        return self.data.get(key)

    def done(self) -> None:
        """Note every key that nobody asked for."""
        for key in self.data:
            if key not in self.asked:
                close = get_close_matches(key, self.asked, n=1)
                hint = f'did you mean "{close[0]}"?' if close else f"expected only: {', '.join(sorted(self.asked))}"
                self.found.add((*self.path, key), f'the key "{key}" is unknown; {hint}')


def _texts(values: list[Any], path: Path, found: Findings, *, filled: bool) -> tuple[str, ...]:
    if filled and not values:
        found.add(path, f'"{path[-1]}" is empty; expected at least one')
    kept: list[str] = []
    for number, value in enumerate(values):
        if not isinstance(value, str):
            found.add((*path, number), f'"{path[-1]}" should be a list of texts in quotes')
        elif value in kept:
            found.add((*path, number), f'"{value}" stands twice in "{path[-1]}"')
        else:
            kept.append(value)
    return tuple(kept)


@dataclass(slots=True)
class Reading:
    """Everything that was read, each shape beside the path it was read from."""

    key: str
    version: int
    labels: Labels
    warning: Labels
    initial: str
    found: Findings
    capacities: list[tuple[Capacity, Path]] = field(default_factory=list)
    roles: list[tuple[Role, Path]] = field(default_factory=list)
    rules: list[tuple[Rule, Path]] = field(default_factory=list)
    rooms: list[tuple[Room, Path]] = field(default_factory=list)
    texts: list[tuple[TextKind, Path]] = field(default_factory=list)
    products: list[tuple[Product, Path]] = field(default_factory=list)
    stages: list[tuple[Stage, Path]] = field(default_factory=list)
    transitions: list[tuple[Transition, Path]] = field(default_factory=list)
    instruments: list[tuple[Instrument, Path]] = field(default_factory=list)
    clusters: list[tuple[Cluster, Path]] = field(default_factory=list)
    deadlines: list[tuple[Deadline, Path]] = field(default_factory=list)
    tasks: list[tuple["Task", Path]] = field(default_factory=list)
    settings: list[tuple["Named", Path]] = field(default_factory=list)

    def mechanism(self, digest: str) -> Mechanism:
        return Mechanism(
            key=self.key,
            version=self.version,
            labels=self.labels,
            warning=self.warning,
            initial=self.initial,
            capacities=tuple(one for one, _path in self.capacities),
            roles=tuple(one for one, _path in self.roles),
            instruments=tuple(one for one, _path in self.instruments),
            clusters=tuple(one for one, _path in self.clusters),
            rooms=tuple(one for one, _path in self.rooms),
            texts=tuple(one for one, _path in self.texts),
            products=tuple(one for one, _path in self.products),
            deadlines=tuple(one for one, _path in self.deadlines),
            tasks=tuple(rule for one, _path in self.tasks for rule in one.rules()),
            stages=tuple(one for one, _path in self.stages),
            transitions=tuple(self._filled_in(one) for one, _path in self.transitions),
            rules=tuple(one for one, _path in self.rules),
            settings={one.key: one.value for one, _path in self.settings},
            setting_rules={one.key: one.rule for one, _path in self.settings},
            digest=digest,
        )

    def _filled_in(self, transition: Transition) -> Transition:
        """The transition with each ``all_agreed`` told which capacities share the product it speaks of."""
        seats = {one.key: one.seats for one, _path in self.products}
        guards = tuple(
            GuardCall(call.name, {**call.params, "capacities": seats[call.params["of"]]})
            if call.name.startswith("all_agreed@") and "capacities" not in call.params
            else call
            for call in transition.guards
        )
        return replace(transition, guards=guards)


@dataclass(frozen=True, slots=True)
class Named:
    """A setting: a default that a rule gives, and that code asks for by its key."""

    key: str
    value: Setting
    rule: str


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it is written: for several stages and roles at once."""

    key: str
    labels: Labels
    help: Labels
    stages: tuple[str, ...]
    roles: tuple[str, ...]
    deadline: str | None
    until: tuple[str, ...]
    opens_after: str | None

    def rules(self) -> list[TaskRule]:
        return [
            TaskRule(
                key=self.key,
                labels=self.labels,
                help=self.help,
                stage=stage,
                role=role,
                deadline=self.deadline,
                until=self.until,
                opens_after=self.opens_after,
            )
            for stage in self.stages
            for role in self.roles
        ]


def read_mechanism(found: Findings) -> Reading:
    """Read all tables of a source; references are not followed yet."""
    found.damaged = found.source.damaged()
    top = Table(found.source.data, (), found)
    reading = Reading(
        key=top.slug(),
        version=top.number("version", least=1),
        labels=top.labels(),
        warning=top.labels("warning"),
        initial=top.text("initial"),
        found=found,
    )
    readers = {
        "capacity": (reading.capacities, _capacity),
        "role": (reading.roles, _role),
        "rule": (reading.rules, _rule),
        "room": (reading.rooms, _room),
        "text": (reading.texts, _text),
        "product": (reading.products, _product),
        "stage": (reading.stages, _stage),
        "transition": (reading.transitions, _transition),
        "instrument": (reading.instruments, _instrument),
        "cluster": (reading.clusters, _cluster),
        "deadline": (reading.deadlines, _deadline),
        "task": (reading.tasks, _task),
        "setting": (reading.settings, _setting),
    }
    for section, (shapes, read_one) in readers.items():
        tables = top.tables(section)
        if section in NEEDED and not top.data.get(section):
            found.add((), f"there is no [[{section}]]; expected at least one")
        for table in tables:
            shapes.append((read_one(table), table.path))  # type: ignore[attr-defined]
            table.done()
    top.done()
    return reading


def _capacity(table: Table) -> Capacity:
    return Capacity(key=table.slug(), labels=table.labels())


def _role(table: Table) -> Role:
    return Role(key=table.slug(), labels=table.labels(), capacities=table.texts("capacities", filled=True))


def _rule(table: Table) -> Rule:
    confidence: Any = table.choice("confidence", get_args(Confidence))
    return Rule(key=table.slug(), text=table.labels("text"), source=table.text("source"), confidence=confidence)


def _room(table: Table) -> Room:
    return Room(key=table.slug(), labels=table.labels(), readers=table.texts("readers"))


def _text(table: Table) -> TextKind:
    return TextKind(
        key=table.slug(),
        labels=table.labels(),
        owner=table.text("owner"),
        draft_room=table.text("draft_room"),
        cleared_room=table.text("cleared_room"),
        product=table.text("product", needed=False) or None,
    )


def _product(table: Table) -> Product:
    return Product(
        key=table.slug(),
        labels=table.labels(),
        kind=table.text("kind"),
        seats=table.texts("seats", filled=True),
    )


def _instrument(table: Table) -> Instrument:
    return Instrument(key=table.slug(), labels=table.labels(), short=table.labels("short"))


def _cluster(table: Table) -> Cluster:
    given = table.value("articles", dict, needed=True) or {}
    articles = {}
    for instrument, numbers in given.items():
        path = (*table.path, "articles", instrument)
        if not isinstance(numbers, list) or any(type(one) is not int or one < 1 for one in numbers):
            table.found.add(path, f'"articles.{instrument}" should be a list of article numbers from 1')
        elif len(set(numbers)) != len(numbers):
            table.found.add(path, f'"articles.{instrument}" names an article twice')
        else:
            articles[instrument] = tuple(numbers)
    return Cluster(
        key=table.slug(pattern=_CLUSTER),
        number=table.number("number", least=1),
        labels=table.labels(),
        articles=articles,
        rule=table.text("rule"),
    )


def _deadline(table: Table) -> Deadline:
    deadline = Deadline(
        key=table.slug(),
        labels=table.labels(),
        anchor=table.text("anchor"),
        months=table.number("months", least=0, needed=False),
        weeks=table.number("weeks", least=0, needed=False),
        days=table.number("days", least=0, needed=False),
        rule=table.text("rule"),
    )
    if table.path in table.found.damaged:
        return deadline
    if not any(unit in table.data for unit in ("months", "weeks", "days")):
        table.found.add(table.path, 'the deadline has no length; expected "months", "weeks" or "days"')
    elif not any(table.data.get(unit) for unit in ("months", "weeks", "days")):
        table.found.add(table.path, "the deadline's length is nothing; expected at least a day")
    return deadline


def _task(table: Table) -> Task:
    return Task(
        key=table.slug(),
        labels=table.labels(),
        help=table.labels("help"),
        stages=table.texts("stages", filled=True),
        roles=table.texts("roles", filled=True),
        deadline=table.text("deadline", needed=False) or None,
        until=table.texts("until", needed=False),
        opens_after=table.text("opens_after", needed=False) or None,
    )


def _stage(table: Table) -> Stage:
    return Stage(
        key=table.slug(),
        labels=table.labels(),
        about=table.labels("about"),
        final=table.flag("final"),
        optional=table.flag("optional"),
        edit=table.many("edit"),
        may=table.many("may"),
        rule=table.text("rule"),
    )


def _transition(table: Table) -> Transition:
    reason: Any = table.choice("reason", get_args(Reason), default="none")
    effect: Any = table.choice("effect", get_args(Effect), default="") or None
    return Transition(
        key=table.slug(),
        labels=table.labels(),
        consequence=table.labels("consequence"),
        sources=table.texts("sources", filled=True),
        target=table.text("target", needed=False) or None,
        roles=table.texts("roles", needed=False),
        guards=_guards(table),
        product=table.text("product", needed=False) or None,
        effect=effect,
        auto=table.flag("auto"),
        reason=reason,
        rule=table.text("rule"),
        allowed_while_suspended=table.flag("allowed_while_suspended"),
        by_seat=table.flag("by_seat"),
    )


def _guards(table: Table) -> tuple[GuardCall, ...]:
    calls = []
    for call in table.tables("guards"):
        name = call.text("name")
        params = {
            key: tuple(value) if isinstance(value, list) else value for key, value in call.data.items() if key != "name"
        }
        calls.append(GuardCall(name=name, params=params))
    return tuple(calls)


def _setting(table: Table) -> Named:
    value = table.raw("value")
    if value is None and table.path[:2] not in table.found.damaged:
        table.found.add(
            table.path,
            'the key "value" is missing; expected a text, a number, true or false, a list or a table',
        )
    try:
        setting = _as_setting(value)
    except TypeError:
        table.found.add(
            (*table.path, "value"),
            '"value" should be a text, a whole number, true or false, a list of texts or a table of these',
        )
        setting = ""
    return Named(key=table.slug(), value=setting, rule=table.text("rule"))


def _as_setting(value: Any) -> Setting:
    if value is None:
        return ""
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    if isinstance(value, dict):
        return {key: _as_setting(inner) for key, inner in value.items()}
    raise TypeError
