"""The articles of the Convention and its Protocols: complete, in six languages, linked to the official text."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from cases.models import Article
from cases.operations.loading import load_articles
from cases.states_file import INSTRUMENTS, LANGUAGES
from tests.cases.test_demonstration_data import BLAME, SCRIPTS

SOURCE = Path(__file__).resolve().parents[2] / "cases" / "data" / "articles.json"
COUNTS = {"untoc": 41, "tip": 20, "som": 25, "firearms": 21}
CHAPTERS = {"untoc": "XVIII-12", "tip": "XVIII-12-a", "som": "XVIII-12-b", "firearms": "XVIII-12-c"}
LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
# Arabic writes conjunctions, prepositions and the article with the noun; Chinese writes no spaces.
WORDS = {"ar": (10, 35), "en": (12, 35), "fr": (12, 35), "ru": (12, 35), "es": (12, 35)}
CHINESE_LENGTH = (20, 80)
STOPS = {"zh-hans": "。"}
TITLE_LENGTH = 130


@pytest.fixture(scope="module")
def articles() -> list[dict]:
    return json.loads(SOURCE.read_text(encoding="utf-8"))["articles"]


def texts(articles: list[dict], member: str) -> list[tuple[str, str, str]]:
    """Every (article, language, text) of ``title`` or ``asks``."""
    return [
        (f"{one['instrument']} {one['number']}", language, text)
        for one in articles
        for language, text in one[member].items()
    ]


def length(language: str, text: str) -> int:
    """Words, counted between plain spaces; characters where the language writes no spaces."""
    return len(text) if language == "zh-hans" else len(text.split(" "))


def test_every_article_of_the_four_instruments_is_there_once_and_in_order(articles):
    assert set(COUNTS) == set(INSTRUMENTS)
    assert len(articles) == 107
    assert [(one["instrument"], one["number"]) for one in articles] == [
        (instrument, number) for instrument, count in COUNTS.items() for number in range(1, count + 1)
    ]


def test_an_article_belongs_to_one_of_the_four_clusters_or_to_none(articles):
    assert {one["cluster"] for one in articles} == {"I", "II", "III", "IV", None}
    assert all(set(one) == {"instrument", "number", "cluster", "title", "asks", "url"} for one in articles)


def test_the_file_is_indented_by_one_unescaped_and_ends_in_one_line_feed(articles):
    written = json.dumps({"articles": articles}, ensure_ascii=False, indent=1) + "\n"
    assert SOURCE.read_bytes() == written.encode()


@pytest.mark.parametrize("member", ["title", "asks"])
def test_titles_and_sentences_are_in_six_languages_and_their_scripts(articles, member):
    for one in articles:
        assert set(one[member]) == set(LANGUAGES), (one["instrument"], one["number"])
    for article, language, text in texts(articles, member):
        assert text, (article, language)
        assert text == text.strip(), (article, language)
        assert "  " not in text, (article, language)
        for script, letters in SCRIPTS.items():
            assert bool(letters.search(text)) == (language == script), (article, language, text)
        assert bool(LATIN.search(text)) == (language not in SCRIPTS), (article, language, text)


def test_a_title_is_short_and_has_no_full_stop(articles):
    for article, language, text in texts(articles, "title"):
        assert len(text) <= TITLE_LENGTH, (article, language)
        assert text[-1] not in ".。:؛", (article, language)


def test_what_an_article_asks_is_not_its_title(articles):
    for one in articles:
        for language in LANGUAGES:
            assert one["asks"][language] != one["title"][language]
            assert one["asks"][language].rstrip(".。") != one["title"][language]


def test_what_an_article_asks_is_one_sentence(articles):
    for article, language, text in texts(articles, "asks"):
        stop = STOPS.get(language, ".")
        assert text.endswith(stop), (article, language, text)
        assert not re.search(r"[.。!?！？؟]", text[:-1]), (article, language, text)
        assert "\n" not in text


def test_what_an_article_asks_has_the_length_of_a_sentence(articles):
    for article, language, text in texts(articles, "asks"):
        least, most = CHINESE_LENGTH if language == "zh-hans" else WORDS[language]
        assert least <= length(language, text) <= most, (article, language, length(language, text), text)


def test_no_two_articles_of_an_instrument_ask_the_same(articles):
    for language in LANGUAGES:
        asked = Counter((one["instrument"], one["asks"][language]) for one in articles)
        assert [sentence for sentence, times in asked.items() if times > 1] == []


def test_articles_with_one_english_title_have_one_title_in_every_language(articles):
    """But for the Protocol against trafficking, which has purposes where the others have one purpose."""
    varies = {("Statement of purpose", "ar"), ("Statement of purpose", "ru")}
    for language in LANGUAGES:
        by_english: dict[str, set[str]] = {}
        for one in articles:
            by_english.setdefault(one["title"]["en"], set()).add(one["title"][language])
        assert {(title, language) for title, seen in by_english.items() if len(seen) > 1} == {
            one for one in varies if one[1] == language
        }


def test_no_word_of_blame_or_ranking(articles):
    for article, language, text in texts(articles, "asks"):
        assert not re.search(BLAME[language], text, re.IGNORECASE), (article, language, text)


def test_punctuation_is_each_languages_own(articles):
    for article, language, text in texts(articles, "asks") + texts(articles, "title"):
        if language == "zh-hans":
            assert not re.search(r"[,;:() ]", text), (article, text)
        if language == "ar":
            assert not re.search(r"[,;?]", text), (article, text)
        if language == "fr":
            assert "'" not in text, (article, text)
            assert not re.search(r"[^\u00a0][:;]", text), (article, text)


def test_the_link_leads_to_the_instrument_in_the_treaty_collection(articles):
    for one in articles:
        chapter = CHAPTERS[one["instrument"]]
        assert one["url"] == (
            f"https://treaties.un.org/Pages/ViewDetails.aspx?src=TREATY&mtdsg_no={chapter}&chapter=18&clang=_en"
        )


@pytest.mark.django_db
def test_the_file_loads_and_every_row_is_valid(articles):
    assert load_articles({"articles": articles}) == 107
    for row in Article.objects.all():
        row.full_clean()
        assert set(row.asks) == set(row.title) == set(LANGUAGES)
