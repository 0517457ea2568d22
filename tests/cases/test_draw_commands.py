"""``draw``, ``verify_draw`` and ``draw_commit`` as docs/formats.md §1 has them."""

import json
import subprocess
import sys
from hashlib import sha256

import pytest

from tests.conftest import make_state
from tests.installation import ROOT
from tests.workflow.worlds import DATA, faults, random_world, real_world, state, world
from workflow.draw.numbers import commitment
from workflow.draw.transcript import digest
from workflow.ledger import canonical

STATES = DATA / "states.csv"
NONCE = "ab" * 32
BEACON = ("--beacon", "balls|1|17")


def transcript(path):
    return json.loads(path.read_bytes())


def test_lots_are_drawn_from_a_file_of_states_and_checked_by_both_programs(run, tmp_path):
    out = tmp_path / "lots.json"
    done = run("draw", "--phase", "untoc-1", "--states", STATES, "--nonce", NONCE, *BEACON, "--out", out, "--json")
    assert done.status == 0
    made, said = transcript(out), json.loads(done.out)
    assert said == {
        "reviews": 191,
        "seats": sum(len(one["reviewers"]) for one in made["result"]),
        "rejected": sum(len(step.get("rejected", ())) for step in made["steps"]),
        "restarts": sum("restart" in step for step in made["steps"]),
        "transcript_sha256": sha256(out.read_bytes()).hexdigest(),
    }
    assert faults(made, made["result"]) == []
    assert made["rules"]["rehearsal"] is False
    assert made["seed"]["contributions"] == [
        {"by": "secretariat", "commitment": commitment("secretariat", NONCE), "nonce": NONCE}
    ]
    checked = run("verify_draw", out, "--json")
    assert (checked.status, json.loads(checked.out)) == (0, {"ok": True, "problem": None})
    tool = subprocess.run(
        [sys.executable, "-I", ROOT / "tools" / "verify_draw.py", out], capture_output=True, text=True, check=False
    )
    assert (tool.returncode, json.loads(tool.stdout)) == (0, {"ok": True, "problem": None})


def test_the_same_gives_the_same_but_for_the_time_and_without_a_beacon_it_is_a_rehearsal(run, tmp_path):
    files = [tmp_path / "first.json", tmp_path / "second.json"]
    for out in files:
        assert run("draw", "--phase", "untoc-1", "--states", STATES, "--as-of", "2026-11-24", "--out", out).status == 0
    first, second = (transcript(out) | {"drawn_at": None} for out in files)
    assert first == second
    assert first["rules"]["rehearsal"] is True
    assert "rehearsal" in run("verify_draw", files[0]).out


def test_a_frozen_input_is_drawn_as_it_is(run, tmp_path):
    frozen, out = tmp_path / "input.json", tmp_path / "lots.json"
    data = real_world()
    frozen.write_bytes(canonical(data) + b"\n")
    assert run("draw", "--phase", "untoc-1", "--input", frozen, *BEACON, "--out", out).status == 0
    assert transcript(out)["input_sha256"] == digest(data)
    assert run("draw", "--phase", "untoc-1", "--input", frozen, "--out", out).status == 0
    assert transcript(out)["rules"]["rehearsal"] is True
    other = run("draw", "--phase", "untoc-2", "--input", frozen, *BEACON, "--out", out, "--json")
    assert other.status == 2
    assert "phase" in json.loads(other.out)["error"]


@pytest.mark.django_db
def test_lots_are_drawn_from_the_database(run, tmp_path):
    for group, letter in (("africa", "A"), ("weog", "B")):
        for place in "ABCD":
            make_state(f"X{letter}{place}", group)
    from cases.models import StateParty

    StateParty.objects.update(invented=False)
    out = tmp_path / "lots.json"
    assert run("draw", "--phase", "untoc-1", *BEACON, "--out", out).status == 0
    made = transcript(out)
    assert len(made["result"]) == 8
    assert faults(made, made["result"]) == []


