"""Orders on imported history, done where the store is written: a batch added, undone, its file deleted."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from gateway.control.messages import AddHistory, ForgetHistoryFile, UndoHistory
from gateway.control.spool import Spool

if TYPE_CHECKING:
    from gateway.consent.orders import Handlers, Row
    from gateway.store.imports import ImportedBatch
    from gateway.store.store import Store


def _add(store: Store, order: AddHistory, now: float) -> Row:
    with closing(Spool(store.journal.key_path.parent, order.spool)) as spool:
        return _said(store.imports.add(spool.batch, spool.points(), spool.file(), now, order.by))


def _undo(store: Store, order: UndoHistory, now: float) -> Row:
    undone = store.imports.undo(order.number, now, order.by)
    later = any(one.id > undone.id and one.meter == undone.meter for one in store.imports.batches())
    return _said(undone) | {"later": later}


def _forget(store: Store, order: ForgetHistoryFile, now: float) -> Row:
    return _said(store.imports.forget_file(order.number, now, order.by))


def _said(batch: ImportedBatch) -> Row:
    return {"number": batch.id, "meter": batch.meter, "name": batch.name, "points": batch.points}


HANDLERS: Handlers = {AddHistory: _add, UndoHistory: _undo, ForgetHistoryFile: _forget}
