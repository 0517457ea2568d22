"""When things happen in a review: working days and hours, one after the other, never after now."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from config.demonstration.material import lot

SATURDAY = 5


@dataclass(slots=True)
class Pace:
    """The hands of one review's clock; ``speed`` stretches or shortens the days that its story counts."""

    at: datetime
    until: datetime
    speed: float
    seed: str
    moves: int = 0

    def pass_days(self, days: float) -> None:
        """Go on to some hour of the working day that comes about ``days`` later."""
        self.moves += 1
        day = self.at.date() + timedelta(days=max(1, round(days * self.speed)))
        day += timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= SATURDAY else 0)
        chance = lot(self.seed, self.moves)
        moment = datetime.combine(day, time(8 + chance % 6, chance % 60, chance % 59, chance % 1_000_000), UTC)
        self.at = min(max(moment, self.at + timedelta(minutes=1)), self.until)

    def pass_minutes(self) -> None:
        """Go on to the next thing of the same sitting."""
        self.moves += 1
        self.at = min(self.at + timedelta(seconds=40 + lot(self.seed, self.moves) % 400), self.until)

    def days_until(self, days_ago: float) -> float:
        """How many days to let go by so that it is about ``days_ago`` days before now."""
        return max(1.0, (self.until - timedelta(days=days_ago) - self.at) / timedelta(days=1)) / self.speed
