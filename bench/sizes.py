"""How much there is in a database, each size ten times the one before."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """``S10`` is a tenth of S, for the test suite, with the people that its eight reviews need."""

    name: str
    reviews: int
    users: int
    answers: int
    events: int

    @property
    def arguments(self) -> list[str]:
        """The flags of ``simulate``."""
        wanted = {"reviews": self.reviews, "users": self.users, "answers": self.answers, "events": self.events}
        return [f"--{name}={number}" for name, number in wanted.items()]


SIZES = {
    "S10": Size("S10", 8, 26, 1_000, 10_000),
    "S": Size("S", 80, 200, 10_000, 100_000),
    "L": Size("L", 800, 2_000, 100_000, 1_000_000),
    "XL": Size("XL", 8_000, 20_000, 1_000_000, 10_000_000),
}
