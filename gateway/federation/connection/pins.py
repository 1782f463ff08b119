"""What TLS believes, and pinning: the fingerprint of a server's public key, as HPKP wrote it (RFC 7469 §2.4).

A pin outlives the certificate: whoever renews with the same key keeps it. Only the path to the key is read in the
certificate's DER (RFC 5280 §4.1); whether it is valid is the business of TLS.
"""

from __future__ import annotations

import base64
import hashlib
import ssl
from typing import TYPE_CHECKING

from gateway.errors import ConfigError, FederationError

if TYPE_CHECKING:
    from gateway.federation.connection.session import Account

_SEQUENCE, _VERSION = 0x30, 0xA0


def ssl_context(account: Account) -> ssl.SSLContext:
    """What TLS believes; ConfigError when the account's CA cannot be read."""
    # One for the process's life: each holds the system's authorities, 1.3 MB.
    try:
        context = ssl.create_default_context(cafile=None if account.ca_file is None else str(account.ca_file))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"{account.ca_file}: cannot be read as a CA certificate (PEM): {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if account.pin_only:
        if not account.pins:
            raise ConfigError("pin_only without a pin would believe every server")
        # The pinned key proves who it is better than any authority could, whatever the certificate says around it.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def pin_of(certificate: bytes) -> str:
    """``sha256/BASE64`` of a certificate's SubjectPublicKeyInfo. Raises FederationError when it is no certificate."""
    try:
        return "sha256/" + base64.b64encode(hashlib.sha256(_public_key(certificate)).digest()).decode()
    except (IndexError, ValueError) as error:
        raise FederationError("the server's certificate cannot be read") from error


def _public_key(certificate: bytes) -> bytes:
    """The certificate's TBSCertificate: [version] serialNumber signature issuer validity subject, and then the key."""
    outer, _ = _element(certificate, 0, _SEQUENCE)
    place, end = _element(certificate, outer, _SEQUENCE)
    if certificate[place] == _VERSION:
        _, place = _element(certificate, place)
    for _ in range(5):
        _, place = _element(certificate, place)
    _, after = _element(certificate, place, _SEQUENCE)
    if after > end:
        raise ValueError("the key ends after its certificate")
    return certificate[place:after]


def _element(der: bytes, place: int, tag: int | None = None) -> tuple[int, int]:
    """Where the content of the element at ``place`` begins and where it ends, as the next begins (X.690 §8.1)."""
    if tag is not None and der[place] != tag:
        raise ValueError("not a certificate")
    length, start = der[place + 1], place + 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4:
            raise ValueError("a length that DER does not allow here")
        length, start = int.from_bytes(der[start : start + count], "big"), start + count
    if start + length > len(der):
        raise ValueError("cut off")
    return start, start + length
