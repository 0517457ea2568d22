"""Whether an installation is fit to run: each line ok, warning or broken, with what to do."""

import json
import smtplib
import socketserver
import threading
from collections import namedtuple
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import load_command_class
from django.db import OperationalError, connection

from cases.models import Event
from cases.models import Installation as InstallationRow
from cases.operations.audit import make_checkpoint
from cases.operations.sweep import sweep
from config import fitness
from tests.installation import Done, Installation

NAMES = ["database", "channel layer", "mail", "storage", "clock", "keys", "last backup"]
NOW = datetime.now(UTC)


def look(name, now=NOW):
    return {one.name: one for one in fitness.checks(now)}[name]


@pytest.fixture
def run(capsys):
    def run(*arguments) -> Done:
        capsys.readouterr()
        status = load_command_class("config", "check_system")._run(["manage.py", "check_system", *arguments])
        return Done(status, *capsys.readouterr())

    return run


@pytest.fixture
def fit(db, settings, tmp_path):
    """An installation where nothing is broken."""
    settings.SECRET_KEY = "only-for-tests-" * 4
    settings.DATA_DIR = tmp_path
    settings.AUDIT_KEY_FILE = tmp_path / "audit.key"
    settings.EMBEDDED = True


def test_a_new_installation_is_fit_when_it_is_migrated_and_collected(tmp_path):
    own = Installation(tmp_path)
    bare = own.manage("check_system", "--json")
    assert (bare.status, bare.json["ok"]) == (1, False)
    said = {one["name"]: one for one in bare.json["checks"]}
    assert list(said) == NAMES
    assert "manage.py migrate" in said["database"]["message"]
    assert "manage.py collectstatic" in said["storage"]["message"]
    assert said["clock"]["message"] == "It can be looked at only when the database is as it should be."
    own.migrated()
    assert own.manage("collectstatic", "--noinput", "--verbosity", "0").status == 0
    ready = own.manage("check_system", "--json")
    assert (ready.status, ready.json["ok"]) == (0, True)
    assert {one["name"]: one["status"] for one in ready.json["checks"]} == {
        "database": "ok",
        "channel layer": "ok",
        "mail": "warning",
        "storage": "ok",
        "clock": "warning",
        "keys": "ok",
        "last backup": "warning",
    }


def test_each_line_is_for_people_too(fit, run):
    done = run()
    assert done.status == 0
    assert [line[9:22].strip() for line in done.out.splitlines()] == NAMES
    assert {line.split()[0] for line in done.out.splitlines()} == {"ok", "warning"}


def test_every_line_that_is_not_ok_says_what_to_do(fit, run):
    for one in run("--json").json["checks"]:
        assert one["status"] == "ok" or any(word in one["message"] for word in ("set ", "run ", "keep ")), one


def test_a_database_out_of_reach_is_broken(tmp_path):
    done = Installation(tmp_path).manage("check_system", "--json", DATABASE_URL="postgres://nobody@127.0.0.1:1/none")
    assert done.status == 1
    said = {one["name"]: one for one in done.json["checks"]}
    assert said["database"]["status"] == "broken"
    assert "DATABASE_URL" in said["database"]["message"]
    assert "Traceback" not in done.err


def test_the_database_is_named(fit):
    found = look("database")
    assert found.status == "ok"
    assert found.message.startswith("PostgreSQL 1" if connection.vendor == "postgresql" else "SQLite in WAL mode")


def test_a_record_that_nothing_guards_is_broken(fit):
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER cases_event_no_update")
        else:
            cursor.execute("ALTER TABLE cases_event DISABLE TRIGGER cases_event_append_only")
    found = look("database")
    assert found.status == "broken"
    assert "cases_event" in found.message


def test_a_check_that_cannot_be_made_is_broken_and_the_others_go_on(fit, monkeypatch):
    def fall(*_anything):
        raise OperationalError("gone")

    monkeypatch.setattr(fitness.shutil, "disk_usage", lambda _path: 1 / 0)
    monkeypatch.setattr(fitness, "must_sign_next", fall)
    found = {one.name: one for one in fitness.checks(NOW)}
    assert found["storage"].status == "broken"
    assert "ZeroDivisionError" in found["storage"].message
    assert found["database"].status == "ok"


