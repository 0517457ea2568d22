"""The living demonstration: what it holds, what it says of nobody, whom one can be, and where it refuses to run."""

import json
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import models, transaction
from django.urls import reverse

from cases.enums import IntervalKind, QueryStatus, Role, Stance
from cases.management.base import NotDone
from cases.models import (
    Event,
    Installation,
    Interval,
    Participation,
    Position,
    Query,
    Review,
    Seat,
    StateParty,
    Submission,
    Task,
    Text,
    TextVersion,
    User,
)
from cases.operations.audit import export_trail
from cases.queries import tasks_for
from cases.rights import rights_for
from config.demonstration import material
from config.demonstration.accounts import accounts, password_of
from config.demonstration.build import build, is_complete
from config.demonstration.pace import Pace
from config.demonstration.people import demo_people, demonstration_people
from config.demonstration.plan import MONTHS_BACK, PARTS, STAGES, TOUR
from config.demonstration.real import begin_today
from config.management.commands import demo
from notifications.models import Notification
from tests.installation import ROOT
from workflow.ledger import generate_key

NOW = datetime.now(UTC)
SOME = (
    "XBI", "XCD", "XAN", "XCA", "XAK", "XBT", "XBD", "XBX", "XAA", "XBK", "XBW", "XBC", "XBS", "XAE", "XAI", "XAU",
    "XAC", "XBA", "XCK",
)  # fmt: skip
REAL = ("ALB", "ARM", "AZE", "ARG", "ATG", "BHS", "AUT", "BEL", "DNK")
SAID_OF_REAL_STATES = {
    "cases.Review", "cases.HistoricalReview", "cases.Seat", "cases.Participation", "cases.Task", "cases.Event",
    "cases.Ratification", "notifications.Notification",
}  # fmt: skip


@pytest.fixture(scope="module")
def built(django_db_setup, django_db_blocker):
    """A demonstration of some parties, built once; every test that follows works on it and leaves it as it was."""
    with suppress(FileExistsError):
        generate_key(settings.AUDIT_KEY_FILE)
    with django_db_blocker.unblock():
        outer = transaction.atomic()
        outer._from_testcase = True  # as Django's TestCase does: operations may open durable transactions inside
        with outer:
            build(now=NOW, say=lambda _line: None, parties=SOME, real=REAL)
            yield
            transaction.set_rollback(True)


@pytest.fixture
def demonstration(built, db, settings):
    settings.DEMO = True


def real_rows(model):
    """The rows of a model that belong to a real State or to its review, by any foreign key."""
    for field in model._meta.get_fields():
        target = field.related_model if isinstance(field, models.ForeignKey) else None
        path = {
            Review: "phase__cycle__invented",
            Seat: "review__phase__cycle__invented",
            Text: "review__phase__cycle__invented",
            StateParty: "invented",
        }.get(target)
        if path:
            yield model._default_manager.filter(**{f"{field.name}__{path}": False})


# What it holds


def test_there_is_a_review_in_every_stage(demonstration):
    reviews = Review.objects.filter(phase__key="demo-1")
    assert {one.stage for one in reviews} == set(STAGES)
    for review in reviews.select_related("state"):
        assert review.stage == PARTS[review.state.code].stage, review.case


def test_everything_special_that_the_plan_promises_is_there(demonstration):
    assert set(Query.objects.values_list("status", flat=True)) >= {
        QueryStatus.ASKED, QueryStatus.ANSWERED, QueryStatus.ACCEPTED, QueryStatus.WITHDRAWN,
    }  # fmt: skip
    assert set(Position.objects.filter(superseded_at=None).values_list("stance", flat=True)) == set(Stance.values)
    assert set(Interval.objects.values_list("kind", flat=True)) == {IntervalKind.SUSPENDED, IntervalKind.DRAFTS_OPEN}
    assert Review.objects.exclude(suspended_since=None).count() == 1
    assert Review.objects.get(case="demo-1/XBT").helped_seats
    assert Seat.objects.filter(observers_read_drafts=False).count() == 1
    verbs = set(Event.objects.values_list("verb", flat=True))
    assert verbs >= {
        "deadline.extend", "deadline.pass", "people.leave", "document.publish", "document.unpublish", "phase.join",
        "review.reopen_self_assessment", "review.close_review", "review.close_follow_up",
    }  # fmt: skip
    cleared = Submission.objects.filter(product="self_assessment", submitted_at=None, voided_at=None)
    assert [one.review.case for one in cleared] == ["demo-1/XCA"]
    half = Submission.objects.filter(review__case="demo-1/XBK", product="feedback", voided_at=None)
    assert 0 < half.count() < Seat.objects.filter(review__case="demo-1/XBK", capacity="reviewing").count()
    assert Text.objects.filter(kind="follow_up", review__case="demo-1/XAK").count() == 3
    assert TextVersion.objects.filter(text__kind="answer", number=2).exists()


