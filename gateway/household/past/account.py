"""CSV of the Enedis customer account: load curve, daily indexes, daily maxima, several blocks in one file.

The distributor's CSV for organisations (R63) and a variant with a status in each row are the same rows, wider. A curve
is stamped at the end of each step; only sites above 36 kVA, known by their whole kilowatts, are stamped at the start.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from gateway.household.past.clock import is_newest_first, midnight_of
from gateway.household.past.curve import CurveRow, read_curve, watts
from gateway.household.past.indexes import read_days, read_indexes, read_spans
from gateway.household.past.tables import day, number, plain, time_of
from gateway.household.past.values import (
    CONSUMPTION,
    MAXIMUM,
    PRODUCTION,
    HistoryFileError,
    PastBlock,
    PointFlag,
)
from gateway.store.local_time import PARIS
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gateway.household.past.values import Choices, Stamp

CURVE_FORM, WIDE_FORM, R63_FORM = "enedis-curve-csv", "enedis-curve-csv-wide", "sge-r63-csv"
INDEX_FORM = "enedis-index-csv"

_PRM_LENGTH = 14
# Of the text of a step: PT60M.
_LONGEST_STEP = 5
_DAY = timedelta(days=1)
# A curve that another tool made of daily values: all of a day stands in its last hour.
_ZEROS_OF_A_DAY = 22
_UNITS = {"": "W", "w": "W", "kw": "kW", "wh": "Wh", "kwh": "kWh"}

_STAMP = Phrase("it does not say whether a time is the start or the end of a step: add --stamp start, or --stamp end")
_NO_DATA = Phrase("it holds no data: it was exported before collection of the load curve was enabled")
_ALL_EMPTY = Phrase("all its {count} values are empty: the load curve was not being collected then")
_FAKE = Phrase(
    "this curve was made up from daily values, each put into the last hour of its day; add --daily to import it as"
    " daily values"
)
_NO_DIRECTION = Phrase("line {line}: {text!r} is neither Consommation nor Production")
_UNIT = Phrase("line {line}: the unit {text!r} is not known for this kind of data")
_KIND = Phrase("line {line}: data of type {text!r} are not imported")
_CUT = Phrase("line {line}: columns are missing; is the file cut off?")


def ask_direction(choices: Choices) -> str:
    """What the household said; HistoryFileError where it has not, and has to."""
    if choices.direction is None:
        raise HistoryFileError(
            Phrase(
                "it does not say whether it is what was drawn or what was injected: add --direction consumption, or"
                " --direction production"
            )
        )
    return choices.direction


def meter_of(text: str) -> str | None:
    """A delivery point, with the zeros that a spreadsheet dropped; None for what is none (3,00E+13)."""
    bare = text.strip()
    return bare.zfill(_PRM_LENGTH) if bare.isascii() and bare.isdigit() and len(bare) <= _PRM_LENGTH else None


def direction_of(text: str, line: int = 0) -> str:
    """Drawn or injected, of the distributor's words."""
    word = plain(text)
    if word in ("consommation", "cons"):
        return CONSUMPTION
    if word in ("production", "prod"):
        return PRODUCTION
    raise HistoryFileError(_NO_DIRECTION.filled(line=line, text=text[:40]))


def read_account(rows: Sequence[Sequence[str]], sign: str, choices: Choices) -> Iterator[PastBlock]:
    """The blocks of a file whose blocks begin with ``Identifiant PRM``."""
    written = [(place, row) for place, row in enumerate(rows) if any(row)]
    heads = [at for at, (_, row) in enumerate(written) if plain(row[0]) == "identifiant prm"]
    for head, end in zip(heads, [*heads[1:], len(written)], strict=True):
        names = [plain(cell) for cell in written[head][1]]
        if head + 1 < end:
            line, values = written[head + 1]
            facts = dict(zip(names, values, strict=False))
            yield _block(facts, written[head + 2 : end], sign, choices, line + 1)
        elif len(heads) == 1:
            raise HistoryFileError(_NO_DATA)


