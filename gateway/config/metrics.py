"""``[metrics]`` of a program on a server: where it tells Prometheus how it is."""

from __future__ import annotations

from typing import Annotated

import msgspec

from gateway.config.tables import HOST_AND_PORT


class MetricsTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where ``/metrics`` and ``/ready`` are answered; nowhere unless it is said."""

    listen: Annotated[str, msgspec.Meta(pattern=HOST_AND_PORT)] | None = None

    @property
    def at(self) -> tuple[str, int] | None:
        """Host and port."""
        host, _, port = (self.listen or "").rpartition(":")
        return (host.strip("[]"), int(port)) if self.listen else None
