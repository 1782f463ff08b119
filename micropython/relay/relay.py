"""The relay: the meter's frames to the gateway by MQTT, each kept until the gateway says that it has committed it.

One task each for the line, the LED, the link, what is sent, and what is told of the board itself. Topics and payloads
are the contract of micropython/README.md, version ``VERSION``.
"""

import asyncio
import gc
import json
import os
import struct
import time
from binascii import hexlify, unhexlify

import board
from journal import FlashJournal
from lamp import Lamp
from line import MeterLine
from link import BrokerLink
from mqtt import Parts
from owed import Owed

from micropython import const

VERSION = 1

# The state is told this often, and at each connection.
_REPORT_S = const(60)

# Longer than any commit interval of the gateway: then what was sent is sent again.
_FORGOTTEN_MS = const(400_000)

_TICK_MS = const(100)

# Before the flash, or a broker that is there no more, is asked again.
_PAUSE_MS = const(500)

# What is left free when the program is complete: in words what a connection is made of and the journal knows of its
# files, in bytes the frames that are read, compared and sent; and a half more, so that each finds a place in one piece.
_FREE_WORDS = const(2_560)
_FREE_BYTES = const(8_192)


class Uptime:
    """Milliseconds since the start that do not wrap; to be asked at least once in six days."""

    def __init__(self):
        self._last, self._total = time.ticks_ms(), 0

    def ms(self):
        """The milliseconds."""
        now = time.ticks_ms()
        self._total += time.ticks_diff(now, self._last)
        self._last = now
        return self._total


def minute_of(entry, frame):
    """What is equal for two frames of one minute: by the meter's own clock, by the board's where it says no time."""
    at = frame.find(b"\nDATE\t")
    return entry.at_ms // 60_000 if at < 0 else frame[at + 6 : at + 17]  # the season and YYMMDDhhmm


