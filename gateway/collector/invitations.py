"""The invitations of an account, in the database: made by sheets, taken by gateways each once, revoked, listed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.collector.gateways import WantedSubscription, subscribe, was_removed
from gateway.errors import ConfigError, SenMLError
from gateway.federation.wire import pairing
from gateway.senml.naming import parse_identifier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from psycopg import AsyncConnection

    from gateway.federation.wire.pairing import JoinRequest

_ADD = (
    "INSERT INTO invitation (id, account, sheet, number, secret, digest, series, history_from, expires_at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_HELD = """
SELECT secret, digest, series, history_from, revoked_at IS NOT NULL, expires_at <= now(), claimed_by,
  joined_at IS NOT NULL
FROM invitation WHERE account = %s AND id = %s FOR UPDATE
"""
_CLAIM = "UPDATE invitation SET claimed_by = %s, claimed_at = coalesce(claimed_at, now()) WHERE id = %s"
_JOIN = "UPDATE invitation SET joined_at = coalesce(joined_at, now()) WHERE id = %s"
_REVOKE = """
UPDATE invitation SET revoked_at = now()
WHERE account = %(account)s AND (sheet = %(what)s OR id = %(what)s) AND claimed_by IS NULL AND revoked_at IS NULL
"""
_USED = """
SELECT id, device, claimed_by AS gateway FROM invitation
WHERE account = %(account)s AND (sheet = %(what)s OR id = %(what)s) AND claimed_by IS NOT NULL ORDER BY sheet, number
"""
_NAME = "UPDATE invitation SET device = %s WHERE account = %s AND id = %s"
_STATE = (
    "CASE WHEN joined_at IS NOT NULL THEN 'joined' WHEN claimed_by IS NOT NULL THEN 'joining'"
    " WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= now() THEN 'expired' ELSE 'open' END"
)
_LIST = f"""
SELECT sheet, number, id, device, {_STATE} AS state, claimed_by AS gateway, made_at, expires_at, claimed_at, joined_at
FROM invitation WHERE account = %(account)s AND (%(sheet)s::text IS NULL OR sheet = %(sheet)s)
  AND (%(ids)s::text[] IS NULL OR id = ANY(%(ids)s)) ORDER BY sheet, number
