"""Errands with the account: a new password, a new account, whom the server is to block.

Through the running daemon's session where there is one, over a session of its own otherwise.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.account.password_file import NO_ACCOUNT, PasswordFile, check, generate, password_file, renew
from gateway.control.orders import held
from gateway.control.running import ask
from gateway.errors import ConfigError, FederationError
from gateway.federation.connection.account import block, blockable, blocked
from gateway.federation.connection.enrolment import TOKEN_REFUSED, register
from gateway.federation.connection.jids import bare_jid
from gateway.federation.connection.one_off import alone
from gateway.federation.connection.session import Account, Session

if TYPE_CHECKING:
    from gateway.config.tables import Config
    from gateway.control.messages import AccountOrder

# The daemon's own session is the account's only one with its resource.
_RESOURCE = "account"
_ANSWER_S = 15.0
# What a server says of an account that a run made which was cut off.
_MADE_BEFORE = ("conflict", TOKEN_REFUSED)


def account_of(config: Config, password: str) -> Account:
    """The account of [federation]. Raises ConfigError when there is none."""
    federation = config.federation
    if federation is None:
        raise ConfigError(NO_ACCOUNT)
    return Account(
        federation.jid,
        password,
        federation.address,
        config.path(federation.ca_file) if federation.ca_file else None,
        federation.resource,
        frozenset([federation.pin] if isinstance(federation.pin, str) else federation.pin),
        federation.pin_only,
    )


async def do(session: Session, file: PasswordFile, order: AccountOrder) -> list[str] | None:
    """Do one order of the command line over a session; GatewayError with the reason when it cannot be done."""
    match order.action:
        case "password":
            await renew(session, file, None if order.new is None else check(order.new), _ANSWER_S)
        case "block" | "unblock":
            await block(session, blockable(order.who), _ANSWER_S, on=order.action == "block")
        case "blocked":
            return await blocked(session, _ANSWER_S)
    return None


async def enrol(config: Config, file: PasswordFile, wanted: str | None, token: str = "") -> None:
    """Make the account, with the token of an invitation. Raises FederationError with what the server wants instead."""
    # On the disk first, as with a change: what was cut off is found again by its ``.new``.
    pending = file.pending()
    password = pending or wanted or generate()
    file.prepare(password)
    account = account_of(config, password)
    try:
        await register(account, token)
    except FederationError as error:
        if pending is None and error.condition != "remote-server-timeout":
            file.discard()
        if pending is None or error.condition not in _MADE_BEFORE:
            raise
        # Made by the run that was cut off, if its password opens it.
        try:
            async with alone(named(account), file):
                return
        except FederationError as refused:
            if error.condition == TOKEN_REFUSED:
                raise error from refused
            raise
    file.keep()


def ask_or_do(config: Config, order: AccountOrder) -> list[str] | None:
    """Have the running daemon do an order, or do it here when none runs."""
    account_of(config, "")
    try:
        return ask(config.control_socket, order)
    except ConnectionError:
        return asyncio.run(_do_alone(config, order))


async def _do_alone(config: Config, order: AccountOrder) -> list[str] | None:
    file = password_file(config)
    # No daemon may start in the middle of it, with a password that is about to be replaced.
    with held(config):
        async with alone(named(account_of(config, "")), file) as session:
            return await do(session, file, order)


def named(account: Account, resource: str = _RESOURCE) -> Account:
    """The account under the resource of an errand: the running gateway keeps its own."""
    return replace(account, jid=bare_jid(account.jid), resource=resource)
