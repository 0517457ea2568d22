"""Add or update the States parties from a file (docs/formats.md §1, cases/data/README.md).

Names come from the columns of the file and from ``state-names.csv`` beside it. Exit status 1 when a line says what
cannot be, 2 when the file is not CSV in UTF-8 with the columns needed; either way every problem is named with its line
and nothing is changed.
"""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management import CommandParser

from cases.management import base
from cases.management.loads import outcome_of, without_loading
from cases.operations.loading import load_states
from cases.states_file import REQUIRED

NAMES = "state-names.csv"


class Command(base.Command):
    help = "Add or update the States parties from a file of comma-separated values."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE", help="the file; state-names.csv beside it gives the names")
        parser.add_argument("--check", action="store_true", help="only say what is wrong with the file")

    def wants_database(self, options: Mapping[str, Any]) -> bool:
        return not options["check"]

    def without(self, sentence: str) -> Mapping[str, Any]:
        return without_loading(sentence)

    def work(self, *, file: str, check: bool, **_options: Any) -> base.Outcome:
        source, beside = base.read_file(file), Path(file).with_name(NAMES)
        names = base.read_file(beside) if beside.exists() and beside.name != Path(file).name else None
        loaded = load_states(source=source, names=names, at=base.now(), check=check)
        return outcome_of(loaded, what="States", check=check, of_the_format=is_states_csv(source))


def is_states_csv(source: bytes) -> bool:
    """Whether the bytes are CSV with the columns of a file of States, whatever its rows say."""
    if b"\0" in source:
        return False
    try:
        rows = csv.reader(io.StringIO(source.decode("utf-8-sig"), newline=""), strict=True)
        header = [name.strip() for name in next(rows, [])]
        for _row in rows:
            pass
    except (UnicodeDecodeError, csv.Error):
        return False
    return all(header.count(name) == 1 for name in REQUIRED)