def _block(
    facts: Mapping[str, str], rows: Sequence[tuple[int, Sequence[str]]], sign: str, choices: Choices, line: int
) -> PastBlock:
    kind, meter = plain(facts.get("type de donnees", "")), meter_of(facts.get("identifiant prm", ""))
    direction = direction_of(facts.get("grandeur metier", ""), line)
    unit = _UNITS.get(plain(facts.get("unite", "")), "?")
    if kind == "courbe de charge":
        if unit not in ("W", "kW"):
            raise HistoryFileError(_UNIT.filled(line=line, text=facts.get("unite", "")[:20]))
        return _curve(meter, direction, _pairs(rows, sign), unit, choices)
    if kind == "index":
        if unit not in ("W", "Wh", "kWh"):
            raise HistoryFileError(_UNIT.filled(line=line, text=facts.get("unite", "")[:20]))
        return _indexes(meter, direction, rows, sign, 1000 if unit == "kWh" else 1)
    if kind == "puissance maximale quotidienne":
        # Its header says W: it is VA, as the meter counts it (SMAXSN).
        found = [(when, value) for when, value, _ in _pairs(rows, sign) if value is not None]
        empty = sum(value is None for _, value, _ in _pairs(rows, sign))
        block = read_spans(
            INDEX_FORM, meter, f"{direction}/{MAXIMUM}", [(_second(when), 0, value, 0) for when, value in found]
        )
        block.counts["missing"] = empty
        return block
    raise HistoryFileError(_KIND.filled(line=line, text=facts.get("type de donnees", "")[:40]))


def _pairs(rows: Sequence[tuple[int, Sequence[str]]], sign: str) -> list[tuple[datetime, Decimal | None, int]]:
    """Moment, value and line of each row of two cells, but for headers and blanks."""
    found = []
    for place, row in rows:
        if plain(row[0]) == "horodate":
            continue
        if len(row) < 2:
            raise HistoryFileError(_CUT.filled(line=place + 1))
        found.append((time_of(row[0], line=place + 1), number(row[1], sign, line=place + 1), place + 1))
    return found


def _second(when: datetime) -> int:
    return int((when if when.tzinfo else when.replace(tzinfo=PARIS)).timestamp())


def _curve(
    meter: str | None,
    direction: str,
    pairs: Sequence[tuple[datetime, Decimal | None, int]],
    unit: str,
    choices: Choices,
) -> PastBlock:
    if not pairs:
        raise HistoryFileError(_NO_DATA)
    if all(value is None for _, value, _ in pairs):
        raise HistoryFileError(_ALL_EMPTY.filled(count=len(pairs)))
    made_of = _days_within(pairs)
    if made_of and not choices.daily:
        raise HistoryFileError(_FAKE)
    if made_of:
        return read_days(CURVE_FORM, meter, direction, [(d, value, 0) for d, value in made_of], _DAY)
    stamp, flags = _stamp(pairs, choices)
    rows = [CurveRow(when, watts(value, unit), None, flags) for when, value, _ in pairs]
    return read_curve(CURVE_FORM, meter, direction, rows, stamp, choices)


def _stamp(pairs: Sequence[tuple[datetime, Decimal | None, int]], choices: Choices) -> tuple[Stamp, int]:
    """Stamps are ends, unless these are the whole kilowatts of a large site: from 00:00 on, or up to 23:50."""
    if choices.stamp:
        return choices.stamp, PointFlag.STAMP_ASKED
    known = [value for _, value, _ in pairs if value is not None]
    when = [one for one, _, _ in pairs]
    first, last = (when[-1], when[0]) if is_newest_first(when) else (when[0], when[-1])
    # But for one, which a file that is cut off ends with.
    whole = any(known) and sum(value % 1000 != 0 for value in known) <= (len(known) > 5)
    starts = (first.hour, first.minute) == (0, 0) or (last.hour, last.minute) == (23, 50)
    if whole and starts:
        return "start", PointFlag.STAMP_PROVED
    if whole and len(known) > 5:
        raise HistoryFileError(_STAMP)
    return "end", 0


def _days_within(pairs: Sequence[tuple[datetime, Decimal | None, int]]) -> list[tuple[datetime, Decimal]]:
    """The days that a curve was made of; none where it is one that was measured."""
    days: dict[object, list[tuple[datetime, Decimal]]] = {}
    for when, value, _ in pairs:
        bare = when.replace(tzinfo=None) - timedelta(seconds=1)
        days.setdefault(bare.date(), []).append((bare, value or Decimal(0)))
    found = []
    for rows in days.values():
        rows.sort()
        zeros = sum(not value for _, value in rows)
        if len(rows) == 24 and zeros >= _ZEROS_OF_A_DAY and rows[-1][1]:
            found.append(rows[-1])
    return found if 2 * len(found) > len(days) else []


