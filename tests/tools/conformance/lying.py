"""Ways to lie: each gives a function that has a gateway of ``model.py`` tell one."""

import copy
from xml.etree import ElementTree as ET

from conformance.gateway_peer import EVERYDAY
from gateway.federation.wire.form import RSM, Answer
from gateway.federation.wire.stanza import OURS, RECEIPTS, SENML
from tests.tools.conformance.model import END, INFO, ITEMS, LANG, SERIES

HISTORY, ACCESS, ASK, LIST, LEAVE = "get_history", "my_access", "request_access", "list_series", "unsubscribe"
FEATURES, COMMANDS = f"{{{INFO}}}query", f"{{{ITEMS}}}query"
ROW, OUTBOX, NOTICE = f"{{{SENML}}}senml", f"{{{OURS}}}outbox", f"{{{OURS}}}notice"
OTHER = EVERYDAY[0]


def on(node, change, when=lambda _: True):
    """Change each answer to a command, or to a question of service discovery, of which this is so."""

    def lying(said):
        if node in (said.node, said.payload.tag) and when(said):
            change(said)

    return lambda gateway: setattr(gateway, "change", lying)


def push(change, when=lambda _: True):
    """Change each push of which this is so: what is given is heard in its stead, or the same one where that is None."""

    def lying(message):
        outbox = message.find(f".//{OUTBOX}")
        chosen = outbox is not None and when(int(outbox.get("last")))
        return (change(message, outbox) if chosen else None) or [message]

    return lambda gateway: setattr(gateway, "tell", lying)


def other(change, tag):
    """Likewise each message with this in it: a notice, or the mark of a live value."""

    def lying(message):
        found = message.find(f".//{tag}") if tag == NOTICE else message.find(".//*[@live]")
        heard = None if found is None else change(message, found)
        return [message] if heard is None else heard

    return lambda gateway: setattr(gateway, "tell", lying)


def knob(**facts):
    """A fault that the gateway has when it is told so."""
    return lambda gateway: [setattr(gateway, name, value) for name, value in facts.items()]


def refuse(kind, condition, words="no"):
    return lambda said: said.refuse(kind, condition, words)


def succeed(said):
    said.succeed(Answer())


def put(var, value):
    return lambda said: said.put(var, value)


def mark(tag, **facts):
    """Write attributes of all such elements of an answer."""
    return lambda said: [one.attrib.update(facts) for one in said.iq.iter(tag)]


def write(tag, text):
    return lambda said: [setattr(one, "text", text) for one in said.iq.iter(tag)]


def drop(tag):
    """Take all such elements out of an answer."""
    return lambda said: [parent.remove(one) for parent in list(said.iq.iter()) for one in parent.findall(tag)]


def grow(tag, text):
    """Put something into all such elements of an answer."""
    return lambda said: [one.append(ET.fromstring(text)) for one in said.iq.iter(tag)]


def nth(*numbers):
    return lambda said: said.nth in numbers


def about(word):
    return lambda said: word in said.fields.get("identifier", "")


def swap(said):
    said.iq.set(LANG, "fr" if said.iq.get(LANG) == "en" else "en")


def mute(said):
    said.iq = None


def rows(change):
    """Change each pack that holds something."""
    return lambda said: [change(pack) for pack in said.iq.iter(f"{{{SENML}}}sensml") if len(pack)]


def repeat(pack, times=1):
    for _ in range(times):
        row = ET.SubElement(pack, ROW, {"u": "VA", "v": "1"})
        before = pack[-2]
        row.attrib |= {"t": before.get("t", "0")} if len(pack) > 2 else {}


def shift(pack):
    pack[0].set("bt", str(int(pack[0].get("bt")) - 3000))


def again(message, outbox, value="", more=500):
    """The message, and its point once more: with another value, or under numbers of another message."""
    second = copy.deepcopy(message)
    if value:
        second.find(f".//{ROW}").set("v", value)
        return [message, second]
    after, last = (int(outbox.get(name)) + more for name in ("after", "last"))
    second.find(f".//{OUTBOX}").attrib.update({"after": str(after), "last": str(last)})
    second.set("id", f"{outbox.get('epoch')}-{after}-{last}")
    return [message, second]


