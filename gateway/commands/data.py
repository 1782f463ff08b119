"""``linky-gateway decode``, ``export`` and ``events``: what was captured, stored and happened, to standard output."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING

from gateway.commands.speech import add_language, spoken
from gateway.commands.usage import moment
from gateway.language import Phrase

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

_FOR_EVER = 2**62
_NOTHING = Phrase(
    "linky-gateway : aucun point enregistré ne correspond", "linky-gateway: no stored point is what was asked for"
)


def add_actions(command: Callable[..., argparse.ArgumentParser]) -> None:
    """The three parsers; ``command`` makes one, with its ``--config`` where that is not refused."""
    decode = command("decode", _decode, "captured bytes to JSON Lines", config=False)
    decode.add_argument("--mode", choices=("auto", "historic", "standard"), default="auto")
    decode.add_argument("--json", action="store_true", help="JSON Lines; there is no other form")
    decode.add_argument("--explain", action="store_true", help="also what labels and codes mean, in French and English")
    decode.add_argument("file", nargs="+", metavar="FILE", help="a capture; - is standard input")
    export = command("export", _export, "stored points to standard output")
    export.add_argument("--format", choices=("senml-json", "senml-xml", "csv"), required=True)
    export.add_argument(
        "--series", default="", metavar="P", help="only the series at or below this path (`linky-gateway series`)"
    )
    _add_span(export)
    export.add_argument(
        "--granularity",
        choices=("finest", "raw", "PT1M", "PT30M", "P1D"),
        default="finest",
        help="finest (the default): what the meter said, and minutes where that is no longer kept",
    )
    events = command("events", _events, "what happened to the meters: breaks, alarms, colours")
    add_language(events)
    _add_span(events)
    events.add_argument("--json", action="store_true", help="JSON Lines")


def _add_span(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="since", type=moment, default=0, metavar="T", help="ISO 8601, included")
    parser.add_argument(
        "--to", dest="until", type=moment, default=_FOR_EVER, metavar="T", help="ISO 8601, not included"
    )


def _decode(options: argparse.Namespace) -> int:
    from gateway.commands.decode import decode  # noqa: PLC0415 (each command pays for what it needs)

    decode(options.file, options.mode, sys.stdout, explained=options.explain)
    return 0


def _export(options: argparse.Namespace) -> int:
    from gateway.commands.export import SenML, export  # noqa: PLC0415
    from gateway.config.tables import load  # noqa: PLC0415
    from gateway.errors import SeriesError  # noqa: PLC0415
    from gateway.household.naming import series_namer  # noqa: PLC0415
    from gateway.store.labels import misspelt  # noqa: PLC0415
    from gateway.store.points import Granularity  # noqa: PLC0415
    from gateway.store.store import Archive  # noqa: PLC0415

    config, path = load(options.config), options.series.strip("/")
    granularity = None if options.granularity == "finest" else Granularity.parse(options.granularity)
    with closing(Archive(config.directory)) as archive:
        meters = archive.meters()
        if path and (why := misspelt(path, (one.path for meter in meters for one in archive.series(meter.name)))):
            raise SeriesError(why)
        points = archive.stream(path, granularity, options.since, options.until)
        primary = config.federation is not None and config.federation.units == "primary"
        count = export(points, SenML(series_namer(config, meters), primary=primary), options.format, sys.stdout)
    if not count:
        sys.stderr.write(_NOTHING.in_language(spoken(options)) + "\n")
    return 0


def _events(options: argparse.Namespace) -> int:
    from gateway.commands.event_words import event_in_words  # noqa: PLC0415
    from gateway.commands.export import event_as_json  # noqa: PLC0415
    from gateway.config.tables import load  # noqa: PLC0415
    from gateway.store.store import Archive  # noqa: PLC0415

    lang = spoken(options)
    with closing(Archive(load(options.config).directory)) as archive:
        for event in archive.events(options.since, options.until):
            line = event_as_json(event) if options.json else event_in_words(event).in_language(lang)
            sys.stdout.write(line + "\n")
    return 0
