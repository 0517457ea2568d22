"""``kill -9`` before and after every statement of a transition, and around COMMIT: the whole change or none of it.

A child process is forked, acts on its own connection and kills itself at the chosen moment; the parent then looks at
what the database holds. ``make soak`` tries every moment, ``make test`` a sample of them.
"""

import os
import signal
import sys
from datetime import UTC, datetime

import pytest
from django.db import connection

from cases.exceptions import Repeated
from cases.models import Event, Review, Submission, Task, Text
from cases.operations.record import Request
from cases.operations.transition import advance
from notifications.models import Notification
from tests.conftest import make_review, make_world
from workflow import ledger

SOAK = os.environ.get("SOAK") == "1"
STEP = 1 if SOAK else 7
ACTIONS = (
    ("open_consultations", "officer", "nomination", "preliminary_consultations"),
    ("submit_self_assessment", "fp", "self_assessment", "desk_review"),
)
KEY = Request(key="the-form-that-was-sent", digest="2" * 64)


@pytest.fixture
def cast(committed):
    make_world(datetime.now(UTC))
    return make_review()


def state_of(case: str) -> dict:
    """Everything one transition writes, as numbers that must move together."""
    review = Review.objects.get(case=case)
    return {
        "stage": review.stage,
        "stage_version": review.stage_version,
        "head": (review.head_seq, review.head_hash),
        "history": review.history.count(),
        "events": Event.objects.filter(case=case).count(),
        "notices": Notification.objects.filter(review=review).count(),
        "tasks": sorted(Task.objects.filter(review=review, done_at=None).values_list("key", "seat_id", "role")),
        "submitted": sorted(
            Submission.objects.filter(review=review, voided_at=None)
            .exclude(submitted_at=None)
            .values_list("product", flat=True)
        ),
        "cleared": Text.objects.filter(review=review).exclude(cleared_version=None).count(),
    }


def chain_holds(case: str) -> bool:
    """Whether the entries of a case are numbered without gaps and each names the one before it."""
    previous = ledger.ZERO
    for number, event in enumerate(Event.objects.filter(case=case).order_by("seq"), 1):
        if event.seq != number or previous.encode() not in bytes(event.line):
            return False
        previous = event.hash
    return Review.objects.get(case=case).head_hash == previous


class Moment:
    """Counts the moments of one transaction (before and after each statement and COMMIT); kills at the chosen one."""

    def __init__(self, at: int | None) -> None:
        self.at = at
        self.count = 0

    def pass_by(self) -> None:
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.count += 1

    def around(self, execute, sql, params, many, context):
        self.pass_by()
        result = execute(sql, params, many, context)
        self.pass_by()
        return result

    def watch(self, function):
        commit = connection._commit

        def around_commit():
            self.pass_by()
            commit()
            self.pass_by()

        connection.ensure_connection()
        connection._commit = around_commit
        try:
            with connection.execute_wrapper(self.around):
                return function()
        finally:
            connection._commit = commit


def in_a_child(function, moment: int | None) -> int | None:
    """Run the function in a forked process that dies at ``moment``; returns the moments it passed, None if it died."""
    reading, writing = os.pipe()
    connection.close()
    pid = os.fork()
    if pid == 0:
        watch = Moment(moment)
        try:
            watch.watch(function)
        except BaseException as error:  # noqa: BLE001  a child must never return into the test runner
            print(f"child: {error!r}", file=sys.stderr)
            os._exit(3)
        os.write(writing, str(watch.count).encode())
        os._exit(0)
    os.close(writing)
    _pid, status = os.waitpid(pid, 0)
    told = os.read(reading, 20).decode()
    os.close(reading)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return None
    assert os.WEXITSTATUS(status) == 0, "the action was refused in the child"
    return int(told)


def ready(cast, action: str, stage: str):
    cast.to(stage)
    if action == "submit_self_assessment":
        cast.save("answer", "C1-UNTOC-5-07", {"value": "no", "text": "Reasons"}, "expert")
        cast.clear("self_assessment", "fp")


def pressing(cast, action: str, person: str):
    case, user, seen = cast.review.case, cast.people[person], cast.fresh().stage_version
    return lambda: advance(case=case, action=action, by=user, at=datetime.now(UTC), seen_version=seen, request=KEY)


@pytest.mark.parametrize(("action", "person", "stage", "target"), ACTIONS)
def test_a_killed_transition_leaves_all_of_it_or_nothing(cast, action, person, stage, target):
    ready(cast, action, stage)
    case = cast.review.case
    before = state_of(case)
    kills = 0
    moment = 0
    while True:
        passed = in_a_child(pressing(cast, action, person), moment)
        now = state_of(case)
        assert chain_holds(case)
        if passed is not None or now != before:
            break
        kills += 1
        moment += STEP
    assert kills > 10 // STEP
    # the first that was not undone was killed after COMMIT, or never: then everything is there
    assert now["stage"] == target
    assert now["stage_version"] > before["stage_version"]
    assert now["history"] == before["history"] + 1
    assert now["events"] == now["head"][0] > before["events"]
    assert now["notices"] > before["notices"]
    assert now["tasks"] != before["tasks"]


@pytest.mark.parametrize(("action", "person", "stage", "target"), ACTIONS)
def test_the_moment_after_commit_keeps_everything_and_a_repeat_acts_once(cast, action, person, stage, target):
    """The answer is lost by a kill right after COMMIT; the person sends the same form again."""
    ready(cast, action, stage)
    case = cast.review.case
    press = pressing(cast, action, person)

    class AfterCommit(Moment):
        def watch(self, function):
            commit = connection._commit

            def commit_and_die():
                commit()
                os.kill(os.getpid(), signal.SIGKILL)

            connection.ensure_connection()
            connection._commit = commit_and_die
            return function()

    connection.close()
    pid = os.fork()
    if pid == 0:
        AfterCommit(None).watch(press)
        os._exit(0)
    _pid, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status), "the child was to die right after COMMIT"
    done = state_of(case)
    assert done["stage"] == target
    with pytest.raises(Repeated):
        press()
    assert state_of(case) == done
    assert Event.objects.filter(case=case, verb=f"review.{action}").count() == 1
    assert chain_holds(case)
