"""Drawings, tables and documents of hardware/: made anew they are the same; what they name is there; both languages."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from gateway.cli import main

HARDWARE = Path(__file__).parent.parent.parent / "hardware"
NUMBER = re.compile(r"\d+(?:[.,]\d+)?")

# The tables that a simulation makes, and how many of their columns say what was simulated.
SIMULATED = {"readings": 2, "limits": 3, "meter-sees": 1, "speeds": 1}
# How far figures of another release of ngspice may be off, by their unit.
ROOM = {"%": {"abs": 3}, "Ω": {"rel": 0.02}, "°": {"abs": 1}, "µs": {"rel": 0.1}}
DOCUMENTS = sorted([*HARDWARE.rglob("README.md"), *HARDWARE.rglob("LISEZMOI.md")])


@pytest.fixture(scope="module")
def make(schemdraw):
    """The program that makes the drawings."""
    import make

    return make


def test_the_drawings_are_those_that_the_code_makes(make):
    """Byte for byte."""
    for path, draw in make.pictures().items():
        assert path.read_text(encoding="utf-8") == draw(), f"{path}: run python hardware/make.py"


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


@pytest.mark.usefixtures("ngspice")
def test_the_oscilloscope_shows_what_the_simulation_gives(make):
    """Each point of a committed curve has one of the new curve within 3 pixels up or down and 3 steps left or right."""
    import scope

    for path, draw in make.scopes().items():
        old, new = scope.traces(path.read_text(encoding="utf-8")), scope.traces(draw())
        assert len(old) == len(new) == 3
        for there, here in zip(old, new, strict=True):
            assert len(there) == pytest.approx(len(here), abs=3)
            for place, (_, y) in enumerate(there):
                near = [other for _, other in here[max(place - 3, 0) : place + 4]]
                assert min(near) - 3 <= y <= max(near) + 3, f"{path}: run python hardware/make.py"


def near(old, new):
    """Whether two cells of a simulation's table say the same: figures may be another ngspice's, a verdict may not."""
    if NUMBER.sub("#", old) != NUMBER.sub("#", new):
        return False
    unit = next((unit for unit in ROOM if unit in old), None)
    one, other = ([float(value.replace(",", ".")) for value in NUMBER.findall(cell)] for cell in (old, new))
    return one == (pytest.approx(other, **ROOM[unit]) if unit else other)


@pytest.mark.usefixtures("ngspice")
@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(HARDWARE)))
def test_the_tables_are_those_that_the_code_makes(make, path):
    """Word for word; a simulation's figures within 3 % of a bit, 2 % of the ohms, a degree, 10 % of the times."""
    text = path.read_text(encoding="utf-8")
    again = f"{path}: run python hardware/make.py"
    for name, old in make.blocks(text).items():
        new = make.tables()[name](make.LANGUAGES[path.name]) + "\n"
        if name not in SIMULATED:
            assert old == new, again
            continue
        for there, here in zip(old.splitlines(), new.splitlines(), strict=True):
            for place, (one, other) in enumerate(zip(there.split("|"), here.split("|"), strict=True)):
                assert one == other or (place > SIMULATED[name] and near(one, other)), again


def test_every_table_is_in_both_languages(make):
    """A README and its LISEZMOI have the same blocks, and every block is somewhere."""
    seen = set()
    for path in HARDWARE.rglob("README.md"):
        english = make.blocks(path.read_text(encoding="utf-8"))
        assert english.keys() == make.blocks(path.with_name("LISEZMOI.md").read_text(encoding="utf-8")).keys()
        seen |= set(english)
    assert seen == set(make.tables())


@pytest.mark.parametrize("path", list(HARDWARE.rglob("README.md")), ids=lambda path: path.parent.name)
def test_both_languages_show_and_say_the_same(path):
    """The same pictures, headings of the same ranks, commands and settings in the same order."""
    texts = [path.read_text(encoding="utf-8"), path.with_name("LISEZMOI.md").read_text(encoding="utf-8")]
    for pattern in (r"!\[\]\(([^)]+)\)", r"(?m)^(#+) ", r"`((?:sudo|apt|pip|linky-gateway|dtoverlay|tools/)[^`]*)`"):
        english, french = (re.findall(pattern, text) for text in texts)
        assert english == french


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(HARDWARE)))
def test_every_link_leads_somewhere(path):
    """Relative links and pictures, also those of no other language."""
    links = re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (path.parent / link).exists()] == []


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


def test_make_refuses_what_it_does_not_know(make):
    """A misspelt option is a sentence, and nothing is written."""
    with pytest.raises(SystemExit, match="usage"):
        make.main(["--chek"])
