"""How the broker of this machine is reached from another one: what its own files say, and its certificate."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.errors import AccessError, ConfigError, reason
from gateway.live.credentials import Credentials
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from gateway.config.tables import Config

BROKER = Path("/etc/mosquitto")

_NO_MQTT = Phrase(
    "mqtt: there is no broker for displays: sudo linky-setup broker installs it (Debian package:"
    " /usr/share/doc/linky-gateway/examples/mosquitto/README.md)"
)
_NOT_OPEN = Phrase(
    "the broker answers this machine alone: sudo linky-setup broker opens it to the house, encrypted; then again"
)
_NOT_READ = Phrase("{path}: cannot be read: {why}")
A_BOARD = Phrase("{name} is an ESP32 board of this house; choose another name")


def credentials(config: Config, broker: Path, user: str) -> Credentials:
    """How the broker of this machine is reached from another one, without a password. ConfigError where it is not."""
    if config.mqtt is None:
        raise ConfigError(_NO_MQTT)
    files = {"listeners": broker / "conf.d" / "linky.conf", "authority": broker / "linky" / "ca.crt"}
    port = re.search(r"^listener (\d{1,5})[ \t]*$", _text(files["listeners"]), re.MULTILINE)
    if port is None:
        raise ConfigError(_NOT_OPEN)
    name, since = _broker_of(broker / "linky" / "server.crt")
    return Credentials(
        meter=config.meter[0].name,
        host=name,
        port=int(port[1]),
        user=user,
        password="",
        authority=_text(files["authority"]),
        # The host's clock may be behind what it has made.
        time=max(int(time.time()), since),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError as error:
        raise ConfigError(_NO_MQTT if path.suffix == ".conf" else _NOT_OPEN) from error
    except OSError as error:
        raise AccessError(_NOT_READ.filled(path=path, why=reason(error))) from error


def _broker_of(certificate: Path) -> tuple[str, int]:
    """The first name for which the broker's certificate is good (by another one nobody believes it), and since when."""
    from cryptography import x509  # noqa: PLC0415 (only where a display is added)

    try:
        found = x509.load_pem_x509_certificate(_text(certificate).encode())
        names: Any = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        since = int(found.not_valid_before_utc.timestamp())
        return str(names.get_values_for_type(x509.DNSName)[0]), since
    except (ValueError, IndexError, x509.ExtensionNotFound) as error:
        why = Phrase("this certificate names nobody")
        raise ConfigError(_NOT_READ.filled(path=certificate, why=why)) from error
