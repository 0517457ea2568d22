"""The audit trail's arithmetic: canonical JSON, the hash chain, the Merkle tree and the signed checkpoint.

Everything here is a pure function of its arguments; ``docs/formats.md`` §3 fixes the bytes and
``tools/verify_audit.py`` checks them without sharing a line of this code. No database, no clock.
"""

import contextlib
import json
import os
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from json.encoder import encode_basestring as _quote
from pathlib import Path
from typing import NamedTuple, TypedDict

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ZERO = "0" * 64
"""What the first entry of a case, and the first checkpoint, name as the hash before them."""

MAX_INTEGER = 2**53 - 1

_is_case = re.compile(r"[a-z0-9-]+/([A-Z]{3}|_)").fullmatch
_is_hex64 = re.compile(r"[0-9a-f]{64}").fullmatch


class Actor(TypedDict):
    """Who acted: ids are opaque, ``capacity`` and ``state`` are null for the system itself."""

    id: str
    role: str
    capacity: str | None
    state: str | None


class Object(TypedDict):
    """What was acted on."""

    type: str
    id: str


class Line(NamedTuple):
    """One line of the trail: its canonical bytes, without the LF of a file, and its hash."""

    data: bytes
    hash: str


class Head(NamedTuple):
    """The newest entry of a case."""

    case: str
    seq: int
    hash: str


class Restored(TypedDict):
    """Said by the first checkpoint after a restore: the first checkpoint lost, and what happened."""

    lost_from: int
    note: str


class LedgerError(ValueError):
    """A value that has no place in the trail."""


class KeyFileError(ValueError):
    """A key file that does not hold what it should."""


SYSTEM: Actor = {"id": "system", "role": "system", "capacity": None, "state": None}


# Canonical JSON


def canonical(value: object) -> bytes:
    """Return the canonical JSON of ``value``: RFC 8785 restricted as ``docs/formats.md`` says.

    :raises LedgerError: for a float, an integer beyond 2⁵³−1, a key that is not ASCII text, a lone
        surrogate, or any other type than object, array, string, integer, boolean and null.
    """
    _check(value)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise LedgerError("a lone surrogate has no UTF-8 form") from error


def _check(value: object) -> None:
    if value is None or isinstance(value, str | bool):
        return
    if isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise LedgerError(f"integer beyond 2^53-1: {value}")
    elif isinstance(value, dict):
        for key, member in value.items():
            if not (isinstance(key, str) and key.isascii()):
                raise LedgerError(f"key is not ASCII text: {key!r}")
            _check(member)
    elif isinstance(value, list | tuple):
        for member in value:
            _check(member)
    else:
        raise LedgerError(f"canonical JSON holds no {type(value).__name__}")


def format_time(at: datetime) -> str:
    """Return ``at`` as RFC 3339 in UTC with six decimals and ``Z``.

    :raises LedgerError: for a time without a time zone.
    """
    if at.tzinfo is None:
        raise LedgerError("a time needs its time zone")
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return at.isoformat(timespec="microseconds")[:26] + "Z"


# Content


def new_salt() -> str:
    """Return 32 random bytes as hex."""
    return secrets.token_hex(32)


def content_digest(content: object, salt: str) -> str:
    """Return the digest that an entry carries for ``content``; ``docs/audit.md`` says what that is per action.

    :raises LedgerError: for content that canonical JSON cannot hold, or a salt that is not 64 hex digits.
    """
    _need_hex("salt", salt)
    return sha256(canonical({"content": content, "salt": salt})).hexdigest()


# Lines


