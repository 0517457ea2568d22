"""Export the audit trail, or one review's with its proof of inclusion (docs/formats.md §3).

The checkpoint made for it covers the newest entry. The stored trail is checked first, because a checkpoint vouches
for what it covers, and the file is checked before it takes its name: a trail that does not hold is neither signed nor
exported, exit status 1. An existing file is replaced as a whole.
"""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import CommandParser

from cases.exceptions import NotVisible
from cases.management import base
from cases.management.commands.verify_audit import outcome_of, verify_file
from cases.management.trail import verify_database
from cases.models import Checkpoint
from cases.operations.audit import CannotSign, export_case, export_trail, key_after
from tools.verify_audit import new_report
from workflow.ledger import KeyFileError

DEVICES = Path("/dev")


class Command(base.Command):
    help = "Export the audit trail, or one review's."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--out", required=True, metavar="FILE", help="the file to write")
        parser.add_argument("--review", metavar="CASE", help="only this case, such as untoc-1/XAB, with its proof")

    def without(self, sentence: str) -> Mapping[str, Any]:
        return new_report() | {"error": sentence}

    def work(self, *, out: str, review: str | None, **_options: Any) -> base.Outcome:
        target = _target(out)
        _check_key()
        stored = verify_database()
        if not stored["ok"]:
            return _refused(stored)
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
    """Refuse before anything is written where the key cannot sign."""
    try:
        key_after(Checkpoint.objects.order_by("-number").first())
    except CannotSign as error:
        raise base.NotDone(str(error)) from error
    except (OSError, KeyFileError) as error:
        raise base.NotDone(
            f"The trail cannot be signed with AUDIT_KEY_FILE={settings.AUDIT_KEY_FILE}: {base.one_line(error)}."
        ) from error


def _refused(report: Mapping[str, Any]) -> base.Outcome:
    return replace(outcome_of(report), lines=[], problems=[*outcome_of(report).problems, "Nothing was exported."])


def _target(out: str) -> Path:
    """The file to write.

    The export takes its name by renaming, which would put a file in the place of a device: so not ``/dev/stdout``.
    """
    target = Path(out)
    try:
        taken = target.is_symlink() or (target.exists() and not target.is_file())
        special = taken or target.parent.resolve() == DEVICES
    except (OSError, ValueError) as error:
        raise base.BadUsage(f"{out} cannot be written: {getattr(error, 'strerror', None) or error}.") from error
    if special:
        raise base.BadUsage(f"{out} cannot be written: --out takes the name of a new or an ordinary file.")
    return target


@contextmanager
def _beside(target: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """A draft in the folder of ``target``, gone afterwards unless it took the name."""
    draft = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        file = draft.open("xb")
    except (OSError, ValueError) as error:
        raise base.BadUsage(f"{target} cannot be written: {getattr(error, 'strerror', None) or error}.") from error
    try:
        with file:
            yield draft, file
    finally:
        draft.unlink(missing_ok=True)
