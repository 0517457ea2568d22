"""The cast: one review with everybody in it, taken to any stage by the real operations."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction

from cases.models import Participation, Question, Ratification, RegionalGroup, Review, Seat, StateParty, User
from cases.operations.clearance import clear, product_digest, texts_of_product
from cases.operations.drafts import save_text
from cases.operations.loading import load_mechanism, load_reference_data
from cases.operations.opening import DrawnSeat, open_cycle, open_phase, open_review
from cases.operations.people import Named, name_person, register
from cases.operations.transition import advance
from workflow.models import MechanismVersion

MECHANISM = Path(settings.BASE_DIR) / "workflow/mechanisms/untoc/mechanism.toml"
INSTRUMENTS = ("firearms", "som", "tip", "untoc")
STAGES = (
    "nomination",
    "preliminary_consultations",
    "self_assessment",
    "desk_review",
    "list_of_observations",
    "summary",
    "concluded",
    "follow_up",
    "closed",
)


@dataclass
class Cast:
    """The people and the review of a test; ``now`` moves a minute with every use, so that entries are in order."""

    review: Review
    people: dict[str, User]
    word: str = "ordinary"
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=123456))

    @property
    def at(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    def fresh(self) -> Review:
        return Review.objects.select_related("mechanism", "phase", "state").get(pk=self.review.pk)

    def seat(self, person: str) -> Seat:
        return Participation.objects.get(user=self.people[person], review=self.review, ended_at=None).seat

    def advance(self, action: str, person: str, **extra) -> Review:
        return advance(
            case=self.review.case,
            action=action,
            by=self.people[person],
            at=self.at,
            seen_version=self.fresh().stage_version,
            **extra,
        )

    def save(self, kind: str, ref: str, content: dict, person: str, *, seen: int = 0, language: str = "en"):
        return save_text(
            review=self.fresh(),
            kind=kind,
            ref=ref,
            content=content,
            language=language,
            by=self.people[person],
            at=self.at,
            seen_version=seen,
        )

    def clear(self, product: str, person: str):
        texts = texts_of_product(review=self.fresh(), product=product, seat_id=self.seat(person).pk)
        return clear(
            case=self.review.case,
            product=product,
            by=self.people[person],
            at=self.at,
            seen_digest=product_digest(product, texts),
        )

    def hand_over(self, product: str, action: str, person: str) -> Review:
        self.clear(product, person)
        return self.advance(action, person)

    def to(self, stage: str) -> Cast:
        """Take the review to ``stage`` by what people really do."""
        for step, take in zip(STAGES[1:], self._steps(), strict=True):
            if STAGES.index(self.fresh().stage) >= STAGES.index(stage):
                break
            if self.fresh().stage == STAGES[STAGES.index(step) - 1]:
                take()
        assert self.fresh().stage == stage
        return self

    def _steps(self):
        focal_points = ("fp", "rfp1", "rfp2")

        def consult():
            self.save(
                "consultation",
                "consultation",
                {"languages": ["en"], "timetable": f"Two calls {self.word}", "division": "By instrument"},
                "fp",
            )
            for person in focal_points:
                self.hand_over("consultations", "agree_consultations", person)

        def answer():
            for question in Question.objects.filter(instrument="untoc").order_by("number")[:3]:
                self.save("answer", question.key, {"value": "no", "text": f"Reasons {self.word}"}, "expert")
            self.hand_over("self_assessment", "submit_self_assessment", "fp")

        def feed_back():
            for person in ("rfp1", "rfp2"):
                self.save("feedback", "untoc-5", {"text": f"We read it {self.word}"}, person)
                self.hand_over("feedback", "submit_feedback", person)

        def observe():
            self.save(
                "observation",
                "11111111-1111-4111-8111-111111111111",
                {"category": "suggestion", "instrument": "untoc", "articles": [5], "text": f"Consider {self.word}"},
                "rfp1",
            )
            self.advance("share_list", "rfp1")
            for person in focal_points:
                self.hand_over("list_of_observations", "agree_list", person)

        def summarise():
            self.save("summary", "summary", {"text": f"In short {self.word}"}, "rfp2")
            self.advance("share_summary", "rfp1")
            for person in focal_points:
                self.hand_over("summary", "agree_summary", person)

        return (
            lambda: self.advance("open_consultations", "officer"),
            consult,
            answer,
            feed_back,
            observe,
            summarise,
            lambda: self.advance("open_follow_up", "fp"),
            lambda: self.advance("close_follow_up", "fp"),
        )


def make_world(at: datetime) -> None:
    """The mechanism, the articles and the questionnaire: what every review needs."""
    load_mechanism(source=MECHANISM.read_bytes(), at=at)
    load_reference_data()


def make_state(code: str, group: str, *, instruments=INSTRUMENTS) -> StateParty:
    names = {
        lang: {"short": f"Invented {code}", "formal": f"the Republic of Invented {code}"}
        for lang, _ in settings.LANGUAGES
    }
    state, created = StateParty.objects.get_or_create(
        code=code,
        defaults={"names": names, "group": RegionalGroup.objects.get_or_create(slug=group)[0], "invented": True},
    )
    if created:
        Ratification.objects.bulk_create(Ratification(state=state, instrument=one) for one in instruments)
    return state


def make_person(username: str, **fields) -> User:
    return User.objects.create_user(
        username=username,
        email=f"{username}@example.org",
        password=f"{username}-pass",
        office=f"Office of {username}",
        **fields,
    )


def make_review(
    *,
    phase_key: str = "test-1",
    code: str = "XAA",
    same: str = "XAB",
    other: str = "XAC",
    word: str = "ordinary",
    prefix: str = "",
) -> Cast:
    """One review with its people: named by note verbale, registered by an officer."""
    at = datetime.now(UTC).replace(microsecond=123456) - timedelta(days=1)
    with transaction.atomic():
        cycle = open_cycle(
            key="test",
            names={"en": "Test"},
            mechanism=MechanismVersion.objects.get(key="untoc"),
            invented=True,
            starts_on=at.date(),
        )
        phase = open_phase(cycle=cycle, key=phase_key, cluster="I", starts_on=at.date())
        states = [make_state(code, "africa"), make_state(same, "africa"), make_state(other, "weog")]
        review = open_review(
            phase=phase,
            state=states[0],
            start_group=1,
            at=at,
            reviewers=[
                DrawnSeat(state=states[1], side="same", kind="primary", instruments=INSTRUMENTS),
                DrawnSeat(state=states[2], side="other", kind="primary", instruments=INSTRUMENTS),
            ],
        )
    seats = {seat.state.code if seat.state else "": seat for seat in review.seats.select_related("state")}
    people = {"officer": User.objects.filter(username="officer").first() or make_person("officer")}
    Participation.objects.create(user=people["officer"], seat=seats[""], review=review, role="officer", started_at=at)
    cast = Cast(review=review, people=people, word=word, now=at)
    named = (
        ("fp", "focal_point", code),
        ("expert", "expert", code),
        ("observer", "observer", code),
        ("mission", "mission", code),
        ("rfp1", "focal_point", same),
        ("rexpert1", "expert", same),
        ("rfp2", "focal_point", other),
        ("rexpert2", "expert", other),
        ("robserver2", "observer", other),
    )
    for key, role, state in named:
        user = make_person(prefix + key)
        nomination = name_person(
            case=review.case,
            seat_uid=str(seats[state].uid),
            person=Named(role=role, name=f"{key} Person", office=f"Office {key}", email=user.email),
            reference=f"NV/{key}",
            dated=at.date(),
            by=people["officer"],
            at=cast.at,
        )
        register(case=review.case, nomination_uid=str(nomination.uid), by=people["officer"], at=cast.at, user=user)
        people[key] = user
    people["outsider"] = make_person(prefix + "outsider")
    return cast


@pytest.fixture
def world(db):
    make_world(datetime.now(UTC) - timedelta(days=2))


@pytest.fixture
def cast(world) -> Cast:
    return make_review()
