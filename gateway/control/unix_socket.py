"""The daemon's ear for the command line: one JSON line in, one JSON line out, on a Unix socket of its own user.

The daemon holds the only connection that writes, so a consent given while it runs goes through here. Who asks uses
``gateway.control.running``.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

from gateway.control.messages import read
from gateway.errors import Exit, GatewayError, StoreError, cause_of
from gateway.words.phrase import Phrase, as_members, same

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.consent.orders import ConsentHandlers, Order

log = logging.getLogger(__name__)

_LONGEST_LINE = 65_536
_TIMEOUT_S = 10.0
# An order that the XMPP server has to carry out, or the memory card: after an erasure the database is written anew.
# And longer than an act of the helper with those before it in turn, so that its end is heard.
_LONGEST_ORDER_S = 1000.0
# Of the time that systemd leaves the gateway to end in.
_LAST_ANSWERS_S = 3.0
_FAILED = Phrase("the gateway could not do it: {why}")
_CANNOT_LISTEN = Phrase("{path}: cannot listen there: {why}; choose a shorter [store] directory")


class ControlSocket:
    """A socket that is listened at.

    Args:
        path: where it is.
        server: listens.
        answers: those that are under way.
    """

    def __init__(self, path: Path, server: asyncio.Server, answers: set[asyncio.Task[None]]) -> None:
        self._path, self._server, self._answers = path, server, answers

    async def end(self) -> None:
        """Listen no more; who has ordered something has the answer, if that comes soon: also to an order to restart."""
        self._server.close()
        self._path.unlink(missing_ok=True)
        if self._answers:
            await asyncio.wait(self._answers, timeout=_LAST_ANSWERS_S)


async def serve(path: Path, handler: ConsentHandlers) -> ControlSocket:
    """Listen at ``path`` (mode 0600); the handler's GatewayError becomes the answer's ``error``."""
    answers: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (each connection is a task)
        answers.add(task)
        task.add_done_callback(answers.discard)
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                line = await reader.readline()
            async with asyncio.timeout(_LONGEST_ORDER_S):
                reply = await _reply(line, handler)
            async with asyncio.timeout(_TIMEOUT_S):
                writer.write(json.dumps(reply).encode() + b"\n")
                await writer.drain()
        except (OSError, ValueError, TimeoutError) as error:
            log.debug("control: %s", error)
        finally:
            writer.close()

    try:
        path.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(answer, path, limit=_LONGEST_LINE)
    except OSError as error:
        raise StoreError(_CANNOT_LISTEN.filled(path=path, why=same(str(error)))) from error
    path.chmod(0o600)
    return ControlSocket(path, server, answers)


async def _reply(line: bytes, handler: ConsentHandlers) -> dict[str, object]:
    try:
        order = _read(line)
        return {"result": await handler(order)} if order else {"error": "not a JSON object", "code": 2}
    except GatewayError as error:
        return as_members("error", error.phrase) | {"code": error.exit_code}
    except Exception as error:
        why = cause_of(error)
        log.error("an order failed: %s", why)  # noqa: TRY400 (where it was stands at DEBUG)
        log.debug("where the order failed", exc_info=error)
        return as_members("error", _FAILED.filled(why=why)) | {"code": Exit.SOFTWARE}


def _read(line: bytes) -> Order[Any] | None:
    """The order; None for what is no JSON object."""
    try:
        return read(line)
    except (ValueError, RecursionError):
        return None
