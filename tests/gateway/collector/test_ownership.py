"""Processes that share an account: who has which gateways is settled in seconds, and every point is there once.

A real Prosody and a real PostgreSQL; the homes are one component of that server (``fleet.homes`` says in what they
differ from gateways).
"""

import asyncio
import shutil
import tempfile
import threading
from pathlib import Path

import psycopg
import pytest

from fleet import shares
from fleet.sharing import Sharing
from gateway.collector.partitions import classes_of
from gateway.federation.connection.session import Account, Session
from harness.wait import wait_until
from servers.proxy import loop_in_thread, proxy_by
from tests.gateway.collector.conftest import Store
from tests.gateway.federation.conftest import QUICK, eventually, running
from tests.gateway.federation.hostile import payload
from tests.integration.processes import PASSWORD

WAIT_S = 120
# A quiet machine is promised ten seconds; the suite shares its own with other tests.
BUSY_S = 180


@pytest.fixture
def place():
    """A folder whose path is short, for sockets, and that PostgreSQL's user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="linky-share-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def shoot(sharing, times, seconds):
    """An ordinary account sends that many queries, nested too deep, to the processes' full JIDs, spread over a time."""
    server, jid = sharing.server.far.place, sharing.collectors.jid
    sharing.server.register("pest", server.domain, PASSWORD)
    pest = Session(Account(f"pest@{server.domain}", PASSWORD, f"{server.address}:5222", sharing.server.ca, "x"), QUICK)

    async def work():
        async with running(pest):
            await eventually(pest.connected.is_set)
            for number in range(times):
                for resource in ("collector-0", "collector-1"):
                    pest._client.send_raw(payload(f"{jid}/{resource}", number=f"shot{number}"))
                await asyncio.sleep(seconds / times)

    asyncio.run(work())


def subscribed(sharing):
    """Wait until every home has accepted."""
    wait_until(lambda: sharing.homes.report.subscribed == sharing.count, 10 * WAIT_S, "all are subscribed", every=0.2)


def test_joins_leaves_and_kills_of_each_part_lose_nothing(place):
    """Of 300 homes, while they send: a second and a third process come, one goes, one is killed, so is the database.

    Then that hangs with its connections open: the homes are told within seconds, and taken again when it goes on.
    """
    with Sharing(place, 300) as sharing:
        first = sharing.collectors.add()
        subscribed(sharing)
        sharing.homes.rate(40)
        second = sharing.collectors.add()
        sharing.await_shares(2, BUSY_S)
        third = sharing.collectors.add()
        sharing.await_shares(3, BUSY_S)
        assert second.stop(60) == 0
        sharing.await_shares(2, BUSY_S)
        third.kill()
        sharing.await_shares(1, BUSY_S)
        sharing.server.postgres.kill()
        sharing.server.postgres.start()
        sharing.await_shares(1, BUSY_S)
        sharing.await_confirmed(2 * WAIT_S)
        sharing.homes.rate(40)
        left = sharing.homes.report.left
        with sharing.server.postgres.hanging():
            wait_until(lambda: sharing.homes.report.left >= left + sharing.count, BUSY_S, "all homes are told")
        sharing.await_shares(1, BUSY_S)
        sharing.await_said(40, WAIT_S)
        sharing.await_confirmed(2 * WAIT_S)
        assert sharing.wrong() == []
        assert sharing.homes.report.said > 100
        assert first.running
        for program in (first, second):
            assert "Traceback" not in program.log.read_text()


OWNED = """
SELECT count(*) FROM linky.gateway WHERE partition IN (
  SELECT objid FROM pg_locks JOIN pg_stat_activity USING (pid)
  WHERE locktype = 'advisory' AND classid = %s AND application_name LIKE '%%collector-0'
)
"""


