"""Which process has which gateways: a lease that the database keeps, renewed at every beat, shared out evenly.

Processes that share an account get the same messages; a gateway's are kept by the one that has it. Whoever is not seen
for a lease, or says goodbye, leaves its gateways to the others, who subscribe anew: what was not confirmed comes again.
All times are the database's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

    from psycopg import AsyncConnection

BEAT_S, LEASE_S = 3.0, 10.0

# A database that was away saw nobody: it waits for a lease before it thinks that they are gone.
_BURY = """
DELETE FROM member WHERE seen_at < now() - make_interval(secs => %(lease)s)
  AND pg_postmaster_start_time() < now() - make_interval(secs => %(lease)s)
"""
_RENEW = (
    "INSERT INTO member (place, incarnation, account) VALUES (%(place)s, %(me)s, %(account)s)"
    " ON CONFLICT (place) DO UPDATE SET seen_at = now()"
)
_SHARES = """
SELECT (SELECT count(*) FROM gateway WHERE account = %(account)s),
  (SELECT count(*) FROM member WHERE account = %(account)s), (SELECT count(*) FROM gateway WHERE owner = %(me)s)
"""
_RELEASE = (
    "UPDATE gateway SET owner = NULL WHERE id IN"
    " (SELECT id FROM gateway WHERE owner = %(me)s ORDER BY id DESC LIMIT %(count)s)"
)
_CLAIM = (
    "UPDATE gateway SET owner = %(me)s WHERE id IN (SELECT id FROM gateway"
    " WHERE account = %(account)s AND owner IS NULL ORDER BY id LIMIT %(count)s FOR NO KEY UPDATE SKIP LOCKED)"
)
_MINE = """
SELECT gateway.id, jid, resource, identifier, wanted FROM gateway JOIN subscription ON subscription.gateway = gateway.id
WHERE owner = %(me)s ORDER BY gateway.id, identifier
"""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One gateway of this process: identifier -> whether it is wanted still."""

    id: int
    jid: str
    resource: str
    identifiers: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Member:
    """This process: its account (bare JID), its full JID, and a number of its own for this start."""

    account: str
    place: str
    incarnation: UUID

    async def beat(self, db: AsyncConnection) -> list[Assignment]:
        """Renew the lease, give up what is more than a fair share, take what nobody has; what is ours now."""
        fields = {"me": self.incarnation, "place": self.place, "account": self.account, "lease": LEASE_S}
        # One after the other, or two would take a dead one's gateways and both give them up again.
        await db.execute("SELECT pg_advisory_xact_lock(hashtext(%(account)s))", fields)
        await db.execute("DELETE FROM member WHERE place = %(place)s AND incarnation <> %(me)s", fields)
        await db.execute(_RENEW, fields)
        await db.execute(_BURY, fields)
        row = await (await db.execute(_SHARES, fields)).fetchone()
        gateways, members, mine = row or (0, 1, 0)
        spare = math.ceil(gateways / members) - mine
        if spare:
            await db.execute(_CLAIM if spare > 0 else _RELEASE, fields | {"count": abs(spare)})
        found: dict[tuple[int, str, str], list[tuple[str, bool]]] = {}
        for number, jid, resource, identifier, wanted in await (await db.execute(_MINE, fields)).fetchall():
            found.setdefault((number, jid, resource), []).append((identifier, wanted))
        return [Assignment(*key, tuple(identifiers)) for key, identifiers in found.items()]

    async def leave(self, db: AsyncConnection) -> None:
        """Say goodbye: the others take over at their next beat."""
        await db.execute("DELETE FROM member WHERE incarnation = %s", [self.incarnation])
