"""The apt repository of a folder: ``dists/stable/main`` for every architecture, ``pool/`` with the packages.

``Release`` and ``Packages`` as https://wiki.debian.org/DebianRepository/Format has them, written here so that the same
packages give the same bytes. InRelease is signed and has a Valid-Until; lists are also below ``by-hash/``, those of the
folder before as well, so that whoever is in the middle of fetching finds what it was told of.
"""

from __future__ import annotations

import hashlib
import lzma
import shutil
import subprocess
from email.utils import format_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from release.signing import Signers

ORIGIN = "Linky Gateway"
SUITE, COMPONENT = "stable", "main"
# The package is for all of them; apt asks for its list by this name where Release names it.
ARCHITECTURES = ("all", "amd64", "arm64", "armhf")
_LISTS = f"{COMPONENT}/binary-all"
_HASHES = {"SHA256": hashlib.sha256, "SHA512": hashlib.sha512}


def write(apt: Path, before: Path | None, signers: Signers, issued: datetime, expires: datetime) -> None:
    """All below ``apt/`` but its pool, which is there."""
    dist = apt / "dists" / SUITE
    lists = dist / _LISTS
    lists.mkdir(parents=True)
    packages = "\n".join(map(_paragraph, _newest_first(list((apt / "pool").glob("*.deb"))))).encode()
    made = {"Packages": packages, "Packages.xz": lzma.compress(packages, preset=9 | lzma.PRESET_EXTREME)}
    former = before / "apt/dists" / SUITE / _LISTS if before else None
    for name, content in made.items():
        (lists / name).write_bytes(content)
        contents = [content]
        if former and (former / name).exists():
            contents.append((former / name).read_bytes())
        for one in contents:
            for kind, digest in _HASHES.items():
                place = lists / "by-hash" / kind / digest(one).hexdigest()
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(one)
    release = _release(made, issued, expires)
    (dist / "InRelease").write_bytes(signers.clearsign(release.encode(), issued))


def sources(url: str) -> str:
    """The file of sources.list.d by which apt finds it; its key lies where ``Signed-By`` says."""
    lines = ["Types: deb", f"URIs: {url}/apt", f"Suites: {SUITE}", f"Components: {COMPONENT}"]
    return "\n".join([*lines, "Signed-By: /usr/share/keyrings/linky-gateway.asc", ""])


def _release(made: dict[str, bytes], issued: datetime, expires: datetime) -> str:
    lines = [f"Origin: {ORIGIN}", f"Label: {ORIGIN}", f"Suite: {SUITE}", f"Codename: {SUITE}"]
    lines += [f"Date: {format_datetime(issued, usegmt=True)}", f"Valid-Until: {format_datetime(expires, usegmt=True)}"]
    lines += ["Acquire-By-Hash: yes", f"Architectures: {' '.join(ARCHITECTURES)}", f"Components: {COMPONENT}"]
    for kind, digest in _HASHES.items():
        lines.append(f"{kind}:")
        lines += [f" {digest(one).hexdigest()} {len(one)} {_LISTS}/{name}" for name, one in made.items()]
    return "\n".join([*lines, ""])


def _newest_first(debs: Sequence[Path]) -> list[Path]:
    return sorted(debs, key=lambda path: path.name, reverse=True)


def _paragraph(deb: Path) -> str:
    """What Packages says of one package: its own control file, where it is, its sums."""
    control = subprocess.run(["dpkg-deb", "--field", deb], check=True, capture_output=True, text=True).stdout
    content = deb.read_bytes()
    lines = [f"Filename: pool/{deb.name}", f"Size: {len(content)}"]
    lines += [f"{kind}: {digest(content).hexdigest()}" for kind, digest in _HASHES.items()]
    return control.rstrip("\n") + "\n" + "\n".join(lines) + "\n"


def keep(before: Path, apt: Path, names: Sequence[str]) -> None:
    """Take these packages over from the folder before."""
    (apt / "pool").mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copyfile(before / "apt/pool" / name, apt / "pool" / name)
