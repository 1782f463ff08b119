"""A gateway and a recipient that lie where they are told to: ``python -m tests.tools.conformance.wrong C3,C5 run …``.

They are our own programs, whole; between them and their session each point of the wire document is broken by itself.
"""

import sys
from copy import deepcopy
from dataclasses import dataclass, replace
from xml.etree import ElementTree as ET

from conformance.connection import CLIENT
from conformance.gateway_peer import INVENTED
from gateway.commands.main import main
from gateway.errors import FederationError
from gateway.federation.connection.disco import Discovery
from gateway.federation.connection.session import Session
from gateway.federation.provider import commands
from gateway.federation.recipient.receipts import Receipts
from gateway.federation.recipient.subscriber import Subscriber, _Pages
from gateway.federation.wire.form import (
    COMMANDS,
    DATA,
    RSM,
    STANZAS,
    Answer,
    RequestError,
    build_error,
    build_result,
    parse_command,
    parse_page,
)
from gateway.federation.wire.stanza import OURS, QUOALISE, RECEIPTS, SENML, parse_interval
from gateway.words.phrase import same
from tests.tools.conformance.wrong_totals import answer_wrongly, compare_wrongly

NOTICE, REQUEST, RECEIVED = f"{{{OURS}}}notice", f"{{{RECEIPTS}}}request", f"{{{RECEIPTS}}}received"
REQUESTS = []


@dataclass
class Said:
    """One answer of the gateway, to be changed: ``nth`` of those to this command."""

    request: object
    node: str
    action: str
    fields: dict
    typed: bool
    most: int
    payload: ET.Element
    error: bool
    nth: int

    @property
    def condition(self):
        names = [child.tag.partition("}")[2] for child in self.payload if child.tag.startswith(f"{{{STANZAS}}}")]
        return names[0] if self.error and names else ""

    def refuse(self, kind, condition):
        self.payload, self.error = build_error(RequestError(kind, condition, same("no")), "en"), True

    def succeed(self):
        command = self.request.xml.find(f"{{{COMMANDS}}}command")
        self.payload = build_result(parse_command(command), "en", same("Done"), Answer())
        self.error = False

    def reword(self, text):
        self.payload.find(f"{{{STANZAS}}}text").text = text

    def put(self, var, value):
        self.payload.find(f"{{{DATA}}}x/{{{DATA}}}field[@var='{var}']/{{{DATA}}}value").text = value


def c1(said):
    if said.node == "get_history" and said.request.xml.find(f".//{{{DATA}}}x") is None:
        said.refuse("cancel", "service-unavailable")


def c4(said):
    if said.node == "unsubscribe" and said.action == "complete":
        said.refuse("modify", "bad-request")


def c5(said):
    said.request = replace(said.request, lang="fr")


def c6(said):
    if said.request.type == "get" and said.node == "get_history":
        said.payload = None


def c7(said):
    if said.error and INVENTED in said.fields.get("identifier", "") and said.node == "get_history":
        said.reword("there is no such series")


def c8(said):
    if said.node == "request_access" and said.condition == "bad-request":
        said.reword("something is wrong")


def c9(said):
    if (request := said.payload.find(f"{{{OURS}}}request")) is not None:
        REQUESTS.append(request.get("id"))
        # The first is told to the household.
        request.set("id", f"{REQUESTS[-1]}0" if len(REQUESTS) == 2 else REQUESTS[-1])


def c11(said):
    # The first times alone: what it says of consents is of another point as well.
    if (access := said.payload.find(f"{{{OURS}}}access")) is not None and said.nth <= 2:
        access.clear()


def c12(said):
    for sample in said.payload.iter(f"{{{OURS}}}sample"):
        sample.set("invented", "false")


def c13(said):
    if said.node == "subscribe" and "confirm" in said.fields and said.nth == 2:
        said.refuse("auth", "not-authorized")


