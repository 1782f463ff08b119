"""Files of Enedis' SGE, as an organisation is sent them: R50, R151 (XML), R63, R64 (JSON).

Each has its own rule of stamps: R50 and R63 the end of a step; R151 of date D the index at the end of D; R64 the index
at the start of the day that is written.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from gateway.household.past.account import ask_direction, direction_of, meter_of, nature_of, step_of
from gateway.household.past.clock import midnight_of
from gateway.household.past.curve import CurveRow, read_curve, watts
from gateway.household.past.indexes import read_indexes
from gateway.household.past.tables import day, number, time_of
from gateway.household.past.values import HistoryFileError, PointFlag
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.household.past.elements import Element
    from gateway.household.past.values import Choices, PastBlock

_DAY = timedelta(days=1)

_NOT_IT = Phrase("it is an SGE file ({flow}) that cannot be imported; R50, R151, R63 and R64 can")
_NO_VALUES = Phrase("it holds no values")
_UNIT = Phrase("the unit {unit!r} is not known for this kind of data")


def read_r50(root: Element, choices: Choices) -> Iterator[PastBlock]:
    """Half-hourly powers of several delivery points; it says nothing of the direction."""
    direction = ask_direction(choices)
    rows: dict[str, list[CurveRow]] = {}
    for point in root.all("PRM"):
        found = rows.setdefault(point.said("Id_PRM"), [])
        for reading in point.all("Donnees_Releve"):
            for one in reading.all("PDC"):
                doubted = PointFlag.CAUTION if one.said("IV") not in ("", "0") else 0
                value = watts(number(one.said("V")), "W")
                found.append(CurveRow(time_of(one.said("H")), value, 1800, int(doubted)))
    yield from _curves("sge-r50", rows, direction, choices)


def _curves(form: str, rows: dict[str, list[CurveRow]], direction: str, choices: Choices) -> Iterator[PastBlock]:
    if not any(rows.values()):
        raise HistoryFileError(_NO_VALUES)
    for meter, found in rows.items():
        yield read_curve(form, meter_of(meter), direction, found, choices.stamp or "end", choices)


def read_r151(root: Element, choices: Choices) -> Iterator[PastBlock]:
    """Daily indexes by class: the distributor's classes add up to the total."""
    direction = ask_direction(choices)
    rows: dict[str, list[tuple[int, Decimal | None, int]]] = {}
    for point in root.all("PRM"):
        found = rows.setdefault(point.said("Id_PRM"), [])
        for reading in point.all("Donnees_Releve"):
            classes = list(reading.all("Classe_Temporelle_Distributeur"))
            values = [number(one.said("Valeur")) for one in classes]
            known = [value for value in values if value is not None]
            doubted = any(one.said("Indice_Vraisemblance") not in ("", "0") for one in classes)
            total = sum(known, Decimal(0)) if known and len(known) == len(values) else None
            at = midnight_of(day(reading.said("Date_Releve")) + _DAY)
            found.append((at, total, PointFlag.READ | (PointFlag.CAUTION if doubted else 0)))
    if not any(rows.values()):
        raise HistoryFileError(_NO_VALUES)
    for meter, found in rows.items():
        yield read_indexes("sge-r151", meter_of(meter), direction, found)


def read_measures(found: dict[str, Any], choices: Choices) -> Iterator[PastBlock]:
    """R63 or R64 in JSON, by what its header says."""
    header = found.get("header")
    flow = str(header.get("codeFlux", "")) if isinstance(header, dict) else ""
    if flow not in ("R63", "R64"):
        raise HistoryFileError(_NOT_IT.filled(flow=flow[:20] or "?"))
    count = 0
    for measure in _dicts(found.get("mesures")):
        meter = meter_of(str(measure.get("idPrm", "")))
        blocks = _r63(measure, meter, choices) if flow == "R63" else _r64(measure, meter)
        for block in blocks:
            count += 1
            yield block
    if not count:
        raise HistoryFileError(_NO_VALUES)


def _r63(measure: dict[str, Any], meter: str | None, choices: Choices) -> Iterator[PastBlock]:
    for quantity in _dicts(measure.get("grandeur")):
        unit = str(quantity.get("unite", "W"))
        if unit not in ("W", "kW"):
            raise HistoryFileError(_UNIT.filled(unit=unit[:20]))
        rows = []
        for one in _dicts(quantity.get("points")):
            doubted = PointFlag.CAUTION if str(one.get("iv", "0")) not in ("", "0") else 0
            value = None if one.get("v") is None else watts(number(str(one["v"])), unit)
            flags = nature_of(str(one.get("n", ""))) | doubted
            rows.append(CurveRow(time_of(str(one.get("d", ""))), value, step_of(str(one.get("p") or "")), flags))
        if rows:
            direction = direction_of(str(quantity.get("grandeurMetier", "")))
            yield read_curve("sge-r63-json", meter, direction, rows, choices.stamp or "end", choices)


def _r64(measure: dict[str, Any], meter: str | None) -> Iterator[PastBlock]:
    """The totaliser alone: calendars are left aside, those without a name (INCONNU) among them."""
    for context in _dicts(measure.get("contexte")):
        for quantity in _dicts(context.get("grandeur")):
            if quantity.get("grandeurPhysique") != "EA":
                continue
            unit = str(quantity.get("unite", "Wh"))
            if unit not in ("Wh", "kWh"):
                raise HistoryFileError(_UNIT.filled(unit=unit[:20]))
            totaliser = quantity.get("cadranTotalisateur")
            rows = []
            for one in _dicts(totaliser.get("valeur") if isinstance(totaliser, dict) else None):
                value = None if one.get("v") is None else number(str(one["v"]))
                doubted = PointFlag.CAUTION if str(one.get("iv", "0")) not in ("", "0") else 0
                scaled = None if value is None else value * (1000 if unit == "kWh" else 1)
                rows.append((midnight_of(day(str(one.get("d", "")))), scaled, PointFlag.READ | doubted))
            if rows:
                yield read_indexes("sge-r64-json", meter, direction_of(str(quantity.get("grandeurMetier", ""))), rows)


def _dicts(found: object) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
