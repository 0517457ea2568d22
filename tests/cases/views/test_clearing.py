"""The second key: what is read is what is cleared, by the focal point alone, and then handed over."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.models import Event, Question, Submission
from cases.operations.clearance import product_digest, texts_of_product

KEY = "C1-UNTOC-5-07"
OBSERVATION = "11111111-1111-4111-8111-111111111111"


def address_of(cast, product):
    return f"/reviews/{cast.review.case}/clear/{product}/"


def get(client, cast, person, product="self_assessment"):
    client.logout()
    if person != "anonymous":
        client.force_login(cast.people[person])
    return client.get(address_of(cast, product))


def digest_of(cast, product, person):
    return product_digest(product, texts_of_product(review=cast.fresh(), product=product, seat_id=cast.seat(person).pk))


def post(client, cast, person, product="self_assessment", *, digest=None, key="one-key"):
    client.logout()
    if person != "anonymous":
        client.force_login(cast.people[person])
    digest = digest or digest_of(cast, product, "fp")
    return client.post(address_of(cast, product), {"digest": digest, "key": key})


def text(response):
    return response.content.decode()


@pytest.fixture
def written(cast):
    cast.to("self_assessment")
    cast.save("answer", KEY, {"value": "no", "text": "The words of zebras"}, "expert", language="ar")
    return cast


def test_the_focal_point_reads_clears_and_hands_over(written, client):
    shown = text(get(client, written, "fp"))
    assert "The words of zebras" in shown
    assert 'lang="ar" dir="rtl"' in shown
    assert f'name="digest" value="{digest_of(written, "self_assessment", "fp")}"' in shown
    assert "Everybody who takes part in this review" in shown
    assert shown.index("Everybody who takes part in this review") < shown.index("Clear for Invented XAA")
    assert "act/submit_self_assessment/" not in shown
    response = post(client, written, "fp")
    assert response["Location"] == address_of(written, "self_assessment")
    cleared = Submission.objects.get(product="self_assessment")
    assert (cleared.cleared_by, cleared.submitted_at) == (written.people["fp"], None)
    shown = text(client.get(response["Location"]))
    assert "Clear for Invented XAA" not in shown
    assert f'action="/reviews/{written.review.case}/act/submit_self_assessment/"' in shown
    handed = client.post(
        f"/reviews/{written.review.case}/act/submit_self_assessment/",
        {"seen_version": written.fresh().stage_version, "key": "another-key"},
    )
    assert handed.status_code == 302
    assert written.fresh().stage == "desk_review"
    assert "Handed over." in text(get(client, written, "fp"))


def test_the_expert_reads_the_same_and_clears_nothing(written, client):
    shown = text(get(client, written, "expert"))
    assert "The words of zebras" in shown
    assert "The focal point clears." in shown
    assert "digest" not in shown
    assert post(client, written, "expert").status_code == 403
    assert not Submission.objects.filter(product="self_assessment").exists()


@pytest.mark.parametrize(
    ("person", "status"),
    [
        *(
            (one, 403)
            for one in ("observer", "mission", "rfp1", "rexpert1", "rfp2", "rexpert2", "robserver2", "officer")
        ),
        ("outsider", 404),
        ("anonymous", 302),
    ],
)
def test_nobody_else_reads_or_clears(written, client, person, status):
    response = get(client, written, person)
    assert response.status_code == status
    assert "zebras" not in text(response)
    before = Event.objects.count()
    assert post(client, written, person).status_code == status
    assert not Submission.objects.filter(product="self_assessment").exists()
    assert Event.objects.count() == before


def test_words_changed_while_reading_are_not_cleared(written, client):
    read = digest_of(written, "self_assessment", "fp")
    written.save("answer", KEY, {"value": "no", "text": "Other words"}, "expert", seen=1)
    response = post(client, written, "fp", digest=read)
    shown = text(response)
    assert response.status_code == 409
    assert "The text was changed while you were reading." in shown
    assert "Other words" in shown
    assert digest_of(written, "self_assessment", "fp") in shown
    assert not Submission.objects.filter(product="self_assessment").exists()


def test_a_clearance_pressed_twice_acts_once(written, client):
    digest = digest_of(written, "self_assessment", "fp")
    first, second = (post(client, written, "fp", digest=digest) for _time in range(2))
    assert first["Location"] == second["Location"] == address_of(written, "self_assessment")
    assert (
        Event.objects.filter(case=written.review.case, verb="submission.clear", actor=written.people["fp"]).count() == 2
    )
    assert Submission.objects.filter(product="self_assessment").count() == 1
    assert "acted once" in text(client.get(second["Location"]))


def test_an_edit_voids_the_clearance_and_the_page_says_so_before(written, client):
    post(client, written, "fp")
    assert "Any change to the words voids the clearance." in text(get(client, written, "fp"))
    written.save("answer", KEY, {"value": "no", "text": "Second thoughts"}, "expert", seen=1)
    shown = text(get(client, written, "fp"))
    assert "Clear for Invented XAA" in shown
    assert "Second thoughts" in shown


def test_open_questions_are_listed_once_and_stop_nothing(written, client):
    written.save("answer", "C1-UNTOC-5-09", {"value": "yes", "text": "Yes, and no law"}, "expert")
    shown = text(get(client, written, "fp"))
    assert shown.count("Nothing here stops you.") == 1
    base = f"/reviews/{written.review.case}/questionnaire/untoc-5/#q-"
    assert f'href="{base}C1-UNTOC-5-09"' in shown, "a yes without a law"
    assert f'href="{base}C1-UNTOC-5-08"' in shown, "no answer"
    assert f'href="{base}{KEY}"' not in shown
    assert post(client, written, "fp").status_code == 302
    assert Submission.objects.get(product="self_assessment").gaps == 55


def test_before_its_stage_it_is_read_and_not_cleared(cast, client):
    cast.save("answer", KEY, {"value": "no", "text": "Early words"}, "expert")
    shown = text(get(client, cast, "fp"))
    assert "Early words" in shown
    assert "This cannot be cleared at the stage the review is in now." in shown
    assert "digest" not in shown
    response = post(client, cast, "fp")
    assert response.status_code == 409
    assert not Submission.objects.exists()


def test_feedback_is_cleared_by_each_reviewing_state_for_itself(cast, client):
    cast.to("desk_review")
    cast.save("feedback", "untoc-6", {"text": "Ours on six"}, "rexpert1")
    cast.save("feedback", "untoc-5", {"text": "Ours on five"}, "rexpert1")
    cast.save("feedback", "untoc-5", {"text": "Theirs alone"}, "rexpert2")
    shown = text(get(client, cast, "rfp1", "feedback"))
    assert shown.index("Ours on five") < shown.index("Ours on six")
    assert "Article 5" in shown
    assert "Theirs alone" not in shown
    assert get(client, cast, "fp", "feedback").status_code == 403
    assert post(client, cast, "rfp2", "feedback", digest=digest_of(cast, "feedback", "rfp1")).status_code == 409
    assert post(client, cast, "rfp1", "feedback", digest=digest_of(cast, "feedback", "rfp1")).status_code == 302
    (cleared,) = Submission.objects.filter(product="feedback")
    assert cleared.seat == cast.seat("rfp1")
    assert "act/submit_feedback/" in text(get(client, cast, "rfp1", "feedback"))


def test_consultations_are_cleared_by_every_state(cast, client):
    cast.to("preliminary_consultations")
    content = {"languages": ["en", "fr"], "timetable": "Two calls in May", "division": "By instrument"}
    cast.save("consultation", "consultation", content, "expert")
    for person in ("fp", "rfp1", "rfp2"):
        shown = text(get(client, cast, person, "consultations"))
        assert "Two calls in May" in shown
        assert "Français" in shown
        assert "it stays inside the review" in shown
        assert post(client, cast, person, "consultations").status_code == 302
        assert "act/agree_consultations/" in text(get(client, cast, person, "consultations"))
    assert Submission.objects.filter(product="consultations", voided_at=None).count() == 3


def test_a_list_that_is_not_shared_is_not_shown_to_the_state_under_review(cast, client):
    cast.to("list_of_observations")
    content = {"category": "suggestion", "instrument": "untoc", "articles": [5, 6], "text": "Consider zebras"}
    cast.save("observation", OBSERVATION, content, "rexpert1")
    shown = text(get(client, cast, "fp", "list_of_observations"))
    assert "zebras" not in shown
    assert "have not shared this text yet" in shown
    assert "digest" not in shown
    assert "Consider zebras" in text(get(client, cast, "rexpert2", "list_of_observations"))
    cast.advance("share_list", "rfp1")
    shown = text(get(client, cast, "fp", "list_of_observations"))
    assert "Consider zebras" in shown
    assert "articles 5, 6" in shown
    assert "Suggestion" in shown
    for person in ("fp", "rfp1"):
        assert post(client, cast, person, "list_of_observations").status_code == 302
        assert "act/agree_list/" in text(get(client, cast, person, "list_of_observations"))


def test_the_summary_is_cleared_like_everything_else(cast, client):
    cast.to("summary")
    cast.save("summary", "summary", {"text": "In short, zebras"}, "rexpert2", language="ru")
    assert "zebras" not in text(get(client, cast, "fp", "summary"))
    cast.advance("share_summary", "rfp1")
    shown = text(get(client, cast, "fp", "summary"))
    assert "In short, zebras" in shown
    assert 'lang="ru" dir="ltr"' in shown
    assert post(client, cast, "fp", "summary").status_code == 302


def test_what_no_mechanism_hands_over_is_not_found(written, client):
    assert get(client, written, "fp", "nothing_at_all").status_code == 404


def test_clearing_asks_again_who_is_there(written, client, settings):
    settings.SECOND_FACTOR = True
    client.force_login(written.people["fp"])
    session = client.session
    session["second_factor"] = True
    session.save()
    assert client.get(address_of(written, "self_assessment")).status_code == 200
    response = client.post(
        address_of(written, "self_assessment"),
        {"digest": digest_of(written, "self_assessment", "fp"), "key": "k"},
    )
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/reauthenticate/")
    assert not Submission.objects.filter(product="self_assessment").exists()


def test_the_number_of_queries_does_not_grow_with_the_texts(written, client):
    def count():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address_of(written, "self_assessment")).status_code == 200
        return len(captured)

    client.force_login(written.people["fp"])
    few = count()
    for question in Question.objects.exclude(key=KEY)[3:40]:
        written.save("answer", question.key, {"value": "no", "text": "Words"}, "expert")
    assert count() == few
    assert few - 2 <= 10, "beside session and user"
