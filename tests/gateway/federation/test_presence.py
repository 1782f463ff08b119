"""Who is there is sent what waits, at the device that confirms it; who shows its presence and is away, nothing."""

import asyncio

from gateway.federation.connection.presence import MOST_DEVICES, MOST_EARLY, Presences
from gateway.federation.connection.session import Session
from gateway.federation.wire.stanza import parse_interval
from gateway.store.points import Confirm
from tests.gateway.federation.conftest import QUICK, START, account, eventually, running
from tests.gateway.federation.test_delivery import COOP, at_work, subscribe

PHONE, PROGRAM = f"{COOP}/phone", f"{COOP}/program"
HINTS = ["{urn:xmpp:hints}no-store", "{urn:xmpp:hints}no-permanent-store"]


def tags(message):
    """What the message holds besides the pack and the request for a receipt."""
    return [element.tag for element in message[2][2:]]


def test_who_never_showed_its_presence_is_taken_to_be_there():
    """A program of before, or of somebody else: its server's bounces say when it is not."""
    presences = Presences()
    presences.begin(())
    assert not presences.is_away(COOP)
    presences.heard(PROGRAM, confirms=True)
    presences.left(PROGRAM)
    assert not presences.is_away(COOP)
    assert presences.address(COOP) == COOP


def test_who_shows_its_presence_is_away_until_it_does_in_this_session():
    """A subscription will do; it ends with the last device that was heard."""
    presences = Presences()
    presences.begin([COOP])
    assert presences.is_away(COOP)
    presences.asked(COOP)
    assert not presences.is_away(COOP)
    for device in (PHONE, PROGRAM):
        presences.heard(device, confirms=False)
    presences.left(PHONE)
    presences.left(f"{COOP}/never-heard")
    assert not presences.is_away(COOP)
    presences.left(PROGRAM)
    assert presences.is_away(COOP)
    presences.heard(PROGRAM, confirms=True)
    presences.begin([COOP])
    assert presences.is_away(COOP)


def test_the_device_that_confirms_is_preferred():
    """To one that only shows itself nothing goes while another one takes what comes; the latest of its kind first."""
    presences = Presences()
    presences.heard(PROGRAM, confirms=False)
    presences.heard(PHONE, confirms=False)
    assert presences.address(COOP) == PHONE
    presences.heard(PROGRAM, confirms=True)
    presences.heard(PHONE, confirms=False)
    assert presences.address(COOP) == PROGRAM
    presences.heard(PROGRAM, confirms=False)
    assert presences.address(COOP) == PROGRAM
    for number in range(2 * MOST_DEVICES):
        presences.heard(f"{COOP}/{number}", confirms=True)
    assert len(presences._there[COOP]) == MOST_DEVICES
    assert presences.address(COOP) == f"{COOP}/{2 * MOST_DEVICES - 1}"


def test_what_is_confirmed_by_receipt_is_kept_by_no_server(house):
    """It waits here, so no offline store and no archive need it; what nobody confirms needs the store."""
    subscribe(house)
    subscribe(house, "quoalise@sen2.test", confirm=Confirm.SERVER)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            sent = {to: message for to, *message in await bench.sent(2)}
            assert tags((COOP, *sent[COOP])) == HINTS
            assert tags(("quoalise", *sent["quoalise@sen2.test"])) == []
            assert sorted(bench.line.addressed) == [COOP, "quoalise@sen2.test"]

    asyncio.run(scenario())


def test_it_goes_to_the_device_that_confirms(house):
    """From its first receipt on; to the account again once that device is gone."""
    subscribe(house)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            ((_, first, _),) = await bench.sent(1)
            bench.line.answers(first)
            await bench.quiet()
            house.minutes(1)
            _, (_, second, _) = await bench.sent(2)
            assert bench.line.addressed == [COOP, f"{COOP}/x"]
            bench.line.bounces(second, f"{COOP}/x")
            await bench.quiet()
            bench.after(2)
            await bench.sent(3)
            assert bench.line.addressed[2] == COOP

    asyncio.run(scenario())


