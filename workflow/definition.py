"""A mechanism as a document: TOML in, frozen shapes out, or every problem at once.

A published definition is its bytes. ``load`` compiles them once per process; ``problems`` says all that is
wrong with a draft, each with its line or key and what was expected. The shapes themselves are in
``workflow.shape``.
"""

import hashlib
from functools import lru_cache

from workflow.checks import check
from workflow.guards import GuardCall
from workflow.reader import Findings, Problem, read_mechanism
from workflow.shape import (
    ACTS,
    EVENTS,
    EVERY,
    LANGUAGES,
    Capacity,
    Cluster,
    Deadline,
    Instrument,
    Labels,
    Mechanism,
    Product,
    Role,
    Room,
    Rule,
    Setting,
    Stage,
    TaskRule,
    TextKind,
    Transition,
    label,
)
from workflow.toml_lines import read

__all__ = [
    "ACTS",
    "EVENTS",
    "EVERY",
    "LANGUAGES",
    "Capacity",
    "Cluster",
    "Deadline",
    "DefinitionError",
    "GuardCall",
    "Instrument",
    "Labels",
    "Mechanism",
    "Problem",
    "Product",
    "Role",
    "Room",
    "Rule",
    "Setting",
    "Stage",
    "TaskRule",
    "TextKind",
    "Transition",
    "label",
    "load",
    "problems",
]

MOST_BYTES = 4_000_000


class DefinitionError(ValueError):
    """A definition that cannot be used; ``problems`` holds everything that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(one) for one in problems))
        self.problems = problems


@lru_cache(maxsize=32)
def load(source: bytes) -> Mechanism:
    """The mechanism a source defines, read once per process.

    :raises DefinitionError: with every problem of the source.
    """
    mechanism, found = _compile(source)
    if mechanism is None:
        raise DefinitionError(found)
    return mechanism


def problems(source: bytes) -> list[Problem]:
    """Everything that is wrong with a source, in the order of its lines; empty when it can be published."""
    return _compile(source)[1]


def _compile(source: bytes) -> tuple[Mechanism | None, list[Problem]]:
    if len(source) > MOST_BYTES:
        return None, [Problem(None, "definition", f"the file is larger than {MOST_BYTES} bytes; expected a definition")]
    text = read(source)
    found = Findings(text)
    found.problems += [Problem(line, "definition", sentence) for line, sentence in text.faults]
    if not text.readable:
        return None, found.sorted()
    reading = read_mechanism(found)
    check(reading)
    if found.problems:
        return None, found.sorted()
    return reading.mechanism(hashlib.sha256(source).hexdigest()), []
