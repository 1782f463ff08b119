"""What in the house follows the off-peak hours: relays of the display beside this gateway, by its configuration.

``linky-display`` is a program of its own and knows the live feed alone; of its file only the names of relays are read,
and a file that is not there, or cannot be read, names none.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gateway.config.tables import Config

_FILE, _MOST_BYTES, _MOST_RELAYS = "display.toml", 65_536, 28
# What a relay may follow of the tariff: the class that counts, or the contact that the meter moves with it.
_FOLLOWS = ("off-peak", "contact")


def followers(config: Config) -> tuple[str, ...]:
    """The names of relays that follow off-peak hours or the meter's contacts, in the order of the file."""
    path = config.path(_FILE)
    try:
        if path.stat().st_size > _MOST_BYTES:
            return ()
        relays: Any = tomllib.loads(path.read_text(encoding="utf-8")).get("relay", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return ()
    tables = [one for one in relays if isinstance(one, dict)] if isinstance(relays, list) else []
    found = [str(one.get("name", "")) for one in tables[:_MOST_RELAYS] if one.get("follows") in _FOLLOWS]
    return tuple(name for name in found if name)
