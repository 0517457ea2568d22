"""The self-assessment's pages: who writes, who reads what, and that nothing typed is ever lost."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from cases.exceptions import BadInput
from cases.models import Article, Question, Ratification, TextVersion
from cases.operations.openness import open_drafts
from cases.views.answer_forms import make
from cases.views.answers import MOST_CITATIONS, is_date, is_link, read_answer
from tests.conftest import make_review

KEY = "C1-UNTOC-5-07"
SECTION = "untoc-5"
OTHERS = ("mission", "rfp1", "rexpert1", "rfp2", "rexpert2", "robserver2", "officer")
FULL = {
    "value": "yes",
    "values": [],
    "text": "An answer about zebras",
    "follow_ups": {"b": "Further words"},
    "citations": [{"law": "Penal Code", "provision": "art. 1", "date": "2020-01-31", "link": "https://law.example/1"}],
    "assistance": {"needed": True, "forms": ["legal_advice"], "text": "Help us", "given": "", "share": "yes"},
}


def base_of(cast):
    return f"/reviews/{cast.review.case}/questionnaire/"


def signed_in(client, cast, person):
    client.logout()
    if person != "anonymous":
        client.force_login(cast.people[person])
    return client


def get(client, cast, person, path=""):
    return signed_in(client, cast, person).get(base_of(cast) + path)


def post(client, cast, person, data, *, key=KEY, htmx=True):
    headers = {"HX-Request": "true"} if htmx else {}
    return signed_in(client, cast, person).post(f"{base_of(cast)}answers/{key}/", data, headers=headers)


def text(response):
    return response.content.decode()


@pytest.fixture
def drafting(cast):
    return cast.to("self_assessment")


@pytest.mark.parametrize("person", ["fp", "expert"])
@pytest.mark.parametrize("htmx", [True, False])
def test_those_who_draft_save_an_answer(drafting, client, person, htmx):
    sent = {
        "value": "in_part",
        "text": "First\r\nsecond",
        "follow-b": "Why in part",
        "law": ["Penal Code", ""],
        "provision": ["art. 5", ""],
        "date": ["2020-01-31", ""],
        "link": ["https://sherloc.example/1", ""],
        "needed": "yes",
        "forms": ["legal_advice", "other"],
        "assistance": "A draft law",
        "given": "",
        "share": "only_if_in_list",
        "language": "fr",
        "seen_version": "0",
    }
    response = post(client, drafting, person, sent, htmx=htmx)
    version = TextVersion.objects.get(text__ref=KEY)
    assert version.content == {
        "value": "in_part",
        "values": [],
        "text": "First\nsecond",
        "follow_ups": {"b": "Why in part"},
        "citations": [
            {"law": "Penal Code", "provision": "art. 5", "date": "2020-01-31", "link": "https://sherloc.example/1"}
        ],
        "assistance": {
            "needed": True,
            "forms": ["legal_advice", "other"],
            "text": "A draft law",
            "given": "",
            "share": "only_if_in_list",
        },
    }
    assert (version.language, version.by) == ("fr", drafting.people[person])
    if htmx:
        assert response.status_code == 200
        assert 'name="seen_version" value="1"' in text(response)
        assert "Saved at" in text(response)
        assert "HX-Retarget" not in response
    else:
        assert response.status_code == 302
        assert response["Location"] == f"{base_of(drafting)}{SECTION}/#q-{KEY}"
    shown = text(get(client, drafting, person, f"{SECTION}/"))
    assert re.search(r'<textarea[^>]*name="text"[^>]*lang="fr" dir="ltr"[^>]*>First\nsecond</textarea>', shown)


@pytest.mark.parametrize(
    ("person", "status"),
    [("observer", 403), *((other, 403) for other in OTHERS), ("outsider", 404), ("anonymous", 302)],
)
def test_nobody_else_writes_an_answer(drafting, client, person, status):
    before = TextVersion.objects.count()
    response = post(client, drafting, person, {"value": "yes", "text": "Not mine to say", "seen_version": "0"})
    assert response.status_code == status
    assert TextVersion.objects.count() == before
    if status == 403:
        assert "Not mine to say" in text(response), "what was typed is shown again"


@pytest.mark.parametrize("person", OTHERS)
def test_drafts_are_hidden_from_everybody_else(drafting, client, person):
    drafting.save("answer", KEY, {"value": "yes", "text": "Secret okapi"}, "expert")
    pages = {path: text(get(client, drafting, person, path)) for path in ("", f"{SECTION}/", "all/", "all/?write")}
    for path, shown in pages.items():
        assert "okapi" not in shown, path
        assert drafting.people["expert"].name not in shown, path
        assert "Not submitted yet; drafts belong to the State." in shown, path
        assert "<textarea" not in shown, path
        assert "Saved at" not in shown, path
    assert "Written" not in pages[""]
    answer = signed_in(client, drafting, person).get(
        f"{base_of(drafting)}answers/{KEY}/", headers={"HX-Request": "true"}
    )
    assert "okapi" not in text(answer)


def test_a_draft_changes_no_byte_of_what_others_see(drafting, client):
    def seen(person):
        shown = "".join(text(get(client, drafting, person, path)) for path in ("", f"{SECTION}/", "all/"))
        return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", shown)

    before = {person: seen(person) for person in OTHERS}
    for number in range(5):
        drafting.save("answer", KEY, {"value": "yes", "text": f"Draft {number}"}, "expert", seen=number)
    assert {person: seen(person) for person in OTHERS} == before


@pytest.mark.parametrize("path", ["", f"{SECTION}/", "all/", f"answers/{KEY}/", f"answers/{KEY}/history/"])
def test_outsiders_find_nothing_and_strangers_sign_in(drafting, client, path):
    assert get(client, drafting, "outsider", path).status_code == 404
    assert get(client, drafting, "anonymous", path).status_code == 302


@pytest.mark.parametrize("person", ["fp", "expert", "observer"])
def test_the_own_side_reads_its_drafts(drafting, client, person):
    drafting.save("answer", KEY, {"value": "yes", "text": "Draft of a zebra"}, "expert")
    assert "Something is written for 1 of 56 questions." in text(get(client, drafting, person))
    shown = text(get(client, drafting, person, f"{SECTION}/"))
    assert "Draft of a zebra" in shown
    assert ("<textarea" in shown) == (person != "observer")


def test_others_read_what_was_handed_over_and_no_later_draft(drafting, client):
    drafting.save("answer", KEY, FULL, "expert", language="ar")
    drafting.hand_over("self_assessment", "submit_self_assessment", "fp")
    drafting.advance("reopen_self_assessment", "fp")
    drafting.save("answer", KEY, {**FULL, "text": "A later okapi"}, "expert", seen=1)
    for person in ("rfp1", "rexpert2", "robserver2", "mission", "officer"):
        shown = text(get(client, drafting, person, f"{SECTION}/"))
        assert "An answer about zebras" in shown
        assert 'class="state-text" lang="ar" dir="rtl"' in shown
        assert '<a href="https://law.example/1" rel="noreferrer noopener">Penal Code</a>, art. 1' in shown
        assert "Help us" in shown
        assert "okapi" not in shown
        assert "taken its self-assessment back" in text(get(client, drafting, person))
    assert "A later okapi" in text(get(client, drafting, "fp", f"{SECTION}/"))


def test_the_history_belongs_to_the_own_side(drafting, client):
    drafting.save("answer", KEY, {"value": "yes", "text": "One zebra"}, "expert")
    drafting.save("answer", KEY, {"value": "no", "text": "One okapi"}, "fp", seen=1)
    for person in ("fp", "expert", "observer"):
        shown = text(get(client, drafting, person, f"answers/{KEY}/history/"))
        assert "One <del>zebra</del><ins>okapi</ins>" in shown
        assert drafting.people["expert"].name in shown
        assert drafting.people["fp"].name in shown
    drafting.hand_over("self_assessment", "submit_self_assessment", "fp")
    for person in OTHERS:
        response = get(client, drafting, person, f"answers/{KEY}/history/")
        assert response.status_code == 404
        assert drafting.people["expert"].name not in text(get(client, drafting, person, f"{SECTION}/"))


def test_drafts_opened_for_help_are_read_by_the_secretariat_without_the_names(drafting, client):
    drafting.save("answer", KEY, {"value": "yes", "text": "A zebra in need"}, "expert")
    assert "Only your State reads what you write here." in text(get(client, drafting, "expert", f"{SECTION}/"))
    open_drafts(
        case=drafting.review.case,
        until=(drafting.now + timedelta(days=20)).date(),
        by=drafting.people["fp"],
        at=drafting.at,
    )
    shown = text(get(client, drafting, "officer", f"{SECTION}/"))
    assert "A zebra in need" in shown
    assert "<textarea" not in shown
    assert f"answers/{KEY}/history/" not in shown
    assert get(client, drafting, "officer", f"answers/{KEY}/history/").status_code == 404
    assert post(client, drafting, "officer", {"text": "Ours", "seen_version": "1"}).status_code == 403
    assert "while your focal point allows it, the Secretariat" in text(get(client, drafting, "expert", f"{SECTION}/"))
    assert "zebra" not in text(get(client, drafting, "rfp1", f"{SECTION}/"))


@pytest.mark.parametrize("htmx", [True, False])
def test_a_stale_save_shows_both_texts_and_loses_nothing(drafting, client, htmx):
    drafting.save("answer", KEY, {"value": "yes", "text": "The common ground"}, "expert")
    drafting.save("answer", KEY, {"value": "yes", "text": "The common zebra"}, "expert", seen=1)
    mine = {"value": "no", "text": "The common okapi", "language": "en", "seen_version": "1"}
    response = post(client, drafting, "fp", mine, htmx=htmx)
    shown = text(response)
    assert response.status_code == 409
    assert "The common <del>ground</del><ins>zebra</ins>" in shown
    assert "The common <del>ground</del><ins>okapi</ins>" in shown
    assert ">The common okapi</textarea>" in shown
    assert 'name="seen_version" value="2"' in shown
    assert 'hx-trigger="submit"' in shown, "a conflict is never saved over without a person's press"
    assert TextVersion.objects.filter(text__ref=KEY).count() == 2
    over = post(client, drafting, "fp", {**mine, "seen_version": "2", "whole": "1"})
    assert over["HX-Retarget"] == f"#q-{KEY}"
    assert TextVersion.objects.filter(text__ref=KEY).count() == 3
    assert "The common okapi" in text(get(client, drafting, "expert", f"{SECTION}/"))


def test_the_same_words_again_are_one_version(drafting, client):
    sent = {"value": "yes", "text": "Said once", "language": "en", "seen_version": "0"}
    for _time in range(2):
        assert post(client, drafting, "expert", sent).status_code == 200
    assert TextVersion.objects.filter(text__ref=KEY).count() == 1


def test_an_untouched_question_leaves_no_version(drafting, client):
    before = TextVersion.objects.count()
    assert post(client, drafting, "expert", {"language": "fr", "seen_version": "0"}).status_code == 200
    assert TextVersion.objects.count() == before


@pytest.mark.parametrize("htmx", [True, False])
def test_bad_input_keeps_what_was_typed(drafting, client, htmx):
    sent = {"value": "yes", "text": "Typed words", "law": "Act", "link": "sherloc", "seen_version": "0"}
    response = post(client, drafting, "expert", sent, htmx=htmx)
    shown = text(response)
    assert response.status_code == 422
    assert f'<a href="#{KEY}-link-1">' in shown
    assert f'id="{KEY}-link-1" name="link" value="sherloc"' in shown
    assert ">Typed words</textarea>" in shown
    assert not TextVersion.objects.filter(text__ref=KEY).exists()


def test_without_javascript_everything_asked_is_in_sight_and_a_row_is_always_empty(drafting, client):
    drafting.save("answer", KEY, FULL, "expert")
    shown = text(get(client, drafting, "expert", f"{SECTION}/"))
    form = shown.split(f'id="q-{KEY}"')[1].split("</article>")[0]
    assert " hidden" not in form
    assert 'data-show-if="no in_part"' in form
    assert re.findall(r'name="law" value="([^"]*)"', form) == ["Penal Code", ""]
    assert len(re.findall(r'name="forms" value', form)) == 9
    assert "<script" not in form
    assert not re.search(r"\s(on\w+|style)=", form)


def test_what_was_handed_over_is_closed_and_typed_words_survive(drafting, client):
    drafting.save("answer", KEY, FULL, "expert")
    drafting.hand_over("self_assessment", "submit_self_assessment", "fp")
    before = TextVersion.objects.count()
    response = post(client, drafting, "expert", {"value": "no", "text": "Too far on", "seen_version": "1"})
    assert response.status_code == 409
    assert "Too far on" in text(response)
    assert TextVersion.objects.count() == before
    shown = text(get(client, drafting, "expert", f"{SECTION}/"))
    assert "This text cannot be changed at the stage the review is in now." in shown
    assert "<textarea" not in shown


def test_a_suspended_review_says_why_nothing_can_be_written(drafting, client):
    drafting.advance("suspend", "fp", reason="An election")
    assert "The review is suspended; all dates are paused." in text(get(client, drafting, "expert", f"{SECTION}/"))
    assert post(client, drafting, "expert", {"text": "Now", "seen_version": "0"}).status_code == 409


def test_a_state_is_asked_only_about_its_own_instruments(world, client):
    cast = make_review(code="XDA", same="XDB", other="XDC")
    Ratification.objects.filter(state=cast.review.state, instrument="firearms").delete()
    cast.to("preliminary_consultations")
    assert "firearms" not in text(get(client, cast, "fp"))
    assert get(client, cast, "fp", "firearms-5/").status_code == 404
    firearms = Question.objects.filter(instrument="firearms").first()
    assert post(client, cast, "fp", {"text": "No", "seen_version": "0"}, key=firearms.key).status_code == 404
    assert get(client, cast, "fp", "no-such-section/").status_code == 404


def test_the_sections_are_read_one_after_the_other(drafting, client):
    shown = text(get(client, drafting, "fp", f"{SECTION}/"))
    assert f'rel="prev" href="{base_of(drafting)}untoc-2/"' in shown
    assert f'rel="next" href="{base_of(drafting)}untoc-6/"' in shown
    article = Article.objects.get(instrument="untoc", number=5)
    assert f'href="{escape(article.url)}"' in shown, "the official text"
    assert escape(article.asks["en"]) in shown
    first = text(get(client, drafting, "fp", "general-1/"))
    assert 'rel="prev"' not in first


def test_a_script_in_a_stored_link_is_never_a_link(drafting, client):
    bad = {**FULL, "citations": [{"law": "Act", "provision": "", "date": "", "link": "javascript:alert(1)"}]}
    drafting.save("answer", KEY, bad, "expert")
    assert 'href="javascript' not in text(get(client, drafting, "observer", f"{SECTION}/"))


def test_the_focal_point_is_led_to_clearing_and_the_expert_sees_what_is_cleared(drafting, client):
    where = f'href="/reviews/{drafting.review.case}/clear/self_assessment/"'
    assert f"{where}>Read and clear</a>" in text(get(client, drafting, "fp"))
    assert f"{where}>What the focal point clears</a>" in text(get(client, drafting, "expert"))
    assert where not in text(get(client, drafting, "rfp1"))


def _queries(client, path):
    """With the questionnaire read, as a process that has served a page keeps it."""
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


@pytest.mark.parametrize(("path", "most"), [("", 7), (f"{SECTION}/", 6), ("all/", 6), ("all/?write", 6)])
@pytest.mark.parametrize("person", ["expert", "rfp1"])
def test_the_number_of_queries_does_not_grow_with_the_answers(drafting, client, person, path, most):
    drafting.save("answer", KEY, FULL, "expert")
    drafting.hand_over("self_assessment", "submit_self_assessment", "fp")
    drafting.advance("reopen_self_assessment", "fp")
    signed_in(client, drafting, person)
    one = _queries(client, base_of(drafting) + path)
    for question in Question.objects.exclude(key=KEY):
        drafting.save("answer", question.key, {**FULL, "value": "", "text": "Many"}, "expert")
    drafting.hand_over("self_assessment", "submit_self_assessment", "fp")
    drafting.advance("reopen_self_assessment", "fp")
    many = _queries(client, base_of(drafting) + path)
    assert one == many
    assert many - 2 <= most, "beside session and user"


def question(**fields):
    return Question(
        **{
            "key": "Q",
            "answer_type": "multi",
            "options": [{"value": "a", "labels": {"en": "A"}}, {"value": "b", "labels": {"en": "B"}}],
            "follow_ups": [
                {"key": "a", "answer_type": "link", "text": {"en": "Links"}, "options": [], "show_if": ["a"]},
                {
                    "key": "b",
                    "answer_type": "multi",
                    "text": {"en": "Which"},
                    "options": [{"value": "x", "labels": {"en": "X"}}],
                    "show_if": ["a"],
                },
                {"key": "c", "answer_type": "citation", "text": {"en": "Cite"}, "options": [], "show_if": ["a"]},
            ],
            "assistance": True,
            **fields,
        }
    )


def form(*pairs):
    post = QueryDict(mutable=True)
    for name, value in pairs:
        post.appendlist(name, value)
    return post


@pytest.mark.parametrize(
    ("pairs", "field"),
    [
        ([("values", "a"), ("values", "z")], "values"),
        ([("text", "x" * 20_001)], "text"),
        ([("follow-a", "https://ok.example\nnot a link")], "follow-a"),
        ([("follow-b", "y")], "follow-b"),
        ([("law", "L"), ("date", "31.12.2020")], "date-1"),
        ([("law", "L"), ("date", "2020-02-30")], "date-1"),
        ([("law", "L"), ("link", "javascript:alert(1)")], "link-1"),
        ([("law", "L"), ("link", "https://host.example/a b")], "link-1"),
        ([("law", "x" * 20_001)], "law-1"),
        ([("law", str(number)) for number in range(MOST_CITATIONS + 1)], "citations"),
        ([("forms", "money")], "forms"),
        ([("share", "perhaps")], "share"),
        ([("given", "x" * 20_001)], "given"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_its_field(pairs, field):
    with pytest.raises(BadInput) as refused:
        read_answer(question(), form(*pairs))
    assert list(refused.value.details["fields"]) == [field]


def test_every_fault_is_named_at_once():
    with pytest.raises(BadInput) as refused:
        read_answer(question(), form(("values", "z"), ("law", "L"), ("date", "x"), ("link", "y"), ("forms", "money")))
    assert set(refused.value.details["fields"]) == {"values", "date-1", "link-1", "forms"}


def test_a_single_choice_takes_one_of_its_values_and_no_list():
    single = question(answer_type="yes_no_part")
    assert read_answer(single, form(("value", "in_part"), ("values", "a")))["values"] == []
    with pytest.raises(BadInput):
        read_answer(single, form(("value", "perhaps")))


def test_an_answer_is_read_in_full_and_cleaned_of_what_no_database_takes():
    read = read_answer(
        question(),
        form(
            ("values", "b"),
            ("values", "b"),
            ("text", " a\x00b\r\nc\td "),
            ("follow-a", "https://one.example\r\nhttp://two.example"),
            ("follow-b", "x"),
            ("law", ""),
            ("law", "Act"),
            ("provision", ""),
            ("link", ""),
            ("link", "http://law.example/1?x=1#y"),
        ),
    )
    assert read["values"] == ["b"]
    assert read["text"] == "ab\nc\td"
    assert read["follow_ups"] == {"a": "https://one.example\nhttp://two.example", "b": ["x"]}
    assert read["citations"] == [{"law": "Act", "provision": "", "date": "", "link": "http://law.example/1?x=1#y"}]
    assert read["assistance"]["needed"] is False


@pytest.mark.parametrize("value", ["", "ftp://host.example", "https://", "//host.example", "https://[", "mailto:a@b"])
def test_only_web_addresses_are_links(value):
    assert not is_link(value)


@pytest.mark.parametrize("value", ["20200131", "2020-W05-1", "2020-1-31", "", "2020-13-01"])
def test_only_days_are_dates(value):
    assert not is_date(value)


def test_markup_in_an_answer_is_shown_as_it_was_typed(drafting, client):
    drafting.save("answer", KEY, {**FULL, "text": "<b>bold</b>"}, "expert")
    for person in ("expert", "observer"):
        shown = text(get(client, drafting, person, f"{SECTION}/"))
        assert escape("<b>bold</b>") in shown
        assert "<b>bold</b>" not in shown


def test_a_new_questionnaire_is_noticed_and_forms_are_kept_by_language(drafting, client):
    get(client, drafting, "fp", f"{SECTION}/")
    asked = Question.objects.get(key=KEY)
    asked.pk, asked.key, asked.number = None, "C1-UNTOC-5-99", 999
    asked.text = {"en": "An added question", "fr": "Une question de plus"}
    asked.save(force_insert=True)
    assert "An added question" in text(get(client, drafting, "fp", f"{SECTION}/"))
    type(drafting.people["fp"]).objects.filter(pk=drafting.people["fp"].pk).update(language="fr")
    assert "Une question de plus" in text(get(client, drafting, "fp", f"{SECTION}/"))


def test_a_form_is_made_without_anybodys_words_and_filled_escaped(drafting, client):
    form, _law = make(Question.objects.get(key=KEY))
    assert {"text", "version", "where", "value in_part", "forms other", "language ar", "laws"} <= set(form.names)
    filled = form.filled({"text": "&lt;i&gt;", "value in_part": " checked"})
    assert ">&lt;i&gt;</textarea>" in filled
    assert 'value="in_part" checked>' in filled
    assert "\ue000" not in filled
    said = {**FULL, "text": "</textarea><i>\ue000csrf\ue001", "value": "\ue000csrf\ue001"}
    drafting.save("answer", KEY, said, "expert")
    shown = text(get(client, drafting, "fp", f"{SECTION}/"))
    assert "&lt;/textarea&gt;&lt;i&gt;\ue000csrf\ue001</textarea>" in shown
