"""A recipient of a few lines, in this process, that keeps to the wire document, and has the faults it is told to have.

Stands for a recipient of others. It is on the line on which ``tools/conformance`` otherwise hears a peer: the tool is
the gateway.
"""

import asyncio
from collections import deque
from xml.etree import ElementTree as ET

from conformance import recipient_totals
from conformance.connection import CLIENT
from conformance.packs import records
from conformance.points import WrongError
from conformance.recipient_peer import RecipientPeer
from conformance.totals import FEATURE, CountedStretch, stretch_of
from gateway.federation.connection.disco import INFO
from gateway.federation.connection.session import Account, Stanza
from gateway.federation.wire.form import (
    COMMANDS,
    DATA,
    RSM,
    RequestError,
    ResultPage,
    build_error,
    build_submit,
)
from gateway.federation.wire.stanza import OURS, RECEIPTS
from gateway.store.recorder import iso
from gateway.words.phrase import same
from harness.accounts import FAR, HOME

DEVICE = f"{FAR}/store"
# How long it leaves alone who is asked too much, where a minute is half a second.
_MINUTE_S = 0.6
KINDS = {"access-granted", "access-refused", "data-rectified"}


class Recipient:
    """``faults`` are the words of ``OF_RECIPIENTS`` in ``lies.py``."""

    def __init__(self, peer, *faults):
        self.peer, self.faults, self.tries = peer, set(faults), 0
        self.came, self.filling, self.mark, self.sessions = [], "", None, 0
        self.deadline, self.rectifying, self.counted, self.held = None, "", 0, 0
        self.records = {}

    # --- what it asks ---

    def greeted(self):
        """The gateway shows its presence."""
        self.sessions += 1
        if self.sessions > 1 and "stays away" in self.faults:
            return
        if "shy" not in self.faults and not ("shy later" in self.faults and self.sessions > 1):
            presence = ET.Element(f"{{{CLIENT}}}presence", {"from": DEVICE})
            self.peer.line.presences.append(presence)
            self.peer.line.news.set()
        self.subscribe()

    def subscribe(self):
        fields = {"identifier": self.peer.name(), "confirm": "receipt"}
        if self.came and "forgets" not in self.faults:
            fields |= {"epoch": self.peer.epoch, "resume_after": "4" if "jumps" in self.faults else "2"}
        if "waits for ever" not in self.faults:
            self.deadline = asyncio.get_running_loop().call_later(0.1, self.later)
        self.ask("subscribe", fields)

    def later(self, least=0.0):
        """Ask again: later each time."""
        if self.deadline:
            self.deadline.cancel()
        self.tries += 1
        if "gives up" not in self.faults or self.tries < 2:
            pause = 0.4 if "hurries" in self.faults else 0.01 * 2**self.tries
            asyncio.get_running_loop().call_later(max(least, pause), self.subscribe)

    def history(self, start, end, after=""):
        times = {"start_time": iso(start), "end_time": iso(end)}
        page = None if "unpaged" in self.faults else ResultPage(100, after or None)
        fields = {"identifier": self.peer.name(), "granularity": "P1D" if "coarse" in self.faults else "raw"} | times
        self.asked_for = start, end
        self.ask("get_history", fields, page)

    def ask(self, node, fields, page=None):
        iq = ET.Element(f"{{{CLIENT}}}iq", {"type": "set", "from": DEVICE})
        iq.append(build_submit(node, fields, page))
        self.peer.take(Stanza("1", "set", DEVICE, FAR, "en", iq, None))

    # --- what it is told ---

    def answered(self, request, payload, error):
        node = request.xml.find(f"{{{COMMANDS}}}command").get("node")
        if node == "subscribe":
            if error:
                busy = payload.find("{urn:ietf:params:xml:ns:xmpp-stanzas}resource-constraint") is not None
                self.later(0.0 if "impatient" in self.faults or not busy else _MINUTE_S)
            else:
                self.deadline.cancel() if self.deadline else None
                self.tries = 0
                self.owe(int(payload.findtext(f".//{{{DATA}}}field[@var='first']/{{{DATA}}}value")))
        elif not error:
            self.paged(payload)

    def owe(self, first):
        """What lies before the first number that waits is asked of the history."""
        if first > 5 and "careless" not in self.faults:
            begin = min(point.time for point in self.peer.history)
            self.held = self.counted = 0
            self.history(begin + (3 if "too late" in self.faults else 0), begin + 60)

    def paged(self, answer):
        """Go on to the empty page."""
        count, last = (answer.findtext(f".//{{{RSM}}}set/{{{RSM}}}{name}") for name in ("count", "last"))
        self.held += len(list(answer.iter("{urn:ietf:params:xml:ns:senml}senml")))
        self.counted = int(count or self.counted)
        counted = "counts" in self.faults and self.held >= self.counted
        if (
            last
            and not counted
            and "unpaged" not in self.faults
            and "takes a short page for the end" not in self.faults
        ):
            self.history(*self.asked_for, last)
        elif self.rectifying:
            stanza_id, self.rectifying = self.rectifying, ""
            self.confirm(stanza_id)

    def told(self, to, stanza_id, kind, parts):
        """A message came."""
        notice = next((part for part in parts if part.tag == f"{{{OURS}}}notice"), None)
        if notice is not None:
            self.noticed(notice, stanza_id)
        elif kind == "headline":
            self.confirm(stanza_id, "polite")
        else:
            deaf = ("deaf at its account" if to == FAR else "deaf at its device") in self.faults
            twice = stanza_id in self.came and "confirms once" in self.faults
            behind = stanza_id.endswith("-3-4") and "confirms no gap" in self.faults
            self.came.append(stanza_id)
            self.records |= {int(one.time): one.value for one in records(parts[0])}
            if not (deaf or twice or behind):
                self.confirm(stanza_id)

    def noticed(self, notice, stanza_id):
        kind = notice.get("kind")
        if kind == "data-rectified":
            self.rectifying = stanza_id if "never says done" not in self.faults else ""
            if "proud" not in self.faults:
                self.history(int(notice.get("first")), int(notice.get("last")) + 1)
        elif kind not in KINDS:
            self.confirm(stanza_id, "obeys anything")
        elif f"deaf to {kind}" not in self.faults:
            self.confirm(stanza_id)

    def counts(self, payload, own):
        """What it says of how much it has; as whose question."""
        said, faults = ET.Element(f"{{{CLIENT}}}iq", {"type": "result"}), self.faults
        if payload.tag == f"{{{INFO}}}query":
            ET.SubElement(ET.SubElement(said, payload.tag), f"{{{INFO}}}feature", {"var": FEATURE})
            return said
        try:
            asked = stretch_of(payload, "get")
            bad = asked.granularity not in ("raw", "PT1M") or "/" not in asked.name
        except WrongError:
            asked, bad = CountedStretch("a", "raw", 0, 1), True
        if not (own or "talkative" in faults):
            return refused("cancel", "service-unavailable")
        if bad and "answers nonsense" not in faults:
            return refused(*(("cancel", "item-not-found") if "refuses oddly" in faults else ("modify", "bad-request")))
        if "says it can" in faults:
            return refused("cancel", "feature-not-implemented")
        last = asked.last + ("counts the end" in faults)
        there = sorted((at, value) for at, value in self.records.items() if asked.first <= at < last)
        there = there if asked.granularity == "raw" else []
        wrong = "hashes otherwise" in faults
        told = asked.answered([(at, 7 if wrong and value == 450 else value) for at, value in there])
        if len(there) > recipient_totals._MOST_HASHED and "hashes any number" not in faults:
            del told.attrib["hash"]
        if len(there) >= 20 and "hashes fewer" in faults:
            told.attrib.pop("hash", None)
        told.attrib |= {"first": "1"} if "answers another question" in faults else {}
        said.append(told)
        return said

    def confirm(self, stanza_id, fault=""):
        """Send a receipt; with a fault only who has it."""
        if fault and fault not in self.faults:
            return
        to = HOME if "imprecise" in self.faults else str(self.peer.line.jid)
        xml = ET.Element(f"{{{CLIENT}}}message", {"to": to, "from": DEVICE})
        ET.SubElement(xml, f"{{{RECEIPTS}}}received", {"id": stanza_id})
        self.peer.line.heard(Stanza("r", "normal", DEVICE, FAR, "", xml, None))


