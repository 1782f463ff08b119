"""What a time server says (SNTP, RFC 4330); loaded where the settings name one."""

import asyncio
import os
import socket
import time

from micropython import const

_ANSWER_MS = const(2_000)
_1900_TO_1970_S = const(2_208_988_800)


async def ask(server, port):
    """POSIX seconds, as the time server says; OSError when it does not, within two seconds."""
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
