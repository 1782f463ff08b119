"""How the collector stands, read from the database: no process need run for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import AsyncConnection

_PARTS = {
    "members": "SELECT place, account, seen_at,"
    " (SELECT count(*) FROM gateway WHERE owner = incarnation) AS gateways FROM member ORDER BY place",
    "gateways": "SELECT count(*) AS all, count(owner) AS owned, count(*) FILTER (WHERE limited) AS limited,"
    " count(*) FILTER (WHERE heard_at > now() - interval '1 hour') AS heard_this_hour FROM gateway",
    "subscriptions": "SELECT standing, count(*) FROM subscription WHERE wanted GROUP BY standing ORDER BY standing",
    "gaps": "SELECT count(*) FROM gap",
    "series": "SELECT count(*) FROM series",
    "notices": "SELECT kind, count(*), sum(deleted)::bigint AS deleted FROM notice GROUP BY kind ORDER BY kind",
    "refused": "SELECT coalesce(sum(count), 0)::bigint AS messages FROM refused WHERE day > current_date - 7",
    "retention": "SELECT at, readings, months FROM retained ORDER BY at DESC LIMIT 1",
}


async def overview(db: AsyncConnection) -> dict[str, list[dict[str, Any]]]:
    """Each part and its rows, each row by column."""
    found = {}
    for name, text in _PARTS.items():
        cursor = await db.execute(text)
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
