"""Checkpoints, exports and disclosures of the trail (formats.md §3)."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import transaction
from django.db.models import Max

from cases.exceptions import NotVisible
from cases.models import Checkpoint, Disclosure, Event, Submission, TextVersion
from cases.operations.drafts import version_content
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


def make_checkpoint(*, at: datetime) -> Checkpoint:
    """Sign the newest entry of every case; call inside a transaction that reads one snapshot."""
    last = Checkpoint.objects.order_by("-number").first()
    newest = dict(Event.objects.values_list("case").annotate(Max("seq")))
    heads = _heads(newest)
    before = dict(_heads_at(last)) if last else {}
    moved = [head for head in heads if before.get(head.case) != head.seq]
    number = last.number + 1 if last else 1
    heads_line = ledger.heads_line(checkpoint=number, heads=moved)
    line = ledger.checkpoint_line(
        checkpoint=number,
        at=max(at, last.at) if last else at,
        cases=len(heads),
        entries=sum(newest.values()),
        root=ledger.merkle_root(ledger.leaf(*head) for head in heads).hex(),
        prev=last.hash if last else ledger.ZERO,
        key=signing_key(),
    )
    checkpoint = Checkpoint(
        number=number, at=at, cases=len(heads), entries=sum(newest.values()), hash=line.hash,
        heads_line=heads_line.data, line=line.data,
        last_event_id=Event.objects.aggregate(last=Max("pk"))["last"] or 0,
    )
    checkpoint.save()
    return checkpoint


def _heads(newest: dict[str, int]) -> list[ledger.Head]:
    """The newest entry of every case, sorted by name."""
    hashes = {
        (case, seq): hash_
        for case, seq, hash_ in Event.objects.filter(
            pk__in=Event.objects.values("case").annotate(last=Max("pk")).values("last")
        ).values_list("case", "seq", "hash")
    }
    return [ledger.Head(case, seq, hashes[case, seq]) for case, seq in sorted(newest.items())]


def _heads_at(checkpoint: Checkpoint) -> Iterator[tuple[str, int]]:
    """(case, seq) of the newest entries that ``checkpoint`` covers."""
    latest: dict[str, int] = {}
    for line in Checkpoint.objects.filter(number__lte=checkpoint.number).order_by("number").values_list("heads_line"):
        for head in json.loads(bytes(line[0]))["heads"]:
            latest[head["case"]] = head["seq"]
    yield from latest.items()


def export_trail(*, out: IO[bytes], at: datetime) -> tuple[int, int]:
    """Write the whole trail from one snapshot, with a checkpoint made for it; returns (entries, cases)."""
    with transaction.atomic():
        checkpoint = make_checkpoint(at=at)
        for line in Event.objects.order_by("case", "seq").values_list("line", flat=True).iterator(chunk_size=5000):
            out.write(bytes(line) + b"\n")
        for heads, line in Checkpoint.objects.order_by("number").values_list("heads_line", "line").iterator():
            out.write(bytes(heads) + b"\n" + bytes(line) + b"\n")
        return checkpoint.entries, checkpoint.cases


def export_case(*, out: IO[bytes], case: str, at: datetime) -> tuple[int, int]:
    """Write one case's entries, the checkpoint made for it and the proof that it is covered; returns (entries, 1).

    :raises NotVisible: there is no such case.
    """
    with transaction.atomic():
        if not Event.objects.filter(case=case).exists():
            raise NotVisible
        checkpoint = make_checkpoint(at=at)
        heads = _heads(dict(Event.objects.values_list("case").annotate(Max("seq"))))
        place = next(number for number, head in enumerate(heads) if head.case == case)
        path = ledger.audit_path((ledger.leaf(*head) for head in heads), place)
        entries = 0
        for line in Event.objects.filter(case=case).order_by("seq").values_list("line", flat=True):
            out.write(bytes(line) + b"\n")
            entries += 1
        out.write(bytes(checkpoint.line) + b"\n")
        inclusion = ledger.inclusion_line(
            checkpoint=checkpoint.number, case=case, leaf=place, size=checkpoint.cases, path=path
        )
        out.write(inclusion.data + b"\n")
        return entries, 1


def disclosed(*, case: str, seq: int) -> dict[str, object]:
    """The object behind an entry, with its salt.

    :raises NotVisible: there is no such entry, or nothing is left behind it.
    """
    event = Event.objects.filter(case=case, seq=seq).first()
    if event is None:
        raise NotVisible
    version = TextVersion.objects.select_related("text").filter(uid=event.object_uid).first()
    if version is not None:
        return {"content": version_content(version.text.kind, version.text.ref, version), "salt": version.salt}
    submission = Submission.objects.filter(uid=event.object_uid).first()
    if submission is not None:
        return {
            "content": {"product": submission.product, "versions": submission.versions}, "salt": submission.salt
        }
    kept = Disclosure.objects.filter(event=event).first()
    if kept is None:
        raise NotVisible
    return {"content": kept.content, "salt": kept.salt}
