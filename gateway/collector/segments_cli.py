"""``linky-collect segments``: which homes belong together, and what is published of them."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.errors import ConfigError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from gateway.collector.config import CollectorConfig
    from gateway.collector.invite_cli import WithDatabase

_MOST_CHARS = 8_000_000


def declare(
    commands: Any,  # noqa: ANN401 (argparse's own kind is private)
    common: argparse.ArgumentParser,
    database: WithDatabase,
    account: Callable[[CollectorConfig], str],
) -> None:
    """The parsers; ``database`` and ``account`` are the program's."""
    actions = commands.add_parser("segments", help="totals of communes, streets, operations").add_subparsers(
        required=True, metavar="ACTION"
    )
    setting = actions.add_parser("set", parents=[common], help="say which homes are in which segments, all at once")
    setting.add_argument("file", type=Path, metavar="FILE", help="on each line a gateway's address and its segments")
    setting.set_defaults(run=lambda options, config: _set(options, config, database, account))
    listing = actions.add_parser("list", parents=[common], help="each segment: its homes, what is published of it")
    listing.add_argument("--json", action="store_true", help="for programs")
    listing.set_defaults(run=lambda options, config: _list(options, config, database))
    publish = actions.add_parser("publish", parents=[common], help="reckon and publish now what a process would")
    publish.add_argument("--now", action="store_true", help="even if gateways have had no hour to send what is late")
    publish.set_defaults(run=lambda options, config: _publish(options, config, database))


def _set(
    options: argparse.Namespace,
    config: CollectorConfig,
    database: WithDatabase,
    account: Callable[[CollectorConfig], str],
) -> None:
    from gateway.collector.segments import read_segments, set_segments  # noqa: PLC0415 (--help needs none of it)

    try:
        with options.file.open(encoding="utf-8-sig") as stream:
            text = stream.read(_MOST_CHARS + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{options.file}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(text) > _MOST_CHARS:
        raise ConfigError(f"{options.file}: is longer than {_MOST_CHARS:,} characters")
    wanted = read_segments(text, str(options.file))
    changed = database(config, lambda db: set_segments(db, account(config), wanted))
    names = len(frozenset().union(*wanted.values()))
    sys.stdout.write(f"{names} segments of {len(wanted)} homes; {len(changed)} homes changed\n")


def _list(options: argparse.Namespace, config: CollectorConfig, database: WithDatabase) -> None:
    from gateway.collector.disclosure import FEWEST  # noqa: PLC0415
    from gateway.collector.segments import listed  # noqa: PLC0415

    rows = database(config, listed)
    if options.json:
        sys.stdout.write(json.dumps(rows, default=str, indent=2) + "\n")
        return
    for row in rows:
        few = f": under {FEWEST}, never published" if row["homes"] < FEWEST else ""
        newest = f", {row['counted']} counted at {row['newest']:%Y-%m-%d %H:%M %Z}" if row["newest"] else ""
        published = f", published until {row['published']:%Y-%m-%d %H:%M %Z}" if row["published"] else ""
        sys.stdout.write(f"{row['segment']}: {row['homes']} homes{few}{newest}{published}\n")


def _publish(options: argparse.Namespace, config: CollectorConfig, database: WithDatabase) -> None:
    from gateway.collector.database import Database  # noqa: PLC0415
    from gateway.collector.segment_totals import Reckoned, is_quiet, reckon  # noqa: PLC0415

    publishes = options.now or database(config, is_quiet)

    async def work() -> Reckoned | None:
        tables = Database(config.database_conninfo())
        try:
            return await reckon(tables, config.publish.settled if publishes else None)
        finally:
            await tables.close()

    done = asyncio.run(work())
    if done is None:
        sys.stdout.write("another process is just doing it\n")
        return
    sys.stdout.write(f"{done.half_hours} half hours reckoned, {done.published} totals published\n")
    if not publishes:
        sys.stdout.write(
            "nothing is published until linky-collect has been connected for an hour, in which gateways send what they"
            " kept: what is late would be left out for ever; --now publishes all the same\n"
        )
