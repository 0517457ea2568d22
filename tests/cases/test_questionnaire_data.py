"""The questionnaire of cluster I: complete in six languages, each in its own script and marks, and of one shape."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cases.models import Question, Section
from cases.operations.loading import load_questionnaire
from cases.states_file import LANGUAGES
from tests.cases.test_demonstration_data import BLAME, SCRIPTS

DATA = Path(__file__).resolve().parents[2] / "cases" / "data"
QUESTIONNAIRE = json.loads((DATA / "questions-1.json").read_text(encoding="utf-8"))
QUESTIONS = QUESTIONNAIRE["questions"]
ARTICLES = {
    (article["instrument"], article["number"]): article
    for article in json.loads((DATA / "articles.json").read_text(encoding="utf-8"))["articles"]
}
SCALE = ("yes", "in_part", "no")
ANSWER_TYPES = {"yes_no_part", "choice", "multi", "text", "citation", "link"}
# The same word in both languages, as the Protocol against trafficking in persons has it.
COGNATES = {("fr", "Servitude")}
# Latin letters in any script: the portal's name, and a subparagraph as it is cited in Russian and Chinese.
LATIN = re.compile(r"SHERLOC|\([a-j]\)")
NBSP = "\u00a0"


def wordings() -> Iterator[tuple[str, dict[str, str]]]:
    """Every object that holds a text in each language, with where it is."""
    for section in QUESTIONNAIRE["sections"]:
        yield section["key"], section["labels"]
    for question in QUESTIONS:
        yield question["key"], question["text"]
        for option in question["options"]:
            yield f"{question['key']} {option['value']}", option["labels"]
        for follow_up in question["follow_ups"]:
            yield f"{question['key']} {follow_up['key']}", follow_up["text"]
            for option in follow_up["options"]:
                yield f"{question['key']} {follow_up['key']} {option['value']}", option["labels"]


def texts(language: str) -> list[tuple[str, str]]:
    return [(where, wording[language]) for where, wording in wordings()]


def asked(language: str) -> list[tuple[str, str]]:
    """The questions and follow-ups, which are sentences; labels are not."""
    found = []
    for question in QUESTIONS:
        found.append((question["key"], question["text"][language]))
        found += [(f"{question['key']} {one['key']}", one["text"][language]) for one in question["follow_ups"]]
    return found


def matching(pattern: str, language: str) -> list[tuple[str, str]]:
    return [(where, text) for where, text in texts(language) if re.search(pattern, text)]


def test_fifty_six_questions_in_order_with_a_key_each():
    assert [question["no"] for question in QUESTIONS] == list(range(1, 57))
    assert len({question["key"] for question in QUESTIONS}) == 56
    keys = [section["key"] for section in QUESTIONNAIRE["sections"]]
    assert len(keys) == len(set(keys)) == 18
    for question in QUESTIONS:
        follow_ups = [one["key"] for one in question["follow_ups"]]
        assert len(follow_ups) == len(set(follow_ups)), question["key"]


def test_questions_stand_in_the_order_of_their_sections_and_no_section_is_empty():
    sections = {section["key"]: section for section in QUESTIONNAIRE["sections"]}
    used = list(dict.fromkeys(question["section"] for question in QUESTIONS))
    assert used == list(sections)
    for question in QUESTIONS:
        section = sections[question["section"]]
        assert (question["instrument"], question["article"]) == (section["instrument"], section["article"])


def test_every_text_is_there_in_six_languages_and_differs_from_the_english():
    for where, wording in wordings():
        assert set(wording) == set(LANGUAGES), where
        for language, text in wording.items():
            assert text == text.strip(), (where, language)
            assert text, (where, language)
            assert "  " not in text, (where, language)
            if language != "en" and (language, text) not in COGNATES:
                assert text != wording["en"], (where, language)


def test_no_label_is_a_bare_key():
    for question in QUESTIONS:
        for holder in (question, *question["follow_ups"]):
            for option in holder["options"]:
                assert option["labels"]["en"] != option["value"]
                assert "_" not in option["labels"]["en"]


def test_options_have_one_shape_and_stand_where_there_is_something_to_choose():
    for question in QUESTIONS:
        for holder in (question, *question["follow_ups"]):
            assert holder["answer_type"] in ANSWER_TYPES
            assert bool(holder["options"]) == (holder["answer_type"] in {"choice", "multi"}), question["key"]
            values = [option["value"] for option in holder["options"]]
            assert len(values) == len(set(values))
            for option in holder["options"]:
                assert set(option) == {"value", "labels"}
            for language in LANGUAGES:
                labels = {option["labels"][language] for option in holder["options"]}
                assert len(labels) == len(values), (question["key"], language)


def test_a_follow_up_is_shown_for_answers_that_its_question_has():
    for question in QUESTIONS:
        scale = question["answer_type"] == "yes_no_part"
        values = SCALE if scale else [option["value"] for option in question["options"]]
        for follow_up in question["follow_ups"]:
            assert set(follow_up) == {"key", "show_if", "text", "answer_type", "options"}
            assert follow_up["show_if"], (question["key"], follow_up["key"])
            assert set(follow_up["show_if"]) <= set(values), (question["key"], follow_up["key"])


def test_an_article_s_section_has_its_number_and_its_title():
    """Where the articles' own file has a title in a language, readers see the same one in both places."""
    for section in QUESTIONNAIRE["sections"]:
        if section["article"] is None:
            assert section["instrument"] is None
            continue
        article = ARTICLES[section["instrument"], section["article"]]
        assert article["cluster"] == QUESTIONNAIRE["cluster"]
        assert section["labels"]["en"] == f"Article {section['article']}: {article['title']['en']}"
        for language, title in article["title"].items():
            assert section["labels"][language].endswith(title), (section["key"], language)
        for language, label in section["labels"].items():
            assert re.findall(r"\d+", label) == [str(section["article"])], (section["key"], language)


