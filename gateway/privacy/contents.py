"""Which files an archive has: readings for others' programs, the rest in plain JSON Lines and CSV, and all tables.

The tables (``tables/``) hold everything exactly and are what an import reads; the other files say the same for people
and for other programs. Nothing in an archive depends on where or when it is made but the date in the manifest.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from gateway.consent.answer import describe_request
from gateway.consent.grant import describe
from gateway.consent.health import describe_health
from gateway.store.imports import IMPORTED_HEADER, imported_rows
from gateway.store.points import Granularity, Point
from gateway.store.recorder import iso

if TYPE_CHECKING:
    from gateway.privacy.archive import ArchiveWriter
    from gateway.store.consents import Consents
    from gateway.store.corrections import Corrections
    from gateway.store.dump import Cell, Dump
    from gateway.store.health import HealthAnswers
    from gateway.store.notices import RecipientNotices
    from gateway.store.readings import Readings
    from gateway.store.received import ReceivedPoints
    from gateway.store.store import Archive
    from gateway.store.transfers import Transfers

FORMS = {"csv": "csv", "senml-json": "senml.json", "senml-xml": "senml.xml"}
READMES = ("LISEZMOI.md", "README.md")
TABLES = "tables"
_FOR_EVER = 2**62

# Writes points in one of FORMS; how many there were (``gateway.commands.export_forms``).
Export = Callable[["Iterable[Point]", str, IO[str]], int]


def write_contents(
    writer: ArchiveWriter, archive: Archive, dump: Dump, export: Export, configuration: Mapping[str, object]
) -> None:
    """Write every file of an archive."""
    for name in READMES:
        words = (Path(__file__).with_name("texts") / name).read_text(encoding="utf-8")
        _write_lines(writer, name, [words.removesuffix("\n")])
    _write_json(writer, "configuration.json", configuration)
    for granularity in Granularity:
        for form, suffix in FORMS.items():
            with writer.text(f"readings/{granularity.code}.{suffix}") as out:
                export(archive.readings.stream_of(granularity), form, out)
    _write_household(writer, archive)
    _write_received(writer, archive)
    for table in dump.archived():
        _write_lines(writer, f"{TABLES}/{table}.jsonl", _table(dump, table))


def _write_household(writer: ArchiveWriter, archive: Archive) -> None:
    """What happened, what was decided, who was told, who received what."""
    _write_rows(writer, "events.jsonl", _events(archive.readings))
    _write_csv(writer, "readings/by-hand.csv", _BY_HAND, _by_hand(archive.readings))
    totals = (
        (m.name, path, total) for m in archive.meters.all() for path, total in archive.readings.totals(m.name).items()
    )
    _write_csv(writer, "readings/counters.csv", ("meter", "series", "total"), totals)
    _write_csv(
        writer, "readings/imported.csv", IMPORTED_HEADER, imported_rows(archive.imports.stream("", 0, _FOR_EVER))
    )
    _write_csv(writer, "readings/corrections.csv", _CORRECTIONS, _corrections(archive.corrections))
    _write_rows(writer, "consents/consents.jsonl", _consents(archive.consents))
    _write_rows(writer, "consents/health.jsonl", _health(archive.health))
    for text in archive.texts.all():
        _write_lines(writer, f"consents/texts/{text.hash}.{text.lang}.txt", [text.words.removesuffix("\n")])
    _write_rows(writer, "consents/requests.jsonl", _requests(archive))
    _write_rows(writer, "consents/notices.jsonl", _notices(archive.notices))
    _write_csv(writer, "consents/transfers.csv", _TRANSFERS, _transfers(archive.transfers))
    _write_lines(writer, "journal.jsonl", (line.removesuffix("\n") for line in archive.journal.lines()))


def _write_received(writer: ArchiveWriter, archive: Archive) -> None:
    """What others sent, under their names."""
    _write_csv(writer, "received/points.csv", _RECEIVED, _received(archive.received))
    rows = (
        {"time": iso(e.time), "provider": e.provider, "kind": e.kind, "series": e.series, "detail": e.detail}
        for e in archive.providers.events()
    )
    _write_rows(writer, "received/notices.jsonl", rows)


def _events(readings: Readings) -> Iterator[dict[str, object]]:
    for e in readings.events():
        yield {"time": iso(e.time), "meter": e.meter, "kind": e.kind, "series": e.series, "detail": e.detail}


_BY_HAND = ("time", "meter", "series", "value", "unit")


def _by_hand(readings: Readings) -> Iterator[Sequence[object]]:
    for p in readings.by_hand():
        yield iso(p.time), p.series.meter, p.series.path, p.value, p.series.unit


_CORRECTIONS = ("time", "meter", "series", "granularity", "before", "after", "corrected", "by", "reason")


def _corrections(corrections: Corrections) -> Iterator[Sequence[object]]:
    for c in corrections.all():
        series = c.point.series
        named = iso(c.point.time), series.meter, series.path, c.point.granularity.code
        yield *named, c.before, c.after, iso(c.at), c.by, c.reason


_TRANSFERS = ("hour", "recipient", "meter", "series", "granularity", "first", "last", "points")


def _transfers(transfers: Transfers) -> Iterator[Sequence[object]]:
    for hour, jid, series, granularity, first, last, points in transfers.all():
        named = iso(hour), jid, series.meter, series.path, Granularity(granularity).code
        yield *named, iso(first), iso(last), points


_RECEIVED = ("time", "provider", "name", "granularity", "value", "unit")


def _received(received: ReceivedPoints) -> Iterator[Sequence[object]]:
    for s in received.series():
        for p in received.stream(s):
            yield iso(p.time), s.provider, s.sen1, s.granularity, p.value, s.unit


def _notices(notices: RecipientNotices) -> Iterator[dict[str, object]]:
    for n in notices.all():
        told = {"id": n.id, "recipient": n.recipient, "at": iso(n.at), "kind": n.kind.value, "lang": n.lang}
        yield told | {"facts": n.payload, "sent": _iso(n.sent_at), "confirmed": _iso(n.confirmed_at)}


def _consents(consents: Consents) -> Iterator[dict[str, object]]:
    """Every version of every consent with what happened to it; whether it applies now depends on where it is."""
    changes = consents.changes()
    for consent in consents.all():
        row = describe(consent, consent.given_at)
        del row["state"]
        yield row | {
            "changes": [
                {"at": iso(c.at), "kind": c.kind.value, "by": c.by, "channel": c.channel.value}
                for c in changes
                if c.consent == consent.id
            ]
        }


def _health(health: HealthAnswers) -> Iterator[dict[str, object]]:
    """The latest answer to everybody who may, or may not, know whether the gateway is well."""
    for answer in health.all():
        row = describe_health(answer, answer.at)
        # A yes that has ended is told by its end, a no by having none.
        yield row if answer.until is None else {name: row[name] for name in row if name != "state"}


def _requests(archive: Archive) -> Iterator[dict[str, object]]:
    for request in archive.access.all():
        row = describe_request(archive.meters, archive.pseudonyms, request)
        # Which meter a name means takes the key of the pseudonyms, which an archive has not.
        del row["meter"]
        yield row | {"answered": _iso(request.answered_at), "consents": request.consents}


def _table(dump: Dump, table: str) -> Iterator[str]:
    yield _json(dump.columns(table))
    for row in dump.rows(table):
        yield _json([{"hex": cell.hex()} if isinstance(cell, bytes) else cell for cell in row])


def cells(row: object) -> list[Cell]:
    """A row of a table as it was written by ``write_contents``; ValueError for anything else."""
    if not isinstance(row, list):
        raise ValueError("is no list")  # noqa: TRY004 (of bad data one error is enough)
    return [_cell(cell) for cell in row]


def _cell(cell: Any) -> Cell:  # noqa: ANN401 (whatever JSON there is)
    if isinstance(cell, dict) and cell.keys() == {"hex"} and isinstance(cell["hex"], str):
        return bytes.fromhex(cell["hex"])
    if cell is None or (isinstance(cell, int | float | str) and not isinstance(cell, bool)):
        return cell
    raise ValueError("holds something that no table does")


def _write_rows(writer: ArchiveWriter, name: str, rows: Iterable[Mapping[str, object]]) -> None:
    _write_lines(writer, name, map(_json, rows))


def _write_csv(writer: ArchiveWriter, name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with writer.text(name) as out:
        table = csv.writer(out, lineterminator="\n")
        table.writerow(columns)
        table.writerows(rows)


def _write_lines(writer: ArchiveWriter, name: str, lines: Iterable[str]) -> None:
    with writer.text(name) as out:
        for line in lines:
            out.write(line + "\n")


def _write_json(writer: ArchiveWriter, name: str, value: object) -> None:
    _write_lines(writer, name, [json.dumps(value, ensure_ascii=False, indent=2)])


def _json(value: object) -> str:
    # Surrogates cannot be written as UTF-8; nothing in the store has any, and nothing here shall fail for one.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _iso(time: int | None) -> str | None:
    return None if time is None else iso(time)