def c15(said):
    if said.node == "subscribe" and "resume_after" in said.fields:
        said.put("first", "soon")


def c20(said):
    if said.node == "subscribe" and "confirm" in said.fields and said.condition == "not-authorized" and said.nth > 5:
        said.succeed()


def c21(said):
    if said.node == "subscribe" and "confirm" in said.fields and said.nth == 4:
        last = said.payload.findtext(f"{{{DATA}}}x/{{{DATA}}}field[@var='last']/{{{DATA}}}value")
        said.put("first", str(int(last) + 1))


def c25(said):
    if INVENTED in said.fields.get("identifier", "") and said.node == "unsubscribe" and said.nth > 3:
        said.refuse("cancel", "item-not-found")


def c28(said):
    if 0 < said.most < 1000 and said.node == "get_history":
        for row in said.payload.iter(f"{{{SENML}}}senml"):
            row.set("v", "1")


def c34(said):
    if said.node == "health":
        said.reword("not for you")


def c35(said):
    wanted = said.fields.get("identifier", "").endswith("/consumption")
    if said.node == "get_history" and said.condition == "not-authorized" and wanted:
        said.succeed()


def c36(said):
    if said.node == "list_series" and said.condition == "item-not-found":
        said.payload.set("type", "modify")


def c40(said):
    if said.node == "get_history" and "@" in said.fields.get("identifier", "") and said.most:
        for pack in said.payload.iter(f"{{{SENML}}}sensml"):
            for row in pack:
                row.set("v", "1")


ANSWERS = {name.upper(): lie for name, lie in globals().items() if name[:1] == "c" and name[1:].isdigit()}


def lie_as_gateway(faults):
    """Have every session and discovery of this process lie."""
    begin, capabilities, read = Discovery.__init__, Discovery.capabilities, commands.read_live

    def listing(self, features, named):
        begin(self, features, {**named, "health": "Health"} if "C3" in faults else named)

    def hashing(self):
        said = capabilities(self)
        said.set("ver", "AAAA")
        return said

    Discovery.__init__ = listing
    Session.answer, Session.send_message = answering(faults), sending(faults)
    compare_wrongly(faults)
    if "C2" in faults:
        Discovery.capabilities = hashing
    if "C26" in faults:
        commands.read_live = lambda fields, now: read({**fields, "end_time": ""}, now)


def answering(faults):
    """``Session.answer`` with the lies of ``ANSWERS``."""
    counts, answer = {}, Session.answer

    def lying(self, request, payload, *, error=False):
        command = request.xml.find(f"{{{COMMANDS}}}command")
        node = command.get("node", "")
        rows = command.findall(f"{{{DATA}}}x/{{{DATA}}}field")
        fields = {row.get("var"): row.findtext(f"{{{DATA}}}value") or "" for row in rows}
        # Of subscriptions those that are asked for in earnest.
        asked = node, "confirm" in fields
        counts[asked] = counts.get(asked, 0) + 1
        most = int(command.findtext(f"{{{RSM}}}set/{{{RSM}}}max") or 0)
        typed = any(row.get("type") for row in rows)
        action = command.get("action", "execute")
        said = Said(request, node, action, fields, typed, most, deepcopy(payload), error, counts[asked])
        for number in sorted(faults & set(ANSWERS)):
            if said.payload is not None:
                ANSWERS[number](said)
        if said.payload is not None:
            answer(self, said.request, said.payload, error=said.error)

    return lying