class Relay:
    """The program of a relay board.

    Args:
        settings: the checked ``config.json``.
        feed: a function to call while all is well (the watchdog's).
    """

    def __init__(self, settings, feed):
        self._settings, self._feed = settings, feed
        self._topic = "linky/board/%s/" % settings["id"]
        self._uptime = Uptime()
        self._boot = os.urandom(4)
        self._journal = FlashJournal(board.FOLDER.rstrip("/") + "/journal", board.free_flash_bytes)
        self._owed = Owed(self._boot, self._journal, minute_of)
        now_ms = self._uptime.ms
        self._lamp = Lamp(board.open_led(settings["relay"]["led"]), now_ms)
        self._line = MeterLine(
            lambda speed: board.open_uart(settings["relay"], speed),
            now_ms,
            self._on_frame,
            self._lamp.bad,
            self._on_lost,
        )
        will = self._topic + "state", json.dumps({"v": VERSION, "state": "lost", "boot": self._hex(self._boot)})
        self.link = BrokerLink(settings, [self._topic + "ack"], self._on_message, will, self._on_up, self._owed.give_up)
        self._companion = None
        self._work = asyncio.Event()
        self._report_now = asyncio.Event()
        self._heard_ms = 0
        self._lag_ms = 0

    def accompany(self, companion):
        """Let something else share the link: it has ``topic``, ``on_message``, ``on_up`` and ``run``."""
        self._companion = companion
        self.link.topics.append(companion.topic)

    async def run(self):
        """Work for ever; what ends it is a fault of the program, and the frames in memory are saved first."""
        gc.collect()
        self._owed.take_room(gc.mem_free() - _FREE_BYTES - _FREE_WORDS * struct.calcsize("P"))
        work = [self._line.run, self._lamp.run, self.link.run, self._send, self._report, self._watch]
        if self._companion:
            work.append(self._companion.run)
        try:
            await asyncio.gather(*[self._go_on(one) for one in work])
        finally:
            self.save()

    def save(self):
        """Keep what is in memory: the board is about to start anew."""
        self._owed.save()

    async def _go_on(self, work):
        """Whatever of the program a lack of memory has ended begins again; it costs the oldest frames."""
        while True:
            try:
                await work()
            except MemoryError:
                self._owed.give_up()
            await asyncio.sleep_ms(_PAUSE_MS)

    def _on_frame(self, mode, frame, at_ms, bad, whole):
        (self._lamp.bad if bad or not whole else self._lamp.good)()
        self._owed.add(frame, self.link.clock.now_s(), at_ms, bad, whole)
        self._work.set()

    def _on_lost(self, count):
        """So many frames were on the line, and there was no memory to read them."""
        self._owed.lose(count)
        self._owed.give_up()

    def _on_up(self):
        self._begin_again()
        self._report_now.set()
        if self._companion:
            self._companion.on_up()

    def _begin_again(self):
        self._owed.rewind()
        self._owed.open_window()
        self._heard_ms = self._uptime.ms()
        self._work.set()

    def _on_message(self, topic, payload):
        """What the gateway says: how far it has committed, or that it misses something; and what time it is."""
        if self._companion and self._companion.on_message(topic, payload):
            return
        try:
            said = json.loads(payload)
            now = said.get("time")
            if isinstance(now, int):
                self.link.clock.hear(now)
            if said.get("again"):
                self._begin_again()
            elif "seq" in said:
                self._owed.confirm(unhexlify(said["boot"]), int(said["seq"]))
                self._heard_ms = self._uptime.ms()
                self._work.set()
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            print("relay: not understood on", topic, error)
        except MemoryError:
            self._owed.give_up()  # it is said again with the next commit

    async def _send(self):
        while True:
            await self.link.up.wait()
            self._work.clear()
            try:
                found = self._owed.next()
                if found:
                    await self.link.publish(self._topic + "frame", self._payload(*found), qos=1)
                    continue
            except OSError:
                # The flash is asked again, the next connection begins with the oldest again.
                await asyncio.sleep_ms(_PAUSE_MS)
                continue
            except MemoryError:
                # The one that was to be sent may be passed over.
                self._owed.give_up()
                self._begin_again()
                await asyncio.sleep_ms(_PAUSE_MS)
                continue
            try:
                await asyncio.wait_for(self._work.wait(), 10)
            except asyncio.TimeoutError:
                if len(self._owed) and self._uptime.ms() - self._heard_ms > _FORGOTTEN_MS:
                    self._begin_again()

    def _payload(self, entry, frame, before):
        head = {
            "v": VERSION,
            "boot": self._hex(entry.boot),
            "seq": entry.seq,
            "after": before and [self._hex(before[0]), before[1]],
            "age": self._age_ms(entry),
            "whole": entry.whole,
            "bad": entry.bad,
            "owed": len(self._owed),
            "lost": self._owed.lost,
        }
        return Parts([json.dumps(head).encode(), b"\n\x02", frame, b"\x03"])

    def _age_ms(self, entry):
        """How long ago the frame was read; None when nobody knows."""
        if entry.boot == self._boot:
            return max(0, self._uptime.ms() - entry.at_ms)
        now = self.link.clock.now_s()
        return None if now is None or entry.clock_s is None else max(0, (now - entry.clock_s) * 1000)

    async def _report(self):
        while True:
            self._report_now.clear()
            if self.link.up.is_set():
                try:
                    await self.link.publish(self._topic + "state", self._state(), retain=True)
                except (OSError, MemoryError):
                    pass  # it is told at the next connection, or in a minute
            try:
                await asyncio.wait_for(self._report_now.wait(), _REPORT_S)
            except asyncio.TimeoutError:
                pass

    def _state(self):
        gc.collect()
        lag, self._lag_ms = self._lag_ms, 0
        reader = self._line.reader
        return json.dumps(
            {
                "v": VERSION,
                "state": "online",
                "boot": self._hex(self._boot),
                "up_s": self._uptime.ms() // 1000,
                "mode": self._line.mode,
                "speed": self._line.speed,
                "frames": self._line.frames,
                "bad": reader.bad_groups,
                "noise": reader.noise,
                "owed": len(self._owed),
                "in_flash": len(self._journal),
                "thinned": self._owed.thinned,
                "lost": self._owed.lost,
                "connects": self.link.connects,
                "dbm": board.signal_dbm(),
                "clock": self.link.clock.now_s() is not None,
                "heap_free": gc.mem_free(),
                "heap_used": gc.mem_alloc(),
                "lag_ms": lag,
            }
        ).encode()

    async def _watch(self):
        """Measure how late the loop is, and feed the watchdog from it: a loop that hangs starts the board anew."""
        while True:
            before = self._uptime.ms()
            await asyncio.sleep_ms(_TICK_MS)
            self._lag_ms = max(self._lag_ms, self._uptime.ms() - before - _TICK_MS)
            self._feed()

    @staticmethod
    def _hex(boot):
        return hexlify(boot).decode()
