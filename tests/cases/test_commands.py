"""The commands of docs/formats.md §1: what they print, how they exit, and that what fails changes nothing."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from cases.management import base, trail
from cases.models import Checkpoint, Event, StateParty, Task
from cases.models import Installation as InstallationRow
from cases.operations import sweep as sweep_module
from cases.operations.audit import make_checkpoint, signing_key
from tests.cases.test_states_file import BROKEN as BROKEN_STATES
from tests.cases.test_states_file import DATA, HEADER
from tests.conftest import MECHANISM, make_review
from tests.installation import ROOT, Done, Installation
from tests.integrity.conftest import append_only_again, committed  # noqa: F401  the fixtures
from tests.tools.test_verify_audit import change, relink, seal
from tests.workflow.test_definition import BROKEN as BROKEN_DEFINITIONS
from tests.workflow.test_definition import UNTOC, edited
from workflow.ledger import public_hex
from workflow.models import MechanismVersion

TOOL = ROOT / "tools" / "verify_audit.py"


@pytest.fixture(scope="module")
def own(tmp_path_factory) -> Installation:
    return Installation(tmp_path_factory.mktemp("commands")).migrated()


def everything() -> dict:
    """Every row of the record."""
    return {
        model._meta.label: list(model.objects.order_by("pk").values())
        for label in ("cases", "workflow", "notifications")
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
    }


# --- standard output and exit status, as a script sees them ---


def test_bad_usage_is_2_with_one_object_and_a_sentence(own):
    for arguments in (
        ("load_states",),
        ("load_states", "/nonexistent/file"),
        ("load_mechanism", "a", "b"),
        ("load_mechanism", "/"),
        ("sweep", "--now", "yesterday"),
        ("sweep", "--now", "2026-11-24T07:00:00"),
        ("disclose", "--case", "system/_"),
        ("disclose", "--case", "system/_", "--seq", "0"),
        ("export_audit",),
        ("verify_audit", "/nonexistent/file"),
        ("verify_audit", "--key", "12"),
        ("verify_audit", "--checkpoint", "last"),
        ("verify_audit", MECHANISM),
        ("verify_audit", "--open", MECHANISM),
        ("check_system", "--loud"),
        ("serve", "--port", "80"),
    ):
        done = own.manage(*arguments, "--json")
        assert done.status == 2, arguments
        assert len(done.json["error"]) > 10, arguments
        assert done.json["error"] in done.err
        assert "Traceback" not in done.err


def test_without_json_a_refusal_leaves_standard_output_empty(own):
    done = own.manage("load_states", "/nonexistent/file")
    assert (done.status, done.out) == (2, "")
    assert done.err == "/nonexistent/file cannot be read: No such file or directory.\n"


def test_a_wrong_setting_is_2_and_one_object(own):
    done = own.manage("sweep", "--json", PORT="eighty")
    assert (done.status, done.json) == (2, {"error": "PORT is 'eighty'; set it to a whole number."})
    assert done.err == "PORT is 'eighty'; set it to a whole number.\n"


def test_a_database_without_migrations_is_refused(tmp_path):
    done = Installation(tmp_path).manage("sweep", "--json")
    assert done.status == 1
    assert "manage.py migrate" in done.json["error"]


def test_a_database_out_of_reach_is_refused(own):
    done = own.manage("sweep", "--json", DATABASE_URL="postgres://nobody@127.0.0.1:1/none")
    assert done.status == 1
    assert "DATABASE_URL" in done.json["error"]


def test_help_is_0(own):
    done = own.manage("export_audit", "--help")
    assert done.status == 0
    assert "--review" in done.out


def test_what_was_not_foreseen_is_3_with_a_sentence(db, run, monkeypatch):
    def fall(**_anything):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("cases.management.commands.sweep.sweep", fall)
    done = run("sweep", "--json")
    assert done.status == 3
    assert done.json["error"].startswith("Internal error: ZeroDivisionError: division by zero.")
    assert "Traceback" not in done.err
    assert "Traceback" in run("sweep", "--json", "--traceback").err


def test_what_others_print_does_not_stand_beside_the_object(db, run, monkeypatch):
    def chatter(**_anything):
        print("a letter on the console")
        return sweep_module.Swept()

    monkeypatch.setattr("cases.management.commands.sweep.sweep", chatter)
    done = run("sweep", "--json")
    assert done.json["failed"] == []
    assert "a letter on the console" in done.err


def test_from_python_a_refusal_is_an_error_with_its_status(db):
    with pytest.raises(CommandError) as refused:
        call_command("disclose", case="system/_", seq=1)
    assert refused.value.returncode == base.REFUSED


# --- loading ---


def test_states_are_loaded_from_the_shipped_file_once(own):
    first = own.manage("load_states", DATA / "states.csv", "--json")
    assert (first.status, first.json["created"], first.json["errors"]) == (0, 198, [])
    assert len(first.json["warnings"]) == 157
    names = own.python("from cases.models import *; print(StateParty.objects.get(code='EUE').names['fr']['short'])")
    assert "Union européenne" in names.out
    again = own.manage("load_states", DATA / "states.csv", "--json").json
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 198)
    assert own.manage("load_mechanism", MECHANISM, "--json").json["created"] == 1
    assert own.manage("load_mechanism", MECHANISM, "--json").json["unchanged"] == 1


def test_names_come_from_the_file_beside(db, run, tmp_path):
    (tmp_path / "states.csv").write_text(f"{HEADER}\nXAA,African,y,,,\n")
    (tmp_path / "state-names.csv").write_text("iso3,short_en,short_fr\nXAA,Velmora,Velmora (la)\n")
    done = run("load_states", tmp_path / "states.csv", "--json")
    assert done.json["created"] == 1
    assert StateParty.objects.get(code="XAA").names["fr"]["short"] == "Velmora (la)"
    (tmp_path / "state-names.csv").write_text("iso3,short_en\nXAA,=A1\n")
    before = everything()
    done = run("load_states", tmp_path / "states.csv", "--json")
    assert done.status == 1
    assert done.json["errors"][0]["message"].startswith("Names file: ")
    assert everything() == before


def test_a_changed_line_is_an_update(db, run, tmp_path):
    file = tmp_path / "states.csv"
    file.write_text(f"{HEADER},short_en\nXAA,African,y,,,,Velmora\nXAB,GRULAC,y,y,,,Tarquessa\n")
    run("load_states", file)
    file.write_text(f"{HEADER},short_en\nXAA,African,y,,,,Velmora\nXAB,GRULAC,y,y,y,,Tarquessa\nXAC,,y,,,,Ondrell\n")
    counts = run("load_states", file, "--json").json
    assert (counts["created"], counts["updated"], counts["unchanged"]) == (1, 1, 1)
    assert StateParty.objects.get(code="XAB").ratifications.count() == 3


def test_check_changes_nothing_and_needs_no_database(tmp_path):
    bare = Installation(tmp_path)
    for arguments in (("load_states", DATA / "states.csv"), ("load_mechanism", MECHANISM)):
        done = bare.manage(*arguments, "--check", "--json")
        assert (done.status, done.json["errors"], done.json["created"]) == (0, [], 0)
    assert not (tmp_path / "reviews.sqlite3").exists()


NOT_A_STATES_FILE = {
    "empty",
    "only white space",
    "two columns missing",
    "column twice",
    "semicolons",
    "not UTF-8",
    "UTF-16",
    "NUL bytes",
    "quote never closed",
    "text after a quote",
    "a file of another kind",
}


@pytest.mark.parametrize("check", [False, True], ids=["load", "check"])
@pytest.mark.parametrize("name", BROKEN_STATES)
def test_a_broken_file_of_states_names_every_problem_and_changes_nothing(db, run, tmp_path, name, check):
    source, expected = BROKEN_STATES[name]
    (tmp_path / "states.csv").write_bytes(source)
    before = everything()
    done = run("load_states", tmp_path / "states.csv", "--json", *(["--check"] if check else []))
    assert done.status == (2 if name in NOT_A_STATES_FILE else 1)
    assert [error["line"] for error in done.json["errors"]] == [line for line, _ in expected]
    for error, (line, words) in zip(done.json["errors"], expected, strict=True):
        assert words in error["message"]
        assert f"line {line}: {error['message']}" in done.err
    assert everything() == before


@pytest.mark.parametrize("name", BROKEN_DEFINITIONS)
def test_a_broken_definition_names_every_problem_and_changes_nothing(db, run, tmp_path, name):
    edits, expected = BROKEN_DEFINITIONS[name]
    text = edited(*edits)
    (tmp_path / "mechanism.toml").write_text(text, encoding="utf-8")
    before = everything()
    done = run("load_mechanism", tmp_path / "mechanism.toml", "--json")
    not_toml = ("this is not TOML", "this key stands here a second time")
    assert done.status == (2 if any(words.startswith(not_toml) for _, words in expected) else 1)
    errors = done.json["errors"]
    said = [(f"line {one['line']}" if "line" in one else one["key"], one["message"]) for one in errors]
    assert len(said) == len(expected)
    for where, words in expected:
        assert any(place == where(text) and words in message for place, message in said), (where(text), words, said)
    assert everything() == before


def test_a_definition_that_is_no_text_is_2(db, run, tmp_path):
    (tmp_path / "mechanism.toml").write_bytes(b"\x89PNG\r\n\xff")
    done = run("load_mechanism", tmp_path / "mechanism.toml", "--json")
    assert done.status == 2
    assert "UTF-8" in done.json["errors"][0]["message"]


def test_a_published_version_is_never_changed(db, run, tmp_path):
    file = tmp_path / "mechanism.toml"
    file.write_text(UNTOC)
    assert run("load_mechanism", file).status == 0
    before = everything()
    file.write_text(UNTOC + "\n# one more line\n")
    done = run("load_mechanism", file, "--json")
    assert (done.status, done.json["errors"][0]["key"]) == (1, "version")
    assert everything() == before
    file.write_text(UNTOC.replace("version = 1", "version = 2", 1))
    assert run("load_mechanism", file, "--json").json["created"] == 1
    assert MechanismVersion.objects.count() == 2


# --- the clock ---


def test_a_second_sweep_for_the_same_time_does_nothing(cast, run, settings):
    settings.EMBEDDED = True
    due = Task.objects.exclude(due_on=None).latest("due_on").due_on
    later = f"{due + timedelta(days=3)}T09:00:00Z"
    first = run("sweep", "--now", later, "--json")
    assert first.status == 0
    assert first.json["overdue"] > 0
    assert Event.objects.filter(verb="deadline.pass").count() == first.json["overdue"]
    before = everything()
    second = run("sweep", "--now", later, "--json")
    assert second.json == {"overdue": 0, "reminders": 0, "escalations": 0, "timers": 0, "failed": []}
    assert everything() == before


def test_a_review_that_fails_is_named_and_the_others_are_done(cast, run, settings, monkeypatch):
    settings.EMBEDDED = True
    other = make_review(code="XBA", same="XBB", other="XBC", prefix="b-")
    whole = sweep_module._mark_passed

    def fall(*, case, now):
        if case == cast.review.case:
            raise RuntimeError("in the middle")
        return whole(case=case, now=now)

    monkeypatch.setattr(sweep_module, "_mark_passed", fall)
    later = f"{Task.objects.exclude(due_on=None).latest('due_on').due_on + timedelta(days=3)}T09:00:00Z"
    done = run("sweep", "--now", later, "--json")
    assert (done.status, done.json["failed"]) == (1, [cast.review.case])
    passed = Task.objects.exclude(passed_at=None)
    assert passed.filter(review=other.review).exists()
    assert not passed.filter(review=cast.review).exists()


def test_another_time_is_refused_on_a_server_database(db, run, settings):
    settings.EMBEDDED = False
    before = everything()
    done = run("sweep", "--now", "2026-11-24T07:00:00Z", "--json")
    assert done.status == 1
    assert "refused on a server database" in done.json["error"]
    assert everything() == before
    assert run("sweep", "--json").status == 0


def test_a_sweep_says_when_it_was(db, run):
    run("sweep")
    assert InstallationRow.objects.get().last_sweep_at is not None
    run("sweep")
    assert InstallationRow.objects.count() == 1


# --- the trail ---


def alone(*arguments: object) -> Done:
    """The stand-alone verifier, with nothing of this project on its path."""
    done = subprocess.run(
        [sys.executable, "-I", str(TOOL), *map(str, arguments)], check=False, capture_output=True, text=True, cwd="/"
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def closed(cast):
    return cast.to("closed")


@pytest.fixture
def export(closed, run, tmp_path) -> Path:
    done = run("export_audit", "--out", tmp_path / "trail.jsonl", "--json")
    assert done.status == 0, done.err
    assert done.json["entries"] == Event.objects.count()
    return tmp_path / "trail.jsonl"


def test_an_export_holds_for_both_verifiers(export, run):
    newest = Checkpoint.objects.get()
    key, held = public_hex(signing_key()), f"{newest.number}:{newest.hash}"
    for given in ((), ("--key", key), ("--checkpoint", held), ("--key", key, "--checkpoint", held)):
        command, tool = run("verify_audit", export, *given, "--json"), alone(export, *given)
        assert command.json == tool.json == alone(export, *given, "--json").json
        assert command.status == tool.status == 0
        assert (tool.json["ok"], tool.json["trusted"]) == (True, bool(given))
        assert (tool.json["checkpoint"], tool.json["key"]) == (held, key)
    stranger = run("verify_audit", export, "--key", "ab" * 32, "--json")
    assert (stranger.status, stranger.json) == (1, alone(export, "--key", "ab" * 32).json)


def test_the_export_is_the_stored_lines(export, closed):
    lines = export.read_bytes().splitlines()
    events = sorted(Event.objects.all(), key=lambda event: (event.case.encode(), event.seq))
    assert lines[:-2] == [bytes(event.line) for event in events]
    newest = Checkpoint.objects.get()
    assert lines[-2:] == [bytes(newest.heads_line), bytes(newest.line)]


def test_one_review_is_exported_with_its_proof(closed, run, tmp_path):
    case, file = closed.review.case, tmp_path / "review.jsonl"
    done = run("export_audit", "--out", file, "--review", case, "--json")
    report = alone(file, "--key", public_hex(signing_key())).json
    assert (report["ok"], report["trusted"], report["cases"]) == (True, True, 1)
    assert report["entries"] == done.json["entries"] == closed.fresh().head_seq
    assert {json.loads(line)["type"] for line in file.read_bytes().splitlines()} == {"entry", "checkpoint", "inclusion"}


def forge(number, **members):
    def tamper(lines):
        change(lines, number, **members)
        relink(lines, number)

    return tamper


def flip(lines):
    lines[4] = lines[4].replace(b'"capacity":"', b'"capacity":"x', 1)


def last_checkpoint(**members):
    return lambda lines: lines.__setitem__(-1, seal(json.loads(lines[-1]) | members))


def last_of_case(lines, *, first=False):
    """The index of the last entry of the review, or of the first case."""
    cases = [json.loads(line).get("case", "") for line in lines]
    wanted = cases[0] if first else max(cases, key=cases.count)
    return len(cases) - 1 - cases[::-1].index(wanted)


def added(lines):
    place = last_of_case(lines)
    last = json.loads(lines[place])
    lines.insert(place + 1, seal(last | {"seq": last["seq"] + 1, "prev": last["hash"]}))


TAMPERINGS = {
    "a byte changed": flip,
    "an entry taken out": lambda lines: lines.pop(5),
    "an entry repeated": lambda lines: lines.insert(5, lines[5]),
    "two entries in another order": lambda lines: lines.__setitem__(slice(4, 6), [lines[5], lines[4]]),
    "an entry rewritten with all after it": forge(4, action="review.withdraw"),
    "a chain cut off": lambda lines: lines.pop(last_of_case(lines)),
    "an entry added at the end of a chain": added,
    "a case dropped": lambda lines: lines.__setitem__(slice(0, 1 + last_of_case(lines, first=True)), []),
    "the heads rewritten": lambda lines: lines.__setitem__(-2, seal(json.loads(lines[-2]) | {"heads": []})),
    "another root": last_checkpoint(root="ab" * 32),
    "another signature": last_checkpoint(sig="ab" * 64),
    "a checkpoint signed by nobody known": last_checkpoint(key="ab" * 32),
    "the checkpoint left out": lambda lines: lines.__setitem__(slice(-2, None), []),
    "the end cut off": lambda lines: lines.__setitem__(-1, lines[-1][:-20]),
    "Windows line ends": lambda lines: lines.__setitem__(slice(None), [one[:-1] + b"\r\n" for one in lines]),
}


def test_whatever_is_tampered_with_in_a_real_export_is_refused(export, run, tmp_path):
    whole = export.read_bytes().splitlines(keepends=True)
    file = tmp_path / "tampered.jsonl"
    for name, tamper in TAMPERINGS.items():
        lines = list(whole)
        tamper(lines)
        assert lines != whole, name
        file.write_bytes(b"".join(lines))
        tool = alone(file)
        assert tool.status == 1, name
        assert tool.json["first_bad"]["why"], name
        command = run("verify_audit", file, "--json")
        assert (command.status, command.json) == (1, tool.json), name


def test_the_database_is_checked_where_it_lies_and_not_written_to(closed, run):
    before = everything()
    done = run("verify_audit", "--json")
    assert (done.status, done.json["ok"], done.json["trusted"]) == (0, True, False)
    assert (done.json["entries"], done.json["checkpoint"]) == (Event.objects.count(), None)
    assert "newer than the last checkpoint" in done.json["warnings"][0]
    assert everything() == before


def test_the_database_is_checked_against_what_the_caller_holds(export, run):
    newest = Checkpoint.objects.get()
    key = public_hex(signing_key())
    done = run("verify_audit", "--key", key, "--checkpoint", f"{newest.number}:{newest.hash}", "--json")
    assert (done.status, done.json["trusted"], done.json["warnings"]) == (0, True, [])
    assert run("verify_audit", "--checkpoint", f"{newest.number}:{'ab' * 32}").status == 1
    assert run("verify_audit", "--key", "ab" * 32).status == 1


def sql(statement, *values):
    """Write past the triggers, as who owns the database can."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            kept = cursor.fetchall()
            for name, _sql in kept:
                cursor.execute(f"DROP TRIGGER {name}")
            cursor.execute(statement, values)
            changed = cursor.rowcount
            for _name, again in kept:
                cursor.execute(again)
        else:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(statement, values)
            changed = cursor.rowcount
            cursor.execute("SET session_replication_role = DEFAULT")
    return changed


