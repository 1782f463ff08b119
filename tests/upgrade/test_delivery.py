"""What 0.1.0 owed, handed over by today's gateway to a recipient that 0.1.0 served, at the time of then."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from gateway.config.tables import load
from gateway.control.messages import Settle
from gateway.control.running import ask
from gateway.errors import StoreError
from servers import wait_until
from tests.upgrade.conftest import ROOT, THEN, House

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import StartFederation

HOME, COOP = "maison@sen1.test", "coop@sen2.test"
_OWED = "SELECT path, outbox.time, outbox.value FROM outbox JOIN series ON series.id = outbox.series"
_HELD = "SELECT name, CAST(time AS INTEGER), value FROM record"


@contextmanager
def running(log: Path, *words: object) -> Iterator[None]:
    """A command of today's, until the end."""
    command = [sys.executable, "-m", "gateway", *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (
        log.open("wb") as said,
        subprocess.Popen(command, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=said, stderr=said) as one,
    ):
        try:
            yield
        finally:
            one.terminate()


def asked(file: Path, question: str) -> list[tuple[object, ...]]:
    """The rows that a file has."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=60)) as db:
        return sorted(db.execute(question))


def is_settled(house: House) -> bool:
    """Whether the gateway runs, and has committed what it postpones: the file is half an hour behind else."""
    try:
        ask(load(house.config).control_socket, Settle())
    except (ConnectionError, StoreError):
        return False  # not started yet, or busy with something else
    return True


@pytest.mark.slow
def test_what_0_1_0_owed_arrives_each_once(
    house: House, start_federation: StartFederation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every row that waited is at the recipient beside what it had, and none waits any more."""
    house.gateway("migrate")
    owed, held = asked(house.database, _OWED), asked(house.folder / "coop.sqlite", _HELD)
    assert len(owed) > 200
    # Servers, certificates and programs alike begin then, each when it starts.
    for key, value in THEN.items():
        monkeypatch.setenv(key, value)
    federation = start_federation("prosody", "prosody")
    password = (house.folder / "password").read_text().strip()
    for jid in (HOME, COOP):
        federation.register(*jid.split("@"), password)
    shutil.copy(federation.ca, house.folder / "ca.pem")
    text = re.sub(
        r"(?m)^address = .*5222.*$", f'address = "{federation.address("sen1.test")}"', house.config.read_text()
    )
    house.config.write_text(text.replace('[web]\nlisten = "127.0.0.1:18099"\n', ""))
    recipient = (
        *("consume", "--jid", COOP, "--password-file", house.folder / "password"),
        *("--address", federation.address("sen2.test"), "--ca-file", federation.ca, "--gateway", f"{HOME}/proxy"),
        *("--store", house.folder / "coop.sqlite", "--identifier", f"{HOME}/ab12@sen1.test"),
    )
    with (
        running(house.folder / "gateway.log", "run", "--config", house.config),
        running(house.folder / "coop.log", *recipient),
    ):
        wait_until(lambda: is_settled(house) and not asked(house.database, _OWED), 120, "an empty outbox", every=0.5)
    prefix = f"{HOME}/ab12@sen1.test/"
    wanted = sorted([*held, *((f"{prefix}{path}", at, value) for path, at, value in owed)])
    assert asked(house.folder / "coop.sqlite", _HELD) == wanted
