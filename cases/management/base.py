"""What every command of docs/formats.md §1 has in common: ``--json``, plain sentences and four exit statuses.

0 done; 1 the thing checked does not hold, or the work was refused for a stated reason; 2 bad usage, or a file that
cannot be read or is not of the format; 3 an internal error. With ``--json`` standard output holds exactly one JSON
object and one line feed, whatever the status: where a command could not do its work, the object has the member
``error``, a sentence. Everything else goes to standard error.
"""

import json
import sys
import traceback
from abc import ABC, abstractmethod
from argparse import ArgumentTypeError
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, CommandParser
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor

from cases.exceptions import Refused

DONE, REFUSED, BAD_USAGE, INTERNAL = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command has to say: the object for ``--json``, lines for people, lines about problems, its status."""

    data: Mapping[str, Any]
    lines: Sequence[str] = ()
    problems: Sequence[str] = ()
    status: int = DONE


class NotDone(CommandError):
    """The work was refused; the sentence says why, and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, returncode=REFUSED)


class BadUsage(CommandError):
    """The command line is wrong, or a file cannot be read."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, returncode=BAD_USAGE)


class Command(ABC, BaseCommand):
    """A command that returns an :class:`Outcome` from ``work``; ``needs_database`` refuses one that is not migrated."""

    requires_system_checks: list[str] = []
    needs_database = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    @abstractmethod
    def work(self, *args: Any, **options: Any) -> Outcome:
        """Do the work.

        :raises NotDone: when it is refused; every :class:`cases.exceptions.Refused` is taken as one.
        :raises BadUsage: when the command line or a file cannot be used.
        """

    def without(self, sentence: str) -> Mapping[str, Any]:
        """The object of a command that could not do its work."""
        return {"error": sentence}

    def handle(self, *args: Any, **options: Any) -> None:
        """Run as from Python (``call_command``): what is refused raises CommandError with its ``returncode``."""
        outcome = self._outcome(options)
        self._say(outcome, as_json=options["json"])
        if outcome.status:
            raise CommandError("; ".join(outcome.problems) or "It does not hold.", returncode=outcome.status)

    def run_from_argv(self, argv: list[str]) -> None:
        """Run as from a shell, and exit with the status."""
        try:
            status = self._run(argv)
        finally:
            connections.close_all()
        sys.exit(status)

    def _run(self, argv: list[str]) -> int:
        as_json, detailed = "--json" in argv, "--traceback" in argv
        try:
            options = vars(self.create_parser(argv[0], argv[1]).parse_args(argv[2:]))
        except CommandError as error:
            sentence = f"{str(error).removeprefix('Error: ')} (see manage.py {argv[1]} --help)"
            return self._refuse(sentence, BAD_USAGE, as_json=as_json)
        try:
            outcome = self._outcome(options)
        except CommandError as error:
            return self._refuse(str(error), error.returncode, as_json=as_json)
        except ImproperlyConfigured as error:
            return self._refuse(str(error), BAD_USAGE, as_json=as_json)
        except KeyboardInterrupt:
            return self._refuse("Stopped before the end.", REFUSED, as_json=as_json)
        except Exception as error:  # noqa: BLE001  whatever happens, the caller gets a sentence and a status
            if detailed:
                traceback.print_exc()
            hint = "" if detailed else " Run it again with --traceback to see where."
            return self._refuse(f"Internal error: {type(error).__name__}: {error}.{hint}", INTERNAL, as_json=as_json)
        self._say(outcome, as_json=as_json)
        return outcome.status

    def _outcome(self, options: dict[str, Any]) -> Outcome:
        # What libraries print on the way must not stand beside the JSON object.
        with redirect_stdout(sys.stderr):
            if self.wants_database(options):
                refuse_unless_migrated()
            try:
                return self.work(**options)
            except Refused as error:
                raise NotDone(" ".join(str(reason) for reason in error.reasons) or "It was refused.") from error

    def wants_database(self, options: Mapping[str, Any]) -> bool:
        """Whether this call needs a migrated database."""
        return self.needs_database

    def _refuse(self, sentence: str, status: int, *, as_json: bool) -> int:
        self.stderr.write(sentence)
        if as_json:
            self._print(self.without(sentence))
        return status

    def _say(self, outcome: Outcome, *, as_json: bool) -> None:
        for line in outcome.problems:
            self.stderr.write(line)
        if as_json:
            self._print(outcome.data)
        else:
            for line in outcome.lines:
                self.stdout.write(line)

    def _print(self, data: Mapping[str, Any]) -> None:
        self.stdout.write(json.dumps(data, separators=(",", ":")))


def refuse_unless_migrated() -> None:
    """Refuse to work on a database that cannot be reached or lacks migrations.

    :raises NotDone: with what to do.
    """
    try:
        executor = MigrationExecutor(connections["default"])
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise NotDone(f"The database cannot be used: {one_line(error)}. Check DATABASE_URL.") from error
    if missing:
        raise NotDone(
            f"The database lacks {len(missing)} migration{'s' if len(missing) > 1 else ''}: "
            "run .venv/bin/python manage.py migrate first."
        )


def one_line(error: BaseException) -> str:
    """An error's own words on one line, without a full stop."""
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def read_file(path: str | Path) -> bytes:
    """The bytes of a file that the caller named.

    :raises BadUsage: when it cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise BadUsage(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error


def moment(text: str) -> datetime:
    """A time given on the command line as RFC 3339, with its offset."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or "T" not in text.upper():
        raise ArgumentTypeError(f"{text!r} is not a time; give it as 2026-11-24T07:00:00Z")
    return at.astimezone(UTC)


def now() -> datetime:
    """The clock, read at the edge."""
    return datetime.now(UTC)
