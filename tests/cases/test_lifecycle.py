"""A review from launch to closed through the operations alone."""

from cases.models import Event, Participation, Task, Text
from cases.queries import tasks_for, texts_for, timeline_for
from cases.rights import rights_for


def test_a_review_runs_from_launch_to_closed(cast):
    cast.to("closed")
    verbs = list(Event.objects.filter(case=cast.review.case).order_by("seq").values_list("verb", flat=True))
    assert verbs[0] == "review.open"
    assert verbs[-1] == "review.close_follow_up"
    assert not Task.objects.filter(review=cast.review, done_at=None).exists()
    assert Participation.objects.filter(review=cast.review, ended_at=None).count() == 10
    assert cast.fresh().history.count() > 10


def test_others_read_the_cleared_version_and_nothing_before(cast):
    cast.to("self_assessment")
    cast.save("answer", "C1-UNTOC-5-07", {"value": "yes", "text": "first"}, "expert")
    review = cast.fresh()
    for person in ("rfp1", "officer", "mission", "robserver2"):
        assert texts_for(rights_for(cast.people[person], review), "answer") == []
    for person in ("fp", "expert", "observer"):
        assert len(texts_for(rights_for(cast.people[person], review), "answer")) == 1
    cast.hand_over("self_assessment", "submit_self_assessment", "fp")
    cast.advance("reopen_self_assessment", "fp")
    cast.save("answer", "C1-UNTOC-5-07", {"value": "yes", "text": "second"}, "expert", seen=1)
    review = cast.fresh()
    (read,) = texts_for(rights_for(cast.people["rfp1"], review), "answer")
    assert read.content["text"] == "first"
    (own,) = texts_for(rights_for(cast.people["fp"], review), "answer")
    assert own.content["text"] == "second"
    assert own.draft


def test_tasks_fall_to_whoever_holds_the_role(cast):
    cast.to("self_assessment")
    assert {task.key for task in tasks_for(cast.people["fp"])} == {"submit_self_assessment"}
    assert {task.key for task in tasks_for(cast.people["expert"])} == {"draft_answers"}
    assert not tasks_for(cast.people["rfp1"]).exists()
    assert timeline_for(rights_for(cast.people["fp"], cast.fresh())).count() > 5
    assert Text.objects.count() == 1
