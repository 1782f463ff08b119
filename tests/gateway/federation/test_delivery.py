"""From a real outbox to the messages handed to a session: what is sent, what never is, what leaves and when."""

import asyncio
from contextlib import asynccontextmanager
from xml.etree import ElementTree as ET

import pytest
from slixmpp import JID

from gateway.errors import StoreError
from gateway.federation.connection.departure import Departures
from gateway.federation.connection.session import Stanza
from gateway.federation.provider.delivery import Delivery
from gateway.federation.provider.flight import HELD_S
from gateway.federation.wire.stanza import RECEIPTS, Publisher, parse_interval, parse_quoalise, size
from gateway.store.points import Confirm, Granularity
from tests.gateway.federation.conftest import START, delivery_parts, eventually

COOP, OTHER = "coop@sen2.test", "other@sen2.test"
PUBLISHER = Publisher("gw", "sen1.test")


class Line:
    """Stands where the session does: keeps what is sent, and says what comes in."""

    def __init__(self):
        self.connected = asyncio.Event()
        self.acknowledges = True
        self.sent, self.addressed, self.greeted = [], [], []
        self.departures = Departures(lambda: None)
        self._listeners = []

    def listen(self, xpath, callback):
        self._listeners.append((xpath, callback))

    def on_change(self, callback):
        self.change = callback

    def on_acknowledged(self, callback):
        self.acknowledge = callback

    def on_absent(self, callback):
        self.absent = callback

    def on_present(self, callback, origin=""):
        self.present = callback

    def greet(self, to):
        self.greeted.append(to)

    def send_message(self, to, stanza_id, *payload, kind="chat"):
        self.kind = kind
        # As the session does; not every address of an older database is one.
        JID(to)
        if self.connected.is_set():
            # Of what is kept the account, as the session says it of what was acknowledged; the device beside it.
            self.sent.append((to if kind == "headline" else to.partition("/")[0], stanza_id, payload))
            self.addressed.append(to)
        return self.connected.is_set()

    def up(self):
        self.connected.set()
        self.change(True)

    def down(self):
        self.connected.clear()
        self.change(False)

    def answers(self, stanza_id, sender=COOP):
        """A receipt comes in."""
        message = ET.fromstring(
            f'<message xmlns="jabber:client"><received xmlns="{RECEIPTS}" id="{stanza_id}"/></message>'
        )
        self._listeners[0][1](Stanza("r", "chat", f"{sender}/x", sender, "", message, None))

    def bounces(self, stanza_id, sender=COOP, condition="service-unavailable"):
        """A message comes back."""
        reason = f'<{condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/>'
        message = ET.fromstring(f'<message xmlns="jabber:client"><error>{reason}</error></message>')
        account = sender.partition("/")[0]
        self._listeners[1][1](Stanza(stanza_id, "error", sender, account, "", message, None))


class Bench:
    """A delivery over a house's store, with a line and a clock in the test's hand."""

    def __init__(self, house, **options):
        self.house, self.line, self.now, self.clock = house, Line(), 1000.0, float(START)
        self.delivery = Delivery(
            self.line,
            *delivery_parts(house.store),
            self._call,
            PUBLISHER,
            house.wake,
            clock=lambda: self.clock,
            monotonic=lambda: self.now,
            **options,
        )

    @staticmethod
    async def _call(function, *arguments):
        await asyncio.sleep(0)
        return function(*arguments)

    def after(self, seconds):
        """Let time pass."""
        self.now += seconds
        self.clock += seconds
        self.house.wake.set()

    async def sent(self, count):
        """The messages sent, once there are so many."""
        return await eventually(lambda: len(self.line.sent) >= count and self.line.sent, 5, f"{count} messages")

    async def quiet(self):
        """Wait until the delivery has worked off everything and waits itself."""
        self.house.wake.set()
        await eventually(lambda: not self.house.wake.is_set())
        for _ in range(200):
            await asyncio.sleep(0)


@asynccontextmanager
async def at_work(house, **options):
    """A running delivery whose line is up."""
    bench, stop = Bench(house, **options), asyncio.Event()
    task = asyncio.create_task(bench.delivery.run(stop))
    bench.line.up()
    try:
        yield bench
    finally:
        stop.set()
        house.wake.set()
        await task