def test_one_that_loses_postgresql_alone_leaves_its_homes_and_comes_back(place):
    """They are told that it is not there, send to the other one, and nothing is lost; then both share again."""
    with Sharing(place, 60) as sharing, loop_in_thread() as run:
        conninfo = sharing.collectors.conninfo
        folder = conninfo.split()[0].removeprefix("host=")
        with proxy_by(run, f"{folder}/.s.PGSQL.5432") as proxy:
            host, _, port = proxy.address.partition(":")
            cut = sharing.collectors.add(conninfo.replace(f"host={folder}", f"host={host} port={port}"))
            subscribed(sharing)
            sharing.collectors.add()
            sharing.await_shares(2, BUSY_S)
            sharing.await_quiet(10 * WAIT_S)
            sharing.homes.rate(20)
            sharing.await_said(100, WAIT_S)
            with psycopg.connect(conninfo, autocommit=True) as db:
                (owned,) = db.execute(OWNED, [classes_of(sharing.collectors.jid)[0]]).fetchone()
            before = sharing.homes.report.left
            assert owned > 0
            proxy.refuse = True
            run(cut_all(proxy))
            sharing.await_shares(1, BUSY_S)
            wait_until(lambda: sharing.homes.report.left == before + owned, WAIT_S, "all of its homes are told")
            sharing.await_confirmed(WAIT_S)
            sharing.homes.rate(20)
            proxy.refuse = False
            sharing.await_shares(2, BUSY_S)
            sharing.await_said(100, WAIT_S)
            sharing.await_confirmed(WAIT_S)
        assert sharing.wrong() == []
        assert cut.running
        assert "Traceback" not in cut.log.read_text()


async def cut_all(proxy):
    """In the proxy's own loop."""
    proxy.cut()


def test_a_stranger_s_shots_cost_no_session_and_no_message(place):
    """Ten, nested 600 deep, at each of two processes: none asks anybody anew, and all arrives."""
    with Sharing(place, 100) as sharing:
        programs = [sharing.collectors.add() for _ in range(2)]
        subscribed(sharing)
        sharing.await_shares(2, BUSY_S)
        sharing.await_quiet(10 * WAIT_S)
        sharing.homes.rate(40)
        before = sharing.homes.report
        shoot(sharing, 10, 5)
        sharing.await_confirmed(WAIT_S)
        after = sharing.homes.report
        assert (after.asked, after.shown, after.left) == (before.asked, before.shown, before.left)
        assert (after.bounced, after.sent - before.sent) == (0, after.confirmed - before.confirmed)
        assert sharing.wrong() == []
        for program in programs:
            assert "trying again" not in program.log.read_text()


@pytest.mark.campaign
def test_twenty_thousand_homes(place):
    """1, 2 and 4 processes, and kill -9 of each part: shares within 10 s, every point once, no dearer for their number.

    With fsync on; what was measured is printed (``-s``), and is what ``tools/fleet --homes`` writes.
    """
    with Sharing(place, 20_000, fsync="on", autovacuum="on") as sharing:
        found = shares.measured(sharing, print)
    print(found)
    assert found["wrong"] == []
    assert shares.apart(found["shares"]) <= 0.10


@pytest.mark.campaign
def test_thirty_shots_in_a_minute_change_nothing(place):
    """As many are confirmed in that minute as in the one before, within 5 %."""
    with Sharing(place, 1_000, fsync="on", autovacuum="on") as sharing:
        sharing.collectors.add()
        subscribed(sharing)
        sharing.homes.rate(50)
        sharing.await_quiet(10 * WAIT_S)
        undisturbed = sharing.measure(60)
        shooting = threading.Thread(target=shoot, args=(sharing, 30, 60))
        shooting.start()
        disturbed = sharing.measure(60)
        shooting.join()
        print(undisturbed, disturbed)
        assert disturbed["confirmed"] >= 0.95 * undisturbed["confirmed"]
        assert disturbed["latency_ms"]["p99"] <= 2 * undisturbed["latency_ms"]["p99"]


def test_one_that_is_counted_wrongly_is_found(place):
    """What the test above relies on: a point that is missing, and one that is otherwise."""
    with Sharing(place, 3) as sharing:
        sharing.collectors.add()
        subscribed(sharing)
        sharing.homes.rate(10)
        wait_until(lambda: sharing.homes.report.said >= 6, WAIT_S, "some points")
        sharing.await_confirmed(WAIT_S)
        assert sharing.wrong() == []
        store = Store(sharing.collectors.conninfo, place)
        store.ask("DELETE FROM reading WHERE (series, time) = (SELECT series, time FROM reading LIMIT 1)")
        store.ask("UPDATE reading SET value = -1 WHERE (series, time) = (SELECT series, time FROM reading LIMIT 1)")
        assert sharing.wrong()[0] == "2 missing, 1 wrong, 0 double"
