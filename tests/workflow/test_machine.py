"""Edges, their targets, and a subject that moves; one compiled class per definition."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from workflow.definition import Mechanism, load
from workflow.machine import WrongStage, compile_machine, edge, edges, fire, machine_for

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "workflow" / "mechanisms"


@dataclass
class Subject:
    stage: str


@pytest.fixture(scope="module")
def untoc() -> Mechanism:
    return load((FOLDER / "untoc" / "mechanism.toml").read_bytes())


@pytest.fixture(scope="module")
def example() -> Mechanism:
    return load((FOLDER / "example" / "mechanism.toml").read_bytes())


def test_every_edge_of_the_definition_fires_and_no_other(untoc: Mechanism) -> None:
    for stage in untoc.stages:
        for one in untoc.transitions:
            subject = Subject(stage.key)
            if stage.key in one.sources:
                assert edge(untoc, stage.key, one.key) is one
                assert fire(untoc, subject, one.key) == subject.stage == (one.target or stage.key)
            else:
                assert edge(untoc, stage.key, one.key) is None
                with pytest.raises(WrongStage):
                    fire(untoc, subject, one.key)
                assert subject.stage == stage.key


def test_edges_keep_the_order_of_the_definition(untoc: Mechanism) -> None:
    for stage in untoc.stages:
        assert edges(untoc, stage.key) == untoc.transitions_from(stage.key)


def test_a_review_runs_from_the_first_stage_to_the_last(untoc: Mechanism) -> None:
    subject = Subject(untoc.initial)
    path = [
        fire(untoc, subject, action)
        for action in (
            "open_consultations",
            "agree_consultations",
            "begin_self_assessment",
            "submit_self_assessment",
            "reopen_self_assessment",
            "submit_self_assessment",
            "submit_feedback",
            "begin_list",
            "share_list",
            "agree_list",
            "begin_summary",
            "agree_summary",
            "conclude",
            "open_follow_up",
            "close_follow_up",
        )
    ]
    assert path == [
        "preliminary_consultations",
        "preliminary_consultations",
        "self_assessment",
        "desk_review",
        "self_assessment",
        "desk_review",
        "desk_review",
        "list_of_observations",
        "list_of_observations",
        "list_of_observations",
        "summary",
        "summary",
        "concluded",
        "follow_up",
        "closed",
    ]
    assert edges(untoc, "closed") == ()


def test_a_transition_without_a_target_leaves_any_of_its_sources_as_it_is(untoc: Mechanism) -> None:
    for source in untoc.transition("go_on_without").sources:
        subject = Subject(source)
        assert fire(untoc, subject, "go_on_without") == source


@pytest.mark.parametrize("action", ["no_such_action", "_subject", "_state", "__init__", "edges_from", ""])
def test_what_is_no_transition_is_refused(untoc: Mechanism, action: str) -> None:
    with pytest.raises(WrongStage) as refused:
        fire(untoc, Subject("summary"), action)
    assert (refused.value.action, refused.value.stage) == (action, "summary")


def test_an_unknown_stage_has_no_edges(untoc: Mechanism) -> None:
    assert edges(untoc, "nowhere") == ()
    assert edge(untoc, "nowhere", "withdraw") is None
    with pytest.raises(WrongStage):
        fire(untoc, Subject("nowhere"), "withdraw")


def test_each_definition_has_a_class_of_its_own_compiled_once(untoc: Mechanism, example: Mechanism) -> None:
    assert machine_for(untoc) is machine_for(untoc)
    assert machine_for(untoc) is not machine_for(example)
    assert edges(example, "summary") == ()
    assert fire(example, Subject("reading"), "finish") == "done"


def test_two_versions_live_side_by_side(untoc: Mechanism) -> None:
    source = (FOLDER / "untoc" / "mechanism.toml").read_text(encoding="utf-8")
    later = load(
        source.replace("version = 1", "version = 2", 1)
        .replace(
            'sources = ["concluded"]\ntarget = "closed"',
            'sources = ["concluded", "follow_up"]\ntarget = "closed"',
            1,
        )
        .encode()
    )
    assert edge(later, "follow_up", "close_review")
    assert edge(untoc, "follow_up", "close_review") is None


def test_the_library_denies_by_default(untoc: Mechanism) -> None:
    bound = compile_machine(untoc)(Subject("summary")).agree_summary
    assert bound.can_proceed()
    assert not bound.has_perm(object())


def test_only_this_module_imports_viewflow_and_it_is_not_installed() -> None:
    code = {
        path: path.read_text(encoding="utf-8")
        for app in ("workflow", "cases", "notifications", "config")
        for path in (ROOT / app).rglob("*.py")
    }
    assert [path.name for path, text in code.items() if "import viewflow" in text or "from viewflow" in text] == [
        "machine.py"
    ]
    probe = (
        "from django.conf import settings; import django;"
        "settings.configure(INSTALLED_APPS=['django.contrib.contenttypes', 'django.contrib.auth']);"
        "django.setup();"
        "import workflow.machine"
    )
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