def test_a_replaced_focal_point_has_left_and_the_other_came(demonstration):
    seat = Seat.objects.get(review__case="demo-1/XAN", capacity="reviewed")
    held = Participation.objects.filter(seat=seat, role=Role.FOCAL_POINT).order_by("started_at")
    assert [(one.user.username, one.ended_at is None) for one in held] == [
        ("xan-former-focal-point", False),
        ("xan-focal-point", True),
    ]


def test_an_observer_who_may_not_read_drafts_reads_none(demonstration):
    review = Review.objects.select_related("mechanism").get(case="demo-1/XCA")
    assert rights_for(User.objects.get(username="xca-observer"), review).own_seats == frozenset()
    assert rights_for(User.objects.get(username="xca-expert-1"), review).own_seats


def test_a_state_is_asked_and_answers_only_about_instruments_it_is_party_to(demonstration):
    for review in Review.objects.filter(phase__key="demo-1").select_related("state"):
        held = {"GEN", *(one.instrument.upper() for one in review.state.ratifications.all())}
        refs = Text.objects.filter(review=review, kind="answer").values_list("ref", flat=True)
        assert {ref.split("-")[1] for ref in refs} <= held, review.case


def test_texts_are_in_several_languages_and_of_realistic_length(demonstration):
    answers = list(Text.objects.filter(kind="answer").values_list("language", "content"))
    assert {language for language, _content in answers} >= {"en", "es", "fr", "ru", "zh-hans"}
    assert sum(len(content["text"]) > 250 for _language, content in answers) > len(answers) / 4
    assert sum(bool(content["citations"]) for _language, content in answers) > len(answers) / 3


def test_tasks_are_past_due_and_to_come(demonstration):
    tasks = Task.objects.filter(review__phase__key="demo-1", done_at=None)
    today = NOW.date()
    assert tasks.exclude(passed_at=None).exists()
    assert tasks.filter(due_on__gte=today, due_on__lt=today + timedelta(days=70)).exists()
    assert tasks.filter(due_on__gte=today + timedelta(days=70)).exists()
    assert not tasks.filter(due_on__lt=today - timedelta(days=2), passed_at=None, review__suspended_since=None).exists()


def test_the_tour_has_something_to_do_in_each_capacity(demonstration):
    focal_point = User.objects.get(username=f"{TOUR.lower()}-focal-point")
    tasks = tasks_for(focal_point)
    assert {task.seat.capacity for task in tasks} == {"reviewed", "reviewing"}
    review = Review.objects.get(case=f"demo-1/{TOUR}")
    drafted = Text.objects.filter(review=review, kind="answer").count()
    assert review.question_count / 3 < drafted < review.question_count
    assert Task.objects.get(review=review, key="submit_self_assessment", done_at=None).due_on > NOW.date()


def test_nearly_everybody_has_news_and_has_read_what_is_older(demonstration):
    told = User.objects.filter(notifications__isnull=False).distinct().count()
    unread = User.objects.filter(notifications__isnull=False, notifications__read_at=None).distinct().count()
    assert unread == told
    assert Notification.objects.exclude(read_at=None).count() > Notification.objects.filter(read_at=None).count()


def test_start_groups_began_on_their_own_dates(demonstration):
    reviews = Review.objects.filter(phase__key="demo-1").exclude(state__code="XCK")
    launched = dict(reviews.values_list("start_group", "launched_on"))
    assert len(set(launched.values())) == len(MONTHS_BACK)
    assert launched[1] < launched[2] < launched[3] < NOW.date()


