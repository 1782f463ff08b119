"""The house's own authority, whose key can sign for nothing but the house, and the certificate of its page.

Who installs it in a phone lets this machine sign for names that end in ``.local`` and ``.home.arpa`` and for private
addresses (RFC 5280 §4.2.1.10): its key cannot stand for a bank. All is in one folder: ``ca.key`` and ``ca.crt``, and
``server.pem``, the page's key and certificate. Loads ``cryptography``: for a process that ends after it.
"""

from __future__ import annotations

import ipaddress
import secrets
import stat
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.errors import AccessError, reason
from gateway.files import make_folder, write_whole
from gateway.upkeep.authority.names import DOMAINS, NETWORKS, can_sign
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

# What browsers take: 398 days of public authorities, Apple 825 of all (support.apple.com/103769).
LEAF = timedelta(days=397)

# A machine without a clock of its own may believe any date: the authority is good from before there was one until the
# last year that a certificate says in two digits (RFC 5280 §4.1.2.5), whatever is believed here.
_SINCE, _UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)
# Who looks by a clock that is somewhat behind believes a new certificate, too.
_LEEWAY = timedelta(days=1)

_NOT_WRITTEN = Phrase("{path}: cannot be written: {why}")
_DAMAGED = Phrase("{path}: damaged ({why}); without this folder a new authority is made, which each phone has to trust")
_NO_NAMES = Phrase("no certificate can say this machine’s name: give it one of letters, digits and hyphens")
_NO_NAME = Phrase("{name}: the house’s own authority signs for no such name")


def make(folder: Path, names: Sequence[str], addresses: Iterable[str], now: datetime) -> None:
    """Make a certificate of these names and addresses, and the authority that signs it unless there is one.

    Args:
        folder: made where it is not there; where it gives its group to its files, that may read the page's key.
        names: those that it can sign for, at least one.
        addresses: private ones.
        now: the certificate is good from the day before.

    Raises AccessError; each file is then the one before.
    """
    if not names:
        raise AccessError(_NO_NAMES)
    for name in names:
        if not can_sign(name):
            raise AccessError(_NO_NAME.filled(name=name))
    try:
        make_folder(folder, 0o755)
        key, authority = _authority(folder, names[0])
        page = ec.generate_private_key(ec.SECP256R1())
        signed = _leaf(key, authority, page, names, addresses, now.replace(microsecond=0) - _LEEWAY)
        # In one file, so that key and certificate are never of two makings.
        mode = 0o640 if folder.stat().st_mode & stat.S_ISGID else 0o600
        write_whole(folder / "server.pem", _private(page) + _pem(signed), mode)
    except OSError as error:
        raise AccessError(_NOT_WRITTEN.filled(path=error.filename or folder, why=reason(error))) from error


def _authority(folder: Path, name: str) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key_file, file = folder / "ca.key", folder / "ca.crt"
    if file.exists():
        try:
            known = serialization.load_pem_private_key(key_file.read_bytes(), None)
            signed = x509.load_pem_x509_certificate(file.read_bytes())
        except (ValueError, TypeError) as error:
            raise AccessError(_DAMAGED.filled(path=folder, why=error)) from error
        if not isinstance(known, ec.EllipticCurvePrivateKey) or known.public_key() != signed.public_key():
            raise AccessError(_DAMAGED.filled(path=folder, why=Phrase("another key")))
        return known, signed
    # The certificate last: with it the authority is whole, and nobody has been given it before.
    key = ec.generate_private_key(ec.SECP256R1())
    signed = _signed_authority(key, name)
    write_whole(key_file, _private(key))
    write_whole(file, _pem(signed), 0o644)
    return key, signed


def _signed_authority(key: ec.EllipticCurvePrivateKey, name: str) -> x509.Certificate:
    # What a phone shows in its list, of several houses each another one.
    subject = _named(f"Linky {name.partition('.')[0]} {secrets.token_hex(2).upper()}")
    only = [*map(x509.DNSName, DOMAINS), *map(x509.IPAddress, NETWORKS)]
    # Nor for mail or programs, of which these names say nothing.
    uses = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    builder = (
        _certificate(subject, subject, key.public_key(), _SINCE, _UNTIL)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.NameConstraints(only, None), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(uses, critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder.sign(key, SHA256())


def _leaf(
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    page: ec.EllipticCurvePrivateKey,
    names: Sequence[str],
    addresses: Iterable[str],
    since: datetime,
) -> x509.Certificate:
    alternatives = [*map(x509.DNSName, names), *(x509.IPAddress(ipaddress.ip_address(one)) for one in addresses)]
    by = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    # Its last second belongs to it (RFC 5280 §4.1.2.5).
    until = since + LEAF - timedelta(seconds=1)
    builder = (
        _certificate(_named(names[0]), authority.subject, page.public_key(), since, until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(by), critical=False)
    )
    return builder.sign(key, SHA256())


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    return builder.serial_number(x509.random_serial_number()).not_valid_before(since).not_valid_after(until)


def _named(text: str) -> x509.Name:
    # At most 64 characters (RFC 5280, ub-common-name); browsers read the alternatives alone.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