def _indexes(
    meter: str | None, direction: str, rows: Sequence[tuple[int, Sequence[str]]], sign: str, scale: int
) -> PastBlock:
    """Daily indexes: of each row the date that is written, whatever the time beside it: 00:00 at its beginning.

    The total (T) is the series. Registers of the supplier (F) end with each contract, of the distributor (D) with each
    season; neither adds up to the total for certain.
    """
    total, found = None, []
    for place, row in rows:
        names = [plain(cell) for cell in row]
        if names[0] == "periode":
            break
        if names[0] == "horodate":
            totals = [at for at, name in enumerate(names) if name in ("eas t", "eai t")]
            total = totals[0] if totals else None
            continue
        if total is None or len(row) <= total:
            raise HistoryFileError(_CUT.filled(line=place + 1))
        value = number(row[total], sign, line=place + 1)
        found.append(
            (midnight_of(day(row[0], line=place + 1)), None if value is None else value * scale, PointFlag.READ)
        )
    if not found:
        raise HistoryFileError(_NO_DATA)
    return read_indexes(INDEX_FORM, meter, direction, found)


def read_wide(rows: Sequence[Sequence[str]], sign: str, choices: Choices) -> Iterator[PastBlock]:
    """Rows that each repeat the meter: with date and time apart, or as R63 has them."""
    names = [plain(cell) for cell in rows[0]]
    apart = names[0] == "date de la mesure"
    form = WIDE_FORM if apart else R63_FORM
    series: dict[tuple[str, str, str], list[CurveRow]] = {}
    for place, row in enumerate(rows[1:], start=2):
        if not any(row):
            continue
        if len(row) < len(names) - 2:
            raise HistoryFileError(_CUT.filled(line=place))
        cells = dict(zip(names, row, strict=False))
        meter = cells.get("prm" if apart else "identifiant prm", "")
        direction = direction_of(cells.get("grandeur metier", ""), place)
        unit = _UNITS.get(plain(cells.get("unite", "")), "?")
        if unit not in ("W", "kW"):
            raise HistoryFileError(_UNIT.filled(line=place, text=cells.get("unite", "")[:20]))
        written = f"{cells[names[0]]} {cells.get(names[1], '')}" if apart else cells.get("horodate", "")
        value = watts(number(cells.get("valeur", ""), sign, line=place), unit)
        step = step_of(cells.get("pas en minutes" if apart else "pas", ""))
        row_read = CurveRow(time_of(written, line=place), value, step, _nature(cells))
        series.setdefault((meter, direction, form), []).append(row_read)
    if not series:
        raise HistoryFileError(_NO_DATA)
    for (meter, direction, _), found in series.items():
        yield read_curve(form, meter_of(meter), direction, found, choices.stamp or "end", choices)


def _nature(cells: Mapping[str, str]) -> int:
    status = plain(cells.get("statut de la mesure", ""))
    flags = PointFlag.READ if status in ("reel", "reelle") else PointFlag.ESTIMATED if status else 0
    doubted = cells.get("indice de vraisemblance", "") not in ("", "0")
    return flags | nature_of(cells.get("nature", "")) | (PointFlag.CAUTION if doubted else 0)


def nature_of(word: str) -> int:
    """The distributor's letter: E and C, K, D are estimated or corrected; B, raw, says nothing of the two."""
    return PointFlag.ESTIMATED if word in ("E", "C", "K", "D") else PointFlag.READ if word == "R" else 0


def step_of(text: str) -> int | None:
    """``PT30M``, ``30`` (minutes), ``1800``: seconds; None for what is none of these."""
    bare = text.strip().upper()
    if bare.startswith("PT") and bare[2:-1].isdecimal() and bare[-1] in "MH" and len(bare) <= _LONGEST_STEP:
        return int(bare[2:-1]) * (60 if bare[-1] == "M" else 3600)
    if not bare.isdecimal() or len(bare) > _LONGEST_STEP:
        return None
    return int(bare) if int(bare) >= 300 else int(bare) * 60
