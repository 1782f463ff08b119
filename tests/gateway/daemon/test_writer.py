"""What the daemon does with what it cannot write, and with what runs short: a real store, real room that ends."""

import asyncio
import os
import shutil
import subprocess
from contextlib import closing, contextmanager
from functools import partial

import pytest

from gateway.config.tables import load
from gateway.daemon.writer import StoreWriter
from gateway.links.degradation import Measures
from gateway.links.disk import DiskSpace
from gateway.links.link import BROKEN, OK
from gateway.links.resources import Resources
from gateway.store.connection import FILE_NAME
from gateway.store.points import Confirm, GivenUp, Granularity, Outgoing
from gateway.store.prepare import prepare
from gateway.store.recorder import Recorder
from gateway.store.redo import REDO_NAME
from gateway.store.store import Archive, Store
from tests.gateway.store.conftest import INDEX, POWER, START, frame

COOP = "coop@sen2.test"
CARD = 32e9
DAYS = 8


@contextmanager
def written_to(folder):
    """A writer over a prepared store in that folder."""
    (folder / "gateway.toml").write_text(
        '[[meter]]\nname = "house"\nsource = "/dev/ttyTIC"\n[store]\ndirectory = "."\n'
    )
    config = load(folder / "gateway.toml")
    prepare(folder)
    with closing(Store(folder)) as store:
        store.meters.add("house", "ab12")

        async def call(function, *arguments):
            return function(*arguments)

        yield StoreWriter(config, store, call), store


