"""Restart one of the household's own services, if it runs; its asker may be one of them, and gets its answer first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from gateway.upkeep.helper.request import ActRequest
from gateway.upkeep.helper.systemctl import systemctl

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.upkeep.helper.request import Tell


class RestartUnit(ActRequest, frozen=True, forbid_unknown_fields=True, tag="restart-unit"):
    """Which one."""

    unit: Literal["linky-gateway.service", "linky-display.service", "mosquitto.service"]


def do(request: RestartUnit, root: Path, _tell: Tell) -> None:
    """Ask systemd for it and wait for nothing. GatewayError where systemd refuses."""
    systemctl(root, "--no-block", "try-restart", request.unit)
