"""``simulate``: refused anywhere but on an empty installation; deterministic; true to what the operations write."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from cases.locks import lock_review
from cases.management.trail import verify_database
from cases.models import (
    Event,
    Installation,
    Participation,
    Question,
    Review,
    Seat,
    StateParty,
    Submission,
    Task,
    Text,
    TextVersion,
)
from cases.operations.audit import disclosed
from cases.operations.clearance import count_gaps, texts_of_product
from cases.operations.sweep import sweep
from cases.operations.tasks import due_on, open_stage_tasks
from cases.operations.transition import advance, set_writable
from config.simulation import ImpossibleError, Size, shares, simulate
from config.simulation.setting import VERSION
from notifications.models import Notification
from tests.installation import ROOT
from tests.installation import Installation as Installed
from workflow import ledger
from workflow.machine import edge as find_edge

SMALL = Size(reviews=10, users=30, answers=900, events=3_000)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An installation that the command has filled."""
    installation = Installed(tmp_path_factory.mktemp("simulated")).migrated()
    done = installation.manage("simulate", *_flags(SMALL), "--json")
    assert done.status == 0, done.err
    return installation, done.json


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """An installation with nothing in it."""
    return Installed(tmp_path_factory.mktemp("empty")).migrated()


def _flags(size: Size, seed: int = 1) -> list[str]:
    events = [f"--events={size.events}"] if size.events else []
    return [
        f"--reviews={size.reviews}",
        f"--users={size.users}",
        f"--answers={size.answers}",
        f"--seed={seed}",
        *events,
    ]


def _rows(installation: Installed) -> dict[str, str]:
    """A digest of every table of the record, but for what differs between two runs of one program."""
    with sqlite3.connect(installation.folder / "reviews.sqlite3") as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        kept = [name for name in tables if name.startswith(("cases_", "notifications_"))]
        left_out = {"cases_installation", "cases_disclosure", "cases_ledger"}
        return {
            name: hashlib.sha256(
                repr(database.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall()).encode()
            ).hexdigest()
            for name in kept
            if name not in left_out and name != "cases_event"
        } | {
            "entries": hashlib.sha256(
                repr(
                    database.execute("SELECT line FROM cases_event WHERE review_id IS NOT NULL ORDER BY id").fetchall()
                ).encode()
            ).hexdigest()
        }


def test_it_makes_what_it_was_asked_for(installed):
    _installation, made = installed
    assert {name: made[name] for name in ("reviews", "users", "answers", "events", "seed")} == {
        "reviews": 10,
        "users": 30,
        "answers": 900,
        "events": 3_000,
        "seed": 1,
    }
    assert made["notifications"] and made["open_tasks"] and made["queries"] and made["positions"]


def test_the_same_seed_gives_the_same_rows_and_another_one_others(installed, tmp_path_factory):
    installation, _made = installed
    again = Installed(tmp_path_factory.mktemp("again")).migrated()
    assert again.manage("simulate", *_flags(SMALL), "--json").status == 0
    assert _rows(again) == _rows(installation)
    other = Installed(tmp_path_factory.mktemp("other")).migrated()
    assert other.manage("simulate", *_flags(SMALL, seed=2), "--json").status == 0
    assert _rows(other)["entries"] != _rows(installation)["entries"]


def test_its_trail_passes_both_verifiers(installed):
    installation, _made = installed
    checked = installation.manage("verify_audit", "--json")
    assert (checked.status, checked.json["ok"], checked.json["entries"]) == (0, True, 3_000)
    out = installation.folder / "trail.jsonl"
    assert installation.manage("export_audit", "--out", out, "--json").status == 0
    alone = subprocess.run(
        [sys.executable, "-I", str(ROOT / "tools/verify_audit.py"), str(out)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert alone.returncode == 0, alone.stdout
    assert json.loads(alone.stdout)["entries"] == 3_000


def test_a_filled_installation_is_refused_and_stays_as_it_is(installed):
    installation, _made = installed
    before = _rows(installation)
    done = installation.manage("simulate", *_flags(SMALL), "--json")
    assert done.status == 1
    assert "not empty" in done.json["error"]
    assert _rows(installation) == before


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--reviews=0", "--users=20", "--answers=10"], "'0' is not a number from 1 on"),
        (["--reviews=two", "--users=20", "--answers=10"], "'two' is not a number from 1 on"),
        (["--users=20", "--answers=10"], "--reviews"),
        (["--reviews=8", "--users=9", "--answers=10"], "9 users are too few: give at least 10"),
        (["--reviews=8", "--users=20", "--answers=100000"], "100000 answers are too many for 8 reviews"),
    ],
)
def test_bad_usage_is_status_2_and_changes_nothing(empty, flags, said):
    before = _rows(empty)
    done = empty.manage("simulate", *flags, "--json")
    assert done.status == 2
    assert said in done.json["error"]
    assert _rows(empty) == before


