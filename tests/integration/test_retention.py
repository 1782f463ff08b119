"""A running gateway states the retention that its household consented to, by whatever way a value goes."""

import asyncio
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

from gateway.federation.connection.session import Account, Session
from gateway.federation.recipient.intake import PACK
from gateway.federation.wire.form import build_submit
from gateway.federation.wire.stanza import RECEIPTS, parse_quoalise
from harness.accounts import FAR, HOME
from harness.house import in_this_process
from meter.process import SimulatedMeter
from tests.gateway.federation.conftest import QUICK, eventually, running
from tests.integration.processes import PASSWORD, House

pytestmark = pytest.mark.servers

GATEWAY = f"{HOME}/proxy"
NAME = f"{HOME.replace('@', ':')}/ab12:{HOME.partition('@')[2]}/consumption"
POWER, ENERGY = f"{NAME}/power/apparent/raw", f"{NAME}/energy/active/index"
ALL = {"start_time": "2020-01-01T00:00:00Z", "end_time": "2100-01-01T00:00:00Z"}


class Coop:
    """A recipient that confirms, and remembers what was stated with the last of each: (name, live) -> retention."""

    def __init__(self, federation):
        jid = federation.address(FAR.partition("@")[2])
        self.session = Session(Account(FAR, PASSWORD, jid, federation.ca, "archive"), QUICK)
        self.stated, self.rectified = {}, {}
        self.session.listen(f"{{jabber:client}}message/{PACK}", self._take)

    def _take(self, stanza):
        parcel = parse_quoalise(stanza.xml.find(PACK), 0)
        for record in parcel.records:
            self.stated[record.name, parcel.live] = parcel.retention
            if parcel.rectifies:
                self.rectified[record.name] = parcel.retention
        if not parcel.live:
            receipt = ET.Element(f"{{{RECEIPTS}}}received", {"id": stanza.id})
            self.session.send_message(GATEWAY, f"r-{stanza.id}", receipt)

    async def ask(self, node, **fields):
        """One command; the answer."""
        return await self.session.request(GATEWAY, build_submit(node, fields))

    async def past(self, name):
        """What the history of a series states, and the time of its newest point."""
        parcel = parse_quoalise(
            (await self.ask("get_history", identifier=name, granularity="raw", **ALL)).find(PACK), 0
        )
        return parcel.retention, max((record.time for record in parcel.records), default=None)

    async def await_stated(self, name, said):
        """Wait until it is stated with what is pushed, and with what is shown live."""
        for live in (False, True):
            await eventually(lambda live=live: self.stated.get((name, live)) == said, what=(name, live, self.stated))


def test_every_way_states_what_was_consented(federation, tmp_path):
    """Pushed, live, past, corrected: the consent's; another consent at once; the gateway's own where there is none."""

    def house_does(*words):
        code, _, said = in_this_process(*words, "--config", house.config)
        assert code == 0, said

    def grants(path, *more):
        house_does("consent", "grant", FAR, "--series", path, "--granularity", "raw", *more, "--accept")

    async def scenario():
        coop = Coop(federation)
        async with running(coop.session):
            await coop.session.connected.wait()
            coop.session.greet(GATEWAY)
            await coop.ask("subscribe", identifier=NAME, confirm="receipt")
            await coop.ask("subscribe", identifier=NAME, mode="live")
            await coop.await_stated(POWER, "P1Y")
            await coop.await_stated(ENERGY, "P3Y")
            assert (await coop.past(ENERGY))[0] == "P3Y"
            said, time = await coop.past(POWER)
            assert (said, coop.rectified) == ("P1Y", {})
            moment = datetime.fromtimestamp(time, UTC).isoformat()
            await asyncio.to_thread(
                house_does, "privacy", "rectify", "consumption/power/apparent/raw", moment, "455", "--reason", "misread"
            )
            await eventually(lambda: coop.rectified == {POWER: "P1Y"}, what=coop.rectified)
            await asyncio.to_thread(grants, "consumption/power/apparent", "--retention", "P1M")
            await coop.await_stated(POWER, "P1M")
            assert (await coop.past(POWER))[0] == "P1M"
            assert coop.stated[ENERGY, False] == coop.stated[ENERGY, True] == "P3Y"

    with SimulatedMeter(tmp_path / "ttyTIC", seed=24, mode="standard"):
        house = House(tmp_path, federation, tmp_path / "ttyTIC")
        grants("consumption/power/apparent", "--retention", "P1Y")
        grants("consumption/energy")
        with house.gateway() as gateway:
            house.await_link("xmpp", "ok", 60)
            asyncio.run(scenario())
            assert gateway.stop() == 0
