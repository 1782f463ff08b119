"""The household's ways, as its configuration says: where, to whom, of what, when not."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.addresses.notice import APPRISE, FREE, NoticeAddress, read
from gateway.config.typed_secrets import typed_secret
from gateway.errors import GatewayError, reason
from gateway.notices.events import RULES, Urgency
from gateway.notices.quiet import QuietHours
from gateway.words.phrase import NOTHING, Phrase

if TYPE_CHECKING:
    from gateway.config.notice import NoticeTable
    from gateway.config.tables import Config

_UNREADABLE = Phrase("the file of its address cannot be read: {why}")
_NO_TEXT = Phrase("the file of its address is no UTF-8 text")
_NONE = Phrase("it has no address: write it into /etc/linky-gateway/secrets/notices/{name}, and restart the gateway")


@dataclass(frozen=True, slots=True)
class Way:
    """One way. Without an address it is none yet, and ``fault`` says why."""

    name: str
    address: NoticeAddress | None
    fault: Phrase
    person: str
    lang: str
    events: frozenset[str]
    urgent: frozenset[str]
    quiet: QuietHours
    figures: bool

    @property
    def digest(self) -> str:
        """Tells one address from another, and nothing of either."""
        url = self.address.url if self.address else ""
        return hashlib.sha256(f"linky-gateway notice {self.name} {url}".encode()).hexdigest()[:32]

    def level(self, event: str) -> Urgency:
        """How urgent an event is for this person."""
        return Urgency.URGENT if event in self.urgent else RULES[event].level


def ways_of(config: Config) -> list[Way]:
    """All of them."""
    return [_way(config, table) for table in config.notice]


def _way(config: Config, table: NoticeTable) -> Way:
    try:
        return way_of(table, _url(config, table))
    except GatewayError as error:
        return way_of(table, error.phrase)


def way_of(table: NoticeTable, url: str | Phrase) -> Way:
    """The way of a table with this address, or with the reason why it has none."""
    address, fault = None, NOTHING
    found = read(url) if isinstance(url, str) else url
    if isinstance(found, Phrase):
        fault = found
    else:
        address = found
    usual = {event for event, rule in RULES.items() if rule.on}
    if address and address.kind == FREE:
        # A SMS is for what cannot wait.
        usual = {event for event in usual if RULES[event].level is Urgency.URGENT} | set(table.urgent)
    figures = table.figures if table.figures is not None else _is_own(address)
    return Way(
        name=table.name,
        address=address,
        fault=fault,
        person=table.person or "",
        lang=table.language,
        events=frozenset(usual if table.events is None else table.events) | {"notices"},
        urgent=frozenset(table.urgent),
        quiet=QuietHours.of(table.quiet),
        figures=figures,
    )


def _is_own(address: NoticeAddress | None) -> bool:
    return address is not None and address.kind != APPRISE and not address.to and address.is_own


def _url(config: Config, table: NoticeTable) -> str:
    """The first line of the file that it is in. Raises GatewayError."""
    if table.url is not None:
        return table.url
    folder, file = os.environ.get("CREDENTIALS_DIRECTORY"), typed_secret(config, table.credential)
    if file is None and table.url_file:
        file = config.path(table.url_file)
    elif file is None and folder:
        file = Path(folder) / table.credential
    if file is None or (not table.url_file and not file.is_file()):
        raise GatewayError(_NONE.filled(name=table.name))
    try:
        return file.read_text(encoding="utf-8").partition("\n")[0]
    except OSError as error:
        raise GatewayError(_UNREADABLE.filled(why=reason(error))) from error
    except UnicodeDecodeError as error:
        raise GatewayError(_NO_TEXT) from error
