"""The stand-alone verifier: what holds is accepted, whatever is tampered with is named by its line."""

import ast
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from tools import verify_audit
from workflow import ledger
from workflow.ledger import ZERO

TOOL = Path(verify_audit.__file__)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NEXT = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
START = datetime(2026, 11, 24, 7, 2, 49, 123456, UTC)
SALT = "5a" * 32
CONTENT = {"reason": "Élection générale"}
CASES = {"system/_": 2, "untoc-1/XAB": 6, "untoc-1/XCD": 3, "untoc-1/_": 1, "untoc-2/XAB": 4}
DISCLOSED = {"case": "untoc-1/XAB", "seq": 3}


def make_entry(case, seq, prev, *, at=None, action="query.ask", digest="default"):
    if digest == "default":
        here = {"case": case, "seq": seq} == DISCLOSED
        digest = ledger.content_digest(CONTENT, SALT) if here else (None if seq % 2 else "ab" * 32)
    return ledger.entry_line(
        case=case,
        seq=seq,
        at=at or START + timedelta(hours=seq),
        # the second entry of a case takes the slow way through the verifier
        actor={
            "id": f"person-{seq}",
            "role": "expert" if seq != 2 else "expert é\t",
            "capacity": "reviewed",
            "state": "XAB",
        }
        if seq > 1
        else ledger.SYSTEM,
        action=action,
        obj={"type": "query", "id": f"q-{seq}"},
        from_stage=None,
        to_stage="desk_review" if seq == 1 else None,
        digest=digest,
        prev=prev,
    )


def chain(case, length, **changes):
    """Return the entries of a case; ``changes`` go to its last one."""
    lines, prev = [], ZERO
    for seq in range(1, length + 1):
        line = make_entry(case, seq, prev, **(changes if seq == length else {}))
        lines.append(line)
        prev = line.hash
    return lines


def export(lengths=CASES, *, days=((1, 3), (2, 4), (99, 99)), keys=(KEY, KEY, KEY), **changes):
    """Return the lines of an export with three checkpoints; on a day a case has at most so many entries."""
    chains = {case: chain(case, length) for case, length in sorted(lengths.items())}
    lines = [line.data + b"\n" for entries in chains.values() for line in entries]
    heads, prev = {}, ZERO
    for number, limits in enumerate(days, 1):
        moved = []
        for case, entries in chains.items():
            seq = min(len(entries), limits[case == "untoc-1/XAB"])
            if case == "untoc-2/XAB" and number == 1:
                continue
            if seq > heads.get(case, (0,))[0]:
                heads[case] = (seq, entries[seq - 1].hash)
                moved.append((case, *heads[case]))
        lines.append(ledger.heads_line(checkpoint=number, heads=moved).data + b"\n")
        line = checkpoint(number, heads, prev, keys, **changes.get(f"at_{number}", {}))
        lines.append(line.data + b"\n")
        prev = line.hash
    return lines


def checkpoint(number, heads, prev, keys, **changes):
    following = keys[number] if number < len(keys) else keys[-1]
    return ledger.checkpoint_line(
        **{
            "checkpoint": number,
            "at": START + timedelta(days=number),
            "cases": len(heads),
            "entries": sum(seq for seq, _ in heads.values()),
            "root": ledger.merkle_root(ledger.leaf(case, *heads[case]) for case in sorted(heads)).hex(),
            "prev": prev,
            "key": keys[number - 1],
            "next_key": ledger.public_hex(following) if following is not keys[number - 1] else None,
            **changes,
        }
    )


def review(case="untoc-1/XAB", number=7):
    """Return the export of one review under a checkpoint of all cases."""
    chains = {name: chain(name, length) for name, length in sorted(CASES.items())}
    heads = {name: (len(entries), entries[-1].hash) for name, entries in chains.items()}
    leaves = [ledger.leaf(name, *head) for name, head in heads.items()]
    leaf = list(heads).index(case)
    above = checkpoint(number, heads, "cd" * 32, [KEY] * number)
    proof = ledger.inclusion_line(
        checkpoint=number, case=case, leaf=leaf, size=len(leaves), path=ledger.audit_path(leaves, leaf)
    )
    return [line.data + b"\n" for line in (*chains[case], above, proof)]


def seal(line, *, key=None):
    """Return a changed line as its forger would write it: with the right hash, signed with ``key``."""
    line = {name: value for name, value in line.items() if name != "hash"}
    if key is not None:
        line.pop("sig", None)
        line["key"] = ledger.public_hex(key)
        line["sig"] = key.sign(ledger.canonical(line)).hex()
    line["hash"] = sha256(ledger.canonical(line)).hexdigest()
    return ledger.canonical(line) + b"\n"


def change(lines, number, *, key=None, **members):
    """Change members of line ``number`` and seal it again; a member set to ``...`` goes."""
    line = json.loads(lines[number - 1]) | members
    lines[number - 1] = seal({name: value for name, value in line.items() if value is not ...}, key=key)


def relink(lines, first):
    """Rewrite the chain of the case from line ``first`` on, as a forger would."""
    case = json.loads(lines[first - 1])["case"]
    for index in range(first, len(lines)):
        line = json.loads(lines[index])
        if line.get("case") != case:
            return
        line["prev"] = json.loads(lines[index - 1])["hash"]
        lines[index] = seal(line)


