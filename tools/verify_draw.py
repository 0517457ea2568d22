#!/usr/bin/env python3
"""Check the transcript of a drawing of lots with nothing but Python (3.11 or newer) and this file.

    python3 -I verify_draw.py FILE

FILE is what ``draw`` writes. Its format is in docs/formats.md §2, the procedure in docs/draw.md; this program is
written from those two pages and shares no code with the one that draws. It holds the file against the format,
recomputes the digest of the input, the commitments and the seed, draws all the lots again from the input and the
seed, and compares every step, the result and its digest. A redraw is checked without the transcript that it
changes; whether ``rules.redraw.of`` is the digest of the result in force is for the reader to compare.

--json               makes no difference here; the command of the same name takes it.

Always prints one JSON object on standard output:

    {"ok":bool,"problem":null or text}

``problem`` names the first thing found wrong. Steps are counted from 1.

Exit status: 0 the transcript holds; 1 it does not; 2 bad usage, or a file that cannot be read or is not UTF-8 JSON
whose top is an object with "format":"untoc-draw/1"; 3 an internal error.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

FORMAT = "untoc-draw/1"
MAX_INTEGER = 2**53 - 1
WORDS = 2**64
ATTEMPTS = 1000
INSTRUMENTS = ("firearms", "som", "tip", "untoc")
INPUT = ("phase", "rules", "participants", "exclusions")
TOP = ("format", *INPUT, "drawn_at", "seed", "steps", "result", "input_sha256", "result_sha256")
RULES = (
    "as_of",
    "balance",
    "max_reviewers_per_review",
    "max_reviews",
    "min_reviews",
    "mutual",
    "redraw",
    "rehearsal",
    "start_groups",
)
PARTICIPANT = ("code", "group", "instruments", "under_review", "reviews", "load")
REVIEWER = ("code", "side", "kind", "instruments")

# The members of a step, in the order in which they are compared, and what is said where one is wrong
STEP = {
    "attempt": "the attempt is not the one that is under way",
    "reviewed": "the State reviewed is not the one whose turn it is",
    "kind": "the kind of seat is not the one whose turn it is",
    "side": "the side is not the one whose turn it is",
    "candidates": "the candidates are not those that the rules give",
    "n": "n is not the number of the candidates",
    "rejected": "the rejected lots are not those that the seed and the rules give",
    "k": "k is not the number of the word whose turn it is",
    "word": "the word is not the one that the seed gives",
    "index": "the index is not the one that the word gives",
    "drawn": "the State drawn is not the one that the lot fell on",
    "instruments": "the instruments are not those that the drawn State reviews in that seat",
}


class NotATranscript(Exception):
    """The bytes are no transcript of a drawing of lots at all."""


class Problem(Exception):
    """The first thing that is wrong with a transcript."""


class NoDraw(Exception):
    """The rules give no draw for an input (docs/draw.md §8)."""


class UsageError(Exception):
    """The command line is wrong."""


def verify(data: bytes) -> str | None:
    """Check the bytes of a transcript, as docs/draw.md §12 says; return the first problem, or None where it holds.

    :raises NotATranscript: when they are not UTF-8 JSON whose top is an object of the format.
    """
    try:
        transcript = parse(data)
        check_form(transcript)
        check_seed(transcript)
        kept = check_redraw(transcript) if transcript["rules"]["redraw"] is not None else None
        check_draw(transcript, kept)
    except Problem as problem:
        return str(problem)
    return None


# The bytes (docs/formats.md, preamble)


def parse(data: bytes) -> dict[str, Any]:
    """Return the object that the file holds, which must be its canonical form and one LF."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotATranscript(f"the file is not UTF-8: byte {error.start + 1} is wrong") from None
    faults = []
    if text.startswith("\ufeff"):
        faults.append("the file begins with a byte order mark")
        text = text[1:]
    if "\r" in text:
        faults.append("the file contains a carriage return")
    value = load_json(text, faults)
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise NotATranscript(f'the file is not an object with "format":"{FORMAT}"')
    if faults:
        raise Problem(faults[0])
    check_canonical(value, data)
    return value


