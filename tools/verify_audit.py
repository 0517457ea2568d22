#!/usr/bin/env python3
"""Check an exported audit trail, line by line, with nothing but Python (3.9 or newer) and this file.

    python3 -I verify_audit.py FILE [--key HEX] [--checkpoint N:HASH] [--open OBJECT]

FILE is what ``export_audit`` writes: the whole trail, or one review with its inclusion proof. The format is in
docs/formats.md §3, what each entry's digest covers in docs/audit.md; this program shares no code with the
one that writes the trail.

--key HEX            the public key that signs the checkpoints, known from elsewhere (64 hex digits). It must
                     be the key of one of the checkpoints; earlier and later keys follow by ``next_key``.
--checkpoint N:HASH  the number and hash of a checkpoint, as printed on a digest or a signed document. The
                     file must hold exactly that checkpoint.
--open OBJECT        a JSON file {"content","salt"} as ``disclose`` prints it, checked to belong to its entry:
                     to the entry that its members "case" and "seq" name, or, without them, to any entry.
--json               makes no difference here; the command of the same name takes it.

Always prints one JSON object on standard output:

    {"ok","trusted","entries","cases","first_bad":null or {"line","case","seq","why"},
     "warnings":[…],"checkpoint":null or "N:HASH","key":null or "HEX",
     "opened":null or {"case","seq"},"error":null or text}

``first_bad.line`` counts from 1; one past the last line when something is missing at the end. ``trusted`` is
true when the file holds and was compared with a key or a checkpoint; without either, somebody may have
written another trail from its first line. ``checkpoint`` and ``key`` are those of the newest checkpoint, to be
kept for the next time.

Exit status: 0 the file holds; 1 it does not; 2 bad usage, or a file that cannot be read or is no audit trail;
3 an internal error.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from binascii import hexlify
from bisect import bisect_left
from datetime import date
from functools import lru_cache, partial
from hashlib import sha256, sha512
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

ZERO = "0" * 64
LONGEST_LINE = 64 * 1024 * 1024
MAX_INTEGER = 2**53 - 1
CHANGED = "the hash is not that of the line: a byte was changed"
NOT_A_TIME = "at is not a time in UTC with six decimals"


# What the caller may bring, and what comes out


class Start(NamedTuple):
    """Where a partial check begins: what holds already, up to and including a checkpoint.

    ``heads`` maps each case to (seq, hash, at) of its newest entry under that checkpoint; ``number`` and
    ``hash`` are the checkpoint's own, ``key`` the key that must sign the next one.
    """

    heads: dict[str, tuple[int, str, str]]
    number: int
    hash: str
    key: str


class Disclosed(NamedTuple):
    """A disclosed object: its digest, and the entry it is said to belong to, if any is named."""

    digest: str
    case: str | None
    seq: int | None


class BadLineError(Exception):
    """The first bad line and why."""

    def __init__(self, why: str, *, case: str | None = None, seq: int | None = None, line: int | None = None) -> None:
        super().__init__(why)
        self.why, self.case, self.seq, self.line = why, case, seq, line


class NotATrailError(Exception):
    """The input is no audit trail at all, or cannot be used as what it was given for."""


class UsageError(Exception):
    """The command line is wrong."""


def verify(
    lines: Iterable[bytes],
    *,
    key: str | None = None,
    checkpoint: tuple[int, str] | None = None,
    disclosed: Disclosed | None = None,
    start: Start | None = None,
    complete: bool = True,
) -> dict[str, Any]:
    """Check ``lines``, each with its LF, and return the report that the command prints.

    ``complete`` says that the newest checkpoint must cover the newest entry of every case, as in an export;
    a live database is checked with ``complete=False``. With ``start`` the lines are the entries and
    checkpoints made after that checkpoint, still grouped by case and sorted.

    :raises NotATrailError: when no line is one of an audit trail.
    """
    trail = Trail(lines, key=key, checkpoint=checkpoint, disclosed=disclosed, start=start, complete=complete)
    report = new_report()
    try:
        trail.check()
    except BadLineError as fault:
        report["first_bad"] = {"line": fault.line, "case": fault.case, "seq": fault.seq, "why": fault.why}
    else:
        report["ok"] = True
        report["trusted"] = key is not None or checkpoint is not None
    report["entries"] = len(trail.hashes) // 32
    report["cases"] = len(trail.spans)
    report["warnings"] = trail.warnings
    report["opened"] = trail.opened
    if trail.number:
        report["checkpoint"] = f"{trail.number}:{trail.prev}"
        report["key"] = trail.signer
    return report


def new_report() -> dict[str, Any]:
    """Return the report of a check that found nothing yet."""
    return {
        "ok": False,
        "trusted": False,
        "entries": 0,
        "cases": 0,
        "first_bad": None,
        "warnings": [],
        "checkpoint": None,
        "key": None,
        "opened": None,
        "error": None,
    }


# One line


def parse(line: bytes) -> dict[str, Any]:
    """Return the object that a line holds, which must be its canonical form and one LF."""
    if not line.endswith(b"\n"):
        if len(line) >= LONGEST_LINE:
            raise BadLineError(f"the line is longer than {LONGEST_LINE} bytes")
        raise BadLineError("the line does not end in LF: it is cut off")
    if line == b"\n":
        raise BadLineError("the line is empty")
    if line.startswith(b"\xef\xbb\xbf"):
        raise BadLineError("the line begins with a byte order mark")
    if b"\r" in line:
        raise BadLineError("the line contains a carriage return")
    value = load_json(line[:-1])
    if not isinstance(value, dict):
        raise BadLineError("the line is not a JSON object")
    if canonical(value) + b"\n" != line:
        raise BadLineError("the line is not in canonical form")
    return value


def load_json(data: bytes) -> Any:
    """Return the value of JSON without floats and without duplicate names."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadLineError("not UTF-8") from None
    try:
        return json.loads(
            text, object_pairs_hook=_object, parse_float=_no_float, parse_constant=_no_float, parse_int=_integer
        )
    except ValueError as error:
        raise BadLineError(f"not JSON: {error}") from None
    except RecursionError:
        raise BadLineError("not JSON of the format: nested too deeply") from None


