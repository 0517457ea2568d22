"""The shipped definitions hold; every problem of a broken one is named, with line and expectation."""

import json
import random
import re
from dataclasses import FrozenInstanceError, dataclass, fields, is_dataclass
from pathlib import Path

import pytest

from workflow.definition import LANGUAGES, DefinitionError, Mechanism, label, load, problems
from workflow.guards import GUARDS
from workflow.toml_lines import read

FOLDER = Path(__file__).resolve().parents[2] / "workflow" / "mechanisms"
UNTOC = (FOLDER / "untoc" / "mechanism.toml").read_text(encoding="utf-8")
ALL = sorted(FOLDER.glob("*/mechanism.toml"))
BLAME = re.compile(
    r"overdue|\blate\b|\bfail|delinquen|non-compliant|complian|violat"
    r"|en retard|manquement|infraction|retras|incumpl|просроч|нарушен|несоблюд"
    r"|逾期|违反|不遵守|متأخر|مخالف|انتهاك",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def untoc() -> Mechanism:
    return load(UNTOC.encode())


# --- the definitions that ship ---


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.parent.name)
def test_a_shipped_definition_has_no_problem(path: Path) -> None:
    assert [str(one) for one in problems(path.read_bytes())] == []


def labels_of(thing: object):
    """Every mapping from languages inside a definition."""
    if is_dataclass(thing):
        for one in fields(thing):
            if not one.name.startswith("_"):
                yield from labels_of(getattr(thing, one.name))
    elif isinstance(thing, tuple):
        for one in thing:
            yield from labels_of(one)
    elif isinstance(thing, dict) and "en" in thing:
        yield thing


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.parent.name)
def test_every_label_stands_in_six_languages_and_its_own_script(path: Path) -> None:
    found = list(labels_of(load(path.read_bytes())))
    assert len(found) > 20
    for labels in found:
        assert set(labels) == set(LANGUAGES)
        assert re.search(r"[\u0600-\u06ff]", labels["ar"]), labels["en"]
        assert re.search(r"[\u4e00-\u9fff]", labels["zh-hans"]), labels["en"]
        assert re.search(r"[\u0400-\u04ff]", labels["ru"]), labels["en"]
        for text in labels.values():
            assert text == text.strip()
            assert not BLAME.search(text), text
            assert "'" not in text or labels["en"] == text, "typographic apostrophes outside English"


def test_the_mechanism_is_the_one_of_the_rules(untoc: Mechanism) -> None:
    assert [stage.key for stage in untoc.stages] == [
        "nomination",
        "preliminary_consultations",
        "self_assessment",
        "desk_review",
        "list_of_observations",
        "summary",
        "concluded",
        "follow_up",
        "closed",
    ]
    assert {one.key for one in untoc.transitions} == {
        "open_consultations",
        "agree_consultations",
        "begin_self_assessment",
        "submit_self_assessment",
        "reopen_self_assessment",
        "submit_feedback",
        "reopen_feedback",
        "go_on_without",
        "begin_list",
        "share_list",
        "agree_list",
        "begin_summary",
        "reopen_list",
        "share_summary",
        "agree_summary",
        "conclude",
        "open_follow_up",
        "close_review",
        "close_follow_up",
        "suspend",
        "suspend_by_decision",
        "resume",
        "withdraw",
    }
    lengths = {one.key: (one.anchor, one.months, one.weeks, one.days) for one in untoc.deadlines}
    assert lengths == {
        "focal_points": ("launched", 0, 2, 0),
        "experts": ("launched", 0, 4, 0),
        "self_assessment": ("launched", 6, 0, 0),
        "feedback": ("entered:desk_review", 6, 0, 0),
        "reply": ("event:query.ask", 2, 0, 0),
    }
    assert untoc.settings["max_reviewers"] == 4
    assert untoc.settings["redraws"] == 2
    assert untoc.settings["max_languages"] == 2
    assert untoc.settings["visibility"]["submitted_answers"] == "review"


def test_every_article_of_the_convention_from_5_to_31_is_in_one_cluster(untoc: Mechanism) -> None:
    articles = [number for cluster in untoc.clusters for number in cluster.articles["untoc"]]
    assert sorted(articles) == [2, *range(5, 32)]
    assert untoc.cluster("I").articles["firearms"] == (3, 5, 8)


def test_only_the_state_whose_text_it_is_takes_it_back(untoc: Mechanism) -> None:
    assert untoc.transition("reopen_self_assessment").roles == ("focal_point.reviewed",)
    assert untoc.transition("reopen_feedback").roles == ("focal_point.reviewing",)
    assert untoc.transition("reopen_list").roles == ("focal_point.reviewing",)


