"""The drawing of lots: every rule holds, every outcome can fall, every change of a transcript is found."""

from __future__ import annotations

import copy
import json
import os
from collections import Counter
from hashlib import sha256

import pytest

from tests.workflow.worlds import faults, outcomes, random_world, real_world, state, world
from tools import verify_draw as tool
from workflow.draw.feasible import can_be_drawn, conflict
from workflow.draw.form import FormError
from workflow.draw.lots import CannotDrawError
from workflow.draw.numbers import Numbers, commitment
from workflow.draw.transcript import DoesNotHold, NotATranscript, as_bytes, digest, input_of, make_transcript, verify

SOAK = os.environ.get("SOAK") == "1"
AT = "2026-11-24T07:02:49.123456Z"
ALL = ("firearms", "som", "tip", "untoc")


def drawn(data, value="17", **more):
    beacon = [{"source": "balls", "round": "1", "value": str(value)}]
    return make_transcript(data=data, contributions=more.pop("contributions", []), beacon=beacon, drawn_at=AT, **more)


@pytest.fixture(scope="module")
def real():
    return drawn(real_world())


@pytest.mark.parametrize("value", range(20 if SOAK else 4))
def test_every_rule_holds_for_the_real_states_and_loads_are_even(value):
    data = real_world()
    transcript = drawn(data, value)
    assert faults(data, transcript["result"]) == []
    primary, additional = (
        Counter(s["code"] for one in transcript["result"] for s in one["reviewers"] if s["kind"] == kind)
        for kind in ("primary", "additional")
    )
    assert set(primary.values()) == {2}
    assert set(additional.values()) == {1}
    groups = Counter(one["start_group"] for one in transcript["result"])
    assert max(groups.values()) - min(groups.values()) <= 1
    assert verify(as_bytes(transcript)) == transcript
    assert tool.verify(as_bytes(transcript)) is None


def test_the_bytes_follow_from_input_contributions_and_beacon():
    """Pinned, so that no change of ours draws other lots unnoticed."""
    contributions = [{"by": "secretariat", "commitment": commitment("secretariat", "ab" * 32), "nonce": "ab" * 32}]
    states = [state(f"X{a}{b}", group, ALL) for a, group in (("A", "africa"), ("B", "weog")) for b in "ABCDE"]
    transcript = drawn(world(states), contributions=contributions)
    assert sha256(as_bytes(transcript)).hexdigest() == GOLDEN


GOLDEN = "fae2205cca1f5227fd3100dfa2b74c50dd3d8d1c04917e966b831cae0c419cc2"


def test_numbers_are_the_words_of_the_format():
    numbers = Numbers("00" * 32)
    word = int.from_bytes(sha256(bytes(32) + (0).to_bytes(8, "big")).digest()[:8], "big")
    assert numbers.below(10) == (0, word, word % 10)
    assert numbers.below(1).k == 1
    assert sorted(numbers.shuffled("abcde")) == list("abcde")


@pytest.mark.parametrize("seed", range(400 if SOAK else 60))
def test_the_answer_to_whether_it_can_be_drawn_is_that_of_exhaustion(seed):
    data = random_world(seed, most=6)
    every = outcomes(data)
    assert can_be_drawn(data) == bool(every)
    if every:
        transcript = drawn(data)
        assert faults(data, transcript["result"]) == []
        assert as_outcome(transcript) in every
    else:
        with pytest.raises(CannotDrawError):
            drawn(data)


def as_outcome(transcript):
    return frozenset(
        (one["reviewed"], seat["kind"][0], seat["code"]) for one in transcript["result"] for seat in one["reviewers"]
    )


def test_every_outcome_of_a_small_world_can_fall():
    data = world(
        [state(code, group, ALL) for code, group in zip("ABCDEF", ("africa",) * 3 + ("weog",) * 3, strict=True)]
    )
    for one in data["participants"]:
        one["code"] = f"XA{one['code']}"
    every = outcomes(data)
    seen = set()
    for value in range(4000):
        seen.add(as_outcome(drawn(data, value)))
        if seen == every:
            break
    assert seen == every
    assert len(every) > 10


@pytest.mark.parametrize("seed", range(300 if SOAK else 60))
def test_a_conflict_is_one_and_any_part_of_it_taken_away_ends_it(seed):
    data = random_world(seed, most=7)
    found = conflict(data)
    assert (found is None) == can_be_drawn(data)
    if found is None:
        return
    only = conflict_alone(data, found)
    assert not can_be_drawn(only)
    for rule in found.rules:
        assert can_be_drawn(conflict_alone(data, found, without=rule)), rule
    for code in found.states:
        assert can_be_drawn(conflict_alone(data, found, without=code)), code
    assert str(found)


def conflict_alone(data, found, without=None):
    """The input with nothing in it but what a conflict names, and one of those away."""
    aside = {
        "mutual": {"mutual": True},
        "max_reviewers_per_review": {"max_reviewers_per_review": 1000},
        "balance": {"balance": "bounds"},
        "max_reviews": {"max_reviews": 1_000_000},
        "min_reviews": {"min_reviews": 0},
    }
    least = data["rules"]["min_reviews"]
    result = copy.deepcopy(data)
    for rule, change in aside.items():
        if rule not in found.rules or rule == without:
            result["rules"].update(change)
    if "exclusions" not in found.rules or without == "exclusions":
        result["exclusions"] = []
    for one in result["participants"]:
        if one["code"] in found.states and one["code"] != without:
            continue
        if found.needing:
            one["load"] = max(one["load"], least) if one["reviews"] else one["load"]
        else:
            one["under_review"] = False
    return result