def canonical(value: object) -> bytes:
    """Return the canonical JSON of a value that :func:`load_json` gave."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise BadLineError("a string holds a lone surrogate") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        raise BadLineError(f"the name {next(name for name in names if names.count(name) > 1)!r} comes twice")
    for name in value:
        if not name.isascii():
            raise BadLineError(f"the name {name!r} is not ASCII")
    return value


def _integer(text: str) -> int:
    if len(text) > 17 or not -MAX_INTEGER <= int(text) <= MAX_INTEGER:
        raise BadLineError("an integer is beyond 2^53-1")
    return int(text)


def _no_float(text: str) -> NoReturn:
    raise BadLineError(f"{text} is not an integer")


_TIME = r"[0-9]{4}-(?:0[1-9]|1[0-2])-[0-3][0-9]T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z"
_CASE = r"[a-z0-9-]+/(?:[A-Z]{3}|_)"

is_hex = re.compile(r"[0-9a-f]{64}").fullmatch
is_signature = re.compile(r"[0-9a-f]{128}").fullmatch
is_case = re.compile(_CASE).fullmatch
is_time = re.compile(_TIME).fullmatch
is_state = re.compile(r"[A-Z]{3}").fullmatch


def _entry_pattern() -> Callable[[bytes], Any]:
    # The canonical form of an entry whose strings are plain ASCII, which is nearly every one; others are parsed.
    # The two hashes are taken as any 64 bytes: each is compared with a known one at once.
    string = r'"[ !#-\[\]-~]*"'
    maybe = rf"(?:null|{string})"
    pattern = (
        rf'(\{{"action":{string},"actor":\{{"capacity":{maybe},"id":{string},"role":{string},'
        rf'"state":(?:null|"[A-Z]{{3}}")\}},"at":"({_TIME})","case":"({_CASE})",'
        rf'"digest":(?:null|"([0-9a-f]{{64}})"),"from":{maybe}),"hash":"(.{{64}})"'
        rf'(,"object":\{{"id":{string},"type":{string}\}},"prev":"(.{{64}})","seq":([1-9][0-9]{{0,15}}),'
        rf'"to":{maybe},"type":"entry","v":1\}})\n'
    )
    return re.compile(pattern.encode("ascii"), re.DOTALL).fullmatch


is_plain_entry = _entry_pattern()
is_known = re.compile(rb'\A\{"action":|"type":"(?:entry|heads|checkpoint|inclusion)"').search

ENTRY = frozenset(
    ("type", "v", "case", "seq", "at", "actor", "action", "object", "from", "to", "digest", "prev", "hash")
)
HEAD = ("case", "seq", "hash")
HEADS = frozenset(("type", "v", "checkpoint", "heads", "hash"))
CHECKPOINT = frozenset(
    ("type", "v", "checkpoint", "at", "cases", "entries", "root", "prev", "key", "next_key", "sig", "hash")
)
INCLUSION = frozenset(("type", "v", "checkpoint", "case", "leaf", "size", "path", "hash"))
SHAPES = {"entry": ENTRY, "heads": HEADS, "checkpoint": CHECKPOINT, "inclusion": INCLUSION}


def shape(line: dict[str, Any]) -> None:
    """Check a parsed line's members, version and hash."""
    kind = line.get("type")
    expected = SHAPES.get(kind) if isinstance(kind, str) else None
    if expected is None:
        raise BadLineError(f"unknown type of line: {kind!r}")
    members(line, expected, optional={"restored"} if kind == "checkpoint" else frozenset())
    need(type(line["v"]) is int and line["v"] == 1, "v is not 1")
    need_hex(line, "hash")
    if sha256(canonical(without(line, "hash"))).hexdigest() != line["hash"]:
        raise BadLineError(CHANGED, **whose(line))


