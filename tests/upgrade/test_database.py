"""What 0.1.0 stored: migrated by today's program, nothing lost."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from tests.upgrade.conftest import SAID

if TYPE_CHECKING:
    from tests.upgrade.conftest import House

BALANCE = ("balance", "--period", "day", "--json")
_DRAWN = """
SELECT max(value) - min(value) FROM reading JOIN series ON series.id = series JOIN meter ON meter.id = meter
WHERE name = 'house' AND path = 'consumption/energy/active/index' AND time <= ?
"""


def test_every_row_of_every_table_is_there_after_the_migration(house: House) -> None:
    """Readings, roll-ups, events, consents, requests, received data, journal, log of transfers, outbox: each value."""
    columns = house.columns()
    before = house.rows(columns)
    for table in (
        *("reading", "minute", "coarse", "series", "meter", "outbox", "consent", "consent_change", "access_request"),
        *("journal", "journal_text", "transfer", "received_point", "received_series", "event", "notice", "correction"),
    ):
        assert before[table], f"the fixture has nothing in {table}"
    house.gateway("migrate")
    assert house.rows(columns) == before
    house.gateway("migrate")
    assert house.rows(columns) == before


def test_what_was_owed_is_still_owed(house: House) -> None:
    """Each row of the outbox waits for its recipient: none counts as handed over, so each goes out once more."""
    house.gateway("migrate")
    with closing(sqlite3.connect(house.database)) as db:
        owed = db.execute(
            "SELECT jid, count(*), sum(outbox.handed), min(seq) > recipient.handed FROM outbox"
            " JOIN recipient ON id = recipient GROUP BY jid"
        ).fetchall()
    assert [(jid, handed, after) for jid, _, handed, after in owed] == [("coop@sen2.test", 0, 1)]
    assert owed[0][1] > 200


def test_the_journal_still_verifies_to_the_entry_that_0_1_0_signed_last(house: House) -> None:
    """Every signature; the migration adds nothing and the head is the one of then."""
    house.gateway("migrate")
    assert house.gateway("journal", "head").strip() == SAID["journal head"]
    house.gateway("journal", "verify")
    house.gateway("check")


@pytest.mark.parametrize("command", ["consent list", "consent pending"])
def test_what_0_1_0_said_of_it_is_said_today(house: House, command: str) -> None:
    """Consents with their state and the hash of their text, requests: key by key."""
    house.gateway("migrate")
    assert_said(json.loads(house.gateway(*command.split(), "--json")), SAID[command])


def test_a_day_counts_from_the_first_reading_on(house: House) -> None:
    """0.1.0 left out what was drawn before the first whole half hour; today's program counts it, too."""
    house.gateway("migrate")
    (then, _), (today, _) = SAID["balance --period day"]["rows"], json.loads(house.gateway(*BALANCE))["rows"]
    assert (today["label"], then["classes_wh"].keys()) == (then["label"], today["classes_wh"].keys())
    midnight = int(datetime.fromisoformat(f"{today['to']}T00:00:00+01:00").timestamp())
    with closing(sqlite3.connect(house.database)) as db:
        (drawn,) = db.execute(_DRAWN, (midnight,)).fetchone()
    assert today["drawn_wh"] == drawn > then["drawn_wh"]


def assert_said(today: object, then: object, where: str = "") -> None:
    """Whatever was said then is said; more may be said today."""
    if isinstance(then, dict):
        assert isinstance(today, dict), where
        for key, value in then.items():
            assert_said(today[key], value, f"{where}.{key}")
    elif isinstance(then, list):
        assert isinstance(today, list), where
        assert len(today) == len(then), where
        for number, (one, other) in enumerate(zip(today, then, strict=True)):
            assert_said(one, other, f"{where}[{number}]")
    else:
        assert today == then, where


def test_what_is_exported_is_the_same_to_the_byte(house: House) -> None:
    """Every raw value, and every half hour."""
    house.gateway("migrate")
    export = ("export", "--format", "csv", "--granularity")
    assert house.gateway(*export, "PT30M").splitlines() == SAID["half hours"]
    raw = house.gateway(*export, "raw")
    assert hashlib.sha256(raw.encode()).hexdigest() == SAID["raw"]
    assert raw.count("\n") > 1000
