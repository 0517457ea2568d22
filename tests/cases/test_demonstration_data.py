"""The demonstration's parties and texts: nobody's, complete, and without a word about any real State."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from cases.states_file import ADOPTED, GROUPS, INSTRUMENTS, LANGUAGES, StateRow, parse

DATA = Path(__file__).resolve().parents[2] / "cases" / "data"
TEXTS = DATA / "demonstration"
ARABIC = re.compile(r"[\u0600-\u06ff]")
CYRILLIC = re.compile(r"[\u0400-\u04ff]")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
SCRIPTS = {"ar": ARABIC, "ru": CYRILLIC, "zh-hans": CHINESE}
BLAME = {
    "en": r"\b(overdue|late|lateness|belated|fail(s|ed|ing|ure)?|delinquent|defaulter|laggard"
    r"|non-?complian\w*|violat\w*|breached|worst|rank(ed|ing|s)?|blame\w*|shame\w*|sanctioned State)\b",
    "fr": r"\b(en retard|tardi\w+|manquement\w*|défaillan\w*|non[- ]conform\w+|en défaut|classement)\b",
    "es": r"\b(atrasad\w+|retras\w+|incumpl\w+|moros\w+|tardí\w+|culpab\w*|clasificación)\b",
    "ru": r"\b(просроч\w*|опозда\w*|задолжен\w*|нарушител\w*|не выполнил\w*|не соблюд\w*|рейтинг\w*)",
    "ar": r"(متأخر|تأخّر|تأخر|تقصير|متخلف|أخفق|غير ممتثل|تصنيف)",
    "zh-hans": r"(逾期|迟交|拖延|未能|不遵守|不合规|落后|排名)",
}


def load(name: str) -> dict:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def real() -> tuple[StateRow, ...]:
    return parse((DATA / "states.csv").read_bytes(), (DATA / "state-names.csv").read_bytes()).rows


@pytest.fixture(scope="module")
def invented() -> list[dict]:
    return load("invented-parties.json")["parties"]


def bare(name: str) -> str:
    """A short name without its bracketed article, as one would write it in running text."""
    return re.sub(r"\s*\([^)]*\)$", "", name)


def distance(left: str, right: str) -> int:
    """How many letters have to be changed, put in or left out."""
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, start=1):
        previous, row[0] = row[0], i
        for j, b in enumerate(right, start=1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]


def strings(value: object, language: str = "en") -> Iterator[tuple[str, str]]:
    """Every (language, text) below a value; a ``language`` beside a text says what it is written in."""
    if isinstance(value, dict):
        language = value.get("language", language)
        for part in value.values():
            yield from strings(part, language)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part, language)
    elif isinstance(value, str):
        yield language, value


def prose() -> list[tuple[str, str, str]]:
    return [
        (path.name, language, text)
        for path in sorted(TEXTS.glob("*.json"))
        for language, text in strings(json.loads(path.read_text(encoding="utf-8")))
    ]


def mention(language: str, name: str) -> re.Pattern[str]:
    """Finds a State's name in a text of a language."""
    escaped = re.escape(name)
    if language == "zh-hans":
        return re.compile(escaped)
    if language == "ar":
        # Conjunctions and prepositions are written together with the noun; "l" swallows the article's alif.
        with_l = f"|\\bو?لل{re.escape(name[2:])}\\b" if name.startswith("ال") else ""
        return re.compile(f"\\b[وفبلك]{{0,2}}{escaped}\\b{with_l}")
    if language == "ru" and len(name) > 4 and " " not in name:
        return re.compile(f"\\b{re.escape(name.rstrip('аяйьи'))}[а-я]{{0,3}}\\b")
    return re.compile(f"\\b{escaped}\\b")


def test_codes_are_user_assigned_and_nobody_elses(real, invented):
    codes = [party["code"] for party in invented]
    assert len(codes) == len(set(codes)) == 63
    assert all(re.fullmatch(r"X[A-Z]{2}", code) for code in codes)
    assert not set(codes) & {row.code for row in real}


def test_every_party_has_a_short_and_a_formal_name_in_six_languages(invented):
    for party in invented:
        assert set(party["names"]) == set(LANGUAGES)
        for language, forms in party["names"].items():
            assert set(forms) == {"short", "formal"}
            for name in forms.values():
                assert name == name.strip()
                assert name
                for script, letters in SCRIPTS.items():
                    assert bool(letters.search(name)) == (language == script), (party["code"], language, name)


def test_names_are_unique_and_far_from_each_other(invented):
    for language in LANGUAGES:
        for form in ("short", "formal"):
            assert len({party["names"][language][form].casefold() for party in invented}) == len(invented)
        names = [bare(party["names"][language]["short"]).casefold() for party in invented]
        for i, name in enumerate(names):
            assert all(distance(name, other) >= 2 for other in names[:i])


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_name_is_near_a_real_one_in_any_language(real, invented, language):
    least = 2 if language == "zh-hans" else 3
    ours = [bare(party["names"][language]["short"]).casefold() for party in invented]
    for row in real:
        theirs = bare(row.names[language]["short"]).casefold()
        assert [name for name in ours if distance(name, theirs) < least or theirs in name] == []


def test_a_latin_name_is_not_a_real_one_of_another_language(real, invented):
    latin = {bare(row.names[language]["short"]).casefold() for row in real for language in ("en", "fr", "es")}
    for party in invented:
        name = bare(party["names"]["en"]["short"]).casefold()
        assert all(distance(name, other) >= 3 for other in latin)