def test_nothing_is_dated_after_now(demonstration):
    later = {
        f"{model._meta.label}.{field.name}": model._default_manager.filter(**{f"{field.name}__gt": NOW}).count()
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.DateTimeField)
    }
    assert len(later) > 20
    assert {name for name, count in later.items() if count} == set()


def test_times_never_go_back_in_a_text_and_a_seat(demonstration):
    for text in Text.objects.prefetch_related("versions"):
        times = [version.at for version in sorted(text.versions.all(), key=lambda one: one.number)]
        assert times == sorted(times)
    for one in Participation.objects.exclude(ended_at=None):
        assert one.started_at <= one.ended_at


def test_its_trail_passes_the_stand_alone_verifier(demonstration, tmp_path):
    path = tmp_path / "trail.jsonl"
    with path.open("wb") as out:
        export_trail(out=out, at=datetime.now(UTC))
    done = subprocess.run(
        [sys.executable, ROOT / "tools/verify_audit.py", path], capture_output=True, text=True, check=False
    )
    found = json.loads(done.stdout)
    assert (done.returncode, found["ok"], found["first_bad"]) == (0, True, None)
    assert found["entries"] == Event.objects.count()


# What it says of nobody


def test_a_real_state_has_nothing_but_a_launch_and_dates_to_come(demonstration):
    found = {
        model._meta.label
        for model in apps.get_models(include_auto_created=True)
        for rows in real_rows(model)
        if rows.exists()
    }
    assert found == SAID_OF_REAL_STATES
    real = Review.objects.filter(phase__cycle__invented=False)
    assert {one.state.code for one in real} == set(REAL)
    for one in real:
        assert (one.stage, one.launched_on, one.languages) == ("nomination", NOW.date(), [])
        assert (one.suspended_since, one.withdrawn_on, one.paused_days, one.open_queries) == (None, None, 0, 0)
    assert set(Event.objects.filter(review__in=real).values_list("verb", flat=True)) == {"review.open"}
    tasks = Task.objects.filter(review__in=real)
    assert tasks.exists()
    assert not tasks.exclude(passed_at=None, done_at=None).exists()
    assert not tasks.filter(due_on__lte=NOW.date()).exists()
    assert set(Participation.objects.filter(review__in=real).values_list("role", flat=True)) == {Role.OFFICER}
    assert set(real.values_list("start_group", flat=True)) == {1, 2, 3}


def test_the_search_for_real_states_finds_what_it_should(demonstration):
    review = Review.objects.filter(phase__cycle__invented=False).select_related("mechanism").first()
    seat = review.seats.get(capacity="reviewed")
    Interval.objects.create(review=review, seat=seat, kind=IntervalKind.SUSPENDED, starts_on=NOW.date())
    assert any(rows.exists() for rows in real_rows(Interval))


def test_no_date_of_a_real_state_passes_when_the_demonstration_is_run_again_later(demonstration):
    later = NOW + timedelta(days=90)
    due = dict(Task.objects.filter(review__phase__key="untoc-1").values_list("pk", "due_on"))
    invented = dict(Task.objects.exclude(review__phase__key="untoc-1").values_list("pk", "due_on"))
    events = Event.objects.count()
    assert begin_today(now=later) == 90
    for task in Task.objects.filter(review__phase__key="untoc-1"):
        assert task.due_on == (due[task.pk] and due[task.pk] + timedelta(days=90))
    assert set(Review.objects.filter(phase__key="untoc-1").values_list("launched_on", flat=True)) == {later.date()}
    assert dict(Task.objects.exclude(review__phase__key="untoc-1").values_list("pk", "due_on")) == invented
    assert Event.objects.count() == events
    assert begin_today(now=later) == 0


# Whom one can be


def test_everybody_listed_has_a_role_a_password_and_a_home(demonstration, client):
    people = demonstration_people()
    assert {role for one in people for role in one["roles"]} == set(Role.values)
    assert [one["username"] for one in people] == sorted(one["username"] for one in people)
    with_tasks = 0
    for one in people:
        user = User.objects.get(username=one["username"])
        assert user.check_password(password_of(user.username))
        assert not user.get_full_name()
        assert user.office
        assert user.email.endswith(".example")
        assert client.post(reverse("become"), {"username": user.username}).headers["Location"] == "/"
        page = client.get("/")
        assert page.status_code == 200
        assert client.session["_auth_user_id"] == str(user.pk)
        tasks = tasks_for(user)[:50]
        if tasks:
            assert page.content.decode().count("<li data-row>") == len(tasks)
            assert f"/reviews/{tasks[0].review.case}/" in page.content.decode()
        with_tasks += bool(tasks)
        client.logout()
    assert with_tasks > len(people) / 3


