"""Databases of each size, made once and kept by the digest of the code that makes them.

On SQLite they are files in BENCH_DIR (``data/bench``), on PostgreSQL the databases ``bench_s``, ``bench_l`` and so on
of the server in TEST_POSTGRESQL. A benchmark that writes works on a copy.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from bench.sizes import SIZES

ROOT = Path(__file__).resolve().parent.parent
POSTGRESQL = "postgres://postgres@127.0.0.1:5432/postgres"
MADE_BY = (
    "bench/databases.py",
    "bench/sizes.py",
    "bench/extras.py",
    "bench/peers/models.py",
    "cases/data/**/*.json",
    "cases/migrations/*.py",
    "cases/models/*.py",
    "cases/operations/*.py",
    "config/management/commands/simulate.py",
    "config/simulation/*.py",
    "notifications/migrations/*.py",
    "workflow/*.py",
    "workflow/mechanisms/untoc/*.toml",
)
KINDS = ("bare", "crowd", "ready")
"""As simulated; with a person who has 5,000 open tasks; with reviews that can all take the same step next."""


class NotRun(Exception):
    """A benchmark that cannot be run here; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Database:
    """One database, and the environment of a process that works on it."""

    url: str
    folder: Path

    @property
    def env(self) -> dict[str, str]:
        return {
            **os.environ,
            "DATABASE_URL": self.url,
            "DATA_DIR": str(self.folder),
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "SECRET_KEY": "only-for-benchmarks",
            "AUDIT_KEY_FILE": str(self.folder / "audit.key"),
            "DEMO": "0",
            "DEBUG": "0",
            "PUBLIC_URL": "http://localhost:8000",
        }

    def run(self, *arguments: str) -> str:
        """Run a command on this database; returns what it printed.

        :raises NotRun: with its last words, when it does not succeed.
        """
        done = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=self.env, check=False, capture_output=True)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise NotRun(f"{' '.join(arguments[:3])}: {said[-1] if said else done.returncode}")
        return done.stdout.decode()


def kept_in() -> Path:
    """Where databases are kept between runs."""
    return Path(os.environ.get("BENCH_DIR") or ROOT / "data" / "bench")


@cache
def digest() -> str:
    """The digest of everything that decides what is in a database, as it is when a benchmark begins."""
    found = hashlib.sha256()
    for pattern in MADE_BY:
        for path in sorted(ROOT.glob(pattern)):
            found.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()[:12]


def seeded(db: str, size: str, kind: str = "bare") -> Database:
    """The database of this size and kind, made now if it is not there yet.

    :raises NotRun: when it cannot be made.
    """
    folder = kept_in()
    folder.mkdir(parents=True, exist_ok=True)
    return _sqlite(folder, size, kind) if db == "sqlite" else _postgresql(folder, size, kind)


def _make(database: Database, size: str, kind: str) -> None:
    if kind == "bare":
        database.run("manage.py", "migrate", "--verbosity", "0")
        database.run("manage.py", "migrate", "--run-syncdb", "--verbosity", "0")  # the peers', which point to people
        database.run("manage.py", "simulate", *SIZES[size].arguments, "--json")
    else:
        database.run("-m", "bench.extras", kind)


def collected(folder: Path) -> None:
    """Collect the static files once, as in production."""
    if not (folder / "static.of").exists() or (folder / "static.of").read_text() != _static_digest():
        Database(f"sqlite:///{folder / 'none.sqlite3'}", folder).run(
            "manage.py", "collectstatic", "--noinput", "-v", "0"
        )
        (folder / "static.of").write_text(_static_digest())


def _static_digest() -> str:
    found = hashlib.sha256()
    for path in sorted((ROOT / "static").rglob("*")):
        if path.is_file():
            found.update(path.read_bytes())
    return found.hexdigest()


# SQLite


def _sqlite(folder: Path, size: str, kind: str) -> Database:
    path = folder / f"{size}-{kind}-{digest()}.sqlite3"
    if not path.exists():
        for old in folder.glob(f"{size}-{kind}-*"):
            old.unlink()
        draft = folder / f"{path.stem}.{os.getpid()}.draft"
        if kind != "bare":
            _copy(Path(_path_of(_sqlite(folder, size, "bare"))), draft)
        database = Database(f"sqlite:///{draft}", folder)
        _make(database, size, kind)
        database.run("-c", _FOLD.format(path=str(draft)))
        draft.rename(path)
    return Database(f"sqlite:///{path}", folder)


_FOLD = """
import sqlite3
database = sqlite3.connect({path!r})
database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
database.execute("PRAGMA journal_mode=DELETE")
"""


def _path_of(database: Database) -> str:
    return urlsplit(database.url).path


def _copy(source: Path, target: Path) -> None:
    """Copy a database file with what is still beside it."""
    for suffix in ("", "-wal"):
        part = Path(f"{source}{suffix}")
        if part.exists():
            shutil.copyfile(part, f"{target}{suffix}")


# PostgreSQL


def _server() -> str:
    return os.environ.get("TEST_POSTGRESQL") or POSTGRESQL


def _named(name: str) -> str:
    return urlunsplit(urlsplit(_server())._replace(path=f"/{name}"))


def _ask(statement: str) -> list[tuple[object, ...]]:
    import psycopg

    try:
        with psycopg.connect(_named("postgres"), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []
    except psycopg.OperationalError as error:
        raise NotRun(f"no PostgreSQL: {str(error).splitlines()[0]}") from error


def _postgresql(folder: Path, size: str, kind: str) -> Database:
    name = f"bench_{size.lower()}" + ("" if kind == "bare" else f"_{kind}")
    mark = json.dumps({"made_by": digest()})
    made = _ask(f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{name}'")
    if made != [(mark,)]:
        _ask(f'DROP DATABASE IF EXISTS "{name}"')
        if kind == "bare":
            _ask(f'CREATE DATABASE "{name}"')
        else:
            _postgresql(folder, size, "bare")
            _ask(f'CREATE DATABASE "{name}" TEMPLATE "bench_{size.lower()}"')
        _make(Database(_named(name), folder), size, kind)
        Database(_named(name), folder).run("-m", "bench.extras", "analyze")
        _ask(f"COMMENT ON DATABASE \"{name}\" IS '{mark}'")
    return Database(_named(name), folder)


@contextmanager
def copied(db: str, size: str, kind: str = "bare") -> Iterator[Database]:
    """A copy to write to, gone afterwards.

    :raises NotRun: when it cannot be made.
    """
    original = seeded(db, size, kind)
    name = f"bench_copy_{os.getpid()}_{size.lower()}_{kind}"
    if db == "sqlite":
        target = original.folder / f"{name}.sqlite3"
        _copy(Path(_path_of(original)), target)
        try:
            yield Database(f"sqlite:///{target}", original.folder)
        finally:
            for part in original.folder.glob(f"{name}.sqlite3*"):
                part.unlink()
        return
    _ask(f'CREATE DATABASE "{name}" TEMPLATE "{urlsplit(original.url).path.strip("/")}"')
    try:
        yield Database(_named(name), original.folder)
    finally:
        _ask(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
