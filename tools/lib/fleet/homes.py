"""``python -m fleet.homes``: tens of thousands of gateways as one component of their server, to a recipient's eyes.

What they say is written by the product's own code, and which device they send it to is judged by it; in what they
differ: they are one connection, have no store (what is not confirmed waits in memory), ask nobody's consent, and no
history is asked of them. Orders come as lines of JSON on the standard input (``rate``: messages a second of all of them
together), what happens goes out as one JSON object a line.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import asdict, dataclass
from xml.etree import ElementTree as ET
from xml.sax.saxutils import quoteattr

from fleet.component import NS, Component
from fleet.household import INDEX, POWER, index, power, sensor, user
from gateway.federation.connection.presence import Presences
from gateway.federation.wire.stanza import RECEIPTS, Interval, Publisher, build_quoalise, parse_interval
from gateway.senml.naming import NameForm
from gateway.store.points import Granularity, MeterInfo, Point, Series

_COMMANDS, _FORM = "http://jabber.org/protocol/commands", "jabber:x:data"
_EPOCH = "0a0b0c0d"
_SAY_EVERY_S, _LOOK_EVERY_S, _TURN_S = 0.5, 1.0, 0.02
# As ``gateway.federation.provider.flight`` has them.
_PATIENCE_S, _BACKOFF_S, _WINDOW = 60.0, 1.0, 32
_POINTS = 2
# Attempts to come back.
_TIMES = 120


@dataclass(slots=True)
class HomesReport:
    """How they stand: counts since the start; ``latencies_ms`` of what was confirmed since the last report."""

    subscribed: int = 0
    asked: int = 0
    shown: int = 0
    left: int = 0
    said: int = 0
    sent: int = 0
    confirmed: int = 0
    bounced: int = 0
    latencies_ms: list[float] | None = None


@dataclass(slots=True)
class _Message:
    """Not confirmed yet: its minute, when it was said, when it is to be sent again, and whether nobody answered it."""

    minute: int
    said_at: float
    due: float = 0.0
    silent: bool = False


class Home:
    """One gateway."""

    __slots__ = ("jid", "minutes", "number", "presences", "publisher", "subscribed", "under_way")

    def __init__(self, number: int, domain: str) -> None:
        self.number, self.jid = number, f"{user(number)}@{domain}/proxy"
        self.publisher = Publisher(user(number), domain, "P1Y")
        self.presences = Presences()
        self.minutes, self.subscribed = 0, False
        # The last number of a message -> the message.
        self.under_way: dict[int, _Message] = {}


class Homes:
    """All of them on one connection."""

    def __init__(self, count: int, domain: str, secret: str, recipient: str, begin: int) -> None:
        self._recipient, self._begin = recipient, begin
        self._homes = {user(number): Home(number, domain) for number in range(count)}
        self._turn = deque(self._homes.values())
        self._component = Component(domain, secret, self._take)
        self._rate, self._owed = 0.0, 0.0
        self.report = HomesReport(latencies_ms=[])

    async def run(self, host: str, port: int) -> None:
        """Be there until the standard input ends, also after the server was away."""
        await self._component.connect(host, port)
        loop = asyncio.get_running_loop()
        orders = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
        listening = asyncio.create_task(self._listen(orders))
        said = looked = turned = time.monotonic()
        while not listening.done():
            now = time.monotonic()
            self._owed, turned = self._owed + self._rate * (now - turned), now
            while self._owed >= 1:
                self._say_next(now)
                self._owed -= 1
            if now - looked >= _LOOK_EVERY_S:
                looked = now
                self._send_again(now)
            if now - said >= _SAY_EVERY_S:
                said = now
                self._tell()
            with suppress(ConnectionError):
                await self._component.drain()
            # One at a time, as homes send: what comes in bunches is cheaper for one process than for several.
            turn = min(_TURN_S, (1 - self._owed) / self._rate) if self._rate else _TURN_S
            await asyncio.wait({listening, self._component.reading}, timeout=turn, return_when="FIRST_COMPLETED")
            if self._component.reading.done():
                await self._come_back(host, port)

    async def _come_back(self, host: str, port: int) -> None:
        """A new session of all of them: who went away meanwhile has told nobody, and is shown their presence."""
        for _ in range(_TIMES):
            with suppress(OSError):
                await self._component.connect(host, port)
                break
            await asyncio.sleep(_LOOK_EVERY_S)
        else:
            raise ConnectionError("the server does not come back")
        for home in self._homes.values():
            home.presences.begin(home.presences.showing)
            if home.subscribed:
                self._show(home, time.monotonic())
            await self._component.drain()

    async def _listen(self, orders: asyncio.StreamReader) -> None:
        while line := await orders.readline():
            self._rate = float(json.loads(line)["rate"])

    def _tell(self) -> None:
        sys.stdout.write(json.dumps(asdict(self.report)) + "\n")
        sys.stdout.flush()
        self.report.latencies_ms = []

    def _say_next(self, now: float) -> None:
        """Another minute of the next home."""
        home = self._turn[0]
        self._turn.rotate(-1)
        home.minutes += 1
        self.report.said += 1
        home.under_way[home.minutes * _POINTS] = message = _Message(home.minutes - 1, now)
        if home.subscribed and not home.presences.is_away(self._recipient) and len(home.under_way) <= _WINDOW:
            self._send(home, message, now)

    def _send_again(self, now: float) -> None:
        for home in self._homes.values():
            if not home.subscribed:
                continue
            if home.presences.is_away(self._recipient):
                self._show(home, now)
                continue
            for message in list(home.under_way.values())[:_WINDOW]:
                if message.due <= now:
                    self._send(home, message, now)

    def _show(self, home: Home, now: float) -> None:
        """Show its presence, and again now and then: one that comes before its recipient is lost."""
        if home.presences.show(self._recipient, now):
            self._component.send(f"<presence from='{home.jid}' to='{self._recipient}'/>")

    def _send(self, home: Home, message: _Message, now: float) -> None:
        message.silent = message.due > 0 and not message.silent
        to = self._recipient if message.silent else home.presences.address(self._recipient)
        message.due = now + _PATIENCE_S
        last = (message.minute + 1) * _POINTS
        interval = Interval(_EPOCH, last - _POINTS, last)
        meter = MeterInfo(1, "house", sensor(home.number), None, None, 0)
        at = self._begin + 60 * message.minute
        points = [
            Point(Series(1, "house", path, unit, kind, 0, 0), Granularity.MINUTE, at, value)
            for path, unit, kind, value in (
                (INDEX, "Wh", "index", index(home.number, message.minute)),
                (POWER, "VA", "gauge", power(home.number, message.minute)),
            )
        ]
        quoalise = build_quoalise(home.publisher, meter, NameForm.SEN1, points, interval)
        pack = ET.tostring(quoalise, encoding="unicode")
        self._component.send(
            f"<message type='chat' id='{interval.id}' from='{home.jid}' to={quoteattr(to)}>{pack}"
            f"<request xmlns='{RECEIPTS}'/><no-store xmlns='urn:xmpp:hints'/>"
            "<no-permanent-store xmlns='urn:xmpp:hints'/></message>"
        )
        self.report.sent += 1

    def _take(self, stanza: ET.Element) -> None:
        home = self._homes.get(stanza.get("to", "").partition("@")[0])
        origin = stanza.get("from", "")
        if home is None or origin.partition("/")[0] != self._recipient:
            return
        match stanza.tag.removeprefix(f"{{{NS}}}"), stanza.get("type"):
            case "presence", None:
                self.report.shown += 1
                home.presences.showing.add(self._recipient)
                home.presences.heard(origin, confirms=False)
                self._wake(home)
            case "presence", "unavailable":
                self.report.left += 1
                home.presences.left(origin)
            case "message", "error":
                self._bounced(home, stanza, origin)
            case "message", _:
                self._confirmed(home, stanza, origin)
            case "iq", "set":
                self._answer(home, stanza, origin)

    def _wake(self, home: Home) -> None:
        """It is there: what waits goes out now."""
        for message in home.under_way.values():
            message.due, message.silent = 0.0, False

    def _bounced(self, home: Home, stanza: ET.Element, origin: str) -> None:
        interval = parse_interval(stanza.get("id", ""))
        if interval and (message := home.under_way.get(interval.last)):
            self.report.bounced += 1
            home.presences.left(origin)
            message.due, message.silent = time.monotonic() + _BACKOFF_S, False

    def _confirmed(self, home: Home, stanza: ET.Element, origin: str) -> None:
        receipt = stanza.find(f"{{{RECEIPTS}}}received")
        interval = parse_interval(receipt.get("id", "")) if receipt is not None else None
        if interval is None:
            return
        home.presences.heard(origin, confirms=True)
        self._settle(home, interval.last)

    def _settle(self, home: Home, last: int) -> None:
        message = home.under_way.pop(last, None)
        if message is not None and self.report.latencies_ms is not None:
            self.report.confirmed += 1
            self.report.latencies_ms.append(round((time.monotonic() - message.said_at) * 1000, 1))

    def _answer(self, home: Home, stanza: ET.Element, origin: str) -> None:
        command = stanza.find(f"{{{_COMMANDS}}}command")
        head = f"from='{home.jid}' to={quoteattr(origin)} id={quoteattr(stanza.get('id', ''))}"
        if command is None or command.get("node") != "subscribe":
            self._component.send(
                f"<iq type='error' {head}><error type='cancel'><service-unavailable"
                " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
            )
            return
        asked = {
            field.get("var"): field.findtext(f"{{{_FORM}}}value") or "" for field in command.iter(f"{{{_FORM}}}field")
        }
        if asked.get("epoch") == _EPOCH:
            for last in [last for last in home.under_way if last <= int(asked["resume_after"])]:
                self._settle(home, last)
        self.report.asked += 1
        self.report.subscribed += not home.subscribed
        home.subscribed = True
        home.presences.asked(origin)
        self._wake(home)
        waits = min(home.under_way, default=(home.minutes + 1) * _POINTS) - _POINTS
        fields = {"epoch": _EPOCH, "first": waits + 1, "last": home.minutes * _POINTS}
        results = "".join(f"<field var='{var}'><value>{value}</value></field>" for var, value in fields.items())
        self._component.send(
            f"<iq type='result' {head}><command xmlns='{_COMMANDS}' node='subscribe' status='completed' sessionid='s'>"
            f"<x xmlns='{_FORM}' type='result'><field var='result' type='fixed'><value>Success</value></field>"
            f"{results}</x></command></iq>"
        )


def main() -> None:
    """The first line of the standard input says which homes they are."""
    spec = json.loads(sys.stdin.buffer.raw.readline())  # type: ignore[attr-defined]
    host, port = spec.pop("host"), spec.pop("port")
    asyncio.run(Homes(**spec).run(host, port))


if __name__ == "__main__":
    main()
