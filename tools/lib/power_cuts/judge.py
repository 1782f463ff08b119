"""What must hold after a power cut, asked of the real code over what is left of the disk, in sentences.

One judge for each kind of record: a house that lives (``of_house``), a migration (``of_migration``), small files
(``of_files``). ``said`` are the marks before the cut, ``next_said`` is the first one after it: what was being done then
may be done, or not begun.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from gateway.errors import GatewayError
from gateway.journal.entry import write_line
from gateway.journal.verify import verify
from gateway.store.connection import FILE_NAME
from gateway.store.copies import copies_of_before, schema_of
from gateway.store.prepare import prepare
from gateway.store.recorder import Batch, MinuteSum, Sample
from gateway.store.restore import known_steps
from gateway.store.store import Store
from gateway.tic.reading import Kind, Quality
from power_cuts import restoring
from power_cuts.files import held
from power_cuts.house import METER, POWER, content, keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    Mark = Mapping[str, Any]

# In every database, and of no interest: when each step of the schema was done.
_STEPS_TABLE = "_sqlite_migrations"

_LATER_S = 86_400


def of_house(folder: Path, said: Sequence[Mark], next_said: Mark | None) -> list[str]:
    """The store after a cut: whole, exactly as a commit left it, nothing sent that is not in it, and it goes on."""
    done = [mark["done"] for mark in said if "done" in mark]
    try:
        prepare(folder)
    except GatewayError as error:
        return [f"the store cannot be made ready: {error}"]
    if any(folder.glob("*.damaged-*")):
        return ["the database was found damaged and set aside"]
    sent = [mark for mark in said if "sent" in mark]
    # As the next start does it: what is in the log is done again.
    with closing(Store(folder).db):
        pass
    with closing(_opened(folder)) as db:
        faults = [*_unsound(db), *_not_as_committed(content(db), done, said, next_said), *_sent_too_early(db, sent)]
    faults += ["a key under which something was sent is another one"] * any(
        not mark["keys"].items() <= keys(folder).items() for mark in sent
    )
    return [*faults, *(() if faults else _goes_on(folder, sent))]


def of_migration(folder: Path, said: Sequence[Mark], next_said: Mark | None) -> list[str]:
    """A migration that was cut off: the next start does it to its end, and what was there before is kept beside."""
    before, end, steps = said[0]["before"], said[0]["end"], said[0]["steps"]
    copies = _copies(folder)
    with closing(_opened(folder)) as db:
        now = [name for (name,) in db.execute(f"SELECT name FROM {_STEPS_TABLE} ORDER BY id")]
    faults = [] if len(now) == len(steps) or before in copies.values() else ["changed, and no copy of before"]
    if "done" in said[-1] and now != known_steps():
        faults.append("a migration that was done is not")
    try:
        prepare(folder)
    except GatewayError as error:
        return [*faults, f"the migration cannot be ended: {error}"]
    if any(folder.glob("*.damaged-*")):
        return [*faults, "the database was found damaged and set aside"]
    with closing(_opened(folder)) as db:
        faults += _unsound(db)
    found = rows(folder / FILE_NAME)
    faults += [f"table {name} is not what a migration makes" for name in sorted(found) if found[name] != end[name]]
    lost = set(copies.values()) - set(_copies(folder).values())
    return faults + (["a copy of before is gone"] if lost else [])


def of_restoring(folder: Path, said: Sequence[Mark], next_said: Mark | None) -> list[str]:
    """A backup brought back: the former database or the backup's, never of both, and it can be begun again."""
    old, restored = said[0]["old"], said[0]["restored"]
    data = folder / "data"
    found = restoring.held(data)
    aside = [restoring.held(data, name) for name in copies_of_before(data) if name.endswith("Z")]
    faults = []
    if found not in (old, restored) and not (found is None and old in aside):
        faults.append("the database is neither the former one nor the backup's")
    if "done" in said[-1] and (found != restored or old not in aside):
        faults.append("it was brought back, and is not there with the former one beside it")
    if old not in (found, *aside):
        faults.append("the former database is gone")
    restoring.bring_back(folder)
    return faults + (["it cannot be begun again"] if restoring.held(data) != restored else [])


def of_files(folder: Path, said: Sequence[Mark], next_said: Mark | None) -> list[str]:
    """Small files: each holds what was written last, or what was being written."""
    wanted: dict[str, str] = {}
    for mark in said:
        wanted |= mark["done"]
    allowed = next_said["done"] if next_said else {}
    return [
        f"{name} holds {words[:40]!r}, and {wanted[name][:40]!r} was written"
        for name, words in held(folder).items()
        if words not in (wanted[name], allowed.get(name))
    ]


