"""The daemon's own promises: no minute lost or counted twice when it is stopped, or when the card is full."""

import asyncio
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, date, datetime

import pytest

from bench.years import write_years
from gateway.balance.calendar import midnight
from gateway.config.tables import load
from gateway.daemon import app, build
from gateway.daemon.app import Gateway
from gateway.daemon.journalled import note_start
from gateway.daemon.meter import MeterReader
from gateway.daemon.writer import StoreWriter
from gateway.errors import StoreError
from gateway.links.degradation import Measures
from gateway.store.minutes import every_row
from gateway.store.points import Granularity
from gateway.store.store import Archive, Store
from gateway.tic.frame import Frame, Group, Reader
from meter.living import Linky
from meter.process import SimulatedMeter
from servers import wait_until
from tests.gateway.store.conftest import POWER, START, frame
from tests.prepared import prepare

WAIT_S = 30


@pytest.fixture
def config(tmp_path):
    """A house whose meter is not plugged in."""
    path = tmp_path / "gateway.toml"
    path.write_text('[[meter]]\nsource = "/nowhere/tty"\n[store]\ndirectory = "data"\n')
    prepare(tmp_path / "data")
    return load(path)


async def start(config):
    """A gateway that reads nothing by itself, and its recorder."""
    gateway = await Gateway.opened(config, asyncio.Event())
    return gateway, gateway.house.meters["house"].recorder


async def end(gateway):
    """Close what ``start`` opened; the samples and the sum of every minute of power."""
    sums = sorted(row[1:4] for row in every_row(gateway.house.store.db))
    await gateway.close()
    return [(time - START, samples, total) for time, samples, total in sums]


def test_days_that_are_over_are_rolled_up(tmp_path):
    """What they came to is kept, as the daemon comes round."""
    config = write_years(tmp_path, date(2026, 1, 1), date(2026, 1, 4))

    async def scenario():
        gateway, _ = await start(config)
        gateway.house.store.db.execute("DELETE FROM kept_day")
        await gateway.house.writer.roll_up()
        days = gateway.house.store.db.execute("SELECT day FROM kept_day ORDER BY day").fetchall()
        await end(gateway)
        return days

    assert asyncio.run(scenario()) == [(midnight(date(2026, 1, day)),) for day in (1, 2, 3)]


def test_a_start_is_told_in_the_journal_and_needs_none(config, caplog):
    """The version that runs; where it cannot be written the meter is read all the same."""

    async def scenario():
        gateway, _ = await start(config)
        gateway.house.store.db.execute("PRAGMA query_only = 1")
        note_start(gateway.house.store, config, "another start of the machine")
        kinds = [entry.facts()["kind"] for entry in gateway.house.store.journal.entries()]
        await end(gateway)
        return kinds

    assert asyncio.run(scenario()) == ["begun", "restarted"]
    assert "the start stands in no entry" in caplog.text


def test_a_commit_under_way_when_the_daemon_is_stopped_counts_once(config):
    """SIGTERM in the middle of a write: what is being written is not written again, what came since is."""

    async def scenario():
        gateway, recorder = await start(config)
        begun, go = threading.Event(), threading.Event()
        write = gateway.house.store.batches.write

        def slow(batches, now, **more):
            begun.set()
            go.wait(WAIT_S)
            return write(batches, now, **more)

        gateway.house.store.batches.write = slow
        recorder.add(frame(START, power=100))
        commit = asyncio.create_task(gateway.house.write())
        assert await asyncio.to_thread(begun.wait, WAIT_S)
        commit.cancel()
        recorder.add(frame(START + 1, power=200))
        last = asyncio.create_task(gateway.house.write())
        await asyncio.gather(commit, return_exceptions=True)
        go.set()
        await last
        return await end(gateway)

    assert asyncio.run(scenario()) == [(0, 2, 300)]


def test_who_commits_by_hand_is_not_told_of_what_came_meanwhile(config):
    """What another commit is about to write is no failure: the household would believe that its card is full."""

    async def scenario():
        gateway, recorder = await start(config)
        loop, write = asyncio.get_running_loop(), gateway.house.store.batches.write

        def writing(batches, now, **more):
            done = write(batches, now, **more)
            recorder.add(frame(START + 60, power=200))
            loop.call_soon_threadsafe(gateway.house.writer.waiting.append, recorder.take())
            return done

        gateway.house.store.batches.write = writing
        recorder.add(frame(START, power=100))
        await gateway.house.commit()
        gateway.house.store.batches.write = write
        await end(gateway)

    asyncio.run(scenario())


