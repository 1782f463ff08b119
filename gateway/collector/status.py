"""How the collector stands, read from the database, and of the running process from what it tells Prometheus.

Exit code, for cron, Nagios or Icinga: 0 all is well, 1 somebody should look, 2 nothing is received or kept.
"""

from __future__ import annotations

import asyncio
import time
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any

from gateway.collector.partitions import MEMBER, PARTITIONS, classes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

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
# Of ``gateway JOIN subscription``: what is in force, as the view ``home`` has it. A consent that has run out leaves
# ``since`` as it is.
GIVING = "wanted AND since IS NOT NULL AND standing <> 'refused' AND NOT limited"
# Of homes of which a subscription is in force. The middle one of them says how it goes, the last of them little.
_HEARD = f"""
SELECT count(*) AS homes, count(*) FILTER (WHERE ago <= interval '5 minutes') AS within_5_min,
  count(*) FILTER (WHERE ago <= interval '1 hour') AS within_1_h,
  count(*) FILTER (WHERE ago <= interval '1 day') AS within_1_d,
  count(*) FILTER (WHERE ago > interval '2 days') AS silent_2_d,
  round(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM ago)))::bigint AS median_ago_s,
  round(extract(epoch FROM min(ago)))::bigint AS last_ago_s
FROM (
  SELECT now() - greatest(heard_at, min(since)) AS ago FROM gateway JOIN subscription ON gateway = gateway.id
  WHERE account = %(account)s AND {GIVING} GROUP BY gateway.id
) home
"""  # noqa: S608 (of the condition above)
# Gaps, and those of them that a home should fill: it is there, the subscription is in force, the history not refused.
GAPS = """gap JOIN gateway ON gateway.id = gap.gateway
LEFT JOIN subscription ON subscription.gateway = gap.gateway AND subscription.identifier = gap.identifier"""
FILLABLE = f"{GIVING} AND refused_at IS NULL AND heard_at > now() - interval '1 hour'"
_GAPS = f"""
SELECT count(*), round(extract(epoch FROM now() - min(noted_at)))::bigint AS oldest_s,
  count(refused_at) AS refused, count(*) FILTER (WHERE noted_at < now() - interval '1 day' AND {FILLABLE}) AS stay
FROM {GAPS} WHERE account = %(account)s
"""  # noqa: S608 (of the conditions above)
_SAMPLE_S, _ANSWER_S, _MOST_BYTES = 1.0, 10.0, 1_000_000
# A home by the day is heard of once a day.
_LONGEST_SILENCE_S, _SILENT_PART = 26 * 3600, 0.05
# What was erased is in no file after the next night: one that was missed is said at noon.
_LONGEST_DAY_S = 36 * 3600
_PARTS = {
    "members": _MEMBERS,
    "gateways": "SELECT count(*) AS all, count(*) FILTER (WHERE limited) AS limited,"
    " count(*) FILTER (WHERE heard_at > now() - interval '1 hour') AS heard_this_hour FROM gateway",
    "subscriptions": "SELECT standing, count(*) FROM subscription WHERE wanted GROUP BY standing ORDER BY standing",
    "heard": _HEARD,
    "gaps": _GAPS,
    "series": "SELECT count(*) FROM series",
    "notices": "SELECT kind, count(*), sum(deleted)::bigint AS deleted FROM notice GROUP BY kind ORDER BY kind",
    "refused": "SELECT coalesce(sum(count), 0)::bigint AS messages,"
    " coalesce(sum(count) FILTER (WHERE day >= current_date - 1), 0)::bigint AS since_yesterday"
    " FROM refused WHERE day > current_date - 7",
    "files": "SELECT written_until AS until, ran_at, round(extract(epoch FROM now() - ran_at))::bigint AS ran_ago_s,"
    " (SELECT count(*) FROM day_file) AS files,"
    " (SELECT count(DISTINCT (day, part)) FROM day_mark) AS to_write FROM file_night",
    "retention": "SELECT at, readings, months FROM retained ORDER BY at DESC LIMIT 1",
}


async def overview(db: AsyncConnection, account: str) -> dict[str, list[dict[str, Any]]]:
    """Each part and its rows, each row by column; ``account`` is the one whose processes are listed (bare JID)."""
    locks, members = classes_of(account)
    values = {"account": account, "locks": locks, "members": members, "member": MEMBER}
    found = {}
    for name, text in _PARTS.items():
        cursor = await db.execute(text, values if "%(" in text else None)
        columns = [column.name for column in cursor.description or ()]
        found[name] = [dict(zip(columns, row, strict=True)) for row in await cursor.fetchall()]
    return found


