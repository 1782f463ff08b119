"""A remote display: listens to the gateway's live feed, draws it, lights lamps, turns the page at the button.

One task each for the link, the picture, the button and what is told of the board itself. A panel that is unplugged, a
broker or a gateway that is away are shown or waited for; whatever else goes wrong ends the program, and the board
starts anew.
"""

import asyncio
import gc
import json
import os
import time
from binascii import hexlify

import board
import lamps
import pages
from button import Button
from canvas import Canvas
from link import Link
from settings import SettingsError
from state import CERTIFICATE, CLOCK, LINK, State

VERSION = 1

# What blinks changes this often; nothing waits longer to be drawn.
_BEAT_MS = 500
_LOOK_MS = 10
_REPORT_S = 60

_NUMBER, _TEXT = (int,), (str,)

# Tables of config.json (micropython/display/README.md): key -> (types, default).
TABLES = {
    "display": {
        "meter": (_TEXT, "house"),
        "panel": (_TEXT, "ssd1306"),
        "scl": (_NUMBER, 22),
        "sda": (_NUMBER, 21),
        "address": (_NUMBER, 0x3C),
        "sck": (_NUMBER, 18),
        "mosi": (_NUMBER, 23),
        "dc": (_NUMBER, 16),
        "cs": (_NUMBER, None),
        "reset": (_NUMBER, None),
        "backlight": (_NUMBER, None),
        "brightness": (_NUMBER, 40),
        "width": (_NUMBER, 240),
        "height": (_NUMBER, 240),
        "x_offset": (_NUMBER, 0),
        "y_offset": (_NUMBER, 0),
        "turns": (_NUMBER, 0),
        "button": (_NUMBER, 0),
    },
    "lamp": {
        "kind": (_TEXT, "none"),
        "pin": (_NUMBER, None),
        "count": (_NUMBER, 8),
        "red": (_NUMBER, None),
        "green": (_NUMBER, None),
        "blue": (_NUMBER, None),
        "brightness": (_NUMBER, 30),
    },
}
_PANELS, _LAMPS = ("ssd1306", "sh1106", "st7789"), {"none": (), "bar": ("pin",), "rgb": ("red", "green", "blue")}


def check(settings):
    """SettingsError where the tables do not fit together."""
    display, lamp = settings["display"], settings["lamp"]
    if display["panel"] not in _PANELS:
        raise SettingsError("config.json: display: panel: one of %s" % ", ".join(_PANELS))
    if not 128 <= max(display["width"], display["height"]) <= 320 or min(display["width"], display["height"]) < 64:
        raise SettingsError("config.json: display: width, height: 128 x 64 to 240 x 320")
    if not 0 <= display["turns"] < 4:
        raise SettingsError("config.json: display: turns: quarter turns, 0 to 3")
    if not 1 <= display["brightness"] <= 100:
        raise SettingsError("config.json: display: brightness: 1 to 100 per cent")
    if lamp["kind"] not in _LAMPS:
        raise SettingsError("config.json: lamp: kind: none, bar or rgb")
    for key in _LAMPS[lamp["kind"]]:
        if lamp[key] is None:
            raise SettingsError("config.json: lamp: %s is missing for a lamp of kind %s" % (key, lamp["kind"]))
    if lamp["count"] < 1 or not 1 <= lamp["brightness"] <= 100:
        raise SettingsError("config.json: lamp: count from 1 on, brightness 1 to 100")


