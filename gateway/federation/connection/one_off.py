"""A session of one's own for one errand: connected, or a reason why not; never tried for ever."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gateway.errors import FederationError
from gateway.federation.connection import attempt, session, stream
from gateway.federation.connection.enrolment import NOT_ANSWERED
from gateway.federation.connection.session import Account, Passwords, Session, Timing
from gateway.federation.connection.waiting import wait_any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from gateway.federation.connection.session import Stanza

_TIMING = Timing(start=20.0, retry_first=0.2, retry_refused=0.2)
_PATIENCE_S = 45.0

# Of a session for one errand, in the context of its task: whatever it starts has it as well, and no other session.
_ALONE = contextvars.ContextVar("alone", default=False)


class _OneSentence(logging.Filter):
    """What goes wrong with an errand is one sentence of whoever sent it; its session would say the same before."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.ERROR or not _ALONE.get()


_ONE_SENTENCE = _OneSentence()
for _module in (attempt, session, stream):
    _module.log.addFilter(_ONE_SENTENCE)


@asynccontextmanager
async def alone(
    account: Account, passwords: Passwords | None = None, hears: Mapping[str, Callable[[Stanza], None]] | None = None
) -> AsyncIterator[Session]:
    """A session for one errand; each of the ``passwords`` is tried once. ``hears``: XPath -> who is told of a stanza.

    Raises FederationError when the server cannot be reached or takes no password.
    """
    # What waits at the server for the account is for its owner's program, not for an errand that would drop it.
    own = Session(account, _TIMING, passwords=passwords, priority=-1)
    for xpath, told in (hears or {}).items():
        own.listen(xpath, told)
    async with once(own, len(passwords.candidates()) if passwords else 1):
        yield own


@asynccontextmanager
async def once(own: Session, attempts: int = 1) -> AsyncIterator[None]:
    """Run a session for one errand. Raises FederationError when it is not connected after so many attempts."""
    stop = asyncio.Event()
    quiet = contextvars.copy_context()
    quiet.run(_ALONE.set, True)
    task = asyncio.create_task(own.run(stop), context=quiet)
    try:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _PATIENCE_S
        # The session itself would go on trying for ever.
        while not await wait_any(0.1, own.connected) and own.state.attempts < attempts:
            if loop.time() > deadline or task.done():
                break
        if not own.connected.is_set():
            raise FederationError(own.state.error or NOT_ANSWERED)
        yield
    finally:
        stop.set()
        await task
