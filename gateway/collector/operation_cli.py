"""``linky-collect operation``: a collective self-consumption checked, its statements of a month, its signed sums."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.errors import JournalError, StoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import date

    from psycopg import AsyncConnection

    from gateway.collector.config import CollectorConfig
    from gateway.collector.invite_cli import WithDatabase
    from gateway.collector.operation_before import GivenBefore
    from gateway.collector.operation_sums import SignedMonth
    from gateway.collector.statements import MonthlyStatement
    from gateway.operation.curves import CurveFile, Curves
    from gateway.operation.plan import Operation


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
    statements = _of_month(actions, common, "statements", "a month by member, as a table and as pages")
    statements.add_argument("--lang", choices=("fr", "en"), default="fr", help="of the pages (default: fr)")
    statements.set_defaults(run=lambda options, config: _statements(options, config, database, account))
    sums = _of_month(actions, common, "sums", "sign a month's sums, and a file for each member to check its share with")
    sums.add_argument(
        "--tell-corrections",
        action="store_true",
        help="sign a day anew too of which one or two homes were corrected: both sums tell by how much",
    )
    sums.set_defaults(run=lambda options, config: _sums(options, config, database, account))


def _of_month(
    actions: Any,  # noqa: ANN401 (argparse's own kind is private)
    common: argparse.ArgumentParser,
    name: str,
    text: str,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, parents=[common], help=text)
    parser.add_argument("file", type=Path, metavar="FILE", help="the operation's file")
    parser.add_argument("--month", required=True, type=_month, metavar="YYYY-MM", help="which month, such as 2026-10")
    parser.add_argument("--curves", type=Path, metavar="CSV", help="curves of those who have no gateway here")
    parser.add_argument("--to", type=Path, default=Path(), metavar="FOLDER", help="where its files go (default: here)")
    return parser


def _check(
    options: argparse.Namespace,
    config: CollectorConfig,
    database: WithDatabase,
    account: Callable[[CollectorConfig], str],
) -> None:
    from gateway.collector.operation_curves import MARKED, missing  # noqa: PLC0415 (--help needs none of it)
    from gateway.collector.operation_sums import unsaid  # noqa: PLC0415
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
    if config.access and config.access.granularity not in MARKED[table.step]:
        sys.stdout.write(
            f"[access] granularity is {config.access.granularity}: steps of {table.step} are not known from it;"
            f' set granularity = "{table.step}" before households are asked\n'
        )
    if sentence := unsaid(operation, [roll], config):
        sys.stdout.write(f"{sentence}\n")
    if roll.sharing < FEWEST:
        sys.stdout.write(f"under {FEWEST} members nothing but what was produced is told to any of them\n")
    elif roll.sharing < FEW:
        sys.stdout.write(f"under {FEW} members the totals of a month tell a good deal of each (README)\n")


def _statements(
    options: argparse.Namespace,
    config: CollectorConfig,
    database: WithDatabase,
    account: Callable[[CollectorConfig], str],
) -> None:
    from gateway.collector.statements import as_pages, as_table, month_of_operation  # noqa: PLC0415

    operation, others = _read(options)

    async def work(db: AsyncConnection) -> MonthlyStatement:
        return await month_of_operation(operation, options.month, _curves(db, account(config), operation, others))

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


def _sums(
    options: argparse.Namespace,
    config: CollectorConfig,
    database: WithDatabase,
    account: Callable[[CollectorConfig], str],
) -> None:
    from gateway.collector.operation_before import GivenBefore  # noqa: PLC0415
    from gateway.collector.operation_curves import kept_from  # noqa: PLC0415
    from gateway.collector.operation_sums import MonthSigner, alone, check_said, read_signed  # noqa: PLC0415
    from gateway.federation.wire.invitation import fingerprint, signing_key  # noqa: PLC0415

    operation, others = _read(options)
    check_said(operation, options.month, config)
    key, path = signing_key(config.invite_key), options.to / f"{options.file.stem}.sums.jsonl"
    # One more each time that the database asks for the work again: what was signed before is in its files.
    added: list[int] = []

    async def work(db: AsyncConnection) -> SignedMonth:
        # Nobody else signs from the chain being read to its last file being written.
        await alone(db, account(config), operation, path)
        given = GivenBefore(options.to / f"{options.file.stem}-{options.month:%Y-%m}", key.public)
        kept = await kept_from(db, account(config), operation)
        signer = MonthSigner(operation, read_signed(path, key), key, given, kept, options.tell_corrections)
        signed = await signer.month(options.month, _curves(db, account(config), operation, others))
        added.append(signed.added)
        _write_signed(signed, path, given)
        return signed

    signed = database(config, work)
    sys.stdout.write(f"{sum(added)} days signed anew, {len(signed.own)} files of members in {options.to}\n")
    _say_left(signed)
    sys.stdout.write(f"signed {fingerprint(key.public)}; the chain ends with {fingerprint(signed.chain.head)}\n")


def _say_left(signed: SignedMonth) -> None:
    """The days that stay as they were signed, and why."""
    from gateway.operation.reveal import FEWEST  # noqa: PLC0415

    if signed.left:
        days = "; ".join(f"{day} ({', '.join(names) or 'not known which'})" for day, names in signed.left.items())
        sys.stdout.write(
            f"left as they were signed, as both sums would tell by how much fewer than {FEWEST} homes were corrected:"
            f" {days} (--tell-corrections signs them anew: ask these homes first)\n"
        )
    if signed.past:
        days = ", ".join(map(str, signed.past))
        sys.stdout.write(f"left as they were signed, as readings of them were deleted since by retention: {days}\n")


def _write_signed(signed: SignedMonth, chain: Path, given: GivenBefore) -> None:
    """Its files; the chain first: what a member holds is in it, whatever comes after."""
    try:
        for name, text in signed.files():
            _write(given.path_of(name) if name else chain, text)
    except JournalError as error:
        raise StoreError(f"{chain}: with these days: {error}; nothing was written: let another chain begin") from error


def _read(options: argparse.Namespace) -> tuple[Operation, CurveFile | None]:
    """The operation, and the curves that a file has of it in the month."""
    from gateway.operation.curves import read_curves  # noqa: PLC0415
    from gateway.operation.plan import read_operation  # noqa: PLC0415

    operation = read_operation(options.file)
    if options.curves is None:
        return operation, None
    names = {*operation.members, *operation.producers}
    return operation, read_curves(options.curves, operation.table.step, names, options.month)


def _curves(
    db: AsyncConnection, account: str, operation: Operation, others: CurveFile | None
) -> Callable[[date], Awaitable[Curves]]:
    """What gives the curves of a day; those of a file stand before what gateways sent."""
    from gateway.collector.operation_curves import curves_of  # noqa: PLC0415
    from gateway.operation.curves import joined  # noqa: PLC0415
    from gateway.operation.steps import steps_of  # noqa: PLC0415

    async def of(day: date) -> Curves:
        written = others.of(steps_of(day, operation.table.step)) if others else {}
        return joined(written, await curves_of(db, account, operation, day))

    return of


def _write(path: Path, text: str) -> None:
    """For its owner alone: it is of households. Whole or not at all: of a chain there is no other copy here."""
    draft = path.with_name(f"{path.name}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as stream:
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
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
