"""The goals that no machine changes, at a tenth of S and at S: statements, bytes, plans, the first visit.

The databases are simulated once for a session, by the command itself, and asked by processes of their own.
"""

from __future__ import annotations

import os
from contextlib import ExitStack

import pytest

from bench import goals
from bench.databases import copied, seeded
from bench.growth import compared_pages
from bench.pages import QUESTIONS, ROWS
from bench.worker import working_on

SIZES = ("S10", "S")
FEWEST_PAGES = 150


@pytest.fixture(scope="session")
def workers(tmp_path_factory):
    """A process on each database, as simulated."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setenv("BENCH_DIR", os.environ.get("BENCH_DIR") or str(tmp_path_factory.mktemp("bench")))
        yield {size: stack.enter_context(working_on(seeded("sqlite", size))) for size in SIZES}


@pytest.fixture(scope="session")
def writing(workers):
    """The same with reviews that can take a step, on copies."""
    with ExitStack() as stack:
        copies = {size: stack.enter_context(copied("sqlite", size, "ready")) for size in SIZES}
        yield {size: stack.enter_context(working_on(database)) for size, database in copies.items()}


@pytest.fixture(scope="session")
def gates(workers):
    """Every page as it was seen at each size, and the statements that read whole tables."""
    return {size: worker.ask("gates") for size, worker in workers.items()}


@pytest.fixture(scope="session")
def pages(gates):
    """A2 and A3 between the two sizes."""
    queries, weights = compared_pages(gates["S10"]["pages"], gates["S"]["pages"])
    return queries, weights


def test_no_page_takes_more_statements_when_there_is_more(pages):
    queries, _bytes = pages
    assert int(queries["subject"].split()[0]) >= FEWEST_PAGES
    assert queries["differ"] == []


def test_no_page_is_heavier_when_there_is_more(pages):
    _queries, weights = pages
    assert weights["ratio"] <= goals.GOALS["A3"].limit, weights


@pytest.mark.parametrize("size", SIZES)
def test_no_statement_of_a_page_reads_a_whole_table(gates, size):
    assert gates[size]["scans"] == []


def test_a_scan_would_be_seen(workers):
    scanned = workers["S10"].ask("call", function="scans_on_purpose")
    assert scanned == [["cases_event"], ["cases_review"], ["cases_text"], []]


@pytest.mark.parametrize(
    ("subject", "goal"), [("review", "B2"), ("questions", "B5"), ("questions_read", "B5"), ("home", "B3")]
)
@pytest.mark.parametrize("size", SIZES)
def test_a_page_takes_no_more_statements_than_its_goal_says(workers, size, subject, goal):
    assert workers[size].seen(subject).queries <= goals.GOALS[goal].queries


def test_the_list_takes_no_more_statements_than_its_goal_says(writing):
    worker = writing["S"]
    assert worker.ask("body", name="listing").count("<tr data-row>") == ROWS
    assert worker.seen("listing").queries <= goals.GOALS["B1"].queries


def test_the_page_of_all_questions_has_them_all(workers):
    assert workers["S"].ask("body", name="questions").count('<form class="answer"') == QUESTIONS


def test_the_inbox_is_no_longer_than_its_goal_says(writing):
    seen = writing["S"].seen("inbox")
    assert seen.queries <= goals.GOALS["B3"].queries
    assert seen.bytes <= goals.GOALS["B3"].bytes


def test_a_save_takes_as_many_statements_at_both_sizes_and_no_more_than_its_goal_says(writing):
    small, large = (writing[size].seen("autosave").queries for size in SIZES)
    assert small == large <= goals.GOALS["B6"].queries


def test_a_step_takes_as_many_statements_at_both_sizes(writing):
    small, large = (writing[size].seen("transition").queries for size in SIZES)
    assert small == large


def test_the_permission_filtered_list_is_one_statement(workers):
    assert workers["S"].ask("call", function="list_queries", username="sim-officer-1") == goals.GOALS["E1"].queries


def test_a_first_visit_is_light(workers):
    for visit in workers["S10"].ask("weight"):
        assert visit["bytes_gz"] <= goals.GOALS["B9"].limit, visit
        assert visit["files"] <= goals.FILES_OF_A_FIRST_VISIT, visit