def subscribe(house, recipient=COOP, confirm=Confirm.RECEIPT, form="sen1", prefix="consumption", **consent):
    """Consent and subscription."""
    house.allow(recipient, prefix, **consent)
    house.store.subscriptions.add(recipient, "house", prefix, form, confirm, START)


def times(message):
    """The minutes of a message, from the house's start."""
    parcel = parse_quoalise(message[2][0], 0)
    return sorted({int(r.time - START) // 60 for r in parcel.records})


def test_a_message_carries_the_journals_head(house):
    """The last committed entry, which the recipient keeps: confirmed rows are told in one to come."""
    subscribe(house)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            ((_, stanza_id, payload),) = await bench.sent(1)
            head = parse_quoalise(payload[0], 0).journal_head
            assert head == house.store.journal.head()
            assert head.seq == 2
            bench.line.answers(stanza_id)
            await bench.quiet()
            assert house.store.journal.flush() >= 1

    asyncio.run(scenario())


def test_a_receipt_empties_the_outbox_and_its_id_says_of_what(house):
    """The id names the numbers; the message asks for a receipt."""
    subscribe(house)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            ((to, stanza_id, payload),) = await bench.sent(1)
            assert to == COOP
            assert payload[1].tag == f"{{{RECEIPTS}}}request"
            interval = parse_interval(stanza_id)
            assert (interval.epoch, interval.after, interval.last) == (house.store.outbox.epoch, 0, 6)
            assert parse_quoalise(payload[0], 0).interval == interval
            bench.line.answers(stanza_id, sender="thief@sen2.test")
            await bench.quiet()
            assert house.waiting(COOP) == 6
            bench.line.answers(stanza_id)
            await eventually(lambda: house.waiting(COOP) == 0)

    asyncio.run(scenario())


def test_a_receipt_is_understood_after_a_restart(house):
    """A new process that has sent nothing yet takes the receipt of what the old one sent."""
    subscribe(house)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            ((_, stanza_id, _),) = await bench.sent(1)
        async with at_work(house) as bench:
            bench.line.answers(stanza_id)
            await eventually(lambda: house.waiting(COOP) == 0)

    asyncio.run(scenario())


def test_a_long_backlog_goes_in_messages_of_at_most_the_limit_within_the_window(house):
    """Two large messages are under way at most; each receipt lets another out; the numbers join without a gap."""
    subscribe(house)
    house.minutes(600)

    async def scenario():
        async with at_work(house) as bench:
            done = 0
            while house.waiting(COOP):
                sent = await bench.sent(done + 1)
                await bench.quiet()
                assert sum(size(m[2][0]) for m in bench.line.sent[done:]) <= 60_000
                for message in bench.line.sent[done:]:
                    assert size(message[2][0]) <= 30_000
                    bench.line.acknowledge(COOP, message[1])
                bench.line.answers(sent[done][1])
                done += 1
                await bench.quiet()
            joints = [parse_interval(stanza_id) for _, stanza_id, _ in bench.line.sent]
            assert [i.after for i in joints] == [0] + [i.last for i in joints[:-1]]

    asyncio.run(scenario())


def test_a_revoked_recipient_is_not_sent_again_what_was_under_way(house):
    """The repetition after a bounce reads the consents anew."""
    subscribe(house)
    subscribe(house, OTHER)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            sent = await bench.sent(2)
            for to, stanza_id, _ in list(sent):
                bench.line.bounces(stanza_id, to)
            await bench.quiet()
            house.store.consents.revoke(COOP, "", START + 1)
            bench.after(2)
            await bench.sent(3)
            await bench.quiet()
            assert [to for to, *_ in bench.line.sent[2:]] == [OTHER]

    asyncio.run(scenario())


def test_what_a_wrong_clock_held_back_goes_once_it_is_right(house):
    """A year back no consent is valid: what had bounced waits until one is, though nobody says a word."""
    subscribe(house)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            ((_, first, _),) = await bench.sent(1)
            bench.line.bounces(first)
            await bench.quiet()
            bench.clock -= 366 * 86_400
            bench.after(5)
            await bench.quiet()
            bench.clock += 366 * 86_400
            house.minutes(1)
            bench.after(HELD_S)
            await bench.sent(2)
            assert bench.line.sent[1][1] == first

    asyncio.run(scenario())


@pytest.mark.parametrize("bounced", [False, True])
def test_a_limited_recipient_is_sent_nothing_and_afterwards_everything(house, bounced):
    """What was under way when it was suspended is not sent again until that ends, and is not forgotten either."""
    subscribe(house)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            ((_, stanza_id, _),) = await bench.sent(1)
            if bounced:
                bench.line.bounces(stanza_id)
                await bench.quiet()
            house.store.consents.limit(COOP, START + 1)
            house.minutes(3)
            bench.after(3600)
            await bench.quiet()
            assert len(bench.line.sent) == 1
            house.store.consents.lift_limit(COOP, bench.clock)
            bench.after(300)
            again = (await bench.sent(2))[1]
            assert again[1] == stanza_id
            bench.line.answers(stanza_id)
            await bench.quiet()
            (*_, last) = await bench.sent(3)
            bench.line.answers(last[1])
            await eventually(lambda: house.waiting(COOP) == 0)

    asyncio.run(scenario())


def test_an_expired_consent_sends_nothing(house):
    """The consent's last second is looked at when the message is made, not when the row was queued."""
    subscribe(house, until=START + 10_000)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            await bench.sent(1)
            bench.clock = START + 10_000
            bench.line.down()
            bench.line.up()
            bench.house.minutes(1)
            await bench.quiet()
            assert len(bench.line.sent) == 1

    asyncio.run(scenario())


def test_by_the_servers_word_rows_leave_a_minute_later(house):
    """confirm=server: taken by one's own server and no bounce for a minute."""
    subscribe(house, confirm=Confirm.SERVER)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            ((to, stanza_id, _),) = await bench.sent(1)
            bench.after(59)
            await bench.quiet()
            bench.line.acknowledge(to, stanza_id)
            bench.after(0)
            await bench.quiet()
            bench.after(59)
            await bench.quiet()
            assert house.waiting(COOP) == 6
            bench.after(2)
            await eventually(lambda: house.waiting(COOP) == 0)
            assert len(bench.line.sent) == 1

    asyncio.run(scenario())


def test_a_new_session_sends_again_what_was_not_confirmed_under_the_same_id(house):
    """The repetition can be told by its id."""
    subscribe(house)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            await bench.sent(1)
            bench.line.down()
            bench.line.up()
            first, second = await bench.sent(2)
            assert first[1] == second[1]
            assert times(first) == times(second) == [0, 1, 2]

    asyncio.run(scenario())


def test_a_dead_recipient_delays_nobody(house):
    """While one bounces for ever the other gets every minute."""
    subscribe(house)
    subscribe(house, OTHER)

    async def scenario():
        async with at_work(house) as bench:
            for _ in range(5):
                house.minutes(2)
                await bench.quiet()
                for to, stanza_id, _ in list(bench.line.sent):
                    if to == COOP:
                        bench.line.bounces(stanza_id)
                    else:
                        bench.line.answers(stanza_id, OTHER)
                await bench.quiet()
            assert house.waiting(OTHER) == 0
            assert house.waiting(COOP) == 18
            assert len([to for to, *_ in bench.line.sent if to == COOP]) == 1

    asyncio.run(scenario())


def test_what_ones_own_server_has_not_taken_is_bounded_over_all_recipients(house):
    """The ping must not wait behind more than the slowest line carries in its time."""
    for number in range(8):
        subscribe(house, f"r{number}@sen2.test")
    house.minutes(400)

    async def scenario():
        async with at_work(house) as bench:
            await bench.quiet()
            assert 60_000 < sum(size(payload[0]) for *_, payload in bench.line.sent) <= 90_000
            for to, stanza_id, _ in list(bench.line.sent):
                bench.line.acknowledge(to, stanza_id)
            before = len(bench.line.sent)
            await bench.sent(before + 1)

    asyncio.run(scenario())


def test_texts_go_in_a_message_of_their_own(house):
    """A reader of numbers meets none of them."""
    subscribe(house, prefix="", granularity=Granularity.MINUTE)
    house.minutes(3, tariff="HEURES PLEINES")

    async def scenario():
        async with at_work(house) as bench:
            await bench.sent(2)
            await bench.quiet()
            for *_, payload in bench.line.sent:
                values = {isinstance(r.value, str) for r in parse_quoalise(payload[0], 0).records}
                assert len(values) == 1
            joints = [parse_interval(stanza_id) for _, stanza_id, _ in bench.line.sent]
            assert [i.after for i in joints] == [0] + [i.last for i in joints[:-1]]

    asyncio.run(scenario())


def test_a_row_that_no_message_can_hold_stops_nothing_and_is_said_once(house, caplog):
    """Its neighbours arrive; it leaves the outbox with them; the reading stays in the store."""
    subscribe(house, prefix="", granularity=Granularity.MINUTE)
    house.minutes(2, tariff="BAD\x01TEXT")
    house.minutes(2, tariff="BAD\x02TEXT")

    async def scenario():
        async with at_work(house) as bench:
            await bench.sent(1)
            await bench.quiet()
            for _ in range(4):
                for _, stanza_id, _ in list(bench.line.sent):
                    bench.line.answers(stanza_id)
                await bench.quiet()
            assert house.waiting(COOP) == 0
            assert sorted({t for m in bench.line.sent for t in times(m)}) == [0, 1, 2]

    asyncio.run(scenario())
    assert len([r for r in caplog.records if r.levelname == "ERROR"]) == 1
    assert house.store.readings.page("house", "contract/tariff", Granularity.MINUTE, 0, 2**40, 10)


def test_a_recipient_that_comes_back_is_sent_what_follows_its_number_at_once(house):
    """No patience is kept with who says that it is there."""
    subscribe(house)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            ((_, stanza_id, _),) = await bench.sent(1)
            for _ in range(3):
                bench.line.bounces(stanza_id)
                await bench.quiet()
            house.store.outbox.resume(COOP, 2)
            bench.delivery.resume(COOP, 2)
            *_, last = await bench.sent(2)
            assert parse_interval(last[1]).after == 2
            assert times(last) == [1, 2]

    asyncio.run(scenario())


def test_a_message_covers_no_number_before_its_first_row(house):
    """What its recipient has not seen and never will is a hole that it can see, not a part of the next message."""
    subscribe(house)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            await bench.sent(1)
            house.store.outbox.drop(COOP, 2, 4)
            house.store.outbox.resume(COOP, 2)
            bench.delivery.resume(COOP, 2)
            _, (_, resumed, _) = await bench.sent(2)
            bench.line.answers(resumed)
            await eventually(lambda: house.waiting(COOP) == 0)
            house.minutes(4)
            house.store.outbox.drop(COOP, 6, 8)
            *_, (_, later, _) = await bench.sent(3)
            covered = [parse_interval(stanza_id) for stanza_id in (resumed, later)]
            assert [(i.after, i.last) for i in covered] == [(4, 6), (8, 14)]

    asyncio.run(scenario())


def test_a_repetition_covers_no_number_before_its_first_row(house):
    """The first half of what was under way is gone: the rest comes as a message of its own, nothing is left over."""
    subscribe(house)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            ((_, first, _),) = await bench.sent(1)
            house.store.outbox.drop(COOP, 0, 3)
            bench.line.down()
            bench.line.up()
            _, (_, again, _) = await bench.sent(2)
            await bench.quiet()
            covered = [parse_interval(stanza_id) for stanza_id in (first, again)]
            assert [(i.after, i.last) for i in covered] == [(0, 6), (3, 6)]
            # The receipt of what came first is late.
            bench.line.answers(first)
            await eventually(lambda: house.waiting(COOP) == 0)
            bench.after(600)
            await bench.quiet()
            assert len(bench.line.sent) == 2

    asyncio.run(scenario())


@pytest.mark.parametrize("form", ["sen1", "senml", "urn"])
def test_the_form_of_names_is_the_one_of_the_subscription(house, form):
    """As it was asked, so it is pushed."""
    subscribe(house, form=form)
    house.minutes(2)
    start = {"sen1": "gw@sen1.test/", "senml": "gw:sen1.test/", "urn": "urn:dev:prm:"}[form]

    async def scenario():
        async with at_work(house) as bench:
            ((*_, payload),) = await bench.sent(1)
            assert all(r.name.startswith(start) for r in parse_quoalise(payload[0], 0).records)

    asyncio.run(scenario())


def test_the_nearest_subscription_says_the_form(house):
    """A branch in one form, a series below it in another, in whichever order."""
    subscribe(house, form="senml")
    house.store.subscriptions.add(COOP, "house", "consumption/power", "sen1", Confirm.RECEIPT, START)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            sent = await bench.sent(2)
            await bench.quiet()
            names = {r.name for *_, payload in sent for r in parse_quoalise(payload[0], 0).records}
            assert {name.partition("/")[0] for name in names if "/power/" in name} == {"gw@sen1.test"}
            assert {name.partition("/")[0] for name in names if "/power/" not in name} == {"gw:sen1.test"}

    asyncio.run(scenario())


def test_readings_are_gathered_until_they_are_old_enough(house):
    """The first go at once, those of the next minute together when it is over, under numbers that join."""
    subscribe(house)
    house.minutes(2)

    async def scenario():
        async with at_work(house, batch_s=60) as bench:
            ((_, first, _),) = await bench.sent(1)
            bench.line.answers(first)
            for _ in range(3):
                house.minutes(1)
                bench.after(19)
                await bench.quiet()
            assert len(bench.line.sent) == 1
            bench.after(3)
            *_, (_, second, _) = await bench.sent(2)
            await bench.quiet()
            assert parse_interval(second).after == parse_interval(first).last
            assert parse_interval(second).last == 8
            assert len(bench.line.sent) == 2

    asyncio.run(scenario())


def test_a_full_message_does_not_wait_to_grow_old(house):
    """What fills a message goes; the rest is gathered."""
    subscribe(house)
    house.minutes(2)

    async def scenario():
        async with at_work(house, batch_s=3600) as bench:
            await bench.sent(1)
            bench.line.answers(bench.line.sent[0][1])
            house.minutes(500)
            await bench.quiet()
            sizes = [size(payload[0]) for *_, payload in bench.line.sent[1:]]
            assert sizes
            assert min(sizes) > 28_000
            for _, stanza_id, _ in list(bench.line.sent):
                bench.line.acknowledge(COOP, stanza_id)
                bench.line.answers(stanza_id)
            await bench.quiet()
            assert 0 < house.waiting(COOP) < 500

    asyncio.run(scenario())


def test_a_receipt_looks_at_the_outbox_of_its_recipient_alone(house, monkeypatch):
    """Twenty recipients whose receipts come one by one take two looks each, and not twenty times twenty."""
    recipients = [f"coop{number}@sen2.test" for number in range(20)]
    for recipient in recipients:
        subscribe(house, recipient)
    looks, pending = [], house.store.outbox.pending
    monkeypatch.setattr(house.store.outbox, "pending", lambda to, *more: looks.append(to) or pending(to, *more))

    async def scenario():
        async with at_work(house) as bench:
            house.minutes(2)
            sent = list(await bench.sent(len(recipients)))
            await bench.quiet()
            looks.clear()
            for recipient, stanza_id, _ in sent:
                bench.line.answers(stanza_id, recipient)
                await eventually(lambda to=recipient: not house.waiting(to))
            assert len(looks) <= 2 * len(recipients)
            assert set(looks) == set(recipients)

    asyncio.run(scenario())


def test_what_is_urgent_takes_along_what_was_gathered(house):
    """A change of tariff goes at once, and nothing overtakes anything."""
    subscribe(house, prefix="", granularity=Granularity.MINUTE)
    house.minutes(2)

    async def scenario():
        async with at_work(house, batch_s=3600) as bench:
            await bench.sent(1)
            house.minutes(2)
            await bench.quiet()
            assert len(bench.line.sent) == 1
            house.minutes(2, tariff="HEURES PLEINES")
            await bench.sent(3)
            await bench.quiet()
            joints = [parse_interval(stanza_id) for _, stanza_id, _ in bench.line.sent]
            assert [i.after for i in joints] == [0] + [i.last for i in joints[:-1]]
            said = [r.value for *_, payload in bench.line.sent for r in parse_quoalise(payload[0], 0).records]
            assert "HEURES PLEINES" in said

    asyncio.run(scenario())


def test_a_full_card_ends_nothing(house, monkeypatch):
    """A receipt that cannot be noted now is noted as soon as the database can be written again."""
    subscribe(house)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            ((_, stanza_id, _),) = await bench.sent(1)
            tried = []

            def full(*_):
                tried.append(True)
                raise StoreError("the disk is full")

            with monkeypatch.context() as broken:
                broken.setattr(house.store.outbox, "confirm", full)
                bench.line.answers(stanza_id)
                await eventually(lambda: tried)
            bench.house.wake.set()
            await eventually(lambda: house.waiting(COOP) == 0)

    asyncio.run(scenario())


def test_what_a_card_has_undone_is_sent_all_the_same(house):
    """SQLite undid the transaction with the rows of a message: they are done again, and are not taken for gone."""
    subscribe(house)
    house.store.db.postpone_from_now()
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            ((_, stanza_id, _),) = await bench.sent(1)
            house.store.db.execute("ROLLBACK")
            house.store.db.rollback()
            bench.line.down()
            bench.line.up()
            again = (await bench.sent(2))[1]
            assert again[1] == stanza_id
            bench.line.answers(stanza_id)
            await eventually(lambda: house.waiting(COOP) == 0)

    asyncio.run(scenario())


def test_who_bounces_on_fourteen_days_is_suspended_and_nothing_is_lost(house):
    """No message goes out any more; with a sign of life everything does, in order."""
    subscribe(house)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            for day in range(14):
                sent = await bench.sent(day + 1)
                bench.line.bounces(sent[-1][1], condition="item-not-found")
                await bench.quiet()
                house.minutes(1)
                bench.after(86_400)
            await bench.quiet()
            assert len(bench.line.sent) == 14
            ((recipient, _),) = house.store.absences.suspended().items()
            assert recipient == COOP
            assert house.waiting(COOP) > 20
            house.store.subscriptions.add(COOP, "house", "consumption", "sen1", Confirm.RECEIPT, bench.clock)
            bench.delivery.resume(COOP, None)
            *_, last = await bench.sent(15)
            assert parse_interval(last[1]).after == 0
            bench.line.answers(last[1])
            await eventually(lambda: house.waiting(COOP) == 0)

    asyncio.run(scenario())
    kinds = [entry.facts()["kind"] for entry in house.store.journal.entries()]
    assert kinds.count("recipient-suspended") == kinds.count("recipient-returned") == 1


def test_an_account_that_is_only_full_is_not_gone(house):
    """Other reasons to come back are no absence, however many days they last."""
    subscribe(house)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            for day in range(20):
                sent = await bench.sent(day + 1)
                bench.line.bounces(sent[-1][1], condition="resource-constraint")
                await bench.quiet()
                bench.after(86_400)
            assert house.store.absences.suspended() == {}

    asyncio.run(scenario())


def test_a_slow_recipient_neither_slows_the_others_nor_fills_the_memory(house):
    """Of a month that waits for it only what is under way is held; who is quick has everything meanwhile."""
    subscribe(house)
    subscribe(house, OTHER)
    house.minutes(600)
    promised = house.waiting(COOP)

    async def scenario():
        async with at_work(house) as bench:
            while house.waiting(OTHER):
                await bench.quiet()
                for to, stanza_id, _ in bench.line.sent:
                    bench.line.acknowledge(to, stanza_id)
                    if to == OTHER:
                        bench.line.answers(stanza_id, OTHER)
                await bench.quiet()
            slow = bench.delivery._lanes[COOP]
            assert house.waiting(COOP) == promised > 1000
            assert len(slow.flights) <= 2
            assert sum(flight.size for flight in slow.flights.values()) <= 60_000

    asyncio.run(scenario())
