"""The examples of ``gateway/federation/WIRE.md``, as a test sends and compares them.

An example is a block of XML behind a comment: ``sent`` by whoever its ``from`` says, ``received`` by whoever its ``to``
says; ``done`` is what the household types meanwhile. The document's own tables say what is put in place of what is
printed, and which parts vary.
"""

import asyncio
import json
import re
from collections import deque
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from gateway.federation.connection.session import Account, Session
from harness.accounts import FAR, HOME
from tests.gateway.federation.conftest import QUICK, eventually, running
from tests.integration.processes import PASSWORD

DOCUMENT = Path(__file__).parents[2] / "gateway/federation/WIRE.md"
PLACES = {"home.example": HOME.partition("@")[2], "coop.example": FAR.partition("@")[2]}
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# What servers add on the way (WIRE.md, "How the examples are to be read").
ADDED = ("{urn:xmpp:sid:0}", "{urn:xmpp:mam:tmp}", "{urn:xmpp:delay}")
LEFT_OUT = "…"
JSON = "{urn:xmpp:json:0}json"

_STEP = re.compile(r"<!-- (sent|received|done): (.+?) -->(?:\n```xml\n(.*?)```)?", re.DOTALL)
_ROW = re.compile(r"^\| `(.+?)` \| `(.+?)` \|", re.MULTILINE)
_TABLE = "<!-- {name}: begin -->\n(.*?)<!-- {name}: end -->"


@dataclass(frozen=True)
class Step:
    """What is done, ``name`` being the words of the household's command; or an example of that name."""

    kind: str
    name: str
    text: str


def steps(part):
    """The steps of one conversation, in order."""
    found = re.search(rf"<!-- conversation: {part} -->(.*?)<!-- conversation ends -->", DOCUMENT.read_text(), re.DOTALL)
    return [Step(*(text or "" for text in match.groups())) for match in _STEP.finditer(found[1])]


def names():
    """Those of all blocks of XML; an example without a name has an empty one."""
    text = DOCUMENT.read_text()
    return [
        names[0] if (names := re.findall(r"<!-- (?:sent|received): (.+) -->\n$", before)) else ""
        for before in text.split("```xml\n")[:-1]
    ]


def table(name):
    """The first two columns of a table of the document."""
    found = re.search(_TABLE.format(name=name), DOCUMENT.read_text(), re.DOTALL)
    return _ROW.findall(found[1].replace("\\|", "\N{BROKEN BAR}"))


class Comparer:
    """Compares what came with what is printed.

    Args:
        put: printed -> what it is here; more is learnt of what comes (epochs).
    """

    def __init__(self, put):
        self.put = dict(put)
        rows = [(where.split(), form.replace("\N{BROKEN BAR}", "|")) for where, form in table("variable")]
        self._variable = [(where, re.compile(form)) for where, form in rows]

    def here(self, text):
        """A printed text as it is in this run."""
        for printed in sorted(self.put, key=len, reverse=True):
            text = text.replace(printed, self.put[printed])
        return text

    def differs(self, printed, came, within=()):
        """Where what came is not what is printed; None where it is."""
        place = (*within, _name(printed))
        here = "/".join(place)
        if fault := self._differs_itself(printed, came, place):
            return fault
        wanted, there = list(printed), [child for child in came if not child.tag.startswith(ADDED)]
        if printed.text == LEFT_OUT and not wanted:
            return None
        if place[-1] == "query":
            return self._lacks(wanted, there, place)
        if place[0] == "message" and place[-1] == "sensml":
            # A meter may have spoken twice before it was sent.
            there = there[: len(wanted)]
        if len(wanted) != len(there):
            return f"{here}: {[_name(child) for child in there]} came"
        return next(filter(None, (self.differs(*pair, place) for pair in zip(wanted, there, strict=True))), None)

    def _differs_itself(self, printed, came, place):
        """The same without what is within it."""
        here = "/".join(place)
        if printed.tag != came.tag:
            return f"{here}: {came.tag} came"
        names = {name for name in {**printed.attrib, **came.attrib} if name in printed.attrib or not _is_servers(name)}
        for name in sorted(names):
            if not self._fits(printed.get(name), came.get(name), (*place, f"@{name}")):
                return f"{here}@{name}: {came.get(name)!r} came"
        if printed.tag == JSON:
            return _json_differs(json.loads(self.here(printed.text)), json.loads(came.text), here)
        if not self._fits((printed.text or "").strip(), (came.text or "").strip(), place):
            return f"{here}: {came.text!r} came"
        return None

    def _lacks(self, wanted, there, place):
        """Service discovery may say more, and in any order."""
        for one in wanted:
            if all(self.differs(one, other, place) for other in there):
                return f"{'/'.join(place)}: no {ET.tostring(one, 'unicode')} came"
        return None

    def _fits(self, printed, came, place):
        if printed is None or came is None:
            return printed == came
        for where, form in self._variable:
            if not _is_at(where, place):
                continue
            as_printed, as_came = form.fullmatch(printed), form.fullmatch(came)
            if as_printed and as_came:
                if "id" not in form.groupindex:
                    return True
                known = self.put.setdefault(as_printed["id"], as_came["id"])
                return known == as_came["id"] and self.here(printed) == came
        words = [re.escape(part) for part in self.here(printed).split("…")]
        return re.fullmatch(".*".join(words), came, re.DOTALL) is not None