def rows(path: Path) -> dict[str, str]:
    """The content of a database but for when its steps were done."""
    with closing(sqlite3.connect(path)) as db:
        return {name: digest for name, digest in content(db).items() if name != _STEPS_TABLE}


def fingerprint(path: Path) -> str:
    """Which steps a database has had, and what is in it."""
    return json.dumps([schema_of(path), rows(path)])


def _opened(folder: Path) -> sqlite3.Connection:
    return sqlite3.connect(folder / FILE_NAME, isolation_level=None)


def _copies(folder: Path) -> dict[str, str]:
    """Name -> what is in it, of each copy of before that bears its name; one that cannot be read holds nothing."""
    found = {}
    for name in copies_of_before(folder):
        if name.endswith("Z"):
            try:
                with closing(sqlite3.connect(folder / name)) as db:
                    found[name] = "" if _unsound(db) else fingerprint(folder / name)
            except sqlite3.Error:
                found[name] = ""
    return found


def _unsound(db: sqlite3.Connection) -> list[str]:
    whole = [text for (text,) in db.execute("PRAGMA integrity_check(3)") if text != "ok"]
    astray = db.execute("PRAGMA foreign_key_check").fetchmany(1)
    return [f"integrity_check: {text}" for text in whole] + [f"a row of {table} is astray" for table, *_ in astray]


def _not_as_committed(
    found: Mapping[str, str], done: Sequence[Mapping[str, str]], said: Sequence[Mark], next_said: Mark | None
) -> Iterator[str]:
    """The content must be that of the last commit that returned, or of one that was under way."""
    if not done:
        return
    last = max(place for place, mark in enumerate(said) if "done" in mark)
    allowed = [done[-1], *(mark["about"] for mark in said[last:] if "about" in mark)]
    allowed += [next_said["done"]] if next_said and "done" in next_said else []
    if found not in allowed:
        names = sorted(name for name in found.keys() | done[-1].keys() if found.get(name) != done[-1].get(name))
        older = next((f" (that was {n} commits ago)" for n, was in enumerate(reversed(done)) if was == found), "")
        yield f"not what was committed{older}: {', '.join(names)}"


def _sent_too_early(db: sqlite3.Connection, sent: Sequence[Mark]) -> Iterator[str]:
    """What was handed to the sender stands in the database under the number that it was sent with."""
    (epoch,) = db.execute("SELECT value FROM about WHERE key = 'epoch'").fetchone()
    known = dict(db.execute("SELECT jid, last_seq FROM recipient"))
    for mark in sent:
        jid, points = mark["sent"], mark["points"]
        if mark["epoch"] != epoch:
            yield "sent under an epoch that the database does not have"
        if jid in known and known[jid] < points[-1][0]:
            yield f"sent to {jid}: number {points[-1][0]}, and the database knows {known[jid]}"
        waiting = {
            seq: [seq, *rest]
            for seq, *rest in db.execute(
                "SELECT seq, series, granularity, time FROM outbox"
                " JOIN recipient ON recipient.id = recipient WHERE jid = ?",
                [jid],
            )
        }
        if any(waiting.get(point[0], point) != point for point in points):
            yield f"sent to {jid}: a number stands for another point than the one that was sent"


def _goes_on(folder: Path, sent: Sequence[Mark]) -> Iterator[str]:
    """A start after the cut: the journal holds, names are the same, a batch is written and is there after a restart."""
    with closing(Store(folder)) as store:
        lines = [write_line(entry).encode() + b"\n" for entry in store.journal.entries()]
        if lines and (fault := verify(lines).fault) is not None:
            yield f"the journal is broken at its entry {fault.seq}: {fault.why.value}"
        known = store.meters.add(METER, "ab12cd34ef")
        now = known.last_time + _LATER_S
        store.batches.write([_batch(now)], now)
        numbers = {b.recipient: b.last_seq for b in store.outbox.backlog()}
        for mark in sent:
            if mark["sent"] in numbers and numbers[mark["sent"]] < mark["points"][-1][0]:
                yield f"numbers given to {mark['sent']} are given again"
    with closing(Store(folder)) as again:
        if again.readings.last_values(METER).get(POWER) != (now, 1234):
            yield "what was written after the cut is not there after a restart"


def _batch(now: int) -> Batch:
    batch = Batch(METER, last_time=now, series={POWER: ("VA", Kind.GAUGE)})
    batch.samples.append(Sample(POWER, now, 1234, Quality.METER))
    batch.minutes[POWER, now - now % 60] = MinuteSum(1, 1234, 1234, 1234, 1234)
    return batch
