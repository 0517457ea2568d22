"""Guards: who, when and integrity; the same facts always give the same verdict."""

from dataclasses import replace

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from workflow.guards import GUARDS, Facts, GuardCall, SeatFacts, Verdict, evaluate, guard

SUR = SeatFacts(id=1, capacity="reviewed", state="XAA", has_focal_point=True)
ONE = SeatFacts(id=2, capacity="reviewing", state="XAB", has_focal_point=True)
TWO = SeatFacts(id=3, capacity="reviewing", state="XAC", has_focal_point=True)
OFFICE = SeatFacts(id=4, capacity="secretariat")
DONE = frozenset({"work"})
ALONE = frozenset({"here"})


def judge(name: str, facts: Facts, **params: object) -> Verdict:
    return evaluate(GuardCall(f"{name}@1", params), facts)


def review(*seats: SeatFacts, acting: SeatFacts | None = None, **facts: object) -> Facts:
    return Facts(stage="here", acting=acting, seats=seats, **facts)


def submitted(seat: SeatFacts) -> SeatFacts:
    return replace(seat, cleared=DONE, submitted=DONE)


def going_on(seat: SeatFacts) -> SeatFacts:
    return replace(seat, agreed_to_go_on=ALONE)


def test_the_registry_holds_exactly_these() -> None:
    assert set(GUARDS) == {
        "cleared_by_focal_point@1",
        "not_submitted@1",
        "has_submitted@1",
        "all_submitted@1",
        "submitted_or_agreed@1",
        "all_agreed@1",
        "has_focal_point@1",
        "languages_agreed@1",
        "not_shared@1",
        "text_shared@1",
        "reason_given@1",
        "suspended@1",
        "not_suspended@1",
        "not_withdrawn@1",
    }


def test_a_name_and_version_is_registered_once() -> None:
    with pytest.raises(ValueError, match="already a guard suspended@1"):
        guard("suspended", version=1)(lambda facts: Verdict(ok=True))


@pytest.mark.parametrize(
    ("acting", "ok"),
    [
        (SUR, False),
        (None, False),
        (replace(SUR, cleared=frozenset({"other"})), False),
        (replace(SUR, cleared=DONE), True),
        (submitted(SUR), True),
    ],
)
def test_cleared_by_focal_point_asks_the_acting_seat(acting: SeatFacts | None, ok: bool) -> None:
    facts = review(submitted(ONE), acting=acting)
    assert judge("cleared_by_focal_point", facts, of="work").ok is ok


def test_submitted_and_not_are_about_the_acting_seat_alone() -> None:
    facts = review(submitted(ONE), TWO, acting=TWO)
    assert judge("not_submitted", facts, of="work").ok
    assert not judge("has_submitted", facts, of="work").ok
    facts = review(submitted(ONE), TWO, acting=submitted(ONE))
    assert not judge("not_submitted", facts, of="work").ok
    assert judge("has_submitted", facts, of="work").ok
    assert not judge("not_submitted", review(ONE), of="work").ok
    assert not judge("has_submitted", review(submitted(ONE)), of="work").ok


def test_all_submitted_waits_for_each_seat_of_the_capacity() -> None:
    assert judge("all_submitted", review(SUR, submitted(ONE), submitted(TWO)), of="work", capacity="reviewing").ok
    verdict = judge("all_submitted", review(SUR, submitted(ONE), TWO), of="work", capacity="reviewing")
    assert (verdict.ok, verdict.waiting_for) == (False, (3,))
    assert not judge("all_submitted", review(SUR), of="work", capacity="reviewing").ok


@pytest.mark.parametrize(
    ("seats", "ok"),
    [
        ((SUR, submitted(ONE), submitted(TWO)), True),
        ((SUR, submitted(ONE), TWO), False),
        ((going_on(SUR), submitted(ONE), TWO), True),
        ((going_on(SUR), ONE, TWO), False),
        ((going_on(SUR),), False),
        ((replace(SUR, agreed_to_go_on=frozenset({"elsewhere"})), submitted(ONE), TWO), False),
    ],
)
def test_submitted_or_agreed_needs_one_and_the_reviewed_states_word(seats: tuple[SeatFacts, ...], ok: bool) -> None:
    assert judge("submitted_or_agreed", review(*seats), of="work", capacity="reviewing").ok is ok


BOTH = ("reviewed", "reviewing")
EMPTY = replace(TWO, has_focal_point=False)


