"""How the gateway has something done that needs root: one line to the helper's socket, and its answer.

systemd listens there and starts the helper when somebody asks. Where there is no socket (a gateway that was not
installed the usual way) nothing is done, and that is said.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gateway.errors import GatewayError
from gateway.words.phrase import Phrase, written

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.upkeep.helper.request import Found

log = logging.getLogger(__name__)

SOCKET = Path("/run/linky-gateway-helper/socket")
# An answer's line; and for how long one may be waited for, other acts before it included.
_LONGEST_LINE, _PATIENCE_S = 65_536, 900.0
_NO_HELPER = Phrase(
    "the part of the gateway that may change the machine does not answer: restart the machine, or ask whoever installed"
    " the gateway"
)
_NO_ANSWER = Phrase("the helper ended without an answer; nothing is known of what it did")


class _Line(msgspec.Struct, frozen=True):
    """One line of an answer: a sentence while it goes on (``said``), or the end."""

    said: dict[str, str] | None = None
    done: bool | None = None
    why: dict[str, str] | None = None
    found: dict[str, object] | None = None


async def ask(
    act: str,
    /,
    *,
    socket: Path | None = None,
    hear: Callable[[Phrase], None] | None = None,
    **arguments: object,
) -> Found:
    """Have an act done; what it found. GatewayError, with the helper's own sentence, where it was not done.

    Args:
        act: its name, such as ``restart-unit``.
        socket: where the helper listens; that of this machine where it is not given.
        hear: is told how it goes on.
        arguments: as the act's own have them.
    """
    return await send(act, arguments, socket, hear)


async def send(
    act: str,
    arguments: Mapping[str, object],
    socket: Path | None = None,
    hear: Callable[[Phrase], None] | None = None,
) -> Found:
    """The same with the arguments as somebody else gave them: whatever their names, they are the act's alone."""
    request = msgspec.json.encode({**arguments, "act": act}) + b"\n"
    try:
        async with asyncio.timeout(_PATIENCE_S):
            reader, writer = await asyncio.open_unix_connection(socket or SOCKET, limit=_LONGEST_LINE)
            try:
                writer.write(request)
                await writer.drain()
                return await _answer(reader, hear)
            finally:
                writer.close()
    except (OSError, TimeoutError) as error:
        # For whoever keeps the machine; what is raised is for the household.
        log.warning("linky-gateway-helper.socket (%s) does not answer: %s", socket or SOCKET, error)
        raise GatewayError(_NO_HELPER) from error


async def _answer(reader: asyncio.StreamReader, hear: Callable[[Phrase], None] | None) -> Found:
    while True:
        try:
            line = msgspec.json.decode(await reader.readuntil(), type=_Line)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, msgspec.MsgspecError) as error:
            raise GatewayError(_NO_ANSWER) from error
        if line.said and hear:
            hear(written(line.said))
        if line.done:
            return line.found
        if line.done is not None:
            raise GatewayError(written(line.why or {}))