def test_answers_can_be_drafted_from_the_launch_until_they_are_submitted(untoc: Mechanism) -> None:
    stages = [stage.key for stage in untoc.stages if "answer" in stage.edit]
    assert stages == ["nomination", "preliminary_consultations", "self_assessment"]


def test_the_secretariat_drafts_nothing_and_reads_no_drafts(untoc: Mechanism) -> None:
    assert not [
        stage.key for stage in untoc.stages for titles in stage.edit.values() if "officer.secretariat" in titles
    ]
    assert "officer.secretariat" not in untoc.room("reviewers").readers
    assert "officer" not in untoc.room("seat").readers
    assert "mission" not in untoc.room("seat").readers
    assert "mission.reviewing" in untoc.room("review").readers


def test_observers_and_missions_move_nothing(untoc: Mechanism) -> None:
    titles = {title for one in untoc.transitions for title in one.roles}
    titles |= {title for stage in untoc.stages for edit in stage.edit.values() for title in edit}
    assert titles == {
        "focal_point.reviewed",
        "expert.reviewed",
        "focal_point.reviewing",
        "expert.reviewing",
        "officer.secretariat",
    }


def test_every_stage_but_the_last_is_somebodys_turn(untoc: Mechanism) -> None:
    for stage in untoc.stages:
        owed = [rule for rule in untoc.tasks_of(stage.key) if rule.opens_after is None]
        assert bool(owed) is not stage.final, stage.key


def test_while_suspended_only_resuming_and_withdrawing_are_possible(untoc: Mechanism) -> None:
    assert {one.key for one in untoc.transitions if one.allowed_while_suspended} == {"resume", "withdraw"}


def test_no_guard_is_about_completeness() -> None:
    assert not [name for name in GUARDS if re.search(r"complete|answer|gap|filled|empty|cited", name)]


def test_whatever_is_doubtful_says_so(untoc: Mechanism) -> None:
    assert {rule.confidence for rule in untoc.rules} == {"V", "B", "R", "R?"}
    assert untoc.rule(untoc.deadline("reply").rule).confidence == "R?"
    assert "R?" in untoc.warning["en"]


def test_lookups_and_labels(untoc: Mechanism) -> None:
    assert untoc.stage("summary").key == untoc.initial.replace("nomination", "summary")
    assert untoc.label(untoc.stage("summary").labels, "fr") == "Résumé"
    assert label({"en": "Yes"}, "fr") == "Yes"
    assert untoc.task("draft_answers").stage == "nomination"
    assert untoc.tasks_of("nowhere") == untoc.transitions_from("nowhere") == ()
    assert re.fullmatch(r"[0-9a-f]{64}", untoc.digest)
    with pytest.raises(KeyError):
        untoc.transition("no_such")
    with pytest.raises(FrozenInstanceError):
        untoc.initial = "closed"


def test_the_same_bytes_are_compiled_once(untoc: Mechanism) -> None:
    assert load(UNTOC.encode()) is untoc


def test_the_capacities_of_an_agreement_come_from_its_product(untoc: Mechanism) -> None:
    call = untoc.transition("begin_summary").guards[0]
    assert call.params == {"of": "list_of_observations", "capacities": ("reviewed", "reviewing")}


def test_nothing_in_the_code_names_what_only_the_definition_knows() -> None:
    words = (
        "nomination",
        "desk_review",
        "preliminary_consultations",
        "reviewing",
        "secretariat",
        "untoc",
        "cluster I",
    )
    for path in FOLDER.parent.glob("*.py"):
        if path.name in {
            "shape.py",
            "guards.py",
            "machine.py",
            "reader.py",
            "checks.py",
            "definition.py",
            "toml_lines.py",
        }:
            code = path.read_text(encoding="utf-8")
            assert not [word for word in words if f'"{word}"' in code], path.name


# --- broken definitions ---


@dataclass(frozen=True)
class Edit:
    """Replace ``old`` by ``new`` in one table; ``key`` names it, "" stands for the head of the file."""

    section: str
    key: str
    old: str
    new: str


def block(text: str, section: str, key: str) -> tuple[int, int]:
    """Where a table begins and ends in a text."""
    if not section:
        return 0, text.index("\n[[")
    start = text.index(f'[[{section}]]\nkey = "{key}"\n')
    following = re.compile(r"^\[\[", re.MULTILINE).search(text, start + 2)
    return start, following.start() if following else len(text)


