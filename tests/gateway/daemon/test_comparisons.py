"""A gateway that compares by itself: once a day, over restarts too, what it keeps, and what the household hears."""

import asyncio
import sqlite3
import time
from contextlib import asynccontextmanager, closing
from types import SimpleNamespace

import pytest

from gateway.config.tables import load
from gateway.consent.command_words import comparison_lines
from gateway.consent.orders import Compare
from gateway.daemon.comparisons import HouseComparisons
from gateway.errors import StoreError
from gateway.federation.connection.session import Session
from gateway.federation.provider.daily import DAY_S, RETRY_S, SOONEST_S, SPREAD_S
from gateway.household.now import Now
from gateway.notices.deciding.household import HouseholdNotices
from gateway.notices.deciding.sharing_news import sharing_key
from gateway.store.points import Confirm
from gateway.store.queue import LastComparison
from gateway.store.terms import Manner
from tests.gateway.federation.conftest import QUICK, eventually, house, running
from tests.gateway.federation.test_totals import DAMAGES, ONE, pair

__all__ = ("house", "pair")

pytestmark = pytest.mark.servers

KEEP = SimpleNamespace(commit_interval_s=1, raw_hours=10**6, minute_days=10**4)


class Day:
    """The days of a house whose clock the test moves, with its notices."""

    def __init__(self, pair, folder):
        self.pair, self.store, self.looks = pair, pair.house.store, 0
        (folder / "gateway.toml").write_text('[[meter]]\nsource = "/nowhere/tty"\n[store]\ndirectory = "data"\n')
        config, call = load(folder / "gateway.toml"), pair.gate.call
        self.notices = HouseholdNotices(config, Now(config, self.store, call), self.store.notified, self.store, call)

    def clock(self):
        """The house's; how often it was looked at says how often it was looked whether anybody is due."""
        self.looks += 1
        return self.pair.house.time

    @asynccontextmanager
    async def running(self):
        """What compares, from one start of the gateway to its end."""
        gate = self.pair.gate
        parts = gate.session, self.store, gate.call, self.pair.publisher, gate._delivery.presences, KEEP
        made = HouseComparisons(*parts, self.pair.house.wake.set, self.notices, self.clock, round_s=0.02)
        stop = asyncio.Event()
        task = asyncio.create_task(made.run(stop))
        yield made
        stop.set()
        async with asyncio.timeout(3):
            await task

    async def rounds(self):
        """Several have passed."""
        before = self.looks
        await eventually(lambda: self.looks > before + 20, what="rounds")

    async def later(self):
        """A day later, and as long as anybody waits; what was compared by then."""
        before = self.last.at if self.last else 0
        for seconds in (DAY_S, SOONEST_S + SPREAD_S):
            await self.rounds()
            self.pair.house.time += seconds
        return await eventually(lambda: (last := self.last) and last.at > before and last, what="compared")

    @property
    def last(self):
        """What came of the last comparison."""
        return next(iter(self.store.accounts.all())).comparison

    @property
    def shown(self):
        """What stands at the page of it, as it is worded."""
        return [str(alert.text) for alert in self.notices.active]

    async def told(self):
        """What the household is told now."""
        return [str(alert.text) for alert in await self.notices.look([], time.monotonic(), time.time())]


@pytest.fixture
def day(pair, tmp_path):
    """Of the pair's house."""
    return Day(pair, tmp_path)


def test_each_day_has_one_comparison_and_a_restart_none(pair, day):
    """What is missing is found and sent; found missing again, the household hears of it, once."""

    async def life():
        async with pair.joined():
            before = pair.rows()
            async with day.running():
                await day.rounds()
                assert day.last is None
                last = await day.later()
                assert (last.standing, last.same, last.missing, last.again) == ("same", len(before), 0, 0)
            for again in (1, 2):
                pair.tamper(DAMAGES["deleted"][0])
                async with day.running():
                    last = await day.later()
                    assert (last.standing, last.missing, last.again) == ("differs", 1, again)
                    await day.rounds()
                    told = await day.told()
                    assert len(told) == again - 1
                    assert await day.told() == []
                await pair.settled()
                assert pair.rows() == before
                at = day.last.at
                async with day.running():
                    # Both are there for longer than anybody waits, and it was asked this day.
                    await day.rounds()
                    assert day.last.at == at
            assert "missing or different at" in told[0]
            assert pair.jid in told[0]
            async with day.running():
                assert (await day.later()).again == 0
                await day.rounds()
                assert await day.told() == []
                assert day.notices.active == []

    asyncio.run(life())