@pytest.mark.parametrize(
    ("seats", "ok"),
    [
        ((submitted(SUR), submitted(ONE), submitted(TWO), OFFICE), True),
        ((submitted(SUR), submitted(ONE), TWO), False),
        ((submitted(SUR), submitted(ONE), EMPTY), False),
        ((going_on(submitted(SUR)), submitted(ONE), EMPTY), True),
        ((going_on(submitted(SUR)), submitted(ONE), TWO), False),
        ((going_on(SUR), submitted(ONE), submitted(TWO)), False),
        ((going_on(submitted(SUR)), EMPTY), False),
        ((submitted(SUR),), False),
    ],
)
def test_all_agreed_never_presumes_an_agreement(seats: tuple[SeatFacts, ...], ok: bool) -> None:
    assert judge("all_agreed", review(*seats), of="work", capacities=BOTH).ok is ok


@pytest.mark.parametrize(("at_least", "ok"), [(1, True), (2, False)])
def test_has_focal_point_counts_seats(at_least: int, ok: bool) -> None:
    verdict = judge("has_focal_point", review(SUR, ONE, EMPTY), capacity="reviewing", at_least=at_least)
    assert verdict.ok is ok
    assert verdict.waiting_for == (() if ok else (3,))


@pytest.mark.parametrize(
    ("languages", "ok"),
    [
        ((), False),
        (("fr",), True),
        (("fr", "ar"), True),
        (("fr", "ar", "es"), False),
        (("fr", "fr", "ar"), True),
    ],
)
def test_one_or_two_languages(languages: tuple[str, ...], ok: bool) -> None:
    assert judge("languages_agreed", review(languages=languages)).ok is ok


def test_the_plain_questions() -> None:
    assert judge("text_shared", review(shared=DONE), of="work").ok
    assert not judge("text_shared", review(), of="work").ok
    assert judge("not_shared", review(), of="work").ok
    assert not judge("not_shared", review(shared=DONE), of="work").ok
    assert judge("reason_given", review(reason="A note verbale of 3 May")).ok
    assert not judge("reason_given", review(reason=" \n")).ok
    assert judge("suspended", review(suspended=True)).ok
    assert not judge("suspended", review()).ok
    assert judge("not_suspended", review()).ok
    assert not judge("not_suspended", review(suspended=True)).ok
    assert judge("not_withdrawn", review()).ok
    assert not judge("not_withdrawn", review(withdrawn=True)).ok


PARAMS = {"of": "work", "capacity": "reviewing", "capacities": BOTH, "at_least": 1, "at_most": 2}
PRODUCTS = st.frozensets(st.sampled_from(["work", "other"]))
SEATS = st.builds(
    SeatFacts,
    id=st.integers(1, 9),
    capacity=st.sampled_from(["reviewed", "reviewing", "secretariat"]),
    has_focal_point=st.booleans(),
    cleared=PRODUCTS,
    submitted=PRODUCTS,
    agreed_to_go_on=st.frozensets(st.sampled_from(["here", "elsewhere"])),
)
FACTS = st.builds(
    Facts,
    stage=st.just("here"),
    suspended=st.booleans(),
    withdrawn=st.booleans(),
    reason=st.sampled_from(["", " ", "why"]),
    languages=st.lists(st.sampled_from(["ar", "en", "fr"])).map(tuple),
    shared=PRODUCTS,
    acting=st.none() | SEATS,
    seats=st.lists(SEATS, max_size=5).map(tuple),
)


@given(facts=FACTS, name=st.sampled_from(sorted(GUARDS)))
def test_a_guard_is_pure_and_a_refusal_says_why(facts: Facts, name: str) -> None:
    call = GuardCall(name, {key: PARAMS[key] for key in GUARDS[name].required})
    verdict = evaluate(call, facts)
    assert verdict == evaluate(call, facts)
    if verdict.ok:
        assert (verdict.reason, verdict.waiting_for) == ("", ())
    else:
        with translation.override("en"):
            reason = str(verdict.reason)
        assert reason.endswith(".")
        assert not any(word in reason.lower() for word in ("overdue", "late", "fail", "must", "incomplete", "error"))


@given(facts=FACTS, more=PRODUCTS)
def test_more_submissions_never_hold_a_review_back(facts: Facts, more: frozenset[str]) -> None:
    further = replace(
        facts,
        seats=tuple(
            replace(seat, submitted=seat.submitted | more, cleared=seat.cleared | more) for seat in facts.seats
        ),
    )
    for name in ("all_submitted@1", "submitted_or_agreed@1", "all_agreed@1"):
        call = GuardCall(name, {key: PARAMS[key] for key in GUARDS[name].required})
        assert not evaluate(call, facts).ok or evaluate(call, further).ok