def test_redis_is_not_used(fit, settings):
    assert look("channel layer").status == "ok"
    settings.REDIS_URL = "redis://localhost"
    assert look("channel layer").status == "warning"


class Letters(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            self.wfile.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 here\r\n")


def test_mail_that_leaves_the_building_is_tried(fit, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Letters) as server:
        settings.EMAIL_PORT = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert look("mail").status == "ok"
        server.shutdown()
    found = look("mail")
    assert found.status == "broken"
    assert "EMAIL_URL" in found.message


@pytest.mark.parametrize("backend", ["console", "filebased", "locmem"])
def test_mail_that_stays_in_the_building_is_a_warning(fit, settings, backend):
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    assert look("mail").status == "warning"


def test_a_mail_server_that_refuses_the_password_is_broken(fit, settings, monkeypatch):
    def refuse(_backend):
        raise smtplib.SMTPAuthenticationError(535, b"no")

    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    monkeypatch.setattr("django.core.mail.backends.smtp.EmailBackend.open", refuse)
    assert look("mail").status == "broken"


def test_storage_says_when_room_gets_short(fit, monkeypatch):
    Usage = namedtuple("Usage", "total used free")
    for free, status in ((50, "broken"), (500, "warning"), (5000, "ok")):
        monkeypatch.setattr(fitness.shutil, "disk_usage", lambda _path, free=free: Usage(0, 0, free * 1024 * 1024))
        assert look("storage").status == status, free


def test_storage_that_cannot_be_written_is_broken(fit, settings, tmp_path, monkeypatch):
    def refuse(**_anything):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(fitness.tempfile, "TemporaryFile", refuse)
    found = look("storage")
    assert found.status == "broken"
    assert "Read-only file system" in found.message


def test_style_sheets_that_were_not_collected_are_broken(fit, monkeypatch):
    monkeypatch.setattr(fitness, "collected", lambda: False)
    assert "collectstatic" in look("storage").message
    assert look("storage").status == "broken"


def test_the_clock_is_looked_at(fit):
    assert look("clock").status == "warning"
    sweep(now=NOW)
    assert InstallationRow.objects.get().last_sweep_at == NOW
    for later, status in ((timedelta(minutes=9), "ok"), (timedelta(hours=2), "warning"), (timedelta(days=2), "broken")):
        assert look("clock", NOW + later).status == status, later


def test_a_clock_before_what_was_recorded_is_broken(world):
    newest = Event.objects.latest("at").at
    found = look("clock", newest - timedelta(hours=1))
    assert found.status == "broken"
    assert "set its clock" in found.message
    assert look("clock", newest + timedelta(hours=1)).status == "warning"


def test_a_short_secret_is_broken_and_in_a_demonstration_a_warning(fit, settings):
    lengths = ((16, False, "broken"), (16, True, "warning"), (40, False, "warning"), (64, False, "ok"))
    for length, demo, status in lengths:
        settings.SECRET_KEY, settings.DEMO = "k" * length, demo
        assert look("keys").status == status, (length, demo)


def test_an_audit_key_that_others_can_read_is_broken(world, fit, settings):
    make_checkpoint(at=NOW)
    assert look("keys").status == "ok"
    settings.AUDIT_KEY_FILE.chmod(0o644)
    found = look("keys")
    assert found.status == "broken"
    assert f"chmod 600 {settings.AUDIT_KEY_FILE}" in found.message


def test_another_audit_key_than_the_last_checkpoint_announced_is_broken(world, fit, settings, tmp_path):
    make_checkpoint(at=NOW)
    settings.AUDIT_KEY_FILE = tmp_path / "another.key"
    assert look("keys").status == "broken", "it was lost, and must not be made anew"
    fitness.ledger.generate_key(settings.AUDIT_KEY_FILE)
    found = look("keys")
    assert found.status == "broken"
    assert "must sign after checkpoint 1" in found.message


def test_a_missing_audit_key_is_broken_on_a_server_database(fit, settings):
    assert look("keys").status == "ok"
    settings.EMBEDDED = False
    assert look("keys").status == "broken"


def test_it_changes_nothing(fit, run, tmp_path):
    before = sorted(tmp_path.iterdir())
    run("--json")
    assert sorted(tmp_path.iterdir()) == before
    assert json.dumps(before, default=str) == "[]"
    assert not InstallationRow.objects.exists()