def test_the_household_is_told_of_what_only_the_recipient_has(pair, day):
    """Once for as long as it is so; when it comes again it is told again; nothing of it outlives the consent."""

    async def life():
        async with pair.joined():
            for _ in range(2):
                pair.tamper(DAMAGES["added"][0])
                async with day.running() as comparisons:
                    assert (await day.later()).surplus == 1
                    await day.rounds()
                    (told,) = await day.told()
                    assert "1 reading that is not in your gateway" in told
                    await day.later()
                    await day.rounds()
                    assert await day.told() == []
                    assert len(day.notices.active) == 1
                    extra = ONE.replace("max(time) - 1800", "max(time) - 1793")
                    pair.tamper(f"DELETE FROM record WHERE {extra}")
                    row = await comparisons.order(Compare(recipient=pair.jid))
                    assert row["standing"] == "same"
                    assert await day.told() == []
                    assert day.notices.active == []
            pair.tamper(DAMAGES["added"][0])
            async with day.running() as comparisons:
                await comparisons.order(Compare(recipient=pair.jid))
                assert len(await day.told()) == 1
                pair.house.store.consents.revoke(pair.jid, None, pair.house.time)
                await comparisons._look()
                assert await day.told() == []
                assert day.notices.active == []
            assert not [key for key in day.store.notified.all() if pair.jid in key]

    asyncio.run(life())


@pytest.mark.parametrize("who", ["older", "pseudonym", "without consent"])
def test_who_cannot_be_compared_is_asked_once_a_day_and_no_more(pair, day, who):
    """A recipient without the feature hears of its features alone; unknown is kept as unknown."""
    asked = []

    async def life():
        if who == "older":
            pair.session = Session(pair.login, QUICK)
        pair.session.listen("{jabber:client}iq", asked.append)
        async with pair.gate, running(pair.session):
            await eventually(pair.session.connected.is_set)
            store = pair.house.store
            store.subscriptions.add(pair.jid, "house", "consumption", "sen1", Confirm.RECEIPT, pair.house.time)
            pair.gate._delivery.presences.heard(f"{pair.jid}/archive", confirms=True)
            if who == "pseudonym":
                pair.house.allow(pair.jid, manner=Manner(pseudonym=True))
            if who == "without consent":
                store.consents.revoke(pair.jid, None, pair.house.time)
            async with day.running():
                if who == "without consent":
                    await day.rounds()
                    pair.house.time += 2 * DAY_S
                    await day.rounds()
                    assert day.last is None
                    return
                last = await day.later()
                assert last.standing == {"older": "unanswered", "pseudonym": "veiled"}[who]
                assert not last.is_known
                await day.rounds()
                pair.house.time += 60
                await day.rounds()
                assert day.last == last
                assert await day.told() == []

    asyncio.run(life())


def test_a_stop_waits_for_no_comparison(pair, day):
    """Whoever is asked and says nothing keeps no gateway alive; nothing is noted of what did not end."""

    async def life():
        async with pair.joined():
            gate, begun = pair.gate, asyncio.Event()

            async def silent(*_, **__):
                begun.set()
                await asyncio.Event().wait()

            gate.session.request = silent
            try:
                async with day.running():
                    await day.rounds()
                    pair.house.time += DAY_S
                    async with asyncio.timeout(60):
                        await begun.wait()
            finally:
                del gate.session.request
            assert day.last is None
            # The next start does it.
            async with day.running():
                assert (await day.later()).standing == "same"

    asyncio.run(life())


