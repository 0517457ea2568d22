"""Fill an empty installation: everything in one transaction, the same rows for the same size, seed and day."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from django.db import transaction

from cases.enums import Capacity
from cases.models import (
    Event,
    Installation,
    Participation,
    Phase,
    Position,
    Query,
    Review,
    Seat,
    Submission,
    Task,
    Text,
    TextVersion,
    User,
)
from config.simulation import shares, words
from config.simulation.course import Course
from config.simulation.setting import VERSION, Setting, begin_phase, make_setting
from config.simulation.shelf import Chance, Discarded, Shelf
from config.simulation.story import STAGES, Plot, Story, windows
from notifications.models import Notification
from workflow.draw.assignment import Assignment

LAUNCHED_BEFORE = timedelta(days=1100)
SUSPENDED = 0.04
RUNNING = STAGES[: STAGES.index("concluded")]

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is to be. Without ``events`` a review has the entries of its steps and no more."""

    reviews: int
    users: int
    answers: int
    events: int | None = None


class ImpossibleError(ValueError):
    """No cycle has this size; the sentence says which number cannot be."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One review to be told: its place among all, its phase and who reviews."""

    place: int
    number: int
    phase: Phase
    assignment: Assignment


def simulate(size: Size, *, seed: int = 1, today: datetime | None = None, progress: Progress = print) -> dict[str, int]:
    """Fill an empty installation and mark it as simulated; returns what there is now, by kind.

    :raises ImpossibleError: when no cycle has this size; nothing is changed.
    """
    end = (today or datetime.now(UTC)).replace(hour=0, minute=0, second=0, microsecond=0)
    people = shares.divide_people(reviews=size.reviews, users=size.users, parties=len(words.parties()))
    if size.users < shares.FEWEST_USERS:
        raise ImpossibleError(f"{size.users} users are too few: give at least {shares.FEWEST_USERS}.")
    with transaction.atomic():
        setting = make_setting(people=people, seed=str(seed), at=end - LAUNCHED_BEFORE - timedelta(days=1))
        drawn = _draw(setting, size, str(seed), end)
        shelf = Shelf()
        _tell_all(setting, size, drawn, shelf=shelf, seed=str(seed), today=end, progress=progress)
        shelf.close()
        _mark()
    return _counts()


def _mark() -> None:
    if not Installation.objects.update(simulated=True):
        Installation.objects.create(simulated=True)


def _draw(setting: Setting, size: Size, seed: str, end: datetime) -> list[Drawn]:
    """Every review, phase by phase."""
    drawn: list[Drawn] = []
    number = 0
    while len(drawn) < size.reviews:
        phase, assigned = begin_phase(
            setting, f"sim-{number + 1}", seed=seed, at=end - LAUNCHED_BEFORE, circle_first=number == 0
        )
        wanted = assigned[: size.reviews - len(drawn)]
        drawn += [Drawn(len(drawn) + place, number, phase, one) for place, one in enumerate(wanted)]
        number += 1
    return drawn


def _circles(drawn: Sequence[Drawn]) -> list[list[Drawn]]:
    """Reviews of one phase that follow each other, eight at a time; each circle has its share of the whole."""
    circles: list[list[Drawn]] = []
    for one in drawn:
        if not circles or len(circles[-1]) == len(shares.CIRCLE_STAGES) or circles[-1][0].number != one.number:
            circles.append([])
        circles[-1].append(one)
    return circles


def _stages(circle: Sequence[Drawn], place: int, chance: Chance) -> list[str]:
    """The stages of a circle's reviews: of the first circle as listed, of the others mixed."""
    stages = list(shares.CIRCLE_STAGES[: len(circle)])
    if place == 0 or len(circle) < len(shares.CIRCLE_STAGES):
        return stages
    stages[stages.index("concluded")] = chance.random.choice(("concluded", "follow_up", "closed"))
    chance.random.shuffle(stages)
    return stages


