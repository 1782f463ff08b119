"""What systemd hears on its socket, and when it hears no sign of life: a stuck part, never a silent meter."""

import asyncio
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from gateway.links.link import BROKEN, OK, WAITING, Link, LinkKind, meter_link
from gateway.links.status_line import status_line
from gateway.process.systemd import Notifier, Watchdog
from gateway.sources.line import LineState
from gateway.words.phrase import same

DEADLINE_S = 30.0


@contextmanager
def systemd(address):
    """A notify socket as systemd binds it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(address)
        bound.settimeout(DEADLINE_S)
        yield bound


@pytest.fixture
def heard(tmp_path):
    """The notify socket of one test."""
    with systemd(str(tmp_path / "notify")) as bound:
        yield bound


@contextmanager
def notifier(path, **more):
    told = Notifier({"NOTIFY_SOCKET": path, **more})
    try:
        yield told
    finally:
        told.close()


def listen(bound):
    return bound.recv(4096).decode()


def everything(bound):
    """All that waits in the socket."""
    bound.setblocking(False)
    found = []
    try:
        while True:
            found.append(listen(bound))
    except BlockingIOError:
        return found
    finally:
        bound.settimeout(DEADLINE_S)


def test_a_life_is_told_as_systemd_reads_it(heard):
    """Ready, one line of status, a sign of life, the end; while it ends, nothing more."""
    with notifier(heard.getsockname()) as told:
        told.ready()
        told.status("standard mode, 1 s ago;\nconnectée")
        told.alive()
        told.stopping()
        told.alive()
        told.status("the port is lost")
    said = ["READY=1", "STATUS=standard mode, 1 s ago; connectée", "WATCHDOG=1", "STOPPING=1"]
    assert everything(heard) == said


def test_an_abstract_name_is_understood():
    """``@`` stands for the NUL byte of a name that is in no file system."""
    name = f"gateway-test-{os.getpid()}"
    with systemd(f"\0{name}") as bound, notifier(f"@{name}") as told:
        told.ready()
        assert listen(bound) == "READY=1"


def test_a_status_that_has_not_changed_is_not_told_again(heard):
    """systemd is woken for news only."""
    with notifier(heard.getsockname()) as told:
        for text in ("one", "one", "two"):
            told.status(text)
    assert everything(heard) == ["STATUS=one", "STATUS=two"]


@pytest.mark.parametrize("environment", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1"}])
def test_where_systemd_does_not_listen_nothing_happens(environment):
    """Started by hand, or from a machine that listens otherwise."""
    told = Notifier(environment)
    told.ready()
    told.status("well")
    told.close()


def test_a_listener_that_went_away_or_is_full_disturbs_nobody(tmp_path):
    """Neither an error nor a wait."""
    path = str(tmp_path / "notify")
    with notifier(path) as told:
        told.ready()
        with systemd(path) as bound:
            for _ in range(10_000):
                told.alive()
            assert 0 < len(everything(bound)) < 10_000


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({"WATCHDOG_USEC": "60000000"}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_interval_is_the_one_asked_of_this_process(environment, seconds):
    """sd_watchdog_enabled(3)."""
    assert Notifier(environment).watchdog_s == seconds


def test_signs_of_life_come_at_half_the_interval(heard):
    """Four of them, the first at once, take three halves of it: neither a stream nor one that stops."""

    async def scenario():
        with notifier(heard.getsockname(), WATCHDOG_USEC="400000") as told:
            watchdog = Watchdog(told)
            assert watchdog.every_s == 0.2
            running = asyncio.create_task(watchdog.run())
            begun = time.monotonic()
            for _ in range(4):
                assert await asyncio.to_thread(listen, heard) == "WATCHDOG=1"
            running.cancel()
            return time.monotonic() - begun

    assert 0.55 < asyncio.run(scenario()) < DEADLINE_S


class Clock:
    """Monotonic seconds that a test moves."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_one_task_that_does_not_come_round_keeps_the_sign_of_life_back(heard, caplog):
    """Said once, by name; and when it turns again, all is well again."""
    clock, turned = Clock(), {"commit": 100.0, "session": 100.0}
    with notifier(heard.getsockname(), WATCHDOG_USEC="60000000") as told:
        watchdog = Watchdog(told, clock)
        for name, patience in (("commit", 60.0), ("session", 600.0)):
            watchdog.watch(name, lambda name=name: turned[name], patience)
        assert watchdog.look() == []
        clock.now += 61
        assert watchdog.look() == watchdog.look() == ["commit"]
        turned["commit"] = clock.now
        assert watchdog.look() == []
    assert everything(heard) == ["WATCHDOG=1"] * 2
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]
    assert "commit has made no progress for 61 s" in caplog.text


