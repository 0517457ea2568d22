"""The words of the mechanism and none of blame; names as UN usage has them; no flag, no map, no code as a label."""

import json
import re
import tomllib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import translation

from cases.models import Event, StateParty
from cases.states_file import LANGUAGES, parse
from config.jinja import environment, state_name
from tests.integrity.crawl import pages, signed_in
from tools import catalogues, words

ROOT = Path(settings.BASE_DIR)
DATA = ROOT / "cases" / "data"
MECHANISMS = sorted(ROOT.glob("workflow/mechanisms/*/mechanism.toml"))
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*") if path.is_file())
STATIC = sorted(path for path in (ROOT / "static").rglob("*") if path.is_file())
SHOWN = frozenset({"alt", "aria-label", "aria-description", "placeholder", "title", "label"})
UNSEEN = frozenset({"script", "style", "template", "code"})
CATALOGUES = {language: folder for folder, language in catalogues.LANGUAGES.items()}
FLAGS_AND_MAPS = re.compile(
    "[\U0001f1e6-\U0001f1ff\U0001f3f3\U0001f3f4\U0001f6a9\U0001f38c\U0001f30d-\U0001f310\U0001f5fa]"
)
PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".bmp", ".ico", ".svg"}
ARTICLES = {"l'", "le", "la", "les", "el", "los", "las", "the"}
BRACKETS = re.compile(r"\s*\(([^()]*)\)")


class Visible(HTMLParser):
    """The text nodes that a person sees or hears, attributes that are read out included."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes: list[str] = []
        self.within: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.nodes += [value for name, value in attrs if name in SHOWN and value]
        if tag in UNSEEN:
            self.within.append(tag)

    def handle_endtag(self, tag):
        if self.within and self.within[-1] == tag:
            self.within.pop()

    def handle_data(self, data):
        if not self.within and data.strip():
            self.nodes.append(" ".join(data.split()))


def visible(markup: str) -> list[str]:
    parser = Visible()
    parser.feed(markup)
    parser.close()
    return parser.nodes


def said_by(path: Path) -> list[str]:
    """What a template says by itself; what it is given stands as a dash."""
    parts = ((kind, value) for _, kind, value in environment().lex(path.read_text(encoding="utf-8")))
    return visible(
        "".join(value if kind == "data" else "–" for kind, value in parts if kind in {"data", "variable_begin"})
    )


def by_language(value: object, language: str | None) -> Iterator[tuple[str, str]]:
    """Every (language, text) below a value: a member's name, or a ``language`` beside a text, says in which it is."""
    if isinstance(value, dict):
        stated = value.get("language")
        language = stated if stated in LANGUAGES else language
        for key, part in value.items():
            yield from by_language(part, key if key in LANGUAGES else language)
    elif isinstance(value, list):
        for part in value:
            yield from by_language(part, language)
    elif isinstance(value, str) and language:
        yield language, value


def in_six(value: object) -> Iterator[dict[str, str]]:
    """Every text that is there in six languages."""
    if isinstance(value, dict):
        if set(value) == set(LANGUAGES) and all(isinstance(one, str) for one in value.values()):
            yield value
        else:
            for part in value.values():
                yield from in_six(part)
    elif isinstance(value, list):
        for part in value:
            yield from in_six(part)


def definition(path: Path) -> dict:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def blamed(texts: Iterator[tuple[str, str]]) -> list[tuple[str, str, str, str]]:
    return [
        (language, found, instead, text) for language, text in texts for found, instead in words.blame(text, language)
    ]


@pytest.fixture(scope="module")
def untoc() -> dict:
    return definition(ROOT / "workflow/mechanisms/untoc/mechanism.toml")


@pytest.fixture(scope="module")
def parties() -> dict[str, dict]:
    """The names of every party there is, real and invented, by code."""
    real = parse((DATA / "states.csv").read_bytes(), (DATA / "state-names.csv").read_bytes()).rows
    invented = json.loads((DATA / "invented-parties.json").read_text(encoding="utf-8"))["parties"]
    return {row.code: dict(row.names) for row in real} | {one["code"]: one["names"] for one in invented}


