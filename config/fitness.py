"""What an installation needs to run, each looked at by itself: a check says what it found and never raises."""

import os
import shutil
import smtplib
import stat
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.mail import get_connection
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Max

from cases.management.base import one_line
from cases.models import Checkpoint, Event, Installation
from cases.operations.audit import must_sign_next
from config.static_files import collected
from workflow import ledger

OK, WARNING, BROKEN = "ok", "warning", "broken"
MIB = 1024 * 1024
LEAST_SPACE, LITTLE_SPACE = 100 * MIB, 1024 * MIB
SHORTEST_SECRET, SHORT_SECRET = 32, 50
APPEND_ONLY = ("cases_event", "cases_checkpoint", "cases_textversion")
MAIL_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked at, how it is, and where it is not well, what to do."""

    name: str
    status: str
    message: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


Found = tuple[str, str]


def checks(now: datetime) -> list[Check]:
    """Every check, in the order of docs/formats.md §1."""
    looks: tuple[tuple[str, Callable[[], Sequence[Found]]], ...] = (
        ("database", database),
        ("channel layer", channel_layer),
        ("mail", mail),
        ("storage", storage),
        ("clock", lambda: clock(now)),
        ("keys", keys),
        ("last backup", last_backup),
    )
    return [_check(name, look) for name, look in looks]


def _check(name: str, look: Callable[[], Sequence[Found]]) -> Check:
    """The worst of what was found; what is well is left out beside what is not."""
    try:
        found = look()
    except DatabaseError:
        found = [(BROKEN, "It can be looked at only when the database is as it should be.")]
    except Exception as error:  # noqa: BLE001  a check that cannot be made is a finding, and the others go on
        found = [(BROKEN, f"Could not be looked at: {type(error).__name__}: {one_line(error)}.")]
    worst = max((status for status, _ in found), key=(OK, WARNING, BROKEN).index)
    kept = [sentence for status, sentence in found if worst == OK or status != OK]
    return Check(name, worst, " ".join(kept))


def database() -> list[Found]:
    """Reachable, migrated, set as the product needs it, its record append-only."""
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return [(BROKEN, f"It cannot be used: {one_line(error)}. Check DATABASE_URL and that its server runs.")]
    if missing:
        return [(BROKEN, f"{len(missing)} migrations are missing: run .venv/bin/python manage.py migrate.")]
    found = _sqlite() if connection.vendor == "sqlite" else [(OK, _version())]
    unguarded = _unguarded()
    if unguarded:
        found.append(
            (
                BROKEN,
                f"The triggers that keep the record append-only are missing on {', '.join(unguarded)}: "
                "restore the database from a backup, or have its administrator create them as "
                "cases/migrations/0002 does.",
            )
        )
    return found


def _version() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return f"PostgreSQL {cursor.fetchone()[0]}, migrated."


def _sqlite() -> list[Found]:
    with connection.cursor() as cursor:
        pragmas = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "foreign_keys")}
    if pragmas["journal_mode"] not in ("wal", "memory"):
        return [
            (
                BROKEN,
                f"SQLite is in journal mode {pragmas['journal_mode']}, not WAL, so that a reader stops every writer: "
                "put DATA_DIR on a local disk.",
            )
        ]
    if not pragmas["foreign_keys"]:
        return [(BROKEN, "SQLite does not check foreign keys: use the settings of this product unchanged.")]
    return [(OK, "SQLite in WAL mode, migrated.")]


def _unguarded() -> list[str]:
    """The append-only tables that lack a trigger of cases/migrations/0002."""
    sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            if sqlite
            else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
        )
        there = {row[0] for row in cursor.fetchall()}
    kinds = ("no_update", "no_delete") if sqlite else ("append_only",)
    return [table for table in APPEND_ONLY if not there >= {f"{table}_{kind}" for kind in kinds}]


def channel_layer() -> list[Found]:
    """None is needed: nothing is pushed."""
    if settings.REDIS_URL:
        return [(WARNING, "REDIS_URL is set, but nothing uses it in this version: unset it.")]
    return [(OK, "None is needed: pages are refreshed by the reader; nothing is pushed.")]


def mail() -> list[Found]:
    """Whether letters leave the building."""
    backend = settings.EMAIL_BACKEND.split(".")[-2]
    if backend != "smtp":
        where = {"console": "printed by the server", "filebased": "kept in a folder"}.get(backend, "kept back")
        return [(WARNING, f"Letters are {where} and reach nobody: set EMAIL_URL to smtp://host or smtps://host.")]
    server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    letters = get_connection(timeout=MAIL_SECONDS)
    try:
        letters.open()
    except (OSError, smtplib.SMTPException) as error:
        return [(BROKEN, f"The mail server {server} does not answer: {one_line(error)}. Check EMAIL_URL.")]
    finally:
        letters.close()
    return [(OK, f"The mail server {server} answers.")]


def storage() -> list[Found]:
    """Room and permission to write, and the files that pages need."""
    found: list[Found] = []
    try:
        with tempfile.TemporaryFile(dir=settings.DATA_DIR) as probe:
            probe.write(b"probe")
    except OSError as error:
        sentence = f"DATA_DIR={settings.DATA_DIR} cannot be written to: {error.strerror}"
        found.append((BROKEN, f"{sentence}. Change its owner or its disk."))
    free = shutil.disk_usage(settings.DATA_DIR).free
    if free < LITTLE_SPACE:
        status = BROKEN if free < LEAST_SPACE else WARNING
        found.append((status, f"DATA_DIR={settings.DATA_DIR} has {free // MIB} MiB left: make room."))
    if not collected():
        sentence = f"The style sheets and scripts are not in {settings.STATIC_ROOT}"
        found.append((BROKEN, f"{sentence}: run .venv/bin/python manage.py collectstatic --noinput."))
    return found or [(OK, f"DATA_DIR={settings.DATA_DIR} can be written to and has {free // (1024 * MIB)} GiB left.")]


def clock(now: datetime) -> list[Found]:
    """That dates are looked at regularly, and that the host's time does not lie before what was recorded."""
    found: list[Found] = []
    newest = Event.objects.aggregate(at=Max("at"))["at"]
    if newest is not None and newest > now + timedelta(minutes=5):
        found.append(
            (
                BROKEN,
                f"This machine says {now:%Y-%m-%d %H:%M} UTC, before the newest entry of {newest:%Y-%m-%d %H:%M}: "
                "set its clock.",
            )
        )
    remedy = "run .venv/bin/python manage.py serve, or schedule manage.py sweep every five minutes"
    last = Installation.objects.aggregate(at=Max("last_sweep_at"))["at"]
    if last is None:
        found.append((WARNING, f"No pass of the clock is recorded: {remedy}."))
    elif now - last > timedelta(hours=1):
        status = BROKEN if now - last > timedelta(days=1) else WARNING
        found.append((status, f"The last pass of the clock was on {last:%Y-%m-%d at %H:%M} UTC: {remedy}."))
    return found or [(OK, f"The last pass of the clock was on {last:%Y-%m-%d at %H:%M} UTC.")]


