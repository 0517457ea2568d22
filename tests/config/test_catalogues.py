"""The catalogues are complete, up to date and right in form; what is checked would find each mistake."""

import gettext
import io
import re

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings

from config.jinja import environment
from tests.config.test_words import ROOT, TEMPLATES, visible
from tools import catalogues, words

NUMBERS = {
    "ar": {0: 0, 1: 1, 2: 2, 3: 3, 10: 3, 11: 4, 99: 4, 100: 5, 103: 3, 111: 4, 200: 5},
    "es": {0: 1, 1: 0, 2: 1, 21: 1},
    "fr": {0: 0, 1: 0, 2: 1, 21: 1},
    "ru": {0: 2, 1: 0, 2: 1, 5: 2, 11: 2, 21: 0, 22: 1, 112: 2},
    "zh_Hans": {0: 0, 1: 0, 2: 0, 100: 0},
}
PIECE = re.compile(r"""[\w-]+="[^"]*"|\bdata-[\w-]+""")
"""An attribute that a template keeps for later."""
NOT_SENTENCES = {"narrow", "https", "verify_audit.py"}


@pytest.fixture(scope="module")
def template() -> Catalog:
    return catalogues.collect()


def filled(language: str, *translated: tuple[str | tuple[str, str], str | tuple[str, ...]]) -> tuple[Catalog, Catalog]:
    """A small template and its catalogue, read back from the file it would be."""
    code, catalogue = Catalog(charset="utf-8"), catalogues.load(language)
    for message in list(catalogue):
        catalogue.delete(message.id)
    for english, text in translated:
        code.add(english)
        catalogue.add(english, text)
    return code, read_po(io.BytesIO(catalogues.text_of(catalogue, language)), locale=language)


def found(language: str, english, text, *, same: frozenset[str] = frozenset()) -> list[str]:
    code, catalogue = filled(language, (english, text))
    return catalogues.problems(catalogue, code, language, same)


# --- The catalogues of the product ------------------------------------------------------------------------------------


def test_every_language_but_english_has_a_catalogue():
    assert set(catalogues.LANGUAGES.values()) == {code for code, _ in settings.LANGUAGES} - {"en"}
    assert all(catalogues.path_of(language).exists() for language in catalogues.LANGUAGES)


def test_every_word_of_a_template_is_a_message():
    for path in TEMPLATES:
        said, within, opened = [], False, False
        for _, kind, value in environment().lex(path.read_text(encoding="utf-8")):
            if kind == "name" and opened and value in {"trans", "endtrans"}:
                within = value == "trans"
            elif kind in {"data", "variable_begin"} and not within:
                said.append(value if kind == "data" else "–")
            opened = kind == "block_begin" or (opened and kind == "whitespace")
        text = PIECE.sub("–", catalogues.PLACEHOLDER.sub("–", " ".join(visible("".join(said)))))
        spoken = re.findall(r"[^\W\d_][\w.]+", text)
        assert set(spoken) <= NOT_SENTENCES, path.relative_to(ROOT)


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_a_catalogue_is_what_collecting_writes(template, language):
    assert catalogues.path_of(language).read_bytes() == catalogues.updated(language, template)


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_a_catalogue_is_complete_and_right_in_form(template, language):
    same = words.load(catalogues.LANGUAGES[language]).same
    assert catalogues.problems(catalogues.load(language), template, language, same) == []


# --- The tool ---------------------------------------------------------------------------------------------------------


def test_the_code_and_the_templates_are_read(template):
    texts = {text for message in catalogues.messages(template) for text in catalogues.ids(message)}
    assert {"State party under review", "What you owe", "date passed on %(date)s", "today"} <= texts
    assert "No account belongs to this address" in texts
    assert len(texts) > 500


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_the_same_messages_give_the_same_bytes_without_a_date_or_a_name(template, language):
    first, second = catalogues.updated(language, template), catalogues.updated(language, catalogues.collect())
    assert first == second
    assert not re.search(rb"\d{4}-\d\d-\d\d \d\d:\d\d|Translator|Generated-By|@example|EMAIL|^#: ", first, re.MULTILINE)


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_bringing_up_to_date_keeps_what_is_translated_and_drops_what_is_gone(language, tmp_path, monkeypatch):
    code, catalogue = filled(language, ("Kept", "X"), ("Gone", "Y"))
    path = tmp_path / "django.po"
    path.write_bytes(catalogues.text_of(catalogue, language))
    monkeypatch.setattr(catalogues, "path_of", lambda _: path)
    code.delete("Gone")
    code.add("New %(name)s")
    written = catalogues.updated(language, code)
    path.write_bytes(written)
    assert written == catalogues.updated(language, code)
    assert b'msgid "Kept"\nmsgstr "X"' in written
    assert b"Gone" not in written
    assert b'#, python-format\nmsgid "New %(name)s"\nmsgstr ""' in written