def test_whatever_is_tampered_with_in_the_database_is_refused_and_not_exported(export, run, closed, tmp_path):
    case = closed.review.case
    line = bytes(Event.objects.get(case=case, seq=3).line).replace(b"people", b"peeple")
    newest = closed.fresh().head_seq
    places = [json.loads(one) for one in export.read_bytes().splitlines()[:-2]]
    at = {(one["case"], one["seq"]): number for number, one in enumerate(places, 1)}
    tamperings = {
        ('UPDATE cases_event SET line = %s WHERE "case" = %s AND seq = 3', line, case): 3,
        ("UPDATE cases_event SET verb = 'review.withdraw' WHERE \"case\" = %s AND seq = 4", case): 4,
        ('UPDATE cases_event SET hash = %s WHERE "case" = %s AND seq = 5', "ab" * 32, case): 5,
        ('UPDATE cases_event SET actor_id = NULL WHERE "case" = %s AND seq = 4', case): 4,
        ("UPDATE cases_event SET at = '2001-01-01 00:00:00+00:00' WHERE \"case\" = %s AND seq = 6", case): 6,
        ("UPDATE cases_event SET to_stage = 'closed' WHERE \"case\" = %s AND seq = 2", case): 2,
        ('UPDATE cases_review SET head_hash = %s WHERE "case" = %s', "ab" * 32, case): newest,
        ('UPDATE cases_review SET head_seq = head_seq + 1 WHERE "case" = %s', case): newest + 1,
        ('UPDATE cases_review SET head_seq = head_seq - 1 WHERE "case" = %s', case): newest,
        ("UPDATE cases_checkpoint SET entries = entries + 1",): None,
    }
    target = tmp_path / "again.jsonl"
    for (statement, *values), seq in tamperings.items():
        with transaction.atomic():
            assert sql(statement, *values) == 1
            before = everything()
            done = run("verify_audit", "--json")
            assert (done.status, done.json["ok"]) == (1, False), statement
            if seq is not None:
                bad = done.json["first_bad"]
                assert (bad["case"], bad["seq"]) == (case, seq), (statement, bad)
                assert bad["line"] == (at.get((case, seq)) or at[case, seq - 1] + 1), statement
            refused = run("export_audit", "--out", target, "--json")
            assert (refused.status, refused.json["first_bad"]) == (1, done.json["first_bad"])
            assert not target.exists()
            assert everything() == before
            transaction.set_rollback(True)
    assert run("verify_audit", "--json").json["ok"]


