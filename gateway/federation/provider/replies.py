"""What came back for a message that was sent: a receipt of its recipient (XEP-0184), or an error of a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gateway.federation.wire.stanza import RECEIPTS, Interval, bounce_condition, parse_interval

if TYPE_CHECKING:
    from gateway.federation.connection.session import Stanza


class Reply(NamedTuple):
    """Of which message it is; ``bounced``: why it did not arrive, None for a receipt."""

    interval: Interval
    bounced: str | None


def reply_in(stanza: Stanza) -> Reply | None:
    """The reply that a stanza is; None where it is none, or of no message of ours."""
    received = stanza.xml.find(f"{{{RECEIPTS}}}received")
    if stanza.type == "error":
        interval, bounced = parse_interval(stanza.id), bounce_condition(stanza.xml)
    elif received is not None:
        interval, bounced = parse_interval(received.get("id", "")), None
    else:
        return None
    return None if interval is None else Reply(interval, bounced)