def test_nothing_is_sent_while_it_is_away_and_all_of_it_when_it_is_back(house):
    """Neither new rows nor repetitions, whatever time passes; in order, and without a hole."""
    subscribe(house)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            ((_, first, _),) = await bench.sent(1)
            bench.line.present(PROGRAM)
            await bench.quiet()
            bench.line.absent(PROGRAM)
            for _ in range(3):
                house.minutes(2)
                bench.after(3600)
                await bench.quiet()
            assert len(bench.line.sent) == 1
            bench.line.down()
            bench.line.up()
            await bench.quiet()
            assert len(bench.line.sent) == 1
            bench.line.present(PROGRAM)
            await bench.sent(2)
            await bench.quiet()
            joints = [parse_interval(stanza_id) for _, stanza_id, _ in bench.line.sent[1:]]
            assert bench.line.sent[1][1] == first
            assert [i.after for i in joints] == [0] + [i.last for i in joints[:-1]]
            assert set(bench.line.addressed[1:]) == {PROGRAM}

    asyncio.run(scenario())


def test_a_device_that_is_gone_without_a_word_keeps_nothing_from_the_others(house):
    """Nothing comes back of what it was sent: the repetition goes to the account, whose server knows who is there."""
    subscribe(house)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            ((_, first, _),) = await bench.sent(1)
            bench.line.answers(first)
            await bench.quiet()
            bench.line.present(PROGRAM)
            house.minutes(1)
            _, (_, second, _) = await bench.sent(2)
            for _ in range(2):
                bench.after(130)
                await bench.quiet()
            house.minutes(1)
            bench.line.answers(second)
            await bench.sent(5)
            assert bench.line.addressed == [COOP, f"{COOP}/x", COOP, COOP, f"{COOP}/x"]

    asyncio.run(scenario())


def test_who_is_away_is_shown_our_presence_again(house):
    """It may be lost between servers that have just come up: soon, then less often, but every quarter of an hour."""
    subscribe(house)
    house.minutes(2)

    async def scenario():
        async with at_work(house) as bench:
            await bench.sent(1)
            bench.line.present(PROGRAM)
            await eventually(house.store.subscriptions.showing)
        async with at_work(house) as bench:
            await bench.quiet()
            assert bench.line.greeted == [COOP]
            after = []
            for minute in range(1, 60):
                bench.after(60)
                await bench.quiet()
                after += [minute] * (len(bench.line.greeted) - 1 - len(after))
            assert after == [1, 2, 3, 5, 8, 14, 25, 40, 55]
            bench.line.present(PROGRAM)
            await bench.sent(1)
            bench.after(3600)
            await bench.quiet()
            assert bench.line.greeted == [COOP] * 10

    asyncio.run(scenario())


def test_a_presence_that_comes_with_the_subscription_is_heard(house):
    """Whoever shows itself at once may be faster than the turn of its subscription."""

    async def scenario():
        async with at_work(house) as bench:
            await bench.quiet()
            subscribe(house)
            bench.delivery.resume(COOP, None)
            bench.line.present(PROGRAM)
            await eventually(house.store.subscriptions.showing)

    asyncio.run(scenario())


def test_a_presence_that_comes_before_the_first_subscription_is_heard(house):
    """First the presence, then the subscription: the gateway shows itself after its next start."""

    async def scenario():
        async with at_work(house) as bench:
            await bench.quiet()
            bench.line.present(PROGRAM)
            bench.line.present(PHONE)
            bench.line.absent(PHONE)
            subscribe(house)
            bench.delivery.resume(PHONE, None)
            await bench.quiet()
            assert house.store.subscriptions.showing() == []
            bench.delivery.resume(PROGRAM, None)
            await eventually(house.store.subscriptions.showing)
        async with at_work(house) as bench:
            await bench.quiet()
            assert bench.line.greeted == [COOP]

    asyncio.run(scenario())


