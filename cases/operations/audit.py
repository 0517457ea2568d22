"""Checkpoints, exports and disclosures of the trail (formats.md §3)."""

import json
from datetime import datetime
from pathlib import Path
from typing import IO
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import transaction
from django.db.models import Max

from cases.exceptions import NotVisible
from cases.models import Checkpoint, Disclosure, Event, Submission, TextVersion
from cases.operations.drafts import version_content
from cases.operations.record import SYSTEM_CASE, lock_ledger
from workflow import ledger


def signing_key() -> Ed25519PrivateKey:
    """The key that signs checkpoints; on the embedded default it is made once.

    :raises OSError: when the file cannot be read.
    :raises ledger.KeyFileError: when it is no Ed25519 key.
    """
    path = Path(settings.AUDIT_KEY_FILE)
    if settings.EMBEDDED and not path.exists():
        try:
            return ledger.generate_key(path)
        except FileExistsError:
            pass
    return ledger.load_key(path)


class CannotSign(Exception):
    """The key at hand is not the one that must sign next; a checkpoint by it would break the trail for good."""


def must_sign_next(newest: Checkpoint) -> str:
    """The public key that must sign the checkpoint after ``newest``, as hex."""
    line = json.loads(bytes(newest.line))
    key: str = line["next_key"] or line["key"]
    return key


def key_after(last: Checkpoint | None) -> Ed25519PrivateKey:
    """The key that signs the checkpoint after ``last``.

    :raises CannotSign: when the key at hand is another one.
    """
    key = signing_key()
    if last is not None and must_sign_next(last) != ledger.public_hex(key):
        raise CannotSign(
            f"AUDIT_KEY_FILE={settings.AUDIT_KEY_FILE} is not the key that must sign after checkpoint {last.number}; "
            "set it to the file of that key."
        )
    return key


def make_checkpoint(*, at: datetime) -> tuple[Checkpoint, list[ledger.Head]]:
    """Sign the newest entry of every case; returns the checkpoint and those heads. Call inside a transaction.

    :raises CannotSign: when the key is not the one that the checkpoint before named.
    :raises OSError, ledger.KeyFileError: when there is no key to read.
    """
    lock_ledger(SYSTEM_CASE)  # one checkpoint at a time
    last = Checkpoint.objects.order_by("-number").first()
    heads = _heads()
    before = _heads_at(last) if last else {}
    number = last.number + 1 if last else 1
    at = max(at, last.at) if last else at
    entries = sum(head.seq for head in heads)
    heads_line = ledger.heads_line(checkpoint=number, heads=[one for one in heads if before.get(one.case) != one.seq])
    line = ledger.checkpoint_line(
        checkpoint=number,
        at=at,
        cases=len(heads),
        entries=entries,
        root=ledger.merkle_root(ledger.leaf(*head) for head in heads).hex(),
        prev=last.hash if last else ledger.ZERO,
        key=key_after(last),
    )
    checkpoint = Checkpoint(
        number=number,
        at=at,
        cases=len(heads),
        entries=entries,
        hash=line.hash,
        heads_line=heads_line.data,
        line=line.data,
    )
    checkpoint.save()
    return checkpoint, heads


def _heads() -> list[ledger.Head]:
    """The newest entry of every case, sorted by name as bytes are (a database's collation may differ)."""
    newest = Event.objects.values("case").annotate(last=Max("pk")).values("last")
    return sorted(ledger.Head(*row) for row in Event.objects.filter(pk__in=newest).values_list("case", "seq", "hash"))


def _heads_at(checkpoint: Checkpoint) -> dict[str, int]:
    """The newest entry of each case that ``checkpoint`` covers."""
    latest: dict[str, int] = {}
    lines = Checkpoint.objects.filter(number__lte=checkpoint.number).order_by("number")
    for line in lines.values_list("heads_line", flat=True):
        latest.update((head["case"], head["seq"]) for head in json.loads(bytes(line))["heads"])
    return latest


def export_trail(*, out: IO[bytes], at: datetime) -> tuple[int, int]:
    """Write the whole trail as the checkpoint made for it covers it; returns (entries, cases).

    What is recorded while the export runs lies behind the checkpoint's heads and is left out.
    """
    with transaction.atomic():
        checkpoint, heads = make_checkpoint(at=at)
        for head in heads:
            _write_case(out, head)
        lines = Checkpoint.objects.filter(number__lte=checkpoint.number).order_by("number")
        for heads_line, line in lines.values_list("heads_line", "line"):
            out.write(bytes(heads_line) + b"\n" + bytes(line) + b"\n")
        return checkpoint.entries, checkpoint.cases


def _write_case(out: IO[bytes], head: ledger.Head) -> None:
    lines = Event.objects.filter(case=head.case, seq__lte=head.seq).order_by("seq").values_list("line", flat=True)
    for line in lines.iterator(chunk_size=5000):
        out.write(bytes(line) + b"\n")


def export_case(*, out: IO[bytes], case: str, at: datetime) -> tuple[int, int]:
    """Write one case's entries, the checkpoint made for it and the proof that it is covered; returns (entries, 1).

    :raises NotVisible: there is no such case.
    """
    with transaction.atomic():
        if not Event.objects.filter(case=case).exists():
            raise NotVisible
        checkpoint, heads = make_checkpoint(at=at)
        place = next(number for number, head in enumerate(heads) if head.case == case)
        path = ledger.audit_path((ledger.leaf(*head) for head in heads), place)
        _write_case(out, heads[place])
        out.write(bytes(checkpoint.line) + b"\n")
        inclusion = ledger.inclusion_line(
            checkpoint=checkpoint.number, case=case, leaf=place, size=checkpoint.cases, path=path
        )
        out.write(inclusion.data + b"\n")
        return heads[place].seq, 1


def disclosed(*, case: str, seq: int) -> dict[str, object]:
    """The object behind an entry, with its salt.

    :raises NotVisible: there is no such entry, or nothing is left behind it.
    """
    event = Event.objects.filter(case=case, seq=seq).first()
    if event is None:
        raise NotVisible
    kept = Disclosure.objects.filter(event=event).first()
    if kept is not None:
        return {"content": kept.content, "salt": kept.salt}
    try:
        uid = UUID(event.object_uid)
    except ValueError:  # what belongs to no review has other names: "states", "untoc-1"
        raise NotVisible from None
    version = TextVersion.objects.select_related("text").filter(uid=uid).first()
    if version is not None:
        return {"content": version_content(version.text.kind, version.text.ref, version), "salt": version.salt}
    submission = Submission.objects.filter(uid=uid).first()
    if submission is None:
        raise NotVisible
    return {"content": {"product": submission.product, "versions": submission.versions}, "salt": submission.salt}
