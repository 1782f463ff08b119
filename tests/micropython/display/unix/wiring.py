"""What micropython/display/wiring.py is on an ESP32, for MicroPython's Unix port: panels made of bytes, files as wires.

In BOARD_WIRES (else BOARD_FOLDER): ``panel.ppm`` is what is seen, ``lamps`` the colours, the button is down while
``button`` is there, the panel is unplugged while ``unplugged`` is there.
"""

import os

import board
import oled
import panels
import st7789

PLACE = os.getenv("BOARD_WIRES") or board.FOLDER


def _is_there(name):
    try:
        os.stat(PLACE + name)
    except OSError:
        return False
    return True


class Seen:
    """A panel whose picture is written down each time that it has changed."""

    def __init__(self, driver, chip):
        self._driver, self._chip = driver, chip
        self.width, self.height, self.colour = driver.width, driver.height, driver.colour

    def start(self):
        self._plug()
        self._driver.start()

    def show(self, canvas):
        self._plug()
        self._driver.show(canvas)
        self._chip.save(PLACE + "panel.ppm")

    def _plug(self):
        self._chip.unplugged = _is_there("unplugged")


def open_panel(display):
    if display["panel"] == "st7789":
        size = [display[key] for key in ("width", "height", "x_offset", "y_offset")]
        chip = panels.St7789(*size)
        return Seen(st7789.St7789(chip, chip.dc, chip.cs, *size), chip)
    chip = panels.Sh1106() if display["panel"] == "sh1106" else panels.Ssd1306()
    return Seen(
        (oled.Sh1106 if display["panel"] == "sh1106" else oled.Ssd1306)(
            chip, display["address"], display["brightness"]
        ),
        chip,
    )


def open_lamps(lamp):
    def show(colours):
        with open(PLACE + "lamps.new", "w") as file:
            file.write(str(colours))
        os.rename(PLACE + "lamps.new", PLACE + "lamps")

    return show


def open_button(pin):
    """Writes to ``level`` how the button is, once it has been seen so for long enough to have settled."""
    seen = [False, 0]

    def is_down():
        down = _is_there("button")
        seen[:] = [down, seen[1] + 1 if down == seen[0] else 0]
        if seen[1] == 10:
            with open(PLACE + "level", "w") as file:
                file.write(str(int(down)))
        return down

    return is_down
