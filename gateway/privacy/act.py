"""Orders on what is stored, done: by the running daemon, or by the command itself where none runs."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gateway.errors import ConsentError, GatewayError, StoreError
from gateway.privacy.orders import (
    LATEST,
    CorrectionRow,
    Erase,
    Erasing,
    Preview,
    Rectify,
    Remove,
    Restore,
    Rotate,
    Withdraw,
)
from gateway.store.erasure import Erased, Range
from gateway.store.points import Correction, Granularity
from gateway.store.recorder import iso
from gateway.store.spanning import take_back
from gateway.store.terms import check_jid

if TYPE_CHECKING:
    from gateway.consent.orders import Handlers, Row
    from gateway.store.meters import Meters
    from gateway.store.store import Store

log = logging.getLogger(__name__)


def _preview(store: Store, order: Preview, _: float) -> Row:
    """What an erasure would take."""
    if order.what == "recipient":
        recipient = check_jid(order.recipient)
        return {"consents": len(store.consents.of(recipient)), "known": store.erasure.knows(recipient)}
    # Of everything they go, too.
    copies = store.erasure.copies() if order.what == "range" else []
    return _described(store.erasure.what_is_in(_range(store, order))) | {"copies": copies}


def _erase(store: Store, order: Erase, now: float) -> Row:
    removed: list[str] = []
    done: Row
    match order.what:
        case "recipient":
            recipient = check_jid(order.recipient)
            if not store.erasure.knows(recipient):
                # Said twice because a reader held the log the first time: that is what there is to do.
                _wiped(store)
                raise ConsentError(f"{recipient}: nothing is kept about it")
            done = {"consents": store.erasure.erase_recipient(recipient, now, order.by, order.channel)}
        case "everything":
            done = _described(store.erasure.erase_everything(now, order.by, order.channel))
            removed = store.erasure.remove_copies()
        case "range":
            done = _described(store.erasure.erase_range(_range(store, order), now, order.by))
    copies = store.erasure.beside() if order.what == "everything" else store.erasure.copies()
    return done | _wiped(store) | {"removed": removed, "copies": copies}


def _wiped(store: Store) -> Row:
    """Whether the file was written anew; where it cannot be, why: the rows are gone whatever it is."""
    try:
        return {"wiped": store.erasure.wipe()}
    except StoreError as error:
        log.warning("%s", error)
        return {"wiped": False, "unwritten": str(error)}


def _rectify(store: Store, order: Rectify, now: float) -> list[CorrectionRow]:
    found = store.corrections.rectify(*_point(store.meters, order), order.value, now, order.by, order.reason)
    return [_correction(one) for one in found]


def _remove(store: Store, order: Remove, now: float) -> list[CorrectionRow]:
    found = store.corrections.remove(*_point(store.meters, order), now, order.by, order.reason)
    return [_correction(one) for one in found]


def _restore(store: Store, order: Restore, now: float) -> list[CorrectionRow]:
    return [_correction(one) for one in store.corrections.restore(*_point(store.meters, order), now, order.by)]


def _withdraw(store: Store, order: Withdraw, now: float) -> int:
    return take_back(store, now, order.by)


def _point(meters: Meters, order: Rectify | Remove | Restore) -> tuple[str, str, Granularity, int]:
    """Meter, series, granularity and time of the point that is meant."""
    try:
        granularity = Granularity.parse(order.granularity)
    except ValueError as error:
        raise GatewayError(str(error)) from error
    return _meter(meters, order), order.series, granularity, order.time


def _rotate(store: Store, order: Rotate, now: float) -> dict[str, str]:
    return {m.name: m.sensor for m in store.pseudonyms.rotate(check_jid(order.recipient), now).meters}


HANDLERS: Handlers = {
    Preview: _preview,
    Erase: _erase,
    Rectify: _rectify,
    Remove: _remove,
    Withdraw: _withdraw,
    Restore: _restore,
    Rotate: _rotate,
}


def _range(store: Store, order: Erasing[Any]) -> Range:
    """The span of an order; a meter or a series that is not there is a mistake, not nothing to erase."""
    meter, prefix = order.meter, order.series.strip("/")
    if not 0 <= order.first < order.last <= LATEST:
        raise GatewayError("the end of what is erased is not after its beginning")
    names = [m.name for m in store.meters.all()]
    if meter is not None and meter not in names:
        raise GatewayError(f"meter {meter!r}: there is none; these are known: {', '.join(names) or 'none'}")
    span = Range(meter, prefix, order.first, order.last)
    if prefix and not store.erasure.has_series(span):
        raise GatewayError(f"series {prefix!r}: there is none at or below this path; `linky-gateway export` lists them")
    return span


def _meter(meters: Meters, order: Rectify | Remove | Restore) -> str:
    """The meter whose series is to be corrected; the only one that has it needs no naming."""
    path, wanted = order.series, order.meter
    having = [m.name for m in meters.all() if any(s.path == path for s in meters.series(m.name))]
    if wanted is None and len(having) == 1:
        return having[0]
    if wanted is not None and wanted in having:
        return wanted
    known = ", ".join(having) or "none; `linky-gateway export --format csv` lists what is stored"
    raise GatewayError(f"series {path!r}: say with --meter of which meter; those that have it: {known}")


def _described(erased: Erased) -> Row:
    return asdict(erased)


def _correction(one: Correction) -> CorrectionRow:
    return {
        "meter": one.point.series.meter,
        "series": one.point.series.path,
        "granularity": one.point.granularity.code,
        "time": iso(one.point.time),
        "before": one.before,
        "after": one.after,
        "unit": one.point.series.unit,
    }
