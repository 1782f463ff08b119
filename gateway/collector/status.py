"""How the collector stands, read from the database: no process need run for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.collector.partitions import MEMBER, classes_of

if TYPE_CHECKING:
    from psycopg import AsyncConnection

# Which partitions a process has is nowhere but in its locks.
_MEMBERS = """
SELECT substr(a.application_name, length(%(member)s) + 2) AS resource, a.backend_start AS since,
  count(p.objid) AS partitions,
  (SELECT count(*) FROM gateway
    WHERE account = %(account)s AND partition = ANY(array_agg(p.objid::integer))) AS gateways
FROM pg_stat_activity a
JOIN pg_locks m ON m.pid = a.pid AND m.database = a.datid AND m.locktype = 'advisory' AND m.objsubid = 2
  AND m.classid::bigint = %(members)s
LEFT JOIN pg_locks p ON p.pid = a.pid AND p.database = a.datid AND p.locktype = 'advisory' AND p.objsubid = 2
  AND p.classid::bigint = %(locks)s
WHERE a.datname = current_database() GROUP BY a.pid, a.application_name, a.backend_start ORDER BY 1
"""
_PARTS = {
    "members": _MEMBERS,
    "gateways": "SELECT count(*) AS all, count(*) FILTER (WHERE limited) AS limited,"
    " count(*) FILTER (WHERE heard_at > now() - interval '1 hour') AS heard_this_hour FROM gateway",
    "subscriptions": "SELECT standing, count(*) FROM subscription WHERE wanted GROUP BY standing ORDER BY standing",
    "gaps": "SELECT count(*) FROM gap",
    "series": "SELECT count(*) FROM series",
    "notices": "SELECT kind, count(*), sum(deleted)::bigint AS deleted FROM notice GROUP BY kind ORDER BY kind",
    "refused": "SELECT coalesce(sum(count), 0)::bigint AS messages FROM refused WHERE day > current_date - 7",
    "retention": "SELECT at, readings, months FROM retained ORDER BY at DESC LIMIT 1",
}


async def overview(db: AsyncConnection, account: str) -> dict[str, list[dict[str, Any]]]:
    """Each part and its rows, each row by column; ``account`` is the one whose processes are listed (bare JID)."""
    locks, members = classes_of(account)
    values = {"account": account, "locks": locks, "members": members, "member": MEMBER}
    found = {}
    for name, text in _PARTS.items():
        cursor = await db.execute(text, values if name == "members" else None)
        columns = [column.name for column in cursor.description or ()]
        found[name] = [dict(zip(columns, row, strict=True)) for row in await cursor.fetchall()]
    return found


def as_text(found: dict[str, list[dict[str, Any]]]) -> str:
    """A line for each row."""
    lines = []
    for name, rows in found.items():
        for row in rows or [{}]:
            said = ", ".join(f"{column} {value}" for column, value in row.items())
            lines.append(f"{name}: {said or 'none'}")
    return "\n".join(lines) + "\n"