def test_the_pattern_is_the_real_one(real, invented):
    def share(rows: list[tuple[str | None, frozenset[str]]]) -> dict[object, float]:
        counts = Counter(group for group, _ in rows) + Counter(kinds for _, kinds in rows)
        return {key: count / len(rows) for key, count in counts.items()}

    actual = [
        (row.group, frozenset(key for key in INSTRUMENTS if row.ratifications[key].party))
        for row in real
        if row.ratifications["untoc"].party
    ]
    ours = [(party["group"], frozenset(party["ratifications"])) for party in invented]
    expected, found = share(actual), share(ours)
    for key in expected:
        assert found.get(key, 0) == pytest.approx(expected[key], abs=0.025), key
    assert Counter(group for group, _ in ours) == {
        "africa": 17,
        "asia-pacific": 17,
        "eastern-europe": 7,
        "grulac": 11,
        "weog": 9,
        None: 2,
    }


def test_groups_languages_weekends_and_dates_are_sound(invented):
    for party in invented:
        assert party["group"] in {*GROUPS.values(), None}
        assert party["weekend"] in {"sat-sun", "fri-sat"}
        assert party["entity_type"] == "invented"
        assert "untoc" in party["ratifications"]
        for key, dates in party["ratifications"].items():
            since = date.fromisoformat(dates["since"])
            assert max(ADOPTED[key], date.fromisoformat(party["ratifications"]["untoc"]["since"])) <= since
            assert since < date(2024, 1, 1)
            if dates["signed"]:
                assert ADOPTED[key] <= date.fromisoformat(dates["signed"]) < since
    assert {party["language"] for party in invented} == set(LANGUAGES)
    assert {party["weekend"] for party in invented} == {"sat-sun", "fri-sat"}


def test_answers_have_the_shape_of_an_answer():
    answers = load("demonstration/answers.json")["answers"]
    assert len(answers) == 56
    for key, variants in answers.items():
        assert len(variants) >= 3, key
        assert len({variant["language"] for variant in variants}) >= 2, key
        for variant in variants:
            assert set(variant) == {
                "language",
                "value",
                "values",
                "text",
                "follow_ups",
                "citations",
                "assistance",
            }
            assert variant["text"]
            assert set(variant["assistance"]) == {"needed", "forms", "text", "given", "share"}
            assert variant["assistance"]["needed"] == bool(variant["assistance"]["forms"])
            for citation in variant["citations"]:
                assert set(citation) == {"law", "provision", "date", "link"}
                assert citation["link"].startswith("https://legislation.example/")
                assert date.fromisoformat(citation["date"]) < date(2024, 1, 1)
    written = {variant["language"] for variants in answers.values() for variant in variants}
    assert written == set(LANGUAGES)
    long = [v for variants in answers.values() for v in variants if len(v["text"]) > 60 * 6]
    assert len(long) >= 40


def test_the_other_texts_are_enough_and_whole():
    threads = load("demonstration/dialogue.json")["threads"]
    keys = set(load("demonstration/answers.json")["answers"])
    assert len(threads) >= 20
    assert {thread["question"] for thread in threads} <= keys
    assert all(thread["query"] and thread["reply"] for thread in threads)

    feedback = load("demonstration/feedback.json")["feedback"]
    assert {entry["instrument"] for entry in feedback} == set(INSTRUMENTS)

    observations = load("demonstration/observations.json")["observations"]
    kinds = Counter(entry["category"] for entry in observations)
    assert set(kinds) == {"gap_challenge", "best_practice", "suggestion", "assistance_need"}
    assert min(kinds.values()) >= 8
    assert all(bool(entry["forms"]) == (entry["category"] == "assistance_need") for entry in observations)
    assert {entry["instrument"] for entry in observations} == set(INSTRUMENTS)

    for name in ("feedback", "observations", "summaries"):
        assert {entry["language"] for entry in load(f"demonstration/{name}.json")[name]} == set(LANGUAGES)
    for entry in load("demonstration/consultations.json")["consultations"]:
        assert 1 <= len(entry["languages"]) <= 2
        assert entry["language"] in entry["languages"]


def test_people_are_named_by_their_office():
    offices = load("demonstration/offices.json")["offices"]
    assert set(offices) == {"focal_point", "expert", "observer", "mission", "officer"}
    for names in offices.values():
        assert len(names) == len(set(names)) >= 6


@pytest.mark.parametrize("language", ["ar", "ru", "zh-hans"])
def test_a_text_is_in_the_script_of_its_language(language):
    coded = re.compile(r"[a-z0-9_.,:/ -]*", re.IGNORECASE)
    for name, written, text in prose():
        if written == language and not coded.fullmatch(text):
            assert SCRIPTS[language].search(text), (name, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_real_state_is_named_anywhere(real, language):
    texts = [(name, text) for name, written, text in prose() if written == language]
    assert texts
    for row in real:
        for form in {bare(row.names[language]["short"]), row.names[language]["formal"]}:
            pattern = mention(language, form)
            assert [(form, name, text[:80]) for name, text in texts if pattern.search(text)] == []


def test_the_search_for_names_finds_what_it_should():
    assert mention("ar", "الصين").search("قانون الصين") and mention("ar", "الصين").search("وللصين")
    assert mention("ru", "Ангола").search("в Анголе")
    assert mention("zh-hans", "中国").search("在中国境内")
    assert mention("en", "Oman").search("the law of Oman.")
    assert not mention("en", "Oman").search("Woman")


def test_no_invented_party_is_named_in_a_text(invented):
    """A text is lent to any party, so it may name none."""
    for name, language, text in prose():
        for party in invented:
            assert bare(party["names"][language]["short"]) not in text, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_blames_or_ranks(language):
    pattern = re.compile(BLAME[language], re.IGNORECASE)
    found = [
        (n, pattern.search(text)[0], text[:80]) for n, w, text in prose() if w == language and pattern.search(text)
    ]
    assert found == []