async def process(at: tuple[str, int]) -> list[dict[str, Any]]:
    """What the process that listens there says of itself, over a second: ready or why not, what waits, values kept."""
    return [await asyncio.to_thread(_process, at)]


def _process(at: tuple[str, int]) -> dict[str, Any]:
    # Who listens at all addresses listens at this machine's own.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(at[0], at[0])  # noqa: S104 (asked, not listened at)
    try:
        begun, first = time.monotonic(), _figures(host, at[1])
        time.sleep(_SAMPLE_S)
        second = _figures(host, at[1])
        lasted = time.monotonic() - begun
        ready = _asked(host, at[1], "/ready").strip()
    except (OSError, HTTPException, ValueError):
        return {"ready": f"nobody answers at {host}:{at[1]}"}
    kept = (second["linky_collect_records_kept_total"] - first["linky_collect_records_kept_total"]) / lasted
    waiting, oldest = second["linky_collect_queue_records"], second["linky_collect_queue_oldest_seconds"]
    return {
        "ready": ready,
        "kept_per_s": round(kept, 1),
        "waiting": int(waiting),
        "oldest_s": round(oldest, 1),
        "sessions": int(second["linky_collect_sessions_total"]),
    }


def _figures(host: str, port: int) -> dict[str, float]:
    """Those without a label."""
    lines = (line.split(" ") for line in _asked(host, port, "/metrics").splitlines() if line[:1] not in {"#", ""})
    return {words[0]: float(words[1]) for words in lines if len(words) == 2 and "{" not in words[0]}


def _asked(host: str, port: int, path: str) -> str:
    connection = HTTPConnection(host, port, timeout=_ANSWER_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().read(_MOST_BYTES).decode()
    finally:
        connection.close()


def look_at(found: dict[str, list[dict[str, Any]]], *, writes_files: bool) -> tuple[int, list[str]]:
    """The exit code, and a sentence for each thing that somebody should look at; the worst first.

    Args:
        found: as ``overview`` gives it.
        writes_files: whether the configuration has days written as files.
    """
    bad, odd = list(_standing_still(found)), list(_to_look_at(found))
    if writes_files and not found["files"]:
        odd.append(
            "[parquet] is set, and no night writes: systemctl enable --now linky-collect-parquet.timer, or take it out"
        )
    return (2 if bad else 1 if odd else 0), bad + odd


def _standing_still(found: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    (heard,) = found["heard"]
    for one in found.get("process", []):
        if one["ready"] != "ready":
            yield f"the process: {one['ready']}"
    if not found["members"] and any(row["count"] for row in found["subscriptions"]):
        yield "no process receives: systemctl status linky-collect"
    elif heard["homes"] and heard["last_ago_s"] > _LONGEST_SILENCE_S:
        yield f"of no home anything was heard for {heard['last_ago_s'] // 3600} hours"


def _to_look_at(found: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    (heard,), (gaps,), (refused,) = found["heard"], found["gaps"], found["refused"]
    held = sum(one["partitions"] for one in found["members"])
    if found["members"] and held < PARTITIONS:
        yield f"{PARTITIONS - held} of {PARTITIONS} partitions have no process: what their homes send is not kept"
    if heard["silent_2_d"] > _SILENT_PART * heard["homes"]:
        yield f"{heard['silent_2_d']} of {heard['homes']} homes have been silent for two days"
    if gaps["stay"]:
        yield f"{gaps['stay']} gaps of homes that are heard of have been open for more than a day"
    if refused["since_yesterday"]:
        yield f"{refused['since_yesterday']} messages since yesterday cannot be read: see the table refused"
    for night in found["files"]:
        if night["ran_ago_s"] > _LONGEST_DAY_S:
            hours = night["ran_ago_s"] // 3600
            yield f"days were written as files {hours} hours ago for the last time: journalctl -u linky-collect-parquet"


def as_text(found: dict[str, list[dict[str, Any]]]) -> str:
    """A line for each row."""
    lines = []
    for name, rows in found.items():
        for row in rows or [{}]:
            said = ", ".join(value if name == "look" else f"{column} {value}" for column, value in row.items())
            lines.append(f"{name}: {said or 'none'}")
    return "\n".join(lines) + "\n"
