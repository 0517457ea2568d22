"""Check an exported trail, or the database when no file is named (docs/formats.md §3, docs/audit.md).

The check is that of ``tools/verify_audit.py``, with the same flags, object and exit status; how the database is
checked stands in ``cases/management/trail.py``. Nothing is written.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management import CommandParser

from cases.management import base
from cases.management.trail import verify_database
from tools import verify_audit as tool


class Command(base.Command):
    help = "Check an exported audit trail, or the one in the database."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", nargs="?", metavar="FILE", help="what export_audit wrote; without it, the database")
        parser.add_argument("--key", metavar="HEX", type=tool.parse_key, help="the public key, known from elsewhere")
        parser.add_argument(
            "--checkpoint", metavar="N:HASH", type=tool.parse_checkpoint, help="a checkpoint, known from elsewhere"
        )
        parser.add_argument(
            "--open", metavar="OBJECT", dest="disclosed", help="a file of disclose, checked to belong to its entry"
        )

    def wants_database(self, options: Mapping[str, Any]) -> bool:
        return options["file"] is None

    def without(self, sentence: str) -> Mapping[str, Any]:
        return tool.new_report() | {"error": sentence}

    def work(
        self,
        *,
        file: str | None,
        key: str | None,
        checkpoint: tuple[int, str] | None,
        disclosed: str | None,
        **_options: Any,
    ) -> base.Outcome:
        try:
            opened = tool.load_disclosed(disclosed) if disclosed is not None else None
            held: dict[str, Any] = {"key": key, "checkpoint": checkpoint, "disclosed": opened}
            report = verify_database(**held) if file is None else verify_file(file, **held)
        except (OSError, ValueError, tool.NotATrailError) as error:
            raise base.BadUsage(f"{base.one_line(error)}.") from error
        return outcome_of(report)


def verify_file(path: str | Path, **held: Any) -> dict[str, Any]:
    """The report on an exported trail.

    :raises OSError: when it cannot be read.
    :raises NotATrailError: when it is no trail.
    """
    with Path(path).open("rb") as file:
        return tool.verify(iter(partial(file.readline, tool.LONGEST_LINE), b""), **held)


def outcome_of(report: Mapping[str, Any]) -> base.Outcome:
    """What a report says to people."""
    warnings = [f"Note: {one}" for one in report["warnings"]]
    if not report["ok"]:
        problem = f"The trail does not hold: {where(report)}."
        return base.Outcome(report, problems=[*warnings, problem], status=base.REFUSED)
    newest = report["checkpoint"] or "none yet"
    counted = f"The trail holds: {report['entries']} entries in {report['cases']} cases; newest checkpoint: {newest}."
    trusted = (
        "It was compared with what you hold."
        if report["trusted"]
        else "It agrees with itself; give --key or --checkpoint, known from elsewhere, to know that it is the true one."
    )
    return base.Outcome(report, lines=[counted, trusted], problems=warnings)


def where(report: Mapping[str, Any]) -> str:
    """The first thing that does not hold, with its place."""
    bad = report["first_bad"]
    entry = f" ({bad['case']}, entry {bad['seq']})" if bad["case"] else ""
    return f"line {bad['line']}{entry}: {bad['why']}"
