"""``linky-gateway export``: which stored points; ``export_forms`` writes them to standard output."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gateway.commands.options import add_span, command, configured, spoken, stored
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands
    from gateway.config.tables import Config

_CSV_ALONE = Phrase("--imported is written as CSV alone: SenML has no place to say that a value was imported")
_AS_IT_CAME = Phrase("--imported gives each value as its file had it: leave out --granularity")
_NOTHING = Phrase("linky-gateway: no stored point is what was asked for")


def declare(commands: Commands) -> None:
    """The command's arguments."""
    export = command(commands, "export", _export, "stored points to standard output")
    export.add_argument("--format", choices=("senml-json", "senml-xml", "csv"), required=True)
    export.add_argument(
        "--series", default="", metavar="P", help="only the series at or below this path (`linky-gateway series`)"
    )
    add_span(export)
    export.add_argument(
        "--imported", action="store_true", help="what was imported from before the installation, as CSV alone"
    )
    export.add_argument(
        "--granularity",
        choices=("finest", "raw", "PT1M", "PT15M", "PT30M", "P1D"),
        default="finest",
        help="finest (the default): what the meter said, and minutes where that is no longer kept",
    )


def _export(options: argparse.Namespace) -> int:
    from gateway.commands.export_forms import SenML, export  # noqa: PLC0415
    from gateway.errors import SeriesError  # noqa: PLC0415
    from gateway.household.naming import series_namer  # noqa: PLC0415
    from gateway.store.labels import misspelt  # noqa: PLC0415
    from gateway.store.points import Granularity  # noqa: PLC0415

    config, path = configured(options), options.series.strip("/")
    if options.imported:
        return _export_imported(options, config, path)
    granularity = None if options.granularity == "finest" else Granularity.parse(options.granularity)
    with stored(config) as archive:
        meters = archive.meters.all()
        if path and (
            why := misspelt(path, (one.path for meter in meters for one in archive.meters.series(meter.name)))
        ):
            raise SeriesError(why)
        points = archive.readings.stream(path, granularity, options.since, options.until)
        primary = config.federation is not None and config.federation.units == "primary"
        count = export(points, SenML(series_namer(config, meters), primary=primary), options.format, sys.stdout)
    if not count:
        sys.stderr.write(_NOTHING.in_language(spoken(options)) + "\n")
    return 0


def _export_imported(options: argparse.Namespace, config: Config, path: str) -> int:
    from gateway.commands.export_forms import export_imported  # noqa: PLC0415
    from gateway.errors import SeriesError  # noqa: PLC0415

    if options.format != "csv":
        raise SeriesError(_CSV_ALONE)
    if options.granularity != "finest":
        raise SeriesError(_AS_IT_CAME)
    with stored(config) as archive:
        count = export_imported(archive.imports.stream(path, options.since, options.until), sys.stdout)
    if not count:
        sys.stderr.write(_NOTHING.in_language(spoken(options)) + "\n")
    return 0
