"""The file of an operation: who is in it on which day, and a sentence for each mistake."""

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.operation.keys import FixedParts, InOrder, PartsByProducer, ProRata
from gateway.operation.plan import MOST_BYTES, read_operation

PRODUCERS = '[[producer]]\nname = "p1"\ngateway = "ecole@example.org"\nfrom = 2026-01-01\n'
SECOND = '[[producer]]\nname = "p2"\nfrom = 2026-01-01\n'
NOON = 1_790_856_900


def member(name, more="", since="2026-01-01"):
    return f'[[member]]\nname = "{name}"\nfrom = {since}\n{more}\n'


def text(key="pro-rata", members="", more="", producers=PRODUCERS, name="Le toit"):
    return f'name = "{name}"\nkey = "{key}"\n{more}\n{producers}{members or member("a") + member("b")}'


@pytest.fixture
def read(tmp_path):
    """Read a file with this text; ``beside`` is that of its coefficients."""

    def work(content, beside=None):
        (tmp_path / "toit.toml").write_text(content)
        if beside is not None:
            (tmp_path / "k.csv").write_text(beside)
        return read_operation(tmp_path / "toit.toml")

    return work


def test_the_file_of_the_readme(read):
    """What is shown there can be read as it stands."""
    readme = (Path(__file__).parents[3] / "gateway/operation/README.md").read_text()
    operation = read(readme.partition("```toml\n")[2].partition("```")[0])
    assert operation.members == ("martin", "durand")
    assert [row.shown for row in operation.roll(date(2026, 2, 1)).members] == ["Famille Martin"]
    assert [row.name for row in operation.roll(date(2026, 10, 31)).members] == ["martin", "durand"]
    assert [row.name for row in operation.roll(date(2026, 11, 1)).members] == ["martin"]
    assert operation.roll(date(2025, 12, 31)).producers == ()


def test_each_key_is_made_of_what_stands_there(read):
    """Parts exactly as they are written, orders by who is there that day."""
    day = date(2026, 5, 1)
    operation = read(text())
    assert operation.key(operation.roll(day), NOON) == ProRata()
    operation = read(text("static", member("a", 'part = "1/3"') + member("b", 'part = "50 %"')))
    assert operation.key(operation.roll(day), NOON) == FixedParts(6, [2, 3])
    operation = read(text("simple", member("a") + member("b", since="2026-06-01"), 'order = [["b"], ["a"]]'))
    assert operation.key(operation.roll(day), NOON) == InOrder([[[0]]], together=True)
    assert operation.key(operation.roll(date(2026, 6, 1)), NOON) == InOrder([[[1], [0]]], together=True)
    ordered = PRODUCERS + 'order = [["b"]]\n' + SECOND + 'order = [["a", "b"]]\n'
    operation = read(text("full", producers=ordered))
    assert operation.key(operation.roll(day), NOON) == InOrder([[[1]], [[0, 1]]], together=False)
    members = member("a", 'parts = { p1 = "25 %" }') + member("b", 'parts = { p1 = "3/4", p2 = "1" }')
    operation = read(text("full", members, producers=PRODUCERS + SECOND))
    assert operation.key(operation.roll(day), NOON) == PartsByProducer(4, [[1, 3], [0, 4]])


def test_a_part_changes_with_a_row(read):
    """One that ends and one that begins: each day has one of them."""
    members = member("a", 'part = "50 %"\nuntil = 2026-04-30') + member("a", 'part = "20 %"', "2026-05-01")
    operation = read(text("static", members + member("b", 'part = "50 %"')))
    assert operation.members == ("a", "b")
    keys = [operation.key(operation.roll(day), NOON) for day in (date(2026, 4, 30), date(2026, 5, 1))]
    assert [[Fraction(part, key.over) for part in key.parts] for key in keys] == [
        [Fraction(1, 2), Fraction(1, 2)],
        [Fraction(1, 5), Fraction(1, 2)],
    ]


