"""Replay the transcript of a drawing of lots (docs/formats.md §2, docs/draw.md §12); needs no database.

``tools/verify_draw.py`` does the same without this project, by a program of its own.
"""

from collections.abc import Mapping
from typing import Any

from django.core.management import CommandParser

from cases.management import base
from workflow.draw.transcript import DoesNotHold, NotATranscript, verify


class Command(base.Command):
    help = "Replay the transcript of a drawing of lots."
    needs_database = False

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", metavar="FILE", help="what draw wrote")

    def without(self, sentence: str) -> Mapping[str, Any]:
        return {"ok": False, "problem": sentence}

    def work(self, *, file: str, **_options: Any) -> base.Outcome:
        try:
            transcript = verify(base.read_file(file))
        except NotATranscript as error:
            raise base.BadUsage(f"{file}: {error}.") from error
        except DoesNotHold as error:
            problem = f"{error}."
            return base.Outcome({"ok": False, "problem": problem}, problems=[problem], status=base.REFUSED)
        kind = "a rehearsal" if transcript["rules"]["rehearsal"] else "a drawing"
        line = f"It holds: {kind} of lots for {transcript['phase']}, {len(transcript['result'])} reviews."
        return base.Outcome({"ok": True, "problem": None}, lines=[line])