def test_contributions_are_in_order_and_fit_their_commitments(run, tmp_path):
    given, out = tmp_path / "given.json", tmp_path / "lots.json"
    rows = [
        {"by": "ALB", "commitment": commitment("ALB", "cd" * 32), "nonce": None},
        {"by": "ARG", "commitment": commitment("ARG", "ef" * 32), "nonce": "ef" * 32},
    ]
    given.write_text(json.dumps(list(reversed(rows))))
    arguments = ("draw", "--phase", "untoc-1", "--states", STATES, "--contributions", given, *BEACON, "--out", out)
    assert run(*arguments, "--nonce", NONCE).status == 0
    assert [one["by"] for one in transcript(out)["seed"]["contributions"]] == ["ALB", "ARG", "secretariat"]
    assert run("verify_draw", out).status == 0
    rows[1]["nonce"] = "00" * 32
    given.write_text(json.dumps(rows))
    refused = run(*arguments, "--json")
    assert refused.status == 2
    assert "ARG" in json.loads(refused.out)["error"]


def test_what_cannot_be_drawn_is_1_and_names_what_stands_in_the_way(run, tmp_path):
    frozen, out = tmp_path / "input.json", tmp_path / "lots.json"
    states = [state("XAA", "africa", ["untoc"]), *(state(f"XB{one}", "weog", ["untoc"]) for one in "ABC")]
    frozen.write_bytes(canonical(world(states, min_reviews=0)) + b"\n")
    done = run("draw", "--phase", "untoc-1", "--input", frozen, *BEACON, "--out", out, "--json")
    assert done.status == 1
    assert "the reviews of XAA lack a seat" in json.loads(done.out)["error"]
    assert not out.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--beacon", "balls"),
        ("--nonce", "12"),
        ("--states", "/nonexistent/file"),
        ("--input", LICENSE := str(ROOT / "LICENSE")),
        ("--states", LICENSE),
        ("--contributions", LICENSE),
        ("--out", "/nonexistent/folder/lots.json"),
    ],
)
def test_bad_usage_is_2_and_writes_nothing(run, tmp_path, arguments):
    out = tmp_path / "lots.json"
    given = ["--phase", "untoc-1", "--out", str(out), "--states", str(STATES), *arguments]
    if arguments[0] == "--input":
        given = ["--phase", "untoc-1", "--out", str(out), *arguments]
    done = run("draw", *given, "--json")
    assert done.status == 2
    assert json.loads(done.out)["error"]
    assert list(tmp_path.iterdir()) == []


def test_a_transcript_that_does_not_hold_is_1_and_a_file_of_another_kind_is_2(run, tmp_path):
    out = tmp_path / "lots.json"
    frozen = tmp_path / "input.json"
    frozen.write_bytes(canonical(random_world(3)) + b"\n")
    assert run("draw", "--phase", "untoc-1", "--states", STATES, *BEACON, "--out", out).status == 0
    whole = out.read_bytes()
    out.write_bytes(whole.replace(b'"start_group":1', b'"start_group":2', 1))
    for path, status in ((out, 1), (frozen, 2), (tmp_path / "none", 2), (ROOT / "LICENSE", 2)):
        done = run("verify_draw", path, "--json")
        said = json.loads(done.out)
        assert (done.status, said["ok"]) == (status, False)
        assert said["problem"]
        tool = subprocess.run(
            [sys.executable, "-I", ROOT / "tools" / "verify_draw.py", path], capture_output=True, text=True, check=False
        )
        assert (tool.returncode, json.loads(tool.stdout)["ok"]) == (status, False)


def test_a_commitment_is_that_of_its_nonce(run):
    said = json.loads(run("draw_commit", "--by", "ALB", "--json").out)
    assert said["commitment"] == commitment("ALB", said["nonce"])
    assert said != json.loads(run("draw_commit", "--by", "ALB", "--json").out)
    assert run("draw_commit", "--by", " ").status == 2
