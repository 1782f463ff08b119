"""A gateway of a few lines, in this process, that keeps to the wire document and can be told to lie about one thing.

Stands for a gateway of others. It is on the line that ``tools/conformance`` otherwise has to a peer: it answers at
once, and has something to say as often as it is listened to.
"""

import json
import time
from collections import deque
from xml.etree import ElementTree as ET

from conformance.caps import verification
from conformance.connection import CLIENT
from conformance.gateway_peer import GatewayPeer
from gateway.federation.connection.disco import CAPS, INFO, ITEMS
from gateway.federation.connection.session import Account, Stanza
from gateway.federation.wire.fields import read_identifier, read_time
from gateway.federation.wire.form import (
    COMMANDS,
    DATA,
    Answer,
    RequestError,
    Table,
    bad_request,
    build_error,
    build_page,
    build_result,
    parse_command,
)
from gateway.federation.wire.scope import within
from gateway.federation.wire.stanza import OURS, QUOALISE, RECEIPTS, SENML, Interval, Publisher, build_quoalise, hints
from gateway.senml.naming import NameForm
from gateway.store.points import Granularity, MeterInfo, Point, Series
from gateway.store.recorder import iso
from gateway.words.phrase import same
from harness.accounts import FAR, HOME
from tests.tools.conformance.comparing import Comparison

LANG = "{http://www.w3.org/XML/1998/namespace}lang"
PRM = "30001610071843"
PATH = "consumption/power/apparent/raw"
SERIES = f"maison:sen1.test/ab12:sen1.test/{PATH}"
END = int(time.time()) - 60
COMMAND_NAMES = ("get_history", "subscribe", "unsubscribe", "list_series", "request_access", "my_access")
REQUIRED = dict.fromkeys("identifier granularity until purpose controller contact privacy role retention".split(), "")
WRONG = ("PT7M", "tomorrow", "yesterday", "somewhere", "king", "long", "perhaps")


def refuse_unknown(payload, kind):
    """Raise the refusal of what is neither a command nor service discovery, and of a command in a question."""
    if payload.tag not in (f"{{{COMMANDS}}}command", f"{{{INFO}}}query", f"{{{ITEMS}}}query"):
        raise RequestError("cancel", "service-unavailable", same("nobody knows that"))
    if payload.tag == f"{{{COMMANDS}}}command" and kind == "get":
        raise bad_request(same("send a command in <iq type='set'/>"))