def test_readings_that_cannot_be_stored_at_all_keep_nobody_elses_waiting(config, caplog):
    """A value that SQLite cannot hold: that minute of that meter is left out and told; the others are stored."""

    async def scenario():
        gateway, recorder = await start(config)
        for minute in range(4):
            recorder.add(frame(START + 60 * minute, index=2**70 if minute == 1 else minute + 1))
            gateway.house.writer.waiting.append(recorder.take())
        await gateway.house.write()
        waiting = list(gateway.house.writer.waiting)
        found = gateway.house.store.db.execute("SELECT value FROM reading ORDER BY time").fetchall()
        await end(gateway)
        return waiting, [value for (value,) in found]

    assert asyncio.run(scenario()) == ([], [1, 3, 4])
    assert "left out: an unexpected OverflowError" in caplog.text


def test_minutes_wait_in_memory_while_the_card_is_full(config, caplog):
    """Every minute is there in the end, in order and once; the log says it once, the status all the time."""

    async def scenario():
        gateway, recorder = await start(config)
        await gateway.house.write()
        gateway.house.store.db.execute("PRAGMA query_only = 1")
        for minute in range(50):
            recorder.add(frame(START + 60 * minute, power=minute))
            await gateway.house.write()
        assert gateway.house.writer.link(0.0).state == "broken"
        gateway.house.store.db.execute("PRAGMA query_only = 0")
        await gateway.house.write()
        assert gateway.house.writer.link(0.0).state == "ok"
        found = gateway.house.store.readings.page("house", POWER, Granularity.MINUTE, 0, 2**40, 99)
        assert [p.value for p in found] == list(range(49))
        return await end(gateway)

    assert asyncio.run(scenario()) == [(60 * minute, 1, minute) for minute in range(50)]
    assert caplog.text.count("readings wait in memory") == 1
    assert "can be written again" in caplog.text


def test_old_minutes_in_memory_give_up_their_fine_values_only(config):
    """Memory is short while the card is full: of all but the last minutes the gauges keep mean, least and greatest."""

    async def scenario():
        gateway, recorder = await start(config)
        gateway.house.store.db.execute("PRAGMA query_only = 1")
        for minute in range(15):
            recorder.add(frame(START + 60 * minute, power=minute, index=minute, tariff=str(minute)))
            await gateway.house.write()
        kept = [{sample.path for sample in batch.samples} for batch in gateway.house.writer.waiting]
        await end(gateway)
        return [POWER in paths for paths in kept], [len(paths) for paths in kept]

    power, paths = asyncio.run(scenario())
    assert power == [False] * 5 + [True] * 10
    assert paths == [2] * 5 + [3] * 10


def test_a_card_that_is_full_at_the_end_is_said(config, caplog):
    """What could not be written before the daemon ended is lost, and the log says so."""

    async def scenario():
        stop = asyncio.Event()
        gateway = await Gateway.opened(config, stop)
        task = asyncio.create_task(gateway.run())
        await asyncio.to_thread(wait_until, config.control_socket.exists, WAIT_S, "the daemon runs")
        gateway.house.store.db.execute("PRAGMA query_only = 1")
        gateway.house.meters["house"].recorder.add(frame(START, power=1))
        stop.set()
        await task

    asyncio.run(scenario())
    assert "the last readings are lost" in caplog.text


def test_a_retention_that_cannot_be_kept_does_not_end_the_daemon(config, caplog):
    """Old readings that cannot be deleted now are deleted later."""

    async def scenario():
        gateway, _ = await start(config)
        gateway.house.store.db.execute("PRAGMA query_only = 1")
        await gateway.house.writer.forget()
        await end(gateway)

    asyncio.run(scenario())
    assert "old readings could not be deleted" in caplog.text