def members(value: Any, expected: Iterable[str], *, optional: Iterable[str] = (), of: str = "the line") -> None:
    """Check that ``value`` is an object with the members expected and no others."""
    need(isinstance(value, dict), f"{of} is not an object")
    missing = sorted(set(expected) - set(value))
    unknown = sorted(set(value) - set(expected) - set(optional))
    need(not missing, f"{of} lacks the member {missing[0] if missing else ''!r}")
    need(not unknown, f"{of} has the unknown member {unknown[0] if unknown else ''!r}")


def need(holds: object, why: str) -> None:
    """Raise a fault unless something holds."""
    if not holds:
        raise BadLineError(why)


def need_text(line: dict[str, Any], name: str, *, null: bool = False) -> None:
    """Check that a member is a string, or null where that is allowed."""
    value = line[name]
    need(isinstance(value, str) or (null and value is None), f"{name} is not a string{' or null' if null else ''}")


def need_hex(line: dict[str, Any], name: str, *, null: bool = False) -> None:
    """Check that a member is 64 lower-case hex digits, or null where that is allowed."""
    value = line[name]
    holds = (isinstance(value, str) and is_hex(value)) or (null and value is None)
    need(holds, f"{name} is not 64 lower-case hex digits{' or null' if null else ''}")


def need_number(line: dict[str, Any], name: str, *, least: int = 1) -> None:
    """Check that a member is an integer from ``least`` on."""
    value = line[name]
    need(type(value) is int and value >= least, f"{name} is not a number from {least} on")


def need_case(line: dict[str, Any]) -> None:
    """Check that the member ``case`` names a case."""
    need(isinstance(line["case"], str) and is_case(line["case"]), "case is not the name of a case")


def need_time(value: Any) -> None:
    """Check that ``value`` is a time in UTC with six decimals."""
    holds = isinstance(value, str) and is_time(value) and is_date(value[:10])
    need(holds, NOT_A_TIME)


@lru_cache(maxsize=4096)
def is_date(text: str) -> bool:
    """Say whether the calendar has the day ``text``."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def without(line: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return ``line`` without some members."""
    return {name: value for name, value in line.items() if name not in names}


def whose(line: dict[str, Any]) -> dict[str, Any]:
    """Return the case and number that a line claims, as far as they can be read."""
    case, seq = line.get("case"), line.get("seq")
    return {"case": case if isinstance(case, str) else None, "seq": seq if type(seq) is int else None}


# The whole


class Span(NamedTuple):
    """The lines that hold a case: line ``first`` holds entry ``seq``, the lines after it those up to ``last``."""

    first: int
    seq: int
    last: int


