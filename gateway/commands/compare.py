"""``linky-gateway compare``: one's own days under other offers, and whether one's contract is what the meter counts.

Reads the database while the daemon runs or not. What is reckoned is in ``gateway.household.comparing``. Exit code 1
where the contract's hours are not the meter's, since nothing is compared then.
"""

from __future__ import annotations

import csv
import json
import re
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.options import add_language, command, configured, moment, refused, spoken, stored
from gateway.errors import ConfigError, Exit
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    import argparse
    from datetime import date

    from gateway.balance.offer_hours import Windows
    from gateway.commands.options import Commands
    from gateway.household.comparison import Comparison, ComparisonOrder

_MOST_OFFERS = 20
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
_KWH = re.compile("[0-9]{1,3}(?:[.,][0-9]{1,3})?")

_NO_HOURS = Phrase("{text!r} are no hours; write for example 13:00/15:00")
_NO_SHIFT = Phrase(
    "{text!r} is no use to move; write for example 3@19:00/21:00: 3 kWh a day, drawn from 19:00 to 21:00"
)
_TOO_MANY = Phrase("{count} offers are too many at once; at most {most}")


def declare(commands: Commands) -> None:
    """The command's arguments."""
    text = "what your own days would cost under other offers, and whether your contract is what your meter counts"
    parser = command(commands, "compare", run, text)
    parser.add_argument("offers", nargs="*", metavar="OFFER", help="a file (offer.toml), or the name of an example")
    parser.add_argument("--show", metavar="NAME", help="print that example, to be copied and corrected; nothing else")
    parser.add_argument("--from", dest="since", type=moment, metavar="T", help="first day (default: a year ago)")
    parser.add_argument("--to", dest="until", type=moment, metavar="T", help="the day after the last one")
    parser.add_argument("--dated", action="store_true", help="each day's own prices, not those of today for all")
    parser.add_argument(
        "--shift", type=_shift, metavar="KWH@HOURS", help="move a use to the cheapest hours: 3@19:00/21:00"
    )
    parser.add_argument("--power", type=int, choices=range(1, 37), metavar="KVA", help="(default: what the meter says)")
    parser.add_argument("--colours", type=Path, metavar="FILE", help="Tempo's colours, as RTE gives them")
    parser.add_argument("--weekday", choices=_WEEKDAYS, help="the day that an offer leaves to you")
    parser.add_argument(
        "--hours", type=_hours, metavar="HOURS", help="the hours that an offer leaves to you: 13:00/15:00"
    )
    parser.add_argument("--alsace-moselle", action="store_true", help="13 public holidays instead of 11")
    parser.add_argument("--meter", metavar="NAME", help="which [[meter]] (default: the first)")
    add_language(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object: Wh and euros")
    form.add_argument("--csv", action="store_true", help="a row for each class of each month of each offer")


def run(options: argparse.Namespace) -> int:
    """Compare, or show an example; the exit code."""
    from gateway.config.offers import find_offer  # noqa: PLC0415 (the parser needs none of it)

    if options.show:
        print(find_offer(options.show, Path()).path.read_text(encoding="utf-8"), end="")
        return 0
    if len(options.offers) > _MOST_OFFERS:
        raise ConfigError(_TOO_MANY.filled(count=len(options.offers), most=_MOST_OFFERS))
    found = _compared(options)
    if options.json:
        from gateway.household.comparison_report import as_json  # noqa: PLC0415

        print(json.dumps(as_json(found), ensure_ascii=False, indent=2))
    elif options.csv:
        from gateway.household.comparison_report import as_rows  # noqa: PLC0415

        csv.writer(sys.stdout, lineterminator="\n").writerows(as_rows(found))
    else:
        _print(found, options)
    return Exit.FAILED if found.refused else Exit.DONE


def _compared(options: argparse.Namespace) -> Comparison:
    from gateway.balance.calendar import day_of  # noqa: PLC0415
    from gateway.config.offers import find_offer  # noqa: PLC0415
    from gateway.household.comparing import compare  # noqa: PLC0415
    from gateway.household.days import HouseholdDays  # noqa: PLC0415
    from gateway.process.progress import bar  # noqa: PLC0415

    config = configured(options)
    files = [find_offer(name, Path()) for name in options.offers]
    order, today = _order(options), day_of(time.time())
    with stored(config) as archive:
        house = HouseholdDays(archive, config, options.meter)
        return compare(archive, house, config, files, order, today, bar)


def _order(options: argparse.Namespace) -> ComparisonOrder:
    from gateway.config.colours import read_colours  # noqa: PLC0415
    from gateway.household.comparison import ComparisonOrder  # noqa: PLC0415

    return ComparisonOrder(
        first=_day(options.since),
        end=_day(options.until),
        dated=options.dated,
        power=options.power,
        weekday=options.weekday,
        hours=options.hours,
        alsace_moselle=options.alsace_moselle,
        colours=read_colours(options.colours) if options.colours else {},
        shift=options.shift,
    )


def _print(found: Comparison, options: argparse.Namespace) -> None:
    from gateway.balance.words import WIDTH  # noqa: PLC0415
    from gateway.config.offers import example_names  # noqa: PLC0415
    from gateway.household.comparison_report import as_text  # noqa: PLC0415
    from gateway.household.comparison_words import COMPARISON_TEXTS  # noqa: PLC0415

    lang = spoken(options)
    print("\n".join(as_text(found, lang)))
    if not options.offers:
        text = COMPARISON_TEXTS[lang]["examples"].format(names=", ".join(example_names()))
        # Names are typed as they stand: none is broken at its hyphens.
        print(textwrap.fill(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False))


def _day(time: int | None) -> date | None:
    from gateway.balance.calendar import day_of  # noqa: PLC0415

    return None if time is None else day_of(time)


def _hours(text: str) -> Windows:
    from gateway.balance.supplier_offer import minutes_of  # noqa: PLC0415

    try:
        return tuple(minutes_of(one) for one in text.split(","))
    except ValueError:
        raise refused(_NO_HOURS.filled(text=text)) from None


def _shift(text: str) -> tuple[int, Windows]:
    kwh, _, hours = text.partition("@")
    if not _KWH.fullmatch(kwh):
        raise refused(_NO_SHIFT.filled(text=text))
    return round(float(kwh.replace(",", ".")) * 1000), _hours(hours)