def test_what_ends_one_part_ends_no_other(tmp_path, monkeypatch):
    """A meter whose reader fails again and again: the status says so, the other meter is read, all of it is stored."""
    path = tmp_path / "gateway.toml"
    meters = "".join(f'[[meter]]\nname = "{name}"\nsource = "/nowhere/{name}"\n' for name in ("house", "roof"))
    path.write_text(f'{meters}[store]\ndirectory = "data"\n')
    prepare(tmp_path / "data")
    config = load(path)
    begun = Counter()

    async def read(self, urgent, undated):
        begun[self.name] += 1
        self.recorder.add(frame(START + begun[self.name], power=begun[self.name]))
        if self.name == "house":
            raise OverflowError("date value out of range")
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(MeterReader, "read", read)

    async def scenario():
        stop = asyncio.Event()
        gateway = await Gateway.opened(config, stop)
        task = asyncio.create_task(gateway.run())
        await asyncio.to_thread(wait_until, lambda: begun["house"] >= 2, WAIT_S, "it is started again")
        links = {str(link): link for link in gateway.house.standing.own_links(time.monotonic())}
        stop.set()
        await task
        return links

    links = asyncio.run(scenario())
    assert "an unexpected OverflowError" in str(links["cell meter house"].detail)
    assert "cell meter roof" not in links
    assert begun["roof"] == 1
    store = Store(config.directory)
    assert store.readings.last_values("house")[POWER] == (START + begun["house"], begun["house"])
    assert store.readings.last_values("roof")[POWER] == (START + 1, 1)
    store.close()


def test_old_readings_that_fail_to_go_do_not_hold_up_the_new_ones(config, tmp_path, monkeypatch):
    """What is done once an hour, and raises, is tried again in an hour: until then every minute is stored."""
    done = Counter()

    async def fail(self):
        done["hourly"] += 1
        raise ZeroDivisionError

    write = StoreWriter.write

    async def count(self, *batches):
        done["commits"] += 1
        return await write(self, *batches)

    monkeypatch.setattr(app, "_FORGET_EVERY_S", 60.0)
    monkeypatch.setattr(StoreWriter, "roll_up", fail)
    monkeypatch.setattr(StoreWriter, "write", count)
    path = tmp_path / "gateway.toml"
    path.write_text(path.read_text() + "commit_interval_s = 1\n")

    async def scenario():
        stop = asyncio.Event()
        task = asyncio.create_task((await Gateway.opened(load(path), stop)).run())
        await asyncio.to_thread(wait_until, lambda: done["commits"] >= 3, WAIT_S, "commits after the fault")
        stop.set()
        await task

    asyncio.run(scenario())
    assert done["hourly"] == 1


def test_a_database_into_which_nothing_gets_ends_the_daemon_with_its_sentence(config, tmp_path, monkeypatch, caplog):
    """Not a group of errors with a traceback: one error for the person, after the patience of the card."""

    async def fail(self, *_):
        raise ZeroDivisionError

    monkeypatch.setattr(build, "STORE_PATIENCE_S", 1.0)
    monkeypatch.setattr(StoreWriter, "write", fail)
    path = tmp_path / "gateway.toml"
    path.write_text(path.read_text() + "commit_interval_s = 1\n")
    with pytest.raises(StoreError, match="nothing could be committed for"):
        asyncio.run(app.run(load(path)))
    assert "the last readings are lost: an unexpected ZeroDivisionError" in caplog.text
    assert "Traceback" not in caplog.text


def test_a_frame_that_cannot_be_taken_in_costs_itself(config, monkeypatch, caplog):
    """The one after it is recorded; where every frame is one, the reader is at fault and says so."""
    taken = []

    class Wire:
        receipt, age_s, finite = None, 0.0, False

        def __init__(self, gateway, bad):
            self.quality, self.bad = gateway.house.meters["house"].line.quality, bad

        async def frames(self):
            for number in range(20):
                yield Frame("standard", (Group("DATE", "", str(number)),), whole=True, bad=0, end=0), number

    async def accept(self, frame, received, undated, age_s=0.0):
        if received in self.line.bad:
            raise RecursionError
        taken.append(received)
        return False

    monkeypatch.setattr(MeterReader, "accept", accept)

    async def scenario(bad):
        gateway, _ = await start(config)
        meter = gateway.house.meters["house"]
        meter.line = Wire(gateway, bad)
        try:
            await meter.read(asyncio.Event())
        finally:
            await end(gateway)

    asyncio.run(scenario({3, 4, 7}))
    assert taken == [number for number in range(20) if number not in {3, 4, 7}]
    assert caplog.text.count("a frame is left out") == 1
    with pytest.raises(RecursionError):
        asyncio.run(scenario(range(20)))


