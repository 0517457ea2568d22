"""The table of rights, generated from the definition's own bytes, against what the code decides: no difference.

The expectation is read from the TOML with nothing of ours in between: role × relation × stage × action × kind of thing.
"""

import itertools
import tomllib
from datetime import timedelta

import pytest
from django.db import transaction

from cases.exceptions import GuardFailed, NotAllowed, NotVisible, Refused, WrongStage
from cases.locks import lock_review
from cases.models import Review, ReviewGrant, Text
from cases.operations.drafts import save_text
from cases.operations.transition import advance, set_writable
from cases.queries import texts_for
from cases.rights import rights_for
from tests.conftest import MECHANISM, STAGES, make_review

DEFINITION = tomllib.loads(MECHANISM.read_text(encoding="utf-8"))
TITLES = {
    "officer": "officer.secretariat",
    "fp": "focal_point.reviewed",
    "expert": "expert.reviewed",
    "observer": "observer.reviewed",
    "mission": "mission.reviewed",
    "rfp1": "focal_point.reviewing",
    "rexpert1": "expert.reviewing",
    "rfp2": "focal_point.reviewing",
    "rexpert2": "expert.reviewing",
    "robserver2": "observer.reviewing",
}
STRANGERS = ("outsider", "elsewhere")
"""Nobody in any seat, and the focal point of another review."""
KINDS = [text["key"] for text in DEFINITION["text"]]
ROOMS = {room["key"]: room["readers"] for room in DEFINITION["room"]}
ACTS = sorted({act for stage in DEFINITION["stage"] for act in stage.get("may", {})})
STAGE = {stage["key"]: stage for stage in DEFINITION["stage"]}


@pytest.fixture
def cast(world):
    cast = make_review()
    other = make_review(code="XBA", same="XBB", other="XBC", prefix="b-")
    cast.people["elsewhere"] = other.people["fp"]
    return cast


def put(cast, stage: str) -> Review:
    """Set the stage as only a test may: rights depend on the stage alone."""
    Review.objects.filter(pk=cast.review.pk).update(stage=stage)
    with transaction.atomic():
        set_writable(lock_review(review_id=cast.review.pk, by=None))
    return cast.fresh()


def everybody(cast):
    for person in (*TITLES, *STRANGERS):
        yield person, TITLES.get(person), cast.people[person]


@pytest.mark.parametrize("stage", STAGES)
def test_every_step_belongs_to_the_roles_the_definition_names(cast, stage):
    review = put(cast, stage)
    for person, title, user in everybody(cast):
        rights = rights_for(user, review)
        for transition in DEFINITION["transition"]:
            belongs = stage in transition["sources"] and title in transition.get("roles", [])
            edge = next(
                (one for one in review.definition.transitions_from(stage) if one.key == transition["key"]), None
            )
            granted = edge is not None and rights.transition_standing(edge) is not None
            assert granted == belongs, (person, stage, transition["key"])


@pytest.mark.parametrize("stage", STAGES)
def test_every_act_and_every_draft_belongs_to_the_roles_the_definition_names(cast, stage):
    review = put(cast, stage)
    for person, title, user in everybody(cast):
        rights = rights_for(user, review)
        for act in ACTS:
            expected = title in STAGE[stage].get("may", {}).get(act, [])
            assert (rights.act_standing(act) is not None) == expected, (person, stage, act)
        for kind in KINDS:
            expected = title in STAGE[stage].get("edit", {}).get(kind, [])
            assert (rights.edit_standing(kind) is not None) == expected, (person, stage, kind)


@pytest.mark.parametrize("interval", ["suspended_since", "withdrawn_on"])
def test_while_suspended_or_withdrawn_nobody_drafts(cast, interval):
    for stage in STAGES:
        review = put(cast, stage)
        setattr(review, interval, review.launched_on)
        for person, _title, user in everybody(cast):
            rights = rights_for(user, review)
            assert all(rights.edit_standing(kind) is None for kind in KINDS), person
            for act in ACTS:
                if act not in {"name_people", "register_people"} or interval == "withdrawn_on":
                    assert rights.act_standing(act) is None, (person, act)


@pytest.mark.parametrize("stage", STAGES)
def test_the_write_path_agrees_with_the_table_on_every_step(cast, stage):
    """Pressing what the definition does not give is refused by its kind, with nothing written."""
    review = put(cast, stage)
    head = review.head_seq
    for person, title, user in everybody(cast):
        for transition in DEFINITION["transition"]:
            here = stage in transition["sources"] and not transition.get("auto")
            mine = here and title in transition.get("roles", [])
            outcome = _press(cast, transition["key"], user, review.stage_version)
            if title is None:
                assert outcome is NotVisible, (person, transition["key"])
            elif not here:
                assert outcome is WrongStage, (person, transition["key"])
            elif not mine:
                assert outcome is NotAllowed, (person, transition["key"])
            else:
                assert outcome in {None, GuardFailed}, (person, transition["key"], outcome)
            if outcome is not None:
                assert cast.fresh().head_seq == head


