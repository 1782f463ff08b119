"""The private PostgreSQL cluster that tests of others start."""

import os

import pytest

from servers.postgres import Postgres, missing_postgres


def test_what_was_committed_outlives_stop_and_kill_and_nothing_is_left():
    """Stopped, killed and started again the rows are there; afterwards its folder is gone."""
    if missing_postgres():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("PostgreSQL is not installed")
    with Postgres() as postgres:
        postgres.sql("CREATE TABLE kept (n integer)")
        for number, end in enumerate((postgres.stop, postgres.kill)):
            postgres.sql(f"INSERT INTO kept VALUES ({number})")
            end()
            postgres.start()
        assert postgres.sql("SELECT n FROM kept ORDER BY n") == "0\n1"
    assert not postgres.folder.exists()