def edited(*edits: Edit) -> str:
    text = UNTOC
    for edit in edits:
        start, end = block(text, edit.section, edit.key)
        inside = text[start:end]
        assert inside.count(edit.old) >= 1, edit
        text = text[:start] + inside.replace(edit.old, edit.new, 1) + text[end:]
    return text


def line(section: str, key: str, begins: str = "", *, nth: int = 1):
    """The line of the ``nth`` line of a table that begins so; of its header when nothing is named."""

    def find(text: str) -> str:
        start, end = block(text, section, key)
        first = text.count("\n", 0, start) + 1
        hits = [
            first + number for number, row in enumerate(text[start:end].split("\n")) if row.strip().startswith(begins)
        ]
        return f"line {hits[nth - 1]}"

    return find


def key(name: str):
    return lambda _text: name


def s(section: str, name: str, old: str, new: str) -> Edit:
    return Edit(section, name, old, new)


STAGES_OF_SUSPENSION = (
    'sources = ["nomination", "preliminary_consultations", "self_assessment", "desk_review", '
    '"list_of_observations", "summary"]'
)
STAGE = """
[[stage]]
key = "{key}"
label = {labels}
about = {labels}
rule = "desk_review"
"""
TRANSITION = """
[[transition]]
key = "{key}"
label = {labels}
consequence = {labels}
sources = ["{source}"]
{rest}
rule = "desk_review"
"""
SIX = "{ " + ", ".join(f'{language} = "x"' for language in LANGUAGES) + " }"


def stage(name: str) -> str:
    return STAGE.format(key=name, labels=SIX)


def transition(name: str, source: str, rest: str) -> str:
    return TRANSITION.format(key=name, labels=SIX, source=source, rest=rest)


CLUSTERS = '[[cluster]]\nkey = "I"\n'

