"""Make a secret contribution to the seed of a draw, and the commitment to it (docs/formats.md §2, docs/draw.md §2).

The commitment is published; the nonce is kept by its owner until all commitments are published, and then revealed.
Nothing is stored.
"""

import secrets
from typing import Any

from django.core.management import CommandParser

from cases.management import base
from workflow.draw.numbers import commitment


class Command(base.Command):
    help = "Make a nonce and its commitment for a drawing of lots."
    needs_database = False

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--by", required=True, metavar="NAME", help="who contributes, as the transcript names them")

    def work(self, *, by: str, **_options: Any) -> base.Outcome:
        if not by.strip() or not by.isprintable():
            raise base.BadUsage("--by is empty or holds characters that cannot be printed.")
        nonce = secrets.token_hex(32)
        published = commitment(by, nonce)
        return base.Outcome(
            {"by": by, "nonce": nonce, "commitment": published},
            lines=[f"Publish now:      {published}", f"Keep, and reveal: {nonce}"],
        )
