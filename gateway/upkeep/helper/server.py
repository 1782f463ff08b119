"""Answers at the helper's socket: who may ask, how much, one act at a time; it ends when nobody asks any more.

Besides the socket's mode each asker is known by what the kernel says of it (unix(7), SO_PEERCRED): root, or the
gateway's user. One asker's lines cannot keep out another user's: each has its share of the queue, and what waits is
done in turn. What is refused stands in the system's log, at most so often, and is counted.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pwd
import socket
import struct
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from gateway.errors import GatewayError, cause_of
from gateway.upkeep.helper import table
from gateway.upkeep.helper.request import MOST_BYTES
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.upkeep.helper.request import ActRequest, Found

log = logging.getLogger(__name__)

USER = "linky-gateway"
_FIRST_DESCRIPTOR = 3
# Of one user at a time; what a request has to come in, and its answer to leave; what an act may take (seconds).
MOST_OF_ONE, _TIMEOUT_S, _LONGEST_ACT_S = 8, 10.0, 600.0
_MOST_SAID = 1000
_IDLE_S, _LOOK_EVERY_S = 30.0, 1.0
# So many refusals in a minute are written down one by one.
_TOLD_A_MINUTE = 10
_CREDENTIALS = struct.Struct("3i")

_NOT_YOU = Phrase("the helper answers the gateway's user and root alone")
_BUSY = Phrase("the helper has enough to do; ask again in a moment")
_NO_LINE = Phrase("the helper does not do this: no whole line came within {seconds:.0f} s and {most} bytes")
_TOO_LONG = Phrase("it took longer than {seconds:.0f} s; nothing is known of what it did")
_FAILED = Phrase("the helper could not do it: {why}")
_NOT_STARTED_SO = Phrase("systemd starts this program, by linky-gateway-helper.socket")


def listening() -> socket.socket:
    """The socket that systemd hands over (sd_listen_fds(3)). GatewayError where nobody does."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS") != "1":
        raise GatewayError(_NOT_STARTED_SO)
    return socket.socket(fileno=_FIRST_DESCRIPTOR)


class Helper:
    """Does what is asked at one socket.

    Args:
        root: the system's root.
        idle_s: after so many seconds without anybody it ends.
    """

    def __init__(self, root: Path, idle_s: float = _IDLE_S) -> None:
        self._root, self._idle_s = root, idle_s
        self._users = _users()
        self._open: dict[int, int] = {}
        self._turn = asyncio.Lock()
        self._last = time.monotonic()
        self._refusals = _Refusals()
        self._stuck = asyncio.Event()

    async def serve(self, listener: socket.socket) -> bool:
        """Answer until nobody asks any more; False where an act did not end, and the program has to end with it."""
        # Not start_unix_server, which from Python 3.13 on takes the socket's name away at its end: that is systemd's.
        server = await asyncio.start_server(self._answer, sock=listener, limit=MOST_BYTES)
        try:
            while not self._stuck.is_set() and (self._open or time.monotonic() - self._last < self._idle_s):
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_EVERY_S):
                        await self._stuck.wait()
        finally:
            server.close()
            self._refusals.close()
        return not self._stuck.is_set()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pid, uid = _peer(writer.get_extra_info("socket"))
        self._open[uid] = self._open.get(uid, 0) + 1
        answer = _Answer(writer)
        try:
            self._let_in(uid)
            request = table.read(await _line(reader))
            async with self._turn:
                # One that does not end takes the helper along: nothing is begun any more.
                if self._stuck.is_set():
                    raise GatewayError(_BUSY)  # noqa: TRY301 (as for whoever comes too many)
                await self._act(request, uid, answer)
        except GatewayError as error:
            self._refusals.note(uid, pid, error)
            answer.end(error.phrase)
        except Exception as error:
            log.exception("a request failed")
            answer.end(_FAILED.filled(why=cause_of(error)))
        finally:
            await answer.leave()
            self._last = time.monotonic()
            self._open[uid] -= 1
            if not self._open[uid]:
                del self._open[uid]

    def _let_in(self, uid: int) -> None:
        if uid not in self._users:
            raise GatewayError(_NOT_YOU)
        if self._open[uid] > MOST_OF_ONE:
            raise GatewayError(_BUSY)

    async def _act(self, request: ActRequest, uid: int, answer: _Answer) -> None:
        loop, name = asyncio.get_running_loop(), request.act

        def tell(what: Phrase) -> None:
            loop.call_soon_threadsafe(answer.say, what)

        log.info("%s: begun for user %d", name, uid)
        try:
            async with asyncio.timeout(_LONGEST_ACT_S):
                found = await asyncio.to_thread(table.do, request, self._root, tell)
        except TimeoutError:
            self._stuck.set()
            log.error("%s: does not end; the helper ends without it", name)  # noqa: TRY400 (nothing more is known)
            answer.end(_TOO_LONG.filled(seconds=_LONGEST_ACT_S))
        except GatewayError as error:
            log.warning("%s: not done: %s", name, error)
            answer.end(error.phrase)
        else:
            log.info("%s: done", name)
            answer.end(None, found)


class _Answer:
    """What goes back: sentences, then the end; an asker that does not read costs nothing but its own connection."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer, self._said, self._ended = writer, 0, False

    def say(self, what: Phrase) -> None:
        """How it goes on."""
        self._said += 1
        if self._said <= _MOST_SAID and not self._ended:
            self._write({"said": what.in_every_language()})

    def end(self, why: Phrase | None, found: Found = None) -> None:
        """It was done, or ``why`` not."""
        self._write({"done": why is None} | ({"why": why.in_every_language()} if why else {}) | {"found": found})
        self._ended = True

    async def leave(self) -> None:
        """Let it have what it was told, for as long as it may take."""
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_TIMEOUT_S):
                await self._writer.drain()
        self._writer.close()

    def _write(self, line: dict[str, object]) -> None:
        if not self._writer.is_closing():
            self._writer.write(msgspec.json.encode(line) + b"\n")


class _Refusals:
    """Each in a line of the log, at most so many in a minute; the others are counted."""

    def __init__(self) -> None:
        self._since, self._count = -60.0, 0

    def note(self, uid: int, pid: int, why: GatewayError) -> None:
        """One more."""
        if time.monotonic() - self._since >= 60.0:
            self.close()
            self._since = time.monotonic()
        self._count += 1
        if self._count <= _TOLD_A_MINUTE:
            log.warning("refused to user %d, process %d: %s", uid, pid, why)

    def close(self) -> None:
        """Say how many there were."""
        if self._count > _TOLD_A_MINUTE:
            log.warning("refused %d more within the minute", self._count - _TOLD_A_MINUTE)
        self._count = 0


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            return await reader.readuntil()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, OSError) as error:
        raise GatewayError(_NO_LINE.filled(seconds=_TIMEOUT_S, most=MOST_BYTES)) from error


def _peer(link: socket.socket) -> tuple[int, int]:
    """Process and user at the other end, as the kernel noted them when it connected."""
    pid, uid, _ = _CREDENTIALS.unpack(link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return pid, uid


def _users() -> set[int]:
    """Who may ask: root, and the gateway."""
    with suppress(KeyError):
        return {0, os.geteuid(), pwd.getpwnam(USER).pw_uid}
    return {0, os.geteuid()}
