"""The register of a fleet (``tools/provision``), as far as a co-operative is told of it: invitation -> device.

And what is to be typed there for one of them, in a shell: a stranger chose the name of an account.
"""

from __future__ import annotations

import csv
import io
import re
import shlex

from gateway.errors import ConfigError
from gateway.federation.connection.cell import of_cell

_ID = re.compile(r"[A-Za-z0-9_-]{8,24}")
_LONGEST = 64


def devices_in(text: str, file: str) -> dict[str, str]:
    """Invitation -> device, of the columns so named; lines without an invitation are left out. ConfigError."""
    separator = max(",;\t", key=text.partition("\n")[0].count)
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)
    found: dict[str, str] = {}
    try:
        if missing := {"invitation", "device"} - set(rows.fieldnames or ()):
            raise ConfigError(f"{file}: no column {min(missing)}; take the register.csv that tools/provision writes")
        for row in rows:
            number, device = of_cell((row["invitation"] or "").strip()), of_cell((row["device"] or "").strip())
            if not number:
                continue
            if not _ID.fullmatch(number) or number in found:
                why = "stands twice" if number in found else "is no invitation's id"
                raise ConfigError(f"{file}: line {rows.line_num}: {number[:40]!r} {why}")
            if not device or len(device) > _LONGEST or not device.isprintable():
                raise ConfigError(f"{file}: line {rows.line_num}: a device has 1 to {_LONGEST} characters")
            found[number] = device
    except csv.Error as error:
        raise ConfigError(f"{file}: line {rows.line_num + 1}: {error}") from error
    if not found:
        raise ConfigError(f"{file}: no invitation stands there; tools/provision writes it with --invitations")
    return found


def removing(gateway: str) -> str:
    """The command that takes a gateway (bare JID) out of the register."""
    return _typed("gateways", "remove", gateway)


def revoking(number: str) -> str:
    """The command that ends the invitation of that id."""
    return _typed("invitations", "revoke", number)


def _typed(*words: str) -> str:
    # What begins with a hyphen would be an option.
    before, last = words[:-1], words[-1]
    return shlex.join(["linky-collect", *before, *(["--"] if last.startswith("-") else []), last])
