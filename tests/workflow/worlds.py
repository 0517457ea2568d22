"""Worlds to draw lots in: the real States, random ones, and all outcomes of small ones by exhaustion."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from cases.states_file import parse
from workflow.draw.world import World

DATA = Path(__file__).resolve().parents[2] / "cases" / "data"
INSTRUMENTS = ("firearms", "som", "tip", "untoc")
RULES = {
    "as_of": "2026-11-24", "balance": "even", "max_reviewers_per_review": 4, "max_reviews": 3, "min_reviews": 1,
    "mutual": False, "redraw": None, "rehearsal": False, "start_groups": 3,
}  # fmt: skip


def state(code, group, instruments, **more):
    return {
        "code": code,
        "group": group,
        "instruments": sorted(instruments),
        "under_review": True,
        "reviews": True,
        "load": 0,
        **more,
    }


def world(states, exclusions=(), **rules):
    return {
        "phase": "untoc-1",
        "rules": {**RULES, **rules},
        "participants": sorted(states, key=lambda one: one["code"]),
        "exclusions": [{"reviewed": a, "reviewer": b} for a, b in sorted(exclusions)],
    }


def real_world(**rules):
    """All States parties of the shipped file; being party says nothing about anybody's conduct."""
    rows = parse((DATA / "states.csv").read_bytes()).rows
    states = [
        state(row.code, row.group, [name for name, one in row.ratifications.items() if one.party])
        for row in rows
        if any(one.party for one in row.ratifications.values())
    ]
    return world(states, **rules)


def random_world(seed, most=9):
    """A small world in which any rule may bind; many have no draw."""
    chance = random.Random(seed)
    groups = ["africa", "weog", "grulac"][: chance.choice((2, 2, 3))]
    codes = [f"X{chr(65 + place // 26)}{chr(65 + place % 26)}" for place in range(chance.randint(4, most))]
    states = [
        state(
            code,
            None if chance.random() < 0.08 else chance.choice(groups),
            chance.sample(("tip", "untoc"), 1 if chance.random() < 0.2 else 2),
            under_review=chance.random() < 0.85,
            reviews=chance.random() < 0.92,
            load=chance.choice((0, 0, 0, 1)),
        )
        for code in codes
    ]
    pairs = {tuple(chance.sample(codes, 2)) for _ in range(chance.choice((0, 0, 1, 2)))}
    return world(
        states,
        pairs,
        balance=chance.choice(("even", "bounds")),
        max_reviews=chance.choice((2, 3)),
        min_reviews=chance.choice((0, 0, 1)),
        max_reviewers_per_review=chance.choice((2, 3, 4)),
        mutual=chance.random() < 0.2,
    )


def faults(data, result):
    """What in a result breaks a rule of docs/formats.md §2; checked from the result alone."""
    by_code = {one["code"]: one for one in data["participants"]}
    rules, found = data["rules"], []
    excluded = {(one["reviewed"], one["reviewer"]) for one in data["exclusions"]}
    pairs = [(one["reviewed"], seat["code"]) for one in result for seat in one["reviewers"]]
    if sorted(by_code[one["reviewed"]]["code"] for one in result) != [
        one["code"] for one in data["participants"] if one["under_review"]
    ]:
        found.append("not every State under review once")
    if len(set(pairs)) != len(pairs):
        found.append("a State twice in a review")
    found += [f"{a} reviews itself" for a, b in pairs if a == b]
    found += [f"{a} and {b} are excluded" for a, b in pairs if (a, b) in excluded]
    found += [f"{b} does not review" for _a, b in pairs if not by_code[b]["reviews"]]
    if not rules["mutual"]:
        found += [f"{a} and {b} review each other" for a, b in pairs if (b, a) in pairs]
    for one in result:
        found += faults_of_review(by_code, by_code[one["reviewed"]], one["reviewers"], rules)
    return found + faults_of_loads(data, result)


def faults_of_review(by_code, reviewed, seats, rules):
    found = []
    group = reviewed["group"]
    primaries = [seat for seat in seats if seat["kind"] == "primary"]
    if len(seats) > rules["max_reviewers_per_review"] or len(primaries) != 2:
        found.append(f"{reviewed['code']} has {len(seats)} reviewers, {len(primaries)} of them primary")
    for seat in seats:
        own = by_code[seat["code"]]
        if not set(seat["instruments"]) <= set(own["instruments"]) & set(reviewed["instruments"]):
            found.append(f"{seat['code']} reviews what it is not party to")
        expected = None if group is None else "same" if own["group"] == group else "other"
        if seat["side"] != expected:
            found.append(f"{seat['code']} is on the side {seat['side']}")
    for instrument in reviewed["instruments"]:
        of = [by_code[seat["code"]]["group"] for seat in seats if instrument in seat["instruments"]]
        right = len(of) == 2 and (
            (of[0] != of[1] and None not in of) if group is None else [one == group for one in of].count(True) == 1
        )
        if not right:
            found.append(f"{reviewed['code']}: {instrument} is reviewed from {of}")
    return found


