"""Functions that a worker calls by name: what is not a page."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from bench import subjects
from bench.peers.models import SpikeCase
from bench.peers.spike import take
from bench.timing import Sample, Stopwatch
from cases.management.trail import verify_database
from cases.models import Event, Participation, Phase, Review, ReviewGrant, Seat, StateParty, User
from cases.operations.record import Request
from cases.operations.transition import advance

_state: dict[str, Iterator[Any]] = {}


def _timed(function: Any, *args: Any, **about: Any) -> Sample:
    watch = Stopwatch()
    function(*args, **about)
    return watch.end()


# One step


def full_transition() -> Sample:
    """``advance`` with everything that belongs to it, each time on another review."""
    if "ready" not in _state:
        _state["ready"] = iter(subjects.ready_reviews())
    one = next(_state["ready"])
    officer = User.objects.get(username="bench-officer")
    took = _timed(
        advance,
        case=one.case,
        action="open_consultations",
        by=officer,
        at=subjects.now(),
        seen_version=one.stage_version,
        request=Request(key=f"bench-{one.pk}", digest="0" * 64),
    )
    if not Event.objects.filter(review=one, verb="review.open_consultations").exists():
        raise RuntimeError("nothing was recorded")
    return took


def spike_transition() -> Sample:
    """The same step as the spike takes it."""
    if "spike" not in _state:
        _state["spike"] = iter(_spike_cases(400))
    officer = User.objects.get(username="bench-officer")
    return _timed(take, case=next(_state["spike"]), by=officer, at=subjects.now())


def _spike_cases(number: int) -> list[str]:
    may_open = Permission.objects.get(content_type__app_label="peers", codename="open_consultations")
    User.objects.get(username="bench-officer").user_permissions.add(may_open)
    at = subjects.now()
    names = [f"spike-{n}/XAA" for n in range(number)]
    SpikeCase.objects.bulk_create(
        SpikeCase(case=name, state="XAA", phase="spike", stage_since=at, launched_on=at.date()) for name in names
    )
    return names


def events() -> int:
    return Event.objects.count()


# The permission-filtered list


def prepare_list(number: int) -> str:
    """Reviews up to ``number``, with four seats and three people each; returns whose list is read."""
    known = Review.objects.select_related("phase", "mechanism").order_by("pk")[0]
    state = StateParty.objects.get(code="XAD")
    at = datetime.now(UTC) - timedelta(days=10)
    missing = number - Review.objects.count()
    users = list(User.objects.exclude(username="bench-officer").order_by("pk")[:200])
    with transaction.atomic():
        phases = [
            Phase.objects.create(cycle_id=known.phase.cycle_id, key=f"list-{n}", cluster="I", starts_on=at.date())
            for n in range(-(-missing // 500))
        ]
        reviews = Review.objects.bulk_create(
            Review(
                phase=phases[n // 500],
                state=state,
                mechanism=known.mechanism,
                case=f"list-{n // 500}/{_code(n % 500)}",
                stage="nomination",
                stage_since=at,
                launched_on=at.date(),
            )
            for n in range(missing)
        )
        seats = Seat.objects.bulk_create(Seat(review=review, capacity="secretariat") for review in reviews)
        Participation.objects.bulk_create(
            Participation(
                user=users[(n * 3 + k) % len(users)], seat=seat, review=seat.review, role="officer", started_at=at
            )
            for n, seat in enumerate(seats)
            for k in range(3)
        )
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return users[0].username


def _code(number: int) -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return "X" + letters[number // 26 % 26] + letters[number % 26]


FIRST_PAGE = 50


def read_list(username: str, way: str) -> Sample:
    """Read the first page of a person's reviews: by the product's filter, or by the plain join."""
    user = User.objects.get(username=username)
    watch = Stopwatch()
    rows = list(_rows(user, way))
    took = watch.end()
    if not rows:
        raise RuntimeError(f"{username} sees nothing")
    return took


def _rows(user: User, way: str) -> Any:
    reviews = Review.objects.select_related("state", "phase").order_by("case")
    if way == "visible_to":
        return reviews.visible_to(user)[:FIRST_PAGE]
    return reviews.filter(participations__user=user, participations__ended_at=None)[:FIRST_PAGE]


def list_queries(username: str) -> int:
    user = User.objects.get(username=username)
    with CaptureQueriesContext(connection) as statements:
        list(_rows(user, "visible_to"))
    return len(statements)


def grants() -> int:
    return ReviewGrant.objects.count()


# The trail


def verify_all() -> Sample:
    """Check the stored trail as ``verify_audit`` does."""
    report: dict[str, Any] = {}
    took = _timed(lambda: report.update(verify_database()))
    if not report["ok"]:
        raise RuntimeError(f"the trail does not hold: {report['first_bad']}")
    return took


def read_all() -> Sample:
    """Read every entry's stored bytes, in the same order."""
    entries = Event.objects.order_by("case", "seq").values_list("case", "seq", "hash", "line")
    return _timed(lambda: sum(len(row[3]) for row in entries.iterator(chunk_size=5000)))


def scans_on_purpose() -> list[list[str]]:
    """What the gate of plans says of three statements that read whole tables, and of one that does not."""
    from bench.gates import scanned
    from cases.models import Text

    asked = (
        Event.objects.filter(hash="0"),
        Review.objects.filter(start_group=1).order_by("case"),
        Text.objects.filter(language="en"),
        Event.objects.filter(review=1).order_by("-seq"),
    )
    return [scanned(*rows.query.sql_with_params()) for rows in asked]
