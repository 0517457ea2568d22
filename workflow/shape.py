"""The shape of a mechanism: frozen, indexed once, asked on every request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from workflow.guards import GuardCall

LANGUAGES: Final = ("ar", "zh-hans", "en", "fr", "ru", "es")

EVERY: Final = "every"
"""Owner of a kind of text that every seat writes for itself."""

ACTS: Final = frozenset(
    {
        "ask_query",
        "reply_query",
        "settle_query",
        "take_position",
        "name_people",
        "register_people",
        "extend_deadline",
        "publish",
        "open_drafts_for_help",
    }
)
"""What people do beside drafting and moving the stage; each stage says who may."""

EVENTS: Final = frozenset(
    {
        "review.open",
        "people.name",
        "people.register",
        "people.leave",
        "submission.clear",
        "query.ask",
        "query.reply",
        "query.settle",
        "position.take",
        "deadline.extend",
        "document.publish",
        "drafts.open",
    }
)
"""Verbs of the record that a deadline or a task may begin or end with, beside ``review.<transition>`` and
``<text kind>.save`` or ``.withdraw``."""

Labels = Mapping[str, str]
Confidence = Literal["V", "B", "R", "R?"]
Reason = Literal["none", "optional", "required"]
Effect = Literal["submit", "reopen", "share", "go_on", "suspend", "resume", "withdraw"]
Setting = bool | int | str | tuple[str, ...] | Mapping[str, "Setting"]


def label(labels: Labels, language: str) -> str:
    """The label in ``language``, else in English."""
    return labels.get(language) or labels["en"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the mechanism in a sentence, where it was read and how sure it is; users see it as "why"."""

    key: str
    text: Labels
    source: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Capacity:
    """In what capacity a seat takes part: the State under review, a reviewing State, the Secretariat."""

    key: str
    labels: Labels


@dataclass(frozen=True, slots=True)
class Role:
    """What a person does in a seat, and in seats of which capacities the role exists."""

    key: str
    labels: Labels
    capacities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Instrument:
    key: str
    labels: Labels
    short: Labels


@dataclass(frozen=True, slots=True)
class Cluster:
    """A theme reviewed in one phase: the articles of each instrument that belong to it."""

    key: str
    number: int
    labels: Labels
    articles: Mapping[str, tuple[int, ...]]
    rule: str


@dataclass(frozen=True, slots=True)
class Room:
    """Where a text lies and who reads it there; rooms are written from the narrowest to the widest.

    ``readers`` are ``role.capacity``; of the room ``seat`` they are roles within the seat that owns the text.
    """

    key: str
    labels: Labels
    readers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TextKind:
    """A kind of text: who writes it, the room it is drafted in, the room it moves to once handed over."""

    key: str
    labels: Labels
    owner: str
    draft_room: str
    cleared_room: str
    product: str | None


@dataclass(frozen=True, slots=True)
class Product:
    """What the seats of these capacities clear and hand over: their texts of one kind."""

    key: str
    labels: Labels
    kind: str
    seats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deadline:
    """A length of time from an anchor: ``launched``, ``entered:<stage>`` or ``event:<verb>``."""

    key: str
    labels: Labels
    anchor: str
    months: int
    weeks: int
    days: int
    rule: str


@dataclass(frozen=True, slots=True)
class TaskRule:
    """What one role owes in one stage. ``until`` names the transitions and events that fulfil it.

    A definition may write several stages and roles at once; each pair becomes a rule with the same key.
    """

    key: str
    labels: Labels
    help: Labels
    stage: str
    role: str
    deadline: str | None
    until: tuple[str, ...]
    opens_after: str | None


