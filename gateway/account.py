"""Errands with the account: a new password, a new account, whom the server is to block.

Through the running daemon's session where there is one, over a session of its own otherwise.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gateway.control import ask
from gateway.errors import ConfigError, FederationError, GatewayError
from gateway.federation.account import block, blockable, blocked
from gateway.federation.attempt import wait_any
from gateway.federation.enrolment import register
from gateway.federation.session import Account, Session, Timing, bare_jid
from gateway.passwords import check, generate, password_file, renew
from gateway.store.connection import WriterLock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.config import Config
    from gateway.passwords import PasswordFile

# The daemon's own session is the account's only one with its resource.
_RESOURCE = "account"
_TIMING = Timing(start=20.0, retry_first=0.2, retry_refused=0.2)
_PATIENCE_S = 45.0
_ANSWER_S = 15.0
_DAEMON_S = 60.0


def account_of(config: Config, password: str) -> Account:
    """The account of [federation]. Raises ConfigError when there is none."""
    federation = config.federation
    if federation is None:
        raise ConfigError("no [federation] in the configuration, so there is no account")
    return Account(
        federation.jid,
        password,
        federation.address,
        config.path(federation.ca_file) if federation.ca_file else None,
        federation.resource,
        frozenset([federation.pin] if isinstance(federation.pin, str) else federation.pin),
        federation.pin_only,
    )


async def order(session: Session, file: PasswordFile, request: dict[str, Any]) -> object:
    """Do one order of the command line over a session; GatewayError with the reason when it cannot be done."""
    match request:
        case {"action": "password", "new": str() | None as new}:
            await renew(session, file, None if new is None else check(new), _ANSWER_S)
            return None
        case {"action": "block" | "unblock" as action, "who": str(who)}:
            await block(session, blockable(who), _ANSWER_S, on=action == "block")
            return None
        case {"action": "blocked"}:
            return await blocked(session, _ANSWER_S)
    raise GatewayError(f"unknown order {request.get('action')!r}")


async def enrol(config: Config, file: PasswordFile, wanted: str | None) -> None:
    """Make the account. Raises FederationError with what the server wants instead."""
    # On the disk first, as with a change: what was cut off is found again by its ``.new``.
    pending = file.pending()
    password = pending or wanted or generate()
    file.prepare(password)
    account = account_of(config, password)
    try:
        await register(account)
    except FederationError as error:
        if pending is None and error.condition != "remote-server-timeout":
            file.discard()
        if pending is None or error.condition != "conflict":
            raise
        # Made by the run that was cut off, if its password opens it.
        async with _alone(account, file):
            return
    file.keep()


def ask_or_do(config: Config, request: dict[str, object]) -> object:
    """Have the running daemon do an order, or do it here when none runs."""
    account_of(config, "")
    try:
        return ask(config.control_socket, request, _DAEMON_S)
    except ConnectionError:
        return asyncio.run(_do_alone(config, request))


async def _do_alone(config: Config, request: dict[str, object]) -> object:
    file = password_file(config)
    # No daemon may start in the middle of it, with a password that is about to be replaced.
    lock = WriterLock(config.directory) if config.directory.is_dir() else None
    try:
        async with _alone(account_of(config, ""), file) as session:
            return await order(session, file, request)
    finally:
        if lock:
            lock.release()


@asynccontextmanager
async def _alone(account: Account, file: PasswordFile) -> AsyncIterator[Session]:
    """A session for one errand. Raises FederationError when the server cannot be reached or takes no password."""
    # What goes wrong is this command's one sentence; the session would say it too.
    logging.getLogger("gateway.federation").setLevel(logging.ERROR)
    session = Session(replace(account, jid=bare_jid(account.jid), resource=_RESOURCE), _TIMING, passwords=file)
    stop = asyncio.Event()
    task = asyncio.create_task(session.run(stop))
    try:
        attempts = len(file.candidates())
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _PATIENCE_S
        # The session itself would go on trying for ever.
        while not await wait_any(0.1, session.connected) and session.state.attempts < attempts:
            if loop.time() > deadline or task.done():
                break
        if not session.connected.is_set():
            raise FederationError(session.state.error or "the server did not answer in time")
        yield session
    finally:
        stop.set()
        await task