class Trail:
    """One pass over the lines."""

    def __init__(
        self,
        lines: Iterable[bytes],
        *,
        key: str | None,
        checkpoint: tuple[int, str] | None,
        disclosed: Disclosed | None,
        start: Start | None,
        complete: bool,
    ) -> None:
        self.lines: Iterator[tuple[int, bytes]] = enumerate(lines, 1)
        self.line = 0  # the newest line read
        self.spans: dict[str, Span] = {}
        self.hashes = bytearray()  # 32 bytes for each entry: entries come first, so line n has the n-th
        self.before = start.heads if start else {}
        self.complete = complete
        self.warnings: list[str] = []
        # what the checkpoints said so far
        self.heads = {case: (head[0], head[1]) for case, head in self.before.items()}
        self.total = sum(seq for seq, _ in self.heads.values())
        self.tree = Tree()
        for case, (seq, hash_) in self.heads.items():
            self.tree.put(case, seq, hash_)
        self.number = start.number if start else 0
        self.prev = start.hash if start else ZERO
        self.signer = start.key if start else None
        self.must_sign = start.key if start else None
        self.newest_at = ""
        # what the caller holds
        self.key = key
        self.key_seen = start is not None and start.key == key
        self.first_checkpoint: int | None = None
        self.held = checkpoint
        self.held_seen = start is not None and (start.number, start.hash) == checkpoint
        self.disclosed = disclosed
        self.opened: dict[str, Any] | None = None

    def check(self) -> None:
        """Read everything; the first thing that does not hold raises its :class:`BadLineError`."""
        try:
            line = self.read_entries()
            if line is not None and line["type"] == "checkpoint":
                self.read_one_review(line)
            else:
                self.read_checkpoints(line)
            self.check_against_caller()
        except BadLineError as fault:
            if fault.line is None:
                fault.line = self.line
            raise

    # Entries

    def read_entries(self) -> dict[str, Any] | None:  # noqa: PLR0912 - a call per entry would cost a tenth
        """Check the entries; return the first line of another type, or None at the end."""
        case, seq, newest, earliest = b"", 0, b"", b""
        number, first_line, first_seq = 0, 1, 1
        line = b""
        days: set[bytes] = set()
        hashes = self.hashes
        target = self.disclosed.digest.encode() if self.disclosed else b""
        try:
            for number, line in self.lines:
                match = is_plain_entry(line)
                if match is not None:
                    first, at, name, digest, claimed, second, before, count = match.groups()
                else:
                    self.line = number
                    parsed = self.parse(line)
                    if parsed["type"] != "entry":
                        return parsed
                    first, at, name, digest, claimed, second, before, count = entry_fields(parsed)
                computed = sha256(first + second).digest()
                if hexlify(computed) != claimed:
                    raise BadLineError(CHANGED)
                if name != case:
                    if name <= case:
                        raise BadLineError(f"cases are not grouped and sorted by name: it stands after {case.decode()}")
                    if case:
                        self.spans[case.decode()] = Span(first_line, first_seq, seq)
                    case, first_line = name, number
                    seq, newest, earliest = self.begin(name.decode())
                    first_seq = seq + 1
                seq += 1
                if int(count) != seq or before != newest or at < earliest:
                    raise BadLineError(disorder(seq, int(count), before == newest))
                if at[:10] not in days:
                    need(is_date(at[:10].decode()), NOT_A_TIME)
                    days.add(at[:10])
                newest, earliest = claimed, at
                hashes += computed
                if digest == target:
                    self.open(case.decode(), seq)
        except BadLineError as fault:
            if fault.case is None:
                fault.case, fault.seq = claims(line)
            raise
        finally:
            self.line = number
            accepted = len(hashes) // 32 - first_line + 1
            if case and accepted > 0:
                self.spans[case.decode()] = Span(first_line, first_seq, first_seq + accepted - 1)
        return None

    def begin(self, case: str) -> tuple[int, bytes, bytes]:
        """Return number, hash and time of the entry before the first one here."""
        seq, hash_, at = self.before.get(case, (0, ZERO, ""))
        return seq, hash_.encode(), at.encode()

    def parse(self, raw: bytes) -> dict[str, Any]:
        """Return a line of known type, its members, version and hash checked."""
        try:
            line = parse(raw)
            shape(line)
        except BadLineError:
            if self.line == 1 and not is_known(raw) and not any(is_known(other) for _, other in self.lines):
                raise NotATrailError("this is not an audit trail: no line of it is an entry or a checkpoint") from None
            raise
        return line

    def next_line(self) -> dict[str, Any] | None:
        """Return the next line, or None at the end."""
        self.line, raw = next(self.lines, (self.line, b""))
        return self.parse(raw) if raw else None

    def open(self, case: str, seq: int) -> None:
        """Note that the disclosed object belongs to this entry, if it is the one asked about."""
        asked = self.disclosed
        if self.opened is None and asked is not None and asked.case in (None, case) and asked.seq in (None, seq):
            self.opened = {"case": case, "seq": seq}

    def line_of(self, case: str, seq: int) -> int | None:
        """Return the line of an entry, or None when it is not here."""
        span = self.spans.get(case)
        return span.first + seq - span.seq if span and span.seq <= seq <= span.last else None

    # The checkpoints of a whole export

    def read_checkpoints(self, line: dict[str, Any] | None) -> None:
        """Check the pairs of lines after the entries, ``line`` being the first of them."""
        if not self.line and self.complete:
            raise NotATrailError("the file is empty")
        while line is not None:
            self.expect("heads", line)
            self.read_heads(line)
            line = self.next_line()
            if line is None:
                raise BadLineError("the file ends before the checkpoint that belongs to the heads", line=self.line + 1)
            self.expect("checkpoint", line)
            self.check_follows(line)
            self.check_signed(line)
            need(line["cases"] == len(self.heads), f"cases is not {len(self.heads)}")
            need(line["entries"] == self.total, f"entries is not {self.total}, the sum over the newest entries")
            need(line["root"] == self.tree.root().hex(), "root is not that of the newest entries of the cases")
            line = self.next_line()
        if self.complete:
            self.check_covered()

    def expect(self, kind: str, line: dict[str, Any]) -> None:
        """Check the type of a line after the entries."""
        if line["type"] != kind:
            found = "an entry" if line["type"] == "entry" else f"a line of type {line['type']}"
            raise BadLineError(f"{found} stands where one of type {kind} was expected", **whose(line))

    def read_heads(self, line: dict[str, Any]) -> None:
        """Check that the heads name what the entries say."""
        need_number(line, "checkpoint")
        need(line["checkpoint"] == self.number + 1, f"the heads of checkpoint {self.number + 1} were expected here")
        need(isinstance(line["heads"], list), "heads is not a list")
        above = ""
        for head in line["heads"]:
            members(head, HEAD, of="a head")
            need_case(head)
            need_number(head, "seq")
            need_hex(head, "hash")
            case, seq, hash_ = head["case"], head["seq"], head["hash"]
            if case <= above:
                raise BadLineError("the heads are not sorted by case", case=case, seq=seq)
            above = case
            old = self.heads.get(case, (0, ""))[0]
            if seq <= old:
                raise BadLineError("the case did not move since the checkpoint before", case=case, seq=seq)
            place = self.line_of(case, seq)
            if place is None:
                what = "the chain is truncated" if case in self.spans else "the case was dropped"
                raise BadLineError(f"the head names an entry that is not here: {what}", case=case, seq=seq)
            if self.hashes[32 * place - 32 : 32 * place].hex() != hash_:
                raise BadLineError("the head has another hash than the entry: one was rewritten", case=case, seq=seq)
            self.total += seq - old
            self.heads[case] = (seq, hash_)
            self.tree.put(case, seq, hash_)

    def check_follows(self, line: dict[str, Any]) -> None:
        """Check that a checkpoint goes on from the one before."""
        checkpoint_fields(line)
        need(line["checkpoint"] == self.number + 1, f"checkpoint {self.number + 1} was expected here")
        need(line["prev"] == self.prev, "prev is not the hash of the checkpoint before")
        if self.must_sign is not None and line["key"] != self.must_sign:
            same = self.must_sign == self.signer
            why = "no checkpoint signed by the old key announced it" if same else "another key was announced"
            raise BadLineError(f"the key is not the one that must sign here: {why}")
        if line["at"] < self.newest_at:
            self.warnings.append(f"Checkpoint {line['checkpoint']} has an earlier time than the one before.")

    def check_signed(self, line: dict[str, Any]) -> None:
        """Check a checkpoint's signature, and that it is the one the caller holds, if it has its number."""
        number, key = line["checkpoint"], line["key"]
        signed = canonical(without(line, "sig", "hash"))
        need(signature_holds(bytes.fromhex(key), bytes.fromhex(line["sig"]), signed), "the signature does not hold")
        if self.held is not None and number == self.held[0]:
            need(line["hash"] == self.held[1], f"checkpoint {number} is not the one held: its hash is another")
            self.held_seen = True
        self.first_checkpoint = self.first_checkpoint or self.line
        self.key_seen = self.key_seen or key == self.key
        self.number, self.prev, self.newest_at = number, line["hash"], line["at"]
        self.signer, self.must_sign = key, line["next_key"] or key
        if "restored" in line:
            lost, note = line["restored"]["lost_from"], line["restored"]["note"]
            self.warnings.append(
                f"Checkpoint {number} was made after a restore from a backup: what was recorded from "
                f"checkpoint {lost} on, before the restore, is lost. Note: {note}"
            )

    def check_covered(self) -> None:
        """Check that the newest checkpoint covers every entry."""
        if not self.number:
            raise BadLineError("the file ends without a checkpoint: it is truncated", line=self.line + 1)
        bare = []
        for case, span in self.spans.items():
            covered = self.heads.get(case, (0, ""))[0]
            if covered < span.last:
                seq = max(covered + 1, span.seq)
                bare.append((span.first + seq - span.seq, case, seq))
        if bare:
            place, case, seq = min(bare)
            why = "no checkpoint covers the entry: it was added, or the checkpoints are truncated"
            raise BadLineError(why, case=case, seq=seq, line=place)

    # The checkpoint and the proof of one review

    def read_one_review(self, line: dict[str, Any]) -> None:
        """Check the two lines after the entries of one review, ``line`` being the checkpoint."""
        need(len(self.spans) == 1, "a checkpoint stands where its heads were expected")
        ((case, span),) = self.spans.items()
        checkpoint_fields(line)
        number = line["checkpoint"]
        if self.held is not None and number != self.held[0]:
            raise BadLineError(f"the file holds checkpoint {number} alone, so that {self.held[0]} cannot be compared")
        need((line["prev"] == ZERO) == (number == 1), "only the first checkpoint has 64 zeros before it")
        self.check_signed(line)
        checkpoint, place = line, self.line
        proof = self.next_line()
        if proof is None:
            raise BadLineError("the file ends before the proof of inclusion", line=self.line + 1)
        if proof["type"] != "inclusion":
            raise BadLineError(
                "the checkpoint has neither heads before it nor a proof of inclusion after it", line=place
            )
        inclusion_fields(proof)
        need(proof["checkpoint"] == number, f"the proof is not for checkpoint {number}")
        need(proof["case"] == case, f"the proof is not for {case}")
        need(proof["size"] == checkpoint["cases"], "size is not the number of cases of the checkpoint")
        newest = leaf_hash(case, span.last, self.hashes[-32:].hex())
        path = [bytes.fromhex(node) for node in proof["path"]]
        if not path_holds(newest, proof["leaf"], proof["size"], path, bytes.fromhex(checkpoint["root"])):
            why = "the path does not lead from the newest entry to the root: an entry was added, changed or taken out"
            raise BadLineError(why, case=case, seq=span.last)
        fewest = span.last + checkpoint["cases"] - 1
        if checkpoint["entries"] < fewest:
            raise BadLineError(f"entries is below {fewest}, which the review and the number of cases make", line=place)
        line_after = self.next_line()
        need(line_after is None, "nothing stands after the proof of inclusion")

    # What the caller holds from elsewhere

    def check_against_caller(self) -> None:
        """Check that the key, the checkpoint and the object given were met."""
        if self.key is not None and not self.key_seen:
            raise BadLineError("no checkpoint is signed by the key given", line=self.first_checkpoint or self.line + 1)
        if self.held is not None and not self.held_seen:
            why = f"checkpoint {self.held[0]} is not here: the last one is {self.number}, the rest is cut off"
            raise BadLineError(why, line=self.line + 1)
        asked = self.disclosed
        if asked is None or self.opened is not None:
            return
        if asked.case is None or asked.seq is None:
            raise BadLineError("the disclosed object belongs to no entry here", line=self.line + 1)
        place = self.line_of(asked.case, asked.seq)
        if place is None:
            raise BadLineError(
                "the entry of the disclosed object is not here", case=asked.case, seq=asked.seq, line=self.line + 1
            )
        raise BadLineError(
            "the disclosed object does not belong to this entry", case=asked.case, seq=asked.seq, line=place
        )


