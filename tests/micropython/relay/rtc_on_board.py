"""The clock of lib/board.py itself, with modules that stand for an ESP32's: rtc_on_board.py EPOCH; one line a step.

``Rtc`` stands for micropython/micropython, ports/esp32/machine_rtc.c, v1.28.0: ``datetime`` sets the time of day, by the
port's own epoch, and ``memory`` outlives a new start and no power cut. ``Time`` is ``time`` with that epoch (EPOCH is its
year). In what it differs: it stands still.
"""

import asyncio  # noqa: F401 (it takes what it needs of the real time)
import sys
import time as real

SHIFT = 946_684_800 if sys.argv[1] == "2000" else 0


class Rtc:
    seconds, kept = 946_684_800 - SHIFT, b""

    def datetime(self, when):
        year, month, day, _weekday, hour, minute, second, _subseconds = when
        Rtc.seconds = int(real.mktime((year, month, day, hour, minute, second, 0, 0))) - SHIFT

    def memory(self, *content):
        if not content:
            return Rtc.kept
        (Rtc.kept,) = content


class Time:
    @staticmethod
    def time():
        return Rtc.seconds

    @staticmethod
    def gmtime(seconds=None):
        # Of eight, as the ports of boards have it; the Unix port has nine.
        return real.gmtime((Rtc.seconds if seconds is None else seconds) + SHIFT)[:8]


class Module:
    RTC, STA_IF = Rtc, 0

    @staticmethod
    def WLAN(_interface):
        return None


sys.modules["machine"] = sys.modules["network"] = Module
sys.modules["time"] = Time
import board

print(board.clock_s(), board.clock_is_said())
for posix_s, is_said in ((1_795_863_984, False), (1_795_863_985, True), (2_210_000_000, True), (1_795_863_984, False)):
    board.set_clock(posix_s, is_said)
    print(board.clock_s(), board.clock_is_said())
