"""The file of States: what is read, and that a broken one is refused with every problem and its line."""

from datetime import date
from pathlib import Path

import pytest

from cases.states_file import GROUPS, INSTRUMENTS, LANGUAGES, Problem, Ratification, StatesFile, parse

DATA = Path(__file__).resolve().parents[2] / "cases" / "data"
HEADER = "iso3,regional_group,untoc,tip,som,firearms"


def read(text: str, **options: object) -> StatesFile:
    return parse(text.encode(), **options)


@pytest.fixture(scope="module")
def shipped() -> StatesFile:
    return parse((DATA / "states.csv").read_bytes(), (DATA / "state-names.csv").read_bytes(), as_of=date(2026, 11, 24))


def test_the_shipped_file_is_whole(shipped):
    assert shipped.errors == ()
    assert len(shipped.rows) == 198
    assert sum(row.ratifications["untoc"].party for row in shipped.rows) == 191
    for row in shipped.rows:
        assert set(row.names) == set(LANGUAGES)
        assert all(set(forms) == {"short", "formal"} for forms in row.names.values())
        assert set(row.ratifications) == set(INSTRUMENTS)
        assert row.group is None or row.group in GROUPS.values()
        assert not any("*" in name for forms in row.names.values() for name in forms.values())


def test_unknown_cells_of_the_shipped_file_are_warnings(shipped):
    assert len(shipped.warnings) == 157
    for key, count in {"untoc": 7, "tip": 18, "som": 51, "firearms": 81}.items():
        assert sum(f" party to {key} is unknown" in warning.message for warning in shipped.warnings) == count


def test_groups_have_the_sizes_of_the_united_nations_list(shipped):
    sizes: dict[str | None, int] = {}
    for row in shipped.rows:
        sizes[row.group] = sizes.get(row.group, 0) + 1
    # The State of Palestine takes part in Asia-Pacific without being a Member.
    assert sizes == {
        "africa": 54,
        "asia-pacific": 55,
        "eastern-europe": 23,
        "grulac": 33,
        "weog": 29,
        None: 4,
    }


def test_everything_is_text(shipped):
    by_code = {row.code: row for row in shipped.rows}
    assert by_code["NAM"].names["en"]["short"] == "Namibia"
    assert by_code["EUE"].entity_type == "REIO"
    assert by_code["EUE"].group is None
    assert by_code["CHN"].language == "zh-hans"


def test_six_columns_are_enough():
    found = read(f"{HEADER}\nXAA,African,y,y,,n\nXAB,,y,,,\nXAC,weog,,,,\n")
    assert found.errors == ()
    assert found.warnings == (
        Problem(1, "The file gives no names; States that are not known yet would be shown without one."),
    )
    assert [(row.line, row.code, row.group) for row in found.rows] == [
        (2, "XAA", "africa"),
        (3, "XAB", None),
        (4, "XAC", "weog"),
    ]
    assert found.rows[0].names == {}
    assert [found.rows[0].ratifications[key].party for key in INSTRUMENTS] == [True, True, False, False]


@pytest.mark.parametrize(
    ("given", "slug"),
    [
        ("African", "africa"),
        ("Asia-Pacific", "asia-pacific"),
        ("Eastern European", "eastern-europe"),
        ("GRULAC", "grulac"),
        ("WEOG", "weog"),
        ("eastern-europe", "eastern-europe"),
        ("", None),
    ],
)
def test_groups_by_name_or_slug(given, slug):
    assert read(f"{HEADER}\nXAA,{given},y,,,\n").rows[0].group == slug


def test_byte_order_mark_windows_lines_other_columns_and_blank_lines_are_taken():
    source = "\ufeffiso3,regional_group,untoc,tip,som,firearms,shoe_size\r\n\r\n XAA , GRULAC ,Y,n,no,,44\r\n"
    found = parse(source.encode())
    assert found.errors == ()
    assert (found.rows[0].line, found.rows[0].code, found.rows[0].group) == (3, "XAA", "grulac")
    assert found.rows[0].ratifications["untoc"].party