def _tell_all(
    setting: Setting,
    size: Size,
    drawn: Sequence[Drawn],
    *,
    shelf: Shelf,
    seed: str,
    today: datetime,
    progress: Progress,
) -> None:
    circles = _circles(drawn)
    lengths = [len(circle) for circle in circles]
    answers = shares.portions(size.answers, lengths)
    asked = {code: len(setting.questions_of(code)) for code in setting.parties}
    before = Event.objects.count()
    entries = shares.portions((size.events or 0) - before if size.events else 0, lengths)
    owed = 0
    for place, circle in enumerate(circles):
        chance = Chance(f"{seed}/{circle[0].phase.key}/{circle[0].assignment.reviewed}/circle")
        stages = _stages(circle, place, chance)
        try:
            dealt = shares.deal_answers(answers[place], stages, [asked[one.assignment.reviewed] for one in circle])
        except ValueError:
            most = sum(asked[one.assignment.reviewed] for one in drawn)
            raise ImpossibleError(
                f"{size.answers} answers are too many for {size.reviews} reviews: all their questions are about {most}."
            ) from None
        plots = [
            Plot(stage, number, 0, suspended=place > 0 and stage in RUNNING and chance.random.random() < SUSPENDED)
            for stage, number in zip(stages, dealt, strict=True)
        ]
        tell = partial(_tell, setting, seed=seed, today=today, reviews=size.reviews)
        if size.events:
            natural = [tell(one, plot, Discarded(shelf)) for one, plot in zip(circle, plots, strict=True)]
            owed += entries[place]
            edits = shares.deal_entries(owed, stages, natural)
            owed -= sum(natural) + sum(edits)
            plots = [replace(plot, edits=number) for plot, number in zip(plots, edits, strict=True)]
        for one, plot in zip(circle, plots, strict=True):
            tell(one, plot, shelf)
        shelf.store_when_full()
        if place % 10 == 9:
            progress(f"{circle[-1].place + 1} of {size.reviews} reviews")


def _tell(setting: Setting, one: Drawn, plot: Plot, shelf: Shelf, *, seed: str, today: datetime, reviews: int) -> int:
    """Tell one review onto a shelf; returns the number of its entries."""
    code = one.assignment.reviewed
    chance = Chance(f"{seed}/{one.phase.key}/{code}")
    course = course_of(setting, one.phase, one.assignment, shelf, chance)
    team = setting.people.team_of(one.number)
    desk = shares.desk_of(one.place, reviews=reviews, officers=setting.people.officers)
    officers = [setting.officers[0], setting.officers[desk]]
    entries = happen(course, plot, lambda party: setting.teams[party, team], officers, today)
    course.tell(today)
    return entries


def happen(
    course: Course, plot: Plot, team: Callable[[str], Mapping[str, User]], officers: Sequence[User], today: datetime
) -> int:
    """Launch a review and tell its story up to ``today``; returns the number of its entries."""
    times = windows(course, plot.stage, today)
    course.review.stage_since = course.at = times[0].start
    course.review.launched_on = times[0].start.date()
    course.open(officers)
    Story(course, plot, team).tell(times)
    return course.review.head_seq


def course_of(setting: Setting, phase: Phase, assignment: Assignment, shelf: Shelf, chance: Chance) -> Course:
    """A review with its seats, not launched yet."""
    code = assignment.reviewed
    questions = setting.questions_of(code)
    review = shelf.add(
        Review,
        uid=chance.uid(),
        phase=phase,
        state=setting.parties[code],
        mechanism=setting.cycle.mechanism,
        case=f"{phase.key}/{code}",
        stage=setting.cycle.mechanism.definition.initial,
        start_group=assignment.start_group,
        questionnaire_version=VERSION,
        question_count=len(questions),
    )
    instruments = list(setting.instruments[code])
    seat = partial(shelf.add, Seat, review=review)
    seats = [
        seat(uid=chance.uid(), state=setting.parties[code], capacity=Capacity.REVIEWED, instruments=instruments),
        *(
            seat(
                uid=chance.uid(),
                state=setting.parties[drawn.code],
                capacity=Capacity.REVIEWING,
                side=drawn.side or "",
                kind=drawn.kind,
                instruments=sorted(drawn.instruments),
            )
            for drawn in assignment.reviewers
        ),
        seat(uid=chance.uid(), capacity=Capacity.SECRETARIAT, instruments=instruments),
    ]
    return Course(shelf=shelf, chance=chance, review=review, seats=seats, questions=questions)


def _counts() -> dict[str, int]:
    """What there is, by kind, in the words of the command."""
    answers = Text.objects.filter(kind="answer")
    kinds = {
        "phases": Phase,
        "reviews": Review,
        "users": User,
        "seats": Seat,
        "participations": Participation,
        "tasks": Task,
        "texts": Text,
        "versions": TextVersion,
        "queries": Query,
        "submissions": Submission,
        "positions": Position,
        "notifications": Notification,
        "events": Event,
    }
    counts = {name: model.objects.count() for name, model in kinds.items()}
    return {**counts, "answers": answers.count(), "open_tasks": Task.objects.filter(done_at=None).count()}