def check(lines, **given):
    return verify_audit.verify(lines, **given)


EXPORT = export()
# Lines: 1-2 system, 3-8 XAB, 9-11 XCD, 12 untoc-1/_, 13-16 untoc-2/XAB, then heads and checkpoints 17 to 22.
HEADS = {number: 15 + 2 * number for number in (1, 2, 3)}
CHECKPOINT = {number: 16 + 2 * number for number in (1, 2, 3)}
SYSTEM, XAB, XCD = 1, 3, 9


class TestWhatHolds:
    def test_a_whole_export(self):
        report = check(EXPORT)
        assert report == {
            "ok": True,
            "trusted": False,
            "entries": 16,
            "cases": 5,
            "first_bad": None,
            "warnings": [],
            "checkpoint": f"3:{json.loads(EXPORT[-1])['hash']}",
            "key": ledger.public_hex(KEY),
            "opened": None,
            "error": None,
        }

    @pytest.mark.parametrize("case", CASES)
    def test_one_review(self, case):
        lines = review(case)
        report = check(lines)
        assert (report["ok"], report["entries"], report["cases"]) == (True, CASES[case], 1)

    def test_the_only_review(self):
        entries = chain("a/XAB", 1)
        heads = {"a/XAB": (1, entries[0].hash)}
        proof = ledger.inclusion_line(checkpoint=1, case="a/XAB", leaf=0, size=1, path=[])
        lines = [line.data + b"\n" for line in (*entries, checkpoint(1, heads, ZERO, [KEY]), proof)]
        assert check(lines)["ok"]

    def test_an_installation_where_nothing_happened(self):
        lines = export({}, days=((99, 99),))
        assert (check(lines)["ok"], check(lines)["entries"]) == (True, 0)

    def test_a_checkpoint_when_nothing_moved(self):
        assert check(export(days=((99, 99), (99, 99), (99, 99))))["ok"]

    def test_many_cases_and_checkpoints(self):
        lengths = {f"untoc-1/X{first}{second}": 3 for first in "ABCDEFG" for second in "QRSTU"}
        lines = export(lengths, days=((1, 1), (2, 2), (2, 2), (99, 99)), keys=(KEY,) * 4)
        assert check(lines)["ok"]

    def test_a_key_changed_by_its_announcement(self):
        lines = export(keys=(KEY, NEXT, NEXT))
        for key in (KEY, NEXT):
            report = check(lines, key=ledger.public_hex(key))
            assert (report["ok"], report["trusted"]) == (True, True)
        assert check(lines)["key"] == ledger.public_hex(NEXT)

    def test_a_restore_is_a_warning(self):
        lines = export(at_2={"restored": {"lost_from": 2, "note": "Disk — replaced"}})
        report = check(lines)
        assert report["ok"]
        assert len(report["warnings"]) == 1
        assert "checkpoint 2 on" in report["warnings"][0]
        assert "Disk — replaced" in report["warnings"][0]

    def test_a_checkpoint_earlier_than_the_one_before_is_a_warning(self):
        report = check(export(at_2={"at": START - timedelta(days=9)}))
        assert (report["ok"], len(report["warnings"])) == (True, 1)

    def test_a_live_database_may_be_ahead_of_its_checkpoint(self):
        assert check(EXPORT[:16], complete=False)["ok"]
        assert check([], complete=False)["ok"]
        assert check(EXPORT[:20], complete=False)["ok"]

    def test_only_what_came_after_a_checkpoint(self):
        first = {head["case"]: head for head in json.loads(EXPORT[HEADS[1] - 1])["heads"]}
        held = json.loads(EXPORT[CHECKPOINT[1] - 1])
        times = {(line["case"], line["seq"]): line["at"] for line in map(json.loads, EXPORT[:16])}
        heads = {case: (head["seq"], head["hash"], times[case, head["seq"]]) for case, head in first.items()}
        start = verify_audit.Start(heads, 1, held["hash"], held["key"])
        rest = [raw for raw in EXPORT[:16] if self.after(json.loads(raw), first)] + EXPORT[CHECKPOINT[1] :]
        report = check(rest, start=start)
        assert (report["ok"], report["entries"]) == (True, 16 - sum(head["seq"] for head in first.values()))
        assert check(rest[:-4], start=start, complete=False)["ok"]
        heads["untoc-1/XAB"] = (heads["untoc-1/XAB"][0], "00" * 32, "")
        assert "prev" in check(rest, start=start)["first_bad"]["why"]

    @staticmethod
    def after(line, first):
        return line["seq"] > first.get(line["case"], {"seq": 0})["seq"]


def byte(place, number=4):
    def tamper(lines):
        raw = bytearray(lines[number - 1])
        raw[place] ^= 1
        lines[number - 1] = bytes(raw)

    return tamper


def replaced(number, old, new):
    def tamper(lines):
        assert old in lines[number - 1]
        lines[number - 1] = lines[number - 1].replace(old, new, 1)

    return tamper


def changed(number, *, key=None, **members):
    return lambda lines: change(lines, number, key=key, **members)


def rewritten(number, **members):
    def tamper(lines):
        change(lines, number, **members)
        relink(lines, number)

    return tamper


def without(first, last=None):
    def tamper(lines):
        del lines[first - 1 : last or first]

    return tamper


def repeated(number):
    return lambda lines: lines.insert(number, lines[number - 1])


