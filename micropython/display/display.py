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
from link import BrokerLink
from state import CERTIFICATE, CLOCK, LINK, State

VERSION = 1

# What blinks changes this often; nothing waits longer to be drawn.
_BEAT_MS = 500
_LOOK_MS = 10
_REPORT_S = 60


class Display:
    """The program of a display.

    Args:
        settings: the checked ``config.json`` (``settings.load`` with ``tables.TABLES``).
        panel: a driver of ``oled`` or ``st7789``.
        canvas: as large as the panel (``canvas.Drawing``).
        light: takes a list of colours (``wiring.open_lamps``).
        is_down: says whether the button is down.
        feed: a function to call while all is well (the watchdog's).
    """

    def __init__(self, settings, panel, canvas, light, is_down, feed):
        self._panel, self._canvas = panel, canvas
        self._light, self._is_down, self._feed = light, is_down, feed
        self._lamp = settings["lamp"]
        self._state = State(settings["display"]["meter"], time.ticks_ms())
        self._topic = "linky/board/%s/state" % settings["id"]
        self._boot = hexlify(os.urandom(4)).decode()
        will = self._topic, json.dumps({"v": VERSION, "state": "lost", "boot": self._boot})
        self.link = BrokerLink(settings, list(self._state.topics), self._on_message, will, self._on_up)
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
        if kind == "bar":
            colours = lamps.bar(view, self._lamp["count"])
        else:
            colours = [lamps.off_peak(view) if kind == "off-peak" else lamps.single(view)]
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
