"""Tariffs with their dates, as the setting ``tariff`` holds them: one more from a day on, one less; the past stays.

A new price ends the one before it on the day before, and lasts until one that is known to come. No I/O.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.balance.supplier_offer import MIDNIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.balance.tariff import Tariff

_ONE = timedelta(days=1)
# What names a file of the administrator's: where a tariff was of one, its prices and hours are written out here.
_OF_A_FILE = ("offer", "power")


def with_tariff(tariffs: Sequence[Tariff], new: Tariff) -> list[Tariff]:
    """These and the new one, by date; one that begins on the same day gives way to it."""
    kept = [
        msgspec.structs.replace(one, until=new.since - _ONE) if one.since < new.since and one.holds(new.since) else one
        for one in tariffs
        if one.since != new.since
    ]
    ends = [one.since - _ONE for one in kept if one.since > new.since]
    ends += [one.until for one in (*tariffs, new) if one.since == new.since and one.until]
    return sorted([*kept, msgspec.structs.replace(new, until=min(ends, default=None))], key=lambda one: one.since)


def without_tariff(tariffs: Sequence[Tariff], since: object) -> list[Tariff]:
    """Without the one that begins on that day; the one that it had ended goes on in its place."""
    gone = next((one for one in tariffs if one.since == since), None)
    if gone is None:
        return list(tariffs)
    return [
        msgspec.structs.replace(one, until=gone.until) if one.until == gone.since - _ONE else one
        for one in tariffs
        if one is not gone
    ]


def as_tables(tariffs: Sequence[Tariff]) -> list[dict[str, Any]]:
    """As JSON has them, and ``linky-gateway settings set tariff`` takes them: what is usual is left out."""
    written = [msgspec.json.decode(msgspec.json.encode(one)) for one in tariffs]
    return [
        {key: _plain(value) for key, value in one.items() if key not in _OF_A_FILE and not _is_usual(key, value)}
        for one in written
    ]


def _is_usual(key: str, value: object) -> bool:
    return value in (None, {}, [], 0) or (key == "day_begins" and value == MIDNIGHT)


def _plain(value: Any) -> Any:  # noqa: ANN401 (as JSON has it)
    """Without what is not said in the rules of an offer."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items() if one is not None and one is not False and one != []}
    return value