def entry_line(
    *,
    case: str,
    seq: int,
    at: datetime,
    actor: Actor,
    action: str,
    obj: Object,
    from_stage: str | None,
    to_stage: str | None,
    digest: str | None,
    prev: str,
) -> Line:
    """Return the line of one entry.

    Built by hand in the order of the sorted members, because it runs in every write; a test holds it
    against :func:`canonical`. ``at`` must not be before the case's entry ``seq - 1``: the caller, who
    holds the case's lock, sees to that.

    :raises LedgerError: for a case, number, time, digest or hash that is not of the format.
    """
    if not _is_case(case):
        raise LedgerError(f"not a case: {case!r}")
    if type(seq) is not int or not 1 <= seq <= MAX_INTEGER:
        raise LedgerError(f"entries are numbered from 1: {seq!r}")
    if digest is not None:
        _need_hex("digest", digest)
    _need_hex("prev", prev)
    if (prev == ZERO) != (seq == 1):
        raise LedgerError("only the first entry of a case has 64 zeros before it")
    head = (
        f'{{"action":{_quote(action)},"actor":{{"capacity":{_text(actor["capacity"])},"id":{_quote(actor["id"])},'
        f'"role":{_quote(actor["role"])},"state":{_text(actor["state"])}}},"at":"{format_time(at)}","case":"{case}",'
        f'"digest":{_text(digest)},"from":{_text(from_stage)}'
    )
    tail = (
        f',"object":{{"id":{_quote(obj["id"])},"type":{_quote(obj["type"])}}},"prev":"{prev}","seq":{seq},'
        f'"to":{_text(to_stage)},"type":"entry","v":1}}'
    )
    try:
        first, last = head.encode(), tail.encode()
    except UnicodeEncodeError as error:
        raise LedgerError("a lone surrogate has no UTF-8 form") from error
    digest_of_line = sha256(first + last).hexdigest()
    return Line(b'%b,"hash":"%b"%b' % (first, digest_of_line.encode(), last), digest_of_line)


def heads_line(*, checkpoint: int, heads: Iterable[Head | tuple[str, int, str]]) -> Line:
    """Return the line naming the newest entry of every case that moved since the checkpoint before.

    ``heads`` may come in any order and be empty; the line sorts them by case.

    :raises LedgerError: for a case that comes twice, or a value that is not of the format.
    """
    newest = sorted(Head(*head) for head in heads)
    if len({head.case for head in newest}) != len(newest):
        raise LedgerError("a case has one head")
    for head in newest:
        _need_head(head)
    return _sealed(
        {
            "type": "heads",
            "v": 1,
            "checkpoint": _number("checkpoint", checkpoint),
            "heads": [head._asdict() for head in newest],
        }
    )


def checkpoint_line(
    *,
    checkpoint: int,
    at: datetime,
    cases: int,
    entries: int,
    root: str,
    prev: str,
    key: Ed25519PrivateKey,
    next_key: str | None = None,
    restored: Restored | None = None,
) -> Line:
    """Return the signed line of a checkpoint.

    ``root`` is :func:`merkle_root` over :func:`leaf` of the newest entry of every case so far, sorted by
    case; ``cases`` is their number and ``entries`` the sum of their ``seq``. ``next_key``, a public key
    as hex, announces the key that signs from the next checkpoint on.

    :raises LedgerError: for a value that is not of the format.
    """
    for name, value in (("root", root), ("prev", prev)):
        _need_hex(name, value)
    if next_key is not None:
        _need_hex("next_key", next_key)
    if (prev == ZERO) != (checkpoint == 1):
        raise LedgerError("only the first checkpoint has 64 zeros before it")
    line: dict[str, object] = {
        "type": "checkpoint",
        "v": 1,
        "checkpoint": _number("checkpoint", checkpoint),
        "at": format_time(at),
        "cases": _number("cases", cases, least=0),
        "entries": _number("entries", entries, least=0),
        "root": root,
        "prev": prev,
        "key": public_hex(key),
        "next_key": next_key,
    }
    if restored is not None:
        lost_from = _number("lost_from", restored["lost_from"])
        line["restored"] = {"lost_from": lost_from, "note": restored["note"]}
    line["sig"] = key.sign(canonical(line)).hex()
    return _sealed(line)


def inclusion_line(*, checkpoint: int, case: str, leaf: int, size: int, path: Sequence[bytes]) -> Line:
    """Return the line that proves the newest entry of ``case`` to be under the checkpoint's root.

    ``leaf`` is the 0-based place of the case among the checkpoint's ``size`` cases, ``path`` what
    :func:`audit_path` gives for it.

    :raises LedgerError: for a value that is not of the format.
    """
    if not _is_case(case):
        raise LedgerError(f"not a case: {case!r}")
    if not 0 <= leaf < size:
        raise LedgerError(f"leaf {leaf} is not among {size}")
    return _sealed(
        {
            "type": "inclusion",
            "v": 1,
            "checkpoint": _number("checkpoint", checkpoint),
            "case": case,
            "leaf": leaf,
            "size": size,
            "path": [node.hex() for node in path],
        }
    )


