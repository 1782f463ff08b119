"""``python -m conformance``: started by ``tools/conformance``."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from conformance import (
    gateway_answers,
    gateway_commands,
    gateway_comparison,
    gateway_delivery,
    gateway_history,
    gateway_household,
    gateway_retention,
    recipient_checks,
    recipient_totals,
)
from conformance.checks import leave
from conformance.connection import Connection, HearingSession
from conformance.gateway_peer import GatewayPeer
from conformance.options import ROLES, parser
from conformance.points import Findings, WirePoint, line, points
from conformance.recipient_peer import COMMAND_NAMES, RecipientPeer
from conformance.replies import ABSENT, IqReply, query
from gateway.config.tables import password_from
from gateway.errors import ConfigError, Exit, FederationError, GatewayError, SenMLError
from gateway.federation.connection.disco import INFO
from gateway.federation.connection.jids import bare_jid, unguessable
from gateway.federation.connection.session import Account
from gateway.federation.wire.stanza import OURS, QUOALISE, RECEIPTS
from gateway.senml.naming import parse_identifier

if TYPE_CHECKING:
    import argparse
    from collections.abc import AsyncIterator

_DISCOVERY_S = 20.0
# What is tried of each, in this order: a withdrawal ends what can be tried of a gateway.
GATEWAY_PARTS: Final = (
    gateway_commands,
    gateway_delivery,
    gateway_history,
    gateway_retention,
    # Until its answer would have come again, there is time to compare.
    gateway_answers,
    gateway_comparison,
    gateway_household,
)
RECIPIENT_PARTS: Final = (recipient_checks, recipient_totals)


def main(arguments: list[str] | None = None) -> int:
    """One run; the exit code."""
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    held, findings = points(), Findings()
    try:
        peer, account = _who(options)
        role = asyncio.run(_run(options, account, peer, held, findings))
    except GatewayError as error:
        print(f"tools/conformance: {error}", file=sys.stderr)
        return Exit.USAGE if error.exit_code == Exit.FAILED else error.exit_code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    print(f"{peer}, as a {role}, held to gateway/federation/WIRE.md:\n\n{findings.table(held)}", end="")
    if options.json:
        outcomes = {point.number: findings.of(point)[0].value for point in held}
        try:
            options.json.write_text(json.dumps(outcomes, indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            print(f"tools/conformance: {options.json} cannot be written: {error.strerror}", file=sys.stderr)
            return Exit.STORE
    return Exit.FAILED if findings.failed else Exit.DONE


def _who(options: argparse.Namespace) -> tuple[str, Account]:
    """The peer's address and our own account. Raises GatewayError: an argument is wrong, or the password's file."""
    try:
        account, slash, resource = options.peer.partition("/")
        peer, jid = f"{bare_jid(account)}{slash}{resource}", bare_jid(options.jid)
        if options.series:
            parse_identifier(options.series)
    except (ConfigError, SenMLError) as error:
        raise GatewayError(str(error)) from error
    if slash and not resource:
        raise GatewayError(f"{peer} ends with a slash: behind it stands the resource, such as proxy")
    if options.role in ("gateway", "provider") and not slash:
        raise GatewayError(f"{peer}: a {options.role} is asked at its full address, such as {peer}/proxy")
    # A recipient is told one address, and has it still when the tool comes back.
    own = "proxy" if options.role == "recipient" or not slash else unguessable("conformance")
    password = password_from(options.password_file)
    return peer, Account(jid, password, options.address, options.ca_file, options.resource or own)


async def _run(
    options: argparse.Namespace, account: Account, jid: str, held: list[WirePoint], findings: Findings
) -> str:
    """Find out what the peer is, and hold it to what binds it; as what that was."""
    role = options.role or ("" if "/" in jid else "recipient")
    if not role:
        async with Connection(lambda: HearingSession(account, jid)) as connection:
            role = await _role(connection, jid)
    leave(held, ROLES[role], findings)
    work = _try_recipient if role == "recipient" else _try_gateway
    to_try = [point for point in held if not findings.has(point)]
    try:
        async with asyncio.timeout(options.minutes * 60):
            await work(options, account, jid, ROLES[role], findings)
    except TimeoutError:
        findings.fail_open(to_try, f"the {options.minutes} minutes were over before it was tried (--minutes)")
    except FederationError as error:
        if not any(findings.has(point) for point in to_try):
            raise
        findings.fail_open(to_try, f"the connection was lost before it was tried: {error}")
    return str(role)


async def _try_gateway(options: argparse.Namespace, account: Account, jid: str, role: str, findings: Findings) -> None:
    peer: GatewayPeer

    def begun() -> HearingSession:
        made = HearingSession(account, jid, peer.offers)
        peer.held.listen(made, peer.bare)
        return made

    connection = Connection(begun)
    said = options.series or "", options.prm or "", options.patience, options.household, options.quiet
    peer = GatewayPeer(connection, jid, *said)
    async with _other(options, jid) as peer.other, connection:
        for part in GATEWAY_PARTS:
            await part.CHECKS.make(role, peer, findings)


async def _try_recipient(
    options: argparse.Namespace, account: Account, jid: str, role: str, findings: Findings
) -> None:
    peer: RecipientPeer

    def begun() -> HearingSession:
        made = HearingSession(account, jid, (QUOALISE, OURS, RECEIPTS), COMMAND_NAMES)
        made.asked = peer.take
        return made

    connection, bare = Connection(begun), jid.partition("/")[0]
    peer = RecipientPeer(connection, bare, options.patience, [*recipient_checks.MOODS], many=options.many)
    async with _other(options, jid) as peer.other, connection:
        own = connection.line.jid
        print(f"{peer.jid} may subscribe to {peer.name()} at {own} now", file=sys.stderr, flush=True)
        peer.line.show(peer.jid)
        if await peer.next("subscribe", 0, 2 * options.patience) is None:
            raise FederationError(
                f"{peer.jid} did not subscribe at {own} within {2 * options.patience} s", "recipient-unavailable"
            )
        for part in RECIPIENT_PARTS:
            await part.CHECKS.make(role, peer, findings)


@asynccontextmanager
async def _other(options: argparse.Namespace, jid: str) -> AsyncIterator[HearingSession | None]:
    """A session of the other account; None where there is none."""
    if not options.other:
        yield None
        return
    password = password_from(options.other_password_file or options.password_file)
    address = options.other_address or options.address
    account = Account(bare_jid(options.other), password, address, options.ca_file, unguessable("conformance"))
    async with Connection(lambda: HearingSession(account, jid)) as connection:
        yield connection.line


async def _role(connection: Connection, jid: str) -> str:
    """What the peer's service discovery says that it is. FederationError where nobody answers."""
    reply = IqReply(await connection.line.ask(jid, query(INFO), _DISCOVERY_S, "get"))
    if reply.xml is None or reply.condition in ABSENT - {"feature-not-implemented"}:
        words = f"{jid}: nobody there says what it is ({line(reply.words)}); to try it all the same, say --as"
        raise FederationError(words, "recipient-unavailable")
    features = {one.get("var") for one in reply.xml.iter(f"{{{INFO}}}feature")}
    if QUOALISE not in features:
        return "recipient"
    return "gateway" if OURS in features else "provider"


if __name__ == "__main__":
    sys.exit(main())
