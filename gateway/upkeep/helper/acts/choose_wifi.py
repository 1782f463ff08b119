"""Leave the Wi-Fi that was chosen at the access point to it: it tries it in some seconds, and says how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import GatewayError, reason
from gateway.upkeep.access_point import state
from gateway.upkeep.helper.acts.set_wifi import WifiRequest
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.upkeep.helper.request import Tell

_NOT_OPEN = Phrase("the gateway's own Wi-Fi is not open: nothing was changed")
_BUSY = Phrase("the gateway is trying a Wi-Fi already: wait for three minutes; nothing was changed")
_NOT_LEFT = Phrase("the Wi-Fi cannot be written: {why}; nothing was changed")


class ChooseWifi(WifiRequest, frozen=True, forbid_unknown_fields=True, tag="choose-wifi"):
    """Have it tried by the access point."""


def do(request: ChooseWifi, root: Path, _tell: Tell) -> None:
    """Leave it there; GatewayError with the reason where that cannot be."""
    wifi = request.wifi()
    told = state.read(root)
    if told is None or not told.open:
        raise GatewayError(_NOT_OPEN)
    if told.joining is not None or state.is_wanted(root):
        raise GatewayError(_BUSY)
    try:
        state.leave_choice(root, wifi)
    except OSError as error:
        raise GatewayError(_NOT_LEFT.filled(why=reason(error))) from error