def test_dates_and_evidence():
    found = read(
        f"{HEADER},untoc_date,untoc_signed,untoc_evidence,tip_evidence\nXAA,,y,y,,,2004-03-02,2000-12-12,R,U\n"
    )
    assert found.errors == ()
    ratifications = found.rows[0].ratifications
    assert ratifications["untoc"] == Ratification(True, date(2004, 3, 2), date(2000, 12, 12), "R")
    assert ratifications["tip"] == Ratification(False, None, None, "U")
    assert found.warnings[-1] == Problem(
        2, "Whether XAA is party to tip is unknown (evidence U); it is read as not party."
    )


def test_names_in_the_file_go_before_those_beside_it():
    names = "iso3,short_en,formal_en,short_fr\nXAA,Velmora,the Republic of Velmora,Velmora (la)\n"
    found = read(f"{HEADER},short_en,short_zh_hans\nXAA,,y,,,,Velmorra,韦尔莫拉\n", names=names.encode())
    assert found.errors == ()
    assert found.rows[0].names == {
        "en": {"short": "Velmorra", "formal": "the Republic of Velmora"},
        "fr": {"short": "Velmora (la)"},
        "zh-hans": {"short": "韦尔莫拉"},
    }


def test_english_name_alone_is_used():
    assert read(f"{HEADER},name_en\nXAA,,y,,,,Velmora\n").rows[0].names == {"en": {"short": "Velmora"}}


DATED = f"{HEADER},untoc_date,untoc_signed"
NAMED = f"{HEADER},short_en"