# --- The lists --------------------------------------------------------------------------------------------------------


def test_there_is_one_list_for_each_language_of_the_product():
    assert {path.stem for path in words.FOLDER.glob("*.toml")} == {code for code, _ in settings.LANGUAGES}
    assert all(words.load(language).language == language for language in LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_has_every_term_with_one_word_that_it_recognises(language):
    terms = words.load(language).terms
    assert list(terms) == list(words.load("en").terms)
    for key, term in terms.items():
        assert term.word == term.word.strip() != "", key
        if words.load("en").terms[key].checked:
            assert term.found.search(words.plain(term.word, language)), (key, term.word)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_says_what_to_say_instead_in_words_it_allows_itself(language):
    for one in words.load(language).never:
        assert one.instead
        assert not list(words.blame(one.instead, language)), one.instead
    for term in words.load(language).terms.values():
        assert not list(words.blame(term.word, language)), term.word


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_are_those_of_the_mechanism(untoc, language):
    labelled = [term for term in words.load("en").terms.values() if term.label]
    assert len(labelled) > 15
    for term in labelled:
        kind, key = term.label.split(".")
        label = next(one["label"] for one in untoc[kind] if one["key"] == key)[language]
        assert words.load(language).terms[term.key].word in {label, label[0].lower() + label[1:]}, term.label


BLAME = {
    "en": [
        "overdue since May",
        "three late answers",
        "The State failed to reply",
        "A violation",
        "best-performing",
        "Oops",
        "Done!",
    ],
    "fr": [
        "en retard de deux mois",
        "L’État n’a pas su répondre",
        "manquement",
        "au classement",
        "Désolé",
        "C’est fait !",
    ],
    "es": ["entregado con retraso", "Incumplimiento", "en el ranking", "Lo sentimos", "¡Hecho"],
    "ru": ["просроченный ответ", "Ответ задерживается: задержка", "нарушения", "в рейтинге", "Извините", "Готово!"],
    "ar": ["ردود متأخرة", "والتأخير", "أخفقت الدولة", "عدم الامتثال", "بالتصنيف", "عفواً", "تم!"],
    "zh-hans": ["答复已逾期", "该国未能答复", "国家排名", "抱歉", "完成！"],
}
PRAISED = {
    "en": [
        "date passed on 3 May",
        "translated",
        "the offence of participation",
        "best practice",
        "without undue delay",
    ],
    "fr": [
        "infraction grave",
        "sans retard injustifié",
        "un délai de deux mois",
        "meilleure pratique",
        "au plus tard le 3 mai",
    ],
    "es": ["delito grave", "sin demora indebida", "mejor práctica", "a más tardar el 3 de mayo"],
    "ru": ["серьезное преступление", "без промедления", "передовая практика", "самооценка", "не позднее 3 мая"],
    "ar": ["ترتيبات الاستعراض", "التعليقات الكتابية", "أفضل الممارسات", "جريمة خطيرة"],
    "zh-hans": ["最佳做法", "推迟审议", "严重犯罪", "不晚于5月3日"],
}


@pytest.mark.parametrize(("language", "text"), [(language, text) for language in BLAME for text in BLAME[language]])
def test_words_of_blame_are_found(language, text):
    assert list(words.blame(text, language))


@pytest.mark.parametrize(("language", "text"), [(language, text) for language in PRAISED for text in PRAISED[language]])
def test_the_treaties_own_words_are_not_taken_for_blame(language, text):
    assert not list(words.blame(text, language))


def test_the_longest_term_counts_and_its_parts_do_not():
    assert words.terms_in("The list of observations") == {"list_of_observations"}
    assert words.terms_in("State party under review and reviewing States") == {"reviewed", "reviewing"}
    assert words.terms_in("It clears nothing else, clearly") == {"clear"}


@pytest.mark.parametrize(
    ("language", "good", "bad"),
    [
        ("fr", "Les points de contact valident la liste d’observations.", "Les correspondants valident les remarques."),
        ("es", "Los coordinadores aprueban la lista de observaciones.", "Los enlaces aprueban los comentarios."),
        ("ru", "Координаторы утверждают перечни замечаний.", "Кураторы утверждают списки наблюдений."),
        ("ar", "تجيز جهات الوصل قوائم الملاحظات.", "تجيز نقاط الاتصال لائحة التعليقات."),
        ("zh-hans", "协调人核可意见清单。", "联络人核可观察清单。"),
    ],
)
def test_another_word_for_a_term_is_found_in_a_translation(language, good, bad):
    english = "Focal points clear the lists of observations."
    assert words.said_wrongly(english, good, language) == []
    assert {term for term, _ in words.lost_terms(english, bad, language)} == {"focal point", "list of observations"}
    assert words.said_wrongly(english, "", language) == []


# --- What the product says --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_template_blames_ranks_or_sells(path):
    assert blamed(("en", text) for text in said_by(path)) == []


def test_no_message_of_the_code_or_the_templates_does():
    template = catalogues.collect()
    assert blamed(("en", text) for one in catalogues.messages(template) for text in catalogues.ids(one)) == []


@pytest.mark.parametrize("language", CATALOGUES)
def test_no_translation_does_and_each_uses_the_words_of_its_list(language):
    catalogue = catalogues.load(CATALOGUES[language])
    wrong = [
        (english, one)
        for english, text in catalogues.pairs(catalogue)
        for one in words.said_wrongly(english, text, language)
    ]
    assert wrong == []


@pytest.mark.parametrize("path", MECHANISMS, ids=lambda path: path.parent.name)
def test_no_definition_of_a_mechanism_does(path):
    assert blamed(by_language(definition(path), None)) == []


def test_the_definition_uses_the_words_of_the_lists(untoc):
    texts = list(in_six(untoc))
    assert len(texts) > 100
    assert [
        (language, term, word, text[language])
        for text in texts
        for language in LANGUAGES
        for term, word in words.lost_terms(text["en"], text[language], language)
    ] == []


@pytest.mark.parametrize("path", sorted(DATA.rglob("*.json")), ids=lambda path: path.name)
def test_no_data_that_comes_with_the_product_does(path):
    written = "en" if path.parent.name == "demonstration" else None
    texts = list(by_language(json.loads(path.read_text(encoding="utf-8")), written))
    assert texts
    assert blamed(iter(texts)) == []


@pytest.fixture
def named(cast, parties) -> set[str]:
    """The cast's States under names that do not hold their codes; the codes."""
    for state in StateParty.objects.all():
        state.names = parties[state.code]
        state.save(update_fields=["names"])
    return set(parties)


@pytest.mark.parametrize("person", ["fp", "rexpert1", "officer"])
def test_pages_and_files_say_nothing_of_the_kind_and_no_code(cast, named, person):
    cast.to("list_of_observations")
    code = re.compile(rf"(?<!\w)(?:{'|'.join(named)})(?!\w)")
    seen = pages(signed_in(cast.people[person], language="en"))
    assert {"/", "/reviews/", f"/reviews/{cast.review.case}/", "/states/", "/profile/"} <= set(seen)
    for address, body in seen.items():
        if address.endswith(".py"):
            continue
        nodes = visible(body) if body.lstrip()[:9].lower() == "<!doctype" else []
        assert blamed(("en", node) for node in nodes or [body]) == [], address
        assert [node for node in nodes if code.search(node)] == [], address


def test_the_trail_says_nothing_of_the_kind(cast):
    cast.to("closed")
    lines = [bytes(line).decode() for line in Event.objects.values_list("line", flat=True)]
    assert len(lines) > 20
    assert blamed(("en", line) for line in lines) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("address", ["fp@example.org", "nobody@example.org"])
def test_the_mail_about_a_new_password_says_nothing_of_the_kind(cast, language, address):
    cache.clear()
    client = Client()
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    assert client.post("/accounts/password/reset/", {"email": address}).status_code == 302
    (message,) = mail.outbox
    assert ("/accounts/password/reset/key/" in message.body) == (address == "fp@example.org")
    assert "signup" not in message.body
    assert blamed((language, text) for text in (message.subject, message.body)) == []
    assert blamed(("en", text) for text in (message.subject, message.body)) == []


# --- States: no flag, no map, no code; names as they are said ---------------------------------------------------------


@pytest.mark.parametrize("path", TEMPLATES + STATIC, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_flag_and_no_map_is_drawn(path):
    text = path.read_text(encoding="utf-8")
    assert path.suffix not in PICTURES or path.name == "icons.svg"
    assert not FLAGS_AND_MAPS.search(text)
    assert not re.search(r"(?i)\b(?:id|class|href|src)=\"[^\"{]*\b(?:flags?|maps?|globe|earth|world)\b", text)
    assert path.suffix != ".css" or not re.search(r"(?i)url\(|\.(?:flag|map|globe)\b", text)


def test_the_mark_of_a_flag_would_be_seen():
    assert FLAGS_AND_MAPS.search("\U0001f1e6\U0001f1f9")
    assert FLAGS_AND_MAPS.search("\U0001f5fa")


@pytest.mark.parametrize("person", ["fp", "officer"])
def test_the_time_zone_is_a_distance_from_utc(cast, person):
    page = signed_in(cast.people[person]).get("/profile/").content.decode()
    (picker,) = re.findall(r'<select id="utc_offset".*?</select>', page, re.DOTALL)
    offered = re.findall(r"<option[^>]*>([^<]*)</option>", picker)
    assert len(offered) > 24
    assert all(re.fullmatch(r"UTC[+−]\d\d:\d\d", one) for one in offered)


def test_no_list_of_places_is_used_to_choose_a_time_zone():
    for folder in ("cases", "config", "notifications", "workflow", "templates", "static"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".py", ".html", ".js"}:
                text = path.read_text(encoding="utf-8")
                assert not re.search(r"available_timezones|pytz|get_territory|territories", text), path


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", ["short", "formal"])
def test_a_name_in_running_text_has_no_bracketed_article_and_keeps_its_other_brackets(parties, language, form):
    assert len(parties) == 198 + 63
    with translation.override(language):
        for code, names in parties.items():
            listed, said = names[language][form], state_name(names, form)
            brackets = BRACKETS.findall(listed.replace("’", "'"))
            articles = [one for one in brackets if one.lower() in ARTICLES]
            kept = [one for one in brackets if one.lower() not in ARTICLES]
            assert BRACKETS.findall(said.replace("’", "'")) == kept, (code, said)
            assert said == said.strip() != "", code
            assert "  " not in said, (code, said)
            if not articles:
                assert said == listed, code


def test_brackets_that_belong_to_a_name_are_there_to_be_kept(parties):
    with translation.override("en"):
        assert state_name(parties["BOL"]) == "Bolivia (Plurinational State of)"
    with translation.override("fr"):
        assert state_name(parties["AFG"]) == "Afghanistan"
        assert state_name(parties["VEN"]) == "Venezuela (République bolivarienne du)"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_states_shows_names_and_no_code(cast, named, parties, language):
    there = set(StateParty.objects.values_list("code", flat=True))
    StateParty.objects.bulk_create(
        StateParty(code=code, names=names, invented=code.startswith("X"))
        for code, names in parties.items()
        if code not in there
    )
    code = re.compile(rf"(?<!\w)(?:{'|'.join(named)})(?!\w)")
    client = signed_in(cast.people["fp"], language=language)
    nodes = visible((client.get("/states/").content + client.get("/states/?invented=1").content).decode())
    with translation.override(language):
        assert {state_name(names) for names in parties.values()} <= set(nodes)
    assert [node for node in nodes if code.search(node)] == []