def half_hour(recorder, start):
    """Thirty batches of a minute each; the power is the same all minute, the index counts them."""
    batches = []
    for time in range(start, start + 1800, 60):
        recorder.add(frame(time, power=time // 60 % 997, index=(time - START) // 60))
        recorder.add(frame(time + 30, power=time // 60 % 997, index=(time - START) // 60))
        batches.append(recorder.take())
    return batches


def points(folder, path, fine):
    """What is stored, as who reads the file finds it; of an open store, with what it has postponed."""
    if isinstance(folder, Store):
        return {p.time: p.value for p in folder.readings.page("house", path, fine, 0, 2**40, 10**6)}
    with closing(Archive(folder)) as archive:
        return {p.time: p.value for p in archive.readings.page("house", path, fine, 0, 2**40, 10**6)}


def test_a_card_that_cannot_be_written_for_days_costs_what_is_fine_and_no_index(tmp_path):
    """Memory holds a few hundred batches; in the end every index is there, a week of half hours, an hour of minutes."""
    with written_to(tmp_path) as (writer, store):
        store.db.execute("PRAGMA query_only = 1")
        recorder, end = Recorder("house", {}), START + DAYS * 86_400
        for start in range(START, end, 1800):
            asyncio.run(writer.write(half_hour(recorder, start)))
            assert writer.link(0.0).state == BROKEN
        assert len(writer.waiting) < 60 + 48 * DAYS + 2
        assert sum(len(batch.minutes) for batch in writer.waiting if not batch.samples) < 10
        store.db.execute("PRAGMA query_only = 0")
        asyncio.run(writer.write(half_hour(recorder, end)))
        assert (writer.waiting, writer.link(0.0).state) == ([], OK)
    truth = {start: (start - START) // 60 for start in range(START + 1800, end + 1, 1800)}
    assert points(tmp_path, INDEX, Granularity.HALF_HOUR) == truth
    assert len(points(tmp_path, INDEX, Granularity.MINUTE)) == DAYS * 1440 + 29
    halves = points(tmp_path, POWER, Granularity.HALF_HOUR)
    means = {s: round(sum(t // 60 % 997 for t in range(s, s + 1800, 60)) / 30, 1) for s in truth}
    assert halves.items() <= (means | {START: halves.get(START)}).items()
    assert len(halves) in range(7 * 48 - 1, 7 * 48 + 3)
    minutes = points(tmp_path, POWER, Granularity.MINUTE)
    assert minutes == {t: t // 60 % 997 for t in minutes}
    assert len(minutes) >= 58
    assert min(minutes) >= end - 2 * 3600


def test_what_runs_short_is_given_up_at_once_and_kept_again_afterwards(tmp_path):
    """A short disk lets go of stored raw values; new ones come again with the room. Each change is told once."""
    with written_to(tmp_path) as (writer, store):
        recorder = Recorder("house", {})

        def weigh(megabytes, now):
            changes = asyncio.run(writer.weigh(Measures(megabytes * 1e6, CARD), now))
            return [(change.resource.name, change.given_up) for change in changes]

        for start in range(START, START + 4 * 3600, 1800):
            asyncio.run(writer.write(half_hour(recorder, start)))
        everything = len(points(store, POWER, Granularity.RAW))
        assert weigh(1000, 0.0) == []
        assert weigh(30, 10.0) == []
        assert weigh(30, 70.0) == [("DISK", GivenUp.RAW)]
        left = points(store, POWER, Granularity.RAW)
        assert 0 < len(left) < everything / 2
        assert len(points(store, POWER, Granularity.MINUTE)) == 4 * 60 - 1
        asyncio.run(writer.write(half_hour(recorder, START + 4 * 3600)))
        assert points(store, POWER, Granularity.RAW) == left
        assert len(points(store, POWER, Granularity.MINUTE)) == 4 * 60 + 29
        assert weigh(15, 80.0) == []
        assert weigh(15, 680.0) == [("DISK", GivenUp.MINUTES)]
        asyncio.run(writer.write(half_hour(recorder, START + 4 * 3600 + 1800)))
        assert len(points(store, POWER, Granularity.MINUTE)) == 4 * 60 + 30
        assert weigh(1000, 690.0) == []
        assert weigh(1000, 751.0) == [("DISK", GivenUp.NOTHING)]
        left = points(store, POWER, Granularity.RAW)
        asyncio.run(writer.write(half_hour(recorder, START + 5 * 3600)))
        assert len(points(store, POWER, Granularity.RAW)) == len(left) + 30
        assert len(points(store, POWER, Granularity.HALF_HOUR)) == 10
        assert len(points(store, INDEX, Granularity.HALF_HOUR)) == 10


def test_a_queue_that_is_too_long_is_shortened_and_the_readings_stay(tmp_path, monkeypatch):
    """Until it is short enough: the oldest powers leave it, and can still be asked for."""
    monkeypatch.setattr("gateway.links.degradation._LONGEST_QUEUE", 100)
    with written_to(tmp_path) as (writer, store):
        store.consents.grant(COOP, "house", "consumption/power/apparent", Granularity.RAW, START + 10**6, START - 1)
        store.subscriptions.add(COOP, "house", "consumption/power/apparent", "sen1", Confirm.RECEIPT, START - 1)
        recorder = Recorder("house", {})
        for start in range(START, START + 3 * 3600, 1800):
            store.batches.write(half_hour(recorder, start), START)
        (waiting,) = store.outbox.backlog()
        assert waiting.rows == 180
        newest = store.outbox.pending(COOP, waiting.last_seq - 10, 10, START)
        (change,) = asyncio.run(writer.weigh(Measures(queue=waiting.rows), 0.0))
        assert (change.given_up, writer.degradation.stored) == (GivenUp.RAW, GivenUp.NOTHING)
        (waiting,) = store.outbox.backlog()
        assert waiting.rows <= 100
        assert len(points(tmp_path, POWER, Granularity.RAW)) == 180
        assert writer.degradation.link(1.0).state == BROKEN
        assert len(newest) == 10


def test_a_minute_and_what_is_noted_of_its_message_are_written_to_the_card_once(tmp_path, monkeypatch):
    """One record whether it leaves, cannot, or takes too long to; and it is there when ``write`` returns."""
    with written_to(tmp_path) as (writer, store):
        store.consents.grant(COOP, "house", "consumption", Granularity.MINUTE, START + 10**6, START - 1)
        store.subscriptions.add(COOP, "house", "consumption", "sen1", Confirm.RECEIPT, START - 1)
        monkeypatch.setattr("gateway.daemon.writer.time.time", lambda: START)
        recorder, synced, real = Recorder("house", {}), [], os.fdatasync
        monkeypatch.setattr(os, "fdatasync", lambda file: synced.append(file) or real(file))
        *minutes, _ = half_hour(recorder, START)
        asyncio.run(writer.write(minutes[:2]))

        async def leaves():
            rows = tuple(store.outbox.pending(COOP, -1, 1000, START))
            assert store.outbox.hand_over([Outgoing(COOP, rows[-1].seq, rows)], START) == [True]
            store.outbox.confirm(COOP, -1, rows[-1].seq, START)

        async def stays():
            pass

        for number, batch in enumerate(minutes[2:]):
            synced.clear()
            asyncio.run(writer.write([batch], leave=leaves if number % 2 else stays))
            assert len(synced) == 1
            assert not writer.waiting
        assert recovered(tmp_path, tmp_path / "after") == points(store, POWER, Granularity.MINUTE)


def recovered(folder, target):
    """The powers of the minutes that a start finds after a power cut at this moment."""
    target.mkdir()
    for name in (FILE_NAME, f"{FILE_NAME}-wal", REDO_NAME):
        shutil.copyfile(folder / name, target / name)
    with closing(Store(target)) as again:
        return points(again, POWER, Granularity.MINUTE)


def test_what_cannot_be_written_while_it_leaves_waits_and_no_board_is_told(tmp_path):
    """A card that fails with the note of the message: everything is there as soon as it can be written again."""
    with written_to(tmp_path) as (writer, store):
        recorder = Recorder("house", {})
        minutes = half_hour(recorder, START)[:10]
        for number, batch in enumerate(minutes):
            batch.relayed = {("garage", "boot"): number}
        leave = partial(asyncio.sleep, 0)
        for number in (0, 1):
            assert asyncio.run(writer.write([minutes[number]], leave=leave)) == {("garage", "boot"): number}

        async def fails():
            store.db.redo._end = 2**20
            store.db.execute("PRAGMA query_only = 1")

        for batch in minutes[2:8]:
            assert asyncio.run(writer.write([batch], leave=fails)) == {}
            assert writer.link(0.0).state == BROKEN
        # The first is the store's to do again; what is gathered since is thinned, should this last.
        assert writer.waiting == minutes[3:8]
        store.db.execute("PRAGMA query_only = 0")
        assert asyncio.run(writer.write(minutes[8:], leave=leave)) == {("garage", "boot"): 9}
        assert (writer.waiting, writer.link(0.0).state) == ([], OK)
        assert len(points(store, POWER, Granularity.MINUTE)) == 9
        assert len(points(store, POWER, Granularity.RAW)) == 10


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_on_a_disk_that_fills_up_the_indexes_go_on(tmp_path):
    """A file system of 64 MB, filled step by step by something else: at each step what is left out, nothing is lost."""
    folder = tmp_path / "card"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount a tmpfs")
    try:
        # Of the disk alone: what this process has grown to by other tests is not the matter.
        resources, recorder = Resources(DiskSpace(folder), tmp_path / "nothing"), Recorder("house", {})
        with written_to(folder) as (writer, _):
            seen, start = [], START
            for left in (30_000_000, 1_200_000, 600_000, 200_000):
                free, _ = DiskSpace(folder).room()
                with (folder / "ballast").open("ab") as file:
                    file.write(bytes(max(free - left, 0)))
                for hours in (0, 1):
                    asyncio.run(writer.weigh(resources.read(None), 3600.0 * (2 * len(seen) + hours)))
                seen.append(writer.degradation.stored)
                for _ in range(4):
                    asyncio.run(writer.write(half_hour(recorder, start)))
                    start += 1800
                assert (writer.waiting, writer.error) == ([], None)
            assert seen == list(GivenUp)
        assert len(points(folder, INDEX, Granularity.HALF_HOUR)) == 15
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
