"""Documents: what was handed over, what a State opens, the trail as a file and the content behind its entries."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.models import Checkpoint, Event, Interval, Publication, Question, Review, Seat, Submission
from cases.rights import rights_for
from workflow.ledger import content_digest, generate_key

SIDES = {
    "fp": "XAA", "expert": "XAA", "observer": "XAA", "mission": "XAA", "rfp1": "XAB", "rexpert1": "XAB",
    "rfp2": "XAC", "rexpert2": "XAC", "robserver2": "XAC", "officer": None,
}  # fmt: skip
EVERYBODY = tuple(SIDES)
VERIFIER = Path(settings.BASE_DIR) / "tools" / "verify_audit.py"


@pytest.fixture(autouse=True)
def signing_key(settings, tmp_path):
    """A key of the test's own: with a server database none is ever made up."""
    settings.AUDIT_KEY_FILE = tmp_path / "audit.key"
    generate_key(settings.AUDIT_KEY_FILE)


@pytest.fixture
def page(cast, client):
    """Open or send a page of the review as one of the cast; ``path`` begins at its documents unless it has a slash."""

    def ask(person, path="", data=None, *, at="documents/"):
        client.logout()
        if person:
            client.force_login(cast.people[person])
        address = f"/reviews/{cast.review.case}/{at}{path}"
        return client.get(address) if data is None else client.post(address, data)

    return ask


def content(response):
    return response.content.decode()


def rows():
    return (Event.objects.count(), Publication.objects.count(), Interval.objects.count(), Checkpoint.objects.count())


def handed_over(product, cast, person):
    return Submission.objects.get(product=product, seat=cast.seat(person), voided_at=None)


@pytest.mark.parametrize("person", EVERYBODY)
def test_everybody_reads_what_was_handed_over_and_by_which_state(cast, page, person):
    cast.to("concluded")
    shown = content(page(person))
    assert Submission.objects.count() == 12
    for row in Submission.objects.all():
        assert row.digest in shown
        assert f"documents/{row.uid}/" in shown
    for focal_point, state in (("fp", "XAA"), ("rfp1", "XAB"), ("rfp2", "XAC")):
        named = f"Office of {focal_point}" in shown.partition("<main")[2]
        assert named == (SIDES[person] == state), focal_point


def test_what_is_cleared_but_not_handed_over_is_nowhere(cast, page):
    cast.to("self_assessment").save("answer", "C1-UNTOC-5-07", {"value": "no", "text": "zebra"}, "expert")
    row = cast.clear("self_assessment", "fp")
    for person in EVERYBODY:
        assert row.digest not in content(page(person))
        assert page(person, f"{row.uid}/").status_code == 404


def test_outsiders_and_the_anonymous_see_no_document(cast, page):
    cast.to("desk_review")
    row = handed_over("self_assessment", cast, "fp")
    for path in ("", f"{row.uid}/"):
        assert page("outsider", path).status_code == 404
        assert "/accounts/login/" in page(None, path).url


@pytest.mark.parametrize("person", EVERYBODY)
def test_a_document_is_exactly_what_was_handed_over(cast, page, person):
    cast.to("self_assessment")
    question = Question.objects.get(key="C1-UNTOC-5-07")
    cast.save("answer", question.key, {"value": "yes", "text": "كلمات أولى", "citations": []}, "expert", language="ar")
    cast.hand_over("self_assessment", "submit_self_assessment", "fp")
    row = handed_over("self_assessment", cast, "fp")
    cast.advance("reopen_self_assessment", "fp")
    cast.save("answer", question.key, {"value": "no", "text": "quagga"}, "expert", seen=1)
    shown = content(page(person, f"{row.uid}/"))
    assert question.text["en"] in shown
    assert '<div class="state-text" lang="ar" dir="rtl"><p>كلمات أولى</p></div>' in shown
    assert "quagga" not in shown
    assert row.digest in shown
    assert "no longer stands" in shown