def swapped(one, other):
    def tamper(lines):
        lines[one - 1], lines[other - 1] = lines[other - 1], lines[one - 1]

    return tamper


def added_at_the_end_of_a_case(lines):
    last = json.loads(lines[7])
    lines.insert(8, make_entry("untoc-1/XAB", 7, last["hash"]).data + b"\n")


def added_in_the_middle(lines):
    added = make_entry("untoc-1/XAB", 3, json.loads(lines[XAB])["hash"], action="forged")
    lines.insert(XAB + 1, added.data + b"\n")
    for number in range(XAB + 3, XAB + 7):
        line = json.loads(lines[number - 1])
        lines[number - 1] = seal(line | {"seq": line["seq"] + 1})
    relink(lines, XAB + 2)


def added_case(lines):
    lines.insert(8, make_entry("untoc-1/XBB", 1, ZERO).data + b"\n")


def two_lines_in_one(lines):
    lines[4:6] = [lines[4][:-1] + lines[5]]


def truncated_chain(lines):
    del lines[7]


def case_dropped_with_its_heads(lines):
    del lines[XCD - 1 : XCD + 2]
    for number in (14, 16, 18):
        line = json.loads(lines[number - 1])
        line["heads"] = [head for head in line["heads"] if head["case"] != "untoc-1/XCD"]
        lines[number - 1] = seal(line)


def chain_rewritten_with_its_heads(lines):
    rewritten(XAB + 4, action="forged")(lines)
    heads = json.loads(lines[HEADS[3] - 1])
    for head in heads["heads"]:
        if head["case"] == "untoc-1/XAB":
            head["hash"] = json.loads(lines[7])["hash"]
    lines[HEADS[3] - 1] = seal(heads)


def head(number, place, **members):
    def tamper(lines):
        line = json.loads(lines[HEADS[number] - 1])
        line["heads"][place].update(members)
        lines[HEADS[number] - 1] = seal(line)

    return tamper


def heads_reversed(lines):
    line = json.loads(lines[HEADS[1] - 1])
    lines[HEADS[1] - 1] = seal(line | {"heads": line["heads"][::-1]})


def head_left_out(lines):
    line = json.loads(lines[HEADS[3] - 1])
    lines[HEADS[3] - 1] = seal(line | {"heads": line["heads"][1:]})


def head_that_did_not_move(lines):
    line = json.loads(lines[HEADS[2] - 1])
    older = next(one for one in json.loads(lines[HEADS[1] - 1])["heads"] if one["case"] == "untoc-1/_")
    heads = sorted([*line["heads"], older], key=lambda one: one["case"])
    lines[HEADS[2] - 1] = seal(line | {"heads": heads})


def signature_with_s_beyond_the_order(lines):
    line = json.loads(lines[CHECKPOINT[1] - 1])
    raw = bytes.fromhex(line["sig"])
    scalar = int.from_bytes(raw[32:], "little") + verify_audit.L
    change(lines, CHECKPOINT[1], sig=(raw[:32] + scalar.to_bytes(32, "little")).hex())


def key_of_small_order(lines):
    # with the neutral element as key, R = [S]B signs anything
    line = json.loads(lines[CHECKPOINT[1] - 1])
    point = verify_audit.encode(verify_audit.times(verify_audit.base_tables(), 5))
    line |= {"key": (1).to_bytes(32, "little").hex(), "sig": (point + (5).to_bytes(32, "little")).hex()}
    lines[CHECKPOINT[1] - 1] = seal(line)


def swapped_pairs(lines):
    lines[16:18], lines[18:20] = lines[18:20], lines[16:18]


def whole_trail_signed_anew(lines, key=STRANGER):
    lines[:] = export(keys=(key,) * 3)