class Gateway:
    """``change`` is given each answer, ``tell`` each message, before it is heard: there lies are told."""

    def __init__(self):
        self.publisher, self.meter = Publisher("maison", "sen1.test", "P1Y"), MeterInfo(1, "ab12", "ab12", PRM, None, 0)
        self.stored = [self.point(END - 30 * n, 450 + n) for n in range(9, -1, -1)]
        self.change, self.tell = lambda said: None, lambda message: [message]
        self.allowed, self.subscribed, self.form = True, False, NameForm.SENML
        self.epoch, self.last, self.waiting, self.sent = "5d1f0c3e", 0, {}, set()
        self.lease, self.asked, self.notices, self.counts = 0.0, [], [], {}
        # Whether a presence is shown, and with which hash.
        self.shows, self.caps = True, ("sha-1", "")
        # Faults: a withdrawal, an absence and a lease's end that change nothing, a subscription for one session alone.
        self.goes_on, self.stays, self.endless, self.forgets = False, False, False, False
        self.owed, self.line = False, None
        # Time -> value of what was pushed; how it compares wrongly; whether it says others' things, and believes them.
        self.promised, self.comparing = {}, ""
        self.tells_others, self.believes_others, self.nags = False, False, False

    def point(self, at, value, *, marked=False):
        series = Series(1, "ab12", PATH, "VA", "gauge", END - 270, END)
        return Point(series, Granularity.RAW, at, value, "meter", marked)

    def name(self, form=NameForm.SENML):
        return self.publisher.name(self.meter, PATH).written(form)

    # --- what is pushed ---

    def more_of(self, line, step=1):
        """Push something new."""
        self.last += 1
        at = max(self.promised, default=END) + step
        self.promised[at] = 500 + self.last
        self.waiting[self.last] = self.point(at, 500 + self.last)
        line.sent.add(self.last)
        line.deliver(*line.push(self.last))

    def send_again(self, line, at, value, *, marked):
        """Push something once more, under a new number."""
        self.last += 1
        self.waiting[self.last] = self.point(at, value, marked=marked)
        line.sent.add(self.last)
        line.deliver(*line.push(self.last))

    # --- what is asked ---

    def answer(self, payload, kind, lang):
        """The ``<iq>`` that answers; None where a lie takes it away."""
        iq = ET.Element(f"{{{CLIENT}}}iq", {"type": "result", LANG: lang, "id": "1"})
        node, fields, page = payload.get("node", ""), {}, None
        try:
            refuse_unknown(payload, kind)
            if payload.tag != f"{{{COMMANDS}}}command":
                iq.append(self.discovered(payload.tag))
            else:
                command = parse_command(payload)
                fields, page = command.fields or {}, command.page
                title = same("Access" if lang == "en" else "Accès")
                iq.append(build_result(command, lang, title, self.carry_out(command)))
        except RequestError as error:
            iq.set("type", "error")
            iq.append(build_error(error, lang))
        self.counts[node] = self.counts.get(node, 0) + 1
        said = Said(self, node, kind, dict(fields), page, payload, iq, self.counts[node])
        self.change(said)
        return said.iq

    def discovered(self, tag):
        query = ET.Element(tag)
        if tag == f"{{{ITEMS}}}query":
            for node in COMMAND_NAMES:
                ET.SubElement(query, f"{{{ITEMS}}}item", {"node": node, "name": node, "jid": f"{HOME}/proxy"})
            return query
        ET.SubElement(query, f"{{{INFO}}}identity", {"category": "client", "type": "bot", "name": "a gateway"})
        for feature in (QUOALISE, OURS, RECEIPTS):
            ET.SubElement(query, f"{{{INFO}}}feature", {"var": feature})
        return query

    def carry_out(self, command):
        known = {
            "get_history": self.history,
            "subscribe": self.subscribe,
            "unsubscribe": lambda fields, _: Answer() if read_identifier(fields) else None,
            "list_series": self.catalogue,
            "request_access": self.request,
            "my_access": lambda _fields, _page: Answer((), [self.access()]),
        }
        if command.node not in known:
            raise RequestError("cancel", "item-not-found", same("unknown command"))
        if command.fields is None and command.node not in ("my_access", "list_series"):
            return Answer()
        return known[command.node](dict(command.fields or {}), command.page)

    def allow(self, fields):
        asked = read_identifier(fields)
        if not self.allowed or not within(asked, self.name(asked.form)):
            raise RequestError(
                "auth", "not-authorized", same("no consent in force gives you access to this identifier")
            )
        return asked.form

    def history(self, fields, page):
        form = self.allow(fields)
        start, end = read_time(fields, "start_time"), read_time(fields, "end_time")
        if start >= end:
            raise bad_request(same("the end is not after the start"))
        points = [one for one in self.stored if start <= one.time < end]
        if page is None:
            return Answer((), [build_quoalise(self.publisher, self.meter, form, points)])
        after = page.after or "0"
        if not after.isdigit():
            raise RequestError("cancel", "item-not-found", same("unknown <after>"))
        rest = [one for one in points if one.time > int(after)]
        some = rest[: min(page.maximum, 4)]
        ends = (str(some[0].time), str(some[-1].time)) if some else (None, None)
        count = None if page.after else len(points)
        return Answer((), [build_quoalise(self.publisher, self.meter, form, some), build_page(*ends, 0, count)])

    def subscribe(self, fields, _page):
        form = self.allow(fields)
        if fields.get("mode") == "live":
            lease = read_time(fields, "end_time") if fields.get("end_time") and not self.endless else time.time() + 3600
            self.lease = lease
            self.owed = True
            return Answer()
        self.subscribed, self.form, self.heard = True, form, self.line
        upto = int(fields.get("resume_after") or 0)
        self.waiting = {last: point for last, point in self.waiting.items() if last > upto}
        numbers = (
            ("epoch", self.epoch),
            ("first", str(min(self.waiting, default=self.last + 1))),
            ("last", str(self.last)),
        )
        return Answer(tuple((var, same(var), value) for var, value in numbers))

    def catalogue(self, fields, page):
        after = (page.after if page else None) or fields.get("after") or ""
        if after and not after.isdigit():
            raise RequestError("cancel", "item-not-found", same("unknown <after>"))
        form = self.allow(fields) if fields.get("identifier") else NameForm.SEN1
        found = ET.Element(f"{{{OURS}}}catalogue")
        if after:
            return Answer((), [found, build_page(None, None)])
        times = {"first": iso(END - 270), "last": iso(END), "granularities": "raw"}
        one = ET.SubElement(
            found, f"{{{OURS}}}series", {"name": self.name(form), "path": PATH, "kind": "gauge"} | times
        )
        pack = ET.SubElement(ET.SubElement(one, f"{{{OURS}}}sample", {"invented": "true"}), f"{{{SENML}}}sensml")
        ET.SubElement(pack, f"{{{SENML}}}senml", {"bn": SERIES, "bt": "946684800", "u": "VA", "v": "450"})
        more = []
        if fields.get("words"):
            words = ET.Element(f"{{{OURS}}}words", {"profile": "dcat"})
            ET.SubElement(words, "{urn:xmpp:json:0}json").text = json.dumps({"@graph": [{"dct:title": "Series"}]})
            more = [words]
        table = Table((("name", same("Name")), ("sample", same("Sample"))), [[self.name(form), "450"]])
        return Answer((), [found, *more, build_page("0", "0", 0, 1)], table=table)

    def request(self, fields, _page):
        for var in REQUIRED:
            if not fields.get(var):
                raise bad_request(same(f"the field {var} is missing"))
        for var, value in fields.items():
            if value in WRONG:
                raise bad_request(same(f"the field {var} is wrong"))
        self.asked = self.asked or [fields]
        said = {"id": "1", "state": "pending"}
        return Answer((), [ET.Element(f"{{{OURS}}}request", said)])

    def access(self):
        found = ET.Element(f"{{{OURS}}}access")
        given = {"id": "1", "state": "valid", "series": self.name(NameForm.SEN1), "granularity": "raw"}
        given |= {"push": "true", "history": "true", "retention": "P1Y"}
        ET.SubElement(found, f"{{{OURS}}}consent", given)
        for fields in self.asked:
            ET.SubElement(found, f"{{{OURS}}}request", {"id": "1", "state": "pending", "series": fields["identifier"]})
        return found


