"""Draw the lots of a phase and write the transcript (docs/formats.md §1 and §2, docs/draw.md).

The input comes from a frozen file (``--input``), a file of States (``--states``) or the database. Without a beacon it
is a rehearsal, and says so in the transcript. The same input, contributions and beacon give the same bytes but for
``drawn_at``. Where no lots can be drawn, the rules and States that stand in the way are named and nothing is written.
"""

import json
import secrets
from argparse import ArgumentTypeError
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.core.management import CommandParser

from cases.management import base
from cases.models import Phase, StateParty
from cases.operations.opening import in_draw
from cases.states_file import parse
from workflow.draw.feasible import UndecidedError, conflict
from workflow.draw.form import FormError, check_contributions, check_input
from workflow.draw.inputs import StateInDraw, make_input
from workflow.draw.lots import CannotDrawError
from workflow.draw.numbers import commitment
from workflow.draw.transcript import as_bytes, make_transcript
from workflow.ledger import LedgerError, format_time

SECRETARIAT = "secretariat"


class Command(base.Command):
    help = "Draw the lots of a phase and write the transcript."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--phase", required=True, metavar="KEY", help="the phase's key, such as untoc-1")
        source = parser.add_mutually_exclusive_group()
        source.add_argument("--states", metavar="FILE", help="States from a file instead of the database")
        source.add_argument("--input", metavar="FILE", help="a frozen input, as draw_input writes it")
        parser.add_argument("--as-of", type=date.fromisoformat, metavar="DATE", help="of the States; today if left out")
        parser.add_argument("--contributions", metavar="FILE", help='a JSON list of {"by","commitment","nonce"}')
        parser.add_argument("--nonce", type=hex64, metavar="HEX", help="one contribution, by the Secretariat")
        parser.add_argument(
            "--beacon", type=beacon, action="append", default=[], metavar="'SOURCE|ROUND|VALUE'", help="drawn in public"
        )
        parser.add_argument("--earlier", metavar="FILE", help="the transcript whose seats a redraw changes")
        parser.add_argument("--out", required=True, metavar="FILE", help="where the transcript is written")

    def wants_database(self, options: Mapping[str, Any]) -> bool:
        return options["states"] is None and options["input"] is None

    def work(self, *, phase: str, out: str, beacon: list[dict[str, str]], **options: Any) -> base.Outcome:
        try:
            data = self._input(phase, rehearsal=not beacon, **options)
            given = contributions(options["contributions"], options["nonce"])
            earlier = read_json(options["earlier"])["result"] if options["earlier"] else []
        except (FormError, LedgerError, KeyError, TypeError) as error:
            raise base.BadUsage(f"{base.one_line(error)}.") from error
        try:
            transcript = make_transcript(
                data=data, contributions=given, beacon=beacon, drawn_at=format_time(base.now()), earlier=earlier
            )
        except CannotDrawError as cannot:
            raise base.NotDone(f"No lots can be drawn: {what_stands_in_the_way(data, cannot)}.") from cannot
        except (FormError, LedgerError) as error:
            raise base.BadUsage(f"{base.one_line(error)}.") from error
        return written(transcript, out)

    def _input(
        self, phase: str, *, rehearsal: bool, states: str | None, as_of: date | None, **options: Any
    ) -> dict[str, Any]:
        if options["input"] is not None:
            data = read_json(options["input"])
            check_input(data)
            if data["phase"] != phase:
                raise FormError(f"the input is of the phase {data['phase']}, not of {phase}")
            # What was frozen as a rehearsal stays one; what was not becomes one where nothing was drawn in public.
            return {**data, "rules": {**data["rules"], "rehearsal": data["rules"]["rehearsal"] or rehearsal}}
        found = states_of_file(states) if states is not None else states_of_database(phase)
        data = make_input(phase=phase, states=found, as_of=as_of or base.now().date(), rehearsal=rehearsal)
        check_input(data)
        return data


