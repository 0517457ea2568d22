"""Requests for clarification in the browser: who asks, replies, drafts and settles, and who reads what of it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.enums import QueryStatus
from cases.exceptions import BadInput
from cases.models import Event, Message, Query, Task, Text
from cases.operations.deadlines import extend_deadline
from cases.operations.dialogue import ask_query, reply_query, settle_query
from cases.views import queries as views

QUESTION = "C1-UNTOC-5-07"
READERS = ("fp", "expert", "observer", "mission", "rfp1", "rexpert1", "rfp2", "rexpert2", "robserver2", "officer")
ASKERS = ("rfp1", "rexpert1", "rfp2", "rexpert2")


@pytest.fixture
def dialogue(cast):
    return cast.to("desk_review")


def page(cast, tail=""):
    return f"/reviews/{cast.review.case}/queries/{tail}"


def ask(cast, person="rfp1", *, subject=QUESTION, words="What does section 4 cover?"):
    return ask_query(
        case=cast.review.case, subject=subject, words=words, language="en", by=cast.people[person], at=cast.at
    )


def reply(cast, query, *, words="It covers preparation too."):
    query.refresh_from_db()
    return reply_query(
        case=cast.review.case,
        query_uid=str(query.uid),
        words=words,
        language="en",
        by=cast.people["fp"],
        at=cast.at,
        seen_version=query.version,
    )


def settle(cast, query, how="withdrawn", person="rfp1"):
    query.refresh_from_db()
    return settle_query(
        case=cast.review.case,
        query_uid=str(query.uid),
        how=how,
        by=cast.people[person],
        at=cast.at,
        seen_version=query.version,
    )


def enter(client, cast, person):
    client.force_login(cast.people[person])
    return client


def form(**fields):
    return {"key": "a-form", "language": "en", "words": "Which courts apply it?", **fields}


def html(answer):
    return answer.content.decode()


def test_everybody_in_the_review_reads_and_nobody_else(dialogue, client):
    query = ask(dialogue)
    for person in READERS:
        enter(client, dialogue, person)
        assert "What does section 4 cover?" in html(client.get(page(dialogue)))
        assert "What does section 4 cover?" in html(client.get(page(dialogue, f"{query.uid}/")))
    enter(client, dialogue, "outsider")
    for tail in ("", "ask/", f"{query.uid}/"):
        assert client.get(page(dialogue, tail)).status_code == 404
    client.logout()
    assert client.get(page(dialogue)).status_code == 302


def test_a_request_of_another_review_is_not_found_here(dialogue, client):
    from tests.conftest import make_review

    other = make_review(phase_key="test-2", code="XBA", same="XBB", other="XBC", prefix="b-").to("desk_review")
    foreign = ask(other)
    where = page(dialogue, f"{foreign.uid}/")
    for person, act in (("fp", "reply"), ("fp", "draft"), ("rfp1", "settle")):
        enter(client, dialogue, person)
        assert client.get(where).status_code == 404
        assert client.post(f"{where}{act}/", form(seen_version=1, how="withdrawn")).status_code == 404
    foreign.refresh_from_db()
    assert foreign.status == "asked"
    assert not Text.objects.filter(kind="reply").exists()


@pytest.mark.parametrize("person", ASKERS)
def test_people_of_reviewing_states_ask(dialogue, client, person):
    answer = enter(client, dialogue, person).post(page(dialogue, "ask/"), form(subject=QUESTION))
    query = Query.objects.get()
    assert answer.url == page(dialogue, f"{query.uid}/")
    assert query.seat == dialogue.seat(person)
    assert Message.objects.get().text.cleared_content == {"text": "Which courts apply it?"}
    assert Event.objects.filter(verb="query.ask", actor=dialogue.people[person]).count() == 1


@pytest.mark.parametrize(
    ("person", "status"),
    [
        *((person, 403) for person in ("fp", "expert", "observer", "mission", "robserver2", "officer")),
        ("outsider", 404),
    ],
)
def test_others_do_not_ask(dialogue, client, person, status):
    enter(client, dialogue, person)
    if status != 404:
        assert "Reviewing States ask for clarification." in html(client.get(page(dialogue, "ask/")))
    answer = client.post(page(dialogue, "ask/"), form(subject=QUESTION))
    assert answer.status_code == status
    assert not Query.objects.exists()


def test_asking_waits_for_its_stage_and_says_so(cast, client):
    cast.to("self_assessment")
    enter(client, cast, "rfp1")
    shown = html(client.get(page(cast, "ask/")))
    assert "Send the request" not in shown
    assert "Desk review and dialogue" in shown
    answer = client.post(page(cast, "ask/"), form(subject=QUESTION))
    assert answer.status_code == 409
    assert "Which courts apply it?" in html(answer)
    assert not Query.objects.exists()


def test_a_request_without_words_subject_or_language_keeps_what_was_typed(dialogue, client):
    enter(client, dialogue, "rfp1")
    answer = client.post(page(dialogue, "ask/"), form(subject=QUESTION, words="  "))
    assert answer.status_code == 422
    assert "Write what you want to say." in html(answer)
    assert f'value="{QUESTION}" selected' in html(answer)
    answer = client.post(page(dialogue, "ask/"), form(subject="C9-NONE", language="xx"))
    assert answer.status_code == 422
    assert "Choose the question or article you ask about." in html(answer)
    assert 'href="#text-language"' in html(answer)
    assert "Which courts apply it?" in html(answer)
    assert not Query.objects.exists()


def test_a_state_is_asked_only_about_what_it_is_asked(dialogue, client):
    dialogue.review.state.ratifications.filter(instrument="firearms").delete()
    with pytest.raises(BadInput):
        ask(dialogue, subject="C1-FIREARMS-5-52")
    assert "C1-FIREARMS" not in html(enter(client, dialogue, "rfp1").get(page(dialogue, "ask/")))
    assert ask(dialogue, subject="untoc-5").subject == "untoc-5"


def test_pressing_twice_asks_once(dialogue, client):
    enter(client, dialogue, "rfp1")
    client.post(page(dialogue, "ask/"), form(subject=QUESTION))
    again = client.post(page(dialogue, "ask/"), form(subject=QUESTION), follow=True)
    assert "it acted once" in html(again)
    assert Query.objects.count() == 1
    other = client.post(page(dialogue, "ask/"), form(subject=QUESTION, words="And another thing?"))
    assert other.status_code == 409
    assert Query.objects.count() == 1


def test_the_focal_point_replies_and_the_person_is_named_to_the_own_side_only(dialogue, client):
    query = ask(dialogue)
    answer = enter(client, dialogue, "fp").post(
        page(dialogue, f"{query.uid}/reply/"), form(words="All courts do.", seen_version=1)
    )
    assert answer.status_code == 302
    query.refresh_from_db()
    assert query.status == QueryStatus.ANSWERED
    own_side = html(enter(client, dialogue, "expert").get(answer.url))
    assert "Office of fp" in own_side
    assert "Office of rfp1" not in own_side
    askers = html(enter(client, dialogue, "rexpert1").get(answer.url))
    assert "All courts do." in askers
    assert "Office of rfp1" in askers
    assert "Office of fp" not in askers
    for person in ("officer", "rfp2"):
        others = html(enter(client, dialogue, person).get(answer.url))
        assert "Office of fp" not in others
        assert "Office of rfp1" not in others


@pytest.mark.parametrize("person", ["expert", "observer", "mission", "rfp1", "rexpert1", "robserver2", "officer"])
def test_others_do_not_reply(dialogue, client, person):
    query = ask(dialogue)
    answer = enter(client, dialogue, person).post(page(dialogue, f"{query.uid}/reply/"), form(seen_version=1))
    assert answer.status_code == 403
    assert "Which courts apply it?" in html(answer)
    query.refresh_from_db()
    assert (query.status, query.version) == ("asked", 1)
    assert Text.objects.filter(kind="reply").count() == 0


def test_a_reply_to_what_has_moved_on_is_shown_with_what_came_between(dialogue, client):
    query = ask(dialogue)
    reply(dialogue, query, words="A first reply.")
    answer = enter(client, dialogue, "fp").post(
        page(dialogue, f"{query.uid}/reply/"), form(words="A second reply.", seen_version=1)
    )
    assert answer.status_code == 409
    assert "This request has moved on since you opened the page." in html(answer)
    assert "A first reply." in html(answer)
    assert "A second reply." in html(answer)
    assert Message.objects.count() == 2
    settle(dialogue, query)
    answer = client.post(page(dialogue, f"{query.uid}/reply/"), form(key="b", words="A third one.", seen_version=2))
    assert answer.status_code == 409
    assert "A third one." in html(answer)
    assert Message.objects.count() == 2


def test_an_empty_reply_is_refused_and_pressing_twice_replies_once(dialogue, client):
    query = ask(dialogue)
    enter(client, dialogue, "fp")
    answer = client.post(page(dialogue, f"{query.uid}/reply/"), form(words=" ", seen_version=1))
    assert answer.status_code == 422
    assert "Write what you want to say." in html(answer)
    for _press in range(2):
        answer = client.post(page(dialogue, f"{query.uid}/reply/"), form(seen_version=1))
        assert answer.status_code == 302
    assert Message.objects.count() == 2


def test_an_expert_drafts_the_reply_that_the_focal_point_sends(dialogue, client):
    query = ask(dialogue)
    where = page(dialogue, f"{query.uid}/")
    entries = Event.objects.count()
    enter(client, dialogue, "expert")
    assert "Send the reply" not in html(client.get(where))
    client.post(where + "draft/", form(words="A draft reply.", draft_version=0))
    assert "A draft reply." in html(client.get(where))
    assert Event.objects.count() == entries
    for person in ("rfp1", "rexpert2", "robserver2", "officer", "mission"):
        assert "A draft reply." not in html(enter(client, dialogue, person).get(where)), person
    assert "A draft reply." not in html(enter(client, dialogue, "observer").get(where))
    shown = html(enter(client, dialogue, "fp").get(where))
    assert "A draft reply." in shown
    assert "Send the reply" in shown
    client.post(where + "reply/", form(words="A draft reply, changed.", seen_version=1, draft_version=1))
    shown = html(client.get(where))
    assert "A draft reply, changed." in shown
    assert "Draft of your State" not in shown
    assert Text.objects.get(kind="reply", ref=str(query.uid)).cleared_version is None
    dialogue.save("reply", str(query.uid), {"text": "An addition."}, "expert", seen=1)
    Text.objects.filter(ref=str(query.uid)).update(updated_at=Message.objects.latest("pk").at + timedelta(hours=1))
    assert "An addition." in html(client.get(where))


@pytest.mark.parametrize("person", ["observer", "mission", "rfp1", "rexpert1", "robserver2", "officer"])
def test_others_draft_no_reply(dialogue, client, person):
    query = ask(dialogue)
    answer = enter(client, dialogue, person).post(page(dialogue, f"{query.uid}/draft/"), form(draft_version=0))
    assert answer.status_code == 403
    assert not Text.objects.filter(kind="reply").exists()


def test_two_drafts_from_the_same_words_are_both_shown(dialogue, client):
    query = ask(dialogue)
    dialogue.save("reply", str(query.uid), {"text": "The common beginning."}, "expert")
    dialogue.save("reply", str(query.uid), {"text": "What the expert wrote."}, "expert", seen=1)
    answer = enter(client, dialogue, "fp").post(
        page(dialogue, f"{query.uid}/draft/"), form(words="What the focal point wrote.", draft_version=1)
    )
    assert answer.status_code == 409
    for words in ("The common beginning.", "What the expert wrote.", "What the focal point wrote."):
        assert words in html(answer)
    assert Text.objects.get(kind="reply").content == {"text": "What the expert wrote."}
    assert 'name="draft_version" value="2"' in html(answer)


def test_a_draft_of_a_settled_request_or_without_a_language_is_refused(dialogue, client):
    query = ask(dialogue)
    enter(client, dialogue, "expert")
    answer = client.post(page(dialogue, f"{query.uid}/draft/"), form(language="tlh", draft_version=0))
    assert answer.status_code == 422
    assert "Which courts apply it?" in html(answer)
    settle(dialogue, query)
    answer = client.post(page(dialogue, f"{query.uid}/draft/"), form(draft_version=0))
    assert answer.status_code == 409
    assert "Which courts apply it?" in html(answer)
    assert not Text.objects.filter(kind="reply").exists()


@pytest.mark.parametrize("how", ["accepted", "withdrawn", "carried"])
def test_the_state_that_asked_settles(dialogue, client, how):
    query = ask(dialogue)
    reply(dialogue, query)
    enter(client, dialogue, "rexpert1")
    assert "Settle the request" in html(client.get(page(dialogue, f"{query.uid}/")))
    for _press in range(2):
        answer = client.post(page(dialogue, f"{query.uid}/settle/"), {"key": "s", "how": how, "seen_version": 2})
        assert answer.status_code == 302
    query.refresh_from_db()
    assert query.status == how
    assert Event.objects.filter(verb="query.settle").count() == 1
    shown = html(client.get(page(dialogue, f"{query.uid}/")))
    assert "Settle the request" not in shown
    assert "settled this request" in shown


@pytest.mark.parametrize("person", ["fp", "expert", "observer", "mission", "rfp2", "rexpert2", "robserver2", "officer"])
def test_nobody_else_settles(dialogue, client, person):
    query = ask(dialogue)
    enter(client, dialogue, person)
    assert "Settle the request" not in html(client.get(page(dialogue, f"{query.uid}/")))
    answer = client.post(page(dialogue, f"{query.uid}/settle/"), {"key": "s", "how": "withdrawn", "seen_version": 1})
    assert answer.status_code == 403
    query.refresh_from_db()
    assert query.status == "asked"


def test_a_reply_can_be_accepted_once_there_is_one_and_not_from_an_old_page(dialogue, client):
    query = ask(dialogue)
    enter(client, dialogue, "rfp1")
    where = page(dialogue, f"{query.uid}/")
    assert 'value="accepted"' not in html(client.get(where))
    answer = client.post(where + "settle/", {"key": "s", "how": "accepted", "seen_version": 1})
    assert answer.status_code == 422
    assert "Choose how the request ends." in html(answer)
    reply(dialogue, query, words="Here is the reply.")
    answer = client.post(where + "settle/", {"key": "s", "how": "withdrawn", "seen_version": 1})
    assert answer.status_code == 409
    assert "Here is the reply." in html(answer)
    query.refresh_from_db()
    assert query.status == "answered"


def test_the_list_is_filtered_by_section_and_by_how_a_request_stands(dialogue, client):
    of_question, of_section = (
        ask(dialogue, words="About a question"),
        ask(dialogue, subject="untoc-5", words="All of 5"),
    )
    elsewhere, ended = ask(dialogue, subject="untoc-6", words="Of six"), ask(dialogue, words="Ended already")
    settle(dialogue, ended)
    enter(client, dialogue, "rfp2")
    shown = html(client.get(page(dialogue)))
    assert [shown.index(str(one.uid)) for one in (of_question, of_section, elsewhere, ended)] == sorted(
        shown.index(str(one.uid)) for one in (of_question, of_section, elsewhere, ended)
    )
    shown = html(client.get(page(dialogue, "?about=untoc-5")))
    assert str(of_question.uid) in shown
    assert str(of_section.uid) in shown
    assert str(ended.uid) in shown
    assert str(elsewhere.uid) not in shown
    shown = html(client.get(page(dialogue, f"?about={QUESTION}&status=withdrawn")))
    assert str(ended.uid) in shown
    assert str(of_question.uid) not in shown
    assert str(of_section.uid) not in shown


def test_settled_requests_come_page_by_page(dialogue, client, monkeypatch):
    monkeypatch.setattr(views, "ENDED_SHOWN", 2)
    ended = [ask(dialogue, words=f"Number {number}") for number in range(5)]
    for query in ended:
        settle(dialogue, query)
    still = ask(dialogue, words="Still open")
    enter(client, dialogue, "fp")
    seen, where = [], page(dialogue)
    while where:
        answer = client.get(where)
        seen += [query for query in ended if str(query.uid) in html(answer)]
        assert (str(still.uid) in html(answer)) == (where == page(dialogue))
        where = page(dialogue, answer.context["older"]) if answer.context and answer.context["older"] else ""
        if not answer.context:
            break
    assert seen[:2] == [ended[3], ended[4]]
    assert client.get(page(dialogue, "?before=nonsense")).status_code == 200


def test_whose_move_it_is_is_said_to_each_side(dialogue, client):
    query = ask(dialogue)
    where = page(dialogue, f"{query.uid}/")
    assert "Your State replies next" in html(enter(client, dialogue, "observer").get(where))
    assert "Waiting for the reply of Invented XAA" in html(enter(client, dialogue, "rfp2").get(where))
    reply(dialogue, query)
    assert "Waiting for Invented XAB to settle its request" in html(enter(client, dialogue, "fp").get(where))
    assert "Your State reads the reply and settles the request" in html(enter(client, dialogue, "rexpert1").get(where))


def test_each_request_has_its_own_date_and_more_time_moves_it(dialogue, client):
    first = ask(dialogue)
    dialogue.now += timedelta(days=20)
    second = ask(dialogue, "rfp2")
    assert second.due_on > first.due_on
    (task,) = Task.objects.filter(key="reply_to_query", role="focal_point", done_at=None)
    assert task.due_on == first.due_on
    reply(dialogue, first)
    task.refresh_from_db()
    assert task.done_at is None
    assert task.due_on == second.due_on
    extend_deadline(
        case=dialogue.review.case,
        task_uid=str(task.uid),
        seen_due_on=task.due_on,
        due_on=task.due_on + timedelta(days=30),
        reason="Translation",
        by=dialogue.people["officer"],
        at=dialogue.at,
    )
    enter(client, dialogue, "fp")
    moved = (second.due_on + timedelta(days=30)).isoformat()
    assert f'datetime="{moved}"' in html(client.get(page(dialogue, f"{second.uid}/")))
    assert f'datetime="{moved}"' in html(client.get(page(dialogue)))
    third = ask(dialogue)
    assert third.due_on == max(second.due_on + timedelta(days=30), third.due_on)
    reply(dialogue, second)
    settle(dialogue, third)
    task.refresh_from_db()
    assert task.done_at is not None


def test_while_suspended_the_dialogue_rests_and_says_why(dialogue, client):
    query = ask(dialogue)
    dialogue.advance("suspend", "fp", reason="Elections")
    enter(client, dialogue, "fp")
    shown = html(client.get(page(dialogue, f"{query.uid}/")))
    assert "The review is suspended; all dates are paused." in shown
    assert "Send the reply" not in shown
    answer = client.post(page(dialogue, f"{query.uid}/reply/"), form(seen_version=1))
    assert answer.status_code == 409
    assert Message.objects.count() == 1


def test_the_number_of_statements_does_not_grow(dialogue, client):
    query = ask(dialogue)
    enter(client, dialogue, "rfp1")
    client.get(page(dialogue))

    def count(where):
        with CaptureQueriesContext(connection) as statements:
            assert client.get(where).status_code == 200
        return len(statements)

    few = count(page(dialogue)), count(page(dialogue, f"{query.uid}/")), count(page(dialogue, "ask/"))
    for number in range(12):
        one = ask(dialogue, ASKERS[number % 4])
        reply(dialogue, one)
        if number % 2:
            settle(dialogue, one, person=ASKERS[number % 4])
        reply(dialogue, query, words=f"More {number}")
    assert (count(page(dialogue)), count(page(dialogue, f"{query.uid}/")), count(page(dialogue, "ask/"))) == few
    assert max(few) <= 12