def test_a_document_of_another_review_is_not_shown_here(cast, page):
    from tests.conftest import make_review

    other = make_review(phase_key="test-1", code="XBA", same="XBB", other="XBC", prefix="b-")
    other.to("desk_review")
    row = handed_over("self_assessment", other, "fp")
    assert page("officer", f"{row.uid}/").status_code == 404
    assert page("fp", f"{row.uid}/").status_code == 404


def test_every_product_can_be_read_and_printed(cast, page):
    cast.to("concluded")
    words = {
        "consultations": "Two calls ordinary",
        "self_assessment": "Reasons ordinary",
        "feedback": "We read it ordinary",
        "list_of_observations": "Consider ordinary",
        "summary": "In short ordinary",
    }
    for row in Submission.objects.select_related("seat"):
        shown = content(page("mission", f"{row.uid}/"))
        assert words[row.product] in shown
        assert row.digest in shown
    page("fp", "trail.jsonl", {})
    newest = Checkpoint.objects.get()
    assert newest.hash in content(page("mission", f"{row.uid}/"))
    assert newest.hash in content(page("mission"))


def test_the_state_under_review_decides_what_it_opens(cast, page):
    cast.to("concluded")
    data = {"product": "summary", "scope": "public", "key": "once"}
    assert page("fp", "publish/", data).status_code == 302
    assert page("fp", "publish/", data).status_code == 302
    publication = Publication.objects.get()
    for person in EVERYBODY:
        shown = content(page(person))
        assert "the public · decided on" in shown
        assert ("take-back/" in shown) == (person == "fp")
    assert page("fp", f"publish/{publication.uid}/take-back/", {"key": "back"}).status_code == 302
    publication.refresh_from_db()
    assert publication.withdrawn_at is not None
    assert "taken back on" in content(page("rfp2"))
    assert list(Event.objects.filter(verb__startswith="document.").values_list("verb", flat=True)) == [
        "document.publish",
        "document.unpublish",
    ]


@pytest.mark.parametrize(
    ("person", "status"),
    [(one, 403) for one in EVERYBODY if one != "fp"] + [("outsider", 404), (None, 302)],
)
def test_nobody_else_decides_it(cast, page, person, status):
    cast.to("concluded")
    page("fp", "publish/", {"product": "summary", "scope": "parties", "key": "k"})
    before = rows()
    assert page(person, "publish/", {"product": "summary", "scope": "public", "key": "x"}).status_code == status
    back = f"publish/{Publication.objects.get().uid}/take-back/"
    assert page(person, back, {"key": "y"}).status_code == status
    assert rows() == before
    assert Publication.objects.get().withdrawn_at is None


def test_it_is_decided_only_once_the_review_is_concluded(cast, page):
    cast.to("summary")
    assert "once its review is concluded" in content(page("fp"))
    assert page("fp", "publish/", {"product": "summary", "scope": "public", "key": "k"}).status_code == 403
    assert not Publication.objects.exists()


@pytest.mark.parametrize("change", [{"product": "feedback"}, {"scope": "press"}, {"product": ""}])
def test_a_choice_that_does_not_exist_comes_back(cast, page, change):
    cast.to("concluded")
    response = page("fp", "publish/", {"product": "summary", "scope": "public", "key": "k", **change})
    assert response.status_code == 422
    assert 'href="#publish"' in content(response)
    assert bool(re.search(r'value="public"[^>]* checked', content(response))) == ("scope" not in change)
    assert not Publication.objects.exists()


