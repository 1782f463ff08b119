"""From when to when an authority's certificate is good: read once, at the start, and then in nobody's way.

Of X.509 (RFC 5280) it knows the way to that place alone; what verifies a broker is the TLS library.
"""

import binascii

from micropython import const

_SEQUENCE = const(0x30)
_INTEGER = const(0x02)
_VERSION = const(0xA0)
_UTC = const(0x17)
_GENERAL = const(0x18)


def der(content):
    """A certificate's bytes, from either form (PEM: RFC 7468)."""
    return binascii.a2b_base64(content.split(b"-----")[2]) if content[:1] == b"-" else content


def validity(certificate):
    """From when to when a certificate (DER bytes, X.509) is good, as POSIX seconds; ValueError when it is none."""
    try:
        at, _ = _enter(certificate, 0, _SEQUENCE)  # Certificate
        at, _ = _enter(certificate, at, _SEQUENCE)  # TBSCertificate (RFC 5280, section 4.1)
        if certificate[at] == _VERSION:
            at = _enter(certificate, at, _VERSION)[1]
        for kind in (_INTEGER, _SEQUENCE, _SEQUENCE):  # serial number, signature, issuer
            at = _enter(certificate, at, kind)[1]
        at, _ = _enter(certificate, at, _SEQUENCE)
        begin, at = _moment(certificate, at)
        return begin, _moment(certificate, at)[0]
    except IndexError:
        raise ValueError("not a certificate")


def _enter(data, at, kind):
    """Where the content of the element at this place begins and ends; it has to be of this kind."""
    if data[at] != kind:
        raise ValueError("not a certificate")
    length, begin = data[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 2:
            raise ValueError("not a certificate")
        length, begin = int.from_bytes(data[begin : begin + count], "big"), begin + count
    if begin + length > len(data):
        raise ValueError("not a certificate")
    return begin, begin + length


def _moment(data, at):
    """The time at this place (RFC 5280, section 4.1.2.5), and where it ends."""
    general = data[at] == _GENERAL
    begin, end = _enter(data, at, _GENERAL if general else _UTC)
    text = str(data[begin:end], "ascii")
    if not general:
        text = ("20" if text < "5" else "19") + text
    if len(text) != 15 or text[14] != "Z" or not text[:14].isdigit():
        raise ValueError("not a certificate")
    month, day = int(text[4:6]), int(text[6:8])
    if not 1 <= month <= 12 or not 1 <= day <= 31:
        raise ValueError("not a certificate")
    seconds = int(text[8:10]) * 3600 + int(text[10:12]) * 60 + int(text[12:14])
    return _days(int(text[:4]), month, day) * 86_400 + seconds, end


def _days(year, month, day):
    """Days since 1970: ``time.mktime`` counts from another year on each port, and ends in 2038 on some."""
    year -= month < 3
    before = (153 * ((month + 9) % 12) + 2) // 5  # of this month, in a year that begins in March
    return year * 365 + year // 4 - year // 100 + year // 400 + before + day - 719_469
