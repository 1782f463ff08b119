"""PRIDE (Warp 10): lines of Geo Time Series to ``/api/v0/update``; the same series and tick again is the same value."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from gateway.bridges.http import post
from gateway.bridges.naming import gts_class
from gateway.federation.wire.scope import parsed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.bridges.config import Warp10Table
    from gateway.bridges.core import Value

_TICKS = {"ms": 10**3, "us": 10**6, "ns": 10**9}


class Warp10Sink:
    """One Warp 10. Blocks: it is called in a thread.

    Args:
        settings: ``[warp10]``.
        token: a write token; its owner is the series' owner.
    """

    most = 1000

    def __init__(self, settings: Warp10Table, token: str) -> None:
        self._url, self._token = settings.url.rstrip("/") + "/api/v0/update", token
        self._ticks = _TICKS[settings.units]

    def missing(self, values: Sequence[Value]) -> Sequence[Value]:
        """All of them: a repetition replaces itself."""
        return values

    def send(self, values: Sequence[Value]) -> None:
        """One request, taken whole or not at all."""
        body = "".join(f"{self.line(value)}\n" for value in values).encode()
        post(self._url, body, {"X-Warp10-Token": self._token, "Content-Type": "text/plain"})

    def line(self, value: Value) -> str:
        """One value in the GTS input format: a number as DOUBLE, text as STRING."""
        # The meter's id alone: whoever may read the series need not learn the household's address.
        named = parsed(value.sen1 or value.record)
        sensor = (named.prm or named.sensor or "") if named else ""
        labels = {
            "PRM": value.household.name, "granularity": value.granularity, "unit": value.unit, "sensor": sensor,
        }  # fmt: skip
        written = ",".join(f"{name}={quote(text, safe='')}" for name, text in labels.items() if text)
        # Never LONG: a series has the type of its first value, and would cut what stands behind a point later on.
        told = f"'{quote(value.value, safe=' ')}'" if isinstance(value.value, str) else repr(float(value.value))
        return f"{round(value.time * self._ticks)}// {gts_class(value.path)}{{{written}}} {told}"
