"""The icons that a phone shows are made of the page's one drawing, and hold what platforms ask of them."""

import subprocess
import sys

import pytest

import icons
from harness import ROOT

DRAWN = icons.drawing((icons.STATIC / "icon.svg").read_text())


@pytest.fixture(scope="module", params=icons.ICONS)
def icon(request):
    """One of them: what it is, and its pixels as rows of (red, green, blue, opacity)."""
    about = icons.ICONS[request.param]
    _, rows = icons.shown((icons.STATIC / request.param).read_bytes())
    wide = 4 * about.pixels
    lines = [rows[at + 1 : at + 1 + wide] for at in range(0, len(rows), wide + 1)]
    return about, [[tuple(line[at : at + 4]) for at in range(0, wide, 4)] for line in lines]


def test_they_are_what_the_drawing_makes(tmp_path):
    """Nothing would change; one that somebody has painted over is said to."""
    command = [sys.executable, "-c", f"import icons, pathlib, sys; icons.STATIC = pathlib.Path({str(tmp_path)!r})"]
    command[-1] += "; sys.argv[0] = 'icons'; sys.exit(icons.main())"
    for name in ("icon.svg", *icons.ICONS):
        (tmp_path / name).write_bytes((icons.STATIC / name).read_bytes())

    def run():
        where = {"PYTHONPATH": f"{ROOT}:{ROOT}/tools/lib"}
        return subprocess.run([*command, "--check"], check=False, capture_output=True, text=True, env=where)

    assert (run().returncode, run().stdout) == (0, "")
    (tmp_path / "icon-192.png").write_bytes((tmp_path / "icon-180.png").read_bytes())
    said = run()
    assert (said.returncode, said.stdout) == (1, "icon-192.png would change: tools/icons\n")


def test_a_phone_may_cut_a_whole_one(icon):
    """Full to its corners, the bolt within the circle that each platform leaves; the others have round corners."""
    about, rows = icon
    side = about.pixels
    assert (len(rows), {len(row) for row in rows}) == (side, {side})
    assert rows[0][0] == ((*DRAWN.back, 255) if about.ground == "whole" else (0, 0, 0, 0))
    assert rows[side // 2][side // 2] == (*DRAWN.front, 255)
    if about.ground == "whole":
        middle, reach = (side - 1) / 2, 0.4 * side
        far = [
            (x, y)
            for y, row in enumerate(rows)
            for x, pixel in enumerate(row)
            if pixel != (*DRAWN.back, 255) and (x - middle) ** 2 + (y - middle) ** 2 > reach**2
        ]
        assert far == []


def test_edges_are_smooth(icon):
    """Between bolt and ground stand pixels that are a share of both; without a ground they are a share opaque."""
    about, rows = icon
    between = {pixel for row in rows for pixel in row if pixel[3]} - {(*DRAWN.back, 255), (*DRAWN.front, 255)}
    assert len(between) > 5, about
