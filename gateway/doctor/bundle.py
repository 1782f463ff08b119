"""An archive for support: report, counters, masked bytes, settings, versions; no secret, no address, no meter number.

Safe by construction: of the configuration and of the status only named, harmless values are taken. Everything that is
written passes a second sieve, which knows the configuration's own words and the machine's names.
"""

from __future__ import annotations

import json
import os
import platform
import pwd
import re
import zipfile
from collections import Counter
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.doctor.mask import masked
from gateway.doctor.report import PortReport, as_json, as_text
from gateway.doctor.system import ROOT, model
from gateway.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gateway.doctor.heard import Reception

_PACKAGES = ("msgspec", "pyserial", "slixmpp", "sqlite-utils")

# The values of the configuration that name nobody.
_METER_KEYS = ("mode",)
_STORE_KEYS = ("commit_interval_s", "raw_hours", "minute_days", "outbox_days", "received_days")
_FEDERATION_KEYS = ("units", "max_retention", "max_stanza_bytes")
_HARMLESS = frozenset((*_METER_KEYS, *_STORE_KEYS, *_FEDERATION_KEYS))

# What stands in every house's configuration or on every machine, and in our own sentences.
_COMMON = frozenset(("linky-gateway", "serial", "by-id", "replay", "socket", "house", "proxy", "root"))
_SHORTEST_SECRET = 3

# A device's plain name says which driver it has; names such as those of /dev/serial/by-id hold serial numbers.
_PLAIN_DEVICE = re.compile(r"/dev/(tty[A-Za-z]{1,8}\d{0,3}|serial\d|pts/\d{1,4})")

_PATTERNS = (
    (re.compile(r"usb:[0-9a-f]{4}:[0-9a-f]{4}:\S[^,;]*", re.IGNORECASE), "usb:…"),
    (re.compile(r"[^\s@/\"']+@[^\s@/\"']+"), "ADDRESS"),
    (re.compile(r"/(?:home|root|Users)(?:/[^\s\"'`:,]+)*"), "HOME"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b"), "ADDRESS"),
    (re.compile(r"\d{12,}"), "NUMBER"),
)


def write(
    file: Path, reports: Sequence[PortReport], lang: str, configuration: Mapping[str, Any] | None, root: Path = ROOT
) -> None:
    """Write the archive, readable by its owner; GatewayError when it is there already or cannot be written."""
    sieve = Sieve(secrets(configuration or {}) + _machine_names())
    try:
        stream = os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        with stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in _members(reports, lang, configuration, root):
                _add(archive, name, content, sieve)
    except FileExistsError as error:
        raise GatewayError(f"{file}: exists already and is not overwritten: choose another name") from error
    except OSError as error:
        raise GatewayError(f"{file}: cannot be written: {error.strerror}") from error


class Sieve:
    """Takes the known secrets, and whatever looks like one, out of text."""

    def __init__(self, known: Sequence[str]) -> None:
        longest_first = sorted({text for text in known if len(text) >= _SHORTEST_SECRET}, key=len, reverse=True)
        inside = "|".join(re.escape(text) for text in longest_first)
        self._known = re.compile(rf"(?<![A-Za-z0-9])(?:{inside})(?![A-Za-z0-9])") if inside else None

    def text(self, text: str) -> str:
        """The text without them."""
        clean = self._known.sub("HIDDEN", text) if self._known else text
        for pattern, name in _PATTERNS:
            clean = pattern.sub(name, clean)
        return clean

    def value(self, value: Any) -> Any:  # noqa: ANN401 (any JSON)
        """The same for a JSON value; keys are ours and stay."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.value(inner) for key, inner in value.items()}
        return [self.value(inner) for inner in value] if isinstance(value, list) else value


def secrets(configuration: Mapping[str, Any]) -> list[str]:
    """Every text that a person wrote into the configuration, and the parts of addresses and paths."""
    found = []
    for text in _texts(dict(configuration)):
        found += [text, *(part for part in re.split(r"[@:/\s]+", text) if len(part) > _SHORTEST_SECRET)]
    return [text for text in found if text not in _COMMON]


def plain_name(source: str) -> str:
    """What kind of source it is, without the name that a person or a maker gave it."""
    if source.startswith("/"):
        device = os.path.realpath(source)
        return device if _PLAIN_DEVICE.fullmatch(device) else "PORT"
    return f"{source.partition(':')[0]}:…"


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        if not _PLAIN_DEVICE.fullmatch(value):
            yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in _HARMLESS:
                yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _machine_names() -> list[str]:
    host = os.uname().nodename
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        user = ""
    names = [host, host.partition(".")[0], user, str(Path.home())]
    return [name for name in names if name not in _COMMON and name != "/"]


def _members(
    reports: Sequence[PortReport], lang: str, configuration: Mapping[str, Any] | None, root: Path
) -> Iterator[tuple[str, str | bytes | dict[str, Any]]]:
    yield "system.json", _system(root)
    if configuration is not None:
        yield "configuration.json", _configuration(configuration)
    for number, named in enumerate(reports, 1):
        report = replace(named, name=f"meter-{number}", source=plain_name(named.source), daemon=_status(named, number))
        yield f"meter-{number}/report.txt", as_text(report, lang)
        best = report.evidence.best if report.evidence else None
        histogram = {"most_frequent_bytes": _histogram(best)} if best else {}
        yield f"meter-{number}/report.json", as_json(report, lang) | histogram
        # Garbage is left out: what a slow line makes at a fast port could be turned back into numbers.
        if best and best.raw and (best.makes_sense or best.looks_like_text):
            yield f"meter-{number}/raw.bin", masked(best.raw, eight_bits=best.eight_bits)


def _add(archive: zipfile.ZipFile, name: str, content: str | bytes | dict[str, Any], sieve: Sieve) -> None:
    if isinstance(content, dict):
        content = json.dumps(sieve.value(content), indent=2, ensure_ascii=False) + "\n"
    elif isinstance(content, str):
        content = sieve.text(content)
    archive.writestr(name, content)


def _status(report: PortReport, number: int) -> dict[str, Any] | None:
    """The running gateway's links for this meter, under its number instead of its name."""
    if report.daemon is None:
        return None
    links = []
    for kind in ("meter", "port"):
        for row in report.daemon.get("links", ()):
            if row["link"] == f"{kind} {report.name}":
                detail = row["detail"].replace(report.source, "PORT")
                links.append({"link": f"{kind} meter-{number}", "state": row["state"], "detail": detail})
    return {"links": links}


def _configuration(configuration: Mapping[str, Any]) -> dict[str, Any]:
    federation = configuration.get("federation")
    return {
        "meter": [
            {key: meter.get(key) for key in _METER_KEYS} | {"source": plain_name(meter["source"])}
            for meter in configuration["meter"]
        ],
        "changed": configuration.get("changed", []),
        "store": {key: configuration.get("store", {}).get(key) for key in _STORE_KEYS},
        "federation": {key: federation.get(key) for key in _FEDERATION_KEYS} if federation else None,
    }


def _system(root: Path) -> dict[str, Any]:
    kernel = os.uname()
    return {
        "linky-gateway": __version__,
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "kernel": kernel.release,
        "machine": kernel.machine,
        "board": model(root),
        "system": _os_name(root),
    }


def _os_name(root: Path) -> str:
    try:
        text = (root / "etc/os-release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    found = re.search(r'^PRETTY_NAME="?([^"\n]*)', text, re.MULTILINE)
    return found[1] if found else ""


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _histogram(heard: Reception) -> dict[str, int]:
    return {f"0x{byte:02x}": count for byte, count in Counter(heard.raw).most_common(8)}
