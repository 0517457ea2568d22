"""TOML with line numbers: which line each key of a source stands on, and every line that cannot be read.

``tomllib`` stops at the first fault and forgets where things stood. A definition's author needs all faults at
once, each with its line, so this module scans the source a second time for the places of keys, and takes a
faulty line out (or mends it, where it is a table's header) to read on behind it.
"""

import re
import tomllib
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"[ \t]*")
_HEADER = re.compile(r"^\s*\[+\s*([A-Za-z0-9_.-]+)\s*\]*\s*(#.*)?$")
_AT_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_STRINGS = ('"""', "'''", '"', "'")
MOST_FAULTS = 50


@dataclass(slots=True)
class Source:
    """What could be read: the data, the line of each path, and the faults as (line, sentence)."""

    data: dict[str, Any] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)
    faults: list[tuple[int, str]] = field(default_factory=list)
    readable: bool = True

    def line_of(self, path: Path) -> int | None:
        """The line of a path, else of the nearest thing around it; none for the whole file."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None

    def damaged(self) -> set[Path]:
        """The items that lost a faulty line: ``("stage", 3)``, or ``()`` for the head of the file."""
        items = sorted((line, path) for path, line in self.lines.items() if len(path) == 2 and isinstance(path[1], int))
        return {next((path for start, path in reversed(items) if start <= line), ()) for line, _sentence in self.faults}


def read(source: bytes) -> Source:
    """Read a source as far as it goes; ``readable`` is False when nothing after the faults could be read."""
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        return Source(faults=[(line, "this is not UTF-8; save the file in that encoding")], readable=False)
    if text.startswith("\ufeff"):
        return Source(faults=[(1, "the file begins with a byte order mark; save it without one")], readable=False)
    found = Source()
    rows = text.replace("\r\n", "\n").split("\n")
    while True:
        try:
            found.data = tomllib.loads("\n".join(rows))
        except tomllib.TOMLDecodeError as error:
            line, sentence = _fault(error, len(rows))
            adjacent = found.faults and abs(found.faults[-1][0] - line) <= 1
            if adjacent or len(found.faults) >= MOST_FAULTS:
                found.readable = False
                break
            found.faults.append((line, sentence))
            rows[line - 1] = _HEADER.sub(r"[[\1]]", rows[line - 1]) if _HEADER.match(rows[line - 1]) else ""
        except RecursionError:
            found.faults.append((1, "values are nested too deeply"))
            found.readable = False
            break
        else:
            found.lines = _Scanner("\n".join(rows)).scan()
            break
    return found


def _fault(error: tomllib.TOMLDecodeError, last: int) -> tuple[int, str]:
    said = str(error)
    where = _AT_LINE.search(said)
    line = int(where[1]) if where and where[1] else last
    plain = _AT_LINE.sub("", said)
    if plain == "Cannot overwrite a value":
        return line, "this key stands here a second time; each key is written once"
    return line, f"this is not TOML: {plain}"


class _Scanner:
    """Walks a source that ``tomllib`` accepted and notes the line of every key, table and array element."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.lines: dict[Path, int] = {}
        self.counts: dict[Path, int] = {}

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        self._space(newlines=True)
        while self.at < len(self.text):
            if self.text.startswith("[", self.at):
                table = self._header()
            else:
                self._pair(table)
            self._space(newlines=True)
        return self.lines

    def _header(self) -> Path:
        """``[a.b]`` or ``[[a.b]]``; within arrays of tables a name means the last element."""
        many = self.text.startswith("[[", self.at)
        self._step(2 if many else 1)
        keys = self._keys()
        path: Path = ()
        for position, key in enumerate(keys):
            path = (*path, key)
            if position == len(keys) - 1 and many:
                self.lines.setdefault(path, self.line)
                self.counts[path] = self.counts.get(path, -1) + 1
                path = (*path, self.counts[path])
            elif path in self.counts:
                path = (*path, self.counts[path])
        self.lines.setdefault(path, self.line)
        self._space()
        self._step(2 if many else 1)
        return path

    def _pair(self, table: Path) -> None:
        line = self.line
        keys = self._keys()
        for length in range(1, len(keys) + 1):
            self.lines.setdefault((*table, *keys[:length]), line)
        self._space()
        self._step(1)
        self._space()
        self._value((*table, *keys))

    def _keys(self) -> tuple[str, ...]:
        keys = []
        while True:
            self._space()
            quoted = self.text[self.at] in "\"'"
            keys.append(self._string() if quoted else self._bare())
            self._space()
            if not self.text.startswith(".", self.at):
                return tuple(keys)
            self._step(1)

    def _bare(self) -> str:
        match = _BARE.match(self.text, self.at)
        word = match[0] if match else ""
        self._step(len(word))
        return word

    def _value(self, path: Path) -> None:
        self.lines.setdefault(path, self.line)
        opening = self.text[self.at]
        if opening in "\"'":
            self._string()
        elif opening == "[":
            self._inside("]", path)
        elif opening == "{":
            self._inside("}", path)
        else:
            while self.at < len(self.text) and self.text[self.at] not in ",]}#\n":
                self._step(1)

    def _inside(self, closing: str, path: Path) -> None:
        """The elements of an array, or the pairs of an inline table."""
        self._step(1)
        self._space(newlines=True)
        count = 0
        while not self.text.startswith(closing, self.at):
            if closing == "]":
                self._value((*path, count))
            else:
                self._pair(path)
            count += 1
            self._space(newlines=True)
            if self.text.startswith(",", self.at):
                self._step(1)
                self._space(newlines=True)
        self._step(1)

    def _string(self) -> str:
        mark = next(one for one in _STRINGS if self.text.startswith(one, self.at))
        start = self.at + len(mark)
        end = start
        while not self.text.startswith(mark, end):
            end += 2 if self.text[end] == "\\" and mark[0] == '"' else 1
        if len(mark) == 3:
            while self.text.startswith(mark, end + 1):  # up to two more quotes belong to the text
                end += 1
        self._step(end + len(mark) - self.at)
        return self.text[start:end]

    def _space(self, *, newlines: bool = False) -> None:
        while self.at < len(self.text):
            if newlines and self.text[self.at] == "\n":
                self._step(1)
            elif newlines and self.text[self.at] == "#":
                end = self.text.find("\n", self.at)
                self._step((end if end >= 0 else len(self.text)) - self.at)
            else:
                match = _BLANK.match(self.text, self.at)
                if not match or not match[0]:
                    return
                self._step(len(match[0]))

    def _step(self, count: int) -> None:
        self.line += self.text.count("\n", self.at, self.at + count)
        self.at += count
