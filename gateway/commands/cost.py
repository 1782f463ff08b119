"""``linky-gateway cost``: what was paid, and what the month and the year will cost, shown as ``balance`` is."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from gateway.commands import balance
from gateway.commands.options import configured, spoken, stored
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from gateway.balance.tariff import VolumeTariffTable
    from gateway.commands.options import Commands
    from gateway.household.volume_report import VolumeReport
    from gateway.household.volumes import VolumeDays

_NO_PRICE = Phrase("{path}: without a [[volume_tariff]] of {of} it has no cost; add one, as its bill says it")


def declare(commands: Commands) -> None:
    """The command's arguments."""
    text = "what that costs under the tariffs of the configuration, and what the month and the year will cost"
    parser = balance.add(commands, "cost", text)
    parser.set_defaults(run=_run)
    what = ("electricity", "water", "gas")
    parser.add_argument("--of", choices=what, default=what[0], help="what is paid for (default: electricity)")


def _run(options: argparse.Namespace) -> int:
    return balance.run(options) if options.of == "electricity" else _volumes(options)


def _volumes(options: argparse.Namespace) -> int:
    from gateway.errors import ConfigError  # noqa: PLC0415 (the parser needs none of it)
    from gateway.household.volume_report import as_json, as_text, nothing  # noqa: PLC0415
    from gateway.household.volumes import VolumeDays, volume_index  # noqa: PLC0415

    config, now = configured(options), int(time.time())
    tables = [one for one in config.volume_tariff if one.of == options.of]
    if not tables:
        raise ConfigError(_NO_PRICE.filled(path=options.config, of=options.of))
    with stored(config) as archive:
        index = volume_index(archive, options.of, options.meter)
        view = _view(VolumeDays(archive, index, now), index.meter, tables, options, now)
    if view is None:
        print(nothing(index.meter, spoken(options)))
    elif options.json:
        print(json.dumps(as_json(view), ensure_ascii=False, indent=2))
    else:
        print("\n".join(as_text(view, spoken(options))))
    return 0


def _view(
    house: VolumeDays, meter: str, tables: Sequence[VolumeTariffTable], options: argparse.Namespace, now: int
) -> VolumeReport | None:
    from gateway.balance.calendar import BalancePeriod, day_of  # noqa: PLC0415
    from gateway.balance.rows import rows  # noqa: PLC0415
    from gateway.household.volume_report import VolumeReport  # noqa: PLC0415

    begun, last, period = house.first, house.last_time, BalancePeriod(options.period)
    if begun is None or last is None:
        return None
    today = day_of(last)
    until = today if options.until is None else min(day_of(max(options.until - 1, 0)), today)
    end = BalancePeriod.DAY.after(until)
    last_period = period.begin(until)
    back = period.back(last_period, balance.SHOWN[options.period] - 1)
    first = max(back if options.since is None else period.begin(day_of(max(options.since, 0))), period.begin(begun))
    known = {day.date: day for day in house.read(begun, BalancePeriod.DAY.after(today))}
    found = rows(period, first, end, known, [one.tariff for one in tables])
    return VolumeReport(options.of, meter, period, found, known, tables, now, last) if found else None