def _press(cast, action, user, seen):
    """What comes of pressing: None for done, else the kind of refusal; undone again either way."""
    return outcome_of(
        lambda: advance(case=cast.review.case, action=action, by=user, at=cast.at, seen_version=seen, reason="A reason")
    )


def outcome_of(write):
    """The kind of refusal a write meets, None where it is done; whatever it did is undone."""
    savepoint = transaction.savepoint()
    try:
        write()
    except Refused as refused:
        return type(refused)
    finally:
        transaction.savepoint_rollback(savepoint)
    return None


@pytest.mark.parametrize("stage", STAGES)
def test_saving_agrees_with_the_table_for_every_kind_of_text(cast, stage):
    review = put(cast, stage)
    for person, title, user in everybody(cast):
        for kind in KINDS:
            if kind in {"query", "position"}:
                continue  # written by acts of their own, tested above
            allowed = title in STAGE[stage].get("edit", {}).get(kind, [])
            outcome = _save(cast, review, kind, user)
            if title is None:
                assert outcome is NotVisible, (person, kind)
            elif allowed:
                assert outcome is None, (person, kind, outcome)
            else:
                assert outcome in {NotAllowed, WrongStage}, (person, kind, outcome)


def _save(cast, review, kind, user):
    return outcome_of(
        lambda: save_text(
            review=review,
            kind=kind,
            ref="11111111-1111-4111-8111-111111111111",
            content={"text": "words"},
            language="en",
            by=user,
            at=cast.at,
            seen_version=0,
        )
    )


def _text_in(cast, kind: str, room: str, owner: str, *, cleared: bool) -> Text:
    """A text as it lies in a room, or as its cleared version does while the working one stays in the seat."""
    seat = cast.seat(owner)
    user = cast.people[owner]
    text = Text(
        review=cast.review,
        seat=seat,
        kind=kind,
        ref=f"{kind}-{room}-{owner}-{cleared}",
        room="seat" if cleared else room,
        language="en",
        version=2,
        content={"text": "working"},
        updated_at=cast.at,
        updated_by=user,
    )
    if cleared:
        text.cleared_room, text.cleared_version, text.cleared_content = room, 1, {"text": "cleared"}
        text.cleared_language, text.cleared_at, text.cleared_version_uid = "en", cast.at, text.version_uid
    text.save()
    return text


@pytest.mark.parametrize("cleared", [False, True])
@pytest.mark.parametrize("room", sorted(ROOMS))
def test_everybody_reads_what_the_rooms_say_and_nothing_else(cast, room, cleared):
    seats = {person: cast.seat(person).pk for person in TITLES}
    review = cast.fresh()
    for kind, owner in itertools.product(KINDS, ("fp", "rfp1")):
        text = _text_in(cast, kind, room, owner, cleared=cleared)
        for person, title, user in everybody(cast):
            read = [one for one in texts_for(rights_for(user, review), kind) if one.pk == text.pk]
            own = title is not None and seats[person] == text.seat_id and title.split(".")[0] in ROOMS["seat"]
            common = room != "seat" and title in ROOMS[room]
            if cleared:
                expected = ["working"] if own else ["cleared"] if common else []
            else:
                expected = ["working"] if (own if room == "seat" else common) else []
            assert [one.content["text"] for one in read] == expected, (person, kind, owner)


def test_observers_read_drafts_only_as_their_state_chooses(cast):
    text = _text_in(cast, "answer", "seat", "fp", cleared=False)
    observer = cast.people["observer"]
    assert [one.pk for one in texts_for(rights_for(observer, cast.fresh()), "answer")] == [text.pk]
    seat = cast.seat("fp")
    seat.observers_read_drafts = False
    seat.save()
    assert texts_for(rights_for(observer, cast.fresh()), "answer") == []
    assert rights_for(observer, cast.fresh()).sees


def test_visible_to_and_rights_for_agree_for_every_person_and_stage(cast):
    granted = cast.people["granted"] = make_person_granted(cast)
    for stage in STAGES:
        review = put(cast, stage)
        for user in {*cast.people.values()}:
            listed = Review.objects.visible_to(user).filter(pk=review.pk).exists()
            assert listed == rights_for(user, review).sees, (user.username, stage)
    assert rights_for(granted, cast.fresh()).rooms == {"review"}


def make_person_granted(cast):
    from tests.conftest import make_person

    user = make_person("granted")
    permission = ReviewGrant._meta.get_field("permission").remote_field.model.objects.get(codename="view_review")
    ReviewGrant.objects.create(
        user=user, content_object=cast.review, permission=permission, until=cast.now.date() + timedelta(days=9)
    )
    return user


def test_people_who_left_see_nothing_any_more(cast):
    from cases.operations.people import release

    leaving = cast.people["rexpert1"]
    participation = leaving.participations.get(review=cast.review)
    release(case=cast.review.case, participation_uid=str(participation.uid), by=cast.people["officer"], at=cast.at)
    assert not Review.objects.visible_to(leaving).filter(pk=cast.review.pk).exists()
    assert not rights_for(leaving, cast.fresh()).sees
    with pytest.raises(NotVisible):
        advance(case=cast.review.case, action="suspend", by=leaving, at=cast.at, seen_version=1)
