"""``linky-gateway roof-estimate``: one's own last year under a roof that is not there yet, by a file of PVGIS.

Reads the database while the daemon runs or not, and asks nothing of the network: the household brings the file.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.options import add_language, command, configured, refused, spoken, stored
from gateway.errors import Exit
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    import argparse
    from fractions import Fraction

    from gateway.commands.options import Commands
    from gateway.config.tables import Config
    from gateway.household.roof_estimate import RoofEstimate

_NO_KWP = Phrase("{text!r} is no peak power in kWp, such as 3 or 4.5")


def declare(commands: Commands) -> None:
    """The command's arguments."""
    parser = command(commands, "roof-estimate", _run, "your last year under an estimated solar roof")
    parser.add_argument("file", type=Path, metavar="FILE", help="of PVGIS: Hourly data, PV power, CSV")
    parser.add_argument(
        "--peak-power", type=_kwp, metavar="KWP", help="reckon for so many kWp (default: those of the file)"
    )
    parser.add_argument("--meter", metavar="NAME", help="which [[meter]] (default: the first)")
    add_language(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object: Wh and euros")


def _run(options: argparse.Namespace) -> int:
    from gateway.household.roof_estimate_report import TEXTS, as_json, as_text  # noqa: PLC0415 (the parser needs none)

    config = configured(options)
    found = _estimated(options, config)
    lang = spoken(options)
    if found is None:
        print(TEXTS[lang]["no-day"].format(meter=options.meter or config.meter[0].name))
    elif options.json:
        print(json.dumps(as_json(found), ensure_ascii=False, indent=2))
    else:
        print("\n".join(as_text(found, lang)))
    return Exit.DONE if found and found.total.seconds else Exit.FAILED


def _estimated(options: argparse.Namespace, config: Config) -> RoofEstimate | None:
    from gateway.balance.calendar import day_of  # noqa: PLC0415
    from gateway.household.climate_file import read_climate  # noqa: PLC0415
    from gateway.household.days import HouseholdDays  # noqa: PLC0415
    from gateway.household.roof_estimate import estimate  # noqa: PLC0415

    file = read_climate(options.file, options.peak_power)
    with stored(config) as archive:
        house = HouseholdDays(archive, config, options.meter)
        return estimate(archive, house, config, file, day_of(time.time()))


def _kwp(text: str) -> Fraction:
    from gateway.household.climate_file import kwp_of  # noqa: PLC0415 (the parser needs none of it)

    kwp = kwp_of(text)
    if kwp is None:
        raise refused(_NO_KWP.filled(text=text))
    return kwp
