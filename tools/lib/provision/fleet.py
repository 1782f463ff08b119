"""``FLEET.csv``: one line for each device → rows, or every line that is wrong with what to do about it.

From any spreadsheet: comma, semicolon or tab, with or without a byte order mark, column names in French or English.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.first_boot import checks
from gateway.first_boot.faults import CardFault
from gateway.words.phrase import Phrase
from provision.errors import ProvisionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from gateway.first_boot.checks import Wrong

_MOST_SITE = 40

# The file's words -> ours.
_FRENCH = {
    "appareil": "device",
    "lieu": "site",
    "cle_wifi": "wifi_key",
    "clé_wifi": "wifi_key",
    "pays": "country",
    "langue": "language",
}
SENTENCES = {
    "device": Phrase("a device has 1 to 32 small letters without accents, digits or hyphens, no hyphen at its ends"),
    "twice": Phrase("{value!r} is in line {line} already: one device, one name, one account"),
    "site": Phrase("a site has 40 characters at most"),
    "fleet_jid": Phrase("an account is written name@domain, in small letters without accents, digits, dots, hyphens"),
    "domain": Phrase("the account is not in the domain {domain}"),
    "key_without_wifi": Phrase("a Wi-Fi key without a network: fill in the column wifi"),
    "wifi_without_key": Phrase("a network without a key: fill in wifi_key, or write - for an open network"),
    "columns": Phrase("{count} columns too many: a text with the separator in it goes between quotes"),
}
_OPEN = "-"


class LineFault(CardFault):
    """A fault of one line of the file."""

    def say(self, language: str) -> str:
        """The sentence in a language."""
        if self.key not in SENTENCES:
            return super().say(language)
        sentence = SENTENCES[self.key].filled(**self.values).in_language(language)
        return self.placed(sentence, language)


@dataclass(frozen=True, slots=True)
class FleetRow:
    """One device as the file says it."""

    line: int
    device: str
    jid: str
    site: str = ""
    wifi: str = ""
    wifi_key: str = field(default="", repr=False)
    country: str = "FR"
    port: str = "auto"
    language: str = "fr"


def _device(text: str) -> Wrong | None:
    return None if re.fullmatch("[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", text) else ("device", {})


def _site(text: str) -> Wrong | None:
    return None if len(text) <= _MOST_SITE else ("site", {})


def _jid(text: str) -> Wrong | None:
    return (
        None
        if re.fullmatch(r"[a-z0-9._-]{1,64}@[a-z0-9.-]{1,255}", text) and not checks.jid(text)
        else ("fleet_jid", {})
    )


_CHECKS: dict[str, Callable[[str], Wrong | None]] = {
    "device": _device,
    "site": _site,
    "wifi": checks.wifi_name,
    "wifi_key": lambda text: None if text == _OPEN else checks.wifi_key(text),
    "country": checks.country,
    "port": checks.port,
    "language": checks.language,
    "jid": _jid,
}


def read(path: Path, domain: str | None, *, accounts: bool = True) -> list[FleetRow]:
    """The rows of a file that is sound as a whole. Raises ProvisionError with every fault otherwise.

    ``accounts``: whether each is to have an account of its own name; else ``jid`` may be empty.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ProvisionError("unreadable", path=path, said=error.strerror) from error
    except UnicodeDecodeError as error:
        raise ProvisionError("not_utf8", path=path) from error
    rows, faults = parse(text, domain, path, accounts=accounts)
    if faults:
        # Printed by whoever knows the language.
        raise BadFleetError(path, faults)
    if not rows:
        raise ProvisionError("no_devices", path=path)
    return rows


class BadFleetError(ProvisionError):
    """Lines of the file are wrong."""

    def __init__(self, path: Path, faults: list[LineFault]) -> None:
        self._faults = faults
        super().__init__("bad_lines", path=path, count=len(faults), lines="")

    def say(self, language: str) -> str:
        """Every fault on a line of its own."""
        self.values["lines"] = "\n".join(f"  {fault.say(language)}" for fault in self._faults)
        return super().say(language)


def parse(
    text: str, domain: str | None, path: Path, *, accounts: bool = True
) -> tuple[list[FleetRow], list[LineFault]]:
    """Rows and faults. Raises ProvisionError when the columns themselves are wrong."""
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    columns = _columns(next(lines, []), path)
    rows: list[FleetRow] = []
    faults: list[LineFault] = []
    for cells in lines:
        values = [cell.strip() for cell in cells]
        if not any(values):
            continue
        number = lines.line_num
        found = {name: value for name, value in zip(columns, values, strict=False) if value}
        wrong = [*_wrong(found, number, len(values) - len(columns))]
        jid = found.pop("jid", "") or (f"{found.get('device', '')}@{domain}" if domain else "")
        if accounts and not jid and not wrong:
            raise ProvisionError("no_domain")
        row = FleetRow(line=number, jid=jid, **({"device": ""} | found))
        wrong += _beside(row, rows, domain) if not wrong else []
        faults += wrong
        rows.append(row)
    return rows, faults


def _columns(header: Iterable[str], path: Path) -> list[str]:
    names = [name.strip().lower().replace(" ", "_").replace("-", "_") for name in header]
    columns = [_FRENCH.get(name, name) for name in names]
    known = ", ".join(_CHECKS)
    if "device" not in columns:
        raise ProvisionError("no_header", path=path, known=known)
    for name in columns:
        if name not in _CHECKS or columns.count(name) > 1:
            raise ProvisionError("unknown_column", path=path, name=name[:40], known=known)
    return columns


def _wrong(found: dict[str, str], number: int, surplus: int) -> Iterable[LineFault]:
    if surplus > 0:
        yield LineFault(f"line {number}", "columns", {"count": surplus})
        return
    if "device" not in found:
        yield LineFault(f"line {number}, device", "missing")
    for name, value in found.items():
        if wrong := checks.invisible(value) or _CHECKS[name](value):
            yield LineFault(f"line {number}, {name}", *wrong)
    if "wifi_key" in found and "wifi" not in found:
        yield LineFault(f"line {number}, wifi", "key_without_wifi")
    if "wifi" in found and "wifi_key" not in found:
        yield LineFault(f"line {number}, wifi_key", "wifi_without_key")


def _beside(row: FleetRow, before: list[FleetRow], domain: str | None) -> Iterable[LineFault]:
    if domain and row.jid and row.jid.partition("@")[2] != domain:
        yield LineFault(f"line {row.line}, jid", "domain", {"domain": domain})
    for name in ("device", "jid"):
        value = getattr(row, name)
        same = next((other.line for other in before if value and getattr(other, name) == value), None)
        if same:
            yield LineFault(f"line {row.line}, {name}", "twice", {"value": value, "line": same})
            return
