"""``demo`` as a person runs it: the whole of it in a minute, twice the same, and where it refuses."""

import resource
import sqlite3
import subprocess
from collections import Counter
from hashlib import sha256

import pytest
from django.apps import apps
from django.core.management import call_command

from cases.enums import Role
from cases.management.base import NotDone
from cases.models import Installation, User
from config.demonstration import material
from config.demonstration.build import is_empty
from config.demonstration.plan import PARTS
from config.management.commands import demo
from tests.installation import ROOT, Done
from tests.installation import Installation as Folder


def test_it_refuses_an_installation_in_use(world, capsys):
    before = Counter({model._meta.label: model._default_manager.count() for model in apps.get_models()})
    assert not is_empty()
    with pytest.raises(NotDone, match="in use and is no demonstration"):
        call_command("demo", "--json")
    assert {model._meta.label: model._default_manager.count() for model in apps.get_models()} == before
    assert not Installation.objects.filter(demonstration=True).exists()
    with pytest.raises(NotDone, match=r"in use and is no demonstration|server database"):
        call_command("demo", "--reset")
    assert {model._meta.label: model._default_manager.count() for model in apps.get_models()} == before


def test_a_run_that_was_cut_short_is_begun_anew_where_that_is_safe(db, settings):
    Installation.objects.create(demonstration=True)
    assert not demo.interrupted()
    User.objects.create(username="officer-1", email="officer-1@secretariat.example")
    settings.EMBEDDED = True
    assert demo.interrupted()
    settings.EMBEDDED = False
    assert not demo.interrupted()
    with pytest.raises(NotDone, match="not built to its end"):
        call_command("demo")


def test_it_begins_nothing_that_could_not_be_signed(db, settings, tmp_path):
    settings.EMBEDDED = False
    settings.AUDIT_KEY_FILE = tmp_path / "missing.key"
    with pytest.raises(NotDone, match=r"missing.key.*Nothing was changed"):
        call_command("demo")
    assert is_empty()
    assert not Installation.objects.exists()


LEFT_OVER = """
from cases.models import Installation, User
from cases.operations.audit import signing_key
Installation.objects.create(demonstration=True)
User.objects.create(username="left-over")
signing_key()
"""
ARGON = """
from cases.models import User
from config.demonstration.accounts import password_of
print(all(one.check_password(password_of(one.username)) for one in User.objects.order_by("?")[:5]))
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The whole demonstration as a person makes it, over an earlier one: another process, a folder, ``--reset``."""
    folder = Folder(tmp_path_factory.mktemp("demo")).migrated()
    folder.python(LEFT_OVER)
    key = (folder.folder / "audit.key").read_bytes()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        folder.command("demo", "--reset", "--json"),
        cwd=ROOT,
        env=folder.env,
        check=False,
        capture_output=True,
        text=True,
        timeout=900,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr
    assert (folder.folder / "audit.key").read_bytes() == key
    return (
        folder,
        Done(done.returncode, done.stdout, done.stderr),
        after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    )


def contents(folder):
    """Every row of the database, in short."""
    with sqlite3.connect(folder.folder / "reviews.sqlite3") as database:
        return sha256("\n".join(database.iterdump()).encode()).hexdigest()


def test_the_whole_is_there_in_less_than_a_minute_of_one_processor(whole):
    folder, done, seconds = whole
    assert seconds < 60
    users, reviews = done.json["users"], done.json["reviews"]
    assert {tuple(sorted(one)) for one in users} == {("password", "roles", "state", "username")}
    assert {role for one in users for role in one["roles"]} == set(Role.values)
    assert {one["state"] for one in users} == {None, *(party["code"] for party in material.parties())}
    assert "left-over" not in {one["username"] for one in users}
    with sqlite3.connect(folder.folder / "reviews.sqlite3") as database:
        rows = list(database.execute('SELECT "case", stage FROM cases_review'))
    stages = Counter(stage for case, stage in rows if case.startswith("demo-1/"))
    real = sum(case.startswith("untoc-1/") for case, _stage in rows)
    assert reviews == sum(stages.values()) + real
    assert stages == Counter(part.stage for part in PARTS.values())
    assert real > 180
    assert folder.python(ARGON).out == "True\n"


def test_a_second_run_changes_nothing_and_says_the_same(whole):
    folder, done, _seconds = whole
    before = contents(folder)
    again = folder.manage("demo", "--json")
    assert (again.status, again.out) == (0, done.out)
    assert contents(folder) == before


def test_what_it_prints_for_people_names_a_way_in(whole):
    folder, done, _seconds = whole
    password = next(one["password"] for one in done.json["users"] if one["username"] == "officer-1")
    said = folder.manage("demo")
    assert said.status == 0
    assert password in said.out


def test_with_json_a_refusal_is_an_object_too(tmp_path):
    folder = Folder(tmp_path).migrated()
    folder.python("from cases.models import User; User.objects.create(username='somebody')")
    for arguments in (["demo", "--json"], ["demo", "--reset", "--json"]):
        done = folder.manage(*arguments)
        assert done.status == 1
        assert "no demonstration" in done.json["error"]
    assert folder.python("from cases.models import User; print(User.objects.count())").out == "1\n"
