"""The record of reviews; see docs/architecture.md §2."""

from cases.models.dialogue import Message, Query
from cases.models.event import Checkpoint, Disclosure, Event, Installation, Ledger
from cases.models.nomination import Nomination, NoteVerbale
from cases.models.party import Ratification, RegionalGroup, StateParty
from cases.models.questionnaire import Article, Question, Section
from cases.models.review import (
    Cycle,
    Interval,
    Participation,
    Phase,
    Publication,
    Review,
    ReviewGrant,
    Seat,
    Submission,
)
from cases.models.task import Extension, Task
from cases.models.text import Position, Text, TextVersion
from cases.models.user import User

__all__ = [
    "Article",
    "Checkpoint",
    "Cycle",
    "Disclosure",
    "Event",
    "Extension",
    "Installation",
    "Interval",
    "Ledger",
    "Message",
    "Nomination",
    "NoteVerbale",
    "Participation",
    "Phase",
    "Position",
    "Publication",
    "Query",
    "Question",
    "Ratification",
    "RegionalGroup",
    "Review",
    "ReviewGrant",
    "Seat",
    "Section",
    "StateParty",
    "Submission",
    "Task",
    "Text",
    "TextVersion",
    "User",
]