def faults_of_loads(data, result):
    rules = data["rules"]
    reviewers = [one for one in data["participants"] if one["reviews"]]
    drawn = Counter(seat["code"] for one in result for seat in one["reviewers"] if seat["kind"] == "primary")
    loads = {one["code"]: one["load"] + drawn[one["code"]] for one in reviewers}
    mean = sum(loads.values()) / max(1, len(loads))
    found = []
    for one in reviewers:
        load = loads[one["code"]]
        if load < rules["min_reviews"] or (drawn[one["code"]] and load > rules["max_reviews"]):
            found.append(f"{one['code']} carries {load}")
        if rules["balance"] == "even" and drawn[one["code"]] and load > mean + 1:
            found.append(f"{one['code']} carries {load}, the mean being {mean}")
    return found


def primaries(data, cap) -> Iterator[dict[tuple[str, int], str]]:
    """Every way to fill the primary seats of a small world, without any look-ahead."""
    states = {one["code"]: one for one in data["participants"]}
    excluded = {(one["reviewed"], one["reviewer"]) for one in data["exclusions"]}
    seats = [(one["code"], place) for one in data["participants"] if one["under_review"] for place in (0, 1)]

    def fits(seat, code, taken):
        x, r = states[seat[0]], states[code]
        if code == seat[0] or not r["reviews"] or (seat[0], code) in excluded:
            return False
        if not set(x["instruments"]) & set(r["instruments"]):
            return False
        first = taken.get((seat[0], 0))
        if code == first or (
            not data["rules"]["mutual"] and any(s[0] == code and t == seat[0] for s, t in taken.items())
        ):
            return False
        if x["group"] is None:
            return r["group"] is not None and (first is None or states[first]["group"] != r["group"])
        return (r["group"] == x["group"]) is (seat[1] == 0)

    def fill(place, taken, load):
        if place == len(seats):
            if all(load[one["code"]] >= data["rules"]["min_reviews"] for one in states.values() if one["reviews"]):
                yield dict(taken)
            return
        for code in states:
            if load[code] < cap and fits(seats[place], code, taken):
                taken[seats[place]] = code
                load[code] += 1
                yield from fill(place + 1, taken, load)
                load[code] -= 1
                del taken[seats[place]]

    yield from fill(0, {}, {one["code"]: one["load"] for one in states.values()})


def with_helpers(data, taken) -> Iterator[frozenset]:
    """Every way to fill the additional seats that a set of primaries leaves, evenly where the rules say so."""
    states = {one["code"]: one for one in data["participants"]}
    rules = data["rules"]
    excluded = {(one["reviewed"], one["reviewer"]) for one in data["exclusions"]}
    want = []
    for (code, place), primary in taken.items():
        missing = set(states[code]["instruments"]) - set(states[primary]["instruments"])
        if missing:
            want.append((code, place, primary, missing))
    if any(count > rules["max_reviewers_per_review"] - 2 for count in Counter(one[0] for one in want).values()):
        return

    def able(code, place, primary, missing):
        group = states[code]["group"]
        for r, one in states.items():
            if r == code or not one["reviews"] or (code, r) in excluded or not missing <= set(one["instruments"]):
                continue
            same = one["group"] == (states[primary]["group"] if group is None else group)
            if same is not (group is not None and place == 1):
                yield r

    primary_pairs = [(code, r) for (code, _place), r in taken.items()]
    found = []
    for chosen in product(*(list(able(*one)) for one in want)):
        pairs = primary_pairs + [(one[0], r) for one, r in zip(want, chosen, strict=True)]
        if len(set(pairs)) == len(pairs) and (rules["mutual"] or not {(b, a) for a, b in pairs} & set(pairs)):
            extra = Counter(chosen)
            found.append(
                (
                    max(extra.values(), default=0),
                    frozenset((code, place, "p", r) for (code, place), r in taken.items())
                    | frozenset((one[0], one[1], "a", r) for one, r in zip(want, chosen, strict=True)),
                )
            )
    # how few a State must be ready to take is found seat by seat, as docs/draw.md §7 says, not over whole outcomes
    cap = fewest(data, taken, want, able) if rules["balance"] == "even" else len(want)
    yield from (outcome for most, outcome in found if cap is not None and most <= max(1, cap))


def fewest(data, taken, want, able):
    pairs = {(code, r) for (code, _place), r in taken.items()}
    open_to = []
    for one in want:
        r_able = {
            r for r in able(*one) if (one[0], r) not in pairs and (data["rules"]["mutual"] or (r, one[0]) not in pairs)
        }
        open_to.append(r_able)
    choices = [max(Counter(chosen).values(), default=0) for chosen in product(*open_to)]
    return min(choices, default=None)


def outcomes(data):
    """All valid outcomes of a small world, under the cap that docs/draw.md §4 fixes."""
    from workflow.draw.lots import Position, start

    position = start(World(data))
    if not isinstance(position, Position):
        caps = World(data).caps()
        assert not any(found for cap in caps for taken in primaries(data, cap) for found in with_helpers(data, taken))
        return set()
    return {
        unordered(data, found) for taken in primaries(data, position.table.cap) for found in with_helpers(data, taken)
    }


def unordered(data, outcome):
    """An outcome without the order of the two seats of a State that has no group."""
    groups = {one["code"]: one["group"] for one in data["participants"]}
    return frozenset((code, kind, r) for code, _place, kind, r in outcome if groups is not None)
