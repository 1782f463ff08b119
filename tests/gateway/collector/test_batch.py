"""What one transaction keeps, against a real PostgreSQL: identities, order, ownership, limits, notices."""

import asyncio
import time

import pytest

from gateway.collector import series
from gateway.collector.database import connect
from gateway.collector.gateways import remove
from gateway.errors import StoreError
from gateway.federation.wire.stanza import QuoaliseMessage
from gateway.senml.pack import Record
from harness.accounts import FAR, HOME
from tests.gateway.collector.desk import INDEX, POWER, SENSOR, TARIFF, Desk, desk_at, notice, parcel
from tests.gateway.federation.conftest import eventually

NOW = int(time.time()) // 60 * 60 - 3600
READINGS = "SELECT path, extract(epoch FROM time)::bigint, coalesce(words, value::text) FROM reading" \
    " JOIN series ON series.id = reading.series ORDER BY 1, 2"  # fmt: skip


def minutes(store, path=INDEX):
    """(minutes since NOW, value) of a series."""
    return [((at - NOW) // 60, value) for of, at, value in store.ask(READINGS) if of == path]


def run(store, work, **options):
    """Run a coroutine function of a desk."""

    async def within():
        async with desk_at(store, **options) as desk:
            return await work(desk)

    return asyncio.run(within())


def test_what_comes_twice_counts_once_and_what_is_rectified_replaces(store):
    """The first value of an identity stays, unless its gateway says that it was wrong; words are values too."""

    async def work(desk):
        assert await desk.keep(parcel((NOW, 1), (NOW + 60, 2)), parcel((NOW, 7)), parcel((NOW, "HP"), path=TARIFF)) == [
            True, True, True,
        ]  # fmt: skip
        assert await desk.keep(parcel((NOW, 8), (NOW + 120, 3))) == [True]
        first = minutes(store)
        await desk.keep(parcel((NOW, 5), rectifies=True), parcel((NOW, 9), (NOW, 6), rectifies=True), parcel((NOW, 1)))
        await desk.fill(parcel((NOW + 60, 22)), replaces=True)
        await desk.fill(parcel((NOW + 120, 33)))
        return first

    assert run(store, work) == [(0, "1"), (1, "2"), (2, "3")]
    assert minutes(store) == [(0, "6"), (1, "22"), (2, "3")]
    assert minutes(store, TARIFF) == [(0, "HP")]


def test_the_chain_moves_with_the_readings(store):
    """What is committed and what is said to have been received are one.

    Beyond a hole the gateway counts as heard when it was before: from there on its history is asked.
    """
    heard = "SELECT heard_at > now() - interval '1 day' FROM gateway"

    async def work(desk):
        store.ask("UPDATE gateway SET epoch = '0a0b0c0d', reached = 4, heard_at = now() - interval '2 days'")
        await desk.keep(
            parcel((NOW, 1), (NOW + 1, 1), (NOW + 2, 1), numbers=("0a0b0c0d", 6, 9)),
            parcel((NOW, 1), numbers=("ffffffff", 9, 12)),
        )
        beyond = store.ask("SELECT reached, spans FROM gateway")
        assert store.ask(heard) == [(False,)]
        await desk.keep(parcel((NOW + 60, 1), (NOW + 61, 1), numbers=("0a0b0c0d", 4, 6)))
        return beyond

    assert run(store, work) == [(4, [[6, 9]])]
    assert store.ask("SELECT epoch, reached, spans FROM gateway") == [("0a0b0c0d", 9, [])]
    assert store.ask(heard) == [(True,)]


async def pid_of(desk):
    """Of the connection that writes."""

    async def work(db):
        return (await (await db.execute("SELECT pg_backend_pid()")).fetchone())[0]

    return await desk.database.run(work)


def test_who_lost_a_gateway_writes_nothing_for_it(store):
    """A process that was away cannot bring back what the next owner was told to erase."""

    async def work(desk):
        former = desk.source
        await desk.keep(parcel((NOW, 1)))
        other = Desk(store)
        try:
            assert await other.settle() is None
            # Its connection ends, and it does not know it yet.
            store.ask("SELECT pg_terminate_backend(%s)", await pid_of(desk))
            await eventually(lambda: store.shares() == {}, what="its locks are gone")
            await other.settle()
            assert await other.keep(notice("consent-withdrawn")) == [True]
            with pytest.raises(StoreError):
                await desk.keep(parcel((NOW + 60, 2)), source=former)
            assert await desk.keep(parcel((NOW + 60, 2)), source=former) == [False]
            assert await other.keep(parcel((NOW + 120, 3))) == [True]
        finally:
            await other.database.close()

    run(store, work)
    assert minutes(store) == [(2, "3")]


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        (parcel((NOW, 1), path="other"), True),
        (QuoaliseMessage((Record("gw@x.test/ab12@sen1.test/consumption", NOW, 1),), None, "", None, {}, {}), False),
        (QuoaliseMessage((Record(f"{SENSOR}/{INDEX}", NOW, 1),), None, "", None, {}, {}, live=True), False),
        (parcel((NOW + 3 * 86400, 1)), True),
        (parcel((1_000_000_000, 1)), True),
        (parcel((NOW, "x" * 1001), path=TARIFF), True),
    ],
)
def test_what_is_no_reading_of_ours_is_not_in_the_table(store, content, kept):
    """Strangers' series and live values are not confirmed; a time that cannot be is, as it would be no better again."""
    assert run(store, lambda desk: desk.keep(content)) == [kept]
    assert store.one("SELECT count(*) FROM reading") == (1 if content.records[0].name.endswith("/other") else 0)