def test_a_chain_cut_off_before_a_checkpoint_covers_it_is_missed(closed, run):
    case, newest = closed.review.case, closed.fresh().head_seq
    last = Event.objects.get(case=case, seq=newest)
    for table in ("notifications_notification", "cases_disclosure"):
        sql(f"DELETE FROM {table} WHERE event_id >= 0")
    sql("DELETE FROM cases_event WHERE id = %s", last.pk)
    bad = run("verify_audit", "--json").json["first_bad"]
    assert (bad["case"], bad["seq"]) == (case, newest)
    assert "truncated" in bad["why"]


def test_an_export_that_is_refused_leaves_file_and_trail_as_they_were(export, run, tmp_path, settings):
    kept, before = export.read_bytes(), everything()
    assert run("export_audit", "--out", export, "--review", "test-1/XZZ").status == 1
    assert run("export_audit", "--out", tmp_path / "none" / "trail.jsonl").status == 2
    assert run("export_audit", "--out", tmp_path).status == 2
    assert run("export_audit", "--out", "/dev/stdout").status == 2
    (tmp_path / "link").symlink_to(export)
    assert run("export_audit", "--out", tmp_path / "link").status == 2
    settings.AUDIT_KEY_FILE = tmp_path / "another.key"
    settings.EMBEDDED = True
    done = run("export_audit", "--out", export, "--json")
    assert done.status == 1
    assert "is not the key that must sign after checkpoint 1" in done.json["error"]
    settings.AUDIT_KEY_FILE = MECHANISM
    assert run("export_audit", "--out", export).status == 1
    assert export.read_bytes() == kept
    assert everything() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["another.key", "link", "trail.jsonl"]