def entry_fields(line: dict[str, Any]) -> tuple[bytes, bytes, bytes, bytes | None, bytes, bytes, bytes, bytes]:
    """Check a parsed entry; return what the pattern of plain entries gives, its bytes in one piece."""
    need_case(line)
    need_number(line, "seq")
    need_time(line["at"])
    need_text(line, "action")
    need_text(line, "from", null=True)
    need_text(line, "to", null=True)
    need_hex(line, "digest", null=True)
    need_hex(line, "prev")
    actor, obj = line["actor"], line["object"]
    members(actor, ("id", "role", "capacity", "state"), of="actor")
    need_text(actor, "id")
    need_text(actor, "role")
    need_text(actor, "capacity", null=True)
    need_text(actor, "state", null=True)
    need(actor["state"] is None or is_state(actor["state"]), "state is not three capital letters or null")
    members(obj, ("type", "id"), of="object")
    need_text(obj, "type")
    need_text(obj, "id")
    digest = line["digest"]
    return (
        canonical(without(line, "hash")),
        line["at"].encode(),
        line["case"].encode(),
        digest and digest.encode(),
        line["hash"].encode(),
        b"",
        line["prev"].encode(),
        str(line["seq"]).encode(),
    )


def checkpoint_fields(line: dict[str, Any]) -> None:
    """Check the members of a checkpoint."""
    need_number(line, "checkpoint")
    need_time(line["at"])
    need_number(line, "cases", least=0)
    need_number(line, "entries", least=0)
    for name in ("root", "prev", "key"):
        need_hex(line, name)
    need_hex(line, "next_key", null=True)
    need(isinstance(line["sig"], str) and is_signature(line["sig"]), "sig is not 128 lower-case hex digits")
    if "restored" in line:
        members(line["restored"], ("lost_from", "note"), of="restored")
        need_number(line["restored"], "lost_from")
        need_text(line["restored"], "note")


