"""What reaches a panel's wires, through luma's own drivers: the picture, pixel by pixel; and one that is unplugged."""

import errno
import importlib.util
import logging
import os
from functools import partial

import pytest
from PIL import Image

from gateway.display import pages
from gateway.display.config import LcdTable, OledTable
from gateway.display.panels import DisplayPanel, look_of, open_lcd, open_oled
from tests.gateway.display.views import view

if importlib.util.find_spec("luma.lcd") is None or importlib.util.find_spec("luma.oled") is None:
    if os.environ.get("CI"):
        pytest.fail("luma.oled and luma.lcd are not installed", pytrace=False)
    pytest.skip("luma.oled and luma.lcd are not installed", allow_module_level=True)

# luma calls what Pillow 14 removes; pyproject.toml keeps Pillow below that.
pytestmark = pytest.mark.filterwarnings("ignore:Image.Image.getdata is deprecated:DeprecationWarning")


class I2c:
    """A bus with one OLED: what it was sent, byte by byte; ``plugged`` says whether it answers."""

    def __init__(self):
        self.plugged, self.commands, self.data, self.transfers = True, [], bytearray(), 0

    def write_i2c_block_data(self, address, register, block):
        if not self.plugged:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")
        assert address == 0x3C
        self.transfers += 1
        if register == 0x40:
            self.data += bytes(block)
        else:
            self.commands.append(bytes(block))

    def picture(self, number=-1):
        """What its memory shows, or showed: bytes of eight rows, from the left, the uppermost row in the lowest bit."""
        number %= len(self.data) // 1024
        pixels = Image.new("1", (128, 64))
        for place, byte in enumerate(self.data[number * 1024 : number * 1024 + 1024]):
            for bit in range(8):
                pixels.putpixel((place % 128, place // 128 * 8 + bit), byte >> bit & 1)
        return pixels


class Spi:
    """A bus with one LCD, and its memory: windows, then three bytes a pixel; ``dc`` tells commands from data."""

    max_speed_hz = 0

    def __init__(self, dc, size):
        self.memory, self._dc, self._command = Image.new("RGB", size), dc, 0
        self._arguments, self._window, self._rest, self._next = bytearray(), {}, b"", 0
        self.closed = False

    def open(self, _bus, _device):
        self.closed = False

    def close(self):
        self.closed = True

    def writebytes(self, block):
        if not self._dc.state:
            self._command, self._arguments, self._rest, self._next = block[0], bytearray(block[1:]), b"", 0
            block = block[1:]
        else:
            self._arguments += bytes(block)
        if self._command in {0x2A, 0x2B} and len(self._arguments) >= 4:
            first, last = self._arguments[:2], self._arguments[2:4]
            self._window[self._command] = int.from_bytes(first), int.from_bytes(last)
        elif self._command == 0x2C:
            self._fill(self._rest + bytes(block))

    def _fill(self, data):
        (left, right), (top, _) = self._window[0x2A], self._window[0x2B]
        for place in range(0, len(data) - 2, 3):
            row, column = divmod(self._next, right - left + 1)
            self.memory.putpixel((left + column, top + row), tuple(data[place : place + 3]))
            self._next += 1
        self._rest = data[len(data) // 3 * 3 :]


@pytest.mark.parametrize("chip", ["ssd1306", "sh1106"])
def test_an_oled_shows_the_picture(chip):
    """Every pixel at its place, at the contrast that was asked for."""
    wires, picture = I2c(), pages.draw(look_of(chip, "fr"), view(), "now")
    panel = DisplayPanel("oled", partial(open_oled, OledTable(chip=chip, contrast=40), wires))
    assert panel.show(picture)
    assert wires.picture().tobytes() == picture.tobytes()
    assert bytes([0x81, 102]) in wires.commands
    panel.close()
    assert wires.commands[-1] != bytes([0xAF])
    assert wires.picture().getbbox() is None


def test_a_picture_that_is_shown_is_not_sent_again():
    """A bus that is shared, and a wire that radiates, rest."""
    wires, picture = I2c(), pages.draw(look_of("ssd1306", "fr"), view(), "now")
    panel = DisplayPanel("oled", partial(open_oled, OledTable(chip="ssd1306"), wires))
    panel.show(picture)
    before = wires.transfers
    assert panel.show(picture)
    assert wires.transfers == before
    panel.close()


def test_upside_down_is_turned_by_half():
    """The panel may hang the other way."""
    wires, picture = I2c(), pages.draw(look_of("ssd1306", "fr"), view(), "now")
    panel = DisplayPanel("oled", partial(open_oled, OledTable(chip="ssd1306", upside_down=True), wires))
    panel.show(picture)
    assert wires.picture().rotate(180).tobytes() == picture.tobytes()
    panel.close()


def test_a_panel_that_is_unplugged_is_said_once_and_comes_back(caplog):
    """At the start and in the middle: one sentence each, the picture again when it is there."""
    wires, picture = I2c(), pages.draw(look_of("ssd1306", "fr"), view(), "now")
    panel = DisplayPanel("oled", partial(open_oled, OledTable(chip="ssd1306"), wires))
    caplog.set_level(logging.INFO)
    for _ in range(2):
        wires.plugged = False
        assert [panel.show(pages.draw_shutdown(look_of("ssd1306", "fr"), left)) for left in (3, 2, 1)] == [False] * 3
        wires.plugged = True
        assert panel.show(picture)
        assert wires.picture().tobytes() == picture.tobytes()
    said = [record.getMessage() for record in caplog.records]
    assert [("does not answer" in one, "is back" in one) for one in said] == [(True, False), (False, True)] * 2
    panel.close()


@pytest.mark.parametrize("chip", ["st7789", "ili9341"])
def test_an_lcd_shows_the_picture_and_has_its_pins(board, chip):
    """Every pixel in its colour (six bits of each), the light on; in the end the pins are free again."""
    look = look_of(chip, "fr")
    wires = Spi(board.pin(24), (look.width, look.height))
    panel = DisplayPanel("lcd", partial(open_lcd, LcdTable(chip=chip, backlight=18), wires))
    picture = pages.draw(look, view(tempo_today="red"), "now")
    assert panel.show(picture)
    assert wires.memory.point(lambda part: part & 0xFC).tobytes() == picture.point(lambda part: part & 0xFC).tobytes()
    assert board.pin(18).state
    panel.close()
    assert wires.closed
    assert [board.pin(gpio).function for gpio in (18, 24, 25)] == ["input"] * 3
