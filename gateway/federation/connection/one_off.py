"""A session of one's own for one errand: connected, or a reason why not; never tried for ever."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gateway.errors import FederationError
from gateway.federation.connection.attempt import wait_any
from gateway.federation.connection.enrolment import NOT_ANSWERED
from gateway.federation.connection.session import Session, Timing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.federation.connection.session import Account, Passwords

_TIMING = Timing(start=20.0, retry_first=0.2, retry_refused=0.2)
_PATIENCE_S = 45.0


@asynccontextmanager
async def alone(account: Account, passwords: Passwords | None = None) -> AsyncIterator[Session]:
    """A session for one errand; each of the ``passwords`` is tried once.

    Raises FederationError when the server cannot be reached or takes no password.
    """
    # What waits at the server for the account is for its owner's program, not for an errand that would drop it.
    session = Session(account, _TIMING, passwords=passwords, priority=-1)
    # What goes wrong is this command's one sentence; the session would say it too.
    log = logging.getLogger("gateway.federation")
    level = log.level
    log.setLevel(logging.ERROR)
    stop = asyncio.Event()
    task = asyncio.create_task(session.run(stop))
    try:
        attempts = len(passwords.candidates()) if passwords else 1
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _PATIENCE_S
        # The session itself would go on trying for ever.
        while not await wait_any(0.1, session.connected) and session.state.attempts < attempts:
            if loop.time() > deadline or task.done():
                break
        if not session.connected.is_set():
            raise FederationError(session.state.error or NOT_ANSWERED)
        yield session
    finally:
        stop.set()
        await task
        log.setLevel(level)