def test_a_state_opens_its_drafts_for_a_time_and_ends_it(cast, page):
    cast.to("self_assessment").save("answer", "C1-UNTOC-5-07", {"value": "no", "text": "zebra"}, "expert")
    until = datetime.now(UTC).date() + timedelta(days=10)
    assert page("fp", "help/", {"until": until.isoformat(), "key": "k"}).status_code == 302
    officer = rights_for(cast.people["officer"], cast.fresh())
    assert cast.seat("fp").pk in officer.own_seats
    assert "End it now" in content(page("fp"))
    assert "Drafts open to you for help" in content(page("officer"))
    assert "End it now" not in content(page("rfp1"))
    assert page("fp", "help/end/", {"key": "e"}).status_code == 302
    assert cast.seat("fp").pk not in rights_for(cast.people["officer"], cast.fresh()).own_seats
    assert "Open the drafts" in content(page("fp"))


@pytest.mark.parametrize("until", ["", "2020-01-01", "tomorrow", "2999-01-01"])
def test_a_date_that_cannot_be_taken_comes_back(cast, page, until):
    cast.to("self_assessment")
    response = page("fp", "help/", {"until": until, "key": "k"})
    assert response.status_code == 422
    assert 'id="until-error"' in content(response)
    assert f'value="{until}"' in content(response)
    assert not Interval.objects.exists()


@pytest.mark.parametrize(
    ("person", "status"),
    [(one, 403) for one in ("expert", "observer", "mission", "rexpert1", "robserver2", "officer")]
    + [("outsider", 404), (None, 302)],
)
def test_nobody_else_opens_a_states_drafts_or_decides_for_its_observers(cast, page, person, status):
    cast.to("self_assessment")
    before = rows()
    until = (datetime.now(UTC).date() + timedelta(days=10)).isoformat()
    assert page(person, "help/", {"until": until, "key": "k"}).status_code == status
    assert page(person, "help/end/", {"key": "e"}).status_code == status
    assert page(person, "observers/", {"drafts": "no"}).status_code == status
    assert rows() == before
    assert Review.objects.get(pk=cast.review.pk).helped_seats == []
    assert not Seat.objects.filter(observers_read_drafts=False).exists()


def test_a_focal_point_decides_what_its_own_observers_read(cast, page):
    cast.to("self_assessment").save("answer", "C1-UNTOC-5-07", {"value": "no", "text": "zebra"}, "expert")
    before = rows()
    assert page("fp", "observers/", {"drafts": "no"}).status_code == 302
    assert cast.seat("fp").observers_read_drafts is False
    assert cast.seat("rfp2").observers_read_drafts is True
    assert cast.seat("fp").pk not in rights_for(cast.people["observer"], cast.fresh()).own_seats
    assert rows() == before, "the State's own affair leaves no entry"
    assert page("fp", "observers/", {"drafts": "yes"}).status_code == 302
    assert cast.seat("fp").observers_read_drafts is True


@pytest.mark.parametrize("person", ["fp", "mission", "rfp1", "officer"])
def test_the_trail_is_taken_as_a_file_that_holds(cast, page, person, tmp_path):
    cast.to("desk_review")
    response = page(person, "trail.jsonl", {})
    assert response.status_code == 200
    assert response["Content-Disposition"] == 'attachment; filename="test-1-XAA-trail.jsonl"'
    out = tmp_path / "trail.jsonl"
    out.write_bytes(response.content)
    lines = [json.loads(line) for line in response.content.splitlines()]
    assert {line["type"] for line in lines} == {"entry", "checkpoint", "inclusion"}
    assert {line["case"] for line in lines if line["type"] == "entry"} == {cast.review.case}
    assert b"zebra" not in response.content
    key = lines[-2]["key"]
    assert key in content(page(person))
    done = subprocess.run(
        [sys.executable, "-I", str(VERIFIER), str(out), "--key", key], capture_output=True, text=True, check=False
    )
    assert json.loads(done.stdout)["trusted"] is True, done.stdout


@pytest.mark.parametrize(
    ("person", "status"),
    [(one, 403) for one in ("expert", "observer", "rexpert1", "rexpert2", "robserver2")]
    + [("outsider", 404), (None, 302)],
)
def test_nobody_else_takes_it_and_no_checkpoint_is_made(cast, page, person, status):
    assert page(person, "trail.jsonl", {}).status_code == status
    assert not Checkpoint.objects.exists()


