"""Whether a received name lies within what was asked for, in any of the three forms of a name."""

from __future__ import annotations

from functools import lru_cache

from gateway.errors import SenMLError
from gateway.senml.naming import Identifier, NameForm, SeriesName, parse_identifier

# A provider's names come again with every pack.
_NAMES_REMEMBERED = 2048


def within(identifier: Identifier | None, name: str) -> bool:
    """Whether a series' name is the identifier or below it; without an identifier every name is."""
    named = parsed(name)
    if named is None or identifier is None:
        return named is not None
    return _origin(named) == _origin(identifier) and identifier.covers(named.path)


def meets(one: Identifier, other: Identifier) -> bool:
    """Whether one of two identifiers lies within the other; what a PRM and an address name may be the same."""
    if (one.prm is None) == (other.prm is None) and _origin(one) != _origin(other):
        return False
    return one.covers(other.path) or other.covers(one.path)


def names(identifier: Identifier | None, *forms: str) -> bool:
    """Whether an order to erase means a series that is known under these forms of its name.

    By a PRM that none of them holds its path decides: better to erase too much, and ask for it again, than to keep it.
    """
    known = [one for one in map(parsed, forms) if one is not None]
    if identifier is None or any(_origin(one) == _origin(identifier) and identifier.covers(one.path) for one in known):
        return True
    comparable = any((one.prm is None) == (identifier.prm is None) for one in known)
    return not comparable and any(identifier.covers(one.path) for one in known)


@lru_cache(_NAMES_REMEMBERED)
def parsed(name: str) -> Identifier | None:
    """A series' name in its parts; None for what is no name, or that of a whole sensor."""
    try:
        named = parse_identifier(name)
    except SenMLError:
        return None
    return named if named.path else None


def literal(name: str, stated: str) -> str:
    """The literal (sen1) name of a record: the one stated with it, if it is one; else from the record's own."""
    for text in (stated, name):
        named = parsed(text)
        if named is not None and named.form is not NameForm.URN:
            application, server = named.application or "", named.server or ""
            sensor, sensor_server = named.sensor or "", named.sensor_server or ""
            return SeriesName(application, server, sensor, sensor_server, named.path).sen1()
    return name


def _origin(one: Identifier) -> tuple[str | None, ...]:
    return one.application, one.server, one.sensor, one.sensor_server, one.prm
