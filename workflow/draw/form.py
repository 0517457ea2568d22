"""The form of an input and of a transcript, each fault in plain words (``docs/draw.md`` §1, ``docs/formats.md`` §2)."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from workflow.ledger import MAX_INTEGER

FORMAT = "untoc-draw/1"
INSTRUMENTS = ("firearms", "som", "tip", "untoc")
BALANCES = ("even", "bounds")
INPUT = {"phase", "rules", "participants", "exclusions"}
TRANSCRIPT = INPUT | {"format", "drawn_at", "seed", "steps", "result", "input_sha256", "result_sha256"}
RULES = {
    "as_of", "balance", "max_reviewers_per_review", "max_reviews", "min_reviews", "mutual", "redraw", "rehearsal",
    "start_groups",
}  # fmt: skip
PARTICIPANT = {"code", "group", "instruments", "under_review", "reviews", "load"}

_is_code = re.compile(r"[A-Z]{3}").fullmatch
_is_phase = re.compile(r"[a-z0-9-]+").fullmatch
_is_group = re.compile(r"[a-z-]+").fullmatch
_is_hex = re.compile(r"[0-9a-f]{64}").fullmatch
_is_time = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII).fullmatch


class FormError(ValueError):
    """Something has not the form that the format asks for; the sentence says where and what was expected."""


def check_input(data: Any) -> None:
    """Hold an input against the format.

    :raises FormError: at the first fault.
    """
    _members("the input", data, INPUT)
    _expect("phase", _text(data["phase"]) and _is_phase(data["phase"]), "a key of small letters, digits and hyphens")
    _check_rules(data["rules"])
    _check_participants(data["participants"])
    codes = {one["code"] for one in data["participants"]}
    _check_exclusions(data["exclusions"], codes)
    _check_redraw(data["rules"]["redraw"], data["participants"])


def _check_rules(rules: Any) -> None:
    _members("rules", rules, RULES)
    _expect("rules.as_of", _is_date(rules["as_of"]), "a date, such as 2026-11-24")
    _expect("rules.balance", rules["balance"] in BALANCES and _text(rules["balance"]), "even or bounds")
    for name, least in (("min_reviews", 0), ("max_reviewers_per_review", 2), ("start_groups", 1), ("max_reviews", 0)):
        _expect(f"rules.{name}", _number(rules[name], least), f"a whole number from {least} on")
    _expect("rules.max_reviews", rules["max_reviews"] >= rules["min_reviews"], "at least min_reviews")
    for name in ("mutual", "rehearsal"):
        _expect(f"rules.{name}", isinstance(rules[name], bool), "true or false")


def _check_participants(rows: Any) -> None:
    _expect("participants", isinstance(rows, list), "a list")
    for place, one in enumerate(rows):
        where = f"participants[{place}]"
        _members(where, one, PARTICIPANT)
        _expect(f"{where}.code", _text(one["code"]) and _is_code(one["code"]), "three capital letters")
        where = f"participant {one['code']}"
        group = one["group"]
        _expect(f"{where}: group", group is None or (_text(group) and _is_group(group)), "a group's slug, or null")
        own = one["instruments"]
        known = isinstance(own, list) and own and all(item in INSTRUMENTS for item in own if _text(item))
        _expect(f"{where}: instruments", known and _rising(own), f"some of {', '.join(INSTRUMENTS)}, in this order")
        for name in ("under_review", "reviews"):
            _expect(f"{where}: {name}", isinstance(one[name], bool), "true or false")
        _expect(f"{where}: load", _number(one["load"], 0), "a whole number from 0 on")
    _expect("participants", _rising([one["code"] for one in rows]), "each State once, in order of the codes")


def _check_exclusions(rows: Any, codes: set[str]) -> None:
    _expect("exclusions", isinstance(rows, list), "a list")
    pairs = []
    for place, one in enumerate(rows):
        where = f"exclusions[{place}]"
        _members(where, one, {"reviewed", "reviewer"})
        pair = (one["reviewed"], one["reviewer"])
        _expect(where, all(_text(code) and code in codes for code in pair), "two States that take part")
        _expect(where, pair[0] != pair[1], "two different States")
        pairs.append(pair)
    _expect("exclusions", _rising(pairs), "each pair once, by reviewed and then reviewer")


def _check_redraw(redraw: Any, participants: Sequence[Mapping[str, Any]]) -> None:
    if redraw is None:
        return
    _members("rules.redraw", redraw, {"of", "vacated"})
    _expect("rules.redraw.of", _text(redraw["of"]) and _is_hex(redraw["of"]), "64 hex digits")
    _expect("rules.redraw.vacated", isinstance(redraw["vacated"], list), "a list")
    reviewed = {one["code"] for one in participants if one["under_review"]}
    codes = {one["code"] for one in participants}
    for place, one in enumerate(redraw["vacated"]):
        pair = isinstance(one, list) and len(one) == 2 and all(_text(code) for code in one)
        found = pair and one[0] in reviewed and one[1] in codes
        _expect(f"rules.redraw.vacated[{place}]", found, "a State under review and one that took part")
    pairs = [tuple(one) for one in redraw["vacated"]]
    _expect("rules.redraw.vacated", len(set(pairs)) == len(pairs), "each seat once")
    _expect("rules.redraw.vacated", [one[0] for one in pairs] == sorted(one[0] for one in pairs), "by the reviewed")


def check_transcript(data: Any) -> None:
    """Hold a whole transcript against the format: members, kinds of values and orders, not yet what they say.

    :raises FormError: at the first fault.
    """
    _members("the transcript", data, TRANSCRIPT)
    _expect("format", data["format"] == FORMAT, FORMAT)
    _expect("drawn_at", _is_moment(data["drawn_at"]), "a time in UTC with six decimals and Z")
    check_input({name: data[name] for name in INPUT})
    check_seed(data["seed"])
    _expect("steps", isinstance(data["steps"], list), "a list")
    _check_result(data["result"], {one["code"] for one in data["participants"]})
    for name in ("input_sha256", "result_sha256"):
        _expect(name, _text(data[name]) and _is_hex(data[name]), "64 hex digits")


def check_seed(seed: Any) -> None:
    """Hold the contributions, the beacon and the derived seed against the format."""
    _members("seed", seed, {"contributions", "beacon", "derived"})
    check_contributions(seed["contributions"])
    _expect("seed.beacon", isinstance(seed["beacon"], list), "a list")
    for place, one in enumerate(seed["beacon"]):
        _members(f"seed.beacon[{place}]", one, {"source", "round", "value"})
        _expect(f"seed.beacon[{place}]", all(_text(value) for value in one.values()), "three texts")
    _expect("seed.derived", _text(seed["derived"]) and _is_hex(seed["derived"]), "64 hex digits")


def check_contributions(rows: Any) -> None:
    """Hold a list of contributions against the format."""
    _expect("seed.contributions", isinstance(rows, list), "a list")
    for place, one in enumerate(rows):
        where = f"seed.contributions[{place}]"
        _members(where, one, {"by", "commitment", "nonce"})
        _expect(f"{where}.by", _text(one["by"]) and one["by"] != "", "a name")
        for name in ("commitment", "nonce"):
            fits = _text(one[name]) and _is_hex(one[name])
            _expect(f"{where}.{name}", fits or (name == "nonce" and one[name] is None), "64 hex digits")
    _expect("seed.contributions", _rising([one["by"] for one in rows]), "each contributor once, in order")


def _check_result(rows: Any, codes: set[str]) -> None:
    _expect("result", isinstance(rows, list), "a list")
    for place, one in enumerate(rows):
        where = f"result[{place}]"
        _members(where, one, {"reviewed", "start_group", "reviewers"})
        _expect(where, _text(one["reviewed"]) and one["reviewed"] in codes, "a State that takes part")
        _expect(f"{where}.start_group", _number(one["start_group"], 1), "a whole number from 1 on")
        _expect(f"{where}.reviewers", isinstance(one["reviewers"], list), "a list")
        for number, seat in enumerate(one["reviewers"]):
            here = f"{where}.reviewers[{number}]"
            _members(here, seat, {"code", "side", "kind", "instruments"})
            _expect(here, _text(seat["code"]) and seat["code"] in codes, "a State that takes part")
            _expect(f"{here}.side", seat["side"] is None or seat["side"] in ("same", "other"), "same, other or null")
            _expect(f"{here}.kind", seat["kind"] in ("primary", "additional"), "primary or additional")
            _expect(f"{here}.instruments", isinstance(seat["instruments"], list), "a list")


def _members(where: str, value: Any, names: set[str]) -> None:
    _expect(where, isinstance(value, dict), "an object")
    unknown, lacking = sorted(set(value) - names), sorted(names - set(value))
    _expect(where, not unknown, f"no member {', '.join(unknown)}")
    _expect(where, not lacking, f"a member {', '.join(lacking)}")


def _expect(where: str, holds: Any, expected: str) -> None:
    if not holds:
        raise FormError(f"{where} has not the form of the format: {expected} was expected")


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _number(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= MAX_INTEGER


def _rising(values: Sequence[Any]) -> bool:
    return all(first < second for first, second in pairwise(values))


def _is_date(value: Any) -> bool:
    if not _text(value) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_moment(value: Any) -> bool:
    if not _text(value) or not _is_time(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
