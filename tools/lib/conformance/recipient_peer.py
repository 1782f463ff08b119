"""The gateway that a recipient is tried with: invented readings, numbered, and answers as the run wants them."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from conformance.connection import CLIENT
from gateway.errors import SenMLError
from gateway.federation.wire.fields import read_identifier, read_number_after, read_time
from gateway.federation.wire.form import (
    COMMANDS,
    Answer,
    RequestError,
    ResultPage,
    bad_request,
    build_error,
    build_page,
    build_result,
    parse_command,
)
from gateway.federation.wire.scope import within
from gateway.federation.wire.stanza import OURS, RECEIPTS, Interval, Publisher, build_quoalise, hints
from gateway.senml.naming import NameForm, parse_identifier
from gateway.store.points import Granularity, MeterInfo, Point, Series
from gateway.store.recorder import iso
from gateway.words.phrase import same

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.connection import Connection, HearingSession
    from gateway.federation.connection.session import Stanza
    from gateway.federation.wire.form import Command

SENSOR: Final = "conformance"
PATH: Final = "consumption/power/apparent/raw"
# One of the conditions of "later" for which the document names no least pause (§16).
_NOT_NOW: Final = "recipient-unavailable"
# Of a recipient's questions so many are remembered: one that asks without end is left.
_MOST_ASKED: Final = 1000
_PAGE_OF: Final = 2
_DAY_S: Final = 86400
COMMAND_NAMES: Final = {
    "get_history": "Get history",
    "subscribe": "Subscribe",
    "unsubscribe": "Unsubscribe",
    "list_series": "Series",
    "request_access": "Request access",
    "my_access": "My access and my requests",
}
_TITLE = same("Conformance test")


@dataclass(frozen=True, slots=True)
class Asked:
    """One command of the recipient: when it came (monotonic seconds), and what it says."""

    at: float
    node: str
    fields: dict[str, str]
    page: ResultPage | None
    answered: str = "yes"


@dataclass(slots=True)
class RecipientPeer:
    """Who receives; ``jid`` is its account.

    ``moods``: how the next subscriptions are answered, ``yes`` once there are none left; ``first`` and ``last``: what
    the answer says is the first number that waits, and the last one given. ``history``: what is stored here. What it
    asked is in ``asked``, what it confirmed of the first pushes in ``receipts``.
    """

    connection: Connection
    jid: str
    patience: int = 90
    moods: list[str] = field(default_factory=list)
    first: int = 1
    last: int = 0
    epoch: str = field(default_factory=lambda: secrets.token_hex(4))
    history: list[Point] = field(default_factory=list)
    device: str = ""
    form: NameForm = NameForm.SENML
    asked: list[Asked] = field(default_factory=list)
    receipts: list[Stanza | None] = field(default_factory=list)
    renewed_at: int | None = None
    filled: list[Asked] | None = None
    # Whether it says that it answers for totals, and what it was sent to be asked for; who else may ask.
    totals: bool | None = None
    counted: list[tuple[int, float | str]] | None = None
    many: bool = False
    other: HearingSession | None = None
    pushed: dict[int, Point] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def line(self) -> HearingSession:
        """The session of now."""
        return self.connection.line

    @property
    def publisher(self) -> Publisher:
        """In whose name the readings are."""
        user, _, domain = self.line.account.jid.partition("@")
        return Publisher(user, domain, "P1Y")

    @property
    def meter(self) -> MeterInfo:
        """The meter that there is not."""
        return MeterInfo(1, SENSOR, SENSOR, None, None, 0)

    def name(self) -> str:
        """The series, in the form for new peers."""
        return self.publisher.name(self.meter, PATH).senml()

    # --- what it asks ---

    def take(self, request: Stanza) -> None:
        """A question came in; that of somebody else is not answered."""
        element = request.xml.find(f"{{{COMMANDS}}}command")
        if element is None or request.sender.lower() != self.jid.lower() or len(self.asked) >= _MOST_ASKED:
            return
        try:
            if request.type != "set":
                raise bad_request(same("send a command in <iq type='set'/>"))
            command = parse_command(element)
            self._note(request, command)
            if self.asked[-1].answered != "silent":
                self.line.answer(request, build_result(command, request.lang, _TITLE, self._carry_out(command)))
        except RequestError as error:
            self.line.answer(request, build_error(error, request.lang), error=True)
        self.news.set()

    def _note(self, request: Stanza, command: Command) -> None:
        mood = self.moods.pop(0) if command.node == "subscribe" and self.moods else "yes"
        fields = dict(command.fields or {})
        self.asked.append(Asked(time.monotonic(), command.node, fields, command.page, mood))
        if mood == "wait":
            raise RequestError("wait", _NOT_NOW, same("not now"))
        if mood == "busy":
            raise RequestError("wait", "resource-constraint", same("too much at once"))
        if command.node == "subscribe" and mood == "yes":
            self.device = request.origin
            try:
                self.form = parse_identifier(fields.get("identifier", "")).form
            except SenMLError as error:
                raise bad_request(same(f"wrong identifier: {error}")) from error

    def _carry_out(self, command: Command) -> Answer:
        if command.node == "subscribe":
            said = (("series", "1"), ("epoch", self.epoch), ("first", str(self.first)), ("last", str(self.last)))
            return Answer(tuple((var, same("Number"), value) for var, value in said))
        if command.node == "get_history":
            return Answer((), self._page(command))
        if command.node == "unsubscribe":
            return Answer()
        if command.node == "list_series":
            return Answer((), self._catalogue(command))
        if command.node == "my_access":
            access = ET.Element(f"{{{OURS}}}access")
            ET.SubElement(access, f"{{{OURS}}}consent", {"id": "1", "state": "valid", "push": "true"} | self._given())
            return Answer((), [access])
        if command.node == "request_access":
            said = {"id": "1", "state": "pending"}
            return Answer(
                (("request", same("Number"), "1"), ("state", same("Status"), "pending")),
                [ET.Element(f"{{{OURS}}}request", said)],
            )
        raise RequestError("cancel", "item-not-found", same("unknown command"))

    def _given(self) -> dict[str, str]:
        """What a consent says: all of the series, raw, from long ago until tomorrow."""
        until = iso(int(time.time()) + _DAY_S)
        name = self.publisher.name(self.meter, PATH).sen1()
        return {"series": name, "granularity": "raw", "history": "true", "until": until, "begins": iso(0)}

    def _catalogue(self, command: Command) -> Sequence[ET.Element]:
        """The one series, on the first page, in the form that is asked for."""
        fields = command.fields or {}
        asked = read_identifier(fields) if fields.get("identifier") else None
        wanted = fields.get("form") or "sen1"
        if wanted not in ("sen1", "senml"):
            raise bad_request(same("form: expected sen1 or senml"))
        form = NameForm(wanted) if asked is None else asked.form
        name = self.publisher.name(self.meter, PATH).written(form)
        here = read_number_after(command.page) == 0 and within(asked, name)
        catalogue = ET.Element(f"{{{OURS}}}catalogue")
        if here:
            facts = {
                "name": name,
                "path": PATH,
                "kind": "gauge",
                "unit": "VA",
                "granularities": "raw",
                "retention": "P1Y",
            }
            ET.SubElement(catalogue, f"{{{OURS}}}series", facts)
        return catalogue, build_page(*(("0", "0") if here else (None, None)), 0, int(here))

    def _page(self, command: Command) -> Sequence[ET.Element]:
        """A page of two records at most, however many are wanted: a short one is not the end."""
        asked = self.meant(command.fields or {})
        begin = read_number_after(command.page)
        rest = [number for number in asked if number >= begin]
        some = rest[:_PAGE_OF]
        ends = (str(some[0]), str(some[-1])) if some else (None, None)
        total = len(asked) if begin == 0 else None
        points = [self.history[number] for number in some]
        page = build_page(*ends, len(asked) - len(rest), total)
        return build_quoalise(self.publisher, self.meter, self.form, points), page

    def meant(self, fields: Mapping[str, str]) -> list[int]:
        """Which records of the history such a question is about. RequestError for one that cannot be read."""
        start, end = read_time(fields, "start_time"), read_time(fields, "end_time")
        if not within(read_identifier(fields), self.publisher.name(self.meter, PATH).written(self.form)):
            return []
        # Without a granularity the finest is meant, and there is no other.
        if fields.get("granularity") not in (None, "", "raw"):
            return []
        return [number for number, point in enumerate(self.history) if start <= point.time < end]

    # --- what it is sent ---

    def point(self, at: int, value: int, *, rectified: bool = False) -> Point:
        """One reading."""
        series = Series(1, SENSOR, PATH, "VA", "gauge", at, at)
        return Point(series, Granularity.RAW, at, value, "meter", rectified)

    def push(self, after: int, point: Point, to: str) -> str:
        """Send one reading as number ``after`` + 1; the id of its message."""
        self.pushed[after] = point
        interval = Interval(self.epoch, after, after + 1)
        self.last = max(self.last, interval.last)
        payload = build_quoalise(self.publisher, self.meter, self.form, [point], interval)
        more = [ET.Element(f"{{{RECEIPTS}}}request"), *hints("no-store", "no-permanent-store")]
        self.line.send_message(to, interval.id, payload, *more)
        return interval.id

    def live(self, point: Point, to: str) -> str:
        """Send a value of this moment; the id of its message."""
        payload = build_quoalise(self.publisher, self.meter, self.form, [point])
        payload[0][0].set("live", "true")
        number = f"live-{next(self._ids)}"
        self.line.send_message(
            to, number, payload, *hints("no-store", "no-permanent-store", "no-copy"), kind="headline"
        )
        return number

    def notice(self, number: str, kind: str, **facts: str) -> str:
        """Send a notice to the account; the id of its message."""
        element = ET.Element(f"{{{OURS}}}notice", {"id": f"{self.epoch}-{number}", "kind": kind, **facts})
        text = ET.SubElement(element, f"{{{OURS}}}text", {"{http://www.w3.org/XML/1998/namespace}lang": "en"})
        text.text = "This is a conformance test of linky-gateway."
        body = ET.Element(f"{{{CLIENT}}}body")
        body.text = text.text
        stanza_id = f"notice-{self.epoch}-{number}"
        self.line.send_message(self.jid, stanza_id, body, element, ET.Element(f"{{{RECEIPTS}}}request"))
        return stanza_id

    # --- what comes of it ---

    async def receipt(self, stanza_id: str, seconds: float) -> Stanza | None:
        """The next receipt of a message."""
        return await self.line.hear(lambda stanza: self.is_receipt(stanza, stanza_id), seconds)

    def is_receipt(self, stanza: Stanza, stanza_id: str) -> bool:
        """Whether a message is the recipient's receipt of a message."""
        received = stanza.xml.find(f"{{{RECEIPTS}}}received")
        return stanza.sender.lower() == self.jid.lower() and received is not None and received.get("id") == stanza_id

    async def next(
        self, node: str, since: int, seconds: float, fits: Callable[[Asked], bool] = lambda _: True
    ) -> Asked | None:
        """The first such command behind the first ``since`` of what was asked; None when none came in time."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    self.news.clear()
                    for asked in self.asked[since:]:
                        if asked.node == node and fits(asked):
                            return asked
                    await self.news.wait()
        except TimeoutError:
            return None