ELSEWHERE = "ef" * 32
TAMPERINGS = {
    # name: (what is done, the line that is bad, a word of why)
    "a byte of the action": (byte(12), 4, "byte was changed"),
    "a byte of the actor": (replaced(5, b'"id":"person-3"', b'"id":"person-4"'), 5, "byte was changed"),
    "a byte of the time": (replaced(5, b"49.123456Z", b"49.123457Z"), 5, "byte was changed"),
    "a byte of the digest": (replaced(6, b"abab", b"abac"), 6, "byte was changed"),
    "a byte of the number": (replaced(5, b'"seq":3', b'"seq":4'), 5, "byte was changed"),
    "a byte of the object": (replaced(5, b'"id":"q-3"', b'"id":"q-4"'), 5, "byte was changed"),
    "a byte of the stage": (replaced(3, b'"to":"desk', b'"to":"dusk'), 3, "byte was changed"),
    "a byte of the hash": (byte(-300, 5), 5, ""),
    "a byte of prev": (replaced(3, ZERO.encode(), b"1" + b"0" * 63), 3, "byte was changed"),
    "a byte of the case": (replaced(5, b"untoc-1/XAB", b"untoc-1/XAC"), 5, "byte was changed"),
    "a byte in an entry that is not ASCII": (replaced(4, "é".encode(), "è".encode()), 4, "byte was changed"),
    "a byte that is not UTF-8": (replaced(4, "é".encode(), b"\xe9"), 4, "not UTF-8"),
    "a raw control character": (replaced(4, b"\\t", b"\t"), 4, "not JSON"),
    "an escape that is not canonical": (replaced(4, "é".encode(), b"\\u00e9"), 4, "canonical"),
    "a lone surrogate": (replaced(4, "é".encode(), b"\\ud800"), 4, "surrogate"),
    "a byte order mark": (replaced(1, b"{", b"\xef\xbb\xbf{"), 1, "byte order mark"),
    "a carriage return": (replaced(5, b"}\n", b"}\r\n"), 5, "carriage return"),
    "a space": (replaced(5, b'"seq":', b'"seq": '), 5, "canonical"),
    "a space after the object": (replaced(5, b"}\n", b"} \n"), 5, "canonical"),
    "members in another order": (replaced(5, b'"type":"entry","v":1', b'"v":1,"type":"entry"'), 5, "canonical"),
    "a name twice": (replaced(5, b'"v":1', b'"v":1,"v":1'), 5, "twice"),
    "a float": (replaced(5, b'"v":1', b'"v":1.0'), 5, "not an integer"),
    "not a number": (replaced(5, b'"v":1', b'"v":NaN'), 5, "not an integer"),
    "an integer too large": (replaced(5, b'"seq":3', b'"seq":9007199254740993'), 5, ""),
    "nested without end": (replaced(5, b'"seq":3', b'"seq":' + b"[" * 100_000), 5, ""),
    "an empty line": (lambda lines: lines.insert(4, b"\n"), 5, "empty"),
    "a line that is no object": (lambda lines: lines.insert(4, b"[]\n"), 5, "not a JSON object"),
    "two lines in one": (two_lines_in_one, 5, "not JSON"),
    "no LF at the end": (replaced(22, b"}\n", b"}"), 22, "LF"),
    "an unknown member": (rewritten(5, note="x"), 5, "unknown member 'note'"),
    "a missing member": (rewritten(5, digest=...), 5, "lacks the member 'digest'"),
    "an unknown member of the actor": (
        rewritten(5, actor={"id": "a", "role": "b", "capacity": None, "state": None, "name": "c"}),
        5,
        "unknown member 'name'",
    ),
    "a missing member of the object": (rewritten(5, object={"id": "a"}), 5, "lacks the member 'type'"),
    "an object that is null": (rewritten(5, object=None), 5, "object is not an object"),
    "an action that is a number": (rewritten(5, action=1), 5, "action is not a string"),
    "a stage that is a number": (rewritten(5, to=1), 5, "to is not a string or null"),
    "a state in small letters": (
        rewritten(5, actor={"id": "a", "role": "b", "capacity": None, "state": "xab"}),
        5,
        "state",
    ),
    "a digest in capitals": (rewritten(6, digest="AB" * 32), 6, "digest"),
    "another version": (rewritten(5, v=2), 5, "v is not 1"),
    "a version that is true": (rewritten(5, v=True), 5, "v is not 1"),
    "an unknown type of line": (rewritten(5, type="note"), 5, "unknown type"),
    "a case of another form": (rewritten(5, case="untoc-1/xab"), 5, "case"),
    "a number that is text": (rewritten(5, seq="3"), 5, "seq"),
    "a number that is zero": (rewritten(5, seq=0), 5, "seq"),
    "a time without decimals": (rewritten(5, at="2026-11-24T10:02:49Z"), 5, "at is not a time"),
    "a time on a day that does not exist": (rewritten(5, at="2026-11-31T10:02:49.123456Z"), 5, "at is not a time"),
    "a time with another zone": (rewritten(5, at="2026-11-24T10:02:49.123456+00:00"), 5, "at is not a time"),
    "a time before the entry before": (rewritten(5, at="2026-11-24T07:02:49.123456Z"), 5, "at is earlier"),
    "a missing entry": (without(5), 5, "entry 3 of the case was expected here: one is missing"),
    "a missing first entry": (without(3), 3, "entry 1 of the case was expected"),
    "a missing first line": (without(1), 1, "entry 1 of the case was expected"),
    "a repeated entry": (repeated(5), 6, "one is repeated"),
    "entries in another order": (swapped(5, 6), 5, "out of order"),
    "cases in another order": (
        lambda lines: lines.__setitem__(slice(0, 8), lines[2:8] + lines[:2]),
        7,
        "not grouped and sorted",
    ),
    "a case in two places": (lambda lines: lines.insert(11, lines.pop(7)), 12, "not grouped and sorted"),
    "an entry changed with its hash": (changed(5, action="forged"), 6, "prev is not the hash"),
    "the last entry changed with its hash": (changed(8, action="forged"), HEADS[3], "another hash"),
    "a chain rewritten": (rewritten(4, action="forged"), HEADS[1], "another hash"),
    "a chain rewritten after a checkpoint": (rewritten(6, action="forged"), HEADS[2], "another hash"),
    "a chain rewritten with its heads": (chain_rewritten_with_its_heads, CHECKPOINT[3], "root"),
    "a wrong first prev": (rewritten(3, prev=ELSEWHERE), 3, "prev is not the hash"),
    "an entry added in the middle": (added_in_the_middle, HEADS[1] + 1, "another hash"),
    "an entry added at the end of a case": (added_at_the_end_of_a_case, 9, "no checkpoint covers"),
    "a case added": (added_case, 9, "no checkpoint covers"),
    "a case cut at its end": (truncated_chain, HEADS[3] - 1, "truncated"),
    "a case dropped": (without(XCD, XCD + 2), HEADS[1] - 3, "dropped"),
    "a case dropped with its heads": (case_dropped_with_its_heads, CHECKPOINT[1] - 3, "cases is not"),
    "the last case dropped": (without(13, 16), HEADS[2] - 4, "dropped"),
    "all entries dropped": (without(1, 16), 1, "dropped"),
    "an entry after the checkpoints": (lambda lines: lines.append(lines.pop(15)), HEADS[3] - 1, "not here"),
    "the last entry once more at the end": (lambda lines: lines.append(lines[15]), 23, "an entry stands where"),
    "all checkpoints cut off": (without(17, 22), 17, "without a checkpoint"),
    "cut off in the entries": (without(8, 22), 8, "without a checkpoint"),
    "the last checkpoint cut off with its heads": (without(21, 22), 5 + 2, "no checkpoint covers"),
    "the last checkpoint cut off": (without(22), 22, "ends before the checkpoint"),
    "the heads dropped": (without(17), 17, "heads"),
    "later heads dropped": (without(19), 19, "one of type heads was expected"),
    "a checkpoint dropped": (without(18), 18, "one of type checkpoint was expected"),
    "a checkpoint dropped with its heads": (without(19, 20), 19, "checkpoint 2 were expected"),
    "the first checkpoint dropped with its heads": (without(17, 18), 17, "checkpoint 1 were expected"),
    "a checkpoint repeated with its heads": (
        lambda lines: lines.__setitem__(slice(18, 18), lines[16:18]),
        19,
        "checkpoint 2 were expected",
    ),
    "checkpoints in another order": (swapped_pairs, 17, "checkpoint 1 were expected"),
    "a byte of the heads": (byte(50, 19), 19, "byte was changed"),
    "heads in another order": (heads_reversed, HEADS[1], "not sorted"),
    "a head left out": (head_left_out, CHECKPOINT[3], "entries is not"),
    "a head that did not move": (head_that_did_not_move, HEADS[2], "did not move"),
    "a head with another hash": (head(2, 0, hash=ELSEWHERE), HEADS[2], "another hash"),
    "a head of an entry to come": (head(3, 0, seq=99), HEADS[3], "not here"),
    "a head of an older entry": (head(3, 0, seq=5), HEADS[3], "another hash"),
    "a head with another member": (head(2, 0, at=""), HEADS[2], "unknown member 'at'"),
    "heads of another checkpoint": (changed(19, checkpoint=3), 19, "checkpoint 2 were expected"),
    "heads that are no list": (changed(19, heads={}), 19, "heads is not a list"),
    "heads that are text": (changed(19, heads=["a"]), 19, "a head is not an object"),
    "a byte of a checkpoint": (replaced(20, b'"v":1', b'"v":3'), 20, ""),
    "a byte of the root": (byte(-300, 20), 20, ""),
    "a checkpoint of another number": (changed(20, checkpoint=3), 20, "checkpoint 2 was expected"),
    "a checkpoint of another root": (changed(20, root=ELSEWHERE), 20, "signature"),
    "a checkpoint of another time": (changed(20, at="2026-11-26T00:00:00.000000Z"), 20, "signature"),
    "a checkpoint with another sum": (changed(20, entries=1), 20, "signature"),
    "a checkpoint with a next key": (changed(20, next_key=ELSEWHERE), 20, "signature"),
    "a checkpoint said to be restored": (changed(20, restored={"lost_from": 1, "note": ""}), 20, "signature"),
    "restored of another form": (changed(20, key=KEY, restored={"note": ""}), 20, "lacks the member 'lost_from'"),
    "a checkpoint with another prev": (changed(20, key=KEY, prev=ELSEWHERE), 20, "prev"),
    "a first checkpoint with another prev": (changed(18, key=KEY, prev=ELSEWHERE), 18, "prev"),
    "a checkpoint with an unknown member": (changed(20, note=""), 20, "unknown member"),
    "a wrong root, signed": (changed(20, key=KEY, root=ELSEWHERE), 20, "root"),
    "a wrong sum, signed": (changed(20, key=KEY, entries=99), 20, "entries is not"),
    "a wrong number of cases, signed": (changed(20, key=KEY, cases=99), 20, "cases is not"),
    "a checkpoint rewritten and signed": (
        changed(18, key=KEY, at="2026-11-24T23:00:00.000000Z"),
        20,
        "prev is not the hash of the checkpoint",
    ),
    "a checkpoint signed by another key": (changed(20, key=STRANGER), 20, "key is not the one"),
    "a key changed too early": (
        lambda lines: lines.__setitem__(slice(None), export(keys=(KEY, KEY, NEXT), at_2={"next_key": None})),
        22,
        "announced it",
    ),
    "another key than announced": (
        lambda lines: lines.__setitem__(
            slice(None), export(keys=(KEY, STRANGER, STRANGER), at_1={"next_key": ledger.public_hex(NEXT)})
        ),
        20,
        "another key was announced",
    ),
    "the old key after the change": (
        lambda lines: lines.__setitem__(slice(None), export(at_1={"next_key": ledger.public_hex(NEXT)})),
        20,
        "another key was announced",
    ),
    "a signature of another line": (
        lambda lines: change(lines, 20, sig=json.loads(lines[21])["sig"]),
        20,
        "signature",
    ),
    "a signature with S beyond the order": (signature_with_s_beyond_the_order, 18, "signature"),
    "a key of small order": (key_of_small_order, 18, "signature"),
    "a key that is no point": (changed(18, key=None, sig="00" * 64), 18, "signature"),
    "a short signature": (changed(18, sig="00" * 63), 18, "sig is not"),
    "a line after the end": (lambda lines: lines.append(lines[-1]), 23, "one of type heads was expected"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_named_by_its_line(name):
    tamper, line, why = TAMPERINGS[name]
    lines = list(EXPORT)
    tamper(lines)
    assert lines != EXPORT
    report = check(lines)
    assert not report["ok"]
    assert report["first_bad"]["line"] == line, report["first_bad"]
    assert why in report["first_bad"]["why"], report["first_bad"]
    assert not report["trusted"]


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(b"".join(EXPORT)) - 1), st.integers(1, 255))
def test_no_byte_can_be_changed(place, difference):
    data = bytearray(b"".join(EXPORT))
    line = data[:place].count(b"\n") + 1
    data[place] ^= difference
    report = check(split(bytes(data)))
    assert not report["ok"]
    assert report["first_bad"]["line"] == line


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(b"".join(EXPORT)) - 1))
def test_it_cannot_be_cut_off_anywhere(length):
    data = b"".join(EXPORT)[:length]
    try:
        assert not check(split(data))["ok"]
    except verify_audit.NotATrailError:
        assert len(data) < len(b'{"action":')


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(EXPORT) - 1), st.integers(0, len(EXPORT) - 1))
def test_no_line_can_be_moved(one, other):
    lines = list(EXPORT)
    lines.insert(other, lines.pop(one))
    assert check(lines)["ok"] == (one == other)


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, len(EXPORT) - 1), min_size=1, max_size=len(EXPORT) - 1))
def test_no_lines_can_be_taken_out(gone):
    lines = [raw for index, raw in enumerate(EXPORT) if index not in gone]
    report = check(lines)
    # the last checkpoints can go together where nothing moved under them: here something did
    assert not report["ok"]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(EXPORT[2:8]), st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=3)), max_size=3))
