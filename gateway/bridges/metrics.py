"""What a running bridge tells Prometheus, and whether it does its work; no label is a household or a gateway."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.process.exposition import exposed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.bridges.core import Bridge
    from gateway.federation.connection.session import Session
    from gateway.process.exposition import Sample

_PREFIX = "linky_bridge"
# Name -> (type, help), in the order in which they are told.
_FAMILIES = {
    "build_info": ("gauge", "The version that runs, and to what it is a bridge; the value is always 1."),
    "connected": ("gauge", "Whether there is a session with the XMPP server."),
    "sessions_total": ("counter", "Sessions that began: each after the first is a connection that was lost."),
    "gateways": ("gauge", "Gateways that it receives from."),
    "values_handed_on_total": ("counter", "Values that the other system has taken."),
    "values_left_out_total": ("counter", "Values that are no household's of the configuration, or no meter's."),
    "failures_total": ("counter", "Attempts that the other system did not take, and that were made again."),
    "sink_up": ("gauge", "Whether the other system has taken what it was sent last."),
    "queue_values": ("gauge", "Values that wait to be handed on."),
    "queue_oldest_timestamp_seconds": ("gauge", "The time of the oldest value that waits, by its meter."),
}
FAMILIES = {f"{_PREFIX}_{name}": words for name, words in _FAMILIES.items()}


class BridgeWatch:
    """What a bridge tells of itself (``gateway.process.watched.WatchedProgram``).

    Args:
        kind: to what it is a bridge.
        session: its account's.
        bridge: the rest of it.
    """

    def __init__(self, kind: str, session: Session, bridge: Bridge) -> None:
        self._kind, self._session, self._bridge = kind, session, bridge

    async def metrics(self) -> str:
        """The figures."""
        return exposed(FAMILIES, ((f"{_PREFIX}_{name}", labels, value) for name, labels, value in self._samples()))

    def figures(self) -> dict[str, float]:
        """Those without a label, and how long there has been a session; for a sink that is told how the bridge is."""
        state = self._session.state
        figures = {name: float(value) for name, labels, value in self._samples() if not labels}
        return {**figures, "connected_seconds": time.time() - state.since if state.connected else 0.0}

    async def unready(self) -> str:
        """Why nothing comes in, or goes on, now."""
        if not self._session.connected.is_set():
            return f"there is no session with the XMPP server: {self._session.state.error or 'connecting'}"
        if any(gateway.forwarder.is_stuck for gateway in self._bridge.gateways):
            waiting = sum(gateway.queue.backlog()[0] for gateway in self._bridge.gateways)
            return f"the other system does not take what it is sent: {waiting} values wait"
        return ""

    def _samples(self) -> Iterator[Sample]:
        gateways = self._bridge.gateways
        counts = [gateway.forwarder.counts for gateway in gateways]
        backlog = [gateway.queue.backlog() for gateway in gateways]
        oldest = [at for _, at in backlog if at is not None]
        yield "build_info", {"version": __version__, "kind": self._kind}, 1
        yield "connected", {}, self._session.connected.is_set()
        yield "sessions_total", {}, self._session.state.sessions
        yield "gateways", {}, len(gateways)
        yield "values_handed_on_total", {}, sum(one.handed_on for one in counts)
        yield "values_left_out_total", {}, sum(one.left_out for one in counts)
        yield "failures_total", {}, sum(one.failures for one in counts)
        yield "sink_up", {}, not any(gateway.forwarder.is_stuck for gateway in gateways)
        yield "queue_values", {}, sum(count for count, _ in backlog)
        # Nothing waits: nothing is old.
        yield "queue_oldest_timestamp_seconds", {}, min(oldest, default=time.time())