def test_every_disclosed_object_belongs_to_its_entry(export, run, tmp_path, closed):
    opened = set()
    for event in Event.objects.all():
        done = run("disclose", "--case", event.case, "--seq", event.seq, "--json")
        if json.loads(bytes(event.line))["digest"] is None:
            assert (done.status, list(done.json)) == (1, ["error"]), event
            continue
        assert done.status == 0, (event, done.err)
        assert set(done.json) == {"content", "salt"}
        file = tmp_path / "object.json"
        file.write_text(json.dumps(done.json | {"case": event.case, "seq": event.seq}), encoding="utf-8")
        report = run("verify_audit", export, "--open", file, "--json")
        assert (report.status, report.json["opened"]) == (0, {"case": event.case, "seq": event.seq}), event
        opened.add(event.verb)
    assert {"review.open", "submission.clear", "observation.save", "mechanism.publish", "people.name"} <= opened
    assert run("verify_audit", "--open", file, "--json").json["ok"]
    assert alone(export, "--open", file).status == 0
    file.write_text(json.dumps({"content": 1, "salt": "00" * 32}))
    assert alone(export, "--open", file).json == run("verify_audit", export, "--open", file, "--json").json
    assert alone(export, "--open", file).status == 1


def test_what_is_kept_but_was_changed_is_not_disclosed(closed, run):
    kept = Event.objects.get(case=closed.review.case, seq=1)
    sql("UPDATE cases_disclosure SET salt = %s WHERE event_id = %s", "00" * 32, kept.pk)
    done = run("disclose", "--case", kept.case, "--seq", 1, "--json")
    assert done.status == 1
    assert "is not what the entry was made from" in done.json["error"]
    assert run("disclose", "--case", kept.case, "--seq", 10_000).status == 1


@pytest.mark.usefixtures("committed")
def test_the_database_is_checked_from_one_snapshot(run, monkeypatch):
    """What is recorded between the reading of entries and of checkpoints must not look like tampering."""
    call_command("load_mechanism", str(MECHANISM))
    row_checked, done = trail._check_row, []

    def meanwhile(row, line):
        row_checked(row, line)
        if not done:
            done.append(another_process_records())

    def another_process_records():
        with ThreadPoolExecutor(1) as other:
            other.submit(record_and_sign).result()
        return True

    def record_and_sign():
        try:
            call_command("load_mechanism", str(ROOT / "workflow/mechanisms/example/mechanism.toml"))
            with transaction.atomic():
                make_checkpoint(at=base.now())
        finally:
            connection.close()

    monkeypatch.setattr(trail, "_check_row", meanwhile)
    report = run("verify_audit", "--json")
    assert (report.status, report.json["entries"], report.json["checkpoint"]) == (0, 1, None)
    assert Event.objects.count() == 2
    assert run("verify_audit", "--json").json["checkpoint"].startswith("1:")
