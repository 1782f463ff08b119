"""What a package is told of its owner: its Maintainer, and the keys by which the machine believes later releases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.upkeep.owner import owner
from gateway.upkeep.releases.keys import fingerprint, key_id, parse_public, render_public

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class PackageTrust:
    """``keys``: name of a file → PEM; ``prints``: their fingerprints."""

    maintainer: str
    keys: dict[str, str]
    prints: list[str]


def read(paths: Sequence[Path]) -> PackageTrust:
    """Of these PEM files, and of the owner's keys. ValueError where one is no key: nobody could be believed by it."""
    found = {path: parse_public(path.read_text(encoding="ascii")) for path in paths}
    if wrong := [str(path) for path, public in found.items() if public is None]:
        raise ValueError(f"no Ed25519 public key: {', '.join(wrong)}")
    owners = map(bytes.fromhex, owner().release_keys)
    public = list(dict.fromkeys([*(one for one in found.values() if one is not None), *owners]))
    keys = {f"{key_id(one)}.pub": render_public(one) for one in public}
    return PackageTrust(owner().maintainer, keys, [fingerprint(one) for one in public])