def test_passwords_are_long_different_and_the_same_each_time(settings):
    names = [account.username for account in accounts()]
    before = [password_of(name) for name in names]
    assert len(set(before)) == len(names) == len(set(names))
    assert all(len(one) >= 16 for one in before)
    assert [password_of(name) for name in names] == before
    settings.SECRET_KEY = "another"
    assert not set(before) & {password_of(name) for name in names}


def test_the_sign_in_page_lists_them_by_state(demonstration, client):
    page = client.get(reverse("account_login")).content.decode()
    listed = {one["username"] for one in demonstration_people()}
    assert {name for name in listed if f'name="username" value="{name}"' in page} == listed
    assert "Ombravel" in page
    assert "xan-former-focal-point" not in page
    for state in StateParty.objects.filter(invented=False):
        assert f"<summary>{state.names['en']['short']}" not in page


def test_the_sign_in_page_finds_a_state_a_role_or_an_office(demonstration, client):
    found = client.get(reverse("account_login"), {"find": "ombra"}).content.decode()
    assert 'value="xac-mission"' in found
    assert 'value="xba-mission"' not in found
    assert {one.state.code for one in demo_people("observer")["found"]} >= {"XCA", TOUR}
    assert demo_people("nobody of that name") == {"found": []}
    assert client.get(reverse("account_login"), {"find": "nobody of that name"}).status_code == 200


def test_the_list_costs_the_same_for_few_and_many(demonstration, django_assert_num_queries):
    with django_assert_num_queries(4):
        demo_people()


def test_one_can_be_nobody_outside_a_demonstration(built, db, settings, client):
    for demo_set, marked in ((False, True), (True, False)):
        settings.DEMO = demo_set
        Installation.objects.update(demonstration=marked)
        assert client.post(reverse("become"), {"username": "officer-1"}).status_code == 403
        assert "_auth_user_id" not in client.session
        assert demo_people() == {}
        page = client.get(reverse("account_login")).content.decode()
        assert "officer-1" not in page


@pytest.mark.parametrize("username", ["xan-former-focal-point", "nobody", ""])
def test_one_can_only_be_somebody_who_takes_part(demonstration, client, username):
    assert client.post(reverse("become"), {"username": username}).headers["Location"] == reverse("account_login")
    assert "_auth_user_id" not in client.session
    assert client.get(reverse("become")).status_code == 405


# Where it runs


def test_it_is_marked_and_complete(demonstration):
    assert Installation.objects.get().demonstration
    assert is_complete()
    assert not demo.interrupted()
    demo.refuse_unless_demonstration()


def test_it_never_resets_a_server_database(demonstration, settings):
    settings.EMBEDDED = False
    with pytest.raises(NotDone, match="server database"):
        call_command("demo", "--reset")
    assert is_complete()


# Time


@pytest.mark.parametrize("speed", [0.05, 0.5, 1.0, 3.7])
def test_a_clock_goes_forward_on_working_days_and_never_beyond_its_end(speed):
    until = datetime(2026, 3, 13, 17, 30, tzinfo=UTC)
    pace = Pace(at=datetime(2025, 11, 3, 9, tzinfo=UTC), until=until, speed=speed, seed="a")
    seen = [pace.at]
    for days in range(1, 30):
        pace.pass_days(days)
        seen.append(pace.at)
        pace.pass_minutes()
        seen.append(pace.at)
    assert seen == sorted(seen)
    assert all(one == until or one.weekday() < 5 for one in seen)
    assert seen[-1] <= until


def test_the_plan_covers_every_party_and_stage():
    assert set(PARTS) == {party["code"] for party in material.parties()}
    assert {part.stage for part in PARTS.values()} == set(STAGES)
    not_begun = sum(part.stage == "nomination" for part in PARTS.values())
    assert len(PARTS) / 2 < not_begun < len(PARTS) * 0.6
