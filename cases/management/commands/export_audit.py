"""Export the audit trail, or one review's with its proof of inclusion (docs/formats.md §3).

The checkpoint made for it covers the newest entry. The stored trail is checked first, because a checkpoint vouches
for what it covers, and the file is checked before it takes its name: a trail that does not hold is neither signed nor
exported, exit status 1. An existing file is replaced as a whole.
"""

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import CommandParser

from cases.exceptions import NotVisible
from cases.management import base
from cases.management.commands.verify_audit import outcome_of, verify_file
from cases.management.trail import verify_database
from cases.operations.audit import export_case, export_trail, signing_key
from cases.models import Checkpoint
from tools.verify_audit import new_report
from workflow.ledger import KeyFileError, public_hex


class Command(base.Command):
    help = "Export the audit trail, or one review's."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--out", required=True, metavar="FILE", help="the file to write")
        parser.add_argument("--review", metavar="CASE", help="only this case, such as untoc-1/XAB, with its proof")

    def without(self, sentence: str) -> Mapping[str, Any]:
        return new_report() | {"error": sentence}

    def work(self, *, out: str, review: str | None, **_options: Any) -> base.Outcome:
        _check_key()
        stored = verify_database()
        if not stored["ok"]:
            return _refused(stored)
        target = Path(out)
        with _beside(target) as (draft, file):
            try:
                if review is None:
                    export_trail(out=file, at=base.now())
                else:
                    export_case(out=file, case=review, at=base.now())
            except NotVisible as error:
                raise base.NotDone(f"There is no case {review}; its name is written like untoc-1/XAB.") from error
            file.flush()
            os.fsync(file.fileno())
            report = verify_file(draft)
            if not report["ok"]:
                return _refused(report)
            try:
                draft.replace(target)
            except OSError as error:
                raise base.BadUsage(f"{target} cannot be written: {error.strerror}.") from error
        return base.Outcome(report, lines=[f"Exported to {target}.", *outcome_of(report).lines[:1]])


def _check_key() -> None:
    """Refuse to sign with a key that no earlier checkpoint announced: the trail would not hold any more."""
    newest = Checkpoint.objects.order_by("-number").first()
    try:
        key = public_hex(signing_key())
    except (OSError, KeyFileError) as error:
        raise base.NotDone(
            f"The trail cannot be signed with AUDIT_KEY_FILE={settings.AUDIT_KEY_FILE}: {base.one_line(error)}."
        ) from error
    if newest is not None and must_sign(newest) != key:
        raise base.NotDone(
            f"AUDIT_KEY_FILE={settings.AUDIT_KEY_FILE} is not the key that checkpoint {newest.number} says must sign next. "
            "Set AUDIT_KEY_FILE to that key's file."
        )