def _sealed(line: Mapping[str, object]) -> Line:
    digest = sha256(canonical(line)).hexdigest()
    return Line(canonical({**line, "hash": digest}), digest)


def _text(value: str | None) -> str:
    return "null" if value is None else _quote(value)


def _number(name: str, value: int, *, least: int = 1) -> int:
    if type(value) is not int or not least <= value <= MAX_INTEGER:
        raise LedgerError(f"{name} is not a number from {least} on: {value!r}")
    return value


def _need_hex(name: str, value: str) -> None:
    if not _is_hex64(value):
        raise LedgerError(f"{name} is not 64 hex digits: {value!r}")


def _need_head(head: Head) -> None:
    if not _is_case(head.case):
        raise LedgerError(f"not a case: {head.case!r}")
    _number("seq", head.seq)
    _need_hex("hash", head.hash)


# The Merkle tree (RFC 6962 §2.1)


def leaf(case: str, seq: int, hash_: str) -> bytes:
    """Return the bytes that stand for a case in the tree."""
    head = Head(case, seq, hash_)
    _need_head(head)
    return canonical(head._asdict())


def merkle_root(leaves: Iterable[bytes]) -> bytes:
    """Return the RFC 6962 tree hash of ``leaves``; of none, SHA-256 of nothing."""
    nodes = [_leaf_hash(entry) for entry in leaves]
    if not nodes:
        return sha256(b"").digest()
    while len(nodes) > 1:
        nodes = _level_above(nodes)
    return nodes[0]


def audit_path(leaves: Iterable[bytes], index: int) -> list[bytes]:
    """Return the RFC 6962 audit path of the 0-based leaf ``index``, from the leaf towards the root.

    :raises LedgerError: when there is no such leaf.
    """
    nodes = [_leaf_hash(entry) for entry in leaves]
    if not 0 <= index < len(nodes):
        raise LedgerError(f"leaf {index} is not among {len(nodes)}")
    path = []
    while len(nodes) > 1:
        sibling = index ^ 1
        if sibling < len(nodes):
            path.append(nodes[sibling])
        nodes = _level_above(nodes)
        index >>= 1
    return path


def path_holds(entry: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Say whether ``path`` leads from the leaf ``entry`` at ``index`` of ``size`` to ``root``."""
    if not 0 <= index < size:
        return False
    node, last, siblings = _leaf_hash(entry), size - 1, iter(path)
    while last:
        if index & 1 or index < last:
            sibling = next(siblings, None)
            if sibling is None:
                return False
            node = _node_hash(sibling, node) if index & 1 else _node_hash(node, sibling)
        index >>= 1
        last >>= 1
    return node == root and next(siblings, None) is None


def _level_above(nodes: list[bytes]) -> list[bytes]:
    # A node without a sibling moves up as it is: this gives RFC 6962's split at the largest power of two.
    paired = [_node_hash(nodes[i], nodes[i + 1]) for i in range(0, len(nodes) - 1, 2)]
    return paired + nodes[-1:] if len(nodes) % 2 else paired


def _leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def _node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


# The key that signs checkpoints


def public_hex(key: Ed25519PrivateKey) -> str:
    """Return the public half of ``key``, 32 raw bytes as hex: what a verifier is given as ``--key``."""
    return key.public_key().public_bytes_raw().hex()


def load_key(path: str | Path) -> Ed25519PrivateKey:
    """Read the key from ``path``, an unencrypted PKCS#8 PEM file as ``openssl genpkey -algorithm ed25519`` makes.

    :raises OSError: when the file cannot be read.
    :raises KeyFileError: when it holds anything else.
    """
    data = Path(path).read_bytes()
    try:
        key = serialization.load_pem_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileError(f"{path}: expected an unencrypted Ed25519 private key in PEM") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path}: expected an Ed25519 key, found another kind")
    return key


def generate_key(path: str | Path) -> Ed25519PrivateKey:
    """Make a key and keep it in ``path``, readable by its owner only. An existing file is never replaced.

    :raises FileExistsError: when ``path`` exists, also when another process makes it at the same moment.
    """
    path = Path(path)
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    # A link appears whole or not at all, so that nobody reads half a key.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()
    return key
