"""A review from launch to closed through the operations alone."""

import pytest

from cases.exceptions import GuardFailed
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


def test_what_one_reviewing_state_shares_is_shared_for_all(cast):
    cast.to("list_of_observations")
    content = {"category": "suggestion", "instrument": "untoc", "articles": [5], "text": "Consider"}
    cast.save("observation", "44444444-4444-4444-8444-444444444444", content, "rfp1")
    assert Task.objects.filter(review=cast.review, key="share_list", done_at=None).count() == 2
    cast.advance("share_list", "rfp2")
    assert not Task.objects.filter(review=cast.review, key="share_list", done_at=None).exists()
    assert Task.objects.filter(review=cast.review, key="agree_list", done_at=None).count() == 3
    with pytest.raises(GuardFailed, match="already"):
        cast.advance("share_list", "rfp1")


def test_nobodys_turn_comes_before_it_is_their_turn(cast):
    """The officer is asked to open the consultations once that step can be taken, not at the launch."""
    task = Task.objects.get(review=cast.review, key="open_consultations")
    registered = Event.objects.filter(review=cast.review, verb="people.register").order_by("seq")
    focal_points = Participation.objects.filter(review=cast.review, role="focal_point").order_by("started_at")
    second = registered.get(object_uid=str(focal_points[1].uid))
    assert task.opened_at == second.at
    assert task.opened_at > registered.first().at


def test_the_timeline_names_who_acted_and_whom_it_concerns(cast):
    """What the Secretariat does about a State's seat is the Secretariat's act, and its officer's name stays inside."""
    from tests.integrity.crawl import signed_in

    page = signed_in(cast.people["fp"]).get(f"/reviews/{cast.review.case}/timeline/").content.decode()
    lines = [" ".join(line.split()) for line in page.split("<li>") if "A person was registered" in line]
    assert len(lines) == 9
    assert all("Secretariat</strong>: A person was registered · Invented X" in line for line in lines)
    assert "Office of officer" not in page
    inside = signed_in(cast.people["officer"]).get(f"/reviews/{cast.review.case}/timeline/").content.decode()
    assert "Office of officer" in inside