def test_months_of_the_past_are_made_when_a_history_reaches_them(store):
    """And what is past its retention when it comes is not kept at all."""
    years_ago = NOW - 2 * 366 * 86_400
    run(store, lambda desk: desk.keep(parcel((years_ago, 1), retention="P3Y"), parcel((years_ago, 2), path=POWER)))
    assert [(path, value) for path, _, value in store.ask(READINGS)] == [(INDEX, "1")]
    assert store.one("SELECT count(*) FROM pg_inherits WHERE inhparent = 'linky.reading'::regclass") == 1


def test_a_gateway_that_invents_series_does_not_fill_the_table(store, monkeypatch):
    """What is too many is not kept, what is known goes on."""
    monkeypatch.setattr(series, "MOST_SERIES", 3)

    async def work(desk):
        await desk.keep(*(parcel((NOW, n), path=f"other/{n}") for n in range(6)))
        await desk.keep(parcel((NOW + 60, 9), path="other/0"), parcel((NOW + 60, 9), path="other/5"))

    run(store, work)
    assert store.one("SELECT count(*) FROM series") == 3
    assert minutes(store, "other/0") == [(0, "0"), (1, "9")]
    assert minutes(store, "other/5") == []


def test_what_is_wanted_no_more_is_confirmed_and_not_kept(store):
    """Taken out and erased: what is still on its way does not come back."""

    async def work(desk):
        await desk.keep(parcel((NOW, 1)))
        removed = await desk.database.run(lambda db: remove(db, FAR, HOME, erase=True))
        assert removed == 1
        return await desk.keep(parcel((NOW + 60, 2)))

    assert run(store, work) == [True]
    assert store.one("SELECT count(*) FROM reading") == store.one("SELECT count(*) FROM meter") == 0


def test_who_comes_back_to_find_everything_taken_still_counts_until_it_leaves(store):
    """Then the others have all of it: a process without its server keeps nobody's share."""

    async def work(desk):
        other = Desk(store)
        try:
            await other.settle()
            store.ask("SELECT pg_terminate_backend(%s)", await pid_of(desk))
            await eventually(lambda: store.shares() == {}, what="its locks are gone")
            await other.settle()
            with pytest.raises(StoreError):
                await pid_of(desk)
            await pid_of(desk)
            assert (desk.partitions.held, desk.partitions.joined) == (frozenset(), True)
            await other.settle()
            assert len(other.partitions.held) == 32
            await desk.database.run(desk.partitions.leave)
            await other.settle()
            assert (len(other.partitions.held), desk.partitions.joined) == (64, False)
        finally:
            await other.database.close()

    run(store, work)


