"""What every source of bytes offers, and the four kinds of text that name one (a board, ``board:ID``, brings frames).

``/dev/…`` is a serial port, ``usb:…`` a USB adapter by its identity, ``socket://host:port`` a TCP server that passes a
port's bytes on, ``replay:FILE`` a captured file. Only what the configuration names is ever opened.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from gateway.errors import ConfigError
from gateway.sources import paths
from gateway.sources.adapter import IdentifiedPort, adapter_at
from gateway.sources.serial_port import SerialSource
from gateway.sources.usb import PREFIX, ROOT, parse_identity
from gateway.words.phrase import Phrase, same


class Source(Protocol):
    """A byte stream that can be opened again after it was lost."""

    # Speeds in Bd that can be tried, most likely first; empty where the speed is somebody else's affair.
    speeds: tuple[int, ...]
    # Whether an end of the stream is the end (a file) or a loss (a wire).
    finite: bool

    async def open(self) -> Phrase | None:
        """Open it; which port it is, in words, if it is one. PortError with a sentence for a person when that fails."""

    async def read(self) -> bytes:
        """Wait for the next bytes; empty at the end of a finite source, PortError when the source was lost."""

    def set_speed(self, speed: int) -> None:
        """Change the line's speed (Bd) and forget what was received at the former one."""

    def close(self) -> None:
        """Give the source back; closing twice is harmless."""


def parse_source(text: str, folder: Path, root: Path = ROOT) -> Source:
    """The source that ``text`` names; ConfigError for anything else. USB adapters are looked up below ``root``."""
    if "\0" in text:
        # Each Python has other words for it, and none of them says where.
        raise ConfigError(f"source {text!r}: a name holds no NUL character")
    if text.startswith("replay:"):
        name, _, query = text.removeprefix("replay:").partition("?")
        if not name:
            raise ConfigError(f"source {text!r}: write replay:FILE")
        from gateway.sources.replay import ReplaySource  # noqa: PLC0415 (each kind where it is named: most are a port)

        return ReplaySource(folder / name, _replay_speed(text, query))
    if text.startswith("socket://"):
        from gateway.sources.tcp import TcpSource  # noqa: PLC0415

        return TcpSource(*_host_and_port(text))
    if text.startswith("/"):
        if fault := paths.fault(text):
            raise ConfigError(same("source ") + fault)
        return SerialSource(adapter_at(Path(text), root))
    if text.startswith(PREFIX):
        return SerialSource(IdentifiedPort(text, parse_identity(text), root))
    if board := paths.board_of(text):
        from gateway.sources.board import BoardSource  # noqa: PLC0415

        return BoardSource(board)
    raise ConfigError(
        f"source {text!r}: write the path of a port (/dev/…), usb:…, board:ID, socket://HOST:PORT or replay:FILE"
    )


def _host_and_port(text: str) -> tuple[str, int]:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
        # A name that no resolver can be asked for would raise much later, and not as an OSError.
        (host or "").encode("idna")
    except ValueError:
        host = port = None
    if not host or not port or "@" in text or parts.path or parts.query or parts.fragment:
        raise ConfigError(f"source {text!r}: write socket://HOST:PORT")
    return host, port


def _replay_speed(text: str, query: str) -> float:
    values = parse_qs(query, keep_blank_values=True, strict_parsing=False)
    if set(values) - {"speed"}:
        raise ConfigError(f"source {text!r}: only ?speed=N may follow the file's name")
    try:
        speed = float(values.get("speed", ["1"])[0])
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise ConfigError(f"source {text!r}: speed must be a number above 0")
    return speed