def _json_differs(printed, came, here):
    """Likewise of JSON; the last of a list may stand for the rest of it."""
    if printed == LEFT_OUT:
        return None
    if isinstance(printed, dict) and isinstance(came, dict):
        if printed.keys() != came.keys():
            return f"{here}: {sorted(printed.keys() ^ came.keys())} stand on one side only"
        pairs = ((name, printed[name], came[name]) for name in printed)
    elif isinstance(printed, list) and isinstance(came, list):
        if printed and printed[-1] == LEFT_OUT:
            printed = printed[:-1]
            came = came[: len(printed)]
        if len(printed) != len(came):
            return f"{here}: {len(came)} came"
        pairs = ((number, *pair) for number, pair in enumerate(zip(printed, came, strict=True)))
    else:
        return None if printed == came else f"{here}: {came!r} came"
    return next(filter(None, (_json_differs(one, other, f"{here}/{name}") for name, one, other in pairs)), None)


def _name(element):
    name = element.tag.rpartition("}")[2]
    # A field is known by its variable.
    return f"field:{element.get('var')}" if name == "field" else name


def _is_at(where, place):
    """Whether the words of a place in the table come in this place in their order, the last one at its end."""
    spelt = "/".join(place).replace("/@", "@").split("/")
    rest = iter(spelt[:-1])
    return spelt[-1] == where[-1] and all(word in rest for word in where[:-1])


def _is_servers(name):
    """What no example prints of a message: the language of its stream."""
    return name == XML_LANG


class Post:
    """One address of the document: what it sends, what comes to it."""

    def __init__(self, account):
        self.session, self._came = Session(account, QUICK), deque()
        for kind in ("iq", "message"):
            self.session.listen(f"{{jabber:client}}{kind}", self._take)

    def _take(self, stanza):
        # Who asks whether it is there is no part of the conversation.
        if not (stanza.xml.tag.endswith("iq") and stanza.type in {"get", "set"}):
            self._came.append(stanza.xml)

    def send(self, text):
        self.session._client.send_raw(text)

    async def next(self, printed):
        """The first that came of what an example stands for."""
        came = await eventually(
            lambda: next((one for one in self._came if _resembles(printed, one)), None), what=printed.attrib
        )
        self._came.remove(came)
        return came


def _resembles(printed, came):
    """An answer by its id, a message by what it holds."""
    if printed.tag.endswith("iq"):
        return (came.tag, came.get("id")) == (printed.tag, printed.get("id"))
    return (came.tag, came.get("type"), _held(came)) == (printed.tag, printed.get("type"), _held(printed))


def _held(message):
    """What of ours, or of quoalise's, a message holds, and of which kind."""
    ours = ("{urn:quoalise:0}", "{urn:linky-gateway:")
    return [(child.tag, child.get("kind")) for child in message if child.tag.startswith(ours)]


def parsed(text):
    """An example as it is within a stream."""
    return ET.fromstring(f"<stream xmlns='jabber:client'>{text}</stream>")[0]


class Conversation:
    """The examples of some parts of the document, in their order.

    Args:
        posts: printed full JID -> the post of it.
        household: does what the document says is done meanwhile.
    """

    def __init__(self, parts, posts, household, put):
        self._parts, self._posts, self._household = parts, posts, household
        self._comparer = Comparer(put)

    async def hold(self):
        async with AsyncExitStack() as open_sessions:
            for post in self._posts.values():
                await open_sessions.enter_async_context(running(post.session))
                await post.session.connected.wait()
            for step in (step for part in self._parts for step in steps(part)):
                await self._take(step)

    async def _take(self, step):
        if step.kind == "done":
            await asyncio.to_thread(self._household, self._comparer.here(step.name))
            return
        text = self._comparer.here(step.text)
        printed = parsed(step.text)
        if step.kind == "sent":
            self._posts[printed.get("from")].send(text)
            return
        came = await self._post_of(printed.get("to")).next(parsed(text))
        assert self._comparer.differs(printed, came) is None, f"{step.name}: {ET.tostring(came, 'unicode')}"

    def _post_of(self, to):
        """A message to the account comes to whichever of its devices is there."""
        return next(post for jid, post in self._posts.items() if jid == to or jid.startswith(f"{to}/"))


def account(servers, jid):
    """The account of a printed full JID, made at its server."""
    bare, _, resource = Comparer(PLACES).here(jid).partition("/")
    servers.register(*bare.split("@"), PASSWORD)
    return Account(bare, PASSWORD, servers.address(bare.partition("@")[2]), servers.ca, resource)
