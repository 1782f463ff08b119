"""An e-paper: how seldom it may change, and what reaches the memory of its controller."""

import logging
import random
from itertools import pairwise

import pytest
from PIL import Image, ImageChops

from gateway.display import epaper, pages
from gateway.display.config import EpaperTable
from gateway.display.epaper import RefreshPace
from gateway.display.panels import DisplayPanel, look_of, open_epaper
from gateway.display.pins import Output
from tests.gateway.display.views import view

LOOK = look_of("ssd1680", "fr")


class Chip:
    """An SSD1680 at the other end of the bus: two memories, what was made visible, and how."""

    max_speed_hz = 0

    def __init__(self, board):
        self._dc, self._command = board.pin(25), 0
        self.memory, self.refreshes, self.registers = {0x24: b"", 0x26: b""}, [], {}
        self.closed = self.asleep = False

    def open(self, _bus, _device):
        self.closed = False

    def close(self):
        self.closed = True

    def writebytes2(self, block):
        if not self._dc.state:
            (self._command,) = block
            if self._command == 0x20:
                self.refreshes.append((self.registers[0x22][0], self.memory[0x26]))
            self.asleep = False
        elif self._command in self.memory:
            self.memory[self._command] = bytes(block)
        else:
            self.registers[self._command] = bytes(block)
            self.asleep = self._command == 0x10

    def picture(self):
        """What is seen: columns of the panel are rows of the memory, a bit that is set is white."""
        (first, last), (top, _, bottom, _) = self.registers[0x44], self.registers[0x45]
        width, height = (last - first + 1) * 8, bottom - top + 1
        standing = Image.frombytes("1", (width, height), self.memory[0x24]).crop((0, 0, 122, 250))
        return ImageChops.invert(standing.convert("L")).convert("1").rotate(-90, expand=True)


@pytest.fixture
def chip(board):
    """An e-paper at the default pins."""
    return Chip(board)


def panel(chip):
    return DisplayPanel("epaper", lambda: open_epaper(EpaperTable(), chip))


def test_it_shows_the_page_in_ink_and_sleeps(chip, board):
    """Every pixel at its place; between two pictures the controller draws no current."""
    picture, paper = pages.draw(LOOK, view(), "today", "15/01 20:30"), panel(chip)
    assert paper.show(picture)
    assert chip.picture().tobytes() == picture.tobytes()
    assert chip.asleep
    paper.close()
    assert chip.closed
    assert [board.pin(gpio).function for gpio in (17, 25)] == ["input"] * 2


def test_only_what_changes_moves_but_once_a_day_all(chip, board):
    """The first is full; then partial against the picture before, until a day has passed."""
    now = [1000.0]
    dc, reset = Output([25], active_high=True), Output([17], active_high=True)
    paper, before = epaper.Ssd1680(chip, dc, reset, lambda: False, lambda: now[0]), None
    for later, kind in ((0, 0xF7), (180, 0xFF), (360, 0xFF), (86_399, 0xFF), (86_400, 0xF7), (86_580, 0xFF)):
        now[0] = 1000.0 + later
        paper.display(pages.draw(LOOK, view(drawn_today_wh=later * 100), "today"))
        assert chip.refreshes[-1][0] == kind
        if kind == 0xFF:
            assert chip.refreshes[-1][1] == before
        before = chip.memory[0x24]


def test_one_that_stays_busy_is_said_and_ends_nothing(chip, board, caplog, monkeypatch):
    """An unplugged ribbon reads as busy."""
    monkeypatch.setattr(epaper, "_BUSY_S", 0.05)
    paper = panel(chip)
    paper.show(pages.draw(LOOK, view(), "today"))
    board.pin(24).drive_high()
    caplog.set_level(logging.INFO)
    assert not paper.show(pages.draw(LOOK, view(), "links"))
    board.pin(24).drive_low()
    assert paper.show(pages.draw(LOOK, view(), "links"))
    assert chip.refreshes[-1][0] == 0xF7
    said = [record.getMessage() for record in caplog.records]
    assert ["stays busy" in said[0], "is back" in said[1], len(said)] == [True, True, 2]
    paper.close()


def test_no_two_pictures_within_three_minutes():
    """Whatever changes and however often it is asked, and each hour one at least."""
    chance, pace, shown = random.Random(6), RefreshPace(), []
    for now in range(0, 86_400, 5):
        content = bytes([chance.randrange(2)]) if now < 43_200 else b"the night"
        if pace.due(content, float(now)):
            shown.append(now)
    pauses = [after - before for before, after in pairwise(shown)]
    assert (min(pauses), max(pauses)) == (180, 3600)


def test_a_picture_that_failed_is_due_again_after_three_minutes():
    """Not after an hour, and not at once."""
    pace = RefreshPace()
    assert pace.due(b"page", 0.0)
    pace.failed()
    assert not pace.due(b"page", 179.0)
    assert pace.due(b"page", 180.0)