@pytest.fixture
def simulated(db):
    """The same in the tests' own database."""
    return simulate(SMALL, progress=lambda _line: None)


def test_only_invented_parties_and_marked_for_ever(simulated):
    assert Installation.objects.get().simulated
    assert not StateParty.objects.filter(invented=False).exists()
    assert all(code.startswith("X") for code in StateParty.objects.values_list("code", flat=True))
    assert not Review.objects.exclude(phase__cycle__invented=True).exists()


def test_every_part_of_the_mechanism_occurs(simulated):
    stages = set(Review.objects.values_list("stage", flat=True))
    assert stages >= set(shares.CIRCLE_STAGES)
    assert Task.objects.filter(done_at=None, passed_at=None, due_on__isnull=False).exists()
    assert Task.objects.exclude(passed_at=None).exists()
    assert set(Text.objects.values_list("kind", flat=True)) >= {
        "answer", "consultation", "feedback", "observation", "query", "reply", "summary",
    }  # fmt: skip
    assert Notification.objects.filter(read_at=None).exists()


def test_what_each_seat_may_write_and_owes_is_what_the_operations_would_say(simulated):
    for case in Review.objects.values_list("case", flat=True):
        with transaction.atomic():
            locked = lock_review(case=case, by=None)
            written = {seat.pk: list(seat.writable) for seat in locked.seats}
            set_writable(locked)
            assert {seat.pk: seat.writable for seat in locked.seats} == written, case
            if locked.review.nominations.filter(status="asked").exists():
                continue  # who is named and not registered yet is not asked for, though the seat is still empty
            before = Task.objects.filter(review=locked.review, done_at=None).count()
            open_stage_tasks(locked=locked, at=datetime.now(UTC))
            assert Task.objects.filter(review=locked.review, done_at=None).count() == before, case


def test_every_open_task_has_a_rule_and_the_date_that_the_rule_sets(simulated):
    for task in Task.objects.filter(done_at=None).select_related("seat__state"):
        locked = lock_review(review_id=task.review_id, by=None)
        review, seat = locked.review, locked.seat(task.seat_id)
        rules = [
            rule
            for rule in review.definition.tasks_of(review.stage)
            if rule.key == task.key and rule.role == f"{task.role}.{seat.capacity}"
        ]
        assert rules, task
        if task.key == "reply_to_query":
            assert task.due_on == min(review.queries.filter(status="asked").values_list("due_on", flat=True)), task
        else:
            assert task.due_on == due_on(rule=rules[0], locked=locked, seat=seat, at=task.opened_at), task


def test_every_step_was_possible_and_every_person_held_the_role(simulated):
    titles = {
        (one.user_id, one.seat_id): f"{one.role}.{one.seat.capacity}"
        for one in Participation.objects.select_related("seat")
    }
    for review in Review.objects.select_related("mechanism"):
        stage = review.definition.initial
        for event in review.events.filter(verb__startswith="review.").exclude(verb="review.open").order_by("seq"):
            edge = find_edge(review.definition, stage, event.verb.removeprefix("review."))
            assert edge is not None, event
            assert (event.from_stage or stage) == stage, event
            assert edge.auto if event.actor_id is None else titles[event.actor_id, event.seat_id] in edge.roles
            stage = event.to_stage or stage
        assert stage == review.stage
        assert review.history.order_by("history_id").last().stage == review.stage