def load_json(text: str, faults: list[str]) -> Any:
    """Return the value of JSON; what the format forbids but JSON allows is added to ``faults``."""

    def pairs_hook(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value: dict[str, Any] = {}
        for name, member in pairs:
            if name in value:
                faults.append(f"the name {show(name)} comes twice in one object")
            if not name.isascii():
                faults.append(f"the name {show(name)} is not ASCII")
            value[name] = member
        return value

    def integer(digits: str) -> int:
        if len(digits) <= 17 and -MAX_INTEGER <= int(digits) <= MAX_INTEGER:
            return int(digits)
        faults.append("an integer is beyond 2^53-1")
        return 0

    def fraction(digits: str) -> int:
        faults.append(f"the number {show(digits)} is not an integer")
        return 0

    def constant(name: str) -> NoReturn:
        raise NotATranscript(f"the file is not JSON: {name} is no value of it")

    try:
        return json.loads(
            text, object_pairs_hook=pairs_hook, parse_int=integer, parse_float=fraction, parse_constant=constant
        )
    except json.JSONDecodeError as error:
        raise NotATranscript(f"the file is not JSON: {error}") from None
    except RecursionError:
        if re.match(r"\s*\{", text) and f'"format":"{FORMAT}"' in text:
            raise Problem("the file is nested more deeply than the format is") from None
        raise NotATranscript("the file is nested more deeply than a transcript is") from None


def canonical(value: object) -> bytes:
    """Return the canonical JSON of a value that :func:`load_json` gave."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise Problem("a text holds a lone surrogate") from None
    except RecursionError:
        raise Problem("the file is nested more deeply than the format is") from None


def digest(value: object) -> str:
    """Return the SHA-256 of the canonical JSON of a value, in hex."""
    return sha256(canonical(value)).hexdigest()


def check_canonical(value: dict[str, Any], data: bytes) -> None:
    """Check that the file is, byte for byte, the canonical form of its parse and one LF."""
    expected = canonical(value)
    if data == expected + b"\n":
        return
    if data.rstrip(b"\n") == expected:
        raise Problem("the file does not end in exactly one LF")
    place = next((i for i, (found, due) in enumerate(zip(data, expected, strict=False)) if found != due), len(expected))
    raise Problem(f"the file is not in canonical form, from byte {place + 1} on")


# The form (docs/formats.md §2, docs/draw.md §1 and §2)

is_hex = re.compile(r"[0-9a-f]{64}").fullmatch
is_code = re.compile(r"[A-Z]{3}").fullmatch
is_day = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
is_time = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}\.[0-9]{6}Z").fullmatch


def show(value: object) -> str:
    """Return something read from the file in a form fit for a message."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if not isinstance(value, str | int):
        return "an object" if isinstance(value, dict) else "a list"
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def need(holds: object, problem: str) -> None:
    """Raise a problem unless something holds."""
    if not holds:
        raise Problem(problem)


def need_members(value: object, names: Iterable[str], where: str) -> None:
    """Check that ``value`` is an object with exactly the members named."""
    if not isinstance(value, dict):
        raise Problem(f"{where} is not an object")
    missing, unknown = sorted(set(names) - set(value)), sorted(set(value) - set(names))
    if missing:
        raise Problem(f"{where} lacks the member {show(missing[0])}")
    if unknown:
        raise Problem(f"{where} has the unknown member {show(unknown[0])}")


def need_list(value: object, where: str) -> None:
    """Check that ``value`` is a list."""
    need(isinstance(value, list), f"{where} is not a list")


def need_hex(value: object, where: str) -> None:
    """Check that ``value`` is 32 bytes in lower-case hex."""
    need(isinstance(value, str) and is_hex(value), f"{where} is not 64 lower-case hex digits")


def need_number(value: object, least: int, where: str) -> None:
    """Check that ``value`` is an integer from ``least`` on."""
    need(type(value) is int and value >= least, f"{where} is not a whole number from {least} on")


def need_truth(value: object, where: str) -> None:
    """Check that ``value`` is true or false."""
    need(isinstance(value, bool), f"{where} is neither true nor false")


def need_text(value: object, where: str) -> None:
    """Check that ``value`` is a text."""
    need(isinstance(value, str), f"{where} is not a text")


def need_date(value: object, where: str) -> None:
    """Check that ``value`` is a day of the calendar."""
    need(isinstance(value, str) and is_day(value) and exists(value), f"{where} is not a date")


def exists(moment: str) -> bool:
    """Say whether the calendar and the clock have a date or time."""
    try:
        datetime.fromisoformat(moment)
    except ValueError:
        return False
    return True


def check_form(transcript: dict[str, Any]) -> None:
    """Check the members, types and order of everything that the draw does not give by itself."""
    need_members(transcript, TOP, "the transcript")
    need_text(transcript["phase"], "phase")
    time = transcript["drawn_at"]
    need(isinstance(time, str) and is_time(time) and exists(time), "drawn_at is not a time in UTC with six decimals")
    check_rules(transcript["rules"])
    check_participants(transcript["participants"])
    check_exclusions(transcript["exclusions"], {state["code"] for state in transcript["participants"]})
    check_contributions(transcript["seed"])
    check_steps_form(transcript["steps"])
    check_result_form(transcript["result"], transcript["participants"])
    need_hex(transcript["input_sha256"], "input_sha256")
    need_hex(transcript["result_sha256"], "result_sha256")


def check_rules(rules: Any) -> None:
    """Check the rules (docs/draw.md §1)."""
    need_members(rules, RULES, "rules")
    need_date(rules["as_of"], "rules.as_of")
    need(rules["balance"] in ("even", "bounds"), 'rules.balance is neither "even" nor "bounds"')
    need_number(rules["max_reviewers_per_review"], 2, "rules.max_reviewers_per_review")
    need_number(rules["min_reviews"], 0, "rules.min_reviews")
    need_number(rules["max_reviews"], 0, "rules.max_reviews")
    need(rules["min_reviews"] <= rules["max_reviews"], "rules.min_reviews is more than rules.max_reviews")
    need_truth(rules["mutual"], "rules.mutual")
    need_truth(rules["rehearsal"], "rules.rehearsal")
    need_number(rules["start_groups"], 1, "rules.start_groups")
    redraw = rules["redraw"]
    if redraw is None:
        return
    need_members(redraw, ("of", "vacated"), "rules.redraw")
    need_hex(redraw["of"], "rules.redraw.of")
    need_list(redraw["vacated"], "rules.redraw.vacated")
    for pair in redraw["vacated"]:
        holds = isinstance(pair, list) and len(pair) == 2 and all(isinstance(code, str) for code in pair)
        need(holds, "rules.redraw.vacated holds something that is not a pair of codes")


def check_participants(participants: Any) -> None:
    """Check the participants (docs/draw.md §1)."""
    need_list(participants, "participants")
    before = ""
    for place, state in enumerate(participants, 1):
        where = f"participant {place}"
        need_members(state, PARTICIPANT, where)
        code = state["code"]
        need(isinstance(code, str) and is_code(code), f"{where}: the code is not three capital letters")
        need(before < code, f"{where}: {code} is out of order or comes twice")
        before = code
        group = state["group"]
        need(group is None or (isinstance(group, str) and group), f"{code}: the group is neither a name nor null")
        need_list(state["instruments"], f"{code}: instruments")
        need(state["instruments"], f"{code} is party to no instrument")
        named = [name for name in INSTRUMENTS if name in state["instruments"]]
        need(named == state["instruments"], f"{code}: the instruments are unknown, out of order or come twice")
        need_truth(state["under_review"], f"{code}: under_review")
        need_truth(state["reviews"], f"{code}: reviews")
        need_number(state["load"], 0, f"{code}: load")


def check_exclusions(exclusions: Any, codes: set[str]) -> None:
    """Check the exclusions (docs/draw.md §1)."""
    need_list(exclusions, "exclusions")
    before = ("", "")
    for place, exclusion in enumerate(exclusions, 1):
        where = f"exclusion {place}"
        need_members(exclusion, ("reviewed", "reviewer"), where)
        pair = (exclusion["reviewed"], exclusion["reviewer"])
        for code in pair:
            need(isinstance(code, str) and code in codes, f"{where}: {show(code)} does not take part")
        need(pair[0] != pair[1], f"{where}: {pair[0]} is excluded from its own review")
        need(before < pair, f"{where} is out of order or comes twice")
        before = pair


def check_contributions(seed: Any) -> None:
    """Check the form of the seed (docs/formats.md §2)."""
    need_members(seed, ("contributions", "beacon", "derived"), "seed")
    need_list(seed["contributions"], "seed.contributions")
    before = None
    for place, contribution in enumerate(seed["contributions"], 1):
        where = f"contribution {place}"
        need_members(contribution, ("by", "commitment", "nonce"), where)
        need_text(contribution["by"], f"{where}: by")
        need_hex(contribution["commitment"], f"{where}: the commitment")
        if contribution["nonce"] is not None:
            need_hex(contribution["nonce"], f"{where}: the nonce")
        need(before is None or before < contribution["by"], f"{where} is out of order or by the same as another")
        before = contribution["by"]
    need_list(seed["beacon"], "seed.beacon")
    for place, beacon in enumerate(seed["beacon"], 1):
        need_members(beacon, ("source", "round", "value"), f"beacon {place}")
        for name in ("source", "round", "value"):
            need_text(beacon[name], f"beacon {place}: {name}")
    need_hex(seed["derived"], "seed.derived")


def check_steps_form(steps: Any) -> None:
    """Check the members of the steps, and the types of those that are looked at before they are compared."""
    need_list(steps, "steps")
    for place, step in enumerate(steps, 1):
        where = f"step {place}"
        if isinstance(step, dict) and "restart" in step:
            need_members(step, ("restart",), where)
            need_number(step["restart"], 2, f"{where}: restart")
        else:
            need_members(step, STEP, where)
            need_text(step["reviewed"], f"{where}: reviewed")
            need_text(step["drawn"], f"{where}: drawn")


def check_result_form(result: Any, participants: list[dict[str, Any]]) -> None:
    """Check the members and types of the result, and that it has the States under review in order."""
    need_list(result, "result")
    for place, entry in enumerate(result, 1):
        where = f"entry {place} of the result"
        need_members(entry, ("reviewed", "start_group", "reviewers"), where)
        need_text(entry["reviewed"], f"{where}: reviewed")
        need_number(entry["start_group"], 1, f"{where}: start_group")
        need_list(entry["reviewers"], f"{where}: reviewers")
        for reviewer in entry["reviewers"]:
            need_members(reviewer, REVIEWER, f"{where}: a reviewer")
            need_text(reviewer["code"], f"{where}: the code of a reviewer")
            need(reviewer["side"] in ("same", "other", None), f"{where}: the side of a reviewer is unknown")
            need(reviewer["kind"] in ("primary", "additional"), f"{where}: the kind of a reviewer is unknown")
            need_list(reviewer["instruments"], f"{where}: the member instruments of a reviewer")
    due = [state["code"] for state in participants if state["under_review"]]
    need([entry["reviewed"] for entry in result] == due, "the result does not hold the States under review in order")


# The seed (docs/draw.md §2)


def check_seed(transcript: dict[str, Any]) -> None:
    """Recompute the digest of the input, the commitments and the derived seed."""
    seed = transcript["seed"]
    due = digest({name: transcript[name] for name in INPUT})
    need(transcript["input_sha256"] == due, "input_sha256 is not the digest of the input")
    for contribution in seed["contributions"]:
        if contribution["nonce"] is not None:
            due = digest({"by": contribution["by"], "nonce": contribution["nonce"]})
            need(due == contribution["commitment"], f"the nonce of {show(contribution['by'])} is not what it committed")
    due = derive(transcript["input_sha256"], seed["contributions"], seed["beacon"])
    need(seed["derived"] == due, "the derived seed is not what the input, the contributions and the beacon give")
    need(seed["beacon"] or transcript["rules"]["rehearsal"], "there is no beacon, and yet it is not a rehearsal")


def derive(input_sha256: str, contributions: list[dict[str, Any]], beacon: list[dict[str, str]]) -> str:
    """Return the derived seed, in hex."""
    given = [one["commitment"] if one["nonce"] is None else one["nonce"] for one in contributions]
    return digest(
        {"purpose": "untoc-draw-seed/1", "input": input_sha256, "contributions": given, "beacon": beacon},
    )


class Words:
    """The words of a derived seed, each used once (docs/formats.md §2)."""

    def __init__(self, derived: str) -> None:
        self.seed = bytes.fromhex(derived)
        self.next = 0

    def below(self, n: int) -> tuple[int, int, int]:
        """Return a number below ``n``, after the number of its word and the word."""
        limit = WORDS - WORDS % n
        while True:
            k = self.next
            self.next += 1
            word = int.from_bytes(sha256(self.seed + k.to_bytes(8, "big")).digest()[:8], "big")
            if word < limit:
                return k, word, word % n

    def shuffled(self, things: Iterable[int]) -> list[int]:
        """Return a list shuffled with the next words (Fisher-Yates from the end)."""
        order = list(things)
        for i in range(len(order) - 1, 0, -1):
            j = self.below(i + 1)[2]
            order[i], order[j] = order[j], order[i]
        return order


# The input by numbers: States are numbered in the order of their codes, and sets of States are integers whose bit n
# stands for State n. Sets of instruments are integers likewise. The primary seats of State x are 2x (same, or the
# first of two without a side) and 2x + 1 (other, or the second); a side's additional seat has the same number.


def bits(mask: int) -> Iterator[int]:
    """Give the places of the bits that are set."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


class World:
    """What the input says; nothing in it changes during the draw."""

    def __init__(self, given: dict[str, Any]) -> None:
        states = given["participants"]
        rules = given["rules"]
        self.codes: list[str] = [state["code"] for state in states]
        self.number = {code: number for number, code in enumerate(self.codes)}
        self.groups: list[str | None] = [state["group"] for state in states]
        self.instruments = [sum(1 << INSTRUMENTS.index(name) for name in state["instruments"]) for state in states]
        self.loads: list[int] = [state["load"] for state in states]
        self.under_review = [number for number, state in enumerate(states) if state["under_review"]]
        self.reviewing = sum(1 << number for number, state in enumerate(states) if state["reviews"])
        self.even = rules["balance"] == "even"
        self.mutual: bool = rules["mutual"]
        self.least: int = rules["min_reviews"]
        self.most: int = rules["max_reviews"]
        self.most_additional: int = rules["max_reviewers_per_review"] - 2
        self.start_groups: int = rules["start_groups"]
        self.is_redraw = rules["redraw"] is not None
        self.barred = [1 << number for number in range(len(states))]  # who cannot review x: itself and the exclusions
        for exclusion in given["exclusions"]:
            self.barred[self.number[exclusion["reviewed"]]] |= 1 << self.number[exclusion["reviewer"]]
        self.members: dict[str, int] = {}  # the States of each group
        parties = [0] * (1 << len(INSTRUMENTS))  # those party to exactly these instruments
        for number, group in enumerate(self.groups):
            parties[self.instruments[number]] |= 1 << number
            if group is not None:
                self.members[group] = self.members.get(group, 0) | 1 << number
        # those party to all of these instruments
        self.party = [sum(exact for held, exact in enumerate(parties) if not m & ~held) for m in range(len(parties))]
        # for each State: those that share an instrument with it, by the instruments that they lack
        self.lacking = [self.by_lack(own, parties) for own in self.instruments]

    @staticmethod
    def by_lack(own: int, parties: list[int]) -> list[tuple[int, int]]:
        """Return the States that share an instrument with one party to ``own``, by what they are not party to."""
        lacking: dict[int, int] = {}
        for held, exact in enumerate(parties):
            if held & own and exact:
                lacking[own & ~held] = lacking.get(own & ~held, 0) | exact
        return list(lacking.items())

    def names(self, mask: int) -> list[str]:
        """Return the names of a set of instruments, in order."""
        return [name for place, name in enumerate(INSTRUMENTS) if mask >> place & 1]

    def list_codes(self, mask: int) -> list[str]:
        """Return the codes of a set of States, in order."""
        return [self.codes[number] for number in bits(mask)]

    def side(self, seat: int) -> str | None:
        """Return the side of a seat (docs/draw.md §3)."""
        if self.groups[seat >> 1] is None:
            return None
        return "other" if seat & 1 else "same"

    def caps(self) -> tuple[int, ...]:
        """Return the caps to be tried before the first lot, in turn (docs/draw.md §4)."""
        if not self.even:
            return (self.most,)
        count = self.reviewing.bit_count()
        if not count:
            return (0,)
        total = sum(self.loads[number] for number in bits(self.reviewing)) + 2 * len(self.under_review)
        return (min(-(-total // count), self.most), min(total // count + 1, self.most))


# Matchings


class Matching:
    """Things on the left are given things on the right: as many as each wants, none beyond the room it has.

    Kept up to date while lots fall: what no longer holds is unlinked, and augmenting paths mend the rest.
    """

    def __init__(self, lefts: int, rights: int) -> None:
        self.rows = [0] * lefts  # for each on the left, those on the right that it may be given
        self.want = [0] * lefts
        self.given = [0] * lefts
        self.room = [0] * rights
        self.held = [0] * rights  # the reverse of ``given``
        self.short = 0  # those on the left that want more than they were given
        self.free = 0  # those on the right with room left

    def copy(self) -> Matching:
        """Return a copy."""
        new = Matching.__new__(Matching)
        new.rows, new.want, new.given = self.rows[:], self.want[:], self.given[:]
        new.room, new.held = self.room[:], self.held[:]
        new.short, new.free = self.short, self.free
        return new

    def settle(self, left: int, right: int) -> None:
        """Bring ``short`` and ``free`` up to date for two."""
        if self.given[left].bit_count() < self.want[left]:
            self.short |= 1 << left
        else:
            self.short &= ~(1 << left)
        if self.held[right].bit_count() < self.room[right]:
            self.free |= 1 << right
        else:
            self.free &= ~(1 << right)

    def link(self, left: int, right: int) -> None:
        """Give ``right`` to ``left``."""
        self.given[left] |= 1 << right
        self.held[right] |= 1 << left
        self.settle(left, right)

    def unlink(self, left: int, right: int) -> None:
        """Take ``right`` from ``left``."""
        self.given[left] &= ~(1 << right)
        self.held[right] &= ~(1 << left)
        self.settle(left, right)

    def set_want(self, left: int, want: int) -> None:
        """Set how many ``left`` wants, and take from it what is too much."""
        self.want[left] = want
        for right in list(bits(self.given[left]))[want:]:
            self.unlink(left, right)
        self.short &= ~(1 << left)
        if self.given[left].bit_count() < want:
            self.short |= 1 << left

    def set_room(self, right: int, room: int) -> None:
        """Set the room of ``right``, and take it from those for whom there is none left."""
        self.room[right] = room
        for left in list(bits(self.held[right]))[room:]:
            self.unlink(left, right)
        self.free &= ~(1 << right)
        if self.held[right].bit_count() < room:
            self.free |= 1 << right

    def fill(self) -> bool:
        """Give everybody what it wants, and say whether that can be done."""
        for left in bits(self.short):
            while self.short >> left & 1:
                if not self.serve(left):
                    return False
        return True

    def serve(self, start: int) -> bool:
        """Give ``start`` one more along an augmenting path, if there is one; nobody else loses by it."""
        reached: dict[int, int] = {}  # from which one on the left each one on the right was reached
        gives_up: dict[int, int] = {}  # what one on the left would give up
        queue, unseen, seen = [start], -1, 1 << start
        for left in queue:
            reach = self.rows[left] & unseen & ~self.given[left]
            free = reach & self.free
            if free:
                right = (free & -free).bit_length() - 1
                while left != start:
                    other = gives_up[left]
                    self.unlink(left, other)
                    self.link(left, right)
                    left, right = reached[other], other  # noqa: PLW2901 - we walk back, and leave the loop
                self.link(left, right)
                return True
            unseen &= ~reach
            for right in bits(reach):
                reached[right] = left
                for holder in bits(self.held[right] & ~seen):
                    gives_up[holder] = right
                    queue.append(holder)
                seen |= self.held[right]
        return False


# The lots that have fallen


class Lots:
    """The seats as filled so far, who is eligible for the rest, and the matchings that the rest needs."""

    def __init__(self, world: World, cap: int, kept: list[dict[str, Any]] | None) -> None:
        count = len(world.codes)
        self.world = world
        self.cap = cap
        self.primary: list[int | None] = [None] * (2 * count)
        self.helper: list[int | None] = [None] * (2 * count)
        self.seated = [0] * count  # those who have a seat in the review of x
        self.sits = [0] * count  # those in whose review x has a seat
        self.loads = world.loads[:]
        self.seats = Matching(2 * count, count)  # open primary seats to States (§5.1)
        self.needs = Matching(count, 2 * count)  # States to the open primary seats they need (§5.2)
        self.helpers = Matching(2 * count, count)  # open additional seats to States (§7)
        for entry in kept or ():
            self.keep(world.number[entry["reviewed"]], entry["reviewers"])
        self.below = sum(1 << r for r in bits(world.reviewing) if self.loads[r] < cap)
        for seat in [seat for x in world.under_review for seat in (2 * x, 2 * x + 1) if self.primary[seat] is None]:
            self.seats.set_want(seat, 1)
            self.needs.set_room(seat, 1)
            self.set_row(seat, self.eligible(seat))
        for r in bits(world.reviewing):
            self.seats.set_room(r, max(0, cap - self.loads[r]))
            self.needs.set_want(r, max(0, world.least - self.loads[r]))

    def copy(self) -> Lots:
        """Return a copy on which a lot can be tried."""
        new = Lots.__new__(Lots)
        new.world, new.cap, new.below = self.world, self.cap, self.below
        new.primary, new.helper = self.primary[:], self.helper[:]
        new.seated, new.sits, new.loads = self.seated[:], self.sits[:], self.loads[:]
        new.seats, new.needs, new.helpers = self.seats.copy(), self.needs.copy(), self.helpers.copy()
        return new

    def keep(self, x: int, reviewers: list[dict[str, Any]]) -> None:
        """Fill the seats of ``x`` that are kept in a redraw (docs/draw.md §11)."""
        groups = self.world.groups
        for reviewer in sorted(reviewers, key=place_of):
            r = self.world.number[reviewer["code"]]
            self.seated[x] |= 1 << r
            self.sits[r] |= 1 << x
            seats = [2 * x, 2 * x + 1]
            if reviewer["kind"] == "primary":
                fits = [s for s in seats if self.primary[s] is None and self.world.side(s) == reviewer["side"]]
                self.primary[fits[0]] = r
                self.loads[r] += 1
            elif reviewer["side"] is None:
                self.helper[next(s for s in seats if self.group_of_primary(s) == groups[r])] = r
            else:
                self.helper[2 * x + (reviewer["side"] == "other")] = r

    def group_of_primary(self, seat: int) -> str | None:
        """Return the group of the primary in a seat."""
        primary = self.primary[seat]
        return None if primary is None else self.world.groups[primary]

    def lack(self, seat: int) -> int:
        """Return the instruments of the additional seat of a side, or 0 where there is none so far (§3)."""
        primary = self.primary[seat]
        return 0 if primary is None else self.world.instruments[seat >> 1] & ~self.world.instruments[primary]

    def pool(self, x: int) -> int:
        """Return those who may have another seat in the review of ``x``, whatever the side and instruments (§3)."""
        pool = self.world.reviewing & ~self.world.barred[x] & ~self.seated[x]
        return pool if self.world.mutual else pool & ~self.sits[x]

    def on_side(self, seat: int) -> int:
        """Return those on the side of a seat of a State with a group (§3)."""
        group = self.world.groups[seat >> 1]
        same = self.world.members[group] if group is not None else 0
        return ~same if seat & 1 else same

    def eligible(self, seat: int) -> int:
        """Return the States eligible for a primary seat (§3)."""
        x = seat >> 1
        pool = self.pool(x)
        if self.world.groups[x] is not None:
            return self.with_help(x, pool & self.on_side(seat)) & self.below
        row = 0
        for group, members in self.world.members.items():
            if self.primary[seat ^ 1] is None or self.group_of_primary(seat ^ 1) != group:
                row |= self.with_help(x, pool & members)
        return row & self.below

    def with_help(self, x: int, pool: int) -> int:
        """Return those in ``pool`` who share an instrument with ``x`` and lack none, or have help from ``pool``."""
        additional = bool(self.lack(2 * x)) + bool(self.lack(2 * x + 1))
        helped = additional < self.world.most_additional
        row = 0
        for missing, states in self.world.lacking[x]:
            if not missing or (helped and pool & self.world.party[missing]):
                row |= pool & states
        return row

    def may_help(self, seat: int) -> int:
        """Return those who may help in the additional seat of a side whose primary is known (§3)."""
        group = self.group_of_primary(seat)
        if self.world.groups[seat >> 1] is not None:
            side = self.on_side(seat)
        else:
            side = self.world.members[group] if group is not None else 0
        return self.pool(seat >> 1) & side & self.world.party[self.lack(seat)]

    def is_open_additional(self, seat: int) -> bool:
        """Say whether a side has an additional seat that is not filled."""
        return self.helper[seat] is None and bool(self.lack(seat))

    def set_row(self, seat: int, row: int) -> None:
        """Set who is eligible for an open primary seat."""
        seats, needs = self.seats, self.needs
        changed = seats.rows[seat] ^ row
        seats.rows[seat] = row
        for r in bits(seats.given[seat] & ~row):
            seats.unlink(seat, r)
        for r in bits(needs.held[seat] & ~row):
            needs.unlink(r, seat)
        for r in bits(changed):
            needs.rows[r] ^= 1 << seat

    def sit(self, x: int, r: int) -> tuple[int, int, int, int]:
        """Let ``r`` have a seat in the review of ``x``; return the seats that this touches."""
        self.seated[x] |= 1 << r
        self.sits[r] |= 1 << x
        return (2 * x, 2 * x + 1, 2 * r, 2 * r + 1)

    def take_primary(self, seat: int, r: int) -> str | None:
        """Let ``r`` have a primary seat; return why the rest cannot be completed then, or None (§5, §6)."""
        self.primary[seat] = r
        self.loads[r] += 1
        self.set_row(seat, 0)
        self.seats.set_want(seat, 0)
        self.needs.set_room(seat, 0)
        if self.loads[r] >= self.cap:
            self.below &= ~(1 << r)
            for other in bits(self.needs.rows[r]):
                self.set_row(other, self.seats.rows[other] & ~(1 << r))
        touched = self.sit(seat >> 1, r)
        for other in touched:
            if self.seats.want[other]:
                self.set_row(other, self.eligible(other))
        self.seats.set_room(r, max(0, self.cap - self.loads[r]))
        self.needs.set_want(r, max(0, self.world.least - self.loads[r]))
        return self.failing(touched)

    def failing(self, touched: Iterable[int]) -> str | None:
        """Return the first of §5 that fails, or None; additional seats other than those touched are as they were."""
        if not self.seats.fill():
            return "seats"
        if not self.needs.fill():
            return "loads"
        if not all(self.may_help(seat) for seat in touched if self.is_open_additional(seat)):
            return "additional"
        return None

    def open_additional(self) -> bool:
        """Make ready for the additional seats, and say whether they can all be given (§7)."""
        seats = [seat for seat in range(len(self.primary)) if self.is_open_additional(seat)]
        for seat in seats:
            self.helpers.set_want(seat, 1)
            self.helpers.rows[seat] = self.may_help(seat)
        for cap in range(1, len(seats) + 1) if self.world.even else [len(seats)]:
            for r in bits(self.world.reviewing):
                self.helpers.set_room(r, cap)
            if self.helpers.fill():
                return True
        return not seats

    def additional_candidates(self, seat: int) -> int:
        """Return the candidates for an open additional seat: the eligible States below the additional cap (§7)."""
        return sum(1 << r for r in bits(self.helpers.rows[seat]) if self.helpers.room[r])

    def take_additional(self, seat: int, r: int) -> str | None:
        """Let ``r`` have an additional seat; return why the rest cannot be completed then, or None (§7)."""
        helpers = self.helpers
        self.helper[seat] = r
        for given in bits(helpers.given[seat]):
            helpers.unlink(seat, given)
        helpers.set_want(seat, 0)
        helpers.rows[seat] = 0
        for other in self.sit(seat >> 1, r):
            if helpers.want[other]:
                helpers.rows[other] = self.may_help(other)
                for given in bits(helpers.given[other] & ~helpers.rows[other]):
                    helpers.unlink(other, given)
        helpers.set_room(r, helpers.room[r] - 1)
        return None if helpers.fill() else "additional"

    def additional_order(self, x: int) -> list[int]:
        """Return the open additional seats of ``x`` in the order in which they are drawn (§7)."""
        seats = [seat for seat in (2 * x, 2 * x + 1) if self.is_open_additional(seat)]
        if self.world.is_redraw and self.world.groups[x] is None:
            seats.sort(key=lambda seat: self.primary[seat] or 0)
        return seats

    def reviewers(self, x: int) -> list[dict[str, Any]]:
        """Return the reviewers of ``x`` as they stand in the result (§10)."""
        reviewers = []
        for seat in (2 * x, 2 * x + 1):
            for kind, state in (("primary", self.primary[seat]), ("additional", self.helper[seat])):
                if state is not None:
                    reviewers.append(
                        {
                            "code": self.world.codes[state],
                            "side": self.world.side(seat),
                            "kind": kind,
                            "instruments": self.reviewed_in(seat, kind),
                        }
                    )
        return sorted(reviewers, key=place_of)

    def reviewed_in(self, seat: int, kind: str) -> list[str]:
        """Return the instruments that are reviewed in a seat (§3)."""
        lack = self.lack(seat)
        return self.world.names(lack if kind == "additional" else self.world.instruments[seat >> 1] & ~lack)


def place_of(reviewer: dict[str, Any]) -> tuple[bool, bool, str]:
    """Return the key by which reviewers are ordered (docs/formats.md §2)."""
    return reviewer["kind"] == "additional", reviewer["side"] == "other", reviewer["code"]


# The draw


def replay(
    given: dict[str, Any], derived: str, kept: list[dict[str, Any]] | None = None
) -> Iterator[dict[str, Any] | list[dict[str, Any]]]:
    """Draw the lots (docs/draw.md §3 to §11): give the steps, each a dict, and at last the result, a list.

    ``given`` is the input with the members phase, rules, participants and exclusions, ``derived`` the seed in hex.
    For a redraw ``kept`` is the result that it changes without the vacated seats, with the start groups.

    :raises NoDraw: when the seats cannot be completed before the first lot, or after 1,000 failed attempts.
    """
    world = World(given)
    start = opening(world, kept)
    words = Words(derived)
    for attempt in range(1, ATTEMPTS + 1):
        if attempt > 1:
            yield {"restart": attempt}
        lots = yield from draw_once(start.copy(), words, attempt)
        if lots is not None:
            yield make_result(lots, words, kept)
            return
    raise NoDraw(f"after {ATTEMPTS} failed attempts the draw is given up")


def opening(world: World, kept: list[dict[str, Any]] | None) -> Lots:
    """Return the state of things before the first lot, with the cap of §4."""
    reason: str | None = None
    for cap in world.caps():
        lots = Lots(world, cap, kept)
        reason = lots.failing(range(2 * len(world.codes)))
        if reason is None:
            return lots
    raise NoDraw(f"with this input the rules cannot be kept ({reason}), and there is no draw")


def draw_once(lots: Lots, words: Words, attempt: int) -> Generator[dict[str, Any], None, Lots | None]:
    """Give the steps of one attempt; return the lots, or None where it failed (§6 and §7)."""
    world = lots.world
    order = words.shuffled(world.under_review)
    for x in order:
        for seat in (2 * x, 2 * x + 1):
            if lots.primary[seat] is None:
                drawn = draw_seat(lots, words, seat, "primary", attempt)
                if drawn is None:
                    return None
                lots, step = drawn
                yield step
    if not lots.open_additional():
        return None
    for x in order:
        for seat in lots.additional_order(x):
            drawn = draw_seat(lots, words, seat, "additional", attempt)
            if drawn is None:
                return None
            lots, step = drawn
            yield step
    return lots


def draw_seat(lots: Lots, words: Words, seat: int, kind: str, attempt: int) -> tuple[Lots, dict[str, Any]] | None:
    """Draw one seat; return the lots with it and the step, or None where nobody was left (§6)."""
    world = lots.world
    primary = kind == "primary"
    candidates = lots.seats.rows[seat] if primary else lots.additional_candidates(seat)
    left = list(bits(candidates))
    rejected: list[dict[str, str]] = []
    while left:
        k, word, index = words.below(len(left))
        state = left[index]
        trial = lots.copy()
        reason = trial.take_primary(seat, state) if primary else trial.take_additional(seat, state)
        if reason is None:
            return trial, {
                "attempt": attempt,
                "n": candidates.bit_count(),
                "reviewed": world.codes[seat >> 1],
                "side": world.side(seat),
                "kind": kind,
                "instruments": trial.reviewed_in(seat, kind),
                "candidates": world.list_codes(candidates),
                "rejected": rejected,
                "k": k,
                "word": f"{word:016x}",
                "index": index,
                "drawn": world.codes[state],
            }
        rejected.append({"code": world.codes[state], "reason": reason})
        del left[index]
    return None


def make_result(lots: Lots, words: Words, kept: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """Deal the start groups (§9; in a redraw they stay) and return the result (§10)."""
    world = lots.world
    if kept is None:
        order = words.shuffled(world.under_review)
        groups = {world.codes[x]: place % world.start_groups + 1 for place, x in enumerate(order)}
    else:
        groups = {entry["reviewed"]: entry["start_group"] for entry in kept}
    return [
        {"reviewed": world.codes[x], "start_group": groups[world.codes[x]], "reviewers": lots.reviewers(x)}
        for x in world.under_review
    ]


# A redraw (docs/draw.md §11)


def check_redraw(transcript: dict[str, Any]) -> list[dict[str, Any]]:
    """Check that what is kept and what is vacated make the result that is changed; return what is kept."""
    redraw = transcript["rules"]["redraw"]
    last: set[tuple[str, str]] = set()
    for step in transcript["steps"]:
        if "restart" in step:
            last.clear()
        else:
            last.add((step["reviewed"], step["drawn"]))
    kept = [
        {**entry, "reviewers": [one for one in entry["reviewers"] if (entry["reviewed"], one["code"]) not in last]}
        for entry in transcript["result"]
    ]
    vacated: dict[str, list[str]] = {entry["reviewed"]: [] for entry in kept}
    for reviewed, reviewer in redraw["vacated"]:
        need(reviewed in vacated, f"rules.redraw.vacated: {show(reviewed)} is not under review")
        vacated[reviewed].append(reviewer)
    world = World(transcript)
    earlier = []
    for entry in kept:
        reviewers, seats = before_redraw(world, entry, vacated[entry["reviewed"]])
        need(entry["start_group"] <= world.start_groups, f"{entry['reviewed']}: there is no such start group")
        earlier.append({**entry, "reviewers": reviewers})
        vacated[entry["reviewed"]] = seats
    due = [[reviewed, reviewer] for reviewed, seats in vacated.items() for reviewer in seats]
    need(due == redraw["vacated"], "rules.redraw.vacated is out of order")
    need(
        digest(earlier) == redraw["of"],
        "what is kept and what is vacated do not make the result that rules.redraw.of names",
    )
    return kept


def before_redraw(world: World, kept: dict[str, Any], vacated: list[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the reviewers that a State had before the redraw, and the vacated among them, both in order.

    The side of a seat follows from the group of who had it. The kind of a vacated seat follows from the order: where
    the primary of its side is not kept, the first vacated on that side is the primary, a second the additional one.
    """
    where = f"the seats of {kept['reviewed']} that are kept or vacated"
    x = world.number[kept["reviewed"]]
    sides: dict[str | None, dict[str, int]] = {}
    stay: set[tuple[str | None, str]] = set()

    def line_of(code: str) -> tuple[str | None, int]:
        need(code in world.number and code != kept["reviewed"], f"{where}: {show(code)} cannot have one")
        r = world.number[code]
        if world.groups[x] is None:
            need(world.groups[r] is not None, f"{where}: {code} has no regional group")
            return world.groups[r], r
        return ("same" if world.groups[r] == world.groups[x] else "other"), r

    def put(line: str | None, kind: str, r: int) -> None:
        need(kind not in sides.setdefault(line, {}), f"{where} include two of one side and kind")
        sides[line][kind] = r

    for reviewer in kept["reviewers"]:
        line, r = line_of(reviewer["code"])
        put(line, reviewer["kind"], r)
        stay.add((line, reviewer["kind"]))
    for code in vacated:
        line, r = line_of(code)
        put(line, "additional" if "primary" in sides.get(line, {}) else "primary", r)
    need(len(sides) == 2, f"{where} are not two sides")
    earlier = []
    for line, seats in sides.items():
        earlier += side_before(world, x, (line, seats), stay, where)
    holders = [one["code"] for one in earlier]
    need(len(set(holders)) == len(holders), f"{where}: one State has two")
    earlier.sort(key=place_of)
    remain = [one for one in earlier if one["code"] not in vacated]
    need(canonical(remain) == canonical(kept["reviewers"]), f"{where}: what is kept is not as the rules give it")
    return earlier, [one["code"] for one in earlier if one["code"] in vacated]


def side_before(
    world: World, x: int, side: tuple[str | None, dict[str, int]], stay: set[tuple[str | None, str]], where: str
) -> list[dict[str, Any]]:
    """Return the reviewers that one side had before the redraw, with the instruments that follow from §3."""
    line, seats = side
    own = world.instruments[x]
    need("primary" in seats, f"{where}: a side has no primary")
    held = world.instruments[seats["primary"]]
    lack = own & ~held
    need(own & held, f"{where}: a primary shares no instrument")
    need(("additional" in seats) == bool(lack), f"{where}: an additional seat is missing, or there is one too many")
    need(
        (line, "additional") not in stay or (line, "primary") in stay,
        f"{where}: a side whose primary is vacated is not vacated whole",
    )
    reviewers = []
    for kind, r in seats.items():
        part = lack if kind == "additional" else own & held
        need(not part & ~world.instruments[r], f"{where}: an additional reviewer is not party to all its instruments")
        named = None if world.groups[x] is None else line
        reviewers.append({"code": world.codes[r], "side": named, "kind": kind, "instruments": world.names(part)})
    return reviewers


# The comparison


def check_draw(transcript: dict[str, Any], kept: list[dict[str, Any]] | None) -> None:
    """Draw the lots again and compare every step, the result and its digest."""
    steps, place = transcript["steps"], 0
    try:
        for due in replay(transcript, transcript["seed"]["derived"], kept):
            if isinstance(due, list):
                need(place == len(steps), f"step {place + 1}: all seats are filled before it")
                check_result(transcript["result"], due)
            else:
                need(place < len(steps), f"the steps end after {place}, but not all seats are filled")
                place += 1
                check_step(steps[place - 1], due, f"step {place}")
    except NoDraw as error:
        raise Problem(str(error)) from None
    need(transcript["result_sha256"] == digest(transcript["result"]), "result_sha256 is not the digest of the result")


def check_step(found: dict[str, Any], due: dict[str, Any], where: str) -> None:
    """Compare a step with what the draw gives."""
    if canonical(found) == canonical(due):
        return
    if "restart" in due:
        need("restart" in found, f"{where}: a seat that nobody can take makes the attempt fail here")
        raise Problem(f"{where}: the next attempt is {due['restart']}")
    need("restart" not in found, f"{where}: the attempt has not failed here")
    wrong = next(name for name in STEP if canonical(found[name]) != canonical(due[name]))
    raise Problem(f"{where}: {STEP[wrong]}")


def check_result(found: list[dict[str, Any]], due: list[dict[str, Any]]) -> None:
    """Compare the result with what the draw gives; both hold the same States in the same order."""
    for given, entry in zip(found, due, strict=True):
        if given["start_group"] != entry["start_group"]:
            raise Problem(f"the result: {entry['reviewed']}: the start group is not the one that the seed gives")
        if canonical(given["reviewers"]) != canonical(entry["reviewers"]):
            raise Problem(f"the result: {entry['reviewed']}: the reviewers are not those that were drawn, in order")


# The command


class Parser(argparse.ArgumentParser):
    """An argument parser whose refusals become the one JSON object."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def read(path: str) -> bytes:
    """Return the bytes of a file.

    :raises NotATranscript: when it cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError, MemoryError) as error:
        raise NotATranscript(f"the file cannot be read: {error}") from None


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = Parser(prog="verify_draw", description="Check the transcript of a drawing of lots.", allow_abbrev=False)
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--json", action="store_true", help="makes no difference here")
    problem: str | None
    try:
        given = parser.parse_args(argv)
        problem = verify(read(given.file))
        status = 1 if problem else 0
    except (UsageError, NotATranscript) as error:
        problem, status = str(error), 2
    except Exception as error:  # noqa: BLE001 - whatever happens, the caller gets an object and a status
        problem, status = f"internal error: {type(error).__name__}: {error}", 3
    print(json.dumps({"ok": status == 0, "problem": problem}, separators=(",", ":")))
    return status


if __name__ == "__main__":
    sys.exit(main())
