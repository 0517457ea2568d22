"""Building the demonstration: an empty installation in, two cycles out, told in the order of time.

The demonstration cycle comes first, review by review as the days pass, with a pass of the clock whenever a date has
passed. The real cycle is launched last, today, together with the checkpoint: where its phase exists, the demonstration
is complete.
"""

import csv
import heapq
import io
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import models, transaction

from cases.models import (
    Cycle,
    Event,
    Installation,
    Phase,
    Review,
    StateParty,
    Task,
    User,
)
from cases.operations.audit import make_checkpoint
from cases.operations.loading import DATA, load_mechanism, load_reference_data, load_states
from cases.operations.opening import (
    assign_reviewers,
    launch_phase,
    launch_review,
    open_cycle,
    open_phase,
    open_reviews,
)
from cases.operations.sweep import sweep
from config.demonstration import material
from config.demonstration.accounts import make_users
from config.demonstration.chapters import Days, tell
from config.demonstration.pace import Pace
from config.demonstration.plan import (
    AS_OF,
    CLUSTER,
    CYCLE,
    DEMONSTRATION_NAMES,
    JOINED,
    JOINED_DAYS_BACK,
    MONTHS_BACK,
    NAMES,
    OFFICERS,
    PARTS,
    PHASE,
    REAL_CYCLE,
    REAL_PHASE,
    REAL_SEED,
    SEED,
)
from config.demonstration.story import Story
from notifications.models import Notification
from workflow.deadlines import add_months
from workflow.draw.assignment import Assignment
from workflow.models import MechanismVersion

MECHANISM = Path(settings.BASE_DIR) / "workflow" / "mechanisms" / "untoc" / "mechanism.toml"
UNREAD = 6
"""At most so many notices of a person are unread."""

Say = Callable[[str], None]


def is_empty() -> bool:
    """Whether nothing was ever put into this installation."""
    return not any(model.objects.exists() for model in (User, StateParty, MechanismVersion, Cycle, Event))


def is_complete() -> bool:
    """Whether the demonstration was built to its end."""
    return Phase.objects.filter(key=REAL_PHASE).exists()


def build(
    *, now: datetime, say: Say, parties: Collection[str] | None = None, real: Collection[str] | None = None
) -> None:
    """Build the demonstration in an empty installation and mark it as one for ever.

    ``parties`` and ``real`` limit it to the reviews of some invented parties and some real ones, for tests.
    """
    with transaction.atomic():
        _mark()
        begun = _moment(now, MONTHS_BACK[1]) - timedelta(days=9)
        _load(begun)
        users = make_users(at=begun)
    officers = [users[f"officer-{number}"] for number in range(1, OFFICERS + 1)]
    say(f"The mechanism, the questionnaire and {len(users)} people are there.")
    agenda = Agenda(now=now, users=users, officers=officers)
    agenda.launch(sorted(parties or PARTS))
    agenda.run(say)
    say(f"The demonstration cycle has {len(agenda.stories)} reviews.")
    _launch_real(now=now, officers=officers, codes=real)
    say("The reviews of the States parties begin today.")


def _mark() -> None:
    if not Installation.objects.update(demonstration=True):
        Installation.objects.create(demonstration=True)


def _load(at: datetime) -> None:
    load_mechanism(source=MECHANISM.read_bytes(), at=at)
    load_reference_data()
    load_states(source=invented_states(), names=None, at=at, invented=True)
    for party in material.parties():
        StateParty.objects.filter(code=party["code"]).update(weekend=party["weekend"])


def invented_states() -> bytes:
    """The invented parties as a file of States."""
    instruments = ("untoc", "tip", "som", "firearms")
    rows = []
    for party in material.parties():
        row = {
            "iso3": party["code"],
            "regional_group": party["group"] or "",
            "entity_type": party["entity_type"],
            "lang_primary_assumed": party["language"].partition("-")[0],
        }
        for language, forms in party["names"].items():
            row |= {f"{form}_{language.replace('-', '_')}": name for form, name in forms.items()}
        for instrument in instruments:
            held = party["ratifications"].get(instrument, {})
            row |= {
                instrument: "y" if held else "n",
                f"{instrument}_date": held.get("since") or "",
                f"{instrument}_signed": held.get("signed") or "",
                f"{instrument}_evidence": party["entity_type"],
            }
        rows.append(row)
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