def numbered(message, outbox, epoch="", after=0):
    """Other numbers, with the id that is theirs."""
    outbox.set("epoch", epoch or outbox.get("epoch"))
    outbox.set("after", str(max(0, int(outbox.get("after")) - after)))
    message.set("id", "-".join(outbox.get(name) for name in ("epoch", "after", "last")))


def grown(message, _outbox):
    ET.SubElement(message.find(f".//{{{SENML}}}sensml"), ROW, {"t": "-7", "u": "VA", "v": "2"})


def renamed(name):
    return lambda message, _outbox: message.find(f".//{ROW}").attrib.update({"bn": name, "n": ""})


def without(tag):
    """Take a part of a message away."""
    return lambda message, _found: message.remove(message.find(tag))


def unmarked(_message, found):
    del found.attrib["live"]


def asking(message, _found):
    ET.SubElement(message, REQUEST)


def retyped(message, _found):
    message.set("type", "normal")


def durable(said):
    return "confirm" in said.fields and said.error is None


def paged(most=0):
    """Whether a page of the history was asked for; of few records, or (1000) of all."""
    return lambda said: bool(said.page) and (said.page.maximum == most if most else 0 < said.page.maximum < 1000)


def endless(gateway):
    """Each page of the catalogue and of the history says that there is another one behind it."""

    def lying(said):
        for last in said.iq.iter(f"{{{RSM}}}set") if said.node in (LIST, HISTORY) else ():
            last[:] = [ET.fromstring(f'<last xmlns="{RSM}">{said.nth}</last>'), *last.findall(f"{{{RSM}}}count")]
        if said.node == LIST and said.page and said.page.after:
            said.gateway.change, kept = lambda _: None, said.gateway.change
            said.iq[:] = said.gateway.answer(without_page(said.payload), "set", "en")
            said.gateway.change = kept
            lying_page = said.iq.find(f".//{{{RSM}}}set/{{{RSM}}}last")
            lying_page.text = str(said.nth)

    gateway.change = lying


def without_page(payload):
    found = copy.deepcopy(payload)
    found.remove(found.find(f"{{{RSM}}}set"))
    return found


def once(gateway):
    """A gateway that says nothing twice."""
    heard = set()

    def lying(message):
        fresh = message.get("id") not in heard
        heard.add(message.get("id"))
        return [message] if fresh or message.get("type") == "headline" else []

    gateway.tell = lying


def many(said):
    access = said.iq.find(f".//{{{OURS}}}access")
    access.extend([copy.deepcopy(access[0]) for _ in range(51)])


def listed(said):
    ET.SubElement(said.iq[0], f"{{{ITEMS}}}item", {"node": "health", "name": "x", "jid": "maison@sen1.test/proxy"})


def circling(far):
    """Pages that have no end: each says another last one, or always the same."""

    def change(said):
        for last in said.iq.iter(f"{{{RSM}}}last"):
            last.text = said.gateway.stored[0].time and str(END - 300 + (said.nth % 7 if far else 0))

    return change


def renaming(gateway):
    """A notice has another id each time."""
    numbers = iter(range(1000))

    def lying(message):
        found = message.find(NOTICE)
        if found is not None:
            found.set("id", f"e-{next(numbers)}")
        return [copy.deepcopy(message)]

    gateway.tell = lying


def silent(gateway):
    """It refuses whatever a pack could come of."""
    gateway.allowed = False
    gateway.change = lambda said: said.refuse("auth", "not-authorized") if said.node == LIST else None


PACK = f'<sensml xmlns="{SENML}"><senml bn="{SERIES}" bt="946684800" u="VA" v="1"/></sensml>'
STRAY = f'<senml xmlns="{SENML}" u="VA" v="1"/>'
REQUEST = f"{{{RECEIPTS}}}request"
BODY, NO_STORE = "{jabber:client}body", "{urn:xmpp:hints}no-store"
