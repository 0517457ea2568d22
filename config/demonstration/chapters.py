"""What happens in a review of the demonstration, stage by stage; each chapter yields the days it lets go by.

A chapter that is not the last ends with the step to the next stage; the last one stops where the review's ``Part``
says.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

from cases.enums import QueryStatus, Stance
from cases.models import Nomination, Publication, Query, Seat, Text
from cases.operations.openness import (
    LONGEST_HELP,
    let_observers_read,
    open_drafts,
    publish_document,
    withdraw_publication,
)
from config.demonstration import material
from config.demonstration.plan import STAGES, TOUR
from config.demonstration.story import Story

Days = Iterator[float]

SITTINGS = 5
OBSERVATIONS = 7


def tell(story: Story) -> Days:
    """The whole story of one review up to where it stands."""
    for chapter in CHAPTERS[: STAGES.index(story.part.stage) + 1]:
        yield from chapter(story)


def _here(story: Story, stage: str) -> bool:
    return story.part.stage == stage


# Nominations


def nominations(story: Story) -> Days:
    yield 2
    of_all = story.part.named == "all"
    for seat in (story.reviewed, *story.reviewing) if of_all else (story.reviewed, *story.reviewing[:1]):
        story.registers(story.names(seat, by=story.officer, people=["mission"]))
    if story.part.named == "missions":
        return
    yield 7
    named = _names_own_people(story, story.reviewed)
    if story.part.named == "asked":
        return
    yield 3
    story.registers(named)
    if of_all:
        for seat in story.reviewing:
            yield 3
            named = _names_own_people(story, seat)
            yield 2
            story.registers(named)
    yield 6
    _interrupted_early(story)


def _names_own_people(story: Story, seat: Seat) -> list[Nomination]:
    first = "former-focal-point" if seat == story.reviewed and story.does("replaces_focal_point") else "focal-point"
    people = [first, "expert-1", "observer"] if story.part.stage != "nomination" else [first, "expert-1"]
    if seat == story.reviewed or (seat.state and seat.state.code == TOUR):
        people.append("expert-2")
    return story.names(seat, by=story.person(seat, "mission"), people=people)


def _interrupted_early(story: Story) -> None:
    """What can happen before a review has begun."""
    if story.does("drafts_early"):
        story.answer(story.questions[:9], turn=0)
    if story.does("suspended_by_decision"):
        story.advance("suspend_by_decision", story.officer, material.words("suspend_by_decision", "en")["text"])
    if story.does("withdrawn"):
        story.advance("withdraw", story.officer, material.words("withdraw", "en")["text"])


# Preliminary consultations


def consultations(story: Story) -> Days:
    yield 5
    story.advance("open_consultations", story.officer)
    if story.does("not_drafted"):
        return
    yield 12
    arrangements = material.consultation(
        [seat.state.language for seat in (story.reviewed, *story.reviewing) if seat.state]
    )
    content = {name: arrangements[name] for name in ("languages", "timetable", "division")}
    language = arrangements["language"]
    story.save("consultation", "consultation", {**content, "division": ""}, language, story.expert(story.reviewed))
    yield 8
    story.save("consultation", "consultation", content, language, story.expert(story.reviewing[0]))
    yield 7
    story.hands_over("consultations", "agree_consultations", story.reviewed)
    if story.does("one_agreed"):
        return
    for seat in story.reviewing[:-1]:
        yield 6
        story.hands_over("consultations", "agree_consultations", seat)
    yield 6
    if story.does("agreement_lapses"):
        yield story.pace.days_until(9)
        later = f"{content['timetable']} {material.words('timetable', language)['text']}"
        by = story.expert(story.reviewing[-1])
        story.save("consultation", "consultation", {**content, "timetable": later}, language, by)
        return
    story.hands_over("consultations", "agree_consultations", story.reviewing[-1])


# Self-assessment


def self_assessment(story: Story) -> Days:
    own = story.reviewed
    here = _here(story, "self_assessment")
    unfinished = here and not story.part.doing & {"cleared", "taken_back"}
    questions = story.questions[: round(len(story.questions) * story.part.depth)] if unfinished else story.questions
    share = -(-len(questions) // SITTINGS) or 1
    if story.does("closes_drafts_to_observers"):
        let_observers_read(case=story.review.case, drafts=False, by=story.focal_point(own))
    for turn in range(SITTINGS):
        yield story.pace.days_until(6) if unfinished and turn == SITTINGS - 1 else 22
        story.answer(questions[turn * share : (turn + 1) * share], turn)
        if turn == SITTINGS // 2 and story.does("extended"):
            story.extends("submit_self_assessment", own, story.pace.until.date() + timedelta(days=75))
    if unfinished:
        yield 8
        _interrupted(story)
        return
    yield story.pace.days_until(20) if story.does("just_received") else 15
    story.clear("self_assessment", story.focal_point(own), own)
    if here and story.does("cleared"):
        return
    yield 3
    story.advance("submit_self_assessment", story.focal_point(own))
    if here:
        yield story.pace.days_until(11)
        story.advance("reopen_self_assessment", story.focal_point(own), material.words("taken_back", "en")["text"])
        question = next(one for one in story.questions if one.key == "C1-UNTOC-10-25")
        language, content = material.answer(question.key, f"{story.code} again", story.language)
        story.save("answer", question.key, {**content, "value": "in_part"}, language, story.expert(own))


def _interrupted(story: Story) -> None:
    own = story.focal_point(story.reviewed)
    if story.does("opens_drafts"):
        at = story.at
        until = min(story.pace.until + timedelta(days=25), at + LONGEST_HELP)
        open_drafts(case=story.review.case, until=until.date(), by=own, at=at)
    if story.does("suspended"):
        story.advance("suspend", own, material.words("suspend", "en")["text"])


# Desk review and dialogue


def desk_review(story: Story) -> Days:
    here = _here(story, "desk_review")
    if here and story.does("just_received"):
        return
    threads = _threads(story)
    yield 24
    first = story.asks(threads[0], story.reviewing[0])
    yield 22
    story.replies(first, threads[0])
    yield 10
    story.settles(first, QueryStatus.ACCEPTED)
    if story.does("replaces_focal_point"):
        _replace_focal_point(story)
    if len(threads) > 1:
        yield 12
        second = story.asks(threads[1], story.reviewing[1])
        yield 18
        _second_query(story, second, threads[1])
    if here and story.does("asks"):
        yield story.pace.days_until(16)
        _open_queries(story, threads[2:])
        yield story.pace.days_until(4)
        _drafts_feedback(story, story.reviewing[0], most=3)
        return
    yield 8
    yield from _feedback(story, here=here)


def _threads(story: Story) -> list[material.Text]:
    """What the reviewing States ask about answers that were given."""
    keys = [question.key for question in story.questions]
    return material.threads(keys, story.languages_of(story.reviewed), story.code)[:5]


def _second_query(story: Story, query: Query, thread: material.Text) -> None:
    if story.does("carries_a_query"):
        return
    story.replies(query, thread)
    if not story.does("asks"):
        story.settles(query, QueryStatus.ACCEPTED)


def _open_queries(story: Story, threads: list[material.Text]) -> None:
    """A dialogue in full swing: one request taken back, the others waiting for a reply."""
    for number, thread in enumerate(threads[:3]):
        query = story.asks(thread, story.reviewing[number % 2])
        if number == 0:
            story.settles(query, QueryStatus.WITHDRAWN)


def _replace_focal_point(story: Story) -> None:
    """The State under review names another focal point; drafts and tasks stay with the seat."""
    mission = story.person(story.reviewed, "mission")
    story.registers(story.names(story.reviewed, by=mission, people=["focal-point"]))


def _drafts_feedback(story: Story, seat: Seat, most: int = 6) -> None:
    story.fresh()
    by = story.expert(seat)
    for one in material.feedback(seat.instruments, story.languages_of(seat), story.code, seat.pk)[:most]:
        story.save("feedback", f"{one['instrument']}-{one['article']}", {"text": one["text"]}, one["language"], by)


def _feedback(story: Story, *, here: bool) -> Days:
    for number, seat in enumerate(story.reviewing):
        yield 10
        _drafts_feedback(story, seat)
        yield 10
        last = number == len(story.reviewing) - 1
        if here and (last or number > 0):
            if story.does("extends_feedback") and last:
                story.extends("submit_feedback", seat, story.pace.until.date() + timedelta(days=40))
            continue
        if last and story.does("goes_on_without"):
            reason = material.words("go_on", "en")["text"]
            story.advance("go_on_without", story.focal_point(story.reviewed), reason)
            return
        story.hands_over("feedback", "submit_feedback", seat)


# List of observations


def list_of_observations(story: Story) -> Days:
    here = _here(story, "list_of_observations")
    texts = []
    chosen = material.observations(story.reviewed.instruments, story.review.languages, story.code)[:OBSERVATIONS]
    for number, one in enumerate(chosen):
        if number % 3 == 0:
            yield 12
        texts.append(_observes(story, number, one))
    if story.does("carries_a_query"):
        for query in Query.objects.filter(review=story.review, status=QueryStatus.ASKED).select_related("seat__state"):
            story.settles(query, QueryStatus.CARRIED)
    if here and story.does("drafts_only"):
        return
    yield 15
    story.advance("share_list", story.focal_point(story.reviewing[0]))
    yield story.pace.days_until(7) if here and story.does("takes_positions") else 18
    _positions(story, texts)
    if here and story.does("takes_positions"):
        return
    yield 14
    _amends(story, texts[1])
    yield 8
    for seat in (story.reviewed, *story.reviewing):
        story.takes_position(texts[1], seat, Stance.AGREE)
    yield from _agree(story, "list_of_observations", "agree_list", partly=here and story.does("partly_agreed"))


def _observes(story: Story, number: int, one: material.Text) -> Text:
    content = {name: one[name] for name in ("category", "instrument", "articles", "text", "forms")}
    seats = [seat for seat in story.reviewing if one["instrument"] in seat.instruments]
    by = story.expert(seats[number % len(seats)])
    return story.save("observation", story.observation_uid(number), content, one["language"], by)


def _positions(story: Story, texts: list[Text]) -> None:
    """Most agree to most; the State under review objects to one observation and reserves on another."""
    own = story.review.state.language
    for number, text in enumerate(texts):
        for seat in (story.reviewed, *story.reviewing[:2]):
            if seat == story.reviewed and number == 1:
                story.takes_position(text, seat, Stance.OBJECT, material.words("objection", own))
            elif seat == story.reviewed and number == 0:
                story.takes_position(text, seat, Stance.RESERVATION, material.words("reservation", own))
            elif number != len(texts) - 1:
                story.takes_position(text, seat, Stance.AGREE)


def _amends(story: Story, text: Text) -> None:
    """The reviewing State answers an objection by other words; whoever agreed to the old ones is asked again."""
    text.refresh_from_db()
    added = material.words("amended", text.language)["text"]
    content = {**text.content, "category": "suggestion", "forms": [], "text": f"{text.content['text']} {added}"}
    seat = next(one for one in story.reviewing if text.seat_id == one.pk)
    story.fresh()
    story.save("observation", text.ref, content, text.language, story.expert(seat))


def _agree(story: Story, product: str, action: str, *, partly: bool) -> Days:
    seats = [story.reviewed, *story.reviewing]
    for seat in seats[:-1] if partly else seats:
        yield story.pace.days_until(5) if partly and seat == seats[-2] else 7
        story.hands_over(product, action, seat)


# Summary and what follows


def summary(story: Story) -> Days:
    here = _here(story, "summary")
    yield 14
    story.fresh()
    one = material.summary(story.review.languages)
    text = story.save("summary", "summary", {"text": one["text"]}, one["language"], story.expert(story.reviewing[0]))
    if here and story.does("drafts_only"):
        return
    yield 10
    story.advance("share_summary", story.focal_point(story.reviewing[0]))
    yield 8
    for seat in (story.reviewed, story.reviewing[0]):
        story.takes_position(text, seat, Stance.AGREE)
    yield from _agree(story, "summary", "agree_summary", partly=here and story.does("partly_agreed"))


def concluded(story: Story) -> Days:
    yield 12
    own = story.focal_point(story.reviewed)
    if story.does("publishes"):
        _publish(story, "summary", "public")
        _publish(story, "list_of_observations", "parties")
    if story.does("takes_back_a_publication"):
        answers = _publish(story, "self_assessment", "public")
        yield 6
        withdraw_publication(case=story.review.case, publication_uid=str(answers.uid), by=own, at=story.at)
    if story.does("keeps_actions"):
        yield 8
        story.advance("open_follow_up", own)


def _publish(story: Story, product: str, scope: str) -> Publication:
    by = story.focal_point(story.reviewed)
    return publish_document(case=story.review.case, product=product, scope=scope, by=by, at=story.at)


def follow_up(story: Story) -> Days:
    if not story.does("keeps_actions"):
        return
    for number, one in enumerate(material.actions(story.language)):
        yield 14 if story.part.stage == "closed" else story.pace.days_until(12 - 3 * number)
        by_when = story.pace.at.date() + timedelta(days=30 * one["months"])
        content = {"action": one["action"], "owner": one["owner"], "by": by_when.isoformat(), "shared": number == 0}
        ref = story.observation_uid(100 + number)
        story.save("follow_up", ref, content, one["language"], story.expert(story.reviewed))


def closed(story: Story) -> Days:
    yield 15
    if story.does("keeps_actions"):
        story.advance("close_follow_up", story.focal_point(story.reviewed))
    else:
        story.advance("close_review", story.officer)


CHAPTERS: tuple[Callable[[Story], Days], ...] = (
    nominations,
    consultations,
    self_assessment,
    desk_review,
    list_of_observations,
    summary,
    concluded,
    follow_up,
    closed,
)