def test_what_the_fast_pattern_takes_is_canonical(line, edits):
    for place, data in edits:
        line = line[:place] + data + line[place + len(data) :]
    match = verify_audit.is_plain_entry(line)
    if match is not None and all(verify_audit.is_hex(match[group].decode("latin-1")) for group in (5, 7)):
        verify_audit.parse(line)


def split(data):
    lines = data.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


class TestWhoseFault:
    def test_names_case_and_number(self):
        lines = list(EXPORT)
        byte(12)(lines)
        assert check(lines)["first_bad"] | {"why": ""} == {"line": 4, "case": "untoc-1/XAB", "seq": 2, "why": ""}
        lines = list(EXPORT)
        truncated_chain(lines)
        assert (check(lines)["first_bad"]["case"], check(lines)["first_bad"]["seq"]) == ("untoc-1/XAB", 6)
        lines = list(EXPORT)
        added_case(lines)
        assert (check(lines)["first_bad"]["case"], check(lines)["first_bad"]["seq"]) == ("untoc-1/XBB", 1)

    def test_counts_what_was_checked_before(self):
        lines = list(EXPORT)
        byte(12, 9)(lines)
        report = check(lines)
        assert (report["entries"], report["cases"]) == (8, 2)


class TestOneReview:
    LINES = review()
    CHECKPOINT, PROOF = 7, 8

    @pytest.mark.parametrize(
        ("tamper", "line", "why"),
        [
            (byte(12, 4), 4, "byte was changed"),
            (without(4), 4, "missing"),
            (without(6), 7, "path does not lead"),
            (rewritten(2, action="forged"), 8, "path does not lead"),
            (
                lambda lines: lines.insert(6, make_entry("untoc-1/XAB", 7, json.loads(lines[5])["hash"]).data + b"\n"),
                9,
                "path",
            ),
            (without(8), 8, "ends before the proof"),
            (without(7, 8), 7, "without a checkpoint"),
            (without(7), 7, "type inclusion stands where"),
            (without(1, 6), 1, "heads"),
            (swapped(7, 8), 7, "type inclusion stands where"),
            (lambda lines: lines.append(lines[7]), 9, "nothing stands after"),
            (lambda lines: lines.insert(7, lines[6]), 7, "neither heads before it"),
            (changed(7, root=ELSEWHERE), 7, "signature"),
            (changed(7, key=KEY, root=ELSEWHERE), 8, "path does not lead"),
            (changed(7, key=KEY, cases=6), 8, "size is not"),
            (changed(7, key=KEY, entries=9), 7, "entries is below"),
            (changed(7, key=KEY, checkpoint=1), 7, "64 zeros"),
            (changed(7, key=KEY, prev=ZERO), 7, "64 zeros"),
            (changed(8, checkpoint=8), 8, "not for checkpoint 7"),
            (changed(8, case="untoc-1/XCD"), 8, "not for untoc-1/XAB"),
            (changed(8, leaf=2), 8, "path does not lead"),
            (changed(8, leaf=5), 8, "leaf is not below size"),
            (changed(8, leaf=True), 8, "leaf is not a number"),
            (changed(8, size=6), 8, "size is not"),
            (changed(8, path=[]), 8, "path does not lead"),
            (changed(8, path=[ELSEWHERE] * 3), 8, "path does not lead"),
            (changed(8, path="ab"), 8, "path is not a list"),
            (changed(8, path=["AB" * 32]), 8, "path is not a list"),
            (changed(8, leaf=...), 8, "lacks the member 'leaf'"),
            (byte(20, 8), 8, ""),
        ],
    )
    def test_tampering_is_named_by_its_line(self, tamper, line, why):
        lines = list(self.LINES)
        tamper(lines)
        report = check(lines)
        assert not report["ok"]
        assert report["first_bad"]["line"] == line, report["first_bad"]
        assert why in report["first_bad"]["why"], report["first_bad"]

    def test_another_review_is_not_covered_by_its_proof(self):
        other = review("untoc-1/XCD")
        assert not check([*other[:3], *self.LINES[6:]])["ok"]

    def test_two_reviews_need_heads(self):
        lines = [*self.LINES[:6], *review("untoc-1/XCD")[:3], *self.LINES[6:]]
        assert check(lines)["first_bad"]["line"] == 10

    def test_a_checkpoint_held_must_be_the_one_here(self):
        held = json.loads(self.LINES[6])["hash"]
        assert check(self.LINES, checkpoint=(7, held))["trusted"]
        assert check(self.LINES, checkpoint=(7, ELSEWHERE))["first_bad"]["line"] == 7
        assert "cannot be compared" in check(self.LINES, checkpoint=(6, held))["first_bad"]["why"]


