"""The list of observations: who reads it when, who writes it, what the States say of it."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.models import Event, Position, Text, TextVersion

REF = "11111111-1111-4111-8111-111111111111"
WRITERS = ("rfp1", "rexpert1", "rfp2", "rexpert2")
READERS = (*WRITERS, "robserver2")
OTHERS = ("fp", "expert", "observer", "mission", "officer")
EVERYBODY = (*READERS, *OTHERS)
FORM = {
    "category": "suggestion",
    "articles": ["untoc-5", "untoc-2"],
    "text": "Consider a separate offence",
    "language": "en",
}


@pytest.fixture
def page(cast, client):
    """Open or send a page of the review's list as one of the cast."""

    def ask(person, path="", data=None):
        client.logout()
        if person:
            client.force_login(cast.people[person])
        address = f"/reviews/{cast.review.case}/observations/{path}"
        return client.get(address) if data is None else client.post(address, data)

    return ask


@pytest.fixture
def drafting(cast):
    return cast.to("list_of_observations")


@pytest.fixture
def listed(drafting):
    """A list with one observation, in draft."""
    content = {"category": "suggestion", "instrument": "untoc", "articles": [5], "text": "Consider zebra words"}
    drafting.save("observation", REF, content, "rexpert1")
    return drafting


@pytest.fixture
def shared(listed):
    listed.advance("share_list", "rfp1")
    return listed


def written():
    return (Text.objects.count(), TextVersion.objects.count(), Position.objects.count(), Event.objects.count())


def content(response):
    return response.content.decode()


@pytest.mark.parametrize("person", WRITERS)
def test_a_reviewing_state_writes_an_observation(drafting, page, person):
    assert "Who reads this" in content(page(person, "new/"))
    response = page(person, "new/", {**FORM, "key": "k"})
    assert response.status_code == 302
    text = Text.objects.get(kind="observation")
    assert text.content == {
        "category": "suggestion",
        "instrument": "untoc",
        "articles": [2, 5],
        "text": "Consider a separate offence",
        "forms": [],
    }
    assert response.url.endswith(f"#o-{text.ref}")
    assert Event.objects.get(verb="observation.save").room == "reviewers"


@pytest.mark.parametrize(
    ("person", "status"),
    [(one, 403) for one in ("fp", "expert", "observer", "mission", "robserver2", "officer")] + [("outsider", 404)],
)
def test_nobody_else_writes_one(drafting, page, person, status):
    before = written()
    assert page(person, "new/").status_code == status
    assert page(person, "new/", {**FORM, "key": "k"}).status_code == status
    assert written() == before


def test_the_anonymous_are_asked_to_sign_in(listed, page):
    before = written()
    for path, data in (("", None), ("new/", FORM), (f"{REF}/position/", {"stance": "agree"})):
        response = page(None, path, data)
        assert response.status_code == 302
        assert "/accounts/login/" in response.url
    assert written() == before


def test_nothing_is_written_at_another_stage(cast, page):
    cast.to("desk_review")
    before = written()
    assert page("rfp1", "new/").status_code == 409
    assert page("rfp1", "new/", {**FORM, "key": "k"}).status_code == 409
    assert written() == before


def test_nothing_is_written_while_the_review_is_suspended(listed, page):
    listed.advance("suspend", "fp", reason="Elections")
    response = page("rfp1", "new/", {**FORM, "key": "k"})
    assert response.status_code == 409
    assert "suspended" in content(response)
    assert Text.objects.filter(kind="observation").count() == 1


@pytest.mark.parametrize("person", READERS)
def test_reviewing_states_read_the_draft(listed, page, person):
    shown = content(page(person))
    assert "Consider zebra words" in shown
    assert "Only the reviewing States read this draft" in shown
    assert f"observations/{REF}/history/" in shown
    assert ("Write an observation" in shown) == (person in WRITERS)


@pytest.mark.parametrize("person", OTHERS)
def test_nobody_else_reads_a_draft_or_learns_whether_there_is_one(drafting, page, person):
    def shown():
        before, _mark, after = content(page(person)).partition("<main")
        assert before
        return after

    empty = shown()
    assert "have not shared a list of observations yet" in empty
    drafting.save("observation", REF, {"category": "suggestion", "articles": [5], "text": "zebra words"}, "rexpert1")
    assert shown() == empty
    for path in (f"{REF}/", f"{REF}/history/", f"{REF}/take-out/"):
        assert page(person, path).status_code == 404
    assert page(person, f"{REF}/position/", {"stance": "agree", "seen_version": 1}).status_code == 404


