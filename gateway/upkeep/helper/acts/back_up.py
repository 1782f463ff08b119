"""Make the nightly backup now: the timer's own unit is started, which has its place, its passphrase and its bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.upkeep.helper.acts.set_secret import SECRETS
from gateway.upkeep.helper.request import ActRequest
from gateway.upkeep.helper.systemctl import systemctl

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.upkeep.helper.request import Found, Tell

UNIT = "linky-gateway-backup.service"


class BackUp(ActRequest, frozen=True, forbid_unknown_fields=True, tag="back-up"):
    """Nothing is to be said."""


def do(_request: BackUp, root: Path, _tell: Tell) -> Found:
    """Ask systemd for it and wait for nothing; GatewayError where it refuses.

    ``begun`` is false where there is no passphrase: the unit would do nothing.
    """
    if not (root / SECRETS / "backup-passphrase").is_file():
        return {"begun": False}
    systemctl(root, "--no-block", "start", UNIT)
    return {"begun": True}
