"""Secret words, one in every room of every side of two reviews: nobody finds one that is not theirs to read.

Every person of both reviews walks over every page that links lead to.
"""

import pytest

from cases.models import Event, Question, Review
from cases.operations.dialogue import ask_query, reply_query
from notifications.models import Notification
from tests.conftest import make_review
from tests.integrity.crawl import pages, signed_in, steady

REVIEWED = {"fp", "expert", "observer"}
FIRST = {"rfp1", "rexpert1"}
SECOND = {"rfp2", "rexpert2", "robserver2"}
EVERYBODY = REVIEWED | FIRST | SECOND | {"mission", "officer"}


def dialogue(cast, here):
    """A request and its reply, which everybody in the review reads, and a first piece of feedback, still a draft."""
    query = ask_query(
        case=cast.review.case,
        subject="untoc-5",
        words=f"{here}-asked",
        language="en",
        by=cast.people["rfp1"],
        at=cast.at,
    )
    reply_query(
        case=cast.review.case,
        query_uid=str(query.uid),
        words=f"{here}-replied",
        language="en",
        by=cast.people["fp"],
        at=cast.at,
        seen_version=query.version,
    )
    return {f"{here}-asked": EVERYBODY, f"{here}-replied": EVERYBODY}


def taken_back(cast, here):
    """The State took its answers back and drafts anew: others go on reading what it had handed over, nothing newer."""
    cast.to("desk_review")
    words = dialogue(cast, here)
    cast.save("feedback", "untoc-8", {"text": f"{here}-first-feedback"}, "rfp1")
    cast.advance("reopen_self_assessment", "fp")
    key = Question.objects.filter(instrument="untoc").order_by("number")[0].key
    cast.save("answer", key, {"value": "no", "text": f"{here}-draft-answer"}, "expert", seen=1)
    key = Question.objects.filter(instrument="tip").order_by("number")[0].key
    cast.save("answer", key, {"value": "no", "text": f"{here}-new-answer"}, "fp")
    return {
        **words,
        f"{here}-first-feedback": FIRST,
        f"{here}-draft-answer": REVIEWED,
        f"{here}-new-answer": REVIEWED,
        f"Reasons {cast.word}": EVERYBODY,
    }


def observing(cast, here):
    """The reviewing States took feedback back, and draft observations that they have not shared."""
    cast.to("desk_review")
    words = dialogue(cast, here)
    cast.to("list_of_observations")
    for person, name in (("rfp1", "first"), ("rfp2", "second")):
        cast.advance("reopen_feedback", person)
        cast.save("feedback", "untoc-8", {"text": f"{here}-{name}-feedback"}, person)
    cast.save(
        "observation",
        "22222222-2222-4222-8222-222222222222",
        {"category": "suggestion", "instrument": "untoc", "articles": [5], "text": f"{here}-unshared-observation"},
        "rfp1",
    )
    return {
        **words,
        f"{here}-first-feedback": FIRST,
        f"{here}-second-feedback": SECOND,
        f"{here}-unshared-observation": FIRST | SECOND,
        f"Reasons {cast.word}": EVERYBODY,
        f"We read it {cast.word}": EVERYBODY,
    }


@pytest.mark.parametrize(("first", "second"), [(taken_back, observing), (observing, taken_back)])
def test_nobody_finds_a_foreign_word_on_any_page(world, first, second):
    casts = [
        make_review(word="aardvark"),
        make_review(code="XBA", same="XBB", other="XBC", prefix="b-", word="bandicoot"),
    ]
    words = {}
    for cast, situation in zip(casts, (first, second), strict=True):
        for word, readers in situation(cast, f"secret-{cast.word}").items():
            words[word] = (cast, readers)
    for cast in casts:
        for person, user in cast.people.items():
            found = "\n".join(pages(signed_in(user)).values())
            for word, (home, readers) in words.items():
                allowed = person in readers and (home is cast or person == "officer")  # the officer sits in both
                assert (word in found) == allowed, (person, word, "not found" if allowed else "leaked")


def test_fifty_drafts_change_nothing_that_anybody_else_can_see(world):
    """Pages, trail, numbers and notices of every other party, the Secretariat included, stay as they were."""
    cast = make_review().to("self_assessment")
    cast.save("answer", "C1-UNTOC-5-07", {"value": "no", "text": "begun"}, "expert")
    others = {person: user for person, user in cast.people.items() if person not in REVIEWED}

    def visible():
        return {
            person: {address: steady(body.encode()) for address, body in pages(signed_in(user)).items()}
            for person, user in others.items()
        }

    def numbers():
        review = Review.objects.get(pk=cast.review.pk)
        return (
            (review.head_seq, review.head_hash, review.stage_version, review.history.count()),
            Notification.objects.count(),
            list(Event.objects.values_list("hash", flat=True)),
        )

    pages_before, numbers_before = visible(), numbers()
    keys = list(Question.objects.filter(instrument__in=("untoc", "")).order_by("number").values_list("key", flat=True))
    for count in range(50):
        key = keys[count % len(keys)]
        seen = {text.ref: text.version for text in cast.fresh().texts.filter(kind="answer")}
        content = {"value": "", "text": f"draft number {count}"}
        cast.save("answer", key, content, ("expert", "fp")[count % 2], seen=seen.get(key, 0))
    assert numbers() == numbers_before
    after = visible()
    for person, before in pages_before.items():
        assert after[person].keys() == before.keys(), person
        for address, body in before.items():
            assert after[person][address] == body, (person, address)