def test_an_outsider_sees_no_page_of_it(listed, page):
    for path in ("", "new/", f"{REF}/", f"{REF}/history/", f"{REF}/take-out/"):
        assert page("outsider", path).status_code == 404


@pytest.mark.parametrize("person", EVERYBODY)
def test_everybody_reads_the_shared_list(shared, page, person):
    shown = content(page(person))
    assert "Consider zebra words" in shown
    assert ("observations/new/" in shown) == (person in WRITERS)
    assert ("Take your State" in shown) == (person in ("fp", "rfp1", "rfp2"))
    assert page(person, f"{REF}/history/").status_code == (200 if person in READERS else 404)


def test_others_read_what_was_shared_and_not_what_is_drafted_after_it_was_taken_up_again(shared, page):
    for person in ("fp", "rfp1", "rfp2"):
        shared.hand_over("list_of_observations", "agree_list", person)
    shared.advance("reopen_list", "rfp1", reason="An article was left out")
    content_now = {"category": "suggestion", "instrument": "untoc", "articles": [5], "text": "Consider quagga words"}
    shared.save("observation", REF, content_now, "rfp1", seen=1)
    shown = content(page("fp"))
    assert "zebra" in shown
    assert "quagga" not in shown
    assert "as it was last shared" in shown
    assert "Take your State" not in shown
    assert "quagga" in content(page("rfp2"))
    assert page("fp", f"{REF}/position/", {"stance": "agree", "seen_version": 1}).status_code == 409
    shared.advance("share_list", "rfp1")
    again = content(page("fp"))
    assert "<ins>quagga" in content(page("rfp2"))
    assert "quagga" in again
    assert "<ins>" not in again, "the words before were never shared in the step from one to the other"


def test_what_changed_after_sharing_is_shown_to_all(shared, page):
    now = {"category": "best_practice", "instrument": "untoc", "articles": [6], "text": "Consider quagga words"}
    shared.save("observation", REF, now, "rfp2", seen=1)
    for person in EVERYBODY:
        shown = content(page(person))
        assert "<del>zebra </del><ins>quagga </ins>" in shown
        assert "Suggestion · Organized Crime Convention" in shown


def test_a_change_keeps_the_version_before(listed, page):
    response = page("rfp2", f"{REF}/", {**FORM, "text": "Consider\r\n\r\nmore\x00", "seen_version": 1, "key": "k"})
    assert response.status_code == 302
    text = Text.objects.get(ref=REF)
    assert (text.version, text.content["text"], text.content["articles"]) == (2, "Consider\n\nmore", [2, 5])
    shown = content(page("rexpert1", f"{REF}/history/"))
    assert "Consider zebra words" in shown
    assert "Version 2" in shown
    assert "Invented XAC" in shown


def test_a_change_of_an_older_version_shows_both_texts(listed, page):
    page("rfp2", f"{REF}/", {**FORM, "text": "Theirs was first", "seen_version": 1, "key": "k1"})
    before = written()
    response = page("rfp1", f"{REF}/", {**FORM, "text": "Mine came second", "seen_version": 1, "key": "k2"})
    shown = content(response)
    assert response.status_code == 409
    for words in ("Theirs was first", "Mine came second", "Consider zebra words"):
        assert words in shown
    assert 'name="seen_version" value="2"' in shown
    assert written() == before
    assert page("rfp1", f"{REF}/", {**FORM, "seen_version": 2, "key": "k3"}).status_code == 302


def test_a_form_sent_twice_acts_once(drafting, page):
    assert page("rfp1", "new/", {**FORM, "key": "once"}).status_code == 302
    response = page("rfp1", "new/", {**FORM, "key": "once"})
    assert response.status_code == 302
    assert response.url.endswith("/observations/")
    assert Text.objects.filter(kind="observation").count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"category": ""}, "category"),
        ({"articles": []}, "articles"),
        ({"articles": ["untoc-4"]}, "articles"),
        ({"articles": ["untoc-5", "tip-3"]}, "articles"),
        ({"text": "  "}, "text"),
        ({"text": "x" * 20_001}, "text"),
        ({"language": "de"}, "text-language"),
        ({"forms": ["legal_advice"]}, "forms"),
    ],
)
def test_bad_input_says_where_and_keeps_what_was_typed(drafting, page, change, field):
    before = written()
    response = page("rexpert1", "new/", {**FORM, "text": "Typed with care", "key": "k", **change})
    shown = content(response)
    assert response.status_code == 422
    assert f'href="#{field}"' in shown
    assert f'id="{field}"' in shown
    assert f'id="{field}-error"' in shown
    if "text" not in change:
        assert "Typed with care" in shown
    if "articles" not in change:
        assert 'value="untoc-5" checked' in shown
    assert written() == before


