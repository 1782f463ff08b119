"""Drawings, tables and documents of hardware/: each is made by code; tests/test_docs.py makes them all anew."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import nearness
from gateway.commands.main import main

HARDWARE = Path(__file__).parent.parent.parent / "hardware"
DOCUMENTS = sorted([*HARDWARE.rglob("README.md"), *HARDWARE.rglob("LISEZMOI.md")])


@pytest.fixture(scope="module")
def make(schemdraw):
    """The program that makes the drawings."""
    import make

    return make


def test_every_drawing_is_made_by_the_code(make):
    """None is there that nobody makes, and none is shown that is not there."""
    assert set(HARDWARE.rglob("*.svg")) == {*make.pictures(), *make.scopes()}


def test_drawings_are_svg(make):
    """Well-formed, and their words inside the sheet as far as a word's beginning tells."""
    for path in {*make.pictures(), *make.scopes()}:
        root = ET.parse(path).getroot()
        left, top, width, height = map(float, root.get("viewBox").split())
        for text in root.iter("{http://www.w3.org/2000/svg}text"):
            x, y = float(text.get("x")), float(text.get("y"))
            assert left <= x <= left + width, path
            assert top <= y <= top + height, path


def test_every_table_is_in_both_languages(make):
    """A README and its LISEZMOI have the same blocks, and every block is somewhere."""
    seen = set()
    for path in HARDWARE.rglob("README.md"):
        english = make.blocks(path.read_text(encoding="utf-8"))
        assert english.keys() == make.blocks(path.with_name("LISEZMOI.md").read_text(encoding="utf-8")).keys()
        seen |= set(english)
    assert seen == set(make.tables())


def test_the_commands_that_are_named_exist(capsys):
    """`linky-gateway` knows each of its commands, with the options that are shown."""
    named = {c for path in DOCUMENTS for c in re.findall(r"`linky-gateway ([^`]+)`", path.read_text(encoding="utf-8"))}
    assert {command.split()[0] for command in named} == {"doctor", "ports", "status"}
    for command in named:
        name, *options = command.split()
        with pytest.raises(SystemExit) as ended:
            main([name, "--help"])
        shown = capsys.readouterr().out
        assert ended.value.code == 0
        assert all(option in shown for option in options if option.startswith("--"))


TABLE = "| 3.6 V | 80 % | 97 % – 103 % | **nothing** |\n"


@pytest.mark.parametrize(
    ("new", "same"),
    [
        (TABLE, True),
        (TABLE.replace("97 % – 103", "95 % – 106"), True),
        (TABLE.replace("97 % – 103", "93 % – 103"), False),
        (TABLE.replace("**nothing**", "98 % – 102 %"), False),
        (TABLE.replace("80 %", "79 %"), False),
        (TABLE + TABLE, False),
    ],
    ids=["itself", "another release", "too far off", "another verdict", "another case", "another row"],
)
def test_a_table_of_another_release_of_ngspice_says_the_same(new, same):
    """Figures may be off by little; what was simulated and the verdicts may not, nor any other table."""
    assert nearness.same_table("readings", TABLE, new) is same
    assert nearness.same_table("bill", TABLE, new) is (new == TABLE)


def test_a_curve_of_another_release_of_ngspice_shows_the_same():
    """Three pixels and three steps, no more; no curve may be missing."""
    step = [[(float(x), 0.0 if x < 50 else 40.0) for x in range(100)]]
    for late, high, same in ((0, 0, True), (3, 3, True), (5, 0, False), (0, 4, False)):
        other = [[(float(x), (0.0 if x < 50 + late else 40.0) + high) for x in range(100)]]
        assert nearness.same_curves(step, other) is same
    assert not nearness.same_curves(step, [])
    assert not nearness.same_curves(step, [step[0][:90]])


def test_make_says_what_would_change_and_writes_only_without_check(make, monkeypatch, tmp_path, capsys):
    """--check fails and leaves the file; without it the file is written, and then nothing is left to do."""
    drawing = tmp_path / "hardware" / "a.svg"
    drawing.parent.mkdir()
    drawing.write_text("old", encoding="utf-8")
    monkeypatch.setattr(make, "ROOT", drawing.parent)
    monkeypatch.setattr(make, "pictures", lambda: {drawing: lambda: "new"})
    monkeypatch.setattr(make, "scopes", dict)
    for arguments, code, text, said in (
        (["--check"], 1, "old", "hardware/a.svg\n"),
        ([], 0, "new", "hardware/a.svg\n"),
        (["--check"], 0, "new", ""),
    ):
        assert make.main(arguments) == code
        assert (drawing.read_text(encoding="utf-8"), capsys.readouterr().out) == (text, said)


def test_make_refuses_what_it_does_not_know(make, capsys):
    """A misspelt option is a sentence, and nothing is written; --help says what there is."""
    with pytest.raises(SystemExit, match="usage"):
        make.main(["--chek"])
    assert make.main(["--help"]) == 0
    assert capsys.readouterr().out.startswith("usage: python hardware/make.py [--check]\n")