def test_where_no_checkpoint_can_be_signed_the_page_says_so(cast, page, settings, tmp_path):
    settings.AUDIT_KEY_FILE = tmp_path / "lost.key"
    settings.EMBEDDED = False
    response = page("fp", "trail.jsonl", {})
    assert response.status_code == 503
    assert 'href="#trail"' in content(response)
    assert not Checkpoint.objects.exists()


def test_the_trail_is_never_given_on_a_link(cast, page):
    assert page("fp", "trail.jsonl").status_code == 405
    assert not Checkpoint.objects.exists()


def test_the_program_that_checks_it_can_be_saved(cast, client):
    assert client.get("/tools/verify_audit.py").status_code == 302
    client.force_login(cast.people["observer"])
    response = client.get("/tools/verify_audit.py")
    assert b"".join(response.streaming_content) == VERIFIER.read_bytes()
    assert "attachment" in response["Content-Disposition"]


def test_the_content_behind_an_entry_opens_to_those_who_read_it(cast, page):
    """For every entry and person: opened exactly when the room is theirs, and what is opened gives the digest."""
    cast.to("summary").save("summary", "summary", {"text": "zebra draft"}, "rfp1")
    opened = {person: set() for person in EVERYBODY}
    for event in Event.objects.filter(case=cast.review.case).order_by("seq"):
        digest = json.loads(bytes(event.line))["digest"]
        for person in EVERYBODY:
            response = page(person, f"timeline/{event.seq}/content/", at="")
            rights = rights_for(cast.people[person], cast.fresh())
            private = event.object_type == "nomination" and not (
                person == "officer" or event.seat_id in {one.seat_id for one in rights.standings}
            )
            readable = digest and rights.reads(event.room, event.seat_id) and not private
            assert response.status_code == (200 if readable else 404), (event.verb, person)
            if readable:
                shown = json.loads(response.content)
                assert set(shown) == {"content", "salt"}
                assert content_digest(shown["content"], shown["salt"]) == digest
                opened[person].add(event.verb)
    assert "summary.save" in opened["rfp2"]
    assert "summary.save" not in opened["fp"] | opened["officer"] | opened["mission"]
    assert "people.name" in opened["fp"] & opened["officer"]


def test_the_note_verbale_of_another_state_is_not_opened(cast, page):
    entry = Event.objects.filter(case=cast.review.case, verb="people.name", seat=cast.seat("rfp1")).first()
    path = f"timeline/{entry.seq}/content/"
    assert "NV/rfp1" in content(page("rfp1", path, at=""))
    assert "NV/rfp1" in content(page("officer", path, at=""))
    for person in ("fp", "mission", "rfp2", "robserver2"):
        assert page(person, path, at="").status_code == 404


def test_no_content_for_outsiders_or_beyond_the_end(cast, page):
    assert page("outsider", "timeline/1/content/", at="").status_code == 404
    assert page("fp", "timeline/9999/content/", at="").status_code == 404
    assert page(None, "timeline/1/content/", at="").status_code == 302


@pytest.mark.parametrize("person", ["fp", "officer"])
def test_the_page_takes_the_same_queries_however_much_was_handed_over(cast, page, client, person):
    def queries():
        assert page(person).status_code == 200
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/reviews/{cast.review.case}/documents/").status_code == 200
        return len(captured)

    cast.to("desk_review")
    first = queries()
    for _number in range(5):
        cast.advance("reopen_self_assessment", "fp")
        cast.hand_over("self_assessment", "submit_self_assessment", "fp")
    assert Submission.objects.filter(product="self_assessment").count() == 6
    assert queries() == first
    cast.to("concluded")
    for product in ("summary", "list_of_observations", "self_assessment"):
        for scope in ("parties", "public"):
            page("fp", "publish/", {"product": product, "scope": scope, "key": f"{product}{scope}"})
    assert queries() <= first
    assert first <= 14