def test_a_need_for_assistance_has_its_forms(drafting, page):
    data = {**FORM, "category": "assistance_need", "forms": ["legal_advice", "unknown"], "key": "k"}
    assert page("rfp1", "new/", data).status_code == 302
    assert Text.objects.get(kind="observation").content["forms"] == ["legal_advice"]
    assert "Legal advice" in content(page("rfp2"))


def test_taking_out_tells_what_follows_and_stays_in_the_record(shared, page):
    assert "at once" in content(page("rexpert1", f"{REF}/take-out/"))
    assert page("rexpert1", f"{REF}/take-out/", {"seen_version": 1, "key": "k"}).status_code == 302
    assert "zebra" not in content(page("fp"))
    assert f"observations/{REF}/history/" in content(page("rfp2"))
    assert "zebra" in content(page("rfp2", f"{REF}/history/"))
    response = page("rfp1", f"{REF}/", {**FORM, "text": "Typed meanwhile", "seen_version": 1, "key": "k2"})
    assert response.status_code == 409
    assert "Typed meanwhile" in content(response)
    assert TextVersion.objects.filter(text__ref=REF).count() == 1


def test_taking_out_an_older_version_is_refused(listed, page):
    page("rfp2", f"{REF}/", {**FORM, "text": "Changed meanwhile", "seen_version": 1, "key": "k1"})
    response = page("rfp1", f"{REF}/take-out/", {"seen_version": 1, "key": "k2"})
    assert response.status_code == 409
    assert "Changed meanwhile" in content(response)
    assert Text.objects.get(ref=REF).withdrawn_at is None


@pytest.mark.parametrize(
    ("person", "status"),
    [(one, 403) for one in ("expert", "observer", "mission", "rexpert1", "rexpert2", "robserver2", "officer")]
    + [("outsider", 404)],
)
def test_only_focal_points_take_positions(shared, page, person, status):
    before = written()
    data = {"stance": "object", "reason": "Typed reason", "seen_version": 1, "key": "k"}
    response = page(person, f"{REF}/position/", data)
    assert response.status_code == status
    assert ("Typed reason" in content(response)) == (status == 403)
    assert written() == before


def test_each_state_says_what_it_thinks_and_everybody_reads_it(shared, page):
    reason = {"stance": "reservation", "reason": "Article 5 is wider", "language": "en", "seen_version": 1, "key": "a"}
    assert page("fp", f"{REF}/position/", reason).status_code == 302
    assert page("rfp2", f"{REF}/position/", {"stance": "agree", "seen_version": 1, "key": "b"}).status_code == 302
    for person in EVERYBODY:
        shown = content(page(person))
        assert "Article 5 is wider" in shown
        assert "agrees with a reservation" in shown
    page("fp", f"{REF}/position/", {"stance": "agree", "seen_version": 1, "key": "c"})
    assert "Article 5 is wider" not in content(page("rfp1"))
    history = content(page("rfp1", f"{REF}/history/"))
    assert "no longer stands" in history
    assert "Article 5 is wider" in history


@pytest.mark.parametrize("stance", ["object", "reservation", ""])
def test_a_position_without_its_reason_comes_back(shared, page, stance):
    before = written()
    data = {"stance": stance, "reason": "" if stance else "Kept words", "seen_version": 1, "key": "k", "language": "fr"}
    response = page("fp", f"{REF}/position/", data)
    shown = content(response)
    uid = Text.objects.get(ref=REF).uid
    assert response.status_code == 422
    assert f'id="{"reason" if stance else "stance"}-{uid}-error"' in shown
    assert '<option value="fr" lang="fr" selected>' in shown
    if stance:
        assert f'value="{stance}" checked' in shown
    else:
        assert "Kept words" in shown
    assert written() == before


