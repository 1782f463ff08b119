"""The whole chain in one line, for ``systemctl status``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.links.link import BROKEN, OK, Link, LinkKind
from gateway.words.numbers import age

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.words.phrase import Phrase

# Rows pass through: a recipient whose oldest row is younger than this has everything that it can have.
_FRESH_S = 300.0


def status_line(links: Sequence[Link]) -> str:
    """One line of the whole chain, such as ``standard mode, 12 s ago; connected; 2 recipients up to date``.

    It names no recipient: every user of the machine may read it.
    """
    kinds: dict[LinkKind, list[Link]] = {}
    for link in links:
        kinds.setdefault(link.kind, []).append(link)
    ports = {link.name: link for link in kinds.get(LinkKind.PORT, ())}
    meters = kinds.get(LinkKind.METER, ())
    parts = [_meter(link, ports, named=len(meters) > 1) for link in meters]
    parts += ["the database cannot be written" for link in kinds.get(LinkKind.STORE, ()) if link.state == BROKEN]
    parts += ["not all readings are kept" for link in kinds.get(LinkKind.KEEPING, ()) if link.state == BROKEN]
    parts += ["the card is nearly full" for link in kinds.get(LinkKind.DISK, ()) if link.state == BROKEN]
    parts += [f"no backup for {_age(link)}" for link in kinds.get(LinkKind.BACKUP, ()) if link.state == BROKEN]
    parts += [f"{link.name} does not work" for link in kinds.get(LinkKind.CELL, ()) if link.state == BROKEN]
    parts += [_connection(link) for link in kinds.get(LinkKind.XMPP, ())] or ["no federation"]
    if recipients := kinds.get(LinkKind.RECIPIENT):
        parts.append(_recipients(recipients))
    return "; ".join(parts)


def _meter(link: Link, ports: Mapping[str, Link], *, named: bool) -> str:
    port = ports.get(link.name)
    if port and port.state == BROKEN:
        said = f"port lost for {_age(port)}"
    elif link.age_s is None:
        said = "no frame yet"
    elif link.state == OK:
        said = f"{str(link.detail).partition(',')[0]}, {_age(link)} ago"
    else:
        said = f"mute for {_age(link)}"
    return f"{link.name}: {said}" if named else said


def _connection(link: Link) -> str:
    return "connected" if link.state == OK else f"not connected for {_age(link)}"


def _recipients(links: Sequence[Link]) -> str:
    behind = [link.age_s or 0.0 for link in links if link.state != OK and (link.age_s or 0.0) > _FRESH_S]
    total = f"{len(links)} recipient{'' if len(links) == 1 else 's'}"
    return f"{len(behind)} of {total} behind by {age(max(behind))}" if behind else f"{total} up to date"


def _age(link: Link) -> Phrase:
    return age(link.age_s or 0.0)
