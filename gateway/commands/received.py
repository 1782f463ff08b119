"""``linky-gateway received``: others' series for a person, from the database, while the daemon runs or not.

A received point has its provider's name and the path that its provider gave it; the household's part of a production
stands under ``production/share/<name>/…``. ``export`` streams.
"""

from __future__ import annotations

import csv
import json
import sys
import time
from typing import TYPE_CHECKING

from gateway.commands.options import actions_of, add_language, add_span, command, configured, spoken, stored
from gateway.errors import ConfigError
from gateway.household.share import Origin, origins
from gateway.words.phrase import Phrase, joined, same, written

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from gateway.commands.options import Commands
    from gateway.config.tables import Config
    from gateway.store.providers import ReceivedEvent
    from gateway.store.received import ReceivedPoint, ReceivedSeries
    from gateway.store.store import Archive

_COLUMNS = ("time", "name", "provider", "series", "granularity", "value", "unit")


def declare(commands: Commands) -> None:
    """The command's arguments."""
    actions = actions_of(commands, "received", "others' series that come here", "Others' series.")
    command(actions, "list", received, "each received series: from when to when, for how long it may be kept")
    command(actions, "notices", received, "what providers told: consents that ended, data erased or rectified")
    command(actions, "history", received, "the newest points of one source, oldest first")
    command(actions, "export", received, "all points to standard output: CSV, or JSON Lines")
    history, export = actions.choices["history"], actions.choices["export"]
    history.add_argument("name", metavar="NAME", help="the name of a [[received]]")
    history.add_argument("--last", type=int, default=100, metavar="N", help="of each series (default: 100)")
    for action in (history, export):
        add_span(action)
    for action in actions.choices.values():
        add_language(action)
        action.add_argument("--json", action="store_true", help="JSON Lines")


def received(options: argparse.Namespace) -> int:
    """Run one action; the exit code."""
    config = configured(options)
    with stored(config) as archive:
        _ACTIONS[options.action](archive, origins(config.received), options)
        if options.action == "list" and not options.json and any(one.share for one in config.received):
            _cover(archive, config, options)
    return 0


def _list(archive: Archive, known: Sequence[Origin], options: argparse.Namespace) -> None:
    found = archive.received.series()
    for series in found:
        row = _series_row(series, known) | {"points": archive.received.count(series)}
        print(json.dumps(row) if options.json else _series_line(series, row).in_language(spoken(options)))
    if not found and not options.json:
        print(_NOTHING_YET.in_language(spoken(options)))


def _cover(archive: Archive, config: Config, options: argparse.Namespace) -> None:
    """What the household's part covers now, if that is known."""
    from gateway.household.cover_now import cover_now  # noqa: PLC0415
    from gateway.household.days import HouseholdDays  # noqa: PLC0415

    found = cover_now(archive.received, config.received, HouseholdDays(archive, config), int(time.time()))
    if found is not None:
        print(found.sentence.in_language(spoken(options)))


def _notices(archive: Archive, _: Sequence[Origin], options: argparse.Namespace) -> None:
    for event in archive.providers.events():
        print(
            json.dumps(_event_row(event), ensure_ascii=False)
            if options.json
            else _event_line(event).in_language(spoken(options))
        )


def _history(archive: Archive, known: Sequence[Origin], options: argparse.Namespace) -> None:
    origin = next((one for one in known if one.wanted.name == options.name), None)
    if origin is None:
        names = same(", ".join(one.wanted.name for one in known)) if known else _THERE_IS_NONE
        raise ConfigError(_NOT_RECEIVED.filled(name=options.name, names=names))
    points: list[ReceivedPoint] = []
    for series in filter(origin.covers, archive.received.series()):
        newest = archive.received.newest(series, options.since, options.until, options.last)
        points += [both for point in newest for both in _with_share(point, origin)]
    points.sort(key=lambda point: (point.time, point.series.path))
    for point in points:
        row = _point_row(point, known)
        print(
            json.dumps(row, ensure_ascii=False)
            if options.json
            else _point_line(point, row).in_language(spoken(options))
        )


def _export(archive: Archive, known: Sequence[Origin], options: argparse.Namespace) -> None:
    rows = csv.writer(sys.stdout, lineterminator="\n")
    if not options.json:
        rows.writerow(_COLUMNS)
    for series in archive.received.series():
        origin = next((one for one in known if one.covers(series)), None)
        for one in archive.received.stream(series, options.since, options.until):
            for point in _with_share(one, origin):
                row = _point_row(point, known)
                if options.json:
                    print(json.dumps(row, ensure_ascii=False))
                else:
                    rows.writerow(row.values())


_ACTIONS = {"list": _list, "notices": _notices, "history": _history, "export": _export}
_LINE = Phrase("{name}  {series}  {granularity}  {points} points  {first} … {last}  kept {retention}")
_NOTHING_YET = Phrase("nothing was ever received")
_THERE_IS_NONE = Phrase("there is none")
_NOT_RECEIVED = Phrase("{name!r} is no [[received]] of the configuration ({names})")


def _with_share(point: ReceivedPoint, origin: Origin | None) -> Iterator[ReceivedPoint]:
    yield point
    mine = origin.mine(point) if origin else None
    if mine is not None:
        yield mine


def _name(series: ReceivedSeries, known: Sequence[Origin]) -> str:
    return next((one.wanted.name for one in known if one.covers(series)), "")


def _series_row(series: ReceivedSeries, known: Sequence[Origin]) -> dict[str, object]:
    return {
        "name": _name(series, known),
        "provider": series.provider,
        "series": series.sen1,
        "granularity": series.granularity,
        "unit": series.unit,
        "first": _iso(series.first_time),
        "last": _iso(series.last_time),
        "retention": series.retention,
        "ignored": series.ignored,
    }


def _point_row(point: ReceivedPoint, known: Sequence[Origin]) -> dict[str, object]:
    series = point.series
    values = (_iso(point.time), _name(series, known), series.provider, series.path)
    return dict(zip(_COLUMNS, (*values, series.granularity, point.value, series.unit), strict=True))


def _event_row(event: ReceivedEvent) -> dict[str, object]:
    row = {"time": _iso(event.time), "provider": event.provider, "kind": event.kind, "series": event.series}
    return row | {"detail": event.detail}


def _series_line(series: ReceivedSeries, row: dict[str, object]) -> Phrase:
    facts = {name: "–" if value is None else value for name, value in row.items()}
    return _LINE.filled(**facts | {"first": _local(series.first_time), "last": _local(series.last_time)})


def _point_line(point: ReceivedPoint, row: dict[str, object]) -> Phrase:
    when = _local(point.time)
    rest = "{series}  {granularity}  {value} {unit}".format(**row).rstrip()
    return same("{when}  {rest}").filled(when=when, rest=rest)


def _event_line(event: ReceivedEvent) -> Phrase:
    from gateway.consent.command_words import notice_in_words  # noqa: PLC0415 (the parser needs none of it)

    texts = event.detail.get("texts")
    # A provider writes in the languages that it has.
    words = written({str(lang): str(text) for lang, text in texts.items()} if isinstance(texts, dict) else {})
    what = notice_in_words(event.kind)
    return joined("  ", (_local(event.time), same(event.provider), what, same(event.series), words))


def _local(time: float | None) -> Phrase:
    from gateway.store.local_time import local_second  # noqa: PLC0415 (it reads the time zones)

    return same("–") if time is None else local_second(time)


def _iso(time: float | None) -> str | None:
    from gateway.store.recorder import iso  # noqa: PLC0415 (it reads the time zones)

    return None if time is None else iso(time)