# What is broken: the bytes, and for each error its line and words of what was expected.
BROKEN: dict[str, tuple[bytes, list[tuple[int, str]]]] = {
    "empty": (b"", [(1, "The file is empty")]),
    "only white space": (b" \n\n", [(1, "The file is empty")]),
    "header alone": (HEADER.encode() + b"\n", [(2, "no State")]),
    "two columns missing": (
        b"iso3,regional_group,untoc,som\nXAA,,y,\n",
        [(1, "The column tip is missing"), (1, "The column firearms is missing")],
    ),
    "column twice": (f"{HEADER},untoc\nXAA,,y,,,,n\n".encode(), [(1, "untoc is there 2 times")]),
    "semicolons": (
        HEADER.replace(",", ";").encode() + b"\nXAA;;y;;;\n",
        [(1, f"The column {name} is missing. Columns are separated by commas.") for name in HEADER.split(",")],
    ),
    "code in small letters, of two letters, with a digit, absent": (
        f"{HEADER}\nxaa,,y,,,\nXA,,y,,,\nXA1,,y,,,\n,,y,,,\n".encode(),
        [(2, "'xaa'"), (3, "'XA'"), (4, "'XA1'"), (5, "three capital letters")],
    ),
    "code with a letter that only looks Latin": (
        f"{HEADER}\nX\u0410\u0410,,y,,,\n".encode(),
        [(2, "three capital letters")],
    ),
    "same code twice": (f"{HEADER}\nXAA,,y,,,\nXAB,,y,,,\nXAA,,y,,,\n".encode(), [(4, "already on line 2")]),
    "group of another system": (
        f"{HEADER}\nXAA,Nordic,y,,,\nXAB,Africa and Asia,y,,,\n".encode(),
        [(2, "'Nordic'; African, Asia-Pacific"), (3, "'Africa and Asia'")],
    ),
    "mark other than y": (
        f"{HEADER}\nXAA,,yes,,,\nXAB,,y,x,?,\n".encode(),
        [(2, "'yes'; y, or n"), (3, "tip is 'x'"), (3, "som is '?'")],
    ),
    "protocol without the Convention": (
        f"{HEADER}\nXAA,,n,y,,y\n".encode(),
        [(2, "tip is y but untoc is not"), (2, "firearms is y but untoc is not")],
    ),
    "protocol with an unknown Convention": (
        f"{HEADER},untoc_evidence\nXAA,,y,y,,,U\n".encode(),
        [(2, "tip is y but untoc is not")],
    ),
    "dates in other shapes": (
        f"{DATED}\nXAA,,y,,,,02/03/2004,\nXAB,,y,,,,20040302,\nXAC,,y,,,,2004-02-30,\nXAD,,y,,,,2004-W10-2,\n".encode(),
        [(2, "YYYY-MM-DD"), (3, "YYYY-MM-DD"), (4, "YYYY-MM-DD"), (5, "YYYY-MM-DD")],
    ),
    "dates before the Convention and after today": (
        f"{DATED}\nXAA,,y,,,,1999-12-31,\nXAB,,y,,,,2104-01-01,\n".encode(),
        [(2, "no date before 2000-11-15"), (3, "; a date not after 20")],
    ),
    "date without being party": (f"{DATED}\nXAA,,n,,,,2004-03-02,\n".encode(), [(2, "untoc is not y")]),
    "signed after becoming party": (
        f"{DATED}\nXAA,,y,,,,2004-03-02,2005-01-01\n".encode(),
        [(2, "after untoc_date")],
    ),
    "rows too short and too long": (
        f"{HEADER}\nXAA,,y\nXAB,,y,,,,,\nXAC,,y,,,\n".encode(),
        [(2, "has 3 cells; 6"), (3, "has 8 cells; 6")],
    ),
    "not UTF-8": (
        f"{NAMED}\nXAA,,y,,,,Velmora\n".encode() + "XAB,,y,,,,Brisé\n".encode("latin-1"),
        [(3, "Byte 15 of this line is not UTF-8")],
    ),
    "UTF-16": (f"{HEADER}\nXAA,,y,,,\n".encode("utf-16"), [(1, "UTF-16")]),
    "NUL bytes": (f"{HEADER}\nXAA,,y,\0,,\nXAB,,y,,,\0\n".encode(), [(2, "NUL byte"), (3, "NUL byte")]),
    "quote never closed": (f'{NAMED}\nXAA,,y,,,,"Velmora\nXAB,,y,,,,Tarquessa\n'.encode(), [(3, "not CSV")]),
    "text after a quote": (f'{NAMED}\nXAA,,y,,,,"Vel"mora\n'.encode(), [(2, "not CSV")]),
    "names that a spreadsheet would compute": (
        f'{NAMED}\nXAA,,y,,,,"=1+1"\nXAB,,y,,,,@SUM(A1)\nXAC,,y,,,,-Velmora\nXAD,,y,,,,+Velmora\n'.encode(),
        [(2, "formula"), (3, "formula"), (4, "formula"), (5, "formula")],
    ),
    "names over two lines, with a control character, too long": (
        f'{NAMED}\nXAA,,y,,,,"Vel\nmora"\nXAB,,y,,,,Vel\x07mora\nXAC,,y,,,,{"V" * 201}\n'.encode(),
        [(2, "line break"), (4, "control character"), (5, "201 characters")],
    ),
    "two States of one name": (
        f"{NAMED}\nXAA,,y,,,,Velmora\nXAB,,y,,,,VELMORA\n".encode(),
        [(3, "same short name in en as XAA")],
    ),
    "a file of another kind": (b"PK\x03\x04\x14\x00\x06\x00\xff\xfe", [(1, "NUL byte"), (1, "not UTF-8")]),
    "everything at once": (
        f"{DATED},short_en\nxaa,Nordic,yes,y,,,2004-13-01,,=A1\nXAB,,n\nXAC,,n,y,,,,,Velmora\n".encode(),
        [
            (2, "three capital letters"),
            (2, "'Nordic'"),
            (2, "untoc_date"),
            (2, "untoc is 'yes'"),
            (2, "tip is y but untoc is not"),
            (2, "formula"),
            (3, "3 cells; 9"),
            (4, "tip is y but untoc is not"),
        ],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused_with_every_problem_named(name):
    source, expected = BROKEN[name]
    errors = parse(source, as_of=date(2026, 11, 24)).errors
    assert [error.line for error in errors] == [line for line, _ in expected], errors
    for error, (_, words) in zip(errors, expected, strict=True):
        assert words in error.message


def test_there_are_enough_broken_files():
    assert len(BROKEN) >= 15


def test_problems_of_the_names_file_say_so():
    names = "iso3,short_en\nXAA,=cmd\nxab,Tarquessa\nXAA,Velmora\n"
    found = read(f"{HEADER}\nXAA,,y,,,\n", names=names.encode())
    assert [error.line for error in found.errors] == [2, 3, 4]
    assert all(error.message.startswith("Names file: ") for error in found.errors)


@pytest.mark.parametrize("cut", range(0, 4000, 37))
def test_a_file_cut_anywhere_never_raises(cut):
    parse((DATA / "states.csv").read_bytes()[:cut], (DATA / "state-names.csv").read_bytes()[:cut])