BROKEN = {
    "a value without quotes": (
        [s("stage", "summary", 'rule = "summary"', "rule = summary")],
        [(line("stage", "summary", "rule"), "this is not TOML: Invalid value")],
    ),
    "two lines that are not TOML, and an unknown role": (
        [
            s("stage", "concluded", 'rule = "publication"', 'rule "publication"'),
            s("deadline", "reply", "months = 2", "months = 2 weeks"),
            s("transition", "close_review", '["officer.secretariat"]', '["clerk.secretariat"]'),
        ],
        [
            (line("stage", "concluded", "rule"), "this is not TOML: Expected '=' after a key"),
            (line("deadline", "reply", "months"), "this is not TOML: Expected newline or end of document"),
            (
                line("transition", "close_review", "roles"),
                'there is no role "clerk.secretariat"; did you mean "officer.',
            ),
        ],
    ),
    "a key written twice": (
        [s("stage", "closed", "final = true", "final = true\nfinal = false")],
        [(line("stage", "closed", "final", nth=2), "this key stands here a second time")],
    ),
    "a misspelt key": (
        [s("transition", "close_review", "roles =", "roels =")],
        [
            (
                line("transition", "close_review"),
                'nobody can take this transition; expected "roles", or auto = true',
            ),
            (
                line("transition", "close_review", "roels"),
                'the key "roels" is unknown; did you mean "roles"?',
            ),
        ],
    ),
    "a missing key in each of two tables": (
        [
            s("deadline", "experts", 'rule = "experts"\n', ""),
            s("stage", "follow_up", 'rule = "follow_up"\n', ""),
        ],
        [
            (line("deadline", "experts"), 'the key "rule" is missing; expected a text in quotes'),
            (line("stage", "follow_up"), 'the key "rule" is missing; expected a text in quotes'),
        ],
    ),
    "wrong types": (
        [
            s("", "", "version = 1", 'version = "1"'),
            s("deadline", "experts", "weeks = 4", 'weeks = "four"'),
            s("stage", "closed", "final = true", 'final = true\noptional = "no"'),
            s("product", "feedback", '["reviewing"]', '"reviewing"'),
            s("setting", "redraws", "value = 2", "value = 2.5"),
        ],
        [
            (line("", "", "version"), '"version" should be a whole number'),
            (line("deadline", "experts", "weeks"), '"weeks" should be a whole number'),
            (line("stage", "closed", "optional"), '"optional" should be true or false'),
            (line("product", "feedback", "seats"), '"seats" should be a list'),
            (line("setting", "redraws", "value"), '"value" should be a text, a whole number, true or false'),
        ],
    ),
    "a negative length": (
        [s("deadline", "focal_points", "weeks = 2", "weeks = -2")],
        [(line("deadline", "focal_points", "weeks"), '"weeks" is -2; expected 0 or more')],
    ),
    "no length, and a length of nothing": (
        [
            s("deadline", "focal_points", "weeks = 2\n", ""),
            s("deadline", "experts", "weeks = 4", "weeks = 0"),
        ],
        [
            (
                line("deadline", "focal_points"),
                'the deadline has no length; expected "months", "weeks" or "days"',
            ),
            (line("deadline", "experts"), "the deadline's length is nothing; expected at least a day"),
        ],
    ),
    "languages missing, unknown and empty": (
        [
            s("task", "draft_summary", 'label.fr = "Rédiger le résumé"\n', ""),
            s("task", "draft_summary", 'label.ru = "Составить резюме"\n', ""),
            s(
                "capacity",
                "reviewing",
                'label.es = "Estado examinador"',
                'label.es = " "\nlabel.de = "Prüfstaat"',
            ),
        ],
        [
            (
                line("task", "draft_summary", "label"),
                '"label" is missing in: fr, ru; expected all six languages',
            ),
            (line("capacity", "reviewing", "label.es"), '"label.es" is empty; expected a text'),
            (line("capacity", "reviewing", "label.de"), 'there is no language "de"'),
        ],
    ),
    "unknown stages, one a slip of the pen": (
        [
            s("transition", "begin_summary", 'target = "summary"', 'target = "sumary"'),
            s("task", "agree_list", '["list_of_observations"]', '["tribunal"]'),
            s("transition", "reopen_list", 'sources = ["summary"]', 'sources = ["summary", "judgement"]'),
        ],
        [
            (
                line("transition", "begin_summary", "target"),
                'there is no stage "sumary"; did you mean "summary"?',
            ),
            (
                line("task", "agree_list", "stages"),
                'there is no stage "tribunal"; expected one of: closed, concluded',
            ),
            (line("transition", "reopen_list", "sources"), 'there is no stage "judgement"'),
        ],
    ),
    "a role that does not exist, and one that does not exist in that capacity": (
        [
            s("transition", "close_follow_up", "focal_point.reviewed", "focal_pont.reviewed"),
            s("transition", "withdraw", "officer.secretariat", "officer.reviewed"),
            s("task", "share_list", "focal_point.reviewing", "focal_point"),
        ],
        [
            (
                line("transition", "close_follow_up", "roles"),
                'there is no role "focal_pont.reviewed"; did you mean',
            ),
            (
                line("transition", "withdraw", "roles"),
                'the role "officer" does not exist in the capacity "reviewed"',
            ),
            (
                line("task", "share_list", "roles"),
                'there is no role "focal_point"; did you mean "focal_point.',
            ),
        ],
    ),
    "a stage edited by a role that does not exist": (
        [
            s(
                "stage",
                "summary",
                'edit.summary = ["focal_point.reviewing"',
                'edit.summary = ["rapporteur.reviewing"',
            )
        ],
        [(line("stage", "summary", "edit.summary"), 'there is no role "rapporteur.reviewing"')],
    ),
    "a text kind and an act that do not exist": (
        [
            s("stage", "summary", "edit.summary =", "edit.sumary ="),
            s("stage", "desk_review", "may.ask_query =", "may.interrogate ="),
        ],
        [
            (
                line("stage", "summary", "edit.sumary"),
                'there is no text kind "sumary"; did you mean "summary"?',
            ),
            (
                line("stage", "desk_review", "may.interrogate"),
                'there is no act "interrogate"; expected one of: ask_query',
            ),
        ],
    ),
    "guards: unknown, without version, of a version that does not exist": (
        [
            s("transition", "agree_list", "text_shared@1", "text_seen@1"),
            s("transition", "agree_list", "not_submitted@1", "not_submitted"),
            s("transition", "resume", "suspended@1", "suspended@7"),
        ],
        [
            (
                line("transition", "agree_list", '{ name = "text_seen'),
                'there is no guard "text_seen@1"; did you mean',
            ),
            (
                line("transition", "agree_list", '{ name = "not_sub'),
                'the guard "not_submitted" does not name a version',
            ),
            (
                line("transition", "resume", "guards"),
                "names a version that does not exist; expected: suspended@1",
            ),
        ],
    ),
    "a guard that asks whether the answers are complete": (
        [s("transition", "submit_self_assessment", "not_submitted@1", "all_answered@1")],
        [
            (
                line("transition", "submit_self_assessment", '{ name = "all_answered'),
                "would ask whether a text is complete",
            )
        ],
    ),
    "guard parameters missing, unknown and wrong": (
        [
            s(
                "transition",
                "begin_list",
                ', capacity = "reviewing" }',
                ', capacity = "judges", colour = 3 }',
            ),
            s("transition", "begin_summary", ', of = "list_of_observations" }', " }"),
            s("transition", "conclude", 'of = "summary"', 'of = "sumary"'),
            s("transition", "open_consultations", "at_least = 1", "at_least = 0"),
            s("transition", "begin_self_assessment", "at_most = 2", 'at_most = "two"'),
        ],
        [
            (line("transition", "begin_list", "guards"), 'there is no capacity "judges"'),
            (line("transition", "begin_list", "guards"), 'does not take "colour"; expected: of, capacity'),
            (line("transition", "begin_summary", "guards"), 'the guard all_agreed@1 needs "of"'),
            (
                line("transition", "conclude", "guards"),
                'there is no product "sumary"; did you mean "summary"?',
            ),
            (
                line("transition", "open_consultations", "{", nth=2),
                '"at_least" should be a whole number from 1',
            ),
            (
                line("transition", "begin_self_assessment", "{", nth=2),
                '"at_most" should be a whole number from 1',
            ),
        ],
    ),
    "rules that do not exist": (
        [
            s("stage", "desk_review", 'rule = "desk_review"', 'rule = "paragraph_99"'),
            s("deadline", "reply", 'rule = "reply"', 'rule = "replies"'),
            s("setting", "redraws", 'rule = "redraw"', 'rule = "redrawn"'),
            s("cluster", "III", 'rule = "clusters_of_protocols"', 'rule = "none"'),
            s("rule", "load", 'confidence = "R?"', 'confidence = "sure"'),
        ],
        [
            (line("stage", "desk_review", "rule"), 'there is no rule "paragraph_99"'),
            (line("deadline", "reply", "rule"), 'there is no rule "replies"; did you mean "reply"?'),
            (line("setting", "redraws", "rule"), 'there is no rule "redrawn"; did you mean "redraw"?'),
            (line("cluster", "III", "rule"), 'there is no rule "none"'),
            (
                line("rule", "load", "confidence"),
                'there is no confidence "sure"; expected one of: B, R, R?, V',
            ),
        ],
    ),
    "rooms: unknown, and drafted wider than handed over": (
        [
            s("text", "reply", 'draft_room = "seat"', 'draft_room = "attic"'),
            s("text", "feedback", 'draft_room = "seat"', 'draft_room = "public"'),
            s("text", "query", 'owner = "reviewing"', 'owner = "reviewer"'),
        ],
        [
            (
                line("text", "reply", "draft_room"),
                'there is no room "attic"; expected one of: parties, public',
            ),
            (
                line("text", "feedback", "cleared_room"),
                'drafted in the room "public", which is wider than "review"',
            ),
            (line("text", "query", "owner"), 'there is no capacity "reviewer"; did you mean "reviewe'),
        ],
    ),
    "a room that every mechanism has is missing": (
        [s("room", "seat", 'key = "seat"', 'key = "chair"')],
        [
            (key("definition"), 'there is no room "seat"; every mechanism has one'),
            *[
                (line("text", kind, "draft_room"), 'there is no room "seat"')
                for kind in ("answer", "feedback", "query", "reply", "follow_up")
            ],
            *[
                (line("room", "chair", "readers"), f'there is no role "{r}"')
                for r in ("focal_point", "expert", "observer")
            ],
        ],
    ),
    "products: unknown, and made of other texts": (
        [
            s("transition", "share_summary", 'product = "summary"', 'product = "abstract"'),
            s("text", "observation", 'product = "list_of_observations"', 'product = "summary"'),
            s("product", "self_assessment", '["reviewed"]', '["reviewed", "reviewing"]'),
        ],
        [
            (line("transition", "share_summary", "product"), 'there is no product "abstract"'),
            (
                line("text", "observation", "product"),
                'the product "summary" is made of texts of the kind "summary"',
            ),
            (
                line("product", "self_assessment", "seats"),
                'nobody in the capacity "reviewing" can submit the product',
            ),
        ],
    ),
    "a product that no transition submits": (
        [s("transition", "submit_feedback", 'effect = "submit"', 'effect = "share"')],
        [(line("product", "feedback"), 'no transition submits the product "feedback"')],
    ),
    "tasks: unknown deadline, transition and event": (
        [
            s("task", "submit_feedback", 'deadline = "feedback"', 'deadline = "feedbak"'),
            s("task", "submit_feedback", 'until = ["submit_feedback"]', 'until = ["send_feedback"]'),
            s("task", "settle_query", 'opens_after = "query.reply"', 'opens_after = "query.shout"'),
        ],
        [
            (
                line("task", "submit_feedback", "deadline"),
                'there is no deadline "feedbak"; did you mean "feedback"?',
            ),
            (
                line("task", "submit_feedback", "until"),
                'there is no transition or event "send_feedback"; did you mean',
            ),
            (line("task", "settle_query", "opens_after"), 'there is no event "query.shout"'),
        ],
    ),
    "anchors: an unknown event, stage and kind": (
        [
            s("deadline", "reply", "event:query.ask", "event:query.asked"),
            s("deadline", "feedback", "entered:desk_review", "entered:deskreview"),
            s("deadline", "experts", "launched", "launch"),
        ],
        [
            (
                line("deadline", "reply", "anchor"),
                'there is no event "query.asked"; did you mean "query.ask"?',
            ),
            (
                line("deadline", "feedback", "anchor"),
                'there is no stage "deskreview"; did you mean "desk_review"?',
            ),
            (
                line("deadline", "experts", "anchor"),
                '"launch" is no anchor; expected "launched", "entered:<stage>"',
            ),
        ],
    ),
    "keys used twice": (
        [
            s("capacity", "reviewed", "[[capacity]]", stage("summary") + "[[capacity]]"),
            s("deadline", "experts", 'key = "experts"', 'key = "focal_points"'),
        ],
        [
            (
                lambda text: second(text, "stage", "summary"),
                'there is another stage "summary"; each key is used once',
            ),
            (
                lambda text: second(text, "deadline", "focal_points"),
                'there is another deadline "focal_points"',
            ),
            (line("task", "name_experts", "deadline"), 'there is no deadline "experts"'),
        ],
    ),
    "a stage nobody reaches, which is also a dead end": (
        [s("capacity", "reviewed", "[[capacity]]", stage("limbo") + "[[capacity]]")],
        [
            (line("stage", "limbo"), 'no transition leads to the stage "limbo" from the initial stage'),
            (line("stage", "limbo"), 'the stage "limbo" is a dead end; expected a transition out of it'),
        ],
    ),
    "stages from which no end can be reached": (
        [
            s(
                "capacity",
                "reviewed",
                "[[capacity]]",
                stage("limbo")
                + stage("maze")
                + transition("enter_limbo", "concluded", 'target = "limbo"\nroles = ["officer.secretariat"]')
                + transition("enter_maze", "limbo", 'target = "maze"\nroles = ["officer.secretariat"]')
                + transition("leave_maze", "maze", 'target = "limbo"\nroles = ["officer.secretariat"]')
                + "[[capacity]]",
            )
        ],
        [
            (line("stage", "limbo"), 'no way leads from the stage "limbo" to a final stage'),
            (line("stage", "maze"), 'no way leads from the stage "maze" to a final stage'),
        ],
    ),
    "a final stage that is left": (
        [
            s("transition", "withdraw", 'effect = "withdraw"', 'target = "nomination"\neffect = "withdraw"'),
            s("transition", "withdraw", STAGES_OF_SUSPENSION, 'sources = ["closed"]'),
        ],
        [(line("stage", "closed", "final"), 'the stage "closed" is final, but a transition leads out of it')],
    ),
    "no initial stage": (
        [s("", "", 'initial = "nomination"\n', "")],
        [(key("definition"), 'the key "initial" is missing; expected a text in quotes')],
    ),
    "an initial stage that is final": (
        [s("", "", 'initial = "nomination"', 'initial = "closed"')],
        [
            (
                line("", "", "initial"),
                'the initial stage "closed" is final; expected one that a review leaves',
            ),
            *[
                (line("stage", stage), f'no transition leads to the stage "{stage}" from the initial stage')
                for stage in (
                    "nomination",
                    "preliminary_consultations",
                    "self_assessment",
                    "desk_review",
                    "list_of_observations",
                    "summary",
                    "concluded",
                    "follow_up",
                )
            ],
        ],
    ),
    "no final stage": (
        [s("stage", "closed", "final = true\n", "")],
        [
            (key("definition"), "no stage is final; expected at least one with final = true"),
            (line("stage", "closed"), 'the stage "closed" is a dead end'),
        ],
    ),
    "automatic and not": (
        [
            s(
                "transition",
                "conclude",
                "auto = true",
                'auto = true\nroles = ["officer.secretariat"]\nreason = "required"',
            ),
            s("transition", "begin_list", "auto = true\n", ""),
            s(
                "transition",
                "begin_summary",
                'guards = [{ name = "all_agreed@1", of = "list_of_observations" }]\n',
                "",
            ),
        ],
        [
            (
                line("transition", "conclude", "roles"),
                "an automatic transition has no roles; nobody takes it",
            ),
            (
                line("transition", "conclude", "reason"),
                "an automatic transition has no reason; nobody gives one",
            ),
            (line("transition", "begin_list"), "nobody can take this transition"),
            (
                line("transition", "begin_summary"),
                "an automatic transition needs a guard, or it would be taken at once",
            ),
        ],
    ),
    "automatic transitions in a circle": (
        [
            s(
                "capacity",
                "reviewed",
                "[[capacity]]",
                transition(
                    "bounce",
                    "summary",
                    'target = "list_of_observations"\nauto = true\nguards = [{ name = "suspended@1" }]',
                )
                + "[[capacity]]",
            )
        ],
        [
            (line("transition", "bounce"), "automatic transitions lead round in a circle"),
            (line("transition", "begin_summary"), "automatic transitions lead round in a circle"),
        ],
    ),
    "a submission without the second key": (
        [
            s(
                "transition",
                "submit_feedback",
                '  { name = "cleared_by_focal_point@1", of = "feedback" },\n',
                "",
            )
        ],
        [
            (
                line("transition", "submit_feedback"),
                "a submission needs the focal point's clearance; expected the guard",
            )
        ],
    ),
    "a suspension without a way back": (
        [s("transition", "resume", '["nomination", ', "[")],
        [
            (line("transition", "suspend"), "a review suspended in nomination could not be resumed"),
            (
                line("transition", "suspend_by_decision"),
                "a review suspended in nomination could not be resumed",
            ),
        ],
    ),
    "effects: unknown, without a product, with one too many": (
        [
            s("transition", "suspend", 'effect = "suspend"', 'effect = "punish"'),
            s("transition", "share_list", 'product = "list_of_observations"\n', ""),
            s(
                "transition",
                "go_on_without",
                'effect = "go_on"',
                'effect = "go_on"\nproduct = "feedback"\nby_seat = true',
            ),
        ],
        [
            (
                line("transition", "suspend", "effect"),
                'there is no effect "punish"; expected one of: go_on, reopen',
            ),
            (line("transition", "share_list", "effect"), 'the effect "share" needs a "product"'),
            (
                line("transition", "go_on_without", "product"),
                'a "product" is only for the effects submit, reopen and',
            ),
            (line("transition", "go_on_without", "by_seat"), '"by_seat" is only for the effect reopen'),
        ],
    ),
    "articles: in two clusters, of an unknown instrument, not numbers": (
        [
            s("cluster", "II", "articles.tip = [6, 7, 9]", "articles.tip = [5, 6, 7, 9]"),
            s("cluster", "III", "articles.som =", "articles.sea ="),
            s("cluster", "IV", "articles.firearms = [12, 13]", 'articles.firearms = [12, "13"]'),
            s("cluster", "IV", "number = 4", "number = 3"),
        ],
        [
            (line("cluster", "II", "articles.tip"), 'article 5 of "tip" is in the cluster "I" already'),
            (line("cluster", "III", "articles.sea"), 'there is no instrument "sea"'),
            (line("cluster", "IV", "articles.firearms"), "should be a list of article numbers from 1"),
            (line("cluster", "IV", "number"), "there is another cluster number 3"),
        ],
    ),
    "keys that are not keys, lists that repeat themselves": (
        [
            s("stage", "follow_up", 'key = "follow_up"', 'key = "Follow up"'),
            s(
                "transition",
                "agree_list",
                '["focal_point.reviewed", "focal',
                '["focal_point.reviewing", "focal',
            ),
            s("product", "summary", 'seats = ["reviewed", "reviewing"]', 'seats = ["reviewing"]'),
            s("product", "list_of_observations", 'seats = ["reviewed", "reviewing"]', "seats = []"),
        ],
        [
            (
                lambda text: f"line {1 + text[: text.index('Follow up')].count(chr(10))}",
                '"Follow up" is not a key',
            ),
            (line("transition", "agree_list", "roles"), '"focal_point.reviewing" stands twice in "roles"'),
            (line("product", "list_of_observations", "seats"), '"seats" is empty; expected at least one'),
            (line("task", "register_people", "stages"), 'there is no stage "follow_up"'),
            (line("task", "keep_follow_up", "stages"), 'there is no stage "follow_up"'),
            (line("transition", "open_follow_up", "target"), 'there is no stage "follow_up"'),
            (line("transition", "close_follow_up", "sources"), 'there is no stage "follow_up"'),
        ],
    ),
}


