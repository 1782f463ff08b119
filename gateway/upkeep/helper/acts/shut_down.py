"""Shut the machine down in order; whoever asked gets its answer first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.upkeep.helper.request import ActRequest
from gateway.upkeep.helper.systemctl import systemctl

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.upkeep.helper.request import Tell


class ShutDown(ActRequest, frozen=True, forbid_unknown_fields=True, tag="shut-down"):
    """Nothing is to be said."""


def do(_request: ShutDown, root: Path, _tell: Tell) -> None:
    """By systemd's own target, which nothing takes back. GatewayError where systemd refuses."""
    systemctl(root, "--no-block", "--job-mode=replace-irreversibly", "start", "poweroff.target")