class Said:
    """One answer, to be changed: ``nth`` of those to this command."""

    def __init__(self, gateway, node, kind, fields, page, payload, iq, nth):
        self.gateway, self.node, self.kind, self.fields, self.page = gateway, node, kind, fields, page
        self.payload, self.iq, self.nth = payload, iq, nth

    @property
    def error(self):
        return self.iq.find(f"{{{CLIENT}}}error")

    def refuse(self, kind, condition, words="no"):
        self.iq.set("type", "error")
        self.iq[:] = [build_error(RequestError(kind, condition, same(words)), "en")]

    def succeed(self, answer=None):
        self.iq.set("type", "result")
        self.iq[:] = [build_result(parse_command(self.payload), "en", same("Done"), answer or Answer())]

    def put(self, var, value):
        self.iq.find(f".//{{{DATA}}}field[@var='{var}']/{{{DATA}}}value").text = value


class Line:
    """The tool's session with it, and the household that is asked."""

    def __init__(self, gateway):
        self.gateway, self.account, self.jid = gateway, Account(FAR, "secret"), f"{FAR}/tool"
        self.messages, self.pause_s, self.present = deque(), 0.0, False
        gateway.line = self
        self.confirms = lambda _: False
        self.asked = self.heard = lambda _: None
        self.sent, self.offers, self.replies = set(), (), []

    async def ask(self, to, payload, seconds, kind="set", lang="en"):
        return self.gateway.answer(payload, kind, lang)

    async def hear(self, fits, seconds):
        for _ in range(3):
            for stanza in self.messages:
                if fits(stanza):
                    self.messages.remove(stanza)
                    return stanza
            self.more()
        return None

    async def see(self, origin, seconds):
        gateway = self.gateway
        if not gateway.shows:
            return None
        algorithm, ver = gateway.caps
        presence = ET.Element(f"{{{CLIENT}}}presence", {"from": origin})
        ver = ver or verification(gateway.discovered(f"{{{INFO}}}query"), algorithm)
        ET.SubElement(presence, f"{{{CAPS}}}c", {"hash": algorithm, "ver": ver or "?"} if algorithm else {"ver": "?"})
        return presence

    def show(self, to, *, there=True):
        self.present = there
        if not there and not self.gateway.stays:
            self.gateway.lease = 0.0

    def answer(self, request, payload, *, error=False):
        self.replies.append(payload)

    def confirm(self, stanza_id, to):
        gateway = self.gateway
        gateway.notices = [one for one in gateway.notices if one[0] != stanza_id or gateway.nags]
        for last in list(self.gateway.waiting):
            if stanza_id == f"{self.gateway.epoch}-{last - 1}-{last}":
                del self.gateway.waiting[last]

    def more(self):
        """What the gateway has to say now: what waits, once a session; else something new; notices; a live value."""
        gateway = self.gateway
        again = [last for last in gateway.waiting if last not in self.sent]
        given = gateway.allowed or gateway.goes_on
        if given and gateway.subscribed and self.present and not (gateway.forgets and gateway.heard is not self):
            if not again:
                gateway.more_of(self)
            for last in again:
                self.sent.add(last)
                self.deliver(*self.push(last))
        if (given and time.time() < gateway.lease) or (gateway.lease and gateway.owed):
            gateway.owed = False
            self.deliver(*self.live())
        for notice in gateway.notices:
            self.deliver(*notice)

    def push(self, last):
        gateway = self.gateway
        interval = Interval(gateway.epoch, last - 1, last)
        points = [gateway.waiting[last]]
        payload = build_quoalise(gateway.publisher, gateway.meter, gateway.form, points, interval)
        return interval.id, "chat", [payload, ET.Element(f"{{{RECEIPTS}}}request")]

    def live(self):
        gateway = self.gateway
        payload = build_quoalise(gateway.publisher, gateway.meter, gateway.form, [gateway.point(END, 450)])
        payload[0][0].set("live", "true")
        return "live-1", "headline", [payload, *hints("no-store")]

    def deliver(self, stanza_id, kind, parts):
        """As the session does it: kept, and confirmed where it is one to be confirmed."""
        xml = ET.Element(f"{{{CLIENT}}}message", {"id": stanza_id, "type": kind, "to": FAR})
        xml.extend(parts)
        for message in self.gateway.tell(xml):
            stanza = Stanza(message.get("id"), message.get("type"), f"{HOME}/proxy", HOME, "", message, None)
            self.messages.append(stanza)
            self.heard(stanza)
            if self.confirms(stanza):
                self.confirm(stanza.id, stanza.origin)


