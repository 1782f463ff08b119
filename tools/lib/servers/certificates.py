"""A private certificate authority of two openssl commands, for servers that verify one another.

Certificates carry the domain as DNS name (RFC 6125) and both key usages, as server-to-server links authenticate both
ends (RFC 6120 §13.7). Keys are P-256 without passphrase: they live as long as one test or one demonstration.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_NEW_KEY = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its key, both PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority in ``folder``; made on first use, kept afterwards."""

    folder: Path

    @property
    def certificate(self) -> Path:
        """The file to trust."""
        return self.folder / "ca.crt"

    def create(self) -> Authority:
        """Make the authority's own key and certificate unless they exist."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.certificate.exists():
            self._openssl(
                *("-keyout", str(self.folder / "ca.key"), "-out", str(self.certificate), "-days", "3650"),
                *("-subj", "/CN=federation test CA", "-addext", "basicConstraints=critical,CA:TRUE"),
                *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
            )
        return self

    def issue(self, domain: str, folder: Path) -> Certificate:
        """Issue a certificate for ``domain``, as ``<domain>.crt`` and ``.key`` in ``folder``; reuse an old one."""
        issued = Certificate(folder / f"{domain}.crt", folder / f"{domain}.key")
        return issued if issued.certificate.exists() else self.renew(domain, folder)

    def renew(self, domain: str, folder: Path, *, expired: bool = False) -> Certificate:
        """Issue a certificate in place of an old one: for a year, or one whose time is over."""
        folder.mkdir(parents=True, exist_ok=True)
        issued = Certificate(folder / f"{domain}.crt", folder / f"{domain}.key")
        span = ("-not_before", "20200101000000Z", "-not_after", "20210101000000Z") if expired else ("-days", "365")
        self._openssl(
            *("-CA", str(self.certificate), "-CAkey", str(self.folder / "ca.key"), *span),
            *("-keyout", str(issued.key), "-out", str(issued.certificate), "-subj", f"/CN={domain}"),
            *("-addext", f"subjectAltName=DNS:{domain}", "-addext", "basicConstraints=critical,CA:FALSE"),
            *("-addext", "keyUsage=digitalSignature", "-addext", "extendedKeyUsage=serverAuth,clientAuth"),
        )
        return issued

    @staticmethod
    def _openssl(*arguments: str) -> None:
        done = subprocess.run([*_NEW_KEY, *arguments], capture_output=True, text=True, check=False, timeout=30)
        if done.returncode:
            raise RuntimeError(f"openssl could not make a certificate: {done.stderr.strip()}")
