"""``linky-gateway balance``, and what ``cost`` shares with it: what was drawn, produced, paid: a table, or JSON.

Both read the database while the daemon runs or not. What is shown is made by ``gateway.balance``.
"""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.commands.options import add_language, command, configured, moment, spoken, stored
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands
    from gateway.config.tables import Config
    from gateway.household.days import HouseholdDays
    from gateway.household.past.days import PastDays
    from gateway.household.report import BalanceReport

# How many periods are shown when nobody says from when.
SHOWN = {"day": 14, "week": 8, "month": 12, "year": 10}


def declare(commands: Commands) -> None:
    """The command's arguments."""
    add(commands, "balance", "energy by period: drawn, injected, produced, by tariff class, beside the year before")


def add(commands: Commands, name: str, text: str) -> argparse.ArgumentParser:
    """The parser of one of the two words that show periods: ``balance`` and ``cost``."""
    parser = command(commands, name, run, text)
    parser.set_defaults(what=name)
    parser.add_argument("--period", choices=tuple(SHOWN), default="month", help="what a row is of (default: month)")
    parser.add_argument("--from", dest="since", type=moment, metavar="T", help="ISO 8601; periods are shown whole")
    parser.add_argument("--to", dest="until", type=moment, metavar="T", help="ISO 8601, not included")
    parser.add_argument("--meter", metavar="NAME", help="which [[meter]] (default: the first)")
    add_language(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object: Wh and euros")
    return parser


_NO_TARIFF = Phrase("{path}: without a [[tariff]] nothing has a cost; add one")


def run(options: argparse.Namespace) -> int:
    """Show one of the two; the exit code."""
    from gateway.errors import ConfigError  # noqa: PLC0415
    from gateway.household.days import HouseholdDays  # noqa: PLC0415
    from gateway.household.past.days import PastDays  # noqa: PLC0415
    from gateway.household.report import as_json, as_text  # noqa: PLC0415 (the parser needs none of it)

    config = configured(options)
    if options.what == "cost" and not config.tariff:
        raise ConfigError(_NO_TARIFF.filled(path=options.config))
    with stored(config) as archive:
        house = HouseholdDays(archive, config, options.meter)
        view = _view(house, PastDays(archive, house.meter), config, options)
        if options.json:
            print(json.dumps(as_json(view, options.what), ensure_ascii=False, indent=2))
        else:
            print("\n".join(as_text(view, options.what, spoken(options))))
    return 0


def _view(house: HouseholdDays, past: PastDays, config: Config, options: argparse.Namespace) -> BalanceReport:
    from gateway.balance.calendar import BalancePeriod, day_of  # noqa: PLC0415
    from gateway.balance.rows import earliest_needed, rows  # noqa: PLC0415
    from gateway.household.report import BalanceReport  # noqa: PLC0415

    now, period = int(time.time()), BalancePeriod(options.period)
    # A replayed meter lives in another time; of a silent one the last day is shown, not a void.
    today = day_of(min(now, house.last_time or now))
    until = today if options.until is None else min(day_of(max(options.until - 1, 0)), today)
    end = until + timedelta(days=1)
    last = period.begin(until)
    first = period.back(last, SHOWN[options.period] - 1) if options.since is None else day_of(max(options.since, 0))
    # What was imported has no tariff classes, and another time's prices: it has a place in energy alone.
    before = past.first if options.what == "balance" else None
    begun = min((one for one in (house.first, before) if one), default=first)
    first = max(period.begin(first), period.begin(begun))
    known = {}
    if first < end:
        needed = earliest_needed(period, first), period.after(last)
        known = {day.date: day for day in (past.read(*needed) if before else ())}
        known |= {day.date: day for day in house.read(*needed)}
    found = rows(period, first, end, known, config.tariff, house.running)
    return BalanceReport(house, period, found, now, today, config.tariff, config.objective)
