"""How this installation came onto its machine, which files of a release are for it, how dpkg calls a version."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.errors import ReleaseError
from gateway.upkeep.releases import versions
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from gateway.upkeep.releases.latest import Latest

_INFO = Path("/var/lib/dpkg/info/linky-gateway.list")
_NOTHING = Phrase("release {version} brings nothing that could be installed here")
_NOT_OURS = Phrase("this gateway was not installed by its package nor by tools/setup: {version} is for you to install")
_FOLLOWS = Phrase("{running} is too old to go to {version} directly: {least} comes first")


class InstallKind(Enum):
    """By tools/setup; by the Debian package, also on a card, whose root is opened for it; by nobody."""

    SETUP = "setup"
    DEB = "deb"
    NONE = "none"


def kind_here() -> InstallKind:
    """Of the code that runs."""
    here = str(Path(__file__).resolve())
    if here.startswith("/opt/linky-gateway/"):
        return InstallKind.SETUP
    return InstallKind.DEB if here.startswith("/usr/lib/linky-gateway/") and _INFO.exists() else InstallKind.NONE


def files_for(kind: InstallKind, latest: Latest, running: str) -> list[str]:
    """The paths of the files that it takes, what is to be installed first; ReleaseError where there are none."""
    if kind is InstallKind.NONE:
        raise ReleaseError(_NOT_OURS.filled(version=latest.version))
    if not latest.follows(running):
        raise ReleaseError(_FOLLOWS.filled(running=running, version=latest.version, least=latest.min_version))
    stem = f"linky-gateway-{latest.version}"
    names = [f"linky-gateway_{deb_version(latest.version)}_all.deb"]
    if kind is InstallKind.SETUP:
        names = [f"{stem}.tar.gz", f"{stem}.sha256", f"{stem}.sha256.sig"]
    found = [next((path for path in sorted(latest.files) if path.split("/")[-1] == name), "") for name in names]
    if not all(found):
        raise ReleaseError(_NOTHING.filled(version=latest.version))
    return found


def deb_version(version: str) -> str:
    """A version as dpkg orders it: what comes ahead of a release stands behind ~, a ``.dev`` before all of that."""
    return re.sub(r"((?:a|b|rc)[0-9])", r"~\1", version.replace(".dev", "~~dev"))


def former(kind: InstallKind, running: str) -> str:
    """The version that is kept to go back to; empty where there is none."""
    if kind is InstallKind.SETUP:
        found = [path.name for path in Path("/opt/linky-gateway/versions").glob("[0-9]*") if path.name != running]
    elif kind is InstallKind.DEB:
        kept = Path("/var/cache/linky-gateway").glob("linky-gateway_*_all.deb")
        found = [path.name.split("_")[1].replace("%3a", ":").replace("~~dev", ".dev").replace("~", "") for path in kept]
    else:
        found = []
    known = [one for one in found if versions.compared(running, one) == "older"]
    return max(known, key=lambda one: versions.order(one) or ()) if known else ""