def test_what_waits_while_a_gateway_is_taken_out_does_not_come_back(store):
    """A batch that stands behind the removal keeps by what holds after it."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"

    async def work(desk):
        await desk.keep(parcel((NOW, 1)))
        other = await connect(store.conninfo)
        try:
            async with other.transaction():
                await remove(other, FAR, HOME, erase=True)
                keeping = asyncio.create_task(desk.keep(parcel((NOW + 60, 2))))
                await eventually(lambda: store.one(waits) == 1, what="the batch waits")
            return await keeping
        finally:
            await other.close()

    assert run(store, work) == [True]
    assert minutes(store) in ([], [(0, "1")])


def test_a_number_that_no_meter_has_is_confirmed_and_not_kept(store):
    """Of two such no sum or difference would be a number, for everybody who asks."""

    async def work(desk):
        return await desk.keep(parcel((NOW, -1.7e308), (NOW + 60, 1e15), (NOW + 120, 1.1e15)))

    assert run(store, work) == [True]
    assert minutes(store) == [(1, "1e+15")]


def test_an_erasure_means_what_came_before_it_and_what_it_names(store):
    """In one batch with what came before and after; a second time it changes nothing; names without data go."""
    erased = notice("data-erased", f"{SENSOR}/consumption/energy", first=NOW, last=NOW + 60)

    async def work(desk):
        before = parcel((NOW - 60, 1), (NOW, 2), (NOW + 60, 3), (NOW + 60.5, 4), (NOW + 120, 5))
        assert all(await desk.keep(before, parcel((NOW, 7), path=POWER), erased, parcel((NOW, 6))))
        again = minutes(store)
        await desk.keep(erased)
        assert minutes(store) == again
        await desk.keep(notice("data-erased", f"{SENSOR}/consumption/power", "n2"))

    run(store, work)
    assert minutes(store) == [(-1, "1"), (0, "6"), (2, "5")]
    assert store.ask("SELECT path FROM series") == [(INDEX,)]
    assert store.ask("SELECT id, deleted FROM notice ORDER BY id") == [("n1", 3), ("n2", 1)]


def test_other_notices_do_what_they_say(store):
    """Rectified: to be asked for again. Withdrawn: nothing is left, and nothing is to be asked."""

    async def work(desk):
        await desk.keep(parcel((NOW, 1)), notice("data-rectified", f"{SENSOR}/consumption", first=NOW, last=NOW + 60))
        gaps = store.ask("SELECT identifier, first, last, replaces FROM gap")
        await desk.keep(notice("consent-limited", number="n2"))
        limited = store.one("SELECT count(*) FROM last_value"), store.one("SELECT count(*) FROM reading")
        await desk.keep(notice("consent-resumed", number="n3"))
        assert store.one("SELECT count(*) FROM last_value") == 1
        await desk.keep(notice("consent-withdrawn", number="n4"))
        return gaps, limited

    assert run(store, work) == ([(SENSOR, NOW, NOW + 61, True)], (0, 1))
    for table in ("gap", "reading", "series", "meter"):
        assert store.one(f"SELECT count(*) FROM {table}") == 0


def test_a_series_deleted_by_others_is_found_again(store):
    """A number that this process remembers may be one that is gone."""

    async def work(desk):
        await desk.keep(parcel((NOW, 1)))
        store.ask("DELETE FROM reading")
        store.ask("DELETE FROM meter")
        await desk.keep(parcel((NOW + 60, 2)))

    run(store, work)
    assert minutes(store) == [(1, "2")]


def test_what_cannot_be_read_is_counted_and_confirmed(store):
    """One row a day and gateway."""
    run(store, lambda desk: desk.keep("a <data> holds no <sensml>", "another reason"))
    assert store.ask("SELECT count, reason FROM refused") == [(2, "another reason")]
