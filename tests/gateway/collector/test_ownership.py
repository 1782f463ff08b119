"""Processes that share an account: who has which gateways is settled in seconds, and every point is there once.

A real Prosody and a real PostgreSQL; the homes are one component of that server (``fleet.homes`` says in what they
differ from gateways).
"""

import shutil
import tempfile
from pathlib import Path

import pytest

from fleet.sharing import Sharing
from harness.wait import wait_until
from tests.gateway.collector.conftest import Store

WAIT_S = 120
# What is promised of a quiet machine; the suite shares its own with other tests.
SETTLED_S, BUSY_S = 10, 60


@pytest.fixture
def place():
    """A folder whose path is short, for sockets, and that PostgreSQL's user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="linky-share-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def subscribed(sharing):
    """Wait until every home has accepted."""
    wait_until(lambda: sharing.homes.report.subscribed == sharing.count, 10 * WAIT_S, "all are subscribed", every=0.2)


def test_joins_leaves_and_kills_of_each_part_lose_nothing(place):
    """Of 300 homes, while they send: a second and a third process come, one goes, one is killed, so is the database."""
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
        assert sharing.wrong() == []
        assert sharing.homes.report.said > 100
        assert first.running
        for program in (first, second):
            assert "Traceback" not in program.log.read_text()


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
