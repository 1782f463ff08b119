"""Write one of the household's secrets where root alone reads it, and have whoever reads it start again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from gateway.errors import GatewayError, reason
from gateway.files import make_folder, sync, write_whole
from gateway.upkeep.helper.request import ActRequest
from gateway.upkeep.helper.systemctl import systemctl
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.upkeep.helper.request import Tell

SECRETS = "etc/linky-gateway/secrets"
_GATEWAY = "linky-gateway.service"
# What is handed over by systemd, at the start of whoever reads it; a backup's unit starts anew each night.
_READERS = {"display-password": "linky-display.service", "backup-passphrase": ""}
# Those of ways by which the household is told have a folder of their own.
_NAME = r"\A(xmpp-password|mqtt-password|display-password|backup-passphrase|notices/[a-z0-9][a-z0-9-]{0,31})\Z"
# One line, as whoever reads it takes it.
_VALUE = r"\A[^\x00-\x1f\x7f\ud800-\udfff]{1,1000}\Z"

# Without its password an account or a broker that the configuration names keeps the gateway from starting.
_STAY = ("xmpp-password", "mqtt-password")
# As "linky-gateway backup" wants it: with a shorter one each night's backup would fail.
_LEAST_OF_PASSPHRASE = 12

_STAYS = Phrase("the secret {name} can be changed and not taken away while the gateway may need it")
_TOO_SHORT = Phrase("a passphrase of backups has at least {least} characters")
_NOT_KEPT = Phrase("the secret {name} cannot be written: {why}; it is what it was")


class SetSecret(ActRequest, frozen=True, forbid_unknown_fields=True, tag="set-secret"):
    """Which one, and what it is; None takes it away."""

    name: Annotated[str, msgspec.Meta(pattern=_NAME)]
    value: Annotated[str, msgspec.Meta(pattern=_VALUE)] | None


def do(request: SetSecret, root: Path, _tell: Tell) -> None:
    """Write it whole or not at all, then restart its reader. GatewayError with the reason where that fails."""
    if request.value is None and request.name in _STAY:
        raise GatewayError(_STAYS.filled(name=request.name))
    if request.name == "backup-passphrase" and request.value and len(request.value) < _LEAST_OF_PASSPHRASE:
        raise GatewayError(_TOO_SHORT.filled(least=_LEAST_OF_PASSPHRASE))
    file = root / SECRETS / request.name
    try:
        make_folder(file.parent, 0o700)
        if request.value is None:
            file.unlink(missing_ok=True)
            sync(file.parent)
        else:
            write_whole(file, f"{request.value}\n".encode())
    except OSError as error:
        raise GatewayError(_NOT_KEPT.filled(name=request.name, why=reason(error))) from error
    if reader := _READERS.get(request.name, _GATEWAY):
        systemctl(root, "--no-block", "try-restart", reader)