def test_a_change_of_the_contract_is_committed_at_once(tmp_path):
    """The first words of a meter are in the database long before the interval is over."""
    with SimulatedMeter(tmp_path / "tty", seed=3, mode="standard") as meter:
        path = tmp_path / "gateway.toml"
        path.write_text(f'[[meter]]\nsource = "{meter.path}"\n[store]\ndirectory = "data"\ncommit_interval_s = 300\n')
        prepare(tmp_path / "data")

        def stored():
            with closing(Archive(tmp_path / "data")) as archive:
                return any(series.path == "contract/tariff" for series in archive.meters.series("house"))

        async def scenario():
            stop = asyncio.Event()
            task = asyncio.create_task((await Gateway.opened(load(path), stop)).run())
            await asyncio.to_thread(wait_until, stored, 30, "the tariff is stored")
            stop.set()
            await task

        asyncio.run(scenario())


def test_a_standard_frame_that_lost_its_date_is_left_out(config):
    """Its second is not known, and the host's clock would be mixed with the meter's."""

    class Wire:
        receipt, age_s = None, 0.0

        async def frames(self):
            reader = Reader("standard")
            meter = Linky(start_ms=START * 1000)
            whole = meter.next_frame(START * 1000).encode()
            dateless = [piece for piece in meter.next_frame((START + 2) * 1000).encode() if b"\nDATE" not in piece]
            for read in reader.feed(b"".join([*whole, *dateless])):
                yield read, datetime.fromtimestamp(START, UTC)

    async def scenario():
        gateway, _ = await start(config)
        gateway.house.meters["house"].line = Wire()
        await gateway.house.meters["house"].read(asyncio.Event())
        await gateway.house.write()
        return await end(gateway)

    assert {(time, samples) for time, samples, _ in asyncio.run(scenario()) if samples} == {(0, 1)}


def test_a_restarted_daemon_goes_on_where_it_stopped(config):
    """It repeats nothing that is stored, and ends the minute in which it was stopped."""

    async def scenario(second):
        gateway, recorder = await start(config)
        recorder.add(frame(START + second, power=100, index=5))
        samples = len(recorder._batch.samples)
        await gateway.house.write()
        closed = gateway.house.store.readings.count("house", POWER, Granularity.MINUTE, 0, 2**40)
        await end(gateway)
        return samples, closed

    assert [asyncio.run(scenario(second)) for second in (30, 40, 70)] == [(2, 0), (0, 0), (0, 1)]


def test_what_runs_short_stands_in_the_status_and_among_the_events(config):
    """By name, with what is given up; and again when there is enough, in the order in which it happened."""

    async def scenario():
        gateway, recorder = await start(config)
        recorder.add(frame(START, power=100, index=5))
        said = []
        for free, now in ((15e6, 1.0), (15e6, 601.0), (9e9, 602.0), (9e9, 690.0)):
            gateway.lookout.resources.read = lambda _, free=free: Measures(free, 32e9)
            await gateway.lookout.weigh(now, None)
            await gateway.house.write()
            said.append(next(link for link in gateway.house.standing.own_links(now) if str(link) == "keeping").state)
        events = [(event.kind, event.meter, event.detail) for event in gateway.house.store.readings.events()]
        await end(gateway)
        return said, events, gateway._urgent.is_set()

    said, events, urgent = asyncio.run(scenario())
    assert said == ["ok", "broken", "broken", "ok"]
    assert [(kind, meter) for kind, meter, _ in events] == [("shortage", "house")] * 2
    assert [detail for *_, detail in events] == [
        {"of": "disk", "given_up": "minutes"},
        {"of": "disk", "given_up": "nothing"},
    ]
    assert urgent


def test_a_house_that_keeps_everything_at_home_loads_no_xmpp():
    """It is a fifth of the memory of the daemon."""
    done = subprocess.run(
        [sys.executable, "-c", "import sys, gateway.daemon.app; sys.exit('slixmpp' in sys.modules)"], check=False
    )
    assert done.returncode == 0
