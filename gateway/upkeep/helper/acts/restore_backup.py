"""Bring back the backup that the page was given: a unit of its own stops the gateway, restores, and starts it again.

Its passphrase goes to that unit in memory, where root alone reads it; what comes back is bounded there
(gateway/backup/own.py), since root does not know who gave the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from gateway.errors import GatewayError, reason
from gateway.files import make_folder, write_whole
from gateway.upkeep.helper.request import ActRequest
from gateway.upkeep.helper.systemctl import systemctl
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.upkeep.helper.request import Tell

# The helper's own folder in memory (RuntimeDirectory=), and what the unit is handed from there.
HANDED_OVER = "run/linky-gateway-restore/passphrase"
UNIT = "linky-gateway-restore.service"
# One line, as whoever reads it takes it.
_VALUE = r"\A[^\x00-\x1f\x7f\ud800-\udfff]{1,256}\Z"
_NOT_KEPT = Phrase("the passphrase cannot be handed over: {why}; nothing was changed")


class RestoreBackup(ActRequest, frozen=True, forbid_unknown_fields=True, tag="restore-backup"):
    """By which passphrase the file can be read."""

    passphrase: Annotated[str, msgspec.Meta(pattern=_VALUE)]


def do(request: RestoreBackup, root: Path, _tell: Tell) -> None:
    """Ask systemd for it and wait for nothing: the gateway itself is stopped by it. GatewayError where it refuses."""
    file = root / HANDED_OVER
    try:
        make_folder(file.parent, 0o700)
        write_whole(file, f"{request.passphrase}\n".encode())
    except OSError as error:
        raise GatewayError(_NOT_KEPT.filled(why=reason(error))) from error
    try:
        systemctl(root, "--no-block", "start", UNIT)
    except GatewayError:
        file.unlink(missing_ok=True)
        raise
