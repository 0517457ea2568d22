"""Pages ask the database as often for a hundred rows as for one; the numbers are pinned."""

from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from cases.models import Participation, Phase, Question, Text, TextVersion
from cases.operations.opening import open_review
from tests.conftest import make_person, make_review, make_state
from tests.integrity.crawl import signed_in
from workflow import ledger

SIZES = (1, 10, 100)


def asked(client, address: str) -> int:
    """How many statements a page takes, sessions and the reader's own row included."""
    assert client.get(address).status_code == 200
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


def constant(counts: dict[int, int], most: int) -> None:
    assert len(set(counts.values())) == 1, counts
    assert counts[1] <= most, counts


@pytest.fixture
def officer_of_many(world):
    """An officer who sits in one review, then in ten, then in a hundred; gives the sizes one after the other."""
    cast = make_review()
    officer = make_person("busy-officer", is_staff=True)

    def grow():
        opened = 0
        for size in SIZES:
            while opened < size:
                with transaction.atomic():
                    state = make_state(f"X{'CDEFG'[opened // 26]}{chr(65 + opened % 26)}", "africa")
                    open_review(
                        phase=Phase.objects.get(),
                        state=state,
                        reviewers=[],
                        start_group=1,
                        at=cast.at,
                        officers=[officer],
                    )
                opened += 1
            yield size

    return officer, grow


def test_home(officer_of_many):
    officer, grow = officer_of_many
    client = signed_in(officer)
    constant({size: asked(client, "/") for size in grow()}, 7)


def test_the_list_of_reviews(officer_of_many):
    officer, grow = officer_of_many
    client = signed_in(officer)
    constant({size: asked(client, "/reviews/") for size in grow()}, 8)


def test_a_cycle_at_a_glance(officer_of_many):
    officer, grow = officer_of_many
    client = signed_in(officer)
    constant({size: asked(client, "/cycles/test/") for size in grow()}, 8)


def test_a_review_with_many_people(cast):
    cast.to("list_of_observations")
    client = signed_in(cast.people["officer"])
    seat = cast.seat("fp")
    counts, people = {}, 1
    for size in SIZES:
        while people < size:
            user = make_person(f"expert-{people}")
            Participation.objects.create(user=user, seat=seat, review=cast.review, role="expert", started_at=cast.at)
            people += 1
        counts[size] = asked(client, f"/reviews/{cast.review.case}/")
    constant(counts, 10)
    constant({size: asked(client, f"/reviews/{cast.review.case}/people/") for size in SIZES}, 9)


def answered(cast, question: Question) -> None:
    seat = cast.seat("fp")
    version = TextVersion(
        uid=uuid4(),
        number=1,
        language="en",
        content={"value": "no", "text": "Reasons"},
        salt=ledger.new_salt(),
        at=cast.now,
        by=cast.people["expert"],
    )
    version.text = Text.objects.create(
        review=cast.review,
        seat=seat,
        kind="answer",
        ref=question.key,
        room="seat",
        language="en",
        version=1,
        version_uid=version.uid,
        content=version.content,
        updated_at=cast.now,
        updated_by=version.by,
    )
    version.save()


@pytest.mark.parametrize("person", ["expert", "fp"])
@pytest.mark.parametrize(
    "page", ["questionnaire/untoc-5/", "questionnaire/all/", "questionnaire/", "clear/self_assessment/"]
)
def test_the_questionnaire(cast, person, page):
    cast.to("self_assessment")
    client = signed_in(cast.people[person])
    Question.objects.exclude(section="untoc-5").delete()
    model = Question.objects.filter(section="untoc-5").first()
    Question.objects.exclude(pk=model.pk).delete()
    answered(cast, model)
    counts, questions = {}, 1
    for size in SIZES:
        while questions < size:
            model.pk, model.key, model.number = None, f"C1-UNTOC-5-X{questions}", 1000 + questions
            model.save(force_insert=True)
            answered(cast, model)
            questions += 1
        counts[size] = asked(client, f"/reviews/{cast.review.case}/{page}")
    constant(counts, 10)


@pytest.mark.parametrize("person", ["fp", "rfp1", "officer"])
def test_the_list_of_observations(cast, person):
    cast.to("list_of_observations")
    client = signed_in(cast.people[person])
    counts, written = {}, 0
    for size in SIZES:
        while written < size:
            content = {"category": "suggestion", "instrument": "untoc", "articles": [5], "text": f"Consider {written}"}
            cast.save("observation", str(uuid4()), content, "rfp1")
            written += 1
        counts[size] = asked(client, f"/reviews/{cast.review.case}/observations/")
    constant(counts, 13)
