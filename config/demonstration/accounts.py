"""The accounts of a demonstration: officers of the Secretariat, and for each invented party its people by office."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import Argon2PasswordHasher, BasePasswordHasher, get_hasher, make_password
from django.utils.crypto import salted_hmac

from cases.enums import Role
from cases.models import User
from config.demonstration import material
from config.demonstration.plan import OFFICERS, PARTS, TOUR

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that nobody confuses."""


@dataclass(frozen=True, slots=True)
class Account:
    """A person before there is a row for it; ``code`` is the party's, or empty for the Secretariat."""

    username: str
    role: str
    code: str
    email: str
    office: str
    language: str


class _LightHasher(Argon2PasswordHasher):
    """Argon2 at small cost, for passwords of a hundred random bits that nobody can guess; sign-in hashes them anew."""

    time_cost, memory_cost, parallelism = 1, 8 * 1024, 1


def accounts() -> list[Account]:
    """Everybody there is from the start, by user name."""
    return sorted((*_officers(), *_people()), key=lambda account: account.username)


def password_of(username: str) -> str:
    """The password of a demonstration account: from SECRET_KEY and the name, the same each time."""
    digest = salted_hmac("demonstration.password", username, algorithm="sha256").digest()
    letters = "".join(LETTERS[byte % len(LETTERS)] for byte in digest[:20])
    return "-".join(letters[start : start + 5] for start in range(0, 20, 5))


def make_users(*, at: datetime) -> dict[str, User]:
    """Make a user of every account; returns them by user name. Call inside a transaction."""
    hasher = _hasher()
    User.objects.bulk_create(
        User(
            username=one.username,
            email=one.email,
            office=one.office,
            language=one.language,
            password=make_password(password_of(one.username), hasher=hasher),
            is_staff=one.role == Role.OFFICER,
            date_joined=at,
        )
        for one in accounts()
    )
    return User.objects.in_bulk(field_name="username")


def _hasher() -> BasePasswordHasher:
    preferred = get_hasher("default")
    return _LightHasher() if isinstance(preferred, Argon2PasswordHasher) else preferred


def _officers() -> Iterator[Account]:
    for number, office in enumerate(material.offices(Role.OFFICER)[:OFFICERS], 1):
        yield Account(
            username=f"officer-{number}",
            role=Role.OFFICER.value,
            code="",
            email=f"officer-{number}@secretariat.example",
            office=office,
            language="en",
        )


def _people() -> Iterator[Account]:
    for place, party in enumerate(material.parties()):
        code, part = party["code"], PARTS[party["code"]]
        people = {"mission": Role.MISSION, "focal-point": Role.FOCAL_POINT, "expert-1": Role.EXPERT}
        if place % 2 == 0 or code == TOUR:
            people["expert-2"] = Role.EXPERT
        if place % 3 == 0 or code == TOUR or "closes_drafts_to_observers" in part.doing:
            people["observer"] = Role.OBSERVER
        if "replaces_focal_point" in part.doing:
            people["former-focal-point"] = Role.FOCAL_POINT
        for name, role in people.items():
            offices = material.offices(role)
            yield Account(
                username=f"{code.lower()}-{name}",
                role=role.value,
                code=code,
                email=f"{name}@{code.lower()}.example",
                office=offices[material.lot(code, name) % len(offices)],
                language=party["language"],
            )