def test_references_to_articles_and_paragraphs_are_kept():
    for where, wording in wordings():
        expected = sorted(re.findall(r"\d+", wording["en"]))
        for language, text in wording.items():
            assert sorted(re.findall(r"\d+", text)) == expected, (where, language)
            assert ("SHERLOC" in text) == ("SHERLOC" in wording["en"]), (where, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_is_in_its_own_script(language):
    for where, text in texts(language):
        for script, letters in SCRIPTS.items():
            assert bool(letters.search(text)) == (language == script), (where, language, script)
        if language in SCRIPTS:
            assert not re.search(r"[A-Za-z]", LATIN.sub("", text)), (where, text)


@pytest.mark.parametrize(
    ("language", "foreign"),
    [
        ("ar", r"[,;?!%\"'“”]"),
        ("zh-hans", r"[,;:?!.\"'«»]|\((?![a-j]\))"),
        ("ru", r"[\"'“”¿]"),
        ("es", r"[\"'“”]"),
        ("fr", r"[\"'“”]"),
        ("en", r"[\"'«»]"),
    ],
)
def test_each_language_has_its_own_punctuation(language, foreign):
    assert matching(foreign, language) == []


def test_arabic_and_chinese_sentences_end_in_their_own_marks():
    for where, text in asked("ar"):
        assert text[-1] in "؟.", (where, text)
    for where, text in asked("zh-hans"):
        assert text[-1] in "？。", (where, text)


def test_a_question_is_a_question_in_every_language():
    marks = {"ar": "؟", "zh-hans": "？"}
    english = dict(asked("en"))
    for language in LANGUAGES:
        for where, text in asked(language):
            mark = marks.get(language, "?")
            assert (mark in text) == ("?" in english[where]), (where, language)


def test_spanish_questions_are_opened_and_french_marks_are_kept_with_their_word():
    for where, text in texts("es"):
        assert text.count("¿") == text.count("?"), where
    assert matching(f"[^{NBSP}][?:;»]", "fr") == []
    assert matching(f"«[^{NBSP}]", "fr") == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_brackets_and_quotation_marks_are_closed(language):
    for where, text in texts(language):
        # "a) de l’article 2" is how French and Spanish cite a subparagraph.
        cited = re.sub(r"\b[a-j]\)", "", text) if language in {"fr", "es"} else text
        for opening, closing in ("()", "（）", "«»", "“”", "《》"):
            assert cited.count(opening) == cited.count(closing), (where, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_of_blame_and_no_exclamation(language):
    assert [text for _, text in texts(language) if re.search(BLAME[language], text, re.IGNORECASE)] == []
    assert matching("[!！]", language) == []


@pytest.mark.django_db
def test_it_is_stored_as_it_stands_and_only_once():
    Question.objects.all().delete()
    Section.objects.all().delete()
    assert [load_questionnaire(QUESTIONNAIRE) for _ in range(2)] == [56, 56]
    assert Section.objects.count() == 18
    for question in QUESTIONS:
        stored = Question.objects.get(cluster="I", version=1, key=question["key"])
        assert stored.number == question["no"]
        assert stored.text == question["text"]
        assert stored.options == question["options"]
        assert stored.follow_ups == question["follow_ups"]
