"""The three forms of one series' name, and the identifiers by which a peer asks for one series or a whole branch.

``sen1``, imposed by the federation: ``gw@sen1.test/ab12@sen1.test/consumption/power/apparent/raw`` (who answers for
the datum / whose datum it is / which datum). ``senml``: the same with ``:`` for ``@``, which RFC 8428 §4.5.1 forbids in
a name; reversible, as no localpart holds a colon (RFC 7622 §3.3). ``urn``: ``urn:dev:prm:<PRM>_<path>`` (quoalise).
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from gateway.errors import SenMLError

MAX_IDENTIFIER_CHARS = 512  # what a pack's name may have, and several times the longest in use

_URN_PREFIX = "urn:dev:prm:"
# JIDs are compared without case and SenML names with it, so the address parts keep to one case and to ASCII.
_ADDRESS_PART = re.compile(r"[a-z0-9][a-z0-9._-]*")
_PATH = re.compile(r"[A-Za-z0-9:._-]+(?:/[A-Za-z0-9:._-]+)*")
_PRM = re.compile(r"[0-9]{14}")


class NameForm(enum.Enum):
    """How a name is written; a request is answered in the form in which it was asked."""

    SEN1 = "sen1"
    SENML = "senml"
    URN = "urn"


@dataclass(frozen=True, slots=True)
class SeriesName:
    """One series: the application and server that answer for it, the sensor and its server, the path, the PRM if known.

    The four address parts are put in lower case. Raises SenMLError when a part cannot stand in a name.
    """

    application: str
    server: str
    sensor: str
    sensor_server: str
    path: str
    prm: str | None = None

    def __post_init__(self) -> None:
        for part in ("application", "server", "sensor", "sensor_server"):
            object.__setattr__(self, part, _address_part(getattr(self, part)))
        if not _PATH.fullmatch(self.path):
            raise SenMLError(f"The path {_quoted(self.path)} is not levels of letters, digits, '.', '_', '-' and ':'.")
        if self.prm is not None:
            _check_prm(self.prm)

    def sen1(self) -> str:
        """Write the federation's literal form; its ``@`` is outside RFC 8428's characters."""
        return f"{self.application}@{self.server}/{self.sensor}@{self.sensor_server}/{self.path}"

    def senml(self) -> str:
        """Write the form that RFC 8428 allows."""
        return f"{self.application}:{self.server}/{self.sensor}:{self.sensor_server}/{self.path}"

    def urn(self) -> str:
        """Write the device URN. Raises SenMLError when no PRM is known (historic TIC carries none)."""
        if self.prm is None:
            raise SenMLError("This meter's PRM is not known, so its series have no urn:dev:prm name.")
        return f"{_URN_PREFIX}{self.prm}_{self.path}"

    def written(self, form: NameForm) -> str:
        """Write the name in the given form. Raises SenMLError as ``urn`` does."""
        match form:
            case NameForm.SEN1:
                return self.sen1()
            case NameForm.SENML:
                return self.senml()
            case NameForm.URN:
                return self.urn()


@dataclass(frozen=True, slots=True)
class Identifier:
    """What a peer asked for: a form, an address or a PRM (the other is None), and a path: whole, a prefix or empty."""

    form: NameForm
    application: str | None
    server: str | None
    sensor: str | None
    sensor_server: str | None
    prm: str | None
    path: str

    def covers(self, path: str) -> bool:
        """Tell whether the path is this one or below it, by whole levels: ``a/b`` covers ``a/b/c``, not ``a/bc``."""
        return self.path in {"", path} or path.startswith(f"{self.path}/")


def parse_identifier(text: str) -> Identifier:
    """Read a full name or a prefix of one, in any of the three forms.

    ``urn:dev:prm:<PRM>`` and ``<app>@<server>/<sensor>@<server>`` alone stand for all series; one final ``_`` or ``/``
    changes nothing. Raises SenMLError with the reason.
    """
    if len(text) > MAX_IDENTIFIER_CHARS:
        raise SenMLError(f"The identifier is longer than {MAX_IDENTIFIER_CHARS} characters.")
    if text.startswith(_URN_PREFIX):
        return _parse_urn(text)
    return _parse_address(text)


def _parse_urn(text: str) -> Identifier:
    prm, _, path = text.removeprefix(_URN_PREFIX).partition("_")
    _check_prm(prm)
    return Identifier(NameForm.URN, None, None, None, None, prm, _path_prefix(path))


def _parse_address(text: str) -> Identifier:
    first, _, rest = text.partition("/")
    second, _, path = rest.partition("/")
    form, sign = (NameForm.SEN1, "@") if "@" in first else (NameForm.SENML, ":")
    application, server = _address(first, sign)
    sensor, sensor_server = _address(second, sign)
    return Identifier(form, application, server, sensor, sensor_server, None, _path_prefix(path))


def _address(segment: str, sign: str) -> tuple[str, str]:
    local, found, domain = segment.partition(sign)
    if not found:
        raise SenMLError(
            f"{_quoted(segment)} is not an address: expected urn:dev:prm:<14 digits>, "
            "or <application>@<server>/<sensor>@<server>/<path> with '@' or ':' in both places."
        )
    return _address_part(local), _address_part(domain)


def _address_part(text: str) -> str:
    if text.startswith("["):
        raise SenMLError(f"{_quoted(text)} is an IPv6 literal: a name needs the server's domain name.")
    # Checked before folding: case folding would let characters such as the Kelvin sign in.
    part = text.lower() if text.isascii() else text
    if not _ADDRESS_PART.fullmatch(part):
        raise SenMLError(
            f"{_quoted(text)} cannot stand in a name: letters, digits, '.', '_' and '-', a letter or digit first."
        )
    return part


def _path_prefix(text: str) -> str:
    path = text if text == "/" else text.removesuffix("/")
    if path and not _PATH.fullmatch(path):
        raise SenMLError(f"The path {_quoted(text)} is not levels of letters, digits, '.', '_', '-' and ':'.")
    return path


def _check_prm(prm: str) -> None:
    if not _PRM.fullmatch(prm):
        raise SenMLError(f"{_quoted(prm)} is not a PRM: 14 digits expected.")


def _quoted(text: str) -> str:
    """Quote a peer's text for a sentence, short and without control characters."""
    return ascii(text if len(text) <= 80 else f"{text[:80]}…")
