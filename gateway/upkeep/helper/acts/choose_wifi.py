"""Leave the Wi-Fi that was chosen at the access point to it: it tries it in some seconds, and says how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from gateway.errors import GatewayError, reason
from gateway.first_boot.settings import Wifi
from gateway.upkeep.access_point import state
from gateway.upkeep.helper.acts.set_wifi import fault
from gateway.upkeep.helper.request import ActRequest
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.upkeep.helper.request import Tell

_MOST = msgspec.Meta(max_length=256)
_NOT_OPEN = Phrase("the gateway's own Wi-Fi is not open: nothing was changed")
_NOT_LEFT = Phrase("the Wi-Fi cannot be written: {why}; nothing was changed")


class ChooseWifi(ActRequest, frozen=True, forbid_unknown_fields=True, tag="choose-wifi"):
    """Its name and its key, empty for an open one; whose radio rules hold; whether it does not say its name."""

    name: Annotated[str, _MOST]
    key: Annotated[str, _MOST]
    country: Annotated[str, _MOST] = "FR"
    hidden: bool = False


def do(request: ChooseWifi, root: Path, _tell: Tell) -> None:
    """Leave it there; GatewayError with the reason where that cannot be."""
    wifi = Wifi(request.name, request.key, request.country, request.hidden)
    if wrong := fault(wifi):
        raise GatewayError(wrong)
    told = state.read(root)
    if told is None or not told.open:
        raise GatewayError(_NOT_OPEN)
    try:
        state.leave_choice(root, wifi)
    except OSError as error:
        raise GatewayError(_NOT_LEFT.filled(why=reason(error))) from error