def inclusion_fields(line: dict[str, Any]) -> None:
    """Check the members of a proof of inclusion."""
    need_number(line, "checkpoint")
    need_case(line)
    need_number(line, "leaf", least=0)
    need_number(line, "size")
    need(line["leaf"] < line["size"], "leaf is not below size")
    path = line["path"]
    holds = isinstance(path, list) and all(isinstance(node, str) and is_hex(node) for node in path)
    need(holds, "path is not a list of 64 lower-case hex digits each")


def disorder(expected: int, found: int, linked: bool) -> str:
    """Return why an entry, whole in itself, does not follow the one before."""
    if found != expected:
        what = "missing" if found > expected else "repeated"
        return f"entry {expected} of the case was expected here: one is {what}, added or out of order"
    if not linked:
        return "prev is not the hash of the entry before: one was changed, added or taken out"
    return "at is earlier than in the entry before"


_claimed_case = re.compile(rb'"case":"([a-z0-9-]+/(?:[A-Z]{3}|_))"').search
_claimed_seq = re.compile(rb'"seq":([1-9][0-9]{0,15})[,}]').search


def claims(raw: bytes) -> tuple[str | None, int | None]:
    """Return the case and number that an unreadable entry seems to have."""
    if b'"type":"entry"' not in raw:
        return None, None
    case, seq = _claimed_case(raw), _claimed_seq(raw)
    return case and case[1].decode(), seq and int(seq[1])


