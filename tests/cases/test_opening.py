"""Opening reviews: a whole phase from a fixed seed, and one State that joins later; by nobody but the Secretariat."""

import json
from collections import Counter
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from cases.exceptions import BadInput, NotAllowed, NotVisible, Repeated
from cases.models import Disclosure, Event, Participation, Phase, Review, Seat, StateParty, Task
from cases.operations.opening import launch_review
from cases.operations.record import Request
from tests.conftest import make_person, make_state
from workflow.draw.transcript import as_bytes, verify


@pytest.fixture
def parties(world):
    """Twelve parties that the command takes for real ones: as many as an assignment by the rules needs."""
    groups = ("africa", "weog", "grulac")
    states = [make_state(f"X{letter}A", groups[place % 3]) for place, letter in enumerate("ABCDEFGHIJKL")]
    StateParty.objects.update(invented=False)
    return states


@pytest.fixture
def cast_at():
    return datetime.now(UTC)


def opened(**options):
    call_command("open_phase", mechanism="untoc", phase="untoc-1", cluster="I", **options)


def test_a_phase_opens_a_review_for_every_state_party_and_records_how(parties):
    officer = make_person("officer", is_staff=True)
    opened()
    assert Review.objects.count() == len(parties)
    for review in Review.objects.select_related("state__group"):
        seats = Seat.objects.filter(review=review, capacity="reviewing").select_related("state__group").order_by("pk")
        assert [seat.state.group_id == review.state.group_id for seat in seats] == [True, False]
        assert Participation.objects.get(review=review).user == officer
        assert Task.objects.filter(review=review, key="name_focal_point", done_at=None).count() == 3
    pairs = {(seat.state.code, seat.review.state.code) for seat in Seat.objects.filter(capacity="reviewing")}
    assert not {(reviewed, reviewer) for reviewer, reviewed in pairs} & pairs
    assert set(Counter(reviewer for reviewer, _reviewed in pairs).values()) == {2}
    entry = Event.objects.get(verb="phase.launch")
    assert entry.case == "untoc-1/_"
    (transcript,) = Disclosure.objects.get(event=entry).content["transcripts"]
    assert verify(as_bytes(transcript))["rules"]["rehearsal"] is True
    drawn = {(seat["code"], one["reviewed"]) for one in transcript["result"] for seat in one["reviewers"]}
    assert drawn == pairs


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"mechanism": "nothing"}, "load_mechanism"),
        ({"cluster": "IX"}, "no cluster IX"),
        ({}, "createsuperuser"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_opened(parties, change, sentence):
    with pytest.raises(CommandError, match=sentence) as refused:
        call_command("open_phase", **{"mechanism": "untoc", "phase": "untoc-1", "cluster": "I", **change})
    assert refused.value.returncode == 1
    assert not Phase.objects.exists()


def test_a_phase_is_opened_once(parties, capsys):
    make_person("officer", is_staff=True)
    opened(json=True)
    assert json.loads(capsys.readouterr().out) == {"phase": "untoc-1", "reviews": 12}
    with pytest.raises(CommandError, match="open already"):
        opened()
    assert Review.objects.count() == len(parties)


def test_a_state_that_joins_gets_reviewers_who_carry_least(parties, cast_at):
    officer = make_person("officer", is_staff=True)
    opened()
    joining = make_state("XMA", "africa")
    StateParty.objects.filter(pk=joining.pk).update(invented=False)
    request = Request(key="open-it", digest="3" * 64)
    review = launch_review(phase_key="untoc-1", state_code="XMA", by=officer, at=cast_at, request=request)
    seats = Seat.objects.filter(review=review, capacity="reviewing").select_related("state__group").order_by("pk")
    assert [(seat.side, seat.state.group.slug == "africa") for seat in seats] == [("same", True), ("other", False)]
    assert Event.objects.filter(case="untoc-1/_", verb="phase.join").count() == 1
    with pytest.raises(Repeated):
        launch_review(phase_key="untoc-1", state_code="XMA", by=officer, at=cast_at, request=request)
    assert Review.objects.count() == len(parties) + 1


def test_nobody_else_opens_a_review_and_bad_choices_are_said(parties, cast_at):
    officer = make_person("officer", is_staff=True)
    somebody = make_person("somebody")
    opened()
    with pytest.raises(NotAllowed):
        launch_review(phase_key="untoc-1", state_code="XMA", by=somebody, at=cast_at)
    with pytest.raises(NotVisible):
        launch_review(phase_key="nothing", state_code="XAA", by=officer, at=cast_at)
    for code in ("XAA", "XZZ", ""):
        with pytest.raises(BadInput) as refused:
            launch_review(phase_key="untoc-1", state_code=code, by=officer, at=cast_at)
        assert "state" in refused.value.details["fields"]
    assert Review.objects.count() == len(parties)


def test_a_state_joins_where_its_whole_group_carries_more_than_the_mean(parties, cast_at):
    """Evenly where that can be; its own group has reviewed for everybody, and does so once more."""
    officer = make_person("officer", is_staff=True)
    opened()
    group = [state for state in parties if state.group.slug == "weog"]
    joining = make_state("XMB", "weog")
    StateParty.objects.filter(pk=joining.pk).update(invented=False)
    for letter in "NOPQRSTUVWYZ":  # States that review nobody lower the mean
        StateParty.objects.filter(pk=make_state(f"X{letter}Z", "grulac").pk).update(invented=False)
    review = launch_review(phase_key="untoc-1", state_code="XMB", by=officer, at=cast_at)
    same = Seat.objects.get(review=review, side="same")
    assert same.state in group
    (transcript,) = Disclosure.objects.get(event__verb="phase.join").content["transcripts"]
    assert transcript["rules"]["balance"] == "bounds"
    assert verify(as_bytes(transcript))
