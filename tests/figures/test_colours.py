"""A colour means one thing, on the page, on a screen of the Raspberry Pi and on one of an ESP32.

The table is the only one: a colour that is used elsewhere, or a new one, fails until its meaning stands here.
"""

import ast
import colorsys
import re
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pytest

from gateway.display import canvas as pi
from harness import ROOT

SCREENS = {"pi": ("gateway/display/pages.py", "gateway/display/sheet.py"), "board": ("micropython/display/pages.py",)}
BOARD = "micropython/display/canvas.py"
STYLES = sorted((ROOT / "gateway/web/static").glob("*.css"))


@dataclass(frozen=True)
class Meaning:
    """What a colour says; what of the page has it; where a screen of the Pi, and one of a board, shows it."""

    says: str
    token: str
    pi: frozenset
    board: frozenset


def meaning(says, token, pi_, board):
    return Meaning(says, token, frozenset(pi_.split()), frozenset(board.split()))


MEANINGS = {
    "DRAWN": meaning("what comes from the grid", "--drawn", "_load_ink today", "_load_ink today"),
    "GIVEN": meaning("what goes to the grid", "--injected", "now solar", "now solar"),
    "SUN": meaning("what the sun makes", "--sun", "solar", "solar"),
    "AMBER": meaning(
        "a warning: much is drawn, something does not work", "--warn",
        "_load_ink _title links draw_shutdown", "_load_ink _title links",
    ),
    "RED": meaning(
        "use less now: an overload, nearly one, a red day", "--tempo-red", "_load_ink _title TEMPO",
        "_load_ink _title _INKS",
    ),
    "BLUE": meaning("a blue day", "--tempo-blue", "TEMPO", "_INKS"),
    "GREY": meaning("old, not known, or beside the point", "--quiet", "bar value hours now solar today",
                    "bar number lines hours now solar today _INKS"),
}  # fmt: skip
# What is written, and what it is written on; as a ground white is a white day.
PLAIN = {"BLACK", "WHITE", "DARK"}
# In degrees of hue: as far as panels and eyes differ.
ONE_COLOUR, GREYISH = 15, 0.2


def inks_of_board():
    """Name -> RGB, as the board's file has them."""
    tree = ast.parse((ROOT / BOARD).read_text())
    assigned = {ast.unparse(one.targets[0]): one.value for one in tree.body if isinstance(one, ast.Assign)}
    names = next(key for key in assigned if key.startswith("BLACK") or key.startswith("(BLACK"))
    return dict(zip(re.findall(r"\w+", names), ast.literal_eval(assigned["PALETTE"]), strict=True))


def inks_of_pi():
    found = {name: value for name, value in vars(pi).items() if name.isupper() and isinstance(value, tuple)}
    return {name: value for name, value in found.items() if len(value) == 3}


def uses(files, inks):
    """Ink -> the functions, or the tables of a module, that take it."""
    found = {ink: set() for ink in inks}

    def look(node, where, top):
        for child in ast.iter_child_nodes(node):
            named = where
            if isinstance(child, ast.FunctionDef):
                named = child.name
            elif top and isinstance(child, ast.Assign):
                named = ast.unparse(child.targets[0])
            if isinstance(child, ast.Name) and child.id in found:
                found[child.id].add(named)
            look(child, named, top=False)

    for file in files:
        look(ast.parse((ROOT / file).read_text()), "", top=True)
    return found


def tokens():
    """Name -> RGB of the page where it is dark, as screens are; else as it is everywhere."""
    text = (ROOT / "gateway/web/static/page.css").read_text()
    light, dark = text.partition("@media screen and (prefers-color-scheme: dark)")[::2]
    found = {}
    for part in (light, dark.partition("}")[0]):
        for name, rgb in re.findall(r"(--[\w-]+): #([0-9a-f]{6})\b", part):
            found[name] = tuple(bytes.fromhex(rgb))
    return found


def hue(rgb):
    """Degrees; None of what has no colour of its own."""
    h, _, saturation = colorsys.rgb_to_hls(*(part / 255 for part in rgb))
    return None if saturation < GREYISH else h * 360


def alike(one, other):
    """Whether two are the same colour to whoever looks."""
    a, b = hue(one), hue(other)
    if a is None or b is None:
        return a is b
    return min(abs(a - b), 360 - abs(a - b)) <= ONE_COLOUR


@pytest.mark.parametrize("ink", MEANINGS)
def test_a_colour_is_the_same_on_every_screen_and_on_the_page(ink):
    """To the eye: each panel mixes it a little otherwise."""
    shown = {"pi": inks_of_pi()[ink], "board": inks_of_board()[ink], "page": tokens()[MEANINGS[ink].token]}
    assert all(alike(shown["pi"], other) for other in shown.values()), shown


def test_every_colour_has_a_meaning_and_no_two_are_alike():
    """A new one stands in the table with its meaning; two that one would take for each other are one."""
    assert set(inks_of_pi()) == set(inks_of_board()) == MEANINGS.keys() | PLAIN
    for inks in (inks_of_pi(), inks_of_board()):
        for one, other in combinations(MEANINGS, 2):
            # Light blue is what is drawn, blue a day: of one hue they differ by far in lightness.
            far = sum((a - b) ** 2 for a, b in zip(inks[one], inks[other], strict=True)) ** 0.5
            assert far >= 75, (one, other)
    assert len({one.says for one in MEANINGS.values()}) == len(MEANINGS)


@pytest.mark.parametrize("screen", SCREENS)
def test_a_colour_is_used_for_what_it_means_alone(screen):
    """Where a screen shows it stands beside its meaning; whoever shows it elsewhere says there what for."""
    assert uses(SCREENS[screen], MEANINGS) == {ink: set(getattr(one, screen)) for ink, one in MEANINGS.items()}


# Written where it is used: what stands on a colour of Tempo or on red, the badge of the menu and a bar of the signal.
WRITTEN = {"#fff", "#141a21", "#c4271f", "#c97a00"}


def test_the_page_takes_its_colours_by_their_meaning():
    """A rule names a token, which has its meaning as its name; a value stands beside a token alone."""
    literal = set()
    for style in STYLES:
        if style.name.startswith("uPlot"):
            continue
        rules = re.sub(r"/\*.*?\*/", "", style.read_text(), flags=re.DOTALL)
        literal |= set(re.findall(r"#[0-9a-f]{3,6}\b(?=[^{}]*[;}])", re.sub(r"--[\w-]+: [^;}]+", "", rules)))
    assert literal == WRITTEN
    shown = [tokens()[one.token] for one in MEANINGS.values()]
    assert len(set(shown)) == len(shown)


def test_another_use_of_a_colour_is_found(tmp_path):
    """A fault written in the red of an overload, as once was."""
    (tmp_path / "pages.py").write_text("def links(sheet):\n    sheet.lines(['meter'], RED)\n")
    assert uses([Path(tmp_path / "pages.py")], MEANINGS)["RED"] == {"links"}
    assert "links" not in MEANINGS["RED"].pi
    assert not alike((225, 35, 35), (255, 140, 0))
