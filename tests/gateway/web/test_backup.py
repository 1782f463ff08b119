"""Backups at the page of a running daemon: one to be downloaded is what the command makes, and comes back elsewhere."""

import html
import time

import pytest

from gateway.backup.act import look as authenticated
from gateway.links import nightly_backup
from gateway.web.backup.words import BACKUP_WORDS
from servers import wait_until
from tests.gateway.web.conftest import PASSWORD, House
from tests.gateway.web.looks import look
from tests.gateway.web.shared import make
from tests.gateway.web.test_data import different, shared_data
from tests.gateway.web.test_tariff import faults

PATH = "/settings/backup"
SAID = BACKUP_WORDS["fr"]
PHRASE = "canary-une-phrase-secrète-7b"


@pytest.fixture
def house(tmp_path):
    folder = tmp_path / "house"
    folder.mkdir()
    make(folder / "data", shared_data)
    with House(folder, "/nowhere/tty", '[backup]\ndirectory = "stick"\nsame_card = true\nkeep = 3\n') as running:
        yield running


def fetched(owner):
    """The bytes of the file."""
    link = owner.link()
    cookies = "; ".join(f"{name}={value}" for name, value in owner.cookies.items())
    link.request("GET", f"{PATH}/file", headers={"Host": owner.host, "Cookie": cookies})
    answer = link.getresponse()
    body = answer.read()
    link.close()
    assert answer.headers["Content-Disposition"].endswith('.backup"')
    return body


def test_a_backup_is_downloaded_and_comes_back_on_another_card(house, browser, tmp_path):
    """Its passphrase is kept nowhere; it has the files of the command's, and restores to what was stored."""
    owner, web = house.owner(), f"http://127.0.0.1:{house.port}"
    browser.forget()
    browser.cookie(web, "linky_session", owner.cookies["linky_session"])
    browser.open(f"{web}{PATH}", width=390, height=844)
    look(browser)
    short = {"passphrase": "trop court", "again": "trop court", "own_password": PASSWORD}
    said = SAID["passphrase_short"].format(n=12)
    assert faults(owner.send(f"{PATH}/file", **short)[1]) == {"passphrase": said}
    right = {"passphrase": PHRASE, "again": PHRASE, "own_password": PASSWORD}
    assert faults(owner.send(f"{PATH}/file", **(right | {"again": "autre"}))[1]) == {"again": SAID["passphrase_other"]}
    assert owner.send(f"{PATH}/file", **(right | {"own_password": "faux"}))[0].status == 403
    assert owner.send(f"{PATH}/file", **right)[0].headers["Location"] == PATH
    wait_until(lambda: f"{PATH}/file/remove" in owner.get(f"{PATH}?wait=1")[1], 90, "the backup is ready", every=0.2)
    browser.open(f"{web}{PATH}", width=390, height=844)
    look(browser)
    assert house.visitor().get(f"{PATH}/file")[0].headers["Location"] == f"/login?to={PATH}/file"
    mine, theirs = tmp_path / "mine.backup", tmp_path / "theirs.backup"
    mine.write_bytes(fetched(owner))
    (tmp_path / "phrase").write_text(PHRASE)
    done = house.command("backup", str(theirs), "--passphrase-file", str(tmp_path / "phrase"))
    assert done.returncode == 0, done.stderr
    found = [authenticated(file, PHRASE).files for file in (mine, theirs)]
    assert different(*({name: name for name in files} for files in found)) == {}
    assert not [name for name in found[0] if "taken-along" in name]
    for place in (*(house.folder / "data").iterdir(), house.process.log):
        assert place.is_socket() or PHRASE.encode() not in place.read_bytes()
    # On a new card: its configuration, its readings.
    card = tmp_path / "card"
    card.mkdir()
    elsewhere = House(card, "/nowhere/tty")
    elsewhere.config.unlink()
    done = elsewhere.command("restore", str(mine), "--passphrase-file", str(tmp_path / "phrase"))
    assert done.returncode == 0, done.stderr
    assert elsewhere.config.read_text() == house.config.read_text()
    exports = [one.command("export", "--format", "csv", "--granularity", "PT30M").stdout for one in (house, elsewhere)]
    assert exports[0] == exports[1]
    assert exports[0].count("\n") > 50
    assert owner.send(f"{PATH}/file/remove")[0].status == 303
    assert not (house.folder / "data" / "taken-along.backup").exists()


def test_how_the_nightly_ones_stand_is_said(house):
    """Where they are, how many stay, when one was last good; without a place that there are none."""
    (house.folder / "stick").mkdir()
    owner = house.owner()
    _, text = owner.get(PATH)
    assert "stick" in text
    assert f"{SAID['nightly_ok']} – " in html.unescape(text)
    nightly_backup.ended_well(house.folder / "data", time.time() - 60 * 3600)
    wait_until(lambda: f"{SAID['nightly_broken']} – " in html.unescape(owner.get(PATH)[1]), 60, "missing", every=1)
    assert house.process.stop() == 0
    house.config.write_text(house.config.read_text().partition("[backup]")[0])
    house.process.start()
    wait_until(lambda: house.process.log.read_text().count("the page is served") == 2, 60, "served again")
    assert SAID["nightly_none"] in html.unescape(house.owner().get(PATH)[1])