def test_coefficients_by_step(read):
    """Of the step that is asked for, with commas or points; a step that is not there is unknown."""
    simple = text("simple", more='coefficients = "k.csv"')
    operation = read(simple, "begin;b;a\n2026-10-01T12:15Z;16,666 %;1/3\n2026-10-01T14:30+02:00;0,5;\n")
    roll = operation.roll(date(2026, 10, 1))
    assert operation.key(roll, NOON) == FixedParts(150_000, [50_000, 24_999])
    assert operation.key(roll, NOON + 900) == FixedParts(2, [0, 1])
    assert operation.key(roll, NOON + 1800) is None
    assert read(simple, '\n;;\n""\nbegin;b;a\n2026-10-01T12:15Z;0,5;\n').key(roll, NOON) == FixedParts(2, [0, 1])
    full = text("full", more='coefficients = "k.csv"', producers=PRODUCERS + SECOND)
    operation = read(full, "begin,p1/a,p1/b,p2/a,p2/b\n2026-10-01T12:15Z,0.5,0.5,,1\n")
    roll = operation.roll(date(2026, 10, 1))
    assert operation.key(roll, NOON) == PartsByProducer(2, [[1, 1], [0, 2]])


def test_who_gets_nothing_by_coefficients_hides_nobody(read):
    """On a day of which all cells are empty; where the file has no step of a day all may get something."""
    simple = text("simple", "".join(map(member, "abc")), more='coefficients = "k.csv"')
    operation = read(simple, "begin;a;b;c\n2026-10-01T12:15Z;0,5;;\n2026-10-01T12:30Z;;0,5;0\n2026-10-02T12:30Z;;;1\n")
    assert [operation.roll(date(2026, 10, day)).sharing for day in (1, 2, 3)] == [2, 1, 3]
    full = text("full", "".join(map(member, "abc")), 'coefficients = "k.csv"', PRODUCERS + SECOND)
    beside = "begin;p1/a;p1/b;p1/c;p2/a;p2/b;p2/c\n2026-10-01T12:15Z;0,5;;;;1;\n"
    assert read(full, beside).roll(date(2026, 10, 1)).sharing == 2


