"""``Sen1Message`` over two real servers: the one form that both sides of 2019 read, and what comes back waits again."""

import asyncio
import datetime as dt
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from slixmpp.xmlstream.tostring import tostring

from gateway.bridges.config import BridgedHouseholdTable, Sen1Table
from gateway.bridges.core import Value
from gateway.bridges.sen1 import NAMESPACE, Sen1Sink
from gateway.errors import BridgeError
from gateway.federation.connection.session import Session
from tests.gateway.bridges.conftest import stored, subscribed
from tests.gateway.federation.conftest import QUICK, SENSOR, account, eventually, running

XSI, XS = "http://www.w3.org/2001/XMLSchema-instance", "http://www.w3.org/2001/XMLSchema"
PROXY_ACCOUNTS = iter(range(100))


def python_side(message):
    """What logNact's proxy reads: text by ``findtext``, times by ``fromisoformat`` of Python 3.7 (no Z)."""
    found = {name: message.findtext(f"{{{NAMESPACE}}}{name}") for name in ("username", "name", "metaname", "unite")}
    found |= {name: message.findtext(f"{{{NAMESPACE}}}{name}") for name in ("type", "applicationSrc", "applicationDst")}
    # ``asserts()`` of both sides.
    assert all(found[name] for name in ("username", "name", "type", "applicationSrc", "applicationDst"))
    assert found["type"] in {"dt_string", "dt_numeric"}
    rows = []
    for data in message.findall(f"{{{NAMESPACE}}}Sen1Datas/{{{NAMESPACE}}}Sen1Data"):
        at, said = (data.findtext(f"{{{NAMESPACE}}}{name}") for name in ("timestamp", "value"))
        assert at.endswith("+00:00")
        assert said
        rows.append((int(dt.datetime.fromisoformat(at).timestamp()), said))
    return found, rows


def java_side(text):
    """What JAXB needs besides: every value's type, by a prefix that is bound where it stands."""
    bound = dict.fromkeys(("xsi", "xs"))
    for _, (prefix, uri) in ET.iterparse(_Bytes(text), ("start-ns",)):
        bound[prefix] = uri
    assert (bound["xsi"], bound["xs"]) == (XSI, XS)
    values = list(ET.fromstring(text).iter(f"{{{NAMESPACE}}}value"))
    assert values
    assert {value.get(f"{{{XSI}}}type") for value in values} == {"xs:string"}


class _Bytes:
    """A text as a file."""

    def __init__(self, text):
        self._rest = text.encode()

    def read(self, size):
        part, self._rest = self._rest[:size], self._rest[size:]
        return part


class Proxy:
    """A proxy's end: its account, and the messages that came."""

    def __init__(self, servers):
        self.account = account(servers, f"lognact{next(PROXY_ACCOUNTS)}", servers.domains[0], resource="proxy")
        self.session = Session(self.account, QUICK)
        self.messages = []
        self.session.listen(f"{{jabber:client}}message/{{{NAMESPACE}}}Sen1Message", self.messages.append)

    def rows(self):
        """(metaname, time, value) of everything."""
        read = [python_side(stanza.xml.find(f"{{{NAMESPACE}}}Sen1Message")) for stanza in self.messages]
        return sorted((found["metaname"], at, float(said)) for found, rows in read for at, said in rows)


