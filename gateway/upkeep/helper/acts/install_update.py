"""Have a version installed: a unit of its own begins, which judges all that was fetched again before it uses it.

The helper may write next to nothing, and a package writes everywhere: so the work is not the helper's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from gateway.upkeep.helper.request import ActRequest
from gateway.upkeep.helper.systemctl import systemctl

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.upkeep.helper.request import Tell

# A version as PEP 440 writes it.
_VERSION = r"^[0-9][0-9A-Za-z.+!]{0,49}\Z"
_PLAIN = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.")


class InstallUpdate(ActRequest, frozen=True, forbid_unknown_fields=True, tag="install-update"):
    """Which version; what is fetched has to bring that one, or it is the former one, which is kept."""

    version: Annotated[str, msgspec.Meta(pattern=_VERSION)]


def unit_of(version: str) -> str:
    """The instance of the unit, as systemd-escape(1) writes it."""
    name = "".join(letter if letter in _PLAIN else f"\\x{ord(letter):02x}" for letter in version)
    return f"linky-gateway-update@{name}.service"


def do(request: InstallUpdate, root: Path, _tell: Tell) -> None:
    """Ask systemd for it and wait for nothing: the gateway itself is stopped by it. GatewayError where it refuses."""
    systemctl(root, "--no-block", "start", unit_of(request.version))