def second(text: str, section: str, name: str) -> str:
    first = text.index(f'[[{section}]]\nkey = "{name}"')
    again = text.index(f'[[{section}]]\nkey = "{name}"', first + 1)
    return f"line {text.count(chr(10), 0, again) + 2}"


@pytest.mark.parametrize("name", BROKEN)
def test_every_problem_of_a_broken_definition_is_named(name: str) -> None:
    edits, expected = BROKEN[name]
    text = edited(*edits)
    found = problems(text.encode())
    said = "\n".join(str(one) for one in found)
    left = list(found)
    for where, message in expected:
        place = where(text)
        match = next((one for one in left if one.where == place and message in one.message), None)
        assert match, f"expected {place}: {message}\nfound:\n{said}"
        left.remove(match)
    assert not left, "not expected:\n" + "\n".join(str(one) for one in left)
    with pytest.raises(DefinitionError) as refused:
        load(text.encode())
    assert refused.value.problems == found


def test_there_are_more_than_25_broken_definitions() -> None:
    assert len(BROKEN) > 25
    assert sum(len(expected) for _edits, expected in BROKEN.values()) > 80


def test_problems_are_in_the_order_of_the_lines() -> None:
    edits = [edit for name in ("rules that do not exist", "a negative length") for edit in BROKEN[name][0]]
    lines = [one.line for one in problems(edited(*edits).encode())]
    assert lines == sorted(lines)
    assert len(lines) == 6


