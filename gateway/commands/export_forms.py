"""``linky-gateway export``: stored points to SenML (JSON, XML) or CSV, streaming, in order of time.

SenML names are in the form that RFC 8428 allows. A long export is one pack made of slices, each with base fields of its
own, which replace the former ones (RFC 8428 §4.1); all carry one version.
"""

from __future__ import annotations

import csv
import json
from itertools import islice
from typing import IO, TYPE_CHECKING

from gateway.senml.pack import VERSION, VERSION_SECONDARY_UNITS, Record, encode_json, encode_xml
from gateway.senml.units import to_primary, to_produced
from gateway.store.imports import IMPORTED_HEADER, imported_rows
from gateway.store.recorder import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gateway.senml.naming import SeriesName
    from gateway.store.imports import ImportedRow
    from gateway.store.points import Point, Series, StoredEvent

_SLICE = 1000
_XML_OPEN, _XML_CLOSE = '<sensml xmlns="urn:ietf:params:xml:ns:senml">', "</sensml>"


class SenML:
    """How points become records: under which name, in which units, as which version of SenML.

    Args:
        name: the name of a series.
        primary: whether units are turned into the primary ones (J for Wh), which every reader knows.
    """

    def __init__(self, name: Callable[[Series], SeriesName], *, primary: bool) -> None:
        self._name, self._primary = name, primary
        # Made and checked once a series: a year of minutes has few names and a million records.
        self._names: dict[tuple[str, str], str] = {}
        # One version for the whole pack (RFC 8428 §4.4), whatever units its first slice happens to hold.
        self.version = VERSION if primary else VERSION_SECONDARY_UNITS

    def record(self, point: Point) -> Record:
        """The record of one point."""
        unit, value = point.series.unit, point.value
        if not isinstance(value, str):
            unit, value = to_produced(unit, value)
            if self._primary and unit:
                unit, value = to_primary(unit, value)
        key = point.series.meter, point.series.path
        if key not in self._names:
            self._names[key] = self._name(point.series).senml()
        return Record(self._names[key], point.time, value, unit or None, None, None)


def export(points: Iterable[Point], senml: SenML, form: str, out: IO[str]) -> int:
    """Write the points to ``out``; how many there were. ``form``: senml-json, senml-xml or csv."""
    if form == "csv":
        return _csv(points, out)
    write = _json if form == "senml-json" else _xml
    return write(_slices(points), senml, out)


def _csv(points: Iterable[Point], out: IO[str]) -> int:
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["time", "meter", "series", "granularity", "value", "unit", "quality"])
    count = 0
    for p in points:
        count += 1
        named = [iso(p.time), p.series.meter, p.series.path, p.granularity.code]
        rows.writerow([*named, p.value, p.series.unit, p.quality])
    return count


def export_imported(points: Iterable[tuple[str, str, ImportedRow]], out: IO[str]) -> int:
    """Write imported points as CSV, with the number of the import that each is of; how many there were."""
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(IMPORTED_HEADER)
    count = 0
    for row in imported_rows(points):
        count += 1
        rows.writerow(row)
    return count


def _json(slices: Iterator[list[Point]], senml: SenML, out: IO[str]) -> int:
    count = 0
    out.write("[")
    for points in slices:
        pack = encode_json([senml.record(p) for p in points], version=senml.version)
        out.write((",\n" if count else "\n") + pack.strip()[1:-1])
        count += len(points)
    out.write("\n]\n")
    return count


def _xml(slices: Iterator[list[Point]], senml: SenML, out: IO[str]) -> int:
    count = 0
    out.write(_XML_OPEN)
    for points in slices:
        pack = encode_xml([senml.record(p) for p in points], version=senml.version)
        body = pack[pack.index(">", pack.index("<sensml")) + 1 : pack.rindex("</sensml>")]
        out.write("\n" + body)
        count += len(points)
    out.write("\n" + _XML_CLOSE + "\n")
    return count


def _slices(points: Iterable[Point]) -> Iterator[list[Point]]:
    rest = iter(points)
    while chunk := list(islice(rest, _SLICE)):
        yield chunk


def event_as_json(event: StoredEvent) -> str:
    """One line of ``events --json``."""
    fields = {"time": iso(event.time), "meter": event.meter, "kind": event.kind, "series": event.series}
    return json.dumps(fields | {"detail": event.detail}, ensure_ascii=False)