WRONG = {
    "key": (text("halves"), "key"),
    "nothing else is known": (text(more="steps = 3"), "steps"),
    "nobody": ('name = "x"\nmember = []\n' + PRODUCERS, "member"),
    "names": (text(members=member("A b")), "name"),
    "what turns a line around": (text(name="Le toit\\u202e"), "has characters that are not seen"),
    "what moves a cursor": (text(members=member("a", 'label = "x\\u001b[2J"')), "'x\\x1b[2J' has characters"),
    "before": (text(members=member("a", "until = 2025-01-01")), "before 2026-01-01"),
    "twice": (text(members=member("a") + member("a", since="2026-05-01")), "'a' is there already on 2026-05-01"),
    "two of one gateway": (
        text(members=member("a", 'gateway = "m@x.org"') + member("b", 'gateway = "M@x.org"')),
        "'m@x.org' is there already",
    ),
    "no parts": (text("static"), "needs part"),
    "one without": (text("static", member("a", 'part = "1/2"') + member("b")), "'b' has no part"),
    "parts for nothing": (text(members=member("a", 'part = "1/2"')), "has no part"),
    "no denominator": (
        text(
            "full",
            member("a", 'parts = { p1 = "1/999999937", p2 = "1/999999893" }')
            + member("b", 'parts = { p1 = "1/999999929", p2 = "1/999999883" }'),
            producers=PRODUCERS + SECOND,
        ),
        "no denominator in common",
    ),
    "too much": (
        text("static", member("a", 'part = "60 %"') + member("b", 'part = "50 %"', "2026-03-01")),
        "on 2026-03-01 the parts are 110 % together",
    ),
    "too much of one": (
        text("full", member("a", 'parts = { p1 = "60 %" }') + member("b", 'parts = { p1 = "50 %" }')),
        "the parts of p1 are 110 %",
    ),
    "more than all": (text("static", member("a", 'part = "4/3"')), "more than all"),
    "no producer": (text("full", member("a", 'parts = { p9 = "60 %" }')), "'p9' is no producer"),
    "one for all": (text("full", member("a", 'part = "60 %"')), "the key full has no part"),
    "each for one": (text("static", member("a", 'parts = { p1 = "60 %" }')), "the key static has no parts"),
    "order of nobody": (text("simple", more='order = [["a"], ["z"], ["b"]]'), "'z' is no member"),
    "order twice": (text("simple", more='order = [["a"], ["a", "b"]]'), "'a' stands there twice"),
    "left out": (text("simple", more='order = [["a"]]'), "'b' is in no order"),
    "order beside": (text("full", more='order = [["a", "b"]]'), "order in each [[producer]]"),
    "both": (text("simple", more='order = [["a", "b"]]\ncoefficients = "k.csv"'), "say the same twice"),
    "no file": (text("simple", more='coefficients = "none.csv"'), "none.csv: cannot be read"),
    "not TOML": ("name = \n" + PRODUCERS, "line 1"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_one_sentence(case, read):
    """It names the file and what is wrong there."""
    content, sentence = WRONG[case]
    with pytest.raises(ConfigError) as caught:
        read(content)
    assert sentence in str(caught.value)
    assert "toml" in str(caught.value) or "csv" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("beside", "sentence"),
    [
        ("", "line 1: the first line is: begin"),
        ("x,a\n", "line 1: the first line is: begin"),
        ("begin,z\n", "line 1: 'z': a column is named member"),
        ("begin,a,a\n", "line 1: 'a' is there twice"),
        ("begin,a\nnoon,1\n", "line 2: 'noon' is no time"),
        ("begin,a\n2026-10-01\x1b12:10Z,1\n", "line 2: '2026-10-01\\x1b12:10Z' is no time"),
        ("begin,a\n2026-10-01T12:10Z,1\n", "line 2: 2026-10-01T12:10Z: no step of 15 minutes"),
        ("begin,a\n9999-12-31T23:30Z,1\n", "line 2: 9999-12-31T23:30Z: not of the years 2000 to 2199"),
        ("begin,a\n0001-01-01T00:00+01:00,1\n", "line 2: 0001-01-01T00:00+01:00: not of the years 2000 to 2199"),
        ("begin,a\n1999-12-31T23:45Z,1\n", "line 2: 1999-12-31T23:45Z: not of the years 2000 to 2199"),
        ("begin,a,b\n2026-10-01T12:15Z,1\n", "line 2: 1 coefficients, where the first line names 2"),
        ("begin,a,b\n2026-10-01T12:15Z,0.6,0.5\n", "line 2: the coefficients are 110 % together"),
        ("begin,b\n2026-10-01T12:15Z,1\n", "k.csv, line 1: no column 'a', which takes part on 2026-10-01: add it"),
        ("begin,a\n2026-10-01T12:15Z,x\n", "line 2: 'x' is no part"),
        ("begin,a\n2026-10-01T12:15Z,1\n2026-10-01T12:15Z,1\n", "line 3: 2026-10-01T12:15Z is there twice"),
        ("begin,a\n2026-10-01T12:15Z,\x00\n", "line 2"),
    ],
)
def test_a_mistake_in_coefficients_is_one_sentence(beside, sentence, read):
    """With its line."""
    with pytest.raises(ConfigError) as caught:
        read(text("simple", more='coefficients = "k.csv"'), beside)
    assert sentence in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_column_is_there_for_whoever_takes_part(read):
    """A day on which it does, of the file; who left before or comes later needs none, by producer neither."""
    simple = text("simple", member("a", "until = 2026-09-30") + member("b"), more='coefficients = "k.csv"')
    assert read(simple, "begin,b\n2026-10-01T12:15Z,1\n").coefficients.columns == {("", "b"): 0}
    with pytest.raises(ConfigError, match="no column 'a', which takes part on 2026-09-30"):
        # 21:45 UTC is before midnight in France, 22:00 is not.
        read(simple, "begin,b\n2026-09-30T21:45Z,1\n2026-09-30T22:00Z,1\n")
    later = SECOND.replace("2026-01-01", "2026-10-02")
    full = text("full", more='coefficients = "k.csv"', producers=PRODUCERS + later)
    assert read(full, "begin,p1/a,p1/b\n2026-10-01T12:15Z,0.5,0.5\n").coefficients.rows
    with pytest.raises(ConfigError, match="no column 'p2/a', which takes part on 2026-10-02"):
        read(full, "begin,p1/a,p1/b,p2/b\n2026-10-01T12:15Z,0.5,0.5,\n2026-10-01T22:00Z,0.5,0.5,1\n")


def test_a_file_beyond_reason_is_not_read(read):
    """Nothing is made of it."""
    with pytest.raises(ConfigError, match="too many for an operation"):
        read(text() + "#" * MOST_BYTES)
