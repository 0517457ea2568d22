"""Twelve hands on one button, and a save against a submission: one wins, the others are told (architecture.md §1)."""

import os
import threading
from collections import Counter
from datetime import UTC, datetime

import pytest
from django.db import connection

from cases.exceptions import Refused, Repeated, WrongStage
from cases.models import Event, Query, Question, Submission, Text, TextVersion
from cases.operations.clearance import clear, product_digest, texts_of_product
from cases.operations.dialogue import ask_query
from cases.operations.drafts import save_text
from cases.operations.record import Request
from cases.operations.transition import advance
from tests.conftest import make_review, make_world

THREADS = 12
ROUNDS = 40 if os.environ.get("SOAK") == "1" else 6


def together(*functions):
    """Run the functions at one moment, each in a thread with its own connection; returns what each gave or raised."""
    barrier = threading.Barrier(len(functions))
    results = [None] * len(functions)

    def run(place, function):
        try:
            barrier.wait(timeout=20)
            results[place] = function()
        except Exception as error:  # noqa: BLE001  the test looks at what came out
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


@pytest.fixture
def cast(committed):
    make_world(datetime.now(UTC))
    return make_review()


def press(cast, action, person, *, request=None):
    review = cast.fresh()
    user = cast.people[person]
    return lambda: advance(
        case=review.case,
        action=action,
        by=user,
        at=datetime.now(UTC),
        seen_version=review.stage_version,
        request=request() if request else None,
    )


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_twelve_press_one_action_and_one_succeeds(cast, round_):
    before = cast.fresh()
    history_before = before.history.count()
    results = together(*(press(cast, "open_consultations", "officer") for _ in range(THREADS)))
    kinds = Counter(type(one).__name__ for one in results)
    assert kinds["Review"] == 1, kinds
    refused = [one for one in results if isinstance(one, Refused)]
    assert len(refused) == THREADS - 1, kinds
    assert all(one.status == 409 and one.reasons for one in refused)
    after = cast.fresh()
    assert after.stage == "preliminary_consultations"
    assert after.stage_version == before.stage_version + 1
    assert Event.objects.filter(case=after.case, verb="review.open_consultations").count() == 1
    assert after.history.count() == history_before + 1


def test_one_form_sent_twelve_times_at_once_acts_once(cast):
    def form():
        return Request(key="pressed-again-and-again", digest="0" * 64)

    results = together(*(press(cast, "open_consultations", "officer", request=form) for _ in range(THREADS)))
    kinds = Counter(type(one).__name__ for one in results)
    assert kinds == {"Review": 1, "Repeated": THREADS - 1}
    assert Event.objects.filter(case=cast.review.case, verb="review.open_consultations").count() == 1


def test_a_question_sent_twelve_times_is_asked_once(cast):
    cast.to("desk_review")
    case, asker = cast.review.case, cast.people["rfp1"]

    def ask():
        return ask_query(
            case=case,
            subject="untoc-5",
            words="Could you explain?",
            language="en",
            by=asker,
            at=datetime.now(UTC),
            request=Request(key="one-question", digest="1" * 64),
        )

    results = together(*([ask] * THREADS))
    assert sum(isinstance(one, Query) for one in results) == 1
    assert sum(isinstance(one, Repeated) for one in results) == THREADS - 1
    assert Query.objects.count() == 1


def test_different_focal_points_submit_at_once_and_the_review_moves_once(cast):
    cast.to("desk_review")
    for person in ("rfp1", "rfp2"):
        cast.save("feedback", "untoc-5", {"text": "Read"}, person)
        cast.clear("feedback", person)
    seen = {person: cast.fresh().stage_version for person in ("rfp1", "rfp2")}

    def submit(person):
        user, case = cast.people[person], cast.review.case
        for _attempt in range(5):
            try:
                return advance(
                    case=case, action="submit_feedback", by=user, at=datetime.now(UTC), seen_version=seen[person]
                )
            except Refused as refused:
                if isinstance(refused, WrongStage):
                    raise
                seen[person] = cast.fresh().stage_version
        raise AssertionError("never got through")

    together(lambda: submit("rfp1"), lambda: submit("rfp2"))
    assert cast.fresh().stage == "list_of_observations"
    assert Event.objects.filter(case=cast.review.case, verb="review.begin_list").count() == 1
    assert Submission.objects.filter(product="feedback", voided_at=None).exclude(submitted_at=None).count() == 2


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_nothing_is_written_after_a_submission_and_nothing_uncleared_is_submitted(cast, round_):
    """Saving against submitting, in two threads: whatever was handed over is exactly what was cleared."""
    cast.to("self_assessment")
    review = cast.fresh()
    keys = list(Question.objects.filter(instrument="untoc").order_by("number").values_list("key", flat=True)[:4])
    for key in keys:
        cast.save("answer", key, {"value": "no", "text": "first"}, "expert")
    expert, focal_point = cast.people["expert"], cast.people["fp"]
    seat_id = cast.seat("fp").pk

    def save():
        for number in range(30):
            text = Text.objects.get(seat_id=seat_id, kind="answer", ref=keys[number % 4])
            try:
                save_text(
                    review=review,
                    kind="answer",
                    ref=text.ref,
                    content={"value": "no", "text": f"again {number}"},
                    language="en",
                    by=expert,
                    at=datetime.now(UTC),
                    seen_version=text.version,
                )
            except Refused as refused:
                return refused
        return None

    def submit():
        for _attempt in range(200):
            try:
                texts = texts_of_product(review=review, product="self_assessment", seat_id=seat_id)
                clear(
                    case=review.case,
                    product="self_assessment",
                    by=focal_point,
                    at=datetime.now(UTC),
                    seen_digest=product_digest("self_assessment", texts),
                )
                return advance(
                    case=review.case,
                    action="submit_self_assessment",
                    by=focal_point,
                    at=datetime.now(UTC),
                    seen_version=cast.fresh().stage_version,
                )
            except WrongStage:
                raise
            except Refused:
                continue
        raise AssertionError("the focal point never got through")

    _saved, submitted = together(save, submit)
    assert not isinstance(submitted, Exception), submitted
    assert cast.fresh().stage == "desk_review"
    submission = Submission.objects.get(product="self_assessment", voided_at=None)
    texts = list(Text.objects.filter(seat_id=seat_id, kind="answer").order_by("pk"))
    assert [str(text.version_uid) for text in texts] == submission.versions
    assert all(text.cleared_version == text.version for text in texts)
    for text in texts:
        assert TextVersion.objects.filter(text=text).order_by("-number").first().uid == text.version_uid
