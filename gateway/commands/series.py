"""``linky-gateway series``: which series this house has, what each is called, and the id that stands in their names."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from gateway.commands.options import add_language, command, configured, spoken, stored
from gateway.words.phrase import NOTHING, Phrase

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator

    from gateway.commands.options import Commands
    from gateway.household.series import PossibleSeries, SeriesMeter

_METER = Phrase("Meter {name}, id {sensor}")
_ADDRESS = Phrase("  for who receives: {identifier}")
_NO_ACCOUNT = Phrase("  nothing can be sent: the configuration has no account ([federation])")
_NONE_YET = Phrase("  no series yet: the meter has said nothing")
_NO_METER = Phrase("no meter yet: start the gateway once")
_HEADS = (
    Phrase("series"),
    Phrase("unit"),
    Phrase("granularities"),
    Phrase("meaning"),
)
_LEGEND = Phrase(
    "Granularities: raw as the meter says it, PT1M a minute, PT15M a quarter of an hour, PT30M half an hour, P1D a day."
)
_LEGEND_OF_ALL = Phrase(" N is a number, T a period of the tariff.")
_TEXT = Phrase("text")


def declare(commands: Commands) -> None:
    """The command's arguments."""
    text = "the series of this house: names, units, granularities, meanings, the id in them"
    parser = command(commands, "series", _run, text)
    parser.add_argument("--all", action="store_true", help="instead, every series that a meter can have")
    add_language(parser)
    parser.add_argument("--json", action="store_true", help="one JSON array; meanings in French and English")


def _run(options: argparse.Namespace) -> int:
    from gateway.household.series import as_json, every_series, known_as_json  # noqa: PLC0415 (the parser needs none of it)

    lang = spoken(options)
    if options.all:
        rows, told = every_series(), [known_as_json(one) for one in every_series()]
        text = _table(rows, lang, _LEGEND + _LEGEND_OF_ALL)
    else:
        meters = _meters(options)
        told, text = as_json(meters), [line for meter in meters for line in _paragraph(meter, lang)]
        text = [*text, _LEGEND.in_language(lang)] if meters else [_NO_METER.in_language(lang)]
    sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=2) if options.json else "\n".join(text))
    sys.stdout.write("\n")
    return 0


def _meters(options: argparse.Namespace) -> tuple[SeriesMeter, ...]:
    from gateway.household.series import of_house  # noqa: PLC0415

    config = configured(options)
    with stored(config) as archive:
        return of_house(archive.meters, config)


def _paragraph(meter: SeriesMeter, lang: str) -> Iterator[str]:
    yield _METER.filled(name=meter.name, sensor=meter.sensor).in_language(lang)
    address = _ADDRESS.filled(identifier=meter.identifier) if meter.identifier else _NO_ACCOUNT
    yield address.in_language(lang)
    yield ""
    yield from _table([one.known for one in meter.series], lang, NOTHING if meter.series else _NONE_YET)
    yield ""


def _table(rows: Iterable[PossibleSeries], lang: str, below: Phrase) -> list[str]:
    """Aligned, with its heads, and a sentence below."""
    cells = [
        [one.path, one.unit or _TEXT.in_language(lang), " ".join(one.granularities), one.meaning.in_language(lang)]
        for one in rows
    ]
    lines = [[head.in_language(lang) for head in _HEADS], *cells] if cells else []
    wide = [max(map(len, column)) for column in zip(*lines, strict=True)]
    said = ["  ".join(f"{cell:<{width}}" for cell, width in zip(line, wide, strict=True)).rstrip() for line in lines]
    return [*(f"  {line}" for line in said), *([below.in_language(lang)] if below else [])]