class TestWhatTheCallerHolds:
    def test_a_key(self):
        assert check(EXPORT, key=ledger.public_hex(KEY))["trusted"]
        report = check(EXPORT, key=ledger.public_hex(STRANGER))
        assert (report["ok"], report["trusted"], report["first_bad"]["line"]) == (False, False, CHECKPOINT[1])

    def test_a_key_announced_but_never_used_is_not_enough(self):
        lines = export(at_3={"next_key": ledger.public_hex(NEXT)})
        assert check(lines)["ok"]
        assert not check(lines, key=ledger.public_hex(NEXT))["ok"]

    def test_another_trail_holds_but_not_against_a_key_or_a_checkpoint(self):
        held = json.loads(EXPORT[CHECKPOINT[2] - 1])["hash"]
        lines = []
        whole_trail_signed_anew(lines)
        assert (check(lines)["ok"], check(lines)["trusted"]) == (True, False)
        assert check(lines, key=ledger.public_hex(KEY))["first_bad"]["line"] == CHECKPOINT[1]
        assert check(lines, checkpoint=(2, held))["first_bad"]["line"] == CHECKPOINT[2]

    def test_a_checkpoint(self):
        for number, line in CHECKPOINT.items():
            held = json.loads(EXPORT[line - 1])["hash"]
            assert check(EXPORT, checkpoint=(number, held))["trusted"]
            assert check(EXPORT, checkpoint=(number, ELSEWHERE))["first_bad"]["line"] == line

    def test_a_checkpoint_that_was_cut_off(self):
        report = check(EXPORT, checkpoint=(4, ELSEWHERE))
        assert (report["ok"], report["first_bad"]["line"]) == (False, 23)
        assert "cut off" in report["first_bad"]["why"]