# The Merkle tree (RFC 6962 section 2.1)


class Tree:
    """The tree over the newest entry of every case, kept so that a quiet day costs little."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.levels: list[list[bytes]] = [[]]
        self.moved: set[int] = set()
        self.grown = False

    def put(self, case: str, seq: int, hash_: str) -> None:
        """Set the newest entry of a case."""
        index = bisect_left(self.names, case)
        if index == len(self.names) or self.names[index] != case:
            self.names.insert(index, case)
            self.levels[0].insert(index, b"")
            self.grown = True
        self.levels[0][index] = leaf_hash(case, seq, hash_)
        self.moved.add(index)

    def root(self) -> bytes:
        """Return the tree hash."""
        if not self.names:
            return sha256(b"").digest()
        if self.grown:
            self.levels = self.levels[:1]
            while len(self.levels[-1]) > 1:
                below = self.levels[-1]
                self.levels.append([parent(below, index) for index in range((len(below) + 1) // 2)])
        else:
            moved = self.moved
            for height, level in enumerate(self.levels[1:]):
                moved = {index // 2 for index in moved}
                for index in moved:
                    level[index] = parent(self.levels[height], index)
        self.moved, self.grown = set(), False
        return self.levels[-1][0]


def parent(below: list[bytes], index: int) -> bytes:
    """Return a node from the level below it; one without a sibling moves up as it is."""
    pair = below[2 * index : 2 * index + 2]
    return sha256(b"\x01" + pair[0] + pair[1]).digest() if len(pair) == 2 else pair[0]


def leaf_hash(case: str, seq: int, hash_: str) -> bytes:
    """Return the leaf of a case."""
    return sha256(b"\x00" + canonical({"case": case, "seq": seq, "hash": hash_})).digest()


def path_holds(node: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """Say whether an audit path leads from a leaf's hash to the root."""
    last, steps = size - 1, iter(path)
    while last:
        if index & 1 or index < last:
            step = next(steps, None)
            if step is None:
                return False
            node = sha256(b"\x01" + (step + node if index & 1 else node + step)).digest()
        index, last = index >> 1, last >> 1
    return node == root and next(steps, None) is None


# Ed25519 (RFC 8032 section 5.1), points in extended coordinates (X, Y, Z, T)

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
NEUTRAL = (0, 1, 1, 0)


def signature_holds(key: bytes, signature: bytes, message: bytes) -> bool:
    """Say whether ``signature`` is ``key``'s over ``message``: S below L, and [S]B - [k]A encodes to R."""
    scalar = int.from_bytes(signature[32:], "little")
    tables = key_tables(key)
    if tables is None or scalar >= L:
        return False
    challenge = int.from_bytes(sha512(signature[:32] + key + message).digest(), "little") % L
    return encode(add(times(base_tables(), scalar), times(tables, challenge))) == signature[:32]


@lru_cache(maxsize=16)
def key_tables(key: bytes) -> list[list[Any]] | None:
    """Return the multiples of a key's negative, or None when it is no key (or one that signs anything)."""
    point = decode(key)
    if point is None:
        return None
    eightfold = point
    for _ in range(3):
        eightfold = add(eightfold, eightfold)
    if encode(eightfold) == encode(NEUTRAL):
        return None
    x, y, z, t = point
    return multiples((-x % P, y, z, -t % P))