class Connection:
    """Its lines, one after the other."""

    def __init__(self, gateway):
        self.gateway, self.line = gateway, Line(gateway)

    def join(self, peer):
        """The tool listens at its line."""
        self.peer, self.line.offers = peer, peer.offers
        peer.held.listen(self.line, HOME)

    async def renew(self):
        self.line = Line(self.gateway)
        self.join(self.peer)


class Other:
    """A session of somebody who has nothing to do with it."""

    def __init__(self, gateway):
        self.gateway = gateway

    async def ask(self, to, payload, seconds, kind="set", lang="en"):
        if self.gateway.tells_others:
            return self.gateway.answer(payload, kind, lang)
        iq = ET.Element(f"{{{CLIENT}}}iq", {"type": "result", LANG: lang, "id": "1"})
        if payload.tag == f"{{{COMMANDS}}}command":
            answer = Answer((), [ET.Element(f"{{{OURS}}}access")])
            iq.append(build_result(parse_command(payload), lang, same("Access"), answer))
        return iq

    def confirm(self, stanza_id, to):
        if self.gateway.believes_others:
            self.gateway.line.confirm(stanza_id, to)


class Peer(GatewayPeer):
    """The tool's side, with the household at hand."""

    def __init__(self, gateway, series=SERIES, **more):
        said = {"patience": 1, "household": True, "quiet": 1} | more
        super().__init__(Connection(gateway), f"{HOME}/proxy", series, PRM, **said)
        self.connection.join(self)
        self.other = Other(gateway)

    def please(self, what):
        """The household does what it is asked for, and tells of it."""
        gateway, refused = self.line.gateway, what.startswith("refuse")
        if what.startswith("compare"):
            Comparison(gateway, self.line).run()
        if not what or what.startswith("compare"):
            return
        facts = {"kind": "access-refused", "request": "1"} if refused else {"kind": "consent-withdrawn"}
        gateway.allowed = refused
        notice = ET.Element(f"{{{OURS}}}notice", {"id": f"e-{len(gateway.notices)}", "series": SERIES} | facts)
        body = ET.Element(f"{{{CLIENT}}}body")
        body.text = "For a person"
        parts = [notice, body, ET.Element(f"{{{RECEIPTS}}}request")]
        gateway.notices = [(f"notice-{notice.get('id')}", "chat", parts)]
