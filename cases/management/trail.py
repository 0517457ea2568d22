"""The trail as it stands in the database, read for a check from one snapshot and without writing anything.

The verifier sees the stored lines of all entries, then those of all checkpoints. Entries made after the newest
checkpoint are covered by none yet: they are checked for their chain. What a file cannot show is checked here as well:
the columns that pages read must say what the stored line says, and the head that each review keeps must be its newest
entry, so that an entry cut off at the end of a chain is missed.
"""

import json
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet
from django.db.models.functions import Collate

from cases.models import Checkpoint, Event, Ledger, Review
from tools.verify_audit import BadLineError, Disclosed, verify
from workflow import ledger

COLUMNS = (
    "case",
    "seq",
    "at",
    "actor__uid",
    "verb",
    "object_type",
    "object_uid",
    "from_stage",
    "to_stage",
    "hash",
    "review__case",
    "line",
)


def verify_database(
    *, key: str | None = None, checkpoint: tuple[int, str] | None = None, disclosed: Disclosed | None = None
) -> dict[str, Any]:
    """Check the stored trail; the report is the one of ``tools/verify_audit.py``.

    ``first_bad.line`` is the line that the entry has, or would have, in an export of all entries stored.
    """
    with _snapshot():
        with closing(_lines()) as lines:
            report = verify(lines, key=key, checkpoint=checkpoint, disclosed=disclosed, complete=False)
        newest = Checkpoint.objects.order_by("-number").first()
    covered = newest.entries if newest else 0
    if report["ok"] and report["entries"] > covered:
        report["warnings"].append(
            f"{report['entries'] - covered} of the entries are newer than the last checkpoint; "
            "until the next one only their chain vouches for them."
        )
    return report


@contextmanager
def _snapshot() -> Iterator[None]:
    """One state of the database for every query inside; nothing is locked.

    ``atomic`` would take the write lock on SQLite (transaction_mode IMMEDIATE) and see each statement's own state on
    PostgreSQL.
    """
    if connection.in_atomic_block:
        yield
        return
    connection.ensure_connection()
    sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        cursor.execute("BEGIN" if sqlite else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def _lines() -> Generator[bytes, None, None]:
    heads = _heads()
    number, seen = 0, ("", 0, "")
    for number, row in enumerate(_entries().values_list(*COLUMNS).iterator(chunk_size=5000), 1):
        if row[0] != seen[0]:
            _check_head(heads, seen, number)
        _check_row(row, number)
        seen = (row[0], row[1], row[9])
        yield bytes(row[-1]) + b"\n"
    _check_head(heads, seen, number + 1)
    for case, (seq, _hash) in sorted(heads.items()):
        if seq:
            why = f"the case has {seq} entries by its own count and none here: they were taken out"
            raise BadLineError(why, case=case, seq=1, line=number + 1)
    for one in Checkpoint.objects.order_by("number").iterator(chunk_size=500):
        yield bytes(one.heads_line) + b"\n"
        number += 2
        _check_checkpoint(one, number)
        yield bytes(one.line) + b"\n"


def _entries() -> QuerySet[Event]:
    """The entries as an export has them: cases sorted by the bytes of their names."""
    name = F("case") if connection.vendor == "sqlite" else Collate("case", "C")
    return Event.objects.order_by(name, "seq")


def _heads() -> dict[str, tuple[int, str]]:
    """What each case counts as its newest entry."""
    return {
        case: (seq, hash_)
        for model in (Review, Ledger)
        for case, seq, hash_ in model.objects.values_list("case", "head_seq", "head_hash")
    }


def _check_head(heads: dict[str, tuple[int, str]], newest: tuple[str, int, str], line: int) -> None:
    """Check that a case ends where it counts its end; ``line`` is the one after it."""
    case, seq, hash_ = newest
    if not case:
        return
    counted, kept = heads.pop(case, (0, ""))
    if counted > seq:
        why = f"the case has {counted} entries by its own count and {seq} here: the chain is truncated"
        raise BadLineError(why, case=case, seq=seq + 1, line=line)
    if counted < seq:
        why = f"the case has {counted} entries by its own count and {seq} here: one was added"
        raise BadLineError(why, case=case, seq=counted + 1, line=line - seq + counted)
    if kept != hash_:
        raise BadLineError(
            "the case keeps another hash of its newest entry: one was rewritten", case=case, seq=seq, line=line - 1
        )


def _check_row(row: tuple[Any, ...], line: int) -> None:
    """Check that the columns say what the stored line says; a line that cannot be read is left to the verifier."""
    try:
        entry = json.loads(bytes(row[-1]))
        said = (
            entry["case"],
            entry["seq"],
            entry["at"],
            entry["actor"]["id"],
            entry["action"],
            entry["object"]["type"],
            entry["object"]["id"],
            entry["from"] or "",
            entry["to"] or "",
            entry["hash"],
            entry["case"],
        )
    except (ValueError, KeyError, TypeError):
        return
    actor = str(row[3]) if row[3] else ledger.SYSTEM["id"]
    kept = (row[0], row[1], ledger.format_time(row[2]), actor, *row[4:-2], row[-2] or row[0])
    for name, one, other in zip(COLUMNS, kept, said, strict=False):
        if one != other:
            why = f"the row's {name.partition('__')[0]} is not that of its line: one of the two was changed"
            raise BadLineError(why, case=row[0], seq=row[1], line=line)


def _check_checkpoint(one: Checkpoint, number: int) -> None:
    try:
        line = json.loads(bytes(one.line))
        said = (line["checkpoint"], line["at"], line["cases"], line["entries"], line["hash"])
    except (ValueError, KeyError, TypeError):
        return
    if said != (one.number, ledger.format_time(one.at), one.cases, one.entries, one.hash):
        why = f"the row of checkpoint {one.number} is not that of its line: one of the two was changed"
        raise BadLineError(why, line=number)
