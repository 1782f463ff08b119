"""What left and what the log of transfers says of it: noted before, confirmed after, never more at a recipient."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.errors import StoreError
from gateway.federation.wire.stanza import parse_interval, parse_quoalise
from gateway.store.store import Store
from tests.gateway.federation.conftest import START, eventually
from tests.gateway.federation.test_delivery import COOP, OTHER, at_work, subscribe

ROOT = Path(__file__).parents[3]


def noted(house, recipient=COOP):
    """How many points the log of transfers says that a recipient was handed."""
    return sum(points for _, jid, _, _, _, _, points in house.store.transfers.all() if jid == recipient)


def came(bench, recipient=COOP):
    """The points that left for a recipient, each once: (name, granularity, time)."""
    parcels = [parse_quoalise(payload[0], 0) for to, _, payload in bench.line.sent if to.startswith(recipient)]
    return {(r.name, p.granularities.get(r.name, "raw"), r.time) for p in parcels for r in p.records}


def confirmed(house, recipient=COOP):
    """How many of them it has confirmed."""
    house.store.db.commit()
    rows = house.store.db.execute("SELECT sum(points) FROM confirmed WHERE recipient = ?", [recipient])
    return rows.fetchone()[0] or 0


def test_what_leaves_stands_in_log_and_journal_before_it_does(house, monkeypatch):
    """Nothing is sent while it cannot be noted, and it goes out as soon as it can."""
    subscribe(house)
    house.minutes(4)

    def full(*_):
        raise StoreError("the disk is full")

    async def scenario():
        with monkeypatch.context() as broken:
            broken.setattr(house.store.outbox, "_note_handed", full)
            async with at_work(house) as bench:
                await bench.quiet()
                assert bench.line.sent == []
        house.store.db.rollback()
        async with at_work(house) as bench:
            await bench.sent(1)
            assert noted(house) == len(came(bench)) == 6
            assert house.store.db.execute("SELECT sum(points) FROM journal_day").fetchone() == (6,)
            assert not house.store.db.in_transaction

    asyncio.run(scenario())


def test_a_recipient_that_never_confirms_is_in_the_log_with_all_it_has(house):
    """However often it is repeated, over sessions and restarts; and it is asked to erase."""
    subscribe(house)
    house.minutes(4)

    async def scenario():
        everything = set()
        for _ in range(2):
            async with at_work(house) as bench:
                await bench.sent(1)
                bench.line.down()
                bench.line.up()
                bench.after(600)
                await bench.sent(2)
                house.minutes(2)
                await bench.quiet()
                everything |= came(bench)
        assert noted(house) == len(everything) >= 6

    asyncio.run(scenario())
    house.store.consents.revoke(COOP, "", house.time)
    assert house.store.outbox.backlog()[0].rows == 0
    assert noted(house) >= 6
    series = house.store.meters.series("house")[0]
    assert house.store.transfers.recipients_of(series, START, START + 9999) == [COOP]


def test_a_receipt_for_what_was_never_sent_lets_nothing_go(house):
    """Its numbers wait, what was sent stays under way, and the real receipt counts."""
    subscribe(house)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            ((_, stanza_id, _),) = await bench.sent(1)
            house.minutes(3)
            interval = parse_interval(stanza_id)
            waiting = house.waiting(COOP)
            for last in (interval.last + 1, 8176, 2**40):
                bench.line.answers(f"{interval.epoch}-0-{last}")
            await bench.quiet()
            assert (house.waiting(COOP), confirmed(house)) == (waiting, 0)
            sent = list(bench.line.sent)
            for _, said, _ in sent:
                bench.line.answers(said)
            await bench.quiet()
            assert confirmed(house) == noted(house) == len(came(bench))

    asyncio.run(scenario())


def test_a_receipt_after_the_withdrawal_is_noted(house):
    """It was handed over before; by a gateway that was restarted since, too."""
    subscribe(house)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            ((_, stanza_id, _),) = await bench.sent(1)
            house.store.consents.revoke(COOP, "", house.time)
        async with at_work(house) as bench:
            bench.line.answers(stanza_id, sender=OTHER)
            await bench.quiet()
            assert confirmed(house) == 0
            bench.line.answers(stanza_id)
            await bench.quiet()
            assert confirmed(house) == noted(house) == 6
            assert bench.line.sent == []

    asyncio.run(scenario())


@pytest.mark.parametrize("before", ["revoke", "limit"])
def test_what_is_withdrawn_between_the_look_and_the_commit_does_not_leave(house, monkeypatch, before):
    """The commit that notes it asks the consents once more: what it refuses is neither noted nor sent."""
    subscribe(house)
    subscribe(house, OTHER)
    house.minutes(4)
    hand_over = house.store.outbox.hand_over

    def late(messages, now):
        if before == "revoke":
            house.store.consents.revoke(COOP, "", now)
        else:
            house.store.consents.limit(COOP, now)
        return hand_over(messages, now)

    monkeypatch.setattr(house.store.outbox, "hand_over", late)

    async def scenario():
        async with at_work(house) as bench:
            await bench.sent(1)
            await bench.quiet()
            assert {to for to, *_ in bench.line.sent} == {OTHER}
            assert (noted(house), noted(house, OTHER)) == (0, len(came(bench, OTHER)))

    asyncio.run(scenario())


def test_the_messages_of_a_turn_are_noted_in_one_commit(house, monkeypatch):
    """A card does not pay for each recipient, nor for each message of a window."""
    recipients = [f"r{number}@sen2.test" for number in range(8)]
    for recipient in recipients:
        subscribe(house, recipient)
    house.minutes(4)
    commits, hand_over = [], house.store.outbox.hand_over

    def counting(messages, now):
        commits.append(len(messages))
        return hand_over(messages, now)

    monkeypatch.setattr(house.store.outbox, "hand_over", counting)

    async def scenario():
        async with at_work(house) as bench:
            await bench.sent(8)
            assert commits == [8]

    asyncio.run(scenario())


def test_a_session_that_ends_in_the_middle_loses_nothing_and_counts_nothing_twice(house):
    """What was noted and did not leave goes out in the next session, under the same id."""
    subscribe(house)
    house.minutes(4)

    async def scenario():
        async with at_work(house) as bench:
            send, bench.line.send_message = bench.line.send_message, lambda *_, **__: False
            await bench.quiet()
            bench.line.down()
            assert (noted(house), bench.line.sent) == (6, [])
            bench.line.send_message = send
            bench.line.up()
            ((_, stanza_id, _),) = await bench.sent(1)
            bench.line.answers(stanza_id)
            await eventually(lambda: not house.waiting(COOP))
            assert (noted(house), confirmed(house)) == (6, 6)

    asyncio.run(scenario())


def test_killed_between_the_note_and_the_sending(house, tmp_path):
    """Then the log has more than the recipient, until the repetition brings it: the same message, counted once."""
    subscribe(house)
    house.minutes(4)
    house.store.close()
    killed = subprocess.run([sys.executable, "-c", _KILLED, tmp_path, COOP, str(house.time)], check=False, cwd=ROOT)
    assert killed.returncode == -signal.SIGKILL
    house.store = Store(tmp_path)
    assert noted(house) == 6

    async def scenario():
        async with at_work(house) as bench:
            ((_, stanza_id, _),) = await bench.sent(1)
            bench.line.answers(stanza_id)
            await eventually(lambda: not house.waiting(COOP))
            assert noted(house) == confirmed(house) == len(came(bench)) == 6

    asyncio.run(scenario())


_KILLED = """
import os, pathlib, signal, sys
from gateway.store.points import Outgoing
from gateway.store.store import Store
store, recipient, now = Store(pathlib.Path(sys.argv[1])), sys.argv[2], float(sys.argv[3])
rows = tuple(store.outbox.pending(recipient, -1, 100, now))
assert store.outbox.hand_over([Outgoing(recipient, rows[-1].seq, rows)], now) == [True]
os.kill(os.getpid(), signal.SIGKILL)
"""
