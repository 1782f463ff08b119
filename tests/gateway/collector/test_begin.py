"""``linky-collect init`` by root: what is missing is made, once, and what cannot be known is a sentence."""

import io
import os
import sys

import psycopg
import pytest

from gateway.collector.begin import begin
from gateway.collector.config import load
from gateway.errors import ConfigError, StoreError
from tests.rights import without_rights

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="for root alone")


@pytest.fixture
def config(postgres, tmp_path):
    """A configuration whose passwords, role and database are all missing; the socket is that of the tests' cluster."""
    file = tmp_path / "collect.toml"
    file.write_text(
        '[account]\njid = "coop@example.org"\npassword_file = "secrets/xmpp"\n'
        f'[database]\nconninfo = "host={postgres.folder} user=linky_begun dbname=linky_begun"\n'
        'password_file = "secrets/database"\n'
    )
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/xmpp").write_text("canary\n")
    yield load(file)
    postgres.sql("DROP DATABASE IF EXISTS linky_begun")
    postgres.sql("DROP ROLE IF EXISTS linky_begun")


def test_role_and_database_are_made_once(config):
    """The password is in a file of root's alone, the database is the role's; a second time nothing is done."""
    said = []
    begin(config, said.append)
    assert len(said) == 1
    assert config.database_password.stat().st_mode & 0o777 == 0o600
    kept = config.database_password.read_text()
    with psycopg.connect(config.database_conninfo()) as db:
        owner = "SELECT rolname FROM pg_database JOIN pg_roles r ON r.oid = datdba WHERE datname = current_database()"
        assert db.execute(owner).fetchone() == ("linky_begun",)
    begin(config, said.append)
    assert (len(said), config.database_password.read_text()) == (1, kept)


def test_a_password_that_came_back_with_a_backup_is_the_roles(config):
    """The folder of the configuration is there before the database: role and database are made for it."""
    config.database_password.write_text("canary-of-the-backup\n")
    said = []
    begin(config, said.append)
    with psycopg.connect(config.database_conninfo()) as db:
        assert db.execute("SELECT current_database()").fetchone() == ("linky_begun",)
    assert config.database_password.read_text() == "canary-of-the-backup\n"
    begin(config, said.append)
    assert len(said) == 1


def test_a_database_that_cannot_be_made_leaves_nothing_half_made(config, postgres):
    """The next one begins anew, and makes both."""
    # Somebody is in the database of which each new one is a copy.
    with psycopg.connect(postgres.conninfo("template1")), pytest.raises(StoreError, match="cannot make the database"):
        begin(config, pytest.fail)
    assert not config.database_password.exists()
    assert postgres.sql("SELECT count(*) FROM pg_roles WHERE rolname = 'linky_begun'") == "0"
    said = []
    begin(config, said.append)
    with psycopg.connect(config.database_conninfo()) as db:
        assert db.execute("SELECT 1").fetchone() == (1,)


def test_a_role_whose_password_is_lost_is_not_touched(config):
    """What it is goes into the file; nobody else's password is changed."""
    begin(config, str)
    config.database_password.unlink()
    with pytest.raises(ConfigError, match="has a role linky_begun already: write its password into it"):
        begin(config, str)


def test_who_is_not_root_makes_nothing(config):
    """As the service, which does the same with passwords that systemd hands over."""
    with without_rights():
        begin(config, pytest.fail)
    assert not config.database_password.exists()


def test_a_password_is_asked_of_a_person_alone(config, monkeypatch):
    """Without a terminal a sentence says where it is to stand."""
    config.account_password.unlink()
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(ConfigError, match=r"secrets/xmpp: is missing: write the password of coop@example\.org into it"):
        begin(config, str)


@pytest.mark.parametrize("told", ["host=db.example.org user=linky dbname=linky", "host=localhost dbname=linky"])
def test_a_database_elsewhere_is_not_ours_to_make(config, told, tmp_path):
    """Nor one of which not all is said."""
    file = tmp_path / "collect.toml"
    lines = [f'conninfo = "{told}"' if line.startswith("conninfo") else line for line in file.read_text().splitlines()]
    file.write_text("\n".join(lines))
    with pytest.raises(ConfigError, match="secrets/database: is missing: write the password of the database"):
        begin(load(file), str)


def test_a_postgresql_that_is_not_there_is_a_sentence(config, tmp_path):
    """The administrator's own words, in one line."""
    file = tmp_path / "collect.toml"
    text = file.read_text()
    file.write_text(text.replace(text.partition("host=")[2].split()[0], "/nowhere"))
    with pytest.raises(StoreError, match="administrator cannot make the database: "):
        begin(load(file), str)