@pytest.mark.parametrize("what", ["missing", "surplus"])
def test_what_was_told_stays_while_nobody_can_compare(pair, day, what):
    """An account without an answer takes no word back and says none; not after a restart either."""

    def note(standing, missing=0, surplus=0, same=9):
        # So little that it is nobody's turn.
        pair.house.time += 1
        found = LastComparison(int(pair.house.time), standing, same, missing, 0, surplus)
        return pair.gate.call(day.store.accounts.compared, pair.jid, found)

    async def life():
        async with pair.joined():
            async with day.running() as comparisons:
                for _ in range(2):
                    await note("differs", **{what: 3})
                await comparisons._look()
                (told,) = await day.told()
                assert "3 readings" in told
                (shown,) = day.shown
                for standing, found in (("unanswered", {}), ("veiled", {}), ("broken", {}), ("broken", {"missing": 1})):
                    await note(standing, same=0, **found)
                    await comparisons._look()
                    assert await day.told() == []
                    assert day.shown == [shown]
            await note("unanswered", same=0)
            async with day.running() as comparisons:
                await comparisons._look()
                # Of the account without an answer there is nothing to say.
                assert await day.told() == []
                await note("same")
                await comparisons._look()
                assert day.notices.active == []

    asyncio.run(life())


def test_what_failed_is_tried_again_the_same_day(pair, day, monkeypatch):
    """A store that could not be written, and a recipient that has just gone: some minutes later, and not at once."""
    failed = []

    def full(*_):
        failed.append(pair.house.time)
        raise StoreError("the disk is full")

    async def life():
        async with pair.joined(), day.running():
            with monkeypatch.context() as disk:
                disk.setattr(day.store.accounts, "compared", full)
                await day.rounds()
                pair.house.time += SOONEST_S + SPREAD_S
                await eventually(lambda: failed, what="failed")
                await day.rounds()
                pair.house.time += RETRY_S - 1
                await day.rounds()
                assert len(failed) == 1
                pair.house.time += RETRY_S + 1
                await eventually(lambda: len(failed) == 2, what="failed again")
                await day.rounds()
            away = []
            with monkeypatch.context() as presences:
                presences.setattr(pair.gate._delivery.presences, "address", lambda jid: away.append(jid) or jid)
                pair.house.time += 4 * RETRY_S
                await eventually(lambda: away, what="away")
                await day.rounds()
                assert (len(away), day.last) == (1, None)
            pair.house.time += 8 * RETRY_S
            assert (await eventually(lambda: day.last, what="compared")).standing == "same"

    asyncio.run(life())


def test_a_recipient_that_has_no_time_is_asked_again_the_same_day(pair, day):
    """It cannot read its store, and says so: nothing was learnt; some minutes later it answers."""

    def renamed(name, other):
        with closing(sqlite3.connect(pair.file)) as db, db:
            db.execute(f"ALTER TABLE {name} RENAME TO {other}")

    async def life():
        async with pair.joined(), day.running() as comparisons:
            renamed("record", "record_away")
            row = await comparisons.order(Compare(recipient=pair.jid))
            assert (row["standing"], day.last) == ("busy", None)
            assert "has no time for this now" in comparison_lines(row, "en")[0]
            await day.rounds()
            begun = pair.house.time
            pair.house.time += SOONEST_S + SPREAD_S
            await eventually(lambda: comparisons._turns._vain, what="asked in vain")
            await day.rounds()
            assert day.last is None
            renamed("record_away", "record")
            pair.house.time += 2 * RETRY_S
            last = await eventually(lambda: day.last, what="compared")
            assert last.standing == "same"
            assert last.at - begun < DAY_S / 2

    asyncio.run(life())


def test_whoever_waits_behind_orders_is_not_taken_for_hung(pair, day):
    """Each comparison that begins is a sign of life; a second run tells what the end of the first has taken back."""

    async def life():
        async with pair.joined():
            pair.tamper(DAMAGES["added"][0])
            async with day.running() as comparisons:
                await comparisons.order(Compare(recipient=pair.jid))
                await day.told()
                (shown,) = day.shown
            await day.told()
            assert day.shown == []
            comparisons.alive_at = 0.0
            await comparisons.order(Compare(recipient=pair.jid))
            assert comparisons.alive_at > 0
            day.notices.over(sharing_key(pair.jid))
            await day.told()
            stop = asyncio.Event()
            again = asyncio.create_task(comparisons.run(stop))
            await day.rounds()
            await day.told()
            assert day.shown == [shown]
            stop.set()
            await again

    asyncio.run(life())
