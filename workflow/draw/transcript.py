"""The transcript of a draw: written here, and replayed to check one (``docs/draw.md`` §10 to §12)."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from workflow.draw.form import FORMAT, INPUT, FormError, check_input, check_seed, check_transcript
from workflow.draw.lots import Drawn, Lot, Restart, draw
from workflow.draw.numbers import Numbers, commitment, derived_seed
from workflow.draw.table import NOBODY, Table
from workflow.draw.world import Kept, World
from workflow.ledger import LedgerError, canonical


class NotATranscript(ValueError):
    """These bytes are no transcript at all."""


class DoesNotHold(ValueError):
    """A transcript that is not what its input and its seed give; the sentence names the first thing wrong."""


def digest(value: Any) -> str:
    """The SHA-256 of the canonical JSON of a value."""
    return sha256(canonical(value)).hexdigest()


def input_of(transcript: Mapping[str, Any]) -> dict[str, Any]:
    """The frozen input that a transcript holds."""
    return {name: transcript[name] for name in INPUT}


def make_transcript(
    *,
    data: Mapping[str, Any],
    contributions: Sequence[Mapping[str, Any]],
    beacon: Sequence[Mapping[str, str]],
    drawn_at: str,
    earlier: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Draw the lots of an input; ``earlier`` is the result that a redraw changes.

    :raises FormError: when the input, a contribution or the earlier result has not the form.
    :raises CannotDrawError: when there is no draw.
    """
    check_input(data)
    input_sha256 = digest(dict(data))
    derived = derived_seed(input_sha256, contributions, beacon)
    seed = {"contributions": list(contributions), "beacon": list(beacon), "derived": derived}
    check_seed(seed)
    _check_commitments(contributions)
    if not beacon and not data["rules"]["rehearsal"]:
        raise FormError("there is no beacon, and yet rules.rehearsal is false")
    redraw = data["rules"]["redraw"]
    if redraw is not None and digest(list(earlier)) != redraw["of"]:
        raise FormError("rules.redraw.of is not the digest of the earlier result")
    kept = _kept(earlier, {tuple(pair) for pair in redraw["vacated"]}) if redraw else []
    world = World(data, kept)
    _check_sides(world)
    drawn = draw(world, Numbers(derived))
    groups = {one["reviewed"]: one["start_group"] for one in earlier}
    result = _result(world, drawn, groups)
    return {
        "format": FORMAT,
        **data,
        "drawn_at": drawn_at,
        "seed": seed,
        "steps": [_step(world, step) for step in drawn.steps],
        "result": result,
        "input_sha256": input_sha256,
        "result_sha256": digest(result),
    }


def as_bytes(transcript: Mapping[str, Any]) -> bytes:
    """The bytes of the file."""
    return canonical(transcript) + b"\n"


def verify(data: bytes) -> Mapping[str, Any]:
    """Replay a transcript from its bytes, and return it.

    :raises NotATranscript: when the bytes are no transcript at all.
    :raises DoesNotHold: when anything in it is not what its input and its seed give.
    """
    transcript = _parse(data)
    try:
        check_transcript(transcript)
        if as_bytes(transcript) != data:
            raise DoesNotHold("the bytes are not the canonical form of what they say, with one line feed at the end")
        _replay(transcript)
    except (FormError, LedgerError) as error:
        raise DoesNotHold(str(error)) from error
    except RecursionError as error:
        raise DoesNotHold("something in it is nested deeper than a transcript is") from error
    return transcript