@lru_cache(maxsize=1)
def base_tables() -> list[list[Any]]:
    """Return the multiples of the base point, whose y is 4/5."""
    point = decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    if point is None:
        raise AssertionError("the base point decodes")
    return multiples(point)


def multiples(point: Any) -> list[list[Any]]:
    """Return d * 16^i * point for each of the 64 hex digits of a scalar."""
    tables = []
    for _ in range(64):
        row = [NEUTRAL]
        for _ in range(15):
            row.append(add(row[-1], point))
        tables.append(row)
        point = add(row[-1], point)
    return tables


def times(tables: list[list[Any]], scalar: int) -> Any:
    """Return scalar * point from the point's multiples."""
    result = NEUTRAL
    for row in tables:
        digit = scalar & 15
        if digit:
            result = add(result, row[digit])
        scalar >>= 4
    return result


def add(left: Any, right: Any) -> Any:
    """Return the sum of two points; the formula is complete, so that it doubles as well."""
    x1, y1, z1, t1 = left
    x2, y2, z2, t2 = right
    a = (y1 - x1) * (y2 - x2)
    b = (y1 + x1) * (y2 + x2)
    c = 2 * D * t1 * t2 % P
    d = 2 * z1 * z2
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def encode(point: Any) -> bytes:
    """Return the 32 bytes of a point."""
    x, y, z, _ = point
    inverse = pow(z, -1, P)
    x, y = x * inverse % P, y * inverse % P
    encoded: int = y | (x & 1) << 255
    return encoded.to_bytes(32, "little")


def decode(data: bytes) -> Any:
    """Return the point of 32 bytes, or None when they encode none."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * v**3 * pow(u * v**7, (P - 5) // 8, P) % P
    if (v * x * x - u) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (v * x * x - u) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


# The command


class Parser(argparse.ArgumentParser):
    """An argument parser whose refusals become the one JSON object."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def parse_key(text: str) -> str:
    """Return a public key given as hex."""
    if not is_hex(text.lower()):
        raise argparse.ArgumentTypeError("expected 64 hex digits")
    return text.lower()


def parse_checkpoint(text: str) -> tuple[int, str]:
    """Return a checkpoint given as N:HASH."""
    match = re.fullmatch(r"([1-9][0-9]{0,15}):([0-9a-f]{64})", text.lower())
    if match is None:
        raise argparse.ArgumentTypeError("expected N:HASH, a number and 64 hex digits")
    return int(match[1]), match[2]


def load_disclosed(path: str) -> Disclosed:
    """Read the JSON file that ``disclose`` printed.

    :raises OSError: when it cannot be read.
    :raises NotATrailError: when it is not such an object.
    """
    data = Path(path).read_bytes()
    try:
        value = load_json(data)
        members(value, ("content", "salt"), optional=value, of="the object")
        need_hex(value, "salt")
        if "case" in value or "seq" in value:
            members(value, ("case", "seq"), optional=value, of="the object")
            need_case(value)
            need_number(value, "seq")
        digest = sha256(canonical({"content": value["content"], "salt": value["salt"]})).hexdigest()
    except BadLineError as fault:
        raise NotATrailError(f"{path}: {fault.why}") from None
    return Disclosed(digest, value.get("case"), value.get("seq"))


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = Parser(prog="verify_audit", description="Check an exported audit trail.", allow_abbrev=False)
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--key", metavar="HEX", type=parse_key)
    parser.add_argument("--checkpoint", metavar="N:HASH", type=parse_checkpoint)
    parser.add_argument("--open", metavar="OBJECT", dest="disclosed")
    parser.add_argument("--json", action="store_true")
    report = new_report()
    try:
        given = parser.parse_args(argv)
        disclosed = load_disclosed(given.disclosed) if given.disclosed is not None else None
        with Path(given.file).open("rb") as file:
            lines = iter(partial(file.readline, LONGEST_LINE), b"")
            report = verify(lines, key=given.key, checkpoint=given.checkpoint, disclosed=disclosed)
        status = 0 if report["ok"] else 1
    except (UsageError, NotATrailError, OSError, ValueError) as error:
        report["error"], status = str(error), 2
    except Exception as error:  # noqa: BLE001 - whatever happens, the caller gets an object and a status
        report["error"], status = f"internal error: {type(error).__name__}: {error}", 3
    if report["error"]:
        print(report["error"], file=sys.stderr)
    print(json.dumps(report, separators=(",", ":")))
    return status


if __name__ == "__main__":
    sys.exit(main())
