"""An installation with a review of an invented party at each stage, and its main pages."""

from datetime import UTC, datetime, timedelta
from itertools import groupby

from django.contrib.auth.hashers import Argon2PasswordHasher

from cases.models import Installation, User
from tests.conftest import STAGES, make_review, make_world

PHASE = "test-1"
LETTERS = dict(zip(STAGES, "ABCDEFGHI", strict=True))
"""The middle letter of the codes of a stage's States; in small it begins the names of its people."""

MAIN_PAGES = (
    # stage, who opens it, address (from the review's own, unless it begins with a slash)
    ("nomination", "officer", "/"),
    ("nomination", "officer", "/reviews/"),
    ("nomination", "officer", "/cycles/test/"),
    ("nomination", "officer", "/cycles/test/open/"),
    ("nomination", "officer", "/states/?invented=1"),
    ("nomination", "officer", "people/"),
    ("nomination", "fp", "/"),
    ("nomination", "fp", ""),
    ("nomination", "mission", "people/"),
    ("preliminary_consultations", "fp", "consultations/"),
    ("self_assessment", "expert", "/"),
    ("self_assessment", "expert", "questionnaire/"),
    ("self_assessment", "expert", "questionnaire/untoc-5/"),
    ("self_assessment", "expert", "questionnaire/all/"),
    ("self_assessment", "fp", ""),
    ("self_assessment", "fp", "clear/self_assessment/"),
    ("desk_review", "fp", "/notices/"),
    ("desk_review", "fp", "/profile/"),
    ("desk_review", "rexpert1", "questionnaire/untoc-5/"),
    ("desk_review", "rexpert1", "feedback/"),
    ("desk_review", "rexpert1", "feedback/untoc-5/"),
    ("desk_review", "rexpert1", "queries/"),
    ("desk_review", "rexpert1", "queries/ask/"),
    ("desk_review", "rfp1", "clear/feedback/"),
    ("list_of_observations", "rfp1", ""),
    ("list_of_observations", "rfp1", "observations/"),
    ("list_of_observations", "rfp1", "observations/new/"),
    ("summary", "rfp1", "summary/"),
    ("summary", "fp", "timeline/"),
    ("concluded", "fp", "documents/"),
    ("follow_up", "fp", "follow-up/"),
)


def review_at(stage: str) -> str:
    """The address of the review that is at ``stage``."""
    return f"/reviews/{PHASE}/X{LETTERS[stage]}A/"


def name_at(stage: str, key: str) -> str:
    """The user name of somebody in the review that is at ``stage``."""
    return key if key == "officer" else f"{LETTERS[stage].lower()}-{key}"


def pages_by_person() -> list[tuple[tuple[str, str], list[str]]]:
    """The main pages, gathered by who opens them."""
    return [
        (who, [path for _stage, _key, path in pages])
        for who, pages in groupby(sorted(MAIN_PAGES), key=lambda page: page[:2])
    ]


def prepare() -> None:
    """Run inside the installation (``manage.py shell``)."""
    # Fifty accounts whose passwords guard nothing.
    Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost = 1, 1024
    Installation.objects.create(demonstration=True)
    make_world(datetime.now(UTC) - timedelta(days=2))
    for stage, letter in LETTERS.items():
        code = f"X{letter}"
        make_review(
            phase_key=PHASE,
            code=f"{code}A",
            same=f"{code}B",
            other=f"{code}C",
            word=f"word of {letter}",
            prefix=f"{letter.lower()}-",
        ).to(stage)
    User.objects.filter(username="officer").update(is_staff=True)