@pytest.mark.parametrize(
    ("source", "where", "message"),
    [
        (b"\xff\xfe", "line 1", "not UTF-8"),
        (b'key = "x"\nlabel.fr = "\xe9"\n', "line 2", "not UTF-8"),
        ("\ufeff".encode() + UNTOC.encode(), "line 1", "byte order mark"),
        (b"key = " + b"[" * 5000, "line 1", "nested too deeply"),
        (b"x" * 5_000_000, "definition", "larger than"),
        (b'key = """\nnever closed', "line 2", "this is not TOML"),
        (b"[[stage]\nkey = 1\nkey = 2\n", "line 1", "this is not TOML"),
    ],
    ids=["bytes", "latin-1", "byte order mark", "depth", "size", "unclosed", "header"],
)
def test_files_that_cannot_be_read(source: bytes, where: str, message: str) -> None:
    assert [one for one in problems(source) if one.where == where and message in one.message]


def test_an_empty_file_says_what_a_definition_needs() -> None:
    said = {one.message for one in problems(b"")}
    assert len(said) == 13
    assert "there is no [[stage]]; expected at least one" in said


def test_windows_line_ends_change_no_line() -> None:
    text = edited(s("stage", "summary", 'rule = "summary"', 'rule = "x"'))
    assert problems(text.replace("\n", "\r\n").encode()) == problems(text.encode())


