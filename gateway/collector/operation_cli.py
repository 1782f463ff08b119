"""``linky-collect operation``: a collective self-consumption checked, and its statements of a month."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from psycopg import AsyncConnection

    from gateway.collector.config import CollectorConfig
    from gateway.collector.invite_cli import WithDatabase
    from gateway.collector.statements import MonthlyStatement
    from gateway.operation.curves import Curves

_COARSER = {"PT15M": ("PT30M", "P1D"), "PT30M": ("P1D",)}


def declare(
    commands: Any,  # noqa: ANN401 (argparse's own kind is private)
    common: argparse.ArgumentParser,
    database: WithDatabase,
    account: Callable[[CollectorConfig], str],
) -> None:
    """The parsers; ``database`` and ``account`` are the program's."""
    actions = commands.add_parser("operation", help="a collective self-consumption: who gets what").add_subparsers(
        required=True, metavar="ACTION"
    )
    check = actions.add_parser("check", parents=[common], help="check its file, and whose curves are here")
    check.add_argument("file", type=Path, metavar="FILE", help="the operation's file")
    check.set_defaults(run=lambda options, config: _check(options, config, database, account))
    statements = actions.add_parser("statements", parents=[common], help="a month by member, as a table and as pages")
    statements.add_argument("file", type=Path, metavar="FILE", help="the operation's file")
    statements.add_argument(
        "--month", required=True, type=_month, metavar="YYYY-MM", help="which month, such as 2026-10"
    )
    statements.add_argument("--curves", type=Path, metavar="CSV", help="curves of those who have no gateway here")
    statements.add_argument(
        "--to", type=Path, default=Path(), metavar="FOLDER", help="where its files go (default: here)"
    )
    statements.add_argument("--lang", choices=("fr", "en"), default="fr", help="of the pages (default: fr)")
    statements.set_defaults(run=lambda options, config: _statements(options, config, database, account))


def _check(
    options: argparse.Namespace,
    config: CollectorConfig,
    database: WithDatabase,
    account: Callable[[CollectorConfig], str],
) -> None:
    from gateway.collector.operation_curves import missing  # noqa: PLC0415 (--help needs none of it)
    from gateway.operation.plan import read_operation  # noqa: PLC0415
    from gateway.operation.reveal import FEW, FEWEST  # noqa: PLC0415
    from gateway.operation.steps import PARIS  # noqa: PLC0415

    operation = read_operation(options.file)
    table, today = operation.table, datetime.now(PARIS).date()
    roll = operation.roll(today)
    count = len(roll.members)
    sys.stdout.write(
        f"{table.name}: {table.key}, {table.step}, {count} members and {len(roll.producers)} producers today\n"
    )
    for name in database(config, lambda db: missing(db, account(config), operation, today)):
        sys.stdout.write(f"{name}: its gateway sends nothing by {table.step}: see linky-collect gateways list\n")
    for name in sorted(row.name for row in (*roll.members, *roll.producers) if not row.gateway):
        sys.stdout.write(f"{name}: no gateway: its curve is looked for in the file of --curves\n")
    if config.access and config.access.granularity in _COARSER[table.step]:
        sys.stdout.write(
            f"[access] granularity is {config.access.granularity}: steps of {table.step} are not known from it;"
            f' set granularity = "{table.step}" before households are asked\n'
        )
    if count < FEWEST:
        sys.stdout.write(f"under {FEWEST} members nothing but what was produced is told to any of them\n")
    elif count < FEW:
        sys.stdout.write(
            f"under {FEW} members the totals tell a good deal of each: say so before they agree (README)\n"
        )


def _statements(
    options: argparse.Namespace,
    config: CollectorConfig,
    database: WithDatabase,
    account: Callable[[CollectorConfig], str],
) -> None:
    from gateway.collector.operation_curves import curves_of  # noqa: PLC0415
    from gateway.collector.statements import as_pages, as_table, month_of_operation  # noqa: PLC0415
    from gateway.operation.curves import read_curves  # noqa: PLC0415
    from gateway.operation.plan import read_operation  # noqa: PLC0415

    operation = read_operation(options.file)
    names = {*operation.members, *operation.producers}
    others: Curves = read_curves(options.curves, operation.table.step, names) if options.curves else {}

    async def work(db: AsyncConnection) -> MonthlyStatement:
        async def of_day(day: date) -> Curves:
            return await curves_of(db, account(config), operation, day)

        return await month_of_operation(operation, options.month, of_day, others)

    statement = database(config, work)
    name = f"{options.file.stem}-{options.month:%Y-%m}"
    paths = options.to / f"{name}.html", options.to / f"{name}.csv"
    for path, text in zip(paths, (as_pages(statement, options.lang), as_table(statement)), strict=True):
        _write(path, text)
    unknown = sum(one.unknown for one in statement.members.values())
    sys.stdout.write(
        f"{len(statement.members)} members, {len(statement.producers)} producers: {paths[0]}, {paths[1]}\n"
    )
    if unknown:
        sys.stdout.write(f"{unknown} steps of members are unknown and in no sum: see the column unknown\n")


def _write(path: Path, text: str) -> None:
    """For its owner alone: it is of households."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as stream:
            stream.write(text.encode())
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from error


def _month(text: str) -> date:
    from gateway.operation.steps import PARIS, month_of  # noqa: PLC0415

    try:
        month = month_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if month >= datetime.now(PARIS).date().replace(day=1):
        raise argparse.ArgumentTypeError(f"{text} is not over yet")
    return month
