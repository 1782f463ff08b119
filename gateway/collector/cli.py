"""``linky-collect``: arguments in, exit code out; a person gets sentences, never a traceback."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gateway import __version__
from gateway.collector import invite_cli, operation_cli, parquet_cli, segments_cli
from gateway.errors import ConfigError, StoreError
from gateway.process.ending import ended

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from psycopg import AsyncConnection

    from gateway.collector.config import CollectorConfig
    from gateway.collector.database import Database
    from gateway.collector.gateways import WantedSubscription

DEFAULT_CONFIG = Path("/etc/linky-gateway/collect.toml")

_T = TypeVar("_T")

# How a subscription that nobody has consented to stands, for the last line of ``gateways ask``.
_SAID = {
    "pending": "wait for their household",
    "granted": "granted, and subscribed to when linky-collect runs",
    "refused": "refused by their household",
    "expired": "never answered",
    "ended": "withdrawn by their household",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=options.log_level, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    # It would name every statement and every row.
    logging.getLogger("psycopg").setLevel(logging.WARNING)
    code = 0

    def run() -> None:
        nonlocal code
        # Only what says how things stand has a code of its own.
        code = options.run(options, _load(options.config)) or 0

    return ended("linky-collect", run) or code


def _load(path: Path) -> CollectorConfig:
    try:
        from gateway.collector.config import load  # noqa: PLC0415 (a library that is missing is a sentence)
    except ImportError as error:
        raise ConfigError(
            f"{error.name or 'psycopg'} cannot be used: sudo apt install python3-psycopg (it brings libpq5)"
        ) from error
    return load(path)


def _run(options: argparse.Namespace, config: CollectorConfig) -> None:
    from gateway.collector.config import watched_at  # noqa: PLC0415
    from gateway.collector.program import Collector  # noqa: PLC0415

    if options.metrics:
        config = watched_at(config, options.metrics)

    async def collect() -> None:
        # Made inside the loop: its events belong to it.
        await Collector(config, options.resource).run()

    asyncio.run(collect())


def _check(options: argparse.Namespace, config: CollectorConfig) -> None:
    from gateway.collector.schema import check  # noqa: PLC0415

    config.session_account()
    layout = _with_database(config, check)
    sys.stdout.write(f"the configuration is right, the database has its tables ({layout.value})\n")


def _init(options: argparse.Namespace, config: CollectorConfig) -> None:
    from gateway.collector.begin import begin  # noqa: PLC0415
    from gateway.collector.schema import let_read, migrate  # noqa: PLC0415

    begin(config, lambda line: sys.stdout.write(f"{line}\n"))
    done = _with_database(config, partial(migrate, timescale=config.database.timescale), bare=True)
    sys.stdout.write(f"{done} migrations were run; the database is up to date\n")
    for role in options.reader:
        _with_database(config, partial(let_read, role=role), bare=True)
        sys.stdout.write(f"{role} may read the views\n")


def _retain(options: argparse.Namespace, config: CollectorConfig) -> None:
    from gateway.collector.retention import retain  # noqa: PLC0415

    done = asyncio.run(_with_connection(config, partial(retain, most=config.retention.most)))
    if done is None:
        sys.stdout.write("another process is just doing it\n")
    else:
        sys.stdout.write(f"{done.readings} readings deleted, {done.months} months dropped\n")


def _status(options: argparse.Namespace, config: CollectorConfig) -> int:
    from gateway.collector.status import as_text, look_at, overview, process  # noqa: PLC0415

    found = _with_database(config, lambda db: overview(db, _account(config)))
    if config.metrics.at:
        found["process"] = asyncio.run(process(config.metrics.at))
    code, sentences = look_at(found, writes_files=config.parquet is not None)
    found["look"] = [{"sentence": sentence} for sentence in sentences]
    text = json.dumps(found, default=str, indent=2) + "\n" if options.json else as_text(found)
    sys.stdout.write(text)
    return code


def _totals(options: argparse.Namespace, config: CollectorConfig) -> None:
    from gateway.collector.schema import check  # noqa: PLC0415
    from gateway.collector.totals import listed  # noqa: PLC0415
    from gateway.federation.wire.total_lines import parse_window  # noqa: PLC0415

    window = parse_window(options.begin, options.end)
    jid = options.gateway.partition("/")[0].lower() if options.gateway else None

    async def work(db: AsyncConnection) -> list[str]:
        await check(db)
        return await listed(db, _account(config), window, jid)

    for line in _with_database(config, work, bare=True):
        sys.stdout.write(f"{line}\n")


def _add(options: argparse.Namespace, config: CollectorConfig) -> None:
    from gateway.collector.gateways import add  # noqa: PLC0415

    lines = list(_wanted(options))
    if not lines:
        raise ConfigError("which gateway? Name one and an --identifier, or a file with --from")
    count = _with_database(config, lambda db: add(db, _account(config), lines, options.history_from))
    sys.stdout.write(f"{len(lines)} subscriptions noted; {count} gateways in all\n")


def _remove(options: argparse.Namespace, config: CollectorConfig) -> None:
    from gateway.collector.erasing import finish  # noqa: PLC0415
    from gateway.collector.gateways import remove  # noqa: PLC0415

    jid = options.gateway.partition("/")[0].lower()
    deleted = _with_database(config, lambda db: remove(db, _account(config), jid, erase=options.erase))
    if options.erase:
        asyncio.run(_with_connection(config, partial(finish, patient=True)))
    sys.stdout.write(f"{jid} is asked no more; {deleted} readings deleted\n")


def _list(options: argparse.Namespace, config: CollectorConfig) -> None:
    from gateway.collector.gateways import listed  # noqa: PLC0415

    rows = _with_database(config, lambda db: listed(db, _account(config)))
    if options.json:
        sys.stdout.write(json.dumps(rows, default=str, indent=2) + "\n")
        return
    for row in rows:
        mark = " limited" if row["limited"] else ""
        sentence = f" ({row['sentence']})" if row["sentence"] else ""
        asked = f", asked {row['requested_at']:%Y-%m-%d}: {row['request']}" if row["requested_at"] else ""
        joined = f", joined {row['joined_at']:%Y-%m-%d}" if row["joined_at"] else ""
        sys.stdout.write(f"{row['gateway']} {row['identifier']}: {row['standing']}{mark}{joined}{asked}{sentence}\n")


def _ask(options: argparse.Namespace, config: CollectorConfig) -> None:
    from gateway.collector.access import ask  # noqa: PLC0415
    from gateway.process.progress import bar  # noqa: PLC0415

    if options.again and not options.gateway:
        raise ConfigError("--again: whom? Name the gateway whose household may be asked once more")
    jid = options.gateway.partition("/")[0].lower() if options.gateway else None
    done = asyncio.run(ask(config, jid, again=options.again, progress=bar))
    for gateway, identifier, sentence in sorted(done.failed):
        sys.stdout.write(f"{gateway} {identifier}: not asked: {sentence}\n")
    stand = [f"{count} {_SAID.get(state, state)}" for state, count in sorted(done.stand.items())]
    not_asked = [f"{len(done.failed)} could not be asked"] if done.failed else []
    sys.stdout.write("; ".join([f"{done.asked} asked now", *stand, *not_asked]) + "\n")


def _wanted(options: argparse.Namespace) -> Iterator[WantedSubscription]:
    from gateway.collector.gateways import wanted  # noqa: PLC0415

    if options.gateway:
        if not options.identifier:
            raise ConfigError(f"{options.gateway}: what to subscribe to? Add --identifier")
        yield from wanted(options.gateway, options.identifier)
    if options.file:
        for number, line in enumerate(options.file.read_text(encoding="utf-8").splitlines(), 1):
            words = line.partition("#")[0].split()
            if len(words) == 1:
                raise ConfigError(f"{options.file}, line {number}: a gateway's address, a space, what to subscribe to")
            if words:
                yield from wanted(words[0], words[1:])


def _account(config: CollectorConfig) -> str:
    from gateway.federation.connection.jids import bare_jid  # noqa: PLC0415

    return bare_jid(config.account.jid)


async def _with_connection(config: CollectorConfig, work: Callable[[Database], Awaitable[_T]]) -> _T:
    """Do one thing that takes many transactions."""
    from gateway.collector.database import Database  # noqa: PLC0415

    database = Database(config.database_conninfo())
    try:
        return await work(database)
    finally:
        await database.close()


def _with_database(
    config: CollectorConfig, work: Callable[[AsyncConnection], Awaitable[_T]], *, bare: bool = False
) -> _T:
    """Do one thing with the database; ``bare`` without a transaction around it, and before there are tables."""
    import psycopg  # noqa: PLC0415

    from gateway.collector.database import Database, connect  # noqa: PLC0415
    from gateway.collector.schema import check  # noqa: PLC0415

    async def alone() -> _T:
        db = await connect(config.database_conninfo())
        try:
            return await work(db)
        finally:
            await db.close()

    async def checked(db: AsyncConnection) -> _T:
        await check(db)
        return await work(db)

    async def together() -> _T:
        database = Database(config.database_conninfo())
        try:
            return await database.run(checked)
        finally:
            await database.close()

    try:
        return asyncio.run(alone() if bare else together())
    except psycopg.Error as error:
        raise StoreError(f"PostgreSQL refuses: {str(error).strip().splitlines()[0]}") from error


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text}: a date such as 2026-01-31, or a time with its offset") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="linky-collect", description="Receives from many gateways and keeps it in PostgreSQL."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = _common("WARNING")
    run = commands.add_parser("run", parents=[_common("INFO")], help="receive until SIGTERM")
    run.add_argument("--resource", help="of this process, instead of the configuration's")
    run.add_argument("--metrics", metavar="HOST:PORT", help="of this process, instead of the configuration's")
    run.set_defaults(run=_run)
    check = commands.add_parser("check", parents=[common], help="the configuration and the database, once")
    check.set_defaults(run=_check)
    init = commands.add_parser(
        "init", parents=[common], help="make what is missing (passwords, database, tables), or bring it up to date"
    )
    init.add_argument("--reader", action="append", default=[], metavar="ROLE", help="let a role read the views")
    init.set_defaults(run=_init)
    retain = commands.add_parser("retain", parents=[common], help="delete what is past its retention, now")
    retain.set_defaults(run=_retain)
    status = commands.add_parser(
        "status", parents=[common], help="processes, gateways, what came; exit 1: look, 2: stands still"
    )
    status.add_argument("--json", action="store_true", help="for programs")
    status.set_defaults(run=_status)
    totals = commands.add_parser("totals", parents=[common], help="count and hash of each series, to be compared")
    totals.add_argument("gateway", nargs="?", help="only what this one has sent")
    totals.add_argument("--from", dest="begin", default="", metavar="TIME", help="since, in France (yesterday)")
    totals.add_argument("--to", dest="end", default="", metavar="TIME", help="until (last midnight)")
    totals.set_defaults(run=_totals)
    parquet_cli.declare(commands, common)
    _add_gateways(commands.add_parser("gateways", help="from whom to receive"), common)
    invite_cli.declare(commands, common, _moment, _with_database, _account)
    segments_cli.declare(commands, common, _with_database, _account)
    operation_cli.declare(commands, common, _with_database, _account)
    return parser


def _add_gateways(parser: argparse.ArgumentParser, common: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    add = actions.add_parser("add", parents=[common], help="subscribe with a gateway")
    add.add_argument("gateway", nargs="?", help="its full address, such as maison@example.org/proxy")
    add.add_argument("--identifier", action="append", default=[], help="a series or a branch; may be repeated")
    add.add_argument("--from", dest="file", type=Path, help="a file: on each line an address and identifiers")
    add.add_argument("--history-from", type=_moment, metavar="DATE", help="ask also for what was before, since then")
    add.set_defaults(run=_add)
    remove = actions.add_parser("remove", parents=[common], help="subscribe with a gateway no more")
    remove.add_argument("gateway", help="its address")
    remove.add_argument("--erase", action="store_true", help="delete what was received from it as well")
    remove.set_defaults(run=_remove)
    asking = actions.add_parser("ask", parents=[common], help="ask households for their consent, each once")
    asking.add_argument("gateway", nargs="?", help="only this one")
    asking.add_argument("--again", action="store_true", help="even if it said no, did not answer or has withdrawn")
    asking.set_defaults(run=_ask)
    listing = actions.add_parser("list", parents=[common], help="each subscription and how it stands")
    listing.add_argument("--json", action="store_true", help="for programs")
    listing.set_defaults(run=_list)


def _common(level: str) -> argparse.ArgumentParser:
    """What every command has; ``level`` is what it logs unless it is told otherwise."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, default=DEFAULT_CONFIG, help=f"the configuration ({DEFAULT_CONFIG})")
    common.add_argument("--log-level", default=level, choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    return common


if __name__ == "__main__":
    sys.exit(main())