def test_a_stuck_database_thread_is_no_life(heard):
    """Its probe waits behind what is stuck; when that ends, life is told again."""

    async def scenario():
        stuck = threading.Event()
        clock = Clock()
        with notifier(heard.getsockname()) as told, ThreadPoolExecutor(1) as thread:
            loop = asyncio.get_running_loop()
            answered = asyncio.Event()

            async def ask():
                await loop.run_in_executor(thread, int)
                answered.set()

            watchdog = Watchdog(told, clock)
            thread.submit(stuck.wait, DEADLINE_S)
            probing = asyncio.create_task(watchdog.probe("the database's thread", ask, 300.0))
            await asyncio.sleep(0)
            clock.now += 301
            assert watchdog.look() == ["the database's thread"]
            stuck.set()
            await asyncio.wait_for(answered.wait(), DEADLINE_S)
            assert watchdog.look() == []
            probing.cancel()

    asyncio.run(scenario())
    assert everything(heard) == ["WATCHDOG=1"]


def test_a_silent_meter_is_not_a_restart(heard):
    """Mute for a month, its link is broken and its task comes round: there are signs of life."""
    line = LineState(open=True, last_frame=0.0, alive_at=30 * 86_400.0)
    with notifier(heard.getsockname()) as told:
        watchdog = Watchdog(told, lambda: line.alive_at + 1)
        watchdog.watch("meter house", lambda: line.alive_at, 120.0)
        assert meter_link("house", line, line.alive_at).state == BROKEN
        assert watchdog.look() == []


COUNTS = "standard mode, 812 whole frames, 0 partial, 0 bad groups"


@pytest.mark.parametrize(
    ("links", "line"),
    [
        (
            [
                Link(LinkKind.METER, "house", OK, 12.4, same(COUNTS)),
                Link(LinkKind.PORT, "house", OK, 900.0, same("open")),
                Link(LinkKind.STORE, "", OK, 3.0, same("written")),
                Link(LinkKind.XMPP, "", OK, 50.0, same("connected")),
                Link(LinkKind.RECIPIENT, "a@b", OK, None, same("has everything")),
                Link(LinkKind.RECIPIENT, "c@d", WAITING, 40.0, same("2 readings waiting")),
            ],
            "standard mode, 12 s ago; connected; 2 recipients up to date",
        ),
        ([Link(LinkKind.METER, "house", BROKEN, 150.0, same(f"silent; {COUNTS}"))], "mute for 2 min; no federation"),
        ([Link(LinkKind.METER, "house", WAITING, None, same("no frame yet"))], "no frame yet; no federation"),
        (
            [
                Link(LinkKind.METER, "house", BROKEN, 150.0, same(f"silent; {COUNTS}")),
                Link(LinkKind.PORT, "house", BROKEN, 140.0, same("/dev/ttyTIC is not there")),
                Link(LinkKind.METER, "roof", OK, 1.0, same(COUNTS.replace("standard", "historic"))),
                Link(LinkKind.STORE, "", BROKEN, 70.0, same("the database cannot be written: disk full")),
                Link(LinkKind.DISK, "", BROKEN, 70.0, same("40 MB free of 32.0 GB; 500 MB are needed")),
                Link(LinkKind.BACKUP, "", BROKEN, 3 * 86_400.0, same("the last good one 3 d ago")),
                Link(LinkKind.XMPP, "", BROKEN, 7300.0, same("the server refused the password")),
                Link(LinkKind.RECIPIENT, "a@b", WAITING, 3 * 86_400.0, same("900 readings waiting")),
            ],
            "house: port lost for 2 min; roof: historic mode, 1 s ago; the database cannot be written;"
            " the card is nearly full; no backup for 3 d; not connected for 2 h; 1 of 1 recipient behind by 3 d",
        ),
    ],
)
def test_the_status_is_one_line_that_names_nobody(links, line):
    """Every user of the machine may read it."""
    assert status_line(links) == line
