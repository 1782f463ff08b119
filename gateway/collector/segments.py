"""The segments of an operator (communes, streets, operations) in the database: read from a file, set, listed.

Their totals are `segment_totals.py`'s. With the first file there is something to reckon; until then nothing is marked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gateway.collector.segment_totals import LOCK, floor
from gateway.errors import ConfigError
from gateway.federation.connection.jids import bare_jid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from psycopg import AsyncConnection

ALL = "all"

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
# Every half hour weighs them all; and no home is in more than a few.
_MOST_SEGMENTS, _MOST_OF_A_HOME = 200, 20
_MARK_HOMES = """
SELECT mark_series(ARRAY(SELECT s.id FROM series s JOIN meter m ON m.id = s.meter
  WHERE m.gateway = ANY(%s) AND s.path LIKE '%%/energy/active/index'))
"""
_OTHER = "SELECT account FROM gateway WHERE account <> %s ORDER BY account LIMIT 1"
_MEMBERS = """
SELECT g.id, g.jid, array_remove(array_agg(s.name ORDER BY s.name), NULL)
FROM gateway g LEFT JOIN segment_home h ON h.gateway = g.id LEFT JOIN segment s ON s.id = h.segment
WHERE g.account = %s GROUP BY g.id
"""
_FIRST = "SELECT coalesce(min(first), now()) FROM half_hour_changed"
_LIST = """
SELECT s.name, (SELECT count(*) FROM segment_member m WHERE m.segment = s.id), t.start, t.homes, p.start
FROM segment s
LEFT JOIN LATERAL (
  SELECT start, max(homes) AS homes FROM segment_total WHERE segment = s.id GROUP BY start ORDER BY start DESC LIMIT 1
) t ON true
LEFT JOIN LATERAL (SELECT max(start) AS start FROM published_half_hour WHERE segment = s.name) p ON true
ORDER BY s.name <> 'all', s.name
"""


def read_segments(text: str, file: str) -> dict[str, frozenset[str]]:
    """A file's lines as gateway (bare JID) -> its segments. ConfigError with the line of what cannot be."""
    found: dict[str, frozenset[str]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            jid = bare_jid(words[0].partition("/")[0])
        except ConfigError as error:
            raise ConfigError(f"{file}, line {number}: {error}") from error
        for name in words[1:]:
            if name == ALL or not _NAME.fullmatch(name):
                raise ConfigError(
                    f"{file}, line {number}: {name!a} is no name of a segment: small letters a-z, digits and -,"
                    f" 40 at most; {ALL} is every home anyway"
                )
        found[jid] = found.get(jid, frozenset()) | frozenset(words[1:])
        if not 1 <= len(found[jid]) <= _MOST_OF_A_HOME:
            raise ConfigError(f"{file}, line {number}: a gateway, a space, its segments: {_MOST_OF_A_HOME} at most")
    if len(frozenset().union(*found.values())) > _MOST_SEGMENTS:
        raise ConfigError(f"{file}: {_MOST_SEGMENTS} segments at most")
    return found


async def set_segments(db: AsyncConnection, account: str, wanted: Mapping[str, frozenset[str]]) -> Sequence[str]:
    """Make these the segments of the account's homes, of the others none; the homes that changed.

    ConfigError for a home that is not the account's, and where another account has homes in the database.
    """
    # Who is writing without knowing that there are segments leaves no mark: it ends first, and the next ones know.
    await db.execute("LOCK TABLE reading IN SHARE ROW EXCLUSIVE MODE")
    await db.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    if other := await (await db.execute(_OTHER, [account])).fetchone():
        raise ConfigError(
            f"the database has gateways of {other[0]} too, which would count in {ALL}:"
            " give each account a database of its own"
        )
    known = await (await db.execute(_MEMBERS, [account])).fetchall()
    if strange := wanted.keys() - {jid for _, jid, _ in known}:
        raise ConfigError(f"{min(strange)} is not among the gateways of {account}: see linky-collect gateways list")
    changed = [(number, jid) for number, jid, names in known if wanted.get(jid, frozenset()) != frozenset(names)]
    names = sorted(frozenset().union(*wanted.values()))
    await db.execute("INSERT INTO segment (name) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING", [names])
    await db.execute("DELETE FROM segment_home WHERE gateway = ANY(%s)", [[number for number, _ in changed]])
    async with db.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO segment_home SELECT id, %s FROM segment WHERE name = ANY(%s)",
            [(number, sorted(wanted.get(jid, frozenset()))) for number, jid in changed],
        )
    await db.execute("DELETE FROM segment WHERE name <> %s AND id NOT IN (SELECT segment FROM segment_home)", [ALL])
    await _mark(db, [number for number, _ in changed])
    return sorted(jid for _, jid in changed)


async def _mark(db: AsyncConnection, homes: Sequence[int]) -> None:
    """Have the past of these homes reckoned anew; the first time that of all, and what will be published begins."""
    row = await (await db.execute("SELECT EXISTS (SELECT FROM segment_release)")).fetchone()
    if row and row[0]:
        await db.execute(_MARK_HOMES, [homes])
        return
    every = await (await db.execute("SELECT id FROM gateway")).fetchall()
    await db.execute(_MARK_HOMES, [[number for (number,) in every]])
    first = await (await db.execute(_FIRST)).fetchone()
    if first:
        await db.execute("INSERT INTO segment_release (until, place) VALUES (%s, this_place())", [floor(first[0])])


async def listed(db: AsyncConnection) -> list[dict[str, Any]]:
    """Each segment: its homes, how many the newest kept total counts, and the newest published half hour."""
    names = ("segment", "homes", "newest", "counted", "published")
    return [dict(zip(names, row, strict=True)) for row in await (await db.execute(_LIST)).fetchall()]
