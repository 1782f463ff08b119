"""What was believed before, kept in one small file: the highest number of a list, and the keys that lists withdrew.

Without it an old list with its good signature could be shown again, and a key that was withdrawn would be believed
after the next start.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from gateway.files import owner_of_folder, write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.upkeep.releases.latest import Latest

log = logging.getLogger(__name__)

FILE = "releases-seen.json"
_MOST_BYTES, _MOST_WITHDRAWN = 8_000, 64


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """``serial``: the highest number seen, 0 for none; ``withdrawn``: ids of keys."""

    serial: int = 0
    withdrawn: tuple[str, ...] = ()

    def with_list(self, latest: Latest) -> Seen:
        """What is seen once this list has been believed."""
        withdrawn = sorted({*self.withdrawn, *latest.withdrawn})[:_MOST_WITHDRAWN]
        return Seen(serial=max(self.serial, latest.serial), withdrawn=tuple(withdrawn))


def read_seen(path: Path) -> Seen:
    """What the file says; nothing was seen where there is none, or none that can be read, which the log says."""
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(_MOST_BYTES), type=Seen)
    except FileNotFoundError:
        return Seen()
    except (OSError, msgspec.DecodeError, ValueError, RecursionError) as error:
        log.warning("%s cannot be read, lists of releases are taken as at first: %s", path.name, error)
        return Seen()


def write_seen(path: Path, seen: Seen) -> None:
    """Keep it, on the disk when it returns; OSError where that cannot be."""
    write_whole(path, msgspec.json.encode(seen), owner=owner_of_folder(path))