@pytest.mark.parametrize("language", catalogues.LANGUAGES)
def test_plural_forms_are_those_of_the_language(language):
    forms = tuple(f"form {form}" for form in range(max(NUMBERS[language].values()) + 1))
    _, catalogue = filled(language, (("one", "many"), forms))
    assert f"nplurals={len(forms)}; " in catalogues.PLURALS[language]
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    read = gettext.GNUTranslations(io.BytesIO(compiled.getvalue()))
    assert {number: read.ngettext("one", "many", number) for number in NUMBERS[language]} == {
        number: f"form {form}" for number, form in NUMBERS[language].items()
    }


@pytest.mark.parametrize(
    ("language", "english", "text"),
    [
        ("fr", "Save", "Enregistrer"),
        ("fr", "by %(date)s", "avant le %(date)s"),
        ("fr", "100 %% of %(name)s", "%(name)s à 100 %%"),
        ("es", ("%(num)s review", "%(num)s reviews"), ("un examen", "%(num)s exámenes")),
        ("ru", ("%(num)s review", "%(num)s reviews"), ("%(num)s обзор", "%(num)s обзора", "%(num)s обзоров")),
        ("ar", ("%(count)s of %(a)s", "%(count)s of %(a)s"), ("%(a)s",) * 3 + ("%(count)s %(a)s",) * 3),
        ("ar", ("%(num)s of %(a)s", "%(num)s of %(a)s"), ("%(a)s",) * 3 + ("%(num)s %(a)s",) * 3),
        ("fr", ("One of the six.", "At most %(count)s of the six."), ("Une des six.", "Au plus %(count)s des six.")),
        ("zh_Hans", ("in %(most)d language", "in %(most)d languages"), ("%(most)d种语文",)),
        ("ar", "%(a)s · %(b)s", "%(a)s · %(b)s"),
        ("ru", '<span class="sr">Extend</span>', '<span class="sr">Продлить</span>'),
    ],
)
def test_a_right_translation_passes(language, english, text):
    assert found(language, english, text) == []


@pytest.mark.parametrize(
    ("language", "english", "text", "problem"),
    [
        ("fr", "Save", "", "no translation"),
        ("ru", ("a review", "reviews"), ("обзор", "", "обзоров"), "no translation"),
        ("ru", ("a review", "reviews"), ("обзор", "обзора"), "no translation"),
        ("fr", "by %(date)s", "avant le %(jour)s", "placeholders"),
        ("fr", "by %(date)s", "avant cette date", "placeholders"),
        ("fr", "by %(date)s", "avant le %(date)d", "placeholders"),
        ("fr", "on time", "à %(date)s", "placeholders"),
        ("es", ("%(num)s review", "%(num)s reviews"), ("un examen", "exámenes"), "placeholders"),
        ("fr", ("%(num)s review", "%(num)s reviews"), ("un examen", "%(num)s examens"), "placeholders"),
        ("ar", ("%(num)s of %(a)s", "%(num)s of %(a)s"), ("واحد",) * 3 + ("%(num)s %(a)s",) * 3, "placeholders"),
        ("ru", "<b>Extend</b>", "Продлить", "markup"),
        ("fr", "Save", "Enregistrer ", "blanks"),
        ("fr", "Save ", "Enregistrer", "blanks"),
        ("fr", "Save", "\nEnregistrer", "blanks"),
        ("es", "Save", "Save", "the same"),
        ("zh_Hans", ("%(num)s review", "%(num)s reviews"), ("%(num)s reviews",), "the same"),
    ],
)
def test_each_mistake_is_found(language, english, text, problem):
    problems = found(language, english, text)
    assert problems
    assert all(problem in one for one in problems)


def test_what_is_the_same_in_both_languages_is_listed_as_such():
    assert found("fr", "Observations", "Observations") != []
    assert found("fr", "Observations", "Observations", same=frozenset({"Observations"})) == []


def test_a_message_that_the_code_no_longer_has_is_found():
    code, catalogue = filled("fr", ("Save", "Enregistrer"), ("Gone", "Parti"))
    code.delete("Gone")
    assert catalogues.problems(catalogue, code, "fr", frozenset()) == ["no longer in the code: 'Gone'"]


def test_a_fuzzy_translation_is_found():
    code, catalogue = filled("fr", ("Save", "Enregistrer"))
    catalogue.get("Save").flags.add("fuzzy")
    assert catalogues.problems(catalogue, code, "fr", frozenset()) == ["marked fuzzy: 'Save'"]


@pytest.mark.parametrize("command", ["missing", "check"])
def test_the_command_exits_1_if_anything_is_wrong_and_0_otherwise(command, monkeypatch, capsys):
    code, catalogue = filled("fr", ("Save", "Enregistrer"))
    monkeypatch.setattr(catalogues, "collect", lambda: code)
    monkeypatch.setattr(catalogues, "load", lambda language: catalogue)
    assert catalogues.main([command]) == 0
    code.add("Another")
    assert catalogues.main([command]) == 1
    assert "1 of 2 messages" in capsys.readouterr().out


def test_what_is_not_a_command_is_explained(capsys):
    assert catalogues.main(["translate"]) == 2
    assert "collect" in capsys.readouterr().err
