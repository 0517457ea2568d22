"""Build the living demonstration (docs/formats.md §1): a just launched real cycle, and one of invented parties.

Runs on an empty installation, which it marks as a demonstration for ever, or on one so marked; a second run changes
nothing. ``--reset`` makes the embedded database anew and keeps the keys.
"""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandParser, call_command
from django.db import DatabaseError, connection, connections

from cases.management import base
from cases.models import Installation, Review, User
from cases.operations.audit import signing_key
from config.demonstration.accounts import password_of
from config.demonstration.build import build, is_complete, is_empty
from config.demonstration.people import demonstration_people
from config.demonstration.real import begin_today
from workflow.ledger import KeyFileError


class Command(base.Command):
    help = "Build the demonstration in an empty installation, or say whom one can be in one that is built."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--reset", action="store_true", help="make the embedded database anew first")

    def wants_database(self, options: Mapping[str, Any]) -> bool:
        return not options["reset"]

    def work(self, *, reset: bool, **_options: Any) -> base.Outcome:
        with one_at_a_time():
            if reset:
                make_anew()
            elif interrupted():
                self._say_progress("An earlier run did not come to its end; beginning anew.")
                make_anew()
            refuse_unless_demonstration()
            now = base.now()
            if is_complete():
                begin_today(now=now)
            else:
                refuse_without_key()
                build(now=now, say=self._say_progress)
        people = [{**one, "password": password_of(one["username"])} for one in demonstration_people()]
        reviews = Review.objects.count()
        return base.Outcome(
            {"users": people, "reviews": reviews},
            lines=[
                f"A demonstration with {reviews} reviews and {len(people)} people. The sign-in page lists them; "
                f"for instance officer-1 with the password {password_of('officer-1')}"
            ],
        )

    def _say_progress(self, line: str) -> None:
        self.stderr.write(line)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait for another run in the same folder."""
    with (Path(settings.DATA_DIR) / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def marked() -> bool:
    return Installation.objects.filter(demonstration=True).exists()


def interrupted() -> bool:
    """Whether this command began a demonstration here, in an embedded database, and did not come to its end."""
    begun = User.objects.filter(username="officer-1", email__endswith=".example").exists()
    return settings.EMBEDDED and marked() and begun and not is_complete()


def refuse_unless_demonstration() -> None:
    """Refuse every installation but an empty one and a demonstration.

    :raises NotDone: with what to do.
    """
    if is_empty() or (marked() and is_complete()):
        return
    if not marked():
        raise base.NotDone(
            "This installation is in use and is no demonstration; nothing was changed. "
            "Set DATA_DIR to an empty folder to make one."
        )
    remedy = "Run demo --reset." if settings.EMBEDDED else "Empty the database, migrate it and run demo again."
    raise base.NotDone(f"This demonstration was not built to its end; nothing was changed. {remedy}")


def refuse_without_key() -> None:
    """Refuse to begin what could not be signed at its end.

    :raises NotDone: with what to do.
    """
    try:
        signing_key()
    except (OSError, KeyFileError) as error:
        raise base.NotDone(
            f"The trail cannot be signed with AUDIT_KEY_FILE={settings.AUDIT_KEY_FILE}: {base.one_line(error)}. "
            "Nothing was changed."
        ) from error


def make_anew() -> None:
    """Put a new, migrated database in the place of the embedded one.

    :raises NotDone: on a server database, and on an installation that is in use and no demonstration.
    """
    if not settings.EMBEDDED:
        raise base.NotDone("--reset makes the embedded database anew; a server database is left alone.")
    if Path(connection.settings_dict["NAME"]).exists() and not _may_go():
        raise base.NotDone("This installation is in use and is no demonstration; nothing was changed.")
    connections.close_all()
    for suffix in ("", "-wal", "-shm", "-journal"):
        Path(f"{connection.settings_dict['NAME']}{suffix}").unlink(missing_ok=True)
    call_command("migrate", verbosity=0)


def _may_go() -> bool:
    """Whether the present database is a demonstration or has nothing in it."""
    if not connection.introspection.table_names():
        return True
    try:
        return marked() or is_empty()
    except DatabaseError as error:
        raise base.NotDone(
            f"The database cannot be read as an installation: {base.one_line(error)}. Nothing was changed."
        ) from error