class TestEd25519:
    # public key, message, signature: RFC 8032 section 7.1, tests 1 to 3
    VECTORS = (
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
            "4a7c15e9716ed28dc027beceea1ec40a",
        ),
    )

    @pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
    def test_rfc_8032(self, key, message, signature):
        key, message, signature = map(bytes.fromhex, (key, message, signature))
        assert verify_audit.signature_holds(key, signature, message)
        assert not verify_audit.signature_holds(key, signature, message + b"x")
        for place in (0, 31, 32, 63):
            wrong = bytearray(signature)
            wrong[place] ^= 1
            assert not verify_audit.signature_holds(key, bytes(wrong), message)

    @settings(max_examples=20, deadline=None)
    @given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
    def test_agrees_with_another_implementation(self, secret, message):
        key = Ed25519PrivateKey.from_private_bytes(secret)
        public = key.public_key().public_bytes_raw()
        assert verify_audit.signature_holds(public, key.sign(message), message)
        assert not verify_audit.signature_holds(public, key.sign(message + b"x"), message)

    @pytest.mark.parametrize(
        "data",
        [
            (verify_audit.P).to_bytes(32, "little"),
            (2**255 - 1).to_bytes(32, "little"),
            (2).to_bytes(32, "little"),
            (1 | 1 << 255).to_bytes(32, "little"),
        ],
    )
    def test_bytes_that_encode_no_point(self, data):
        assert verify_audit.decode(data) is None
        assert not verify_audit.signature_holds(data, bytes(64), b"")