@dataclass(frozen=True, slots=True)
class Transition:
    """An edge between stages, or one that leaves the stage as it is (``target`` is None).

    ``by_seat`` says that a reopening takes back only what the acting seat handed over.
    """

    key: str
    labels: Labels
    consequence: Labels
    sources: tuple[str, ...]
    target: str | None
    roles: tuple[str, ...]
    guards: tuple[GuardCall, ...]
    product: str | None
    effect: Effect | None
    auto: bool
    reason: Reason
    rule: str
    allowed_while_suspended: bool
    by_seat: bool


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage: who drafts which kind of text in it (``edit``) and who may do what else (``may``)."""

    key: str
    labels: Labels
    about: Labels
    final: bool
    optional: bool
    edit: Mapping[str, tuple[str, ...]]
    may: Mapping[str, tuple[str, ...]]
    rule: str


@dataclass(frozen=True, slots=True, eq=False)
class Mechanism:
    """A whole mechanism. ``digest`` is the SHA-256 of the bytes it was read from; lookups raise KeyError."""

    key: str
    version: int
    labels: Labels
    warning: Labels
    initial: str
    capacities: tuple[Capacity, ...]
    roles: tuple[Role, ...]
    instruments: tuple[Instrument, ...]
    clusters: tuple[Cluster, ...]
    rooms: tuple[Room, ...]
    texts: tuple[TextKind, ...]
    products: tuple[Product, ...]
    deadlines: tuple[Deadline, ...]
    tasks: tuple[TaskRule, ...]
    stages: tuple[Stage, ...]
    transitions: tuple[Transition, ...]
    rules: tuple[Rule, ...]
    settings: Mapping[str, Setting]
    setting_rules: Mapping[str, str]
    digest: str
    _index: "_Index" = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", _Index.of(self))

    def capacity(self, key: str) -> Capacity:
        return self._index.capacities[key]

    def role(self, key: str) -> Role:
        return self._index.roles[key]

    def instrument(self, key: str) -> Instrument:
        return self._index.instruments[key]

    def cluster(self, key: str) -> Cluster:
        return self._index.clusters[key]

    def room(self, key: str) -> Room:
        return self._index.rooms[key]

    def text(self, key: str) -> TextKind:
        return self._index.texts[key]

    def product(self, key: str) -> Product:
        return self._index.products[key]

    def deadline(self, key: str) -> Deadline:
        return self._index.deadlines[key]

    def task(self, key: str) -> TaskRule:
        """The first rule of this key: its labels and help are those of all."""
        return self._index.tasks[key]

    def tasks_of(self, stage: str) -> tuple[TaskRule, ...]:
        return self._index.tasks_of.get(stage, ())

    def stage(self, key: str) -> Stage:
        return self._index.stages[key]

    def transition(self, key: str) -> Transition:
        return self._index.transitions[key]

    def transitions_from(self, stage: str) -> tuple[Transition, ...]:
        return self._index.transitions_from.get(stage, ())

    def rule(self, key: str) -> Rule:
        return self._index.rules[key]

    @staticmethod
    def label(labels: Labels, language: str) -> str:
        """The label in ``language``, else in English."""
        return label(labels, language)


@dataclass(frozen=True, slots=True)
class _Index:
    capacities: Mapping[str, Capacity]
    roles: Mapping[str, Role]
    instruments: Mapping[str, Instrument]
    clusters: Mapping[str, Cluster]
    rooms: Mapping[str, Room]
    texts: Mapping[str, TextKind]
    products: Mapping[str, Product]
    deadlines: Mapping[str, Deadline]
    tasks: Mapping[str, TaskRule]
    tasks_of: Mapping[str, tuple[TaskRule, ...]]
    stages: Mapping[str, Stage]
    transitions: Mapping[str, Transition]
    transitions_from: Mapping[str, tuple[Transition, ...]]
    rules: Mapping[str, Rule]

    @classmethod
    def of(cls, mechanism: Mechanism) -> "_Index":
        stages = {one.key: one for one in mechanism.stages}
        return cls(
            capacities={one.key: one for one in mechanism.capacities},
            roles={one.key: one for one in mechanism.roles},
            instruments={one.key: one for one in mechanism.instruments},
            clusters={one.key: one for one in mechanism.clusters},
            rooms={one.key: one for one in mechanism.rooms},
            texts={one.key: one for one in mechanism.texts},
            products={one.key: one for one in mechanism.products},
            deadlines={one.key: one for one in mechanism.deadlines},
            tasks={one.key: one for one in reversed(mechanism.tasks)},
            tasks_of={key: tuple(one for one in mechanism.tasks if one.stage == key) for key in stages},
            stages=stages,
            transitions={one.key: one for one in mechanism.transitions},
            transitions_from={key: tuple(one for one in mechanism.transitions if key in one.sources) for key in stages},
            rules={one.key: one for one in mechanism.rules},
        )
