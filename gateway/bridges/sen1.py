"""The 2019 proxies: ``Sen1Message``, in the one form that their Java and their Python side both read.

They confirm nothing. A message counts as handed on when one's own server has taken it (XEP-0198) and it has not come
back; one that comes back later waits again. A proxy keeps what it is sent twice: these are indexes and states with
their time, never increments, so that twice says the same.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from gateway.bridges.naming import metaname
from gateway.errors import BridgeError
from gateway.federation.connection.jids import bare_jid
from gateway.federation.wire.sen1 import MESSAGE, NAMESPACE
from gateway.federation.wire.stanza import bounce_condition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gateway.bridges.config import Sen1Table
    from gateway.bridges.core import Value
    from gateway.federation.connection.session import Session, Stanza

_SCHEMA = {"xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance", "xmlns:xs": "http://www.w3.org/2001/XMLSchema"}

_TAKEN_S, _RETURN_S = 30.0, 2.0
# Below 30 kB each; and how many are remembered for when they come back.
_VALUES_IN_ONE, _REMEMBERED = 150, 2000


class Sen1Sink:
    """One proxy, by the bridge's own session.

    Args:
        settings: ``[sen1]``.
        session: of the bridge's account.
    """

    most = 1000

    def __init__(self, settings: Sen1Table, session: Session) -> None:
        self._settings, self._session, self._to = settings, session, bare_jid(settings.to)
        self._again: Callable[[Sequence[Value]], None] = lambda _: None
        self._under_way: dict[str, asyncio.Future[None]] = {}
        self._sent: dict[str, Sequence[Value]] = {}
        self._came_back = ""
        session.on_acknowledged(self._taken)
        session.on_change(self._change)
        session.listen("{jabber:client}message/{jabber:client}error", self._returned)

    def on_return(self, again: Callable[[Sequence[Value]], None]) -> None:
        """Call back with the values of a message that comes back after it was counted as handed on."""
        self._again = again

    async def missing(self, values: Sequence[Value]) -> Sequence[Value]:
        """All of them: nobody can be asked."""
        return values

    async def send(self, values: Sequence[Value]) -> None:
        """Send a message for each series, and see that none comes back."""
        if not (self._session.connected.is_set() and self._session.acknowledges):
            raise BridgeError("the bridge is not connected, or its server does not say what it takes (XEP-0198)")
        loop = asyncio.get_running_loop()
        for group in _groups(values):
            stanza_id = f"sen1-{secrets.token_hex(8)}"
            self._under_way[stanza_id] = loop.create_future()
            self._sent[stanza_id] = group
            self._session.send_message(self._to, stanza_id, self.build(group))
        self._came_back = ""
        try:
            async with asyncio.timeout(_TAKEN_S):
                await asyncio.gather(*self._under_way.values())
            # What cannot be delivered comes back at once: counted as handed on it would be sent again without end.
            await asyncio.sleep(_RETURN_S)
            if self._came_back:
                raise BridgeError(f"{self._to} cannot be reached: {self._came_back}")
        except TimeoutError as error:
            raise BridgeError("one's own server does not take the messages") from error
        finally:
            self._under_way.clear()
            for stanza_id in list(self._sent)[:-_REMEMBERED]:
                del self._sent[stanza_id]

    def build(self, values: Sequence[Value]) -> ET.Element:
        """The message for values of one series of one household."""
        first = values[0]
        message = ET.Element(MESSAGE, _SCHEMA)
        fields = {
            "username": first.household.name, "name": first.household.name, "metaname": metaname(first.path),
            "unite": first.unit, "type": "dt_string" if isinstance(first.value, str) else "dt_numeric",
            "applicationSrc": self._settings.source, "applicationDst": self._settings.destination,
        }  # fmt: skip
        for name, text in fields.items():
            if text:
                ET.SubElement(message, f"{{{NAMESPACE}}}{name}").text = text
        datas = ET.SubElement(message, f"{{{NAMESPACE}}}Sen1Datas")
        for value in values:
            data = ET.SubElement(datas, f"{{{NAMESPACE}}}Sen1Data")
            # The prefixed name as it is: slixmpp drops attributes that have a namespace.
            ET.SubElement(data, f"{{{NAMESPACE}}}value", {"xsi:type": "xs:string"}).text = str(value.value)
            # An offset in figures: after a Z the Python side drops the message.
            moment = datetime.fromtimestamp(int(value.time), UTC).isoformat()
            ET.SubElement(data, f"{{{NAMESPACE}}}timestamp").text = moment
        return message

    def _taken(self, recipient: str, stanza_id: str) -> None:
        future = self._under_way.get(stanza_id)
        if recipient == self._to and future is not None and not future.done():
            future.set_result(None)

    def _change(self, _: bool) -> None:
        for future in self._under_way.values():
            if not future.done():
                future.set_exception(BridgeError("the connection was lost before the messages were taken"))

    def _returned(self, stanza: Stanza) -> None:
        values = self._sent.pop(stanza.id, None)
        if values is None or stanza.sender != self._to:
            return
        if stanza.id in self._under_way:
            self._came_back = bounce_condition(stanza.xml)
        else:
            self._again(values)


def _groups(values: Sequence[Value]) -> Iterator[list[Value]]:
    """The values of each series of each household, as many as one message holds; without increments and empty texts."""
    groups: defaultdict[tuple[str, str], list[Value]] = defaultdict(list)
    for value in values:
        if not value.path.endswith("/daily") and value.value != "":
            groups[value.household.name, metaname(value.path)].append(value)
    for group in groups.values():
        for first in range(0, len(group), _VALUES_IN_ONE):
            yield group[first : first + _VALUES_IN_ONE]
