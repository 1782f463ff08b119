"""What time it is. An ESP32 wakes in 2000 after a power cut, and TLS believes no certificate that begins later.

So before a handshake the clock is put to the earliest that it can be: when the pinned authority was made. That is
enough for TLS, and nothing is dated by it: ``now_s`` is None until a time server or the gateway has said what time it
is. Both are heard again and again, for the crystal of a board goes wrong by a second or two a day.
"""

import asyncio
import os
import socket
import time

import board

# The broker's certificate is made after its authority, in the same minutes.
_MADE_TOGETHER_S = 86_400

_AGAIN_MS, _RETRY_MS = 6 * 3_600_000, 60_000
_POLL_S = 60
_WINDOW_MS = 3_600_000

_SNTP_PORT, _ANSWER_MS = 123, 2_000
_1900_TO_1970_S = 2_208_988_800

_SEQUENCE, _INTEGER, _VERSION, _UTC, _GENERAL = 0x30, 0x02, 0xA0, 0x17, 0x18


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
            board.set_clock(await ask(self._server, _SNTP_PORT), True)
            self._answered = True
        except (OSError, MemoryError) as error:
            self._answered = False
            print("clock: no time from", self._server, error)


async def ask(server, port):
    """POSIX seconds, as the time server says (SNTP, RFC 4330); OSError when it does not, within two seconds."""
    address = socket.getaddrinfo(server, port)[0][-1]
    mark = os.urandom(8)
    channel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        channel.setblocking(False)
        channel.sendto(b"\x23" + bytes(39) + mark, address)
        begun_ms = time.ticks_ms()
        while time.ticks_diff(time.ticks_ms(), begun_ms) < _ANSWER_MS:
            await asyncio.sleep_ms(20)
            try:
                answer = channel.recv(48)
            except OSError:
                continue  # nothing yet
            if found := _said(answer, mark):
                return found
    finally:
        channel.close()
    raise OSError("no answer")


def _said(answer, mark):
    """The time in an answer; None for one that is none of a server that knows the time, or not to what was asked."""
    if len(answer) < 48 or answer[24:32] != mark or answer[0] & 7 != 4 or answer[0] >> 6 == 3 or not answer[1]:
        return None
    seconds = int.from_bytes(answer[40:44], "big")
    # The count begins anew in 2036 (RFC 4330, section 3).
    return seconds + (0 if seconds & 0x8000_0000 else 1 << 32) - _1900_TO_1970_S


def validity(certificate):
    """From when to when a certificate (DER bytes, X.509) is good, as POSIX seconds; ValueError when it is none."""
    try:
        at, _ = _enter(certificate, 0, _SEQUENCE)  # Certificate
        at, _ = _enter(certificate, at, _SEQUENCE)  # TBSCertificate (RFC 5280, section 4.1)
        if certificate[at] == _VERSION:
            at = _enter(certificate, at, _VERSION)[1]
        for kind in (_INTEGER, _SEQUENCE, _SEQUENCE):  # serial number, signature, issuer
            at = _enter(certificate, at, kind)[1]
        at, _ = _enter(certificate, at, _SEQUENCE)
        begin, at = _moment(certificate, at)
        return begin, _moment(certificate, at)[0]
    except IndexError:
        raise ValueError("not a certificate")


def _enter(data, at, kind):
    """Where the content of the element at this place begins and ends; it has to be of this kind."""
    if data[at] != kind:
        raise ValueError("not a certificate")
    length, begin = data[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 2:
            raise ValueError("not a certificate")
        length, begin = int.from_bytes(data[begin : begin + count], "big"), begin + count
    if begin + length > len(data):
        raise ValueError("not a certificate")
    return begin, begin + length


def _moment(data, at):
    """The time at this place (RFC 5280, section 4.1.2.5), and where it ends."""
    general = data[at] == _GENERAL
    begin, end = _enter(data, at, _GENERAL if general else _UTC)
    text = str(data[begin:end], "ascii")
    if not general:
        text = ("20" if text < "5" else "19") + text
    if len(text) != 15 or text[14] != "Z" or not text[:14].isdigit():
        raise ValueError("not a certificate")
    month, day = int(text[4:6]), int(text[6:8])
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        raise ValueError("not a certificate")
    seconds = int(text[8:10]) * 3600 + int(text[10:12]) * 60 + int(text[12:14])
    return _days(int(text[:4]), month, day) * 86_400 + seconds, end


def _days(year, month, day):
    """Days since 1970: ``time.mktime`` counts from another year on each port, and ends in 2038 on some."""
    year -= month < 3
    before = (153 * ((month + 9) % 12) + 2) // 5  # of this month, in a year that begins in March
    return year * 365 + year // 4 - year // 100 + year // 400 + before + day - 719_469
