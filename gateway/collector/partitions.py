"""Which process commits which gateways: those of an account in 64 partitions, each locked in the session that writes.

A PostgreSQL advisory lock ends with its session: whoever has lost it can write nothing, and no clock, lease or beat
says so. The work does not grow with the gateways. What stays the same for another engine is ``held``: what this process
may commit now (a partition's committer).
"""

from __future__ import annotations

import math
import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from psycopg import AsyncConnection, Notify

# As migration 010 has them; at most so many processes share an account.
PARTITIONS = 64
# What PostgreSQL lists the connection as that holds a process's partitions, before the resource.
MEMBER = "linky-collect member"
# How often the sharing is looked at; so long a process keeps its partitions without a connection to its XMPP server,
# and its gateways without one to PostgreSQL, which has given its partitions to the others.
SETTLE_S, WITHOUT_SERVER_S, WITHOUT_DATABASE_S = 1.0, 10.0, 10.0
# So long a process that has a new connection to PostgreSQL leaves what it had not before to the others.
MODEST_S = 3.0
# What migration 010 has PostgreSQL say when gateways or subscriptions are added or taken out.
CHANGED = "linky_gateways"

# Of two keys: whose partition (a number of the account) and which; whose member (another one) and which session.
_LOCKS = """
SELECT pg_backend_pid(), pid, classid::bigint, objid::bigint FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 2 AND granted AND classid::bigint = ANY(%s)
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_JOIN = "SELECT pg_try_advisory_lock(%s, pg_backend_pid())"
_TAKE = "SELECT p FROM unnest(%s::integer[]) AS p WHERE pg_try_advisory_lock(%s, p)"
_GIVE_UP = "SELECT pg_advisory_unlock(%s, p) FROM unnest(%s::integer[]) AS p"
_MINE = """
SELECT gateway.id, partition, jid, resource, epoch IS NOT NULL, array_agg(identifier ORDER BY identifier),
  array_agg(wanted ORDER BY identifier), array_agg(standing = 'ended' ORDER BY identifier),
  bool_and(since IS NOT NULL OR NOT wanted)
FROM gateway JOIN subscription ON subscription.gateway = gateway.id
WHERE account = %s AND partition = ANY(%s) GROUP BY gateway.id ORDER BY gateway.id
"""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One gateway of this process: what is wanted of it, what no more, and what of that it was not told yet.

    ``accepted``: it has accepted what is wanted; ``numbered``: it numbers what it sends, and repeats it by itself.
    """

    id: int
    partition: int
    jid: str
    resource: str
    wanted: tuple[str, ...]
    former: tuple[str, ...]
    ending: tuple[str, ...]
    accepted: bool
    numbered: bool


def lock_keys(account: str) -> tuple[int, int]:
    """The first keys of an account's locks, of its partitions and of its members (signed, as PostgreSQL takes them)."""
    first, second = (zlib.crc32(f"{what} of {account}".encode()) for what in ("partition", "member"))
    return first - (1 << 31), second - (1 << 31)


def classes_of(account: str) -> list[int]:
    """The same as ``pg_locks`` shows them (classid, without a sign)."""
    return [key % (1 << 32) for key in lock_keys(account)]


class Partitions:
    """This process's share; every statement runs on the connection that writes.

    Args:
        account: whose gateways they are (bare JID).
    """

    def __init__(self, account: str) -> None:
        self.account = account
        self.held: frozenset[int] = frozenset()
        # Whether gateways or subscriptions were added or taken out since this was last set to False.
        self.changed = True
        # Whether it counts among those who share, whatever it has.
        self.joined = False
        self._of_partitions, self._of_members = lock_keys(account)
        # How much it had on the connection before, and until when it takes no more than that: after a restart of
        # PostgreSQL the first that is back would take all.
        self._former, self._modest_until = 0, -math.inf

    async def begin(self, db: AsyncConnection) -> None:
        """A new connection, which holds nothing: what was held a moment ago is taken first, if nobody has it yet."""
        former, self.held, self.changed = self.held, frozenset(), True
        self._former, self._modest_until = len(former), time.monotonic() + (MODEST_S if former else 0.0)
        db.add_notify_handler(self._told)
        await db.execute(f"LISTEN {CHANGED}")
        if self.joined:
            await db.execute(_JOIN, [self._of_members])
            self.held = await self._take(db, former)

    async def settle(self, db: AsyncConnection) -> None:
        """Have a fair share: give up what is above it, take what nobody has up to it."""
        if not self.joined:
            await db.execute(_JOIN, [self._of_members])
            self.joined = True
        classes = classes_of(self.account)
        rows = await (await db.execute(_LOCKS, [classes])).fetchall()
        members = sorted({pid for _, pid, of, _ in rows if of == classes[1]})
        locked = {number: pid for _, pid, of, number in rows if of == classes[0]}
        mine = sorted(number for number, pid in locked.items() if pid == rows[0][0])
        each, more = divmod(PARTITIONS, max(len(members), 1))
        share = each + (rows[0][0] in members[:more])
        if time.monotonic() < self._modest_until:
            share = min(share, self._former)
        if mine[share:]:
            await db.execute(_GIVE_UP, [self._of_partitions, mine[share:]])
        free = [number for number in range(PARTITIONS) if number not in locked]
        taken = await self._take(db, free[: max(share - len(mine), 0)])
        self.held = frozenset(mine[:share]) | taken

    async def leave(self, db: AsyncConnection) -> None:
        """Give up all of it: the others take it at once."""
        self.held, self.joined = frozenset(), False
        await db.execute("SELECT pg_advisory_unlock_all()")

    async def assigned(self, db: AsyncConnection) -> list[Assignment]:
        """The gateways in it; on whatever connection."""
        rows = await (await db.execute(_MINE, [self.account, sorted(self.held)])).fetchall()
        found = []
        for number, partition, jid, resource, numbered, names, wanted, ended, accepted in rows:
            parts = list(zip(names, wanted, ended, strict=True))
            kept = tuple(name for name, is_wanted, _ in parts if is_wanted)
            former = tuple(name for name, is_wanted, _ in parts if not is_wanted)
            ending = tuple(name for name, is_wanted, is_over in parts if not (is_wanted or is_over))
            found.append(Assignment(number, partition, jid, resource, kept, former, ending, accepted, numbered))
        return found

    async def _take(self, db: AsyncConnection, numbers: Collection[int]) -> frozenset[int]:
        if not numbers:
            return frozenset()
        rows = await (await db.execute(_TAKE, [sorted(numbers), self._of_partitions])).fetchall()
        return frozenset(number for (number,) in rows)

    def _told(self, notify: Notify) -> None:
        self.changed |= notify.channel == CHANGED
