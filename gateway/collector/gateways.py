"""The gateways that an account receives from, in the database: added, taken out, listed (asked: ``access.py``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.collector.erasing import FOR_EVER
from gateway.collector.erasing import erase as erase_readings
from gateway.errors import ConfigError, SenMLError
from gateway.federation.connection.jids import bare_jid
from gateway.senml.naming import parse_identifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from psycopg import AsyncConnection

_ADD = (
    "INSERT INTO gateway (account, jid, resource) VALUES (%s, %s, %s)"
    " ON CONFLICT (account, jid) DO UPDATE SET resource = excluded.resource RETURNING id"
)
_SUBSCRIBE = (
    "INSERT INTO subscription (gateway, identifier, history_from) VALUES (%s, %s, %s)"
    " ON CONFLICT (gateway, identifier) DO UPDATE SET wanted = true"
)
_REMOVED = (
    "SELECT 1 FROM gateway JOIN subscription ON subscription.gateway = gateway.id"
    " WHERE account = %s AND jid = %s AND NOT wanted LIMIT 1"
)
_LIST = """
SELECT jid, identifier, wanted, standing, sentence, limited, heard_at, request_state, requested_at,
  (SELECT min(joined_at) FROM invitation WHERE claimed_by = jid AND invitation.account = gateway.account)
FROM gateway JOIN subscription ON subscription.gateway = gateway.id WHERE account = %s ORDER BY jid, identifier
"""


@dataclass(frozen=True, slots=True)
class WantedSubscription:
    """A gateway's full JID in its two parts, and one thing to subscribe to with it."""

    jid: str
    resource: str
    identifier: str


def wanted(gateway: str, identifiers: Iterable[str]) -> list[WantedSubscription]:
    """What is to be subscribed to. ConfigError for an address or a name that is none."""
    bare, _, resource = gateway.partition("/")
    jid = bare_jid(bare)
    found = []
    for identifier in identifiers:
        try:
            parse_identifier(identifier)
        except SenMLError as error:
            raise ConfigError(f"{identifier}: {error}") from error
        found.append(WantedSubscription(jid, resource or "proxy", identifier))
    return found


async def add(
    db: AsyncConnection, account: str, lines: Iterable[WantedSubscription], history_from: datetime | None
) -> int:
    """Add subscriptions; how many gateways there are then."""
    for line in lines:
        await subscribe(db, account, line, history_from)
    row = await (await db.execute("SELECT count(*) FROM gateway WHERE account = %s", [account])).fetchone()
    return int(row[0]) if row else 0


async def subscribe(db: AsyncConnection, account: str, line: WantedSubscription, history_from: datetime | None) -> None:
    """Add one subscription, and its gateway where it is new."""
    row = await (await db.execute(_ADD, [account, line.jid, line.resource])).fetchone()
    if row:
        await db.execute(_SUBSCRIBE, [row[0], line.identifier, history_from])


async def was_removed(db: AsyncConnection, account: str, jid: str) -> bool:
    """Whether that gateway was taken out, and nobody has added it again."""
    row = await db.execute(_REMOVED, [account, jid])
    return await row.fetchone() is not None


async def remove(db: AsyncConnection, account: str, jid: str, *, erase: bool) -> int:
    """Subscribe no more; with ``erase`` delete also what was received. How many readings that are.

    What is too much for one transaction is hidden, and left to ``erasing.finish``; what stays it may still ask to
    have erased. ConfigError for an unknown one.
    """
    row = await (
        await db.execute("SELECT id FROM gateway WHERE account = %s AND jid = %s FOR UPDATE", [account, jid])
    ).fetchone()
    if row is None:
        raise ConfigError(f"{jid} is not among the gateways of {account}: see linky-collect gateways list")
    await db.execute("UPDATE subscription SET wanted = false WHERE gateway = %s", [row[0]])
    if not erase:
        return 0
    found = await db.execute(
        "SELECT series.id FROM series JOIN meter ON meter.id = series.meter WHERE gateway = %s", [row[0]]
    )
    series = [number for (number,) in await found.fetchall()]
    gone, _ = await erase_readings(db, row[0], series, 0, FOR_EVER)
    left = await (await db.execute("SELECT count(*) FROM reading WHERE series = ANY(%s)", [series])).fetchone()
    return gone + (left[0] if left else 0)


async def listed(db: AsyncConnection, account: str) -> Sequence[dict[str, object]]:
    """Each subscription and how it stands."""
    names = (
        *("gateway", "identifier", "wanted", "standing", "sentence", "limited", "heard_at"),
        *("request", "requested_at", "joined_at"),
    )
    return [dict(zip(names, row, strict=True)) for row in await (await db.execute(_LIST, [account])).fetchall()]
