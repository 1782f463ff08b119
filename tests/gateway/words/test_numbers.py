"""Times of day: one form in each language, wherever a person reads one."""

import re

import pytest

from gateway.words.numbers import read_time, time_of_day
from harness import ROOT

# Who else writes hours by hand: what programs read, what is typed again, and the stamp of a small screen.
_ELSEWHERE = {
    "gateway/web/history/data.py", "gateway/live/topics.py", "gateway/web/repair/chooser.html",
    "gateway/web/home/wall_picture.py", "gateway/display/program.py",
}  # fmt: skip
_ROOMS = ("web", "notices", "household", "live", "display", "balance", "links")


@pytest.mark.parametrize(
    ("said", "fr", "en"),
    [
        (time_of_day(22), "22\xa0h", "22:00"),
        (time_of_day(22, 30), "22\xa0h\xa030", "22:30"),
        (time_of_day(6, 5), "6\xa0h\xa005", "06:05"),
        (time_of_day(0), "0\xa0h", "00:00"),
        (time_of_day(24), "24\xa0h", "24:00"),
        (time_of_day(18, 5, 9), "18\xa0h\xa005\xa0min\xa009\xa0s", "18:05:09"),
        (read_time("07:30"), "7\xa0h\xa030", "07:30"),
        (read_time("soon"), "soon", "soon"),
        (read_time(""), "", ""),
    ],
)
def test_a_time_of_day_has_one_form(said, fr, en):
    """French says hours and minutes, English writes a clock; what is no time stays as it is."""
    assert [said.in_language(lang) for lang in ("fr", "en")] == [fr, en]


def test_nobody_writes_hours_by_hand():
    """Whoever tells a household a time of day asks for it here."""
    files = (
        file for room in _ROOMS for file in (ROOT / "gateway" / room).rglob("*") if file.suffix in {".py", ".html"}
    )
    found = {
        file.relative_to(ROOT).as_posix()
        for file in files
        if "compiled-" not in str(file) and re.search(r"(?<!T)%H:%M(?!:%S)|:02}:\{", file.read_text())
    }
    assert found - _ELSEWHERE == set()
    assert found == _ELSEWHERE
