"""Fill an empty installation with a large, plausible cycle of invented parties (docs/formats.md §1).

For benchmarks and load tests. The installation is marked as simulated for ever; one that holds anything else is
refused, exit status 1, so that nothing made up ever stands beside a real State.
"""

from argparse import ArgumentTypeError
from typing import Any

from django.core.management import CommandParser

from cases.management import base
from cases.models import Cycle, Event, Review, StateParty, User
from config.simulation import ImpossibleError, Size, simulate


class Command(base.Command):
    help = "Fill an empty installation with a simulated cycle of invented parties."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--reviews", type=_number, required=True, metavar="N", help="reviews in all phases")
        parser.add_argument("--users", type=_number, required=True, metavar="N", help="people, officers included")
        parser.add_argument("--answers", type=_number, required=True, metavar="N", help="answered questions")
        parser.add_argument("--seed", type=int, default=1, metavar="N", help="the same seed, the same rows on one day")
        parser.add_argument(
            "--events", type=_number, metavar="N", help="entries in the trail; without it, those of the steps"
        )

    def work(self, **options: Any) -> base.Outcome:
        refuse_unless_empty()
        size = Size(options["reviews"], options["users"], options["answers"], options["events"])
        try:
            counts = simulate(size, seed=options["seed"], progress=self.stderr.write)
        except ImpossibleError as error:
            raise base.BadUsage(str(error)) from error
        lines = [f"{number:>10,} {name.replace('_', ' ')}" for name, number in counts.items()]
        return base.Outcome({**counts, "seed": options["seed"]}, lines=lines)


def refuse_unless_empty() -> None:
    """Refuse an installation that holds a party, a person, a cycle or a review.

    :raises NotDone: with what to do.
    """
    held = [model for model in (StateParty, User, Cycle, Review) if model.objects.exists()]
    if held or Event.objects.exclude(review=None).exists():
        raise base.NotDone(
            "This installation is not empty. A simulation needs one of its own: "
            "set DATA_DIR to an empty folder, or DATABASE_URL to an empty database, and run migrate first."
        )


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)
