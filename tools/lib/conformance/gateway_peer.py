"""A gateway or provider that is tried: how it is asked, and what is known of it."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from conformance.held import Held
from conformance.packs import is_live
from conformance.points import LeftError
from conformance.replies import IqReply, command
from gateway.federation.wire.stanza import QUOALISE, SENML
from gateway.senml.naming import Identifier, NameForm, SeriesName, parse_identifier

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

    from conformance.connection import Connection, HearingSession
    from conformance.gateway_comparison import Comparisons
    from conformance.gateway_household import Withdrawn
    from conformance.gateway_pushes import Pushed
    from gateway.federation.connection.session import Stanza

# One that has no consent may send 20 stanzas at once and one each 5 s from then on (§18); others 5 a second.
_STRANGERS_PAUSE_S, _KNOWN_PAUSE_S = 5.2, 0.25
_LONGEST_ANSWER_S = 60.0
_MOST_PACKS = 100
# Of every meter some of these: who has a consent to one branch is refused the others.
EVERYDAY: Final = (
    "consumption/energy/active/index",
    "consumption/power/apparent/raw",
    "consumption/voltage/raw",
    "production/energy/active/index",
    "contract/tariff/name",
    "status/register/raw",
)
INVENTED: Final = "status/no-such-series-of-any-meter"


@dataclass(slots=True)
class GatewayPeer:
    """Who is asked; ``closed`` are the names that it refused, ``packs`` what it sent, ``data`` by how it came.

    ``quiet``: for how many seconds after a withdrawal nothing may come; longer than a gateway gathers for one message.
    """

    connection: Connection
    jid: str
    series: str = ""
    prm: str = ""
    patience: int = 90
    household: bool = False
    quiet: int = 75
    asked: int = 0
    closed: list[str] = field(default_factory=list)
    packs: list[Element] = field(default_factory=list)
    data: dict[str, list[Element]] = field(default_factory=dict)
    pushed: Pushed | None = None
    request: Element | None = None
    answer: Stanza | None = None
    confirmed_at: float | None = None
    withdrawn: Withdrawn | None = None
    # What was pushed, in all sessions; what the tool says that it can do; what came of comparisons.
    held: Held = field(default_factory=Held)
    offers: tuple[str, ...] = ()
    compared: Comparisons | None = None
    other: HearingSession | None = None

    @property
    def line(self) -> HearingSession:
        """The session of now."""
        return self.connection.line

    @property
    def bare(self) -> str:
        """Its account."""
        return self.jid.partition("/")[0].lower()

    async def ask(self, payload: Element, kind: str = "set", lang: str = "en") -> IqReply:
        """Ask it anything; its answer."""
        self.asked += 1
        self.line.pause_s = _KNOWN_PAUSE_S if self.series or self.asked <= 12 else _STRANGERS_PAUSE_S
        return IqReply(await self.line.ask(self.jid, payload, min(self.patience, _LONGEST_ANSWER_S), kind, lang))

    async def command(self, node: str, fields: Mapping[str, str] | None = None, **more: object) -> IqReply:
        """Ask for a command; what came."""
        lang = str(more.pop("lang", "en"))
        reply = await self.ask(command(node, fields, **more), lang=lang)
        if reply.xml is not None:
            self.keep(reply.xml)
        return reply

    def keep(self, stanza: Element) -> None:
        """Keep the packs of a stanza, to be held to the profile; of a peer that sends without end the first ones."""
        if len(self.packs) < _MOST_PACKS:
            self.packs += stanza.iter(f"{{{SENML}}}sensml")
        how = "shown live" if is_live(stanza) else "pushed" if stanza.tag.endswith("message") else "of the past"
        if len(kept := self.data.setdefault(how, [])) < _MOST_PACKS:
            kept += stanza.iter(f"{{{QUOALISE}}}data")

    async def history(self, name: str, start: str, end: str) -> IqReply:
        """Ask for stored points, without pages."""
        return await self.command("get_history", {"identifier": name, "start_time": start, "end_time": end}, typed=True)

    def consented(self) -> Identifier:
        """What the account has a consent to. LeftError where the tool was not told."""
        if not self.series:
            raise LeftError("needs a consent of the household to the tool's account, and --series with its name")
        return parse_identifier(self.series)

    def name(self, path: str, form: NameForm | None = None) -> str:
        """A name of the meter whose series is given; else of one that the gateway may have."""
        one = parse_identifier(self.series) if self.series else None
        if one is not None and one.prm is not None and form in (None, NameForm.URN):
            return f"urn:dev:prm:{one.prm}_{path}"
        if one is None or one.application is None:
            user, _, domain = self.jid.partition("/")[0].partition("@")
            application, server, sensor, sensor_server = user, domain, "conformance", domain
        else:
            application, server = one.application, one.server or ""
            sensor, sensor_server = one.sensor or "", one.sensor_server or ""
        prm = self.prm or None
        return SeriesName(application, server, sensor, sensor_server, path, prm).written(
            form or (NameForm.SENML if one is None else one.form)
        )

    def nobodys(self, path: str) -> str:
        """The name of a series of a meter that there is not."""
        one = self.consented()
        if one.form is NameForm.URN:
            return f"urn:dev:prm:99999999999999_{path}"
        names = (one.application or "", one.server or "", "no-such-meter", one.sensor_server or "")
        return SeriesName(*names, path).written(one.form)

    def please(self, what: str) -> None:
        """Ask whoever is at the gateway to do something. LeftError where nobody is."""
        if not self.household:
            raise LeftError("needs somebody at the gateway who answers for the household: --household")
        print(f"household: {what}", file=sys.stderr, flush=True)
