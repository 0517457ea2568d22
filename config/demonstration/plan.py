"""Where each invented party's review stands: the proportions of rules.md §12, with something in every stage.

Most reviews have not begun, some eight have agreed their arrangements, five have their answers in, and few are further;
nobody is first or last in anything but a list. The reviewers and start groups follow from ``SEED`` by the rules; the
table below was written beside that assignment, so that a late stage lies in an early start group. A review in a group
that began too recently simply runs faster.
"""

from dataclasses import dataclass
from datetime import date

SEED = "demonstration 5887"
REAL_SEED = "untoc-1/2020"
AS_OF = date(2026, 11, 24)
"""The day of the lists of States: the lots are the same on whatever day a demonstration is made."""
CYCLE, PHASE = "demonstration", "demo-1"
REAL_CYCLE, REAL_PHASE = "untoc", "untoc-1"
CLUSTER = "I"

MONTHS_BACK = {1: 26, 2: 14, 3: 4}
"""How long ago each start group was launched."""
JOINED, JOINED_DAYS_BACK = "XCK", 24
"""The party that joined the phase after its launch."""
TOUR = "XAC"
"""A good State to begin a tour with: English, answering its questionnaire, reviewing others at two later stages."""
OFFICERS = 3

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
DAYS = dict(zip(STAGES, (40, 60, 150, 180, 140, 60, 30, 60, 20), strict=True))
"""How many days a stage takes at ordinary speed."""


@dataclass(frozen=True, slots=True)
class Part:
    """A review's part in the demonstration.

    ``named`` is how far the naming of people has come at the first stage: ``missions``, ``asked`` (waiting for
    registration), ``reviewed`` (the State under review) or ``all``. ``doing`` names what is special about the review;
    ``depth`` is how much of its present stage has gone by.
    """

    stage: str = "nomination"
    named: str = "all"
    doing: frozenset[str] = frozenset()
    depth: float = 0.6

    @property
    def days(self) -> float:
        """How many days lie behind it at ordinary speed."""
        here = STAGES.index(self.stage)
        return sum(DAYS[stage] for stage in STAGES[:here]) + self.depth * DAYS[self.stage]


def _at(stage: str, *doing: str, depth: float = 0.6) -> Part:
    return Part(stage=stage, doing=frozenset(doing), depth=depth)


def _named(named: str, *doing: str) -> Part:
    return Part(named=named, doing=frozenset(doing))


PARTS = {
    # launched with the first start group
    "XAA": _at("concluded", "publishes"),
    "XAF": _at("list_of_observations", "drafts_only", depth=0.3),
    "XAK": _at("follow_up", "keeps_actions"),
    "XAM": _at("self_assessment", depth=0.9),
    "XAN": _at("desk_review", "one_feedback", "replaces_focal_point", depth=0.9),
    "XAO": _named("missions"),
    "XAP": _named("asked"),
    "XAU": _at("desk_review", "asks", depth=0.7),
    "XBD": _at("self_assessment", "taken_back"),
    "XBE": _named("reviewed", "withdrawn"),
    "XBG": _named("reviewed"),
    "XBI": _at("closed", "keeps_actions", "publishes"),
    "XBK": _at("desk_review", "one_feedback", "extends_feedback", depth=0.9),
    "XBN": _named("missions"),
    "XBS": _at("list_of_observations", "takes_positions", depth=0.7),
    "XBT": _at("self_assessment", "opens_drafts", depth=0.9),
    "XBV": _named("reviewed"),
    "XBY": _named("missions"),
    "XCD": _at("closed", "publishes", "takes_back_a_publication"),
    "XCE": _at("desk_review", "just_received", depth=0.1),
    "XCI": _named("missions"),
    # launched with the second
    "XAB": _named("missions"),
    "XAD": _at("list_of_observations", "partly_agreed", "carries_a_query", depth=0.9),
    "XAE": _named("all", "suspended_by_decision"),
    "XAG": _at("preliminary_consultations", "one_agreed", depth=0.8),
    "XAH": _named("all"),
    "XAI": _named("reviewed", "drafts_early"),
    "XAJ": _named("reviewed"),
    "XAQ": _named("missions"),
    "XAT": _at("desk_review", "asks", depth=0.5),
    "XBA": _at("self_assessment", "extended", depth=0.8),
    "XBC": _at("summary", "partly_agreed", depth=0.8),
    "XBH": _at("self_assessment", depth=0.3),
    "XBL": _at("summary", "drafts_only", depth=0.4),
    "XBM": _named("all"),
    "XBQ": _named("missions"),
    "XCA": _at("self_assessment", "cleared", "closes_drafts_to_observers", depth=0.95),
    "XCC": _named("reviewed"),
    "XCF": _named("missions"),
    "XCG": _named("missions"),
    "XCH": _named("missions"),
    "XCJ": _named("asked"),
    # launched with the third
    "XAC": _at("self_assessment"),
    "XAL": _at("preliminary_consultations", "agreement_lapses", depth=0.9),
    "XAR": _named("missions"),
    "XAS": _named("all"),
    "XAV": _named("reviewed"),
    "XAW": _named("asked"),
    "XAX": _named("all"),
    "XAY": _named("reviewed"),
    "XAZ": _named("missions"),
    "XBB": _named("asked"),
    "XBF": _named("missions"),
    "XBJ": _at("preliminary_consultations", "not_drafted", depth=0.2),
    "XBO": _named("missions"),
    "XBP": _at("preliminary_consultations", "not_drafted", depth=0.2),
    "XBR": _named("asked"),
    "XBU": _at("preliminary_consultations", "one_agreed", depth=0.7),
    "XBW": _at("list_of_observations", "drafts_only", "goes_on_without", depth=0.3),
    "XBX": _at("preliminary_consultations", "one_agreed", depth=0.7),
    "XBZ": _named("missions"),
    "XCB": _at("self_assessment", "suspended", depth=0.7),
    # joined later
    "XCK": _named("missions"),
}

NAMES = {
    "ar": "آلية استعراض تنفيذ اتفاقية مكافحة الجريمة المنظمة عبر الوطنية",
    "zh-hans": "打击跨国有组织犯罪公约实施情况审议机制",
    "en": "Review mechanism of the Convention against Transnational Organized Crime",
    "fr": "Mécanisme d’examen de l’application de la Convention contre la criminalité transnationale organisée",
    "ru": "Механизм обзора хода осуществления Конвенции против транснациональной организованной преступности",
    "es": "Mecanismo de examen de la aplicación de la Convención contra la Delincuencia Organizada Transnacional",
}
DEMONSTRATION_NAMES = {
    "ar": "دورة توضيحية بأطراف خيالية",
    "zh-hans": "虚构缔约方演示周期",
    "en": "Demonstration cycle with invented parties",
    "fr": "Cycle de démonstration avec des parties inventées",
    "ru": "Демонстрационный цикл с вымышленными участниками",
    "es": "Ciclo de demostración con partes inventadas",
}
