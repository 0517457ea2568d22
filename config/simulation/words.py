"""What States say in a simulation: the demonstration's texts, made up and of realistic length, in six languages."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

AGAIN = "-R"
"""Before the number of a question that is asked again."""

DATA = Path(settings.BASE_DIR) / "cases/data"


@lru_cache(maxsize=16)
def texts(name: str, member: str = "") -> Any:
    """The content of one file of the demonstration."""
    return json.loads((DATA / "demonstration" / f"{name}.json").read_text(encoding="utf-8"))[member or name]


@lru_cache(maxsize=1)
def parties() -> list[dict[str, Any]]:
    """The invented parties, by code."""
    listed = json.loads((DATA / "invented-parties.json").read_text(encoding="utf-8"))["parties"]
    return sorted(listed, key=lambda party: party["code"])


@lru_cache(maxsize=1)
def questionnaire() -> dict[str, Any]:
    """The shipped questionnaire that the simulated one repeats."""
    return json.loads((DATA / "questions-1.json").read_text(encoding="utf-8"))


def answer(key: str, language: str, turn: int) -> tuple[str, Mapping[str, Any]]:
    """Language and content of an answer to the question ``key``, in ``language`` where there is one."""
    return _said(texts("answers")[key.partition(AGAIN)[0]], language, turn)


def pick(name: str, language: str, turn: int, member: str = "") -> tuple[str, Mapping[str, Any]]:
    """Language and content of one of the texts of a file, in ``language`` where there is one."""
    return _said(texts(name, member), language, turn)


def _said(choices: Sequence[Mapping[str, Any]], language: str, turn: int) -> tuple[str, Mapping[str, Any]]:
    fitting = [one for one in choices if one["language"] == language] or choices
    chosen = fitting[turn % len(fitting)]
    return chosen["language"], {name: value for name, value in chosen.items() if name != "language"}


@lru_cache(maxsize=1)
def revised_words() -> tuple[str, ...]:
    """What is added to a text while it is being edited."""
    return (
        "The wording was brought closer to that of the article.",
        "The reviewing States agreed to keep this sentence.",
        "The date of the decision was added.",
        "This was said by the State party under review in its reply.",
        "The reference to the second paragraph was taken out.",
    )