def test_counters_say_what_there_is(simulated):
    for review in Review.objects.all():
        assert review.open_queries == review.queries.filter(status="asked").count()
        asked = Question.objects.filter(
            version=VERSION, instrument__in=["", *review.seats.get(capacity="reviewed").instruments]
        )
        assert review.question_count == asked.count()
    for seat in Seat.objects.filter(capacity="reviewed"):
        assert seat.drafted == Text.objects.filter(seat=seat, kind="answer").count()
    for submission in Submission.objects.filter(product="self_assessment"):
        texts = texts_of_product(review=submission.review, product=submission.product, seat_id=submission.seat_id)
        assert submission.gaps == count_gaps(submission.review, submission.product, texts)


def test_every_digest_belongs_to_what_is_kept_behind_its_entry(simulated):
    digested = 0
    for event in Event.objects.exclude(review=None):
        digest = json.loads(bytes(event.line))["digest"]
        if digest is not None:
            digested += 1
            kept = disclosed(case=event.case, seq=event.seq)
            assert ledger.content_digest(kept["content"], kept["salt"]) == digest, event
    assert digested > 1_000


def test_what_others_read_is_a_version_that_was_saved(simulated):
    for text in Text.objects.exclude(cleared_version=None):
        assert TextVersion.objects.get(uid=text.cleared_version_uid).content == text.cleared_content
    for text in Text.objects.all():
        newest = text.versions.get(number=text.version)
        assert (newest.uid, newest.content, newest.language) == (text.version_uid, text.content, text.language)


def test_notices_go_to_nobody_who_may_not_know(simulated):
    for notice in Notification.objects.select_related("event", "user", "review"):
        assert notice.user_id != notice.event.actor_id
        assert Review.objects.visible_to(notice.user).filter(pk=notice.review_id).exists()


def test_the_clock_finds_nothing_left_to_do(simulated, settings, tmp_path):
    settings.AUDIT_KEY_FILE = tmp_path / "audit.key"
    ledger.generate_key(settings.AUDIT_KEY_FILE)
    done = sweep(now=datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0))
    assert (done.overdue, done.failed) == (0, [])


def test_the_record_goes_on_with_the_operations(simulated):
    review = Review.objects.get(case="sim-1/XAG")
    officer = Participation.objects.filter(review=review, role="officer").select_related("user")[0].user
    taken = advance(
        case=review.case,
        action="suspend_by_decision",
        by=officer,
        at=datetime.now(UTC),
        seen_version=review.stage_version,
        reason="By a decision of the Conference.",
    )
    assert (taken.head_seq, taken.suspended) == (review.head_seq + 1, True)
    report = verify_database()
    assert report["ok"], report
    assert report["entries"] == Event.objects.count() == SMALL.events + 1


def test_no_cycle_has_more_answers_than_questions(db):
    with pytest.raises(ImpossibleError, match="too many"):
        simulate(Size(reviews=1, users=20, answers=1_000), progress=lambda _line: None)
    assert not StateParty.objects.exists()
    assert connection.in_atomic_block


@pytest.mark.parametrize("users", [10, 18, 26, 200])
def test_the_first_circle_is_the_same_however_many_people_there_are(users):
    people = shares.divide_people(reviews=8, users=users, parties=63)
    assert people.parties == 8
    assert people.parties * people.roles * people.teams + people.officers == users
    assert people.officers >= shares.FEWEST_OFFICERS


@pytest.mark.parametrize(("total", "lengths"), [(10, [1, 1, 1]), (0, [3, 4]), (100_000, [8] * 9 + [7, 1])])
def test_portions_add_up(total, lengths):
    given = shares.portions(total, lengths)
    assert sum(given) == total
    assert all(abs(one - total * length / sum(lengths)) < 1 for one, length in zip(given, lengths, strict=True))


@pytest.mark.parametrize("quota", [0, 8, 300, 1_000, 1_040, 1_380])
def test_answers_are_dealt_out_to_the_last(quota):
    asked = [120, *[180] * 7]
    dealt = shares.deal_answers(quota, shares.CIRCLE_STAGES, asked)
    assert sum(dealt) == quota
    assert all(0 <= one <= number for one, number in zip(dealt, asked, strict=True))


def test_there_are_no_more_answers_than_questions():
    with pytest.raises(ValueError, match="not that many"):
        shares.deal_answers(1_381, shares.CIRCLE_STAGES, [120, *[180] * 7])
