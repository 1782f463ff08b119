"""What Consometers' proxies of the federation answer to ``get_history``, ``get_load_curve`` and ``get_daily``.

Quoalise's XML with SenML in it. sge-tiers-proxy stamps at the start; data-connect-proxy says so and hands the ends on:
the names of its series are its mark.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from gateway.household.past.account import meter_of, step_of
from gateway.household.past.clock import local_day
from gateway.household.past.curve import CurveRow, read_curve
from gateway.household.past.indexes import read_days, read_indexes, read_spans
from gateway.household.past.values import CONSUMPTION, MAXIMUM, PRODUCTION, HistoryFileError, PointFlag
from gateway.store.local_time import PARIS
from gateway.words.phrase import Phrase, same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.household.past.elements import Element
    from gateway.household.past.values import Choices, PastBlock

_NAME = re.compile(r"urn:dev:prm:([0-9]{14})_(.+)")
_EARLIEST, _LATEST = 1_230_000_000, 4_100_000_000

_ERROR = Phrase("an answer without data: {code}")
_NO_VALUES = Phrase("it holds no values")
_NAME_UNKNOWN = Phrase("the series {name!r} is not one of Enedis' data")
_BAD = Phrase("one of its records has no valid time or number")


def read_quoalise(root: Element, choices: Choices) -> Iterator[PastBlock]:
    """The blocks of an answer, each name one."""
    for error in root.below("upstream-error"):
        raise HistoryFileError(_ERROR.filled(code=same(error.attributes.get("code", "?")[:60])))
    steps = [step_of(one.attributes.get("sampling-interval", "")) for one in root.below("measurement")]
    step = steps[0] if steps else None
    series: dict[str, list[tuple[int, Decimal]]] = {}
    for pack in root.below("sensml"):
        name, base = "", 0
        for record in pack.all("senml"):
            known = record.attributes
            name = known.get("bn", name) + known.get("n", "") if "n" in known else known.get("bn", name)
            base = _time(known["bt"]) if "bt" in known else base
            at = base + _time(known.get("t", "0"))
            if "v" in known:
                series.setdefault(name, []).append((at, _decimal(known["v"])))
    if not series:
        raise HistoryFileError(_NO_VALUES)
    for name, rows in series.items():
        yield _block(name, rows, step, choices)


def _block(name: str, rows: list[tuple[int, Decimal]], step: int | None, choices: Choices) -> PastBlock:
    found = _NAME.fullmatch(name)
    if not found or not all(_EARLIEST < at < _LATEST for at, _ in rows):
        raise HistoryFileError(_NAME_UNKNOWN.filled(name=name[:80]))
    meter, path = meter_of(found[1]), found[2]
    direction = CONSUMPTION if "consumption" in path else PRODUCTION
    late = path in ("consumption_load", "production_load")
    if late or path.endswith(("power/active/raw", "power/active/corrected")):
        how = PointFlag.ESTIMATED if path.endswith("corrected") else 0
        curve = [CurveRow(datetime.fromtimestamp(at, PARIS), value, step, int(how)) for at, value in rows]
        return read_curve("quoalise", meter, direction, curve, choices.stamp or ("end" if late else "start"), choices)
    if path.endswith("energy/active/daily") or path.startswith("daily_"):
        days = [(local_day(at), value, 0) for at, value in rows]

        return read_days("quoalise", meter, direction, days, timedelta(days=1))
    if path.endswith("energy/active/index"):
        return read_indexes("quoalise", meter, direction, [(at, value, 0) for at, value in rows])
    if path.endswith(MAXIMUM):
        return read_spans("quoalise", meter, f"{direction}/{MAXIMUM}", [(at, 0, value, 0) for at, value in rows])
    raise HistoryFileError(_NAME_UNKNOWN.filled(name=path[:80]))


def _time(text: str) -> int:
    return int(_decimal(text))


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise HistoryFileError(_BAD) from error
    if not value.is_finite() or value.adjusted() > 12:
        raise HistoryFileError(_BAD)
    return value