@pytest.mark.parametrize("seed", range(1000 if SOAK else 60))
def test_the_stand_alone_file_says_the_same(seed):
    try:
        transcript = drawn(random_world(seed, most=12))
    except CannotDrawError:
        return
    assert verify(as_bytes(transcript)) == transcript
    assert tool.verify(as_bytes(transcript)) is None


def changed(value):
    """Other values of the same kind, one for each thing inside."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, str):
        yield ("B" if value[:1] != "B" else "C") + value[1:]
        yield value + " "
    elif value is None:
        yield "africa"
    elif isinstance(value, list):
        for place, one in enumerate(value):
            for other in changed(one):
                yield [*value[:place], other, *value[place + 1 :]]
        if value:
            yield value[:-1]
            yield [*value, value[-1]]
    else:
        for name, one in value.items():
            for other in changed(one):
                yield {**value, name: other}
            yield {key: kept for key, kept in value.items() if key != name}
        yield {**value, "more": 1}


def test_every_change_of_a_transcript_is_found():
    data = world([state(f"X{a}{b}", g, ALL) for a, g in (("A", "africa"), ("B", "weog")) for b in "ABC"])
    contributions = [{"by": "secretariat", "commitment": commitment("secretariat", "ab" * 32), "nonce": "ab" * 32}]
    transcript = drawn(data, contributions=contributions)
    count = 0
    for other in changed(transcript):
        if other.get("drawn_at") != transcript["drawn_at"] and {**other, "drawn_at": AT} == transcript:
            continue  # the only member that the rest does not determine
        count += 1
        file = json.dumps(other, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        for check in (verify, refuses):
            with pytest.raises((DoesNotHold, NotATranscript)):
                check(file)
    assert count > 500


def refuses(data):
    try:
        problem = tool.verify(data)
    except tool.NotATranscript as error:
        raise NotATranscript from error
    if problem:
        raise DoesNotHold(problem)


@pytest.mark.parametrize("place", range(0, 4000, 1 if SOAK else 97))
def test_every_changed_byte_is_found(place):
    states = [state(f"X{a}{b}", group, ALL) for a, group in (("A", "africa"), ("B", "weog")) for b in "ABC"]
    data = bytearray(as_bytes(drawn(world(states))))
    place %= len(data)
    data[place] ^= 1
    at = data.find(b'"drawn_at":"')
    if at <= place < at + 12 + len(AT):
        return
    for check in (verify, refuses):
        with pytest.raises((DoesNotHold, NotATranscript)):
            check(bytes(data))


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda data: data["rules"].update(max_reviews=0), "max_reviews"),
        (lambda data: data["rules"].update(balance="fair"), "balance"),
        (lambda data: data["participants"].append(data["participants"][0]), "each State once"),
        (lambda data: data["participants"][0].update(instruments=[]), "instruments"),
        (lambda data: data["participants"][0].update(load=-1), "load"),
        (lambda data: data["exclusions"].append({"reviewed": "XAA", "reviewer": "XAA"}), "two different States"),
        (lambda data: data["exclusions"].append({"reviewed": "XAA", "reviewer": "XZZ"}), "that take part"),
        (lambda data: data.update(note="x"), "no member note"),
    ],
)
def test_a_wrong_input_is_refused_with_what_is_wrong(edit, sentence):
    data = world([state(f"X{a}{b}", g, ALL) for a, g in (("A", "africa"), ("B", "weog")) for b in "ABC"])
    edit(data)
    with pytest.raises(FormError, match=sentence):
        drawn(data)


def test_a_contribution_that_does_not_fit_its_commitment_is_refused():
    row = {"by": "secretariat", "commitment": "0" * 64, "nonce": "ab" * 32}
    with pytest.raises(FormError, match="does not fit"):
        drawn(real_world(), contributions=[row])


@pytest.mark.parametrize("place", range(12 if SOAK else 3))
def test_a_redraw_leaves_every_other_seat_as_it_was(real, place):
    reviewed = real["result"][place * 15]
    who = reviewed["reviewers"][place % 2]
    side = [seat["code"] for seat in reviewed["reviewers"] if seat["side"] == who["side"]]
    data = copy.deepcopy(input_of(real))
    data["rules"]["min_reviews"] = 0
    data["rules"]["redraw"] = {"of": real["result_sha256"], "vacated": [[reviewed["reviewed"], code] for code in side]}
    data["exclusions"] = [{"reviewed": reviewed["reviewed"], "reviewer": who["code"]}]
    again = drawn(data, earlier=real["result"])
    assert faults(data, again["result"]) == []
    assert {step["reviewed"] for step in again["steps"]} == {reviewed["reviewed"]}
    for before, after in zip(real["result"], again["result"], strict=True):
        assert before["start_group"] == after["start_group"]
        if before["reviewed"] != reviewed["reviewed"]:
            assert before == after
        kept = [seat for seat in before["reviewers"] if before is not reviewed or seat["code"] not in side]
        assert all(seat in after["reviewers"] for seat in kept)
    assert verify(as_bytes(again)) == again
    assert tool.verify(as_bytes(again)) is None
    forged = copy.deepcopy(again)
    other = next(one for one in forged["result"] if one["reviewed"] != reviewed["reviewed"])
    other["start_group"] = other["start_group"] % 3 + 1
    forged["result_sha256"] = digest(forged["result"])
    for check in (verify, refuses):
        with pytest.raises(DoesNotHold):
            check(as_bytes(forged))