def test_taking_any_line_away_is_survived() -> None:
    rows = UNTOC.split("\n")
    for number in random.Random(7).sample(range(len(rows)), 40):
        for one in problems("\n".join(rows[:number] + rows[number + 1 :]).encode()):
            assert one.message
            assert one.where
            assert json.dumps([one.line, one.key])


def test_any_value_of_a_wrong_kind_is_survived() -> None:
    rows = UNTOC.split("\n")
    chance = random.Random(11)
    places = [number for number, row in enumerate(rows) if re.match(r"[a-z_.-]+ = [^\[]", row)]
    for number in chance.sample(places, 30):
        name = rows[number].split(" = ")[0]
        wrong = chance.choice(["1979-05-27", "[[1], 2]", "{ a = { b = 1 } }", "1.5", "[]", '""'])
        found = problems("\n".join([*rows[:number], f"{name} = {wrong}", *rows[number + 1 :]]).encode())
        assert f"line {number + 1}" in {one.where for one in found} or name.startswith("value"), (name, wrong)


def test_lines_are_found_inside_arrays_inline_tables_and_long_texts() -> None:
    text = read(
        b"a.b = [\n  1, # one\n  { c = 'x]', \"d e\" = [\n 2 ] },\n]\n[[t]]\n"
        b'k = """\nlong \\" text\n""""\n[t.sub]\nz = 1\n[[t]]\n[[t.u]]\ny = 1\n'
    )
    assert text.lines["a", "b", 0] == 2
    assert text.lines["a", "b", 1, "c"] == 3
    assert text.lines["a", "b", 1, "d e", 0] == 4
    assert text.lines["t", 0, "k"] == 7
    assert text.lines["t", 0, "sub", "z"] == 11
    assert text.lines["t", 1, "u", 0, "y"] == 14
    assert text.line_of(("t", 1, "u", 0, "nothing")) == 13
    assert text.line_of(("nowhere",)) is None