def hex64(text: str) -> str:
    """32 bytes in lower-case hex, from the command line."""
    if len(text) != 64 or set(text) - set("0123456789abcdef"):
        raise ArgumentTypeError(f"{text!r} is not 64 lower-case hex digits")
    return text


def beacon(text: str) -> dict[str, str]:
    """What was drawn in public, from the command line: what drew it, which round, and its value."""
    parts = text.split("|")
    if len(parts) != 3 or not all(parts):
        raise ArgumentTypeError(f"{text!r} is not SOURCE|ROUND|VALUE, such as 'balls|1|17'")
    return dict(zip(("source", "round", "value"), parts, strict=True))


def read_json(path: str) -> Any:
    """The value in a file.

    :raises BadUsage: when the file cannot be read or is not JSON.
    """
    try:
        return json.loads(base.read_file(path))
    except (ValueError, RecursionError) as error:
        raise base.BadUsage(f"{path} is not JSON: {base.one_line(error)}.") from error


def contributions(path: str | None, nonce: str | None) -> list[dict[str, Any]]:
    """Who contributed to the seed, in order; a single nonce is the Secretariat's."""
    found = read_json(path) if path else []
    if nonce:
        if not isinstance(found, list):
            raise FormError("the contributions are not a list")
        found = [*found, {"by": SECRETARIAT, "commitment": commitment(SECRETARIAT, nonce), "nonce": nonce}]
    if isinstance(found, list) and all(isinstance(one, dict) and isinstance(one.get("by"), str) for one in found):
        found = sorted(found, key=lambda one: one["by"])
    check_contributions(found)
    return list(found)


def states_of_file(path: str) -> list[StateInDraw]:
    """The States of a file for ``load_states``.

    :raises BadUsage: when a line of it cannot be used.
    """
    read = parse(base.read_file(path))
    if read.errors:
        first = read.errors[0]
        raise base.BadUsage(f"{path}, line {first.line}: {first.message} See load_states --check for all of them.")
    return [
        StateInDraw(row.code, row.group, frozenset(name for name, one in row.ratifications.items() if one.party))
        for row in read.rows
    ]


def states_of_database(phase: str) -> list[StateInDraw]:
    """The States parties; the invented ones where the phase belongs to a cycle of invented parties."""
    invented = Phase.objects.filter(key=phase, cycle__invented=True).exists()
    rows = StateParty.objects.filter(invented=invented).select_related("group").prefetch_related("ratifications")
    return [in_draw(row) for row in rows]


def what_stands_in_the_way(data: Mapping[str, Any], cannot: CannotDrawError) -> str:
    """The smallest set of rules and States that conflict, in words."""
    try:
        found = conflict(data)
    except UndecidedError as undecided:
        return str(undecided)
    return str(found) if found else f"{cannot}; another seed may do it"


def written(transcript: Mapping[str, Any], out: str) -> base.Outcome:
    """Write the transcript, whole or not at all, and say what is in it."""
    data = as_bytes(transcript)
    part = Path(f"{out}.{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(data)
        part.replace(out)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise base.BadUsage(f"{out} cannot be written: {error.strerror}.") from error
    steps, result = transcript["steps"], transcript["result"]
    said = {
        "reviews": len(result),
        "seats": sum(len(one["reviewers"]) for one in result),
        "rejected": sum(len(step.get("rejected", ())) for step in steps),
        "restarts": sum("restart" in step for step in steps),
        "transcript_sha256": sha256(data).hexdigest(),
    }
    kind = "A rehearsal of the drawing" if transcript["rules"]["rehearsal"] else "The drawing"
    return base.Outcome(
        said,
        lines=[
            f"{kind} of lots for {transcript['phase']}: {said['seats']} seats in {said['reviews']} reviews, written to "
            f"{out}.",
            f"SHA-256 of the file: {said['transcript_sha256']}",
        ],
    )
