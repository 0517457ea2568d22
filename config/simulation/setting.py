"""Where a simulation takes place: the parties, their people, the questionnaire, the phases and who reviews whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX

from cases.models import Cycle, Phase, Question, Ratification, RegionalGroup, Section, StateParty, User
from cases.operations.loading import GROUP_NAMES, load_mechanism, load_reference_data
from cases.operations.opening import open_cycle, open_phase
from cases.operations.record import record_apart
from config.simulation import words
from config.simulation.shares import FIRST_CIRCLE, People
from config.simulation.shelf import Chance
from workflow.draw.assignment import Assignment, assignments, drawn_from_seed
from workflow.draw.inputs import StateInDraw, make_input
from workflow.draw.lots import CannotDrawError
from workflow.ledger import format_time
from workflow.models import MechanismVersion

CLUSTER = "I"
VERSION = 9000
ASKED = {"": 5, "untoc": 95, "tip": 20, "som": 30, "firearms": 30}
"""Questions of the simulated questionnaire by instrument: a party to the Convention and ``tip`` is asked 120."""

LOTS_TRIED = 20
TEAM = ("focal_point", "expert", "mission")
MECHANISM = Path(settings.BASE_DIR) / "workflow/mechanisms/untoc/mechanism.toml"


@dataclass(slots=True)
class Setting:
    """The stage on which all reviews take place."""

    parties: dict[str, StateParty]
    instruments: dict[str, tuple[str, ...]]
    questions: list[Question]
    people: People
    teams: dict[tuple[str, int], dict[str, User]]
    officers: list[User]
    cycle: Cycle

    def questions_of(self, code: str) -> list[Question]:
        """The questions that a party is asked, in order."""
        party_to = self.instruments[code]
        return [one for one in self.questions if not one.instrument or one.instrument in party_to]

    def sections_of(self, code: str) -> list[str]:
        return list(dict.fromkeys(one.section for one in self.questions_of(code) if one.article))


def make_setting(*, people: People, seed: str, at: datetime) -> Setting:
    """Store the mechanism, the questionnaire, the parties, the people and the cycle."""
    load_mechanism(source=MECHANISM.read_bytes(), at=at)
    load_reference_data()
    questions = _questionnaire()
    codes = [one["code"] for one in words.parties()] if people.parties > len(FIRST_CIRCLE) else FIRST_CIRCLE
    parties, instruments = _parties(codes, at)
    teams, officers = _people(parties, people, Chance(f"{seed}/people"), at)
    cycle = open_cycle(
        key="simulation",
        names={"en": "Simulation"},
        mechanism=MechanismVersion.objects.filter(key="untoc").latest("version"),
        invented=True,
        starts_on=at.date(),
    )
    return Setting(
        parties=parties,
        instruments=instruments,
        questions=questions,
        people=people,
        teams=teams,
        officers=officers,
        cycle=cycle,
    )


def _questionnaire() -> list[Question]:
    """The shipped questions again and again, up to ``ASKED``, as a version of their own."""
    source = words.questionnaire()
    Section.objects.bulk_create(
        Section(
            cluster=CLUSTER,
            version=VERSION,
            key=one["key"],
            number=number,
            instrument=one["instrument"] or "",
            article=one["article"],
            labels=one["labels"],
        )
        for number, one in enumerate(source["sections"], 1)
    )
    chosen = []
    for instrument, wanted in ASKED.items():
        shipped = [one for one in source["questions"] if (one["instrument"] or "") == instrument]
        chosen += [
            (one, f"{one['key']}{words.AGAIN}{turn // len(shipped) + 1}" if turn >= len(shipped) else one["key"])
            for turn, one in ((turn, shipped[turn % len(shipped)]) for turn in range(wanted))
        ]
    order = {one["key"]: number for number, one in enumerate(source["sections"])}
    chosen.sort(key=lambda pair: (order[pair[0]["section"]], pair[0]["no"], pair[1]))
    return Question.objects.bulk_create(
        Question(
            cluster=CLUSTER,
            version=VERSION,
            key=key,
            number=number,
            section=one["section"],
            instrument=one["instrument"] or "",
            article=one["article"],
            paragraphs=one["paragraphs"] or "",
            obligation=one["obligation"],
            text=one["text"],
            answer_type=one["answer_type"],
            options=one.get("options", []),
            cite=one["cite"],
            follow_ups=one["follow_ups"],
            assistance=one["assistance"],
        )
        for number, (one, key) in enumerate(chosen, 1)
    )


def _parties(codes: Sequence[str], at: datetime) -> tuple[dict[str, StateParty], dict[str, tuple[str, ...]]]:
    groups = {
        slug: RegionalGroup.objects.get_or_create(slug=slug, defaults={"names": names})[0]
        for slug, names in GROUP_NAMES.items()
    }
    listed = [one for one in words.parties() if one["code"] in codes]
    chance = Chance("parties")
    made = StateParty.objects.bulk_create(
        StateParty(
            uid=chance.uid(),
            code=one["code"],
            names=one["names"],
            group=groups[one["group"]] if one["group"] else None,
            invented=True,
            entity_type=one["entity_type"],
            language=one["language"],
            weekend=one["weekend"],
        )
        for one in listed
    )
    by_code = {state.code: state for state in made}
    Ratification.objects.bulk_create(
        Ratification(
            state=by_code[one["code"]],
            instrument=instrument,
            since=dates["since"] and date.fromisoformat(dates["since"]),
            signed=dates["signed"] and date.fromisoformat(dates["signed"]),
        )
        for one in listed
        for instrument, dates in one["ratifications"].items()
    )
    record_apart(
        verb="states.load",
        by=None,
        at=at,
        object_type="states",
        object_uid="states",
        content={"created": len(made), "updated": 0},
    )
    return by_code, {one["code"]: tuple(sorted(one["ratifications"])) for one in listed}


def _people(
    parties: Mapping[str, StateParty], people: People, chance: Chance, at: datetime
) -> tuple[dict[tuple[str, int], dict[str, User]], list[User]]:
    """Every person, named by an office; nobody can sign in with a password."""
    offices = words.texts("offices")
    officers = [
        _person(chance, f"sim-officer-{number}", _turn(offices["officer"], number), "en", at, is_staff=True)
        for number in range(people.officers)
    ]
    teams = {
        (code, team): {
            role: _person(
                chance,
                f"sim-{code.lower()}-{team + 1}-{role.replace('_', '-')}",
                _turn(offices[role], place + team),
                state.language,
                at,
            )
            for role in TEAM[: people.roles]
        }
        for place, (code, state) in enumerate(parties.items())
        for team in range(people.teams)
    }
    User.objects.bulk_create([*officers, *(user for team in teams.values() for user in team.values())])
    return teams, officers


def _turn(choices: Sequence[str], number: int) -> str:
    return choices[number % len(choices)]


def _person(chance: Chance, username: str, office: str, language: str, at: datetime, *, is_staff: bool = False) -> User:
    return User(
        uid=chance.uid(),
        username=username,
        email=f"{username}@example.org",
        office=office,
        language=language,
        is_staff=is_staff,
        password=UNUSABLE_PASSWORD_PREFIX,
        date_joined=at,
    )


def begin_phase(
    setting: Setting, key: str, *, seed: str, at: datetime, circle_first: bool
) -> tuple[Phase, list[Assignment]]:
    """Begin a phase and draw its reviewers. The first circle's reviews come first, or last."""
    phase = open_phase(cycle=setting.cycle, key=key, cluster=CLUSTER, starts_on=at.date())
    transcripts = [_drawn(setting, key, FIRST_CIRCLE, f"{seed}/{key}/first", at)]
    rest = [code for code in setting.parties if code not in FIRST_CIRCLE]
    if rest:
        transcripts.append(_drawn(setting, key, rest, f"{seed}/{key}/rest", at))
    circle, others = assignments(transcripts[0]), assignments(transcripts[1]) if rest else []
    circle.sort(key=lambda one: FIRST_CIRCLE.index(one.reviewed))
    assigned = [*circle, *others] if circle_first else [*reversed(others), *circle]
    record_apart(
        case=f"{key}/_",
        verb="phase.launch",
        by=None,
        at=at,
        object_type="phase",
        object_uid=key,
        content={"transcripts": transcripts},
    )
    return phase, assigned


def _drawn(setting: Setting, key: str, codes: Sequence[str], seed: str, at: datetime) -> dict[str, Any]:
    """Lots for some parties among themselves."""
    groups = {state.code: state.group.slug if state.group else None for state in setting.parties.values()}
    states = [StateInDraw(code, groups[code], frozenset(setting.instruments[code])) for code in codes]
    data = make_input(phase=key, states=states, as_of=at.date(), rehearsal=True)
    for attempt in range(LOTS_TRIED):
        try:
            return drawn_from_seed(data=data, seed=f"{seed}/{attempt}", drawn_at=format_time(at))
        except CannotDrawError:
            continue
    raise CannotDrawError(f"no valid reviewers were found for {len(codes)} parties")
