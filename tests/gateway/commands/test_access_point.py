"""Whether the page has its password, as the access point's unit may know it."""

from pathlib import Path

import msgspec
import pytest

from gateway.commands import access_point
from gateway.commands.access_point import is_owned
from gateway.config.tables import load
from gateway.web.access.access import PageAccess
from tests.units.files import unit


@pytest.fixture
def config(tmp_path):
    """A house whose database is in a folder of the test's."""
    file = tmp_path / "gateway.toml"
    (tmp_path / "data").mkdir()
    file.write_text(f'[[meter]]\nsource = "/dev/ttyTIC"\n[store]\ndirectory = "{tmp_path}/data"\n[web]\n')
    return load(file)


def test_a_page_is_owned_from_its_password_on(config):
    """No file yet, a code that waits, a password; a file that cannot be read may hold one."""
    assert not is_owned(config)
    access = PageAccess(config.page_file)
    access.take_code("ABCDEFGHJKLM")
    assert not is_owned(config)
    access.set_password("un-mot-de-passe-du-foyer")
    assert is_owned(config)
    config.page_file.write_bytes(b"{")
    assert is_owned(config)


def test_the_units_copy_is_what_counts_where_it_is_the_pages(config, tmp_path, monkeypatch):
    """Of the usual folder alone: another one is looked at itself, and owned where it cannot be."""
    copy = tmp_path / "credentials"
    copy.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(copy))
    PageAccess(config.page_file).set_password("un-mot-de-passe-du-foyer")
    (copy / "page").write_bytes(b"{}")
    assert is_owned(config)
    monkeypatch.setattr(access_point, "_PAGE_FILE", config.page_file)
    assert not is_owned(config)
    (copy / "page").write_bytes(config.page_file.read_bytes())
    assert is_owned(config)


def test_the_unit_brings_that_copy():
    """Nothing is kept where there is no file yet."""
    service = unit("linky-gateway-access-point.service")["Service"]
    assert service["LoadCredential"] == [f"{access_point._COPY}:{access_point._PAGE_FILE}"]
    (default,) = service["SetCredential"]
    name, _, text = default.partition(":")
    assert (name, msgspec.json.decode(text)) == (access_point._COPY, {})
    assert Path("/var/lib/linky-gateway/page.json") == access_point._PAGE_FILE
