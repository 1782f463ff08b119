"""The closed list of acts, each a file in ``acts/``: a request is one of these, within its bounds, or nothing."""

from __future__ import annotations

import operator
from functools import reduce
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.errors import GatewayError
from gateway.upkeep.helper.acts import (
    back_up,
    choose_wifi,
    install_update,
    make_certificate,
    reboot,
    restart_unit,
    restore_backup,
    set_secret,
    set_wifi,
    shut_down,
)
from gateway.words.phrase import Phrase, same

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from gateway.upkeep.helper.request import ActRequest, Found, Tell

# What is asked for -> who does it.
ACTS: dict[type[ActRequest], ModuleType] = {
    back_up.BackUp: back_up,
    choose_wifi.ChooseWifi: choose_wifi,
    install_update.InstallUpdate: install_update,
    make_certificate.MakeCertificate: make_certificate,
    reboot.Reboot: reboot,
    restart_unit.RestartUnit: restart_unit,
    restore_backup.RestoreBackup: restore_backup,
    set_secret.SetSecret: set_secret,
    set_wifi.SetWifi: set_wifi,
    shut_down.ShutDown: shut_down,
}
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(reduce(operator.or_, ACTS))

_NOT_ASKED_SO = Phrase("the helper does not do this: {why}")


def read(line: bytes) -> ActRequest:
    """The act that is asked for. GatewayError for whatever is none."""
    try:
        request: ActRequest = _DECODER.decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        # Of what was asked nothing is repeated: it may hold a secret.
        raise GatewayError(_NOT_ASKED_SO.filled(why=same(_of_msgspec(error)))) from None
    return request


def do(request: ActRequest, root: Path, tell: Tell) -> Found:
    """Do it; GatewayError with the reason where it cannot be done."""
    found: Found = ACTS[type(request)].do(request, root, tell)
    return found


def _of_msgspec(error: Exception) -> str:
    """What msgspec met, without the names and values that it quotes."""
    words, _, at = str(error).partition(" - at ")
    if words.startswith("Invalid"):
        words = "a value that is not in the list"
    elif words.startswith("Object contains unknown field"):
        words = "an argument that the act does not have"
    return f"{words} ({at})" if at else words
