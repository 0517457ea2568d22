"""Publish a version of a mechanism from its definition (docs/formats.md §1).

A published version is never changed: other contents need the next version number. Exit status 1 when the definition
does not hold, 2 when the file is not TOML in UTF-8; either way every problem is named with its line or key and nothing
is changed.
"""

import tomllib
from collections.abc import Mapping
from typing import Any

from django.core.management import CommandParser

from cases.management import base
from cases.management.loads import outcome_of, without_loading
from cases.operations.loading import load_mechanism


class Command(base.Command):
    help = "Publish a version of a mechanism from its definition."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE", help="the definition, in TOML")
        parser.add_argument("--check", action="store_true", help="only say what is wrong with the definition")

    def wants_database(self, options: Mapping[str, Any]) -> bool:
        return not options["check"]

    def without(self, sentence: str) -> Mapping[str, Any]:
        return without_loading(sentence)

    def work(self, *, file: str, check: bool, **_options: Any) -> base.Outcome:
        source = base.read_file(file)
        loaded = load_mechanism(source=source, at=base.now(), check=check)
        return outcome_of(loaded, what="Versions", check=check, of_the_format=is_toml(source))


def is_toml(source: bytes) -> bool:
    """Whether the bytes are TOML, whatever it says."""
    try:
        tomllib.loads(source.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        return False
    return True