def keys() -> list[Found]:
    """Whether the secrets are long enough, there, and nobody else's to read."""
    return _secret_key() + _audit_key()


def _secret_key() -> list[Found]:
    found: list[Found] = []
    length = len(settings.SECRET_KEY)
    if length < SHORT_SECRET:
        status = BROKEN if length < SHORTEST_SECRET and not settings.DEMO else WARNING
        found.append((status, f"SECRET_KEY has {length} characters: set a random one of {SHORT_SECRET} or more."))
    kept = Path(settings.DATA_DIR) / "secret_key"
    if not os.environ.get("SECRET_KEY", "").strip() and kept.exists():
        found += _open_to_others(kept)
    return found or [(OK, f"SECRET_KEY has {length} characters.")]


def _audit_key() -> list[Found]:
    path = Path(settings.AUDIT_KEY_FILE)
    newest = Checkpoint.objects.order_by("-number").first()
    if settings.EMBEDDED and not path.exists() and newest is None:
        return [(OK, "AUDIT_KEY_FILE is made with the first checkpoint.")]
    try:
        key = ledger.public_hex(ledger.load_key(path))
    except (OSError, ledger.KeyFileError) as error:
        return [(BROKEN, f"AUDIT_KEY_FILE={path} cannot be used: {one_line(error)}. Restore it from its safe copy.")]
    found = _open_to_others(path)
    if newest is not None and must_sign_next(newest) != key:
        found.append(
            (
                BROKEN,
                f"AUDIT_KEY_FILE={path} is not the key that must sign after checkpoint {newest.number}: "
                "set it to that key's file, before the next checkpoint.",
            )
        )
    return found or [(OK, f"The audit key is {key}.")]


def _open_to_others(path: Path) -> list[Found]:
    if stat.S_IMODE(path.stat().st_mode) & stat.S_IROTH:
        return [(BROKEN, f"{path} can be read by everybody on this machine: run chmod 600 {path}.")]
    return []


def last_backup() -> list[Found]:
    """This version keeps no record of backups, so that it cannot say that one is there."""
    how = "a copy made by SQLite's .backup" if connection.vendor == "sqlite" else "pg_dump"
    return [
        (
            WARNING,
            f"None is recorded. Every day, keep elsewhere the database ({how}) and the files in {settings.DATA_DIR}, "
            "and the keys in a place of their own.",
        )
    ]
