"""Why the household's share of a source is unknown, in words for whoever asks how the links are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.household.share import origins
from gateway.household.share_readings import (
    CURVE,
    ENERGY_UNITS,
    INDEX,
    POWER_UNITS,
    by_meter,
    has_stopped,
    heard,
    is_curve,
    is_index,
    is_produced,
    is_silent,
    meter_of,
    went_on,
)
from gateway.live.state import LinkKind
from gateway.store.local_time import local_time
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gateway.config.tables import Config
    from gateway.links.link import Link
    from gateway.store.received import ReceivedPoints, ReceivedSeries

_UNKNOWN = Phrase("; your share is unknown: {why}")
_NOTHING_YET = Phrase("nothing has been received yet")
_NO_PRODUCTION = Phrase("nothing of what is received is a production")
_NO_ENERGY = Phrase("no energy can be made of what is received ({units}); ask for {path}")
_TOO_COARSE = Phrase("what is received comes every {granularity}; ask for PT30M")
_SILENT = Phrase("nothing has been received since {when}")
_SILENT_BESIDE = Phrase("nothing has been received since {when}, though {other} goes on")


def shares_unknown(config: Config, stored: ReceivedPoints, now: float) -> dict[str, Phrase]:
    """Why, for each ``[[received]]`` with a share that nobody knows now (POSIX seconds), by its name."""
    wanted = [one for one in config.received if one.share]
    if not wanted:
        return {}
    series = stored.series()
    came = {origin.wanted.name: [one for one in series if origin.covers(one)] for origin in origins(wanted)}
    usable = {name: [one for one in each if is_index(one) or is_curve(one)] for name, each in came.items()}
    found = {
        name: (_silence(each, stored, now) or _coarse(came[name])) if each else _why(came[name])
        for name, each in usable.items()
    }
    for roof in config.roof:
        found |= _stopped({name: usable[name] for name in roof.received if usable.get(name)}, found, stored, now)
    return {name: why for name, why in found.items() if why is not None}


def with_shares(links: Iterable[Link], unknown: Mapping[str, Phrase]) -> list[Link]:
    """The same links, those of sources with what is not known of the share."""
    return [
        replace(link, detail=link.detail + _UNKNOWN.filled(why=unknown[link.name]))
        if link.kind is LinkKind.PROVIDER and link.name in unknown
        else link
        for link in links
    ]


def _silence(usable: Sequence[ReceivedSeries], stored: ReceivedPoints, now: float) -> Phrase | None:
    when = local_time(heard(usable, stored, now))
    return _SILENT.filled(when=when) if is_silent(usable, stored, now) else None


def _stopped(
    of_roof: Mapping[str, Sequence[ReceivedSeries]],
    found: Mapping[str, Phrase | None],
    stored: ReceivedPoints,
    now: float,
) -> dict[str, Phrase]:
    """Those of a roof that stopped at noon, which is no night where another one goes on."""
    since = {name: went_on(each, stored, now) for name, each in of_roof.items()}
    other = max(since, key=since.__getitem__, default="")
    return {
        name: _SILENT_BESIDE.filled(when=local_time(heard(each, stored, now)), other=other)
        for name, each in of_roof.items()
        if found[name] is None and has_stopped(each, stored, now, since[other])
    }


def _coarse(series: Sequence[ReceivedSeries]) -> Phrase | None:
    """Of a meter that tells its days alone, beside one of which the half hours are known."""
    meters = by_meter(series)
    return next((_why([one]) for one in series if is_produced(one) and not meters[meter_of(one)]), None)


def _why(series: Sequence[ReceivedSeries]) -> Phrase:
    """Of what came and no half hours can be made of."""
    if not series:
        return _NOTHING_YET
    made = [one for one in series if one.path.startswith("production/")]
    if not made:
        return _NO_PRODUCTION
    divisible = [one for one in made if one.unit in {INDEX: ENERGY_UNITS, CURVE: POWER_UNITS}.get(one.path, ())]
    if divisible:
        return _TOO_COARSE.filled(granularity=divisible[0].granularity)
    return _NO_ENERGY.filled(units=", ".join(sorted({one.unit or "–" for one in made})), path=INDEX)