class Display:
    """The program of a display.

    Args:
        settings: the checked ``config.json`` (``settings.load`` with ``TABLES``).
        panel: a driver of ``oled`` or ``st7789``.
        light: takes a list of colours (``wiring.open_lamps``).
        is_down: says whether the button is down.
        feed: a function to call while all is well (the watchdog's).
    """

    def __init__(self, settings, panel, light, is_down, feed):
        self._panel, self._light, self._is_down, self._feed = panel, light, is_down, feed
        self._lamp = settings["lamp"]
        self._canvas = Canvas(panel.width, panel.height, panel.colour)
        self._state = State(settings["display"]["meter"], time.ticks_ms())
        self._topic = "linky/board/%s/state" % settings["id"]
        self._boot = hexlify(os.urandom(4)).decode()
        will = self._topic, json.dumps({"v": VERSION, "state": "lost", "boot": self._boot})
        self.link = Link(settings, list(self._state.topics), self._on_message, will, self._on_up)
        self._companion = None
        self._changed, self._report_now = asyncio.Event(), asyncio.Event()
        self._page = 0
        self._panel_fault = "not started"
        self._drawn = 0

    def accompany(self, companion):
        """Let something else share the link: it has ``topic``, ``on_message``, ``on_up`` and ``run``."""
        self._companion = companion
        self.link.topics.append(companion.topic)

    async def run(self):
        """Work for ever."""
        tasks = [self.link.run(), self._draw(), self._press(), self._report()]
        if self._companion:
            tasks.append(self._companion.run())
        await asyncio.gather(*tasks)

    def _on_up(self):
        self._changed.set()
        self._report_now.set()
        if self._companion:
            self._companion.on_up()

    def _on_message(self, topic, payload):
        if self._companion and self._companion.on_message(topic, payload):
            return
        self._state.take(topic, payload, time.ticks_ms())
        # A frame that lay with the broker is old, but it is never later than it says.
        self.link.clock.at_least(self._state.time_s or 0)
        self._changed.set()

    async def _draw(self):
        """Show what is known, at each change and at each beat."""
        while True:
            self._changed.clear()
            now = time.ticks_ms()
            view = self._state.view(now, self.link.up.is_set(), bool(now // _BEAT_MS & 1), self._why())
            pages.draw(self._canvas, view, self._page)
            self._show()
            self._light_up(view)
            self._drawn += 1
            self._feed()
            gc.collect()
            try:
                await asyncio.wait_for_ms(self._changed.wait(), _BEAT_MS)
            except asyncio.TimeoutError:
                pass

    def _why(self):
        """What to say of a link that is not there."""
        distrust = self.link.distrust
        return LINK if distrust is None else CLOCK if distrust.clock else CERTIFICATE

    def _show(self):
        try:
            if self._panel_fault:
                self._panel.start()
            self._panel.show(self._canvas)
            self._panel_fault = None
        except OSError as error:
            # A wire that is loose: the panel is set up anew when it is there again.
            if self._panel_fault != str(error):
                print("display: the panel does not answer:", error)
            self._panel_fault = str(error)

    def _light_up(self, view):
        kind, percent = self._lamp["kind"], self._lamp["brightness"]
        if kind == "none":
            return
        colours = lamps.bar(view, self._lamp["count"]) if kind == "bar" else [lamps.single(view)]
        self._light([lamps.dimmed(colour, percent) for colour in colours])

    async def _press(self):
        button = Button(time.ticks_ms())
        while True:
            if button.feed(self._is_down(), time.ticks_ms()):
                self._page += 1
                self._changed.set()
            await asyncio.sleep_ms(_LOOK_MS)

    async def _report(self):
        """Tell how the board is, each minute and at each connection."""
        while True:
            self._report_now.clear()
            if self.link.up.is_set():
                try:
                    await self.link.publish(self._topic, self._said(), retain=True)
                except OSError:
                    pass  # it is told at the next connection
            try:
                await asyncio.wait_for(self._report_now.wait(), _REPORT_S)
            except asyncio.TimeoutError:
                pass

    def _said(self):
        gc.collect()
        return json.dumps(
            {
                "v": VERSION,
                "state": "online",
                "boot": self._boot,
                "panel": self._panel_fault or "ok",
                "pictures": self._drawn,
                "connects": self.link.connects,
                "dbm": board.signal_dbm(),
                "heap_free": gc.mem_free(),
                "heap_used": gc.mem_alloc(),
            }
        ).encode()