def _parse(data: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise NotATranscript("this is not JSON in UTF-8") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise NotATranscript(f"this is not a transcript: its format is not {FORMAT}")
    return found


def _replay(transcript: Mapping[str, Any]) -> None:
    seed, data = transcript["seed"], input_of(transcript)
    _expect(transcript["input_sha256"] == digest(data), "input_sha256 is not the digest of the input")
    _check_commitments(seed["contributions"])
    derived = derived_seed(transcript["input_sha256"], seed["contributions"], seed["beacon"])
    _expect(seed["derived"] == derived, "seed.derived does not follow from the input, the contributions and the beacon")
    earlier: Sequence[Mapping[str, Any]] = []
    if data["rules"]["redraw"] is not None:
        earlier = _earlier(transcript)
    again = make_transcript(
        data=data,
        contributions=seed["contributions"],
        beacon=seed["beacon"],
        drawn_at=transcript["drawn_at"],
        earlier=earlier,
    )
    steps = transcript["steps"]
    for place, (said, found) in enumerate(zip(steps, again["steps"], strict=False), start=1):
        if said != found or canonical(said) != canonical(found):
            raise DoesNotHold(f"step {place}: {_difference(said, found)} is not what the rules and the seed give")
    _expect(
        len(steps) == len(again["steps"]), f"there are {len(steps)} steps, and the draw takes {len(again['steps'])}"
    )
    for said, found in zip(transcript["result"], again["result"], strict=False):
        _expect(said == found, f"the result for {found['reviewed']} is not what the steps give")
    _expect(len(transcript["result"]) == len(again["result"]), "the result does not name each State under review once")
    _expect(transcript["result_sha256"] == again["result_sha256"], "result_sha256 is not the digest of the result")


def _earlier(transcript: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The result that a redraw changed: what was kept, and the vacated seats as the rules make them (§11)."""
    participants = {one["code"]: one for one in transcript["participants"]}
    drawn: set[tuple[Any, Any]] = set()
    for step in transcript["steps"]:
        _expect(isinstance(step, dict), "a step is not an object")
        drawn = set() if "restart" in step else drawn | {(str(step.get("reviewed")), str(step.get("drawn")))}
    vacated = transcript["rules"]["redraw"]["vacated"]
    earlier = []
    for one in transcript["result"]:
        rows = [row for row in one["reviewers"] if (one["reviewed"], row["code"]) not in drawn]
        for code in (pair[1] for pair in vacated if pair[0] == one["reviewed"]):
            rows.append(_vacated(participants[one["reviewed"]], participants[code], rows, participants))
        earlier.append({**one, "reviewers": sorted(rows, key=_place)})
    return earlier


def _vacated(
    reviewed: Mapping[str, Any],
    reviewer: Mapping[str, Any],
    others: Sequence[Mapping[str, Any]],
    participants: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """A seat that was left: additional where its side has a primary reviewer already."""
    side = None
    if reviewed["group"] is not None:
        side = "same" if reviewer["group"] == reviewed["group"] else "other"
    beside = [
        row
        for row in others
        if row["kind"] == "primary"
        and row["side"] == side
        and (side is not None or participants[row["code"]]["group"] == reviewer["group"])
    ]
    own = set(reviewed["instruments"])
    parted = own - set(participants[beside[0]["code"]]["instruments"]) if beside else own & set(reviewer["instruments"])
    kind = "additional" if beside else "primary"
    return {"code": reviewer["code"], "side": side, "kind": kind, "instruments": sorted(parted)}


def _place(row: Mapping[str, Any]) -> tuple[bool, bool, str]:
    return row["kind"] != "primary", row["side"] == "other", row["code"]


def _expect(holds: bool, sentence: str) -> None:
    if not holds:
        raise DoesNotHold(sentence)


def _difference(said: Any, found: Mapping[str, Any]) -> str:
    if not isinstance(said, dict) or set(said) != set(found):
        return "what it consists of"
    return next((name for name in found if said[name] != found[name]), "its form")


def _check_commitments(contributions: Sequence[Mapping[str, Any]]) -> None:
    for one in contributions:
        if one["nonce"] is not None and commitment(one["by"], one["nonce"]) != one["commitment"]:
            raise FormError(f"what {one['by']} revealed does not fit its commitment")


def _kept(earlier: Sequence[Mapping[str, Any]], vacated: set[tuple[str, ...]]) -> list[Kept]:
    """The seats of an earlier result that are not vacated, each primary before what helps it."""
    rows = [
        Kept(one["reviewed"], seat["code"], seat["side"], seat["kind"])
        for one in earlier
        for seat in one["reviewers"]
        if (one["reviewed"], seat["code"]) not in vacated
    ]
    return sorted(rows, key=lambda row: (row.reviewed, row.kind != "primary", row.side or "", row.code))


def _check_sides(world: World) -> None:
    """A side whose primary reviewer leaves is vacated whole (§11)."""
    groups = dict(zip(world.codes, world.groups, strict=True))
    sides = {(one.reviewed, one.side or groups[one.code]) for one in world.kept if one.kind == "primary"}
    for one in world.kept:
        if (one.reviewed, one.side or groups[one.code]) not in sides:
            raise FormError(f"{one.code} stays in the review of {one.reviewed} where the primary of its side leaves")


def _step(world: World, step: Lot | Restart) -> dict[str, Any]:
    if isinstance(step, Restart):
        return {"restart": step.attempt}
    codes = world.codes
    return {
        "attempt": step.attempt,
        "n": len(step.candidates),
        "reviewed": codes[step.seat >> 1],
        "side": world.side_of(step.seat),
        "kind": step.kind,
        "instruments": list(step.instruments),
        "candidates": [codes[place] for place in step.candidates],
        "rejected": [{"code": codes[place], "reason": reason} for place, reason in step.rejected],
        "k": step.number.k,
        "word": f"{step.number.word:016x}",
        "index": step.number.place,
        "drawn": codes[step.drawn],
    }


def _result(world: World, drawn: Drawn, groups: Mapping[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "reviewed": world.codes[x],
            "start_group": groups.get(world.codes[x]) or drawn.start_groups[x],
            "reviewers": _reviewers(world, drawn.table, x),
        }
        for x in world.under_review
    ]


def _reviewers(world: World, table: Table, x: int) -> list[dict[str, Any]]:
    found = []
    for seat in (2 * x, 2 * x + 1):
        own, missing = world.instruments[x], table.missing[seat]
        found.append((table.primary[seat], seat, "primary", own - missing))
        if table.helper[seat] != NOBODY:
            found.append((table.helper[seat], seat, "additional", missing))
    rows = [
        {
            "code": world.codes[r],
            "side": world.side_of(seat),
            "kind": kind,
            "instruments": sorted(instruments),
        }
        for r, seat, kind, instruments in found
    ]
    return sorted(rows, key=_place)