class Agenda:
    """What is to happen in the demonstration cycle, soonest first."""

    def __init__(self, *, now: datetime, users: dict[str, User], officers: Sequence[User]) -> None:
        self.now = now
        self.users = users
        self.officers = officers
        self.stories: list[Story] = []
        self.queue: list[tuple[datetime, int, Callable[[], None]]] = []
        self.added = 0

    def launch(self, codes: Sequence[str]) -> None:
        """Assign the reviewers, and put the launch of each start group on the agenda."""
        first = _moment(self.now, MONTHS_BACK[1])
        states = _states(invented=True, codes=[code for code in codes if code != JOINED])
        with transaction.atomic():
            cycle = open_cycle(
                key=CYCLE,
                names=DEMONSTRATION_NAMES,
                mechanism=MechanismVersion.objects.get(),
                invented=True,
                starts_on=first.date(),
            )
            phase = open_phase(cycle=cycle, key=PHASE, cluster=CLUSTER, starts_on=first.date())
            assigned = assign_reviewers(
                phase=phase, states=states, seed=SEED, at=first, by=self.officers[0], as_of=AS_OF
            )
        for group, months in MONTHS_BACK.items():
            one_group = [one for one in assigned if one.start_group == group]
            opening = partial(self._open, phase, states, one_group, _moment(self.now, months))
            self.add(_moment(self.now, months), opening)
        if JOINED in codes:
            at = datetime.combine(self.now.date() - timedelta(days=JOINED_DAYS_BACK), time(9, 30), UTC)
            self.add(at, partial(self._join, at))

    def add(self, at: datetime, act: Callable[[], None]) -> None:
        self.added += 1
        heapq.heappush(self.queue, (at, self.added, act))

    def run(self, say: Say) -> None:
        """Let everything happen in its order, and the clock pass over each date that has passed."""
        year = ""
        while self.queue:
            at, _number, act = heapq.heappop(self.queue)
            if year != (year := f"{at:%Y-%m}"):
                say(f"Telling {year} …")
            self._pass_dates(at)
            act()
        self._pass_dates(self.now)
        _sweep(self.now)

    def _open(self, phase: Phase, states: Sequence[StateParty], assigned: Sequence[Assignment], at: datetime) -> None:
        with transaction.atomic():
            reviews = open_reviews(
                phase=phase, states=states, assigned=assigned, at=at, by=self.officers[0], officers=self.officers
            )
        for review in reviews:
            self._begin(review, at)

    def _join(self, at: datetime) -> None:
        review = launch_review(phase_key=PHASE, state_code=JOINED, by=self.officers[0], at=at, officers=self.officers)
        self._begin(review, at)

    def _begin(self, review: Review, at: datetime) -> None:
        part = PARTS[review.state.code]
        until = self.now - timedelta(minutes=10 + material.lot(review.case) % 2000)
        ordinary = part.stage == "nomination"
        speed = min(1.0, (until - at).days / part.days) if ordinary else (until - at).days * 0.97 / part.days
        story = Story(
            review=review,
            part=part,
            pace=Pace(at=at, until=until, speed=speed, seed=review.case),
            users=self.users,
            officer=self.officers[material.lot(review.case) % len(self.officers)],
        )
        self.stories.append(story)
        self._follow(story, tell(story))

    def _follow(self, story: Story, days: Days) -> None:
        passing = next(days, None)
        if passing is not None:
            story.pace.pass_days(passing)
            self.add(story.pace.at, partial(self._follow, story, days))

    def _pass_dates(self, at: datetime) -> None:
        for evening in iter(_next_evening, None):
            if evening > at:
                return
            _sweep(evening)


def _next_evening() -> datetime | None:
    """The evening after the soonest open date, when it is over everywhere."""
    soonest = Task.objects.filter(
        done_at=None, passed_at=None, review__suspended_since=None, review__withdrawn_on=None
    ).aggregate(soonest=models.Min("due_on"))["soonest"]
    return datetime.combine(soonest + timedelta(days=1), time(20), UTC) if soonest else None


def _sweep(now: datetime) -> None:
    failed = sweep(now=now).failed
    if failed:
        raise RuntimeError(f"the clock could not do {', '.join(failed)}")


def _launch_real(*, now: datetime, officers: Sequence[User], codes: Collection[str] | None) -> None:
    with transaction.atomic():
        names = (DATA / "state-names.csv").read_bytes()
        load_states(source=(DATA / "states.csv").read_bytes(), names=names, at=now)
        cycle = open_cycle(
            key=REAL_CYCLE,
            names=NAMES,
            mechanism=MechanismVersion.objects.get(),
            invented=False,
            starts_on=now.date(),
        )
        phase = open_phase(cycle=cycle, key=REAL_PHASE, cluster=CLUSTER, starts_on=now.date())
        states = _states(invented=False, codes=codes)
        launch_phase(phase=phase, states=states, seed=REAL_SEED, at=now, by=officers[0], officers=officers, as_of=AS_OF)
        _read_older_notices(now)
        make_checkpoint(at=now)


def _read_older_notices(now: datetime) -> None:
    """Everybody has read all but the newest few of their notices; the officers know that they launched the phase."""
    newest: dict[int, list[int]] = {}
    demonstration = Notification.objects.exclude(review__phase__key=REAL_PHASE).order_by("-pk")
    for pk, user_id in demonstration.values_list("pk", "user_id"):
        kept = newest.setdefault(user_id, [])
        if len(kept) < 1 + material.lot(user_id) % UNREAD:
            kept.append(pk)
    read = Notification.objects.exclude(pk__in=[pk for kept in newest.values() for pk in kept])
    day = timedelta(days=1)
    read.filter(at__lt=now - day).update(read_at=models.F("at") + day)
    read.filter(at__gte=now - day).update(read_at=now)


def _states(*, invented: bool, codes: Collection[str] | None = None) -> list[StateParty]:
    """The parties that can be under review, by code: those party to the Convention."""
    states = (
        StateParty.objects.filter(invented=invented, ratifications__instrument="untoc")
        .select_related("group")
        .prefetch_related("ratifications")
        .order_by("code")
    )
    return list(states if codes is None else states.filter(code__in=codes))


def _moment(now: datetime, months_back: int) -> datetime:
    return datetime.combine(add_months(now.date(), -months_back), time(9), UTC)