class TestCommand:
    def run(self, *argv):
        done = subprocess.run([sys.executable, "-I", str(TOOL), *map(str, argv)], capture_output=True, check=False)
        assert done.stdout.count(b"\n") == 1
        return done.returncode, json.loads(done.stdout)

    @pytest.fixture
    def file(self, tmp_path):
        path = tmp_path / "trail.jsonl"
        path.write_bytes(b"".join(EXPORT))
        return path

    def test_holds(self, file):
        status, report = self.run(file)
        assert (status, report["ok"], report["trusted"], report["first_bad"]) == (0, True, False, None)

    def test_with_key_checkpoint_and_object(self, file, tmp_path):
        opened = tmp_path / "object.json"
        opened.write_text(json.dumps({"content": CONTENT, "salt": SALT, **DISCLOSED}, indent=1))
        held = f"2:{json.loads(EXPORT[CHECKPOINT[2] - 1])['hash']}"
        status, report = self.run(file, "--key", ledger.public_hex(KEY), "--checkpoint", held, "--open", opened)
        assert (status, report["ok"], report["trusted"], report["opened"]) == (0, True, True, DISCLOSED)

    def test_does_not_hold(self, file):
        file.write_bytes(b"".join(EXPORT).replace(b"person-3", b"person-4", 1))
        status, report = self.run(file)
        assert (status, report["first_bad"]["line"]) == (1, 5)

    def test_needs_nothing_but_the_standard_library_of_python_3_9(self):
        source = TOOL.read_text()
        tree = ast.parse(source, feature_version=(3, 9))
        names = {
            name.split(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in ([node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
        }
        assert names <= sys.stdlib_module_names

    def main(self, capsys, *argv):
        status = verify_audit.main([str(argument) for argument in argv])
        out = capsys.readouterr().out
        assert out.count("\n") == 1
        return status, json.loads(out)

    @pytest.mark.parametrize(
        "argv",
        [
            (),
            ("{file}", "second"),
            ("{file}", "--key", "ab"),
            ("{file}", "--key"),
            ("{file}", "--checkpoint", "1"),
            ("{file}", "--checkpoint", f"0:{ELSEWHERE}"),
            ("{file}", "--unknown"),
            ("{file}", "--check", f"1:{ELSEWHERE}"),
            ("{file}", "--open", "{file}.none"),
            ("{file}", "--open", "{file}"),
            ("{file}.none",),
            ("{file}/..",),
            ("",),
            ("a\0b",),
        ],
    )
    def test_bad_usage_is_2(self, file, capsys, argv):
        status, report = self.main(capsys, *(argument.replace("{file}", str(file)) for argument in argv))
        assert (status, report["ok"], report["first_bad"]) == (2, False, None)
        assert report["error"]

    @pytest.mark.parametrize(
        "data", [b"", b"\n", b"{}\n", b"\x00\xff\xfe" * 999, b'{"format":"untoc-draw/1"}\n', b"a,b\nc,d\n"]
    )
    def test_a_file_of_another_format_is_2(self, tmp_path, capsys, data):
        path = tmp_path / "file"
        path.write_bytes(data)
        status, report = self.main(capsys, path)
        assert (status, report["ok"]) == (2, False)

    @pytest.mark.parametrize("first", [b"x\n", b"\n", b"\xef\xbb\xbf", b"{}\n", b"\xff\n"])
    def test_rubbish_before_a_trail_is_1(self, file, capsys, first):
        file.write_bytes(first + b"".join(EXPORT))
        status, report = self.main(capsys, file)
        assert (status, report["first_bad"]["line"]) == (1, 1)

    def test_an_internal_error_is_3(self, file, capsys, monkeypatch):
        monkeypatch.setattr(verify_audit, "verify", lambda *_, **__: 1 / 0)
        status, report = self.main(capsys, file)
        assert (status, report["ok"]) == (3, False)
        assert "ZeroDivisionError" in report["error"]


class TestOpen:
    def open(self, tmp_path, value, lines=EXPORT):
        path = tmp_path / "object.json"
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return check(lines, disclosed=verify_audit.load_disclosed(str(path)))

    def test_belongs_to_the_entry_named(self, tmp_path):
        assert self.open(tmp_path, {"content": CONTENT, "salt": SALT, **DISCLOSED})["opened"] == DISCLOSED

    def test_belongs_to_some_entry(self, tmp_path):
        assert self.open(tmp_path, {"content": CONTENT, "salt": SALT})["opened"] == DISCLOSED

    @pytest.mark.parametrize(
        ("change", "line"),
        [
            ({"content": {"reason": "another"}}, 5),
            ({"salt": "00" * 32}, 5),
            ({"seq": 4}, 6),
            ({"seq": 1}, 3),
            ({"case": "untoc-1/XCD"}, 11),
            ({"case": "untoc-1/XZZ"}, 23),
            ({"seq": 99}, 23),
        ],
    )
    def test_does_not_belong(self, tmp_path, change, line):
        report = self.open(tmp_path, {"content": CONTENT, "salt": SALT, **DISCLOSED, **change})
        assert (report["ok"], report["first_bad"]["line"], report["opened"]) == (False, line, None)

    def test_belongs_to_no_entry(self, tmp_path):
        assert not self.open(tmp_path, {"content": {}, "salt": SALT})["ok"]

    @pytest.mark.parametrize(
        "value",
        [
            "no json",
            "[]",
            {"content": CONTENT},
            {"salt": SALT},
            {"content": CONTENT, "salt": "5A" * 32},
            {"content": CONTENT, "salt": 1},
            {"content": CONTENT, "salt": SALT, "seq": 1},
            {"content": CONTENT, "salt": SALT, "case": "x", "seq": 1},
            {"content": 1.5, "salt": SALT},
            {"content": {"é": 1}, "salt": SALT},
            '{"content":1,"content":2,"salt":"' + SALT + '"}',
        ],
    )
    def test_an_object_of_another_form_cannot_be_read(self, tmp_path, value):
        with pytest.raises(verify_audit.NotATrailError):
            self.open(tmp_path, value)
