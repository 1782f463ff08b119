"""From the store's queue of notices to messages handed to a session: what is told, to whom, how often."""

import asyncio
from contextlib import asynccontextmanager
from xml.etree import ElementTree as ET

import pytest

from gateway.consent.text import notice_text
from gateway.federation.connection.session import Stanza
from gateway.federation.provider.announcer import MOST_UNDER_WAY, Announcer
from gateway.federation.wire.notice import NOTICE, parse_notice
from gateway.federation.wire.stanza import RECEIPTS, Publisher
from gateway.store.notices import ErasureAsked
from gateway.store.points import Confirm
from gateway.store.terms import NoticeKind
from tests.gateway.federation.conftest import PRM, SENSOR, START, announcer_parts, eventually
from tests.gateway.federation.test_delivery import COOP, OTHER, Line

BODY = "{jabber:client}body"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


class Bench:
    """An announcer over a house's store, with a line and a clock in the test's hand."""

    def __init__(self, house):
        self.house, self.line, self.clock = house, Line(), float(START + 100)
        publisher = Publisher("gw", "sen1.test")
        self.announcer = Announcer(
            *(self.line, *announcer_parts(house.store), self._call, publisher),
            *(notice_text, house.wake, lambda: self.clock),
        )

    @staticmethod
    async def _call(function, *arguments):
        await asyncio.sleep(0)
        return function(*arguments)

    def after(self, seconds):
        """Let time pass."""
        self.clock += seconds
        self.house.wake.set()

    async def sent(self, count):
        """The messages sent, once there are so many and no more come."""
        await eventually(lambda: len(self.line.sent) >= count, 5, f"{count} messages")
        await self.quiet()
        assert len(self.line.sent) == count
        return self.line.sent

    async def quiet(self):
        """Wait until the announcer waits itself."""
        self.house.wake.set()
        await eventually(lambda: not self.house.wake.is_set())
        for _ in range(100):
            await asyncio.sleep(0)


@asynccontextmanager
async def at_work(house):
    """A running announcer whose line is up."""
    bench, stop = Bench(house), asyncio.Event()
    task = asyncio.create_task(bench.announcer.run(stop))
    bench.line.up()
    try:
        yield bench
    finally:
        stop.set()
        house.wake.set()
        await task


def tell(house, recipient=COOP, **payload):
    """Queue a notice of erasure."""
    facts = {"sensor": SENSOR, "series": "consumption", "first": START, "last": START + 59} | payload
    return house.store.notices.queue(recipient, NoticeKind.DATA_ERASED, facts, START)


def confirm(bench, stanza_id, sender=COOP):
    """The receipt of a notice comes in."""
    xml = f'<message xmlns="jabber:client"><received xmlns="{RECEIPTS}" id="{stanza_id}"/></message>'
    bench.line._listeners[0][1](Stanza("r", "chat", f"{sender}/x", sender, "", ET.fromstring(xml), None))


def test_a_notice_to_an_address_that_is_none_keeps_no_other_from_being_told(house):
    """An older version may have taken such a one; it is tried again as any that is not confirmed."""
    tell(house, "coop@-sen2.test")
    tell(house)

    async def scenario():
        async with at_work(house) as bench:
            ((to, *_),) = await bench.sent(1)
            assert to == COOP
            bench.after(60)
            await bench.quiet()

    asyncio.run(scenario())
    assert [notice.attempts for notice in house.store.notices.all()] == [2, 1]


def kinds(house):
    """The kinds of the journal's entries about notices."""
    return [k for e in house.store.journal.entries() if (k := e.facts()["kind"]).startswith("notice")]


def test_a_withdrawal_is_told_to_person_and_program_until_it_is_confirmed(house):
    """A body in the recipient's language, the element with its name, its period and both texts, and one receipt."""
    house.allow(COOP)
    house.minutes(2)
    house.store.consents.revoke(COOP, "", START + 50)

    async def scenario():
        async with at_work(house) as bench:
            ((to, stanza_id, (body, element, request)),) = await bench.sent(1)
            assert (to, body.tag, body.get(LANG), request.tag) == (COOP, BODY, "fr", f"{{{RECEIPTS}}}request")
            assert "effacer" in body.text
            told = parse_notice(element)
            assert (told.kind, told.series) == (
                NoticeKind.CONSENT_WITHDRAWN,
                f"gw@sen1.test/{SENSOR}@sen1.test/consumption",
            )
            assert told.first <= START
            assert told.last >= START + 50
            assert (told.texts["fr"], "erase" in told.texts["en"]) == (body.text, True)
            assert (element.get("granularity"), element.get("consent")) == ("PT1M", "1")
            confirm(bench, stanza_id, sender=OTHER)
            bench.after(60)
            assert (await bench.sent(2))[1][1] == stanza_id
            confirm(bench, stanza_id)
            bench.after(10 * 86_400)
            await bench.sent(2)

    asyncio.run(scenario())
    assert kinds(house) == ["notice-sent", "notice-confirmed"]