def test_of_who_might_subscribe_next_the_latest_are_remembered():
    """However many show themselves; each is asked after once, and a new session begins anew."""
    presences = Presences()
    for number in range(2 * MOST_EARLY):
        presences.early(f"stranger{number}@sen3.test/x")
    assert len(presences._early) == MOST_EARLY
    latest = f"stranger{2 * MOST_EARLY - 1}@sen3.test/x"
    assert [presences.was_early(latest), presences.was_early(latest)] == [True, False]
    assert not presences.was_early("stranger0@sen3.test/x")
    presences.begin(())
    assert not presences.was_early(f"stranger{2 * MOST_EARLY - 2}@sen3.test/x")


def test_what_comes_goes_to_the_device_that_subscribed(house):
    """Another process of the account has taken this gateway over, and the one before is still there."""
    subscribe(house)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            ((_, first, _),) = await bench.sent(1)
            bench.line.answers(first)
            await bench.quiet()
            bench.delivery.resume(PROGRAM, None)
            house.minutes(1)
            await bench.sent(2)
            assert bench.line.addressed == [COOP, PROGRAM]

    asyncio.run(scenario())


def test_after_a_restart_it_is_away_until_it_is_heard(house):
    """That it shows its presence is known; a subscription says as well that it is there."""
    subscribe(house)
    house.minutes(2)

    async def scenario():
        async with at_work(house) as bench:
            await bench.sent(1)
            bench.line.present(PROGRAM)
            await eventually(house.store.subscriptions.showing)
        async with at_work(house) as bench:
            await bench.quiet()
            assert bench.line.sent == []
            bench.delivery.resume(COOP, None)
            await bench.sent(1)

    asyncio.run(scenario())


def test_one_that_stays_away_is_counted_and_suspended_in_the_end(house):
    """As if something had come back: fourteen days without a sign of life, nothing sent, nothing lost."""
    subscribe(house)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            ((_, first, _),) = await bench.sent(1)
            bench.line.acknowledge(COOP, first)
            bench.line.present(PROGRAM)
            await bench.quiet()
            bench.line.absent(PROGRAM)
            for _ in range(14):
                house.minutes(1)
                bench.after(86_400)
                await bench.quiet()
            assert list(house.store.absences.suspended()) == [COOP]
            assert len(bench.line.sent) == 1
            waiting = house.waiting(COOP)
            house.store.subscriptions.add(COOP, "house", "consumption", "sen1", Confirm.RECEIPT, START)
            bench.delivery.resume(COOP, None)
            await bench.sent(2)
            assert (bench.line.sent[1][1], house.waiting(COOP)) == (first, waiting)

    asyncio.run(scenario())


def test_a_strangers_presence_is_nothing_to_us(house):
    """Nothing is kept of whoever has no subscription, however many there are."""
    subscribe(house)
    house.minutes(2)

    async def scenario():
        async with at_work(house) as bench:
            await bench.sent(1)
            for number in range(1000):
                bench.line.present(f"stranger{number}@sen3.test/x")
                bench.line.absent(f"stranger{number}@sen3.test/x")
            assert not bench.delivery._incoming
            assert house.store.subscriptions.showing() == []

    asyncio.run(scenario())


def test_a_presence_is_heard_however_its_address_was_written(federation):
    """A person wrote the gateway's address in capitals; its server writes it as it is (RFC 7622)."""
    home = federation.domains[0]
    one, other = (account(federation, f"shows{n}", home) for n in (1, 2))
    seen, every = [], []

    async def scenario():
        shower, watcher = Session(one, QUICK), Session(other, QUICK)
        watcher.on_present(seen.append, f"{one.jid.upper()}/proxy")
        watcher.on_present(every.append)
        async with running(shower), running(watcher):
            await asyncio.gather(shower.connected.wait(), watcher.connected.wait())
            shower.greet(f"{other.jid}/proxy")
            await eventually(lambda: seen and len(every) > 1)
        # Its own server shows everybody's presence to everybody's own devices, too.
        assert seen == [f"{one.jid}/proxy"]
        assert sorted(every) == [f"{one.jid}/proxy", f"{other.jid}/proxy"]

    asyncio.run(scenario())