def test_a_position_on_older_words_is_refused_with_both_texts(shared, page):
    now = {"category": "suggestion", "instrument": "untoc", "articles": [5], "text": "Consider quagga words"}
    shared.save("observation", REF, now, "rfp2", seen=1)
    before = written()
    response = page("fp", f"{REF}/position/", {"stance": "object", "reason": "Typed", "seen_version": 1, "key": "k"})
    shown = content(response)
    assert response.status_code == 409
    assert "<del>zebra </del><ins>quagga </ins>" in shown
    assert ">Typed</textarea>" in shown
    assert written() == before


def test_positions_lapse_when_the_words_change(shared, page):
    page("fp", f"{REF}/position/", {"stance": "agree", "seen_version": 1, "key": "a"})
    assert "States have taken positions" in content(page("rfp1", f"{REF}/"))
    page("rfp1", f"{REF}/", {**FORM, "seen_version": 1, "key": "k"})
    assert 'class="positions"' not in content(page("fp"))


def test_no_position_after_the_list_is_agreed(shared, page):
    for person in ("fp", "rfp1", "rfp2"):
        shared.hand_over("list_of_observations", "agree_list", person)
    before = written()
    assert page("fp", f"{REF}/position/", {"stance": "agree", "seen_version": 1, "key": "k"}).status_code == 409
    assert written() == before
    shown = content(page("fp"))
    assert "All States that take part have agreed" in shown
    assert "Take your State" not in shown


def test_the_next_step_is_named_with_whose_it_is(listed, page):
    shown = content(page("rfp1"))
    assert "Share the list of observations" in shown
    assert f"/reviews/{listed.review.case}/#can-title" in shown
    assert "#can-title" not in content(page("rexpert1"))
    listed.advance("share_list", "rfp1")
    assert "clear/list_of_observations/" in content(page("fp"))
    assert "clear/list_of_observations/" not in content(page("expert"))
    listed.hand_over("list_of_observations", "agree_list", "fp")
    shown = content(page("fp"))
    assert "waiting for Invented XAB, Invented XAC" in shown
    assert "clear/list_of_observations/" not in shown


def test_the_person_is_shown_to_their_own_side_only(shared, page):
    name = "Office of rexpert1"
    assert name in content(page("rfp1"))
    assert name in content(page("rfp1", f"{REF}/history/"))
    for person in ("fp", "rfp2", "officer"):
        assert name not in content(page(person))
    assert name not in content(page("rfp2", f"{REF}/history/"))


def test_observations_stand_by_category_and_in_the_order_of_the_treaty(drafting, page):
    rows = [
        ("suggestion", "untoc", [5], "fourth"),
        ("gap_challenge", "firearms", [3], "third"),
        ("gap_challenge", "untoc", [10], "second"),
        ("gap_challenge", "untoc", [6, 8], "first"),
    ]
    for category, instrument, articles, text in rows:
        about = {"category": category, "instrument": instrument, "articles": articles, "text": f"words {text}"}
        drafting.save("observation", str(uuid4()), about, "rfp1")
    shown = content(page("rfp1"))
    places = [shown.index(f"words {text}") for text in ("first", "second", "third", "fourth")]
    assert places == sorted(places)


def test_words_stand_in_their_language(drafting, page):
    about = {"category": "suggestion", "instrument": "untoc", "articles": [5], "text": "نص الملاحظة"}
    drafting.save("observation", REF, about, "rfp1", language="ar")
    assert '<div class="state-text" lang="ar" dir="rtl"><p>نص الملاحظة</p></div>' in content(page("rfp2"))


@pytest.mark.parametrize("person", ["rfp1", "fp", "officer"])
def test_the_list_takes_the_same_queries_however_long_it_is(drafting, page, client, person):
    def add(number):
        for _index in range(number):
            ref = str(uuid4())
            about = {"category": "suggestion", "instrument": "untoc", "articles": [5], "text": "zebra"}
            drafting.save("observation", ref, about, "rfp1")
            drafting.save("observation", ref, {**about, "text": "quagga"}, "rfp2", seen=1)

    def queries():
        assert page(person).status_code == 200
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/reviews/{drafting.review.case}/observations/").status_code == 200
        return len(captured)

    add(1)
    drafting.advance("share_list", "rfp1")
    counts = [queries()]
    add(9)
    counts.append(queries())
    add(90)
    counts.append(queries())
    assert len(set(counts)) == 1, counts
    assert counts[0] <= 14