def refused(kind, condition):
    """The answer that is a refusal."""
    iq = ET.Element(f"{{{CLIENT}}}iq", {"type": "error"})
    iq.append(build_error(RequestError(kind, condition, same("no")), "en"))
    return iq


class Other:
    """A session of somebody whose data it has not."""

    def __init__(self, recipient):
        self.recipient = recipient

    async def ask(self, to, payload, seconds, kind="set", lang="en", called=""):
        return self.recipient.counts(payload, own=False)


class Line:
    """The tool's session with it."""

    def __init__(self, recipient):
        self.account, self.jid = Account(HOME, "secret"), f"{HOME}/proxy"
        self.recipient, self.messages, self.presences = recipient, deque(), deque()
        self.news = asyncio.Event()

    def soon(self, work, *more):
        """As over a line: not before the one who speaks has ended."""
        asyncio.get_running_loop().call_soon(lambda: work(*more))

    def send_message(self, to, stanza_id, *parts, kind="chat"):
        self.soon(self.recipient.told, to, stanza_id, kind, parts)

    def answer(self, request, payload, *, error=False):
        self.soon(self.recipient.answered, request, payload, error)

    def show(self, to, *, there=True):
        if there:
            self.soon(self.recipient.greeted)

    async def ask(self, to, payload, seconds, kind="set", lang="en", called=""):
        return self.recipient.counts(payload, own=True)

    def heard(self, stanza):
        self.messages.append(stanza)
        self.news.set()

    def has(self, fits):
        return any(map(fits, self.messages))

    async def hear(self, fits, seconds):
        try:
            async with asyncio.timeout(seconds):
                while True:
                    self.news.clear()
                    for stanza in self.messages:
                        if fits(stanza):
                            self.messages.remove(stanza)
                            return stanza
                    await self.news.wait()
        except TimeoutError:
            return None

    async def see(self, origin, seconds):
        try:
            async with asyncio.timeout(seconds):
                while not (found := [one for one in self.presences if one.get("from") == origin]):
                    self.news.clear()
                    await self.news.wait()
                return found[0]
        except TimeoutError:
            return None


class Connection:
    """Its lines, one after the other."""

    async def renew(self):
        self.line = Line(self.recipient)


async def peer_of(moods, patience, *faults):
    """The tool's side of a recipient that has been greeted."""
    connection = Connection()
    peer = RecipientPeer(connection, FAR, patience, [*moods], many=True)
    connection.recipient = Recipient(peer, *faults)
    peer.other = Other(connection.recipient)
    await connection.renew()
    peer.line.show(FAR)
    return peer