"""  # noqa: S608 (our own words)


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """One that was made: what the database keeps of it."""

    id: str
    number: int
    secret: str
    digest: str
    series: tuple[str, ...]
    history_from: datetime | None
    expires_at: datetime


async def check_new(db: AsyncConnection, account: str, sheet: str) -> None:
    """ConfigError where the account has a sheet of that name."""
    row = await db.execute("SELECT 1 FROM invitation WHERE account = %s AND sheet = %s LIMIT 1", [account, sheet])
    if await row.fetchone():
        raise ConfigError(f"--sheet {sheet}: there is one; choose another name (linky-collect invitations list)")


async def add(db: AsyncConnection, account: str, sheet: str, made: Sequence[NewInvitation]) -> None:
    """Keep a sheet."""
    async with db.cursor() as cursor:
        await cursor.executemany(
            _ADD,
            [
                (
                    *(one.id, account, sheet, one.number, hashed(one.secret), one.digest),
                    *(list(one.series), one.history_from, one.expires_at),
                )
                for one in made
            ],
        )


async def take(db: AsyncConnection, account: str, jid: str, asked: JoinRequest) -> tuple[str, str]:
    """Bind an invitation to the gateway of that bare JID, or note what it gives: state and reason of the answer.

    The same gateway may say it again; once bound, its time does not matter any more. Once it has joined nothing is
    added by it, and what was taken out (``gateways remove``) comes back by ``gateways add`` alone.
    """
    row = await (await db.execute(_HELD, [account, asked.invitation])).fetchone()
    if why := _why_not(row, jid, asked):
        return pairing.REFUSED, why
    if asked.act == pairing.CLAIM:
        await db.execute(_CLAIM, [jid, asked.invitation])
        return pairing.CLAIMED, ""
    has_joined, history_from = bool(row and row[7]), row[3] if row else None
    if has_joined:
        return pairing.TAKEN, ""
    if await was_removed(db, account, jid):
        return pairing.REFUSED, pairing.OTHER_NAMES
    for identifier in asked.identifiers:
        await subscribe(db, account, WantedSubscription(jid, asked.resource or "proxy", identifier), history_from)
    await db.execute(_JOIN, [asked.invitation])
    return pairing.TAKEN, ""


def _why_not(row: tuple[Any, ...] | None, jid: str, asked: JoinRequest) -> str:
    """Why it is not taken; empty where it is."""
    if row is None or bytes(row[0]) != hashed(asked.secret):
        return pairing.UNKNOWN
    _, digest, series, _, is_revoked, is_over, claimed_by, _ = row
    is_new, names = claimed_by is None, asked.act == pairing.NAMES
    reasons = (
        (pairing.ALTERED, digest != asked.digest),
        (pairing.USED, claimed_by not in (None, jid)),
        (pairing.REVOKED, is_new and is_revoked),
        (pairing.EXPIRED, is_new and is_over),
        # Names before the claim: nobody's gateway says that.
        (pairing.UNKNOWN, is_new and names),
        (pairing.OTHER_NAMES, names and not _are_its_own(asked.identifiers, jid, series)),
    )
    return next((why for why, is_so in reasons if is_so), "")


async def revoke(db: AsyncConnection, account: str, what: str) -> tuple[int, list[dict[str, Any]]]:
    """Let a sheet, or the one invitation of that id, be good no more where nobody has used it.

    How many that were, and those that had been used: ``id``, ``device``, ``gateway``.
    """
    known = await db.execute(
        "SELECT 1 FROM invitation WHERE account = %s AND (sheet = %s OR id = %s) LIMIT 1", [account, what, what]
    )
    if await known.fetchone() is None:
        raise ConfigError(f"{what}: neither a sheet nor an invitation of {account}: see linky-collect invitations list")
    done = await db.execute(_REVOKE, {"account": account, "what": what})
    return done.rowcount, await _rows(db, _USED, {"account": account, "what": what})


async def name(db: AsyncConnection, account: str, devices: Mapping[str, str]) -> list[dict[str, Any]]:
    """Note which device (value) each invitation (id) went into; how those stand, as ``listed`` says it.

    ConfigError where one of them is not of that account: nothing is noted then.
    """
    async with db.cursor() as cursor:
        await cursor.executemany(_NAME, [(device, account, id_) for id_, device in devices.items()])
    rows = await _rows(db, _LIST, {"account": account, "sheet": None, "ids": list(devices)})
    if unknown := sorted(devices.keys() - {row["id"] for row in rows}):
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        raise ConfigError(f"{unknown[0]}{more}: no invitation of {account}: see linky-collect invitations list")
    return rows


async def listed(db: AsyncConnection, account: str, sheet: str | None) -> list[dict[str, Any]]:
    """Each invitation and how it stands: open, joining, joined, revoked, expired; and by whom."""
    return await _rows(db, _LIST, {"account": account, "sheet": sheet, "ids": None})


async def _rows(db: AsyncConnection, query: str, values: Mapping[str, object]) -> list[dict[str, Any]]:
    cursor = await db.execute(query, values)
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()]


def hashed(secret: str) -> bytes:
    """What is kept of a secret: it has 128 bits, so nothing slower is needed."""
    return hashlib.sha256(secret.encode()).digest()


def _are_its_own(identifiers: Sequence[str], jid: str, series: Sequence[str]) -> bool:
    """Whether all are of that gateway, and each is another series that it was asked for."""
    paths = set()
    for text in identifiers:
        try:
            named = parse_identifier(text)
        except SenMLError:
            return False
        if f"{named.application}@{named.server}" != jid or named.path not in series:
            return False
        paths.add(named.path)
    return 0 < len(identifiers) == len(paths)
