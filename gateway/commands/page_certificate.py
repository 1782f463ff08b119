"""`linky-gateway page certificate`: the house's own authority for the page, its fingerprint, and its certificate.

Where the helper makes certificates this is for comparing; elsewhere it makes one, as whoever owns the configuration.
"""

from __future__ import annotations

import os
import ssl
import sys
from typing import TYPE_CHECKING

from gateway.errors import ConfigError
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gateway.config.tables import Config
    from gateway.config.web import WebTable

_NO_HTTPS = Phrase("{path}: there is no encrypted page: web.https is empty")
_GIVEN = Phrase("{path}: its certificate is of web.certificate_file; the house’s own authority makes none")
_ENCRYPTED = Phrase("The encrypted page, and the steps to it (path /https):")
_FINGERPRINT = Phrase("The authority of the house, SHA-256:")
_GOOD_FOR = Phrase("The certificate is good until {date}, for:")


def where(said: Mapping[str, object], lang: str) -> str:
    """What a running gateway says of its encrypted page; nothing where it has none."""
    lines = []
    if said.get("encrypted"):
        lines += [_ENCRYPTED.in_language(lang), f"  {said['encrypted']}/"]
    if said.get("fingerprint"):
        lines += [_FINGERPRINT.in_language(lang), *_folded(str(said["fingerprint"]))]
    return "".join(f"{line}\n" for line in lines)


def show(config: Config, web: WebTable, path: Path, lang: str, *, again: bool) -> int:
    """Make a certificate unless there is one, or ``again``; say what it is. Raises GatewayError."""
    from gateway.web.http.tls import server_context, shown  # noqa: PLC0415 (for this word alone)
    from gateway.web.https.certificate import day, grouped, sha256_of  # noqa: PLC0415

    address = web.encrypted_address
    if address is None:
        raise ConfigError(_NO_HTTPS.filled(path=path))
    if web.certificate_file:
        raise ConfigError(_GIVEN.filled(path=path))
    folder = config.certificates
    file = folder / "server.pem"
    if again or not file.exists():
        _make(folder, web)
    known = shown(server_context(file, file), file)
    name = min(known.names, key=lambda one: (not one.endswith(".local"), one), default="")
    digits = sha256_of(ssl.PEM_cert_to_DER_cert((folder / "ca.crt").read_text(encoding="ascii")))
    sys.stdout.write(where({"encrypted": f"https://{name}:{address[1]}", "fingerprint": grouped(digits)}, lang))
    sys.stdout.write(f"{_GOOD_FOR.filled(date=day(known.until)).in_language(lang)}\n")
    sys.stdout.write("".join(f"  {one}\n" for one in (*sorted(known.names), *sorted(known.addresses))))
    return 0


def _make(folder: Path, web: WebTable) -> None:
    import socket  # noqa: PLC0415 (for this alone)
    from datetime import UTC, datetime  # noqa: PLC0415

    from gateway.upkeep.authority.certificates import make  # noqa: PLC0415
    from gateway.upkeep.authority.names import own_addresses, own_names  # noqa: PLC0415

    if os.geteuid() == 0 and not folder.exists():
        # As tmpfiles.d makes it: what is in it is of the group that may read the configuration.
        folder.mkdir(0o750)
        os.chown(folder, -1, folder.parent.stat().st_gid)
        folder.chmod(0o2750)
    make(folder, own_names(socket.gethostname(), web.names), own_addresses(), datetime.now(UTC))


def _folded(fingerprint: str) -> list[str]:
    """In lines as a phone shows it, eight groups each."""
    groups = fingerprint.split()
    return [f"  {' '.join(groups[at : at + 8])}" for at in range(0, len(groups), 8)]
