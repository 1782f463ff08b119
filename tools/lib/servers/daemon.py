"""What a running gateway says of itself, asked at its own socket: a process for each look would keep a core busy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.config.tables import load
from gateway.control.messages import Status
from gateway.control.running import ask
from gateway.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path


def links_of(config: Path) -> dict[str, dict[str, Any]]:
    """Link name -> row of ``status --json``; empty while the daemon of this configuration does not answer."""
    try:
        report = ask(load(config).control_socket, Status())
    except (ConnectionError, StoreError):
        return {}  # not started yet, or killed while it answered
    return {row["link"]: row for row in report["links"]}