def test_a_household_arrives_at_a_proxy_in_the_form_of_2019(scene, house, federation):
    """Gateway, bridge as a program, proxy: every minute once, with the meter's time, by the names of 2019."""
    proxy = Proxy(federation)
    scene.configure(f'[sen1]\nto = "{proxy.account.jid.upper()}"\nsource = "linky"\ndestination = "lognact"\n')

    async def scenario():
        async with scene.gate(house), running(proxy.session):
            await subscribed(house, scene.bridge)
            house.minutes(20)
            # The numbers of the load curve's half hours come with the others.
            await eventually(lambda: len(proxy.rows()) >= len(stored(house)), 60, "everything at the proxy")

    with scene.program("sen1") as bridge:
        asyncio.run(scenario())
        assert bridge.stop() == 0
    names = {"consumption/energy/active/index": "east", "consumption/power/apparent/raw": "papp"}
    assert proxy.rows() == sorted((names[path], at, said) for path, _, at, said in stored(house))
    for stanza in proxy.messages:
        found, _ = python_side(stanza.xml.find(f"{{{NAMESPACE}}}Sen1Message"))
        assert (stanza.type, found["username"], found["type"]) == ("chat", scene.name, "dt_numeric")
        assert (found["applicationSrc"], found["applicationDst"]) == ("linky", "lognact")
        assert found["unite"] in {"Wh", "VA"}


def test_every_value_has_a_type_that_java_can_resolve(federation):
    """As the stanza leaves, prefixes and all; slixmpp would drop an attribute that has a namespace."""
    session = Session(account(federation, "sen1writer", federation.domains[1]))
    sink = Sen1Sink(Sen1Table(to="p@x.test", source="linky", destination="bmhs"), session)
    household = BridgedHouseholdTable(name="house", gateway="gw@x.test/proxy", identifier=f"gw@x.test/{SENSOR}@x.test")
    told = Value(household, "n", "contract/tariff", "raw", 1_561_629_600.0, "HC", "", "n")
    text = tostring(sink.build([told, replace(told, time=told.time + 60)]))
    java_side(text)
    assert "dt_string" in text
    assert "<timestamp>2019-06-27T10:00:00+00:00</timestamp>" in text


def test_what_comes_back_is_not_handed_on(federation):
    """To an account that does not exist: an error, said as one; what comes back late is told to the bridge."""
    sender = Session(account(federation, "sen1sender", federation.domains[1]), QUICK)
    sink = Sen1Sink(Sen1Table(to=f"nobody@{federation.domains[0]}", source="linky", destination="x"), sender)
    returned = []
    sink.on_return(returned.extend)
    household = BridgedHouseholdTable(name="house", gateway="gw@x.test/proxy", identifier=f"gw@x.test/{SENSOR}@x.test")
    value = Value(household, "n", "consumption/energy/active/index", "raw", 1_561_629_600.0, 5, "Wh", "n")

    async def scenario():
        with pytest.raises(BridgeError, match="not connected"):
            await sink.send([value])
        async with running(sender):
            await eventually(lambda: sender.connected.is_set() and sender.acknowledges)
            with pytest.raises(BridgeError, match="cannot be reached: service-unavailable"):
                await sink.send([value])
        assert returned == []

    asyncio.run(scenario())


def test_what_comes_back_late_waits_again(federation):
    """An error for a message that was counted as handed on: its values are told to the bridge."""
    proxy = Proxy(federation)
    sender = Session(account(federation, "sen1late", federation.domains[1]), QUICK)
    sink = Sen1Sink(Sen1Table(to=proxy.account.jid, source="linky", destination="x"), sender)
    returned = []
    sink.on_return(returned.extend)
    household = BridgedHouseholdTable(name="house", gateway="gw@x.test/proxy", identifier=f"gw@x.test/{SENSOR}@x.test")
    value = Value(household, "n", "consumption/energy/active/index", "raw", 1_561_629_600.0, 5, "Wh", "n")

    async def scenario():
        async with running(sender), running(proxy.session):
            await eventually(lambda: sender.acknowledges and proxy.session.connected.is_set())
            await sink.send([value])
            await eventually(lambda: proxy.messages)
            (message,) = proxy.messages
            back = proxy.session._client.make_message(mto=message.origin, mtype="error")
            back["id"] = message.id
            back["error"]["condition"] = "resource-constraint"
            back.send()
            await eventually(lambda: returned)

    asyncio.run(scenario())
    assert returned == [value]
