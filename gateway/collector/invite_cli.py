"""``linky-collect invite`` and ``linky-collect invitations``: sheets of links made, listed and revoked."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from gateway.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from psycopg import AsyncConnection

    from gateway.collector.config import CollectorConfig

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)

_MOST = 10_000
# Of a file that is read: several times what so many lines have.
_MOST_CHARS, _MOST_SAID = 8_000_000, 20
_LONGEST_DAYS = 366


class WithDatabase(Protocol):
    """Does one thing with the collector's database, in one transaction."""

    def __call__(self, config: CollectorConfig, work: Callable[[AsyncConnection], Awaitable[_T]]) -> _T:
        """What it found."""


def declare(
    commands: Any,  # noqa: ANN401 (argparse's own kind is private)
    common: argparse.ArgumentParser,
    moment: Callable[[str], datetime],
    database: WithDatabase,
    account: Callable[[CollectorConfig], str],
) -> None:
    """The parsers; ``moment`` reads a date, ``database`` and ``account`` are the program's."""
    invite = commands.add_parser("invite", parents=[common], help="make a sheet of invitations, each for one household")
    invite.add_argument("count", type=_count, help=f"how many, {_MOST:,} at most")
    invite.add_argument("--sheet", required=True, help="a name for them, such as spring-2027")
    invite.add_argument("--to", type=Path, default=Path(), metavar="FOLDER", help="where its files go (default: here)")
    invite.add_argument("--days", type=_days, default=60, help="how long they are good (default: 60)")
    invite.add_argument("--lang", choices=("fr", "en"), default="fr", help="of the sheet (default: fr)")
    invite.add_argument("--history-from", type=moment, metavar="DATE", help="ask also for what was before, since then")
    tokens = invite.add_mutually_exclusive_group(required=True)
    tokens.add_argument("--tokens", metavar="FILE", help="of your server, one for each account; - for standard input")
    tokens.add_argument("--no-accounts", action="store_true", help="only for gateways that have an account already")
    invite.set_defaults(run=lambda options, config: _invite(options, config, database))
    actions = commands.add_parser("invitations", help="who joined by which; revoke them").add_subparsers(
        required=True, metavar="ACTION"
    )
    listing = actions.add_parser("list", parents=[common], help="each sheet; with --sheet each of its invitations")
    listing.add_argument("--sheet", help="only this one, line by line")
    listing.add_argument("--json", action="store_true", help="every invitation, for programs")
    listing.set_defaults(run=lambda options, config: _list(options, config, database, account))
    revoke = actions.add_parser("revoke", parents=[common], help="let what nobody has used yet be good no more")
    revoke.add_argument("what", help="a sheet's name, or an invitation's id")
    revoke.add_argument("--json", action="store_true", help="for programs: how many were revoked, and which were used")
    revoke.set_defaults(run=lambda options, config: _revoke(options, config, database, account))
    naming = actions.add_parser("name", parents=[common], help="note which device each went into")
    naming.add_argument("register", metavar="FILE", help="register.csv of tools/provision; - for standard input")
    naming.add_argument("--json", action="store_true", help="for programs: how those invitations stand")
    naming.set_defaults(run=lambda options, config: _name(options, config, database, account))


def _invite(options: argparse.Namespace, config: CollectorConfig, database: WithDatabase) -> None:
    from gateway.collector.invite import InvitationSheet, tokens_in  # noqa: PLC0415 (--help needs none of it)
    from gateway.process.progress import bar  # noqa: PLC0415

    tokens = [] if options.no_accounts else tokens_in(_text("--tokens", options.tokens), options.count)
    sheet = InvitationSheet(config, options.sheet, options.days, options.history_from, tokens)
    page, table = database(config, lambda db: sheet.make(db, options.count, options.to, options.lang, bar))
    sys.stdout.write(
        f"{options.count} invitations made: print {page}, or send each household its link of {table}\n"
        f"signed {sheet.fingerprint}: write these letters into your letter and onto your website\n"
    )


def _list(
    options: argparse.Namespace,
    config: CollectorConfig,
    database: WithDatabase,
    account: Callable[[CollectorConfig], str],
) -> None:
    from gateway.collector.invitations import listed  # noqa: PLC0415

    rows = database(config, lambda db: listed(db, account(config), options.sheet))
    if options.json:
        sys.stdout.write(json.dumps(rows, default=str, indent=2) + "\n")
    elif options.sheet:
        for row in rows:
            sys.stdout.write(f"{_said(row)}\n")
    else:
        for sheet in dict.fromkeys(row["sheet"] for row in rows):
            of_it = [row for row in rows if row["sheet"] == sheet]
            states = Counter(row["state"] for row in of_it)
            said = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
            sys.stdout.write(f"{sheet}: {said} (of {len(of_it)}, good until {of_it[0]['expires_at']:%Y-%m-%d})\n")
    if not rows:
        sys.stderr.write("no invitation was ever made\n" if not options.sheet else f"no sheet {options.sheet}\n")


def _said(row: dict[str, Any]) -> str:
    """One invitation on a line."""
    device = f", {row['device']}" if row["device"] else ""
    by = f" by {row['gateway']}" if row["gateway"] else ""
    on = f" on {row['joined_at']:%Y-%m-%d}" if row["joined_at"] else ""
    return f"{row['sheet']} {row['number']} ({row['id']}{device}): {row['state']}{by}{on}"


def _revoke(
    options: argparse.Namespace,
    config: CollectorConfig,
    database: WithDatabase,
    account: Callable[[CollectorConfig], str],
) -> None:
    from gateway.collector.invitations import revoke  # noqa: PLC0415
    from gateway.collector.labels import removing  # noqa: PLC0415

    count, used = database(config, lambda db: revoke(db, account(config), options.what))
    if options.json:
        sys.stdout.write(json.dumps({"revoked": count, "used": used}) + "\n")
        return
    sys.stdout.write(f"{count} invitations are good no more; {len(used)} were used before, and stay so\n")
    for row in used[:_MOST_SAID]:
        device = f" ({row['device']})" if row["device"] else ""
        sys.stdout.write(f"to take {row['gateway']}{device} out: {removing(row['gateway'])}\n")


def _name(
    options: argparse.Namespace,
    config: CollectorConfig,
    database: WithDatabase,
    account: Callable[[CollectorConfig], str],
) -> None:
    from gateway.collector.invitations import name  # noqa: PLC0415
    from gateway.collector.labels import devices_in  # noqa: PLC0415

    devices = devices_in(_text("FILE", options.register), options.register)
    rows = database(config, lambda db: name(db, account(config), devices))
    if options.json:
        sys.stdout.write(json.dumps(rows, default=str) + "\n")
        return
    for row in rows:
        sys.stdout.write(f"{_said(row)}\n")


def _text(option: str, file: str) -> str:
    """All of a file, or of the standard input (``-``)."""
    try:
        with sys.stdin if file == "-" else Path(file).open(encoding="utf-8-sig", newline="") as stream:
            text = stream.read(_MOST_CHARS + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{option} {file}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(text) > _MOST_CHARS:
        raise StoreError(f"{option} {file}: is longer than {_MOST_CHARS:,} characters; give it in parts")
    return text


def _count(text: str) -> int:
    return _number(text, _MOST)


def _days(text: str) -> int:
    return _number(text, _LONGEST_DAYS)


def _number(text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        raise argparse.ArgumentTypeError(f"{text}: a number from 1 to {most:,}")
    return int(text)
