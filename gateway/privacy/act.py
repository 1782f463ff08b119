"""Orders of ``linky-gateway privacy`` as the control socket carries them: JSON in, JSON out.

They are done where the store is written: by the running daemon, or by the command itself where none runs.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gateway.errors import ConsentError, GatewayError
from gateway.store.erasure import Range
from gateway.store.points import Granularity
from gateway.store.recorder import iso
from gateway.store.terms import check_jid
from gateway.store.transfers import FOR_EVER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.store.erasure import Erased
    from gateway.store.meters import Meters
    from gateway.store.points import Correction
    from gateway.store.store import Store

Words = dict[str, Any]

ERASE, WITHDRAW = "privacy-erase", "privacy-withdraw"
# Why, in the record of a correction.
_SPANS = "spans a break of the index"
_EARLIEST, _LATEST = 0, FOR_EVER


def act(store: Store, request: Words, now: float) -> object:
    """Do one order of ``ORDERS``; GatewayError with the reason when it cannot be done."""
    return ORDERS[request["do"]](store, request, now)


def _preview(store: Store, request: Words, _: float) -> object:
    """What an erasure would take."""
    if request.get("what") == "recipient":
        recipient = check_jid(_word(request, "recipient"))
        return {"consents": len(store.consents.of(recipient)), "known": store.erasure.knows(recipient)}
    return _described(store.erasure.what_is_in(_range(store, request)))


def _erase(store: Store, request: Words, now: float) -> object:
    by, what = _word({"by": ""} | request, "by"), request.get("what")
    removed: list[str] = []
    done: Words
    if what == "recipient":
        recipient = check_jid(_word(request, "recipient"))
        if not store.erasure.knows(recipient):
            # Said twice because a reader held the log the first time: that is what there is to do.
            store.erasure.wipe()
            raise ConsentError(f"{recipient}: nothing is kept about it")
        done = {"consents": store.erasure.erase_recipient(recipient, now, by)}
    elif what == "everything":
        done = _described(store.erasure.erase_everything(now, by))
        removed = store.erasure.remove_copies()
    elif what == "range":
        done = _described(store.erasure.erase_range(_range(store, request), now, by))
    else:
        raise GatewayError("an erasure is of a range, of a recipient or of everything")
    wiped = store.erasure.wipe()
    return done | {"wiped": wiped, "removed": removed, "copies": store.erasure.copies()}


def _rectify(store: Store, request: Words, now: float) -> object:
    value = _word(request, "value")
    by, reason = _word({"by": ""} | request, "by"), _word({"reason": ""} | request, "reason")
    found = store.corrections.rectify(*_point(store.meters, request), value, now, by, reason)
    return [_correction(one) for one in found]


def _remove(store: Store, request: Words, now: float) -> object:
    """Take a point away; ``privacy-restore`` brings it back."""
    by, reason = _word({"by": ""} | request, "by"), _word({"reason": ""} | request, "reason")
    return [_correction(one) for one in store.corrections.remove(*_point(store.meters, request), now, by, reason)]


def _restore(store: Store, request: Words, now: float) -> object:
    """Undo the last correction of a point."""
    found = store.corrections.restore(*_point(store.meters, request), now, _word({"by": ""} | request, "by"))
    return [_correction(one) for one in found]


def _withdraw(store: Store, request: Words, now: float) -> object:
    """Take away all that says something of a time across a break; whoever had it is asked to erase it."""
    by, done = _word({"by": ""} | request, "by"), 0
    for one in store.spanning.points():
        done += len(
            store.corrections.remove(one.series.meter, one.series.path, one.granularity, one.time, now, by, _SPANS)
        )
    return done


def _point(meters: Meters, request: Words) -> tuple[str, str, Granularity, int]:
    """Meter, series, granularity and time of the point that is meant."""
    time = request.get("time")
    if not isinstance(time, int):
        raise GatewayError("a correction names a time")
    try:
        granularity = Granularity.parse(_word(request, "granularity"))
    except ValueError as error:
        raise GatewayError(str(error)) from error
    return _meter(meters, request), _word(request, "series"), granularity, time


def _rotate(store: Store, request: Words, now: float) -> object:
    recipient = check_jid(_word(request, "recipient"))
    return {m.name: m.sensor for m in store.pseudonyms.rotate(recipient, now).meters}


ORDERS: Mapping[str, Callable[[Store, Words, float], object]] = {
    "privacy-preview": _preview,
    ERASE: _erase,
    "privacy-rectify": _rectify,
    "privacy-remove": _remove,
    WITHDRAW: _withdraw,
    "privacy-restore": _restore,
    "privacy-rotate": _rotate,
}


def _range(store: Store, request: Words) -> Range:
    """The span of an order; a meter or a series that is not there is a mistake, not nothing to erase."""
    meter, prefix = request.get("meter"), _word({"series": ""} | request, "series").strip("/")
    first, last = request.get("first", _EARLIEST), request.get("last", _LATEST)
    if not isinstance(first, int) or not isinstance(last, int) or not 0 <= first < last <= _LATEST:
        raise GatewayError("the end of what is erased is not after its beginning")
    names = [m.name for m in store.meters.all()]
    if meter is not None and meter not in names:
        raise GatewayError(f"meter {meter!r}: there is none; these are known: {', '.join(names) or 'none'}")
    span = Range(meter, prefix, first, last)
    if prefix and not store.erasure.has_series(span):
        raise GatewayError(f"series {prefix!r}: there is none at or below this path; `linky-gateway export` lists them")
    return span


def _meter(meters: Meters, request: Words) -> str:
    """The meter whose series is to be corrected; the only one that has it needs no naming."""
    path = _word(request, "series")
    having = [m.name for m in meters.all() if any(s.path == path for s in meters.series(m.name))]
    wanted = request.get("meter")
    if wanted is None and len(having) == 1:
        return having[0]
    if wanted in having:
        return str(wanted)
    known = ", ".join(having) or "none; `linky-gateway export --format csv` lists what is stored"
    raise GatewayError(f"series {path!r}: say with --meter of which meter; those that have it: {known}")


def _described(erased: Erased) -> Words:
    return asdict(erased)


def _correction(one: Correction) -> Words:
    return {
        "meter": one.point.series.meter,
        "series": one.point.series.path,
        "granularity": one.point.granularity.code,
        "time": iso(one.point.time),
        "before": one.before,
        "after": one.after,
        "unit": one.point.series.unit,
    }


def _word(request: Words, name: str) -> str:
    word = request.get(name)
    if not isinstance(word, str):
        raise GatewayError(f"an order of this kind needs a word for {name!r}")
    return word