def test_what_is_held_goes_out_by_itself_when_its_time_has_come(house):
    """Nobody wakes the announcer then; where the household spared the recipient the erasure, the words say so."""
    house.allow(COOP)
    house.allow(OTHER)
    for who in (COOP, OTHER):
        house.store.consents.revoke(who, "", START + 100, asking=ErasureAsked(after_s=1))

    async def scenario():
        async with at_work(house) as bench:
            await bench.quiet()
            assert bench.line.sent == []
            assert house.store.notices.spare_erasure(OTHER, bench.clock) == 1
            ((to, _, (body, element, _)),) = await bench.sent(1)
            told = parse_notice(element)
            assert (to, told.kind, told.first, told.last) == (OTHER, NoticeKind.CONSENT_WITHDRAWN, 0, 0)
            assert "ne vous demande pas d'effacer" in body.text
            bench.clock += 1
            await eventually(lambda: len(bench.line.sent) == 2, 10, "the other one")
            to, _, (body, element, _) = bench.line.sent[1]
            assert (to, parse_notice(element).last >= START, "Merci d'effacer" in body.text) == (COOP, True, True)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("form", "name"), [("urn", f"urn:dev:prm:{PRM}"), ("senml", f"gw:sen1.test/{SENSOR}:sen1.test")]
)
def test_a_notice_names_series_in_the_form_in_which_the_recipient_asked(house, form, name):
    """Of all series of a meter it names the meter."""
    house.store.subscriptions.add(COOP, "house", "", form, Confirm.RECEIPT, START)
    tell(house, series="")

    async def scenario():
        async with at_work(house) as bench:
            ((*_, payload),) = await bench.sent(1)
            assert payload[1].get("series") == name

    asyncio.run(scenario())


def test_a_meter_is_named_by_the_id_by_which_the_recipient_knows_it(house):
    """Also when it is none of the store's: a notice without a name would mean everything."""
    tell(house, sensor="somebody-elses")

    async def scenario():
        async with at_work(house) as bench:
            ((*_, payload),) = await bench.sent(1)
            assert payload[1].get("series") == "gw@sen1.test/somebody-elses@sen1.test/consumption"
            assert (parse_notice(payload[1]).first, parse_notice(payload[1]).last) == (START, START + 58)

    asyncio.run(scenario())


def test_what_the_server_had_not_taken_is_told_again_in_the_next_session(house):
    """What it had taken waits its time: a line that is lost every hour fills no offline store."""
    tell(house)
    tell(house, OTHER)

    async def scenario():
        async with at_work(house) as bench:
            first, second = await bench.sent(2)
            bench.line.acknowledge(*first[:2])
            bench.line.down()
            bench.line.up()
            assert (await bench.sent(3))[2][1] == second[1]

    asyncio.run(scenario())


def test_a_notice_that_came_back_is_told_as_soon_as_the_recipient_is_there(house):
    """Its subscription is the sign; until then its retries become rare."""
    tell(house)

    async def scenario():
        async with at_work(house) as bench:
            ((_, stanza_id, _),) = await bench.sent(1)
            bench.line.bounces(stanza_id)
            await bench.sent(1)
            house.store.subscriptions.add(COOP, "house", "", "sen1", Confirm.RECEIPT, bench.clock)
            house.wake.set()
            assert (await bench.sent(2))[1][1] == stanza_id

    asyncio.run(scenario())


def test_notices_to_a_recipient_that_is_gone_are_kept_until_it_is_back(house):
    """Fourteen days of bounces suspend it; afterwards it is told everything, and why it was sent nothing."""
    tell(house)

    async def scenario():
        async with at_work(house) as bench:
            for day in range(14):
                await bench.quiet()
                (_, stanza_id, _) = bench.line.sent[-1]
                bench.line.bounces(stanza_id, condition="gone")
                await bench.quiet()
                bench.after(86_400)
                assert (COOP in house.store.absences.suspended()) == (day == 13)
            await bench.quiet()
            before = len(bench.line.sent)
            bench.after(30 * 86_400)
            await bench.sent(before)
            house.store.absences.welcome(COOP, bench.clock)
            house.wake.set()
            sent = await bench.sent(before + 2)
            told = [parse_notice(payload[1]).kind for *_, payload in sent[-2:]]
            assert told == [NoticeKind.DATA_ERASED, NoticeKind.RECIPIENT_SUSPENDED]

    asyncio.run(scenario())


def test_many_notices_do_not_flood_a_slow_line(house):
    """So many are under way at most; what one's own server takes lets others out."""
    for number in range(MOST_UNDER_WAY + 5):
        tell(house, f"r{number}@sen2.test")

    async def scenario():
        async with at_work(house) as bench:
            sent = await bench.sent(MOST_UNDER_WAY)
            for to, stanza_id, _ in list(sent):
                bench.line.acknowledge(to, stanza_id)
            sent = await bench.sent(MOST_UNDER_WAY + 5)
            assert len({payload[1].get("id") for *_, payload in sent if payload[1].tag == NOTICE}) == len(sent)

    asyncio.run(scenario())


def test_a_full_card_loses_no_confirmation(house):
    """It is noted as soon as the database can be written again."""
    tell(house)

    async def scenario():
        async with at_work(house) as bench:
            ((_, stanza_id, _),) = await bench.sent(1)
            house.store.db.execute("PRAGMA query_only = 1")
            confirm(bench, stanza_id)
            await bench.quiet()
            house.store.db.execute("PRAGMA query_only = 0")
            assert house.store.notices.all()[0].confirmed_at is None
            await bench.quiet()
            assert house.store.notices.all()[0].confirmed_at is not None

    asyncio.run(scenario())
