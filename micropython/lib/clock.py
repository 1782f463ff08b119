"""What time it is. An ESP32 wakes in 2000 after a power cut, and TLS believes no certificate that begins later.

So before a handshake the clock is put to the earliest that it can be: when the pinned authority was made. That is
enough for TLS, and nothing is dated by it: ``now_s`` is None until a time server or the gateway has said what time it
is. Both are heard again and again, for the crystal of a board goes wrong by a second or two a day.
"""

import asyncio
import time

import board

from micropython import const

# The broker's certificate is made after its authority, in the same minutes.
_MADE_TOGETHER_S = const(86_400)

_AGAIN_MS = 6 * 3_600_000
_RETRY_MS = const(60_000)
_POLL_S = 60
_WINDOW_MS = 3_600_000

_SNTP_PORT = 123


class Clock:
    """The clock of a board.

    Args:
        settings: the checked ``config.json`` (``settings.load``): its time server, and ``valid`` of its broker.
    """

    def __init__(self, settings):
        self._server = settings["ntp"]
        self._begin, self._end = settings["broker"]["valid"] or (0, 1 << 40)
        self._kept = 0
        self._asked_ms, self._answered = None, False
        self._late, self._since_ms = None, time.ticks_ms()

    def now_s(self):
        """POSIX seconds; None while nobody has said the time."""
        return board.clock_s() if board.clock_is_said() else None

    def at_least(self, posix_s):
        """It is not earlier than this, says something that the board has kept or heard."""
        if posix_s < self._end:
            self._kept = max(self._kept, posix_s)
        now = board.clock_s()
        if not self._begin <= now <= self._end or (now < self._kept and not board.clock_is_said()):
            board.set_clock(min(max(self._begin + _MADE_TOGETHER_S, self._kept), self._end), False)

    def doubt(self):
        """TLS finds the time wrong: whoever said it is not believed, until he says it again."""
        self._kept = 0
        board.set_clock(min(self._begin + _MADE_TOGETHER_S, self._end), False)

    async def prepare(self):
        """Before a handshake: no time before the authority's, and the right one where a time server says it."""
        self.at_least(0)
        await self._ask_if_due()

    async def keep(self):
        """Ask the time server again and again, for ever."""
        while True:
            await asyncio.sleep(_POLL_S)
            await self._ask_if_due()

    def hear(self, posix_s):
        """The gateway says what time it is; a time server's word counts more.

        A message may have waited on its way but never comes too soon: a later time is right at once, an earlier one
        when for an hour nothing later was heard.
        """
        if self._answered:
            return
        now_ms, off = time.ticks_ms(), posix_s - board.clock_s()
        if self._late is None or off > self._late:
            self._late = off
        over = time.ticks_diff(now_ms, self._since_ms) > _WINDOW_MS
        if not board.clock_is_said() or off > 0 or (over and self._late < -1):
            board.set_clock(board.clock_s() + (off if off > 0 else self._late), True)
            over = True
        if over:
            self._late, self._since_ms = None, now_ms

    async def _ask_if_due(self):
        now_ms = time.ticks_ms()
        # To look a name up that nobody answers for holds the loop for seconds: not each minute once the time is known.
        wait_ms = _RETRY_MS if self.now_s() is None else _AGAIN_MS
        if not self._server or (self._asked_ms is not None and time.ticks_diff(now_ms, self._asked_ms) < wait_ms):
            return
        self._asked_ms = now_ms
        try:
            import sntp  # only where there is a time server

            board.set_clock(await sntp.ask(self._server, _SNTP_PORT), True)
            self._answered = True
        except (OSError, MemoryError) as error:
            self._answered = False
            print("clock: no time from", self._server, error)