def sending(faults):
    """``Session.send_message`` with pushes, live values and notices that are not as they should be."""
    sent, send = {}, Session.send_message

    def lying(self, to, stanza_id, *payload, kind="chat"):
        parts, sent[stanza_id] = [deepcopy(part) for part in payload], sent.get(stanza_id, 0) + 1
        notice = next((part for part in parts if part.tag == NOTICE), None)
        if notice is not None:
            parts = noticing(faults, parts, notice, sent[stanza_id])
        elif kind == "headline":
            parts += [ET.Element(REQUEST)] if "C27" in faults else []
            for meta in parts[0].iter(f"{{{QUOALISE}}}meta") if "C43" in faults else ():
                meta.set("retention", "P9Y")
            for row in parts[0].iter(f"{{{SENML}}}senml") if "C38" in faults else ():
                row.set("bu", "VA")
        else:
            parts = [part for part in parts if part.tag != REQUEST or "C19" not in faults]
            for meta in parts[0].iter(f"{{{QUOALISE}}}meta") if "C50" in faults else ():
                meta.attrib.pop("rectifies", None)
            numbers = parse_interval(stanza_id)
            if "C17" in faults and numbers and numbers.after and not sent.get("lied"):
                sent["lied"], stanza_id = 1, f"{stanza_id}0"
        return send(self, to, stanza_id, *parts, kind=kind)

    return lying


def noticing(faults, parts, notice, nth):
    """A notice without words, and with another id when it comes again."""
    if "C30" in faults and nth > 1:
        notice.set("id", f"{notice.get('id')}x")
    wordless = "C10" in faults and notice.get("kind") == "access-refused"
    return [part for part in parts if not (wordless and part.tag == f"{{{CLIENT}}}body")]


def lie_as_recipient(faults):
    """Have every session, receipt and question of this process lie."""
    confirm, request, begin, wait = Receipts.confirm, Session.request, Session.__init__, Subscriber._wait

    def confirming(self, origin, stanza_id):
        if ("C10" in faults and stanza_id.startswith("notice-") and stanza_id.endswith("-1")) or (
            # Sent to the account, and once more to the device.
            {"C16", "C19"} & faults and stanza_id.endswith("-1-2")
        ):
            return
        confirm(self, origin.partition("/")[0] if "C18" in faults else origin, stanza_id)

    async def asking(self, to, payload, *more, **named):
        node = payload.get("node")
        if node == "get_history" and {"C15", "C32"} & faults:
            raise FederationError("not now", "item-not-found")
        for page in payload.findall(f"{{{RSM}}}set") if node == "get_history" and "C28" in faults else ():
            if page.find(f"{{{RSM}}}after") is None:
                payload.remove(page)
        for value in payload.findall(f"{{{DATA}}}x/{{{DATA}}}field[@var='resume_after']/{{{DATA}}}value"):
            value.text = "4" if "C24" in faults else value.text
        return await request(self, to, payload, *more, **named)

    def beginning(self, *more, **named):
        begin(self, *more, **named)
        self.listen(f"{{{CLIENT}}}message", lambda stanza: too_polite(self, stanza))

    def too_polite(self, stanza):
        notice = stanza.xml.find(NOTICE)
        unknown = notice is not None and notice.get("kind") == "tea-is-ready"
        if ("C27" in faults and stanza.type == "headline") or ("C30" in faults and unknown):
            self.send_message(stanza.origin, f"r-{stanza.id}", ET.Element(RECEIVED, {"id": stanza.id}))

    def counting(self, answer, records):
        """The end is where so many came as the first page counted."""
        turn(self, answer, records)
        self.counted = parse_page(answer)[1] or self.counted
        self.ended = self.ended or self._held >= self.counted

    Receipts.confirm, Session.request, Session.__init__ = confirming, asking, beginning
    answer_wrongly(faults)
    if "C29" in faults:
        turn, _Pages.turn, _Pages.counted = _Pages.turn, counting, 0
    if "C14" in faults:
        Session.greet = lambda _self, _to: None
    Subscriber._wait = lambda self, standing: 1.0 if "C37" in faults else wait(self, standing)


if __name__ == "__main__":
    told, words = set(sys.argv[1].split(",")), sys.argv[2:]
    (lie_as_gateway if words[0] == "run" else lie_as_recipient)(told)
    sys.exit(main(words))
