"""Make the page's certificate anew, signed by the house's own authority, whose key no one else can read.

Of what it is good for its asker says some names alone, and each must be one of this machine's.
"""

from __future__ import annotations

import platform
import tomllib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import msgspec

from gateway.errors import GatewayError
from gateway.upkeep.authority.names import MOST_NAMES, can_sign, is_named, own_addresses, plain
from gateway.upkeep.helper.request import ActRequest
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.upkeep.helper.request import Tell

_NOT_OWN = Phrase("{name}: no name of this machine, nor one that [web] names in gateway.toml")

_Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9.-]{1,253}\Z")]


class MakeCertificate(ActRequest, frozen=True, forbid_unknown_fields=True, tag="make-certificate"):
    """The names by which the page is called, the first one its own."""

    names: Annotated[tuple[_Name, ...], msgspec.Meta(min_length=1, max_length=MOST_NAMES)]


def do(request: MakeCertificate, root: Path, _tell: Tell) -> None:
    """By the machine's own addresses. GatewayError where a name is not its own, or the files cannot be written."""
    # 8 MB, for this act alone.
    from gateway.upkeep.authority.certificates import make  # noqa: PLC0415

    folder, hostname = root / "etc/linky-gateway", platform.node()
    given = _given(folder / "gateway.toml")
    for name in request.names:
        if not can_sign(name) or not (is_named(name, hostname) or name in given):
            raise GatewayError(_NOT_OWN.filled(name=name))
    make(folder / "https", request.names, own_addresses(), datetime.now(UTC))


def _given(file: Path) -> frozenset[str]:
    """The names that the administrator's file gives to the page; none where it says nothing of that."""
    try:
        names = tomllib.loads(file.read_text(encoding="utf-8")).get("web", {}).get("names", ())
    except (OSError, ValueError, AttributeError):
        return frozenset()
    return frozenset(plain(name) for name in names if isinstance(name, str)) if isinstance(names, list) else frozenset()
