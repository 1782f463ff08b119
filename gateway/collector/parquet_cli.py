"""``linky-collect parquet``: a night's files of columns, in the words of the command line."""

from __future__ import annotations

import asyncio
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gateway.errors import ConfigError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from gateway.collector.config import CollectorConfig
    from gateway.collector.folder import DayFiles

_BUSY = "another process is just doing it\n"
_MISSING = (
    "pyarrow is missing, and is not in Debian (x86-64 and ARM of 64 bits): sudo apt install python3-pip, then in"
    " /usr/share/doc/linky-gateway/examples: sudo pip install --break-system-packages --require-hashes"
    " -r requirements-parquet.txt"
)


def declare(commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser) -> None:
    """Add the command to those of ``linky-collect``."""
    parser = commands.add_parser("parquet", parents=[common], help="write the days that are over, or changed, as files")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="every day, whether or not it changed")
    which.add_argument("--end", action="store_true", help="delete all these files, and write none any more")
    parser.set_defaults(run=_parquet)


def _parquet(options: argparse.Namespace, config: CollectorConfig) -> None:
    try:
        from gateway.collector import parquet  # noqa: PLC0415 (a library that is missing is a sentence)
    except ImportError as error:
        raise ConfigError(_MISSING) from error
    from gateway.collector.database import Database, connect  # noqa: PLC0415
    from gateway.collector.retention import retain  # noqa: PLC0415
    from gateway.collector.schema import check  # noqa: PLC0415

    async def work(place: DayFiles) -> str:
        db = await connect(config.database_conninfo())
        try:
            await check(db)
            if options.end:
                ended = await parquet.end(db, place)
                return _BUSY if ended is None else f"{ended} files deleted; nothing is written any more\n"
            database = Database(config.database_conninfo())
            try:
                # What is past its retention is gone from the files as well.
                await retain(database, config.retention.most)
            finally:
                await database.close()
            done = await parquet.night(db, place, every=options.all)
        finally:
            await db.close()
        if done is None:
            return _BUSY
        return f"{done.written} files written, {done.removed} deleted, {done.same} unchanged\n"

    with _place(config) as place:
        sys.stdout.write(asyncio.run(work(place)))


@contextmanager
def _place(config: CollectorConfig) -> Iterator[DayFiles]:
    from pathlib import Path  # noqa: PLC0415

    from gateway.collector.bucket import DayBucket  # noqa: PLC0415
    from gateway.collector.folder import DayFolder  # noqa: PLC0415

    where = config.parquet_place()
    if isinstance(where, Path):
        yield DayFolder(where)
        return
    bucket = DayBucket(where)
    try:
        yield bucket
    finally:
        bucket.close()
