"""Backups at the page of a running daemon: one to be downloaded is what the command makes, and comes back elsewhere."""

import html
import json
import re
import time

import pytest

from gateway.backup.act import look as authenticated
from gateway.backup.contents import MOST_SMALL
from gateway.links import nightly_backup
from gateway.web.backup.words import BACKUP_WORDS
from gateway.web.dates import clock, local
from gateway.words.phrase import same
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
    shown = html.unescape(owner.get(PATH)[1])
    assert (SAID["backup_why"] in shown, SAID["password_again_why"] in shown) == (True, False)
    short = {"passphrase": "trop court", "again": "trop court", "own_password": PASSWORD}
    said = SAID["passphrase_short"].format(n=12)
    assert faults(owner.send(f"{PATH}/file", **short)[1]) == {"passphrase": said}
    right = {"passphrase": PHRASE, "again": PHRASE, "own_password": PASSWORD}
    assert faults(owner.send(f"{PATH}/file", **(right | {"again": "autre"}))[1]) == {"again": SAID["passphrase_other"]}
    assert owner.send(f"{PATH}/file", **(right | {"own_password": "faux"}))[0].status == 403
    large = house.folder / "data" / "large.bin"
    with large.open("wb") as file:
        file.truncate(MOST_SMALL + 1)
    assert owner.send(f"{PATH}/file", **right)[0].headers["Location"] == PATH
    wait_until(
        lambda: f'href="{PATH}/file" download' in owner.get(f"{PATH}?wait=1")[1], 90, "the backup is ready", every=0.2
    )
    browser.open(f"{web}{PATH}", width=390, height=844)
    look(browser)
    text = html.unescape(owner.get(PATH)[1])
    assert SAID["backup_left_out"] in text.partition("<details>")[0]
    assert str(large) in text
    assert str(large) not in text.partition("<details>")[0]
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


def stands(owner):
    """The sentence of how the nightly ones stand, what is said below it, and all of the page."""
    text = html.unescape(owner.get(PATH)[1])
    nights = text.partition(f"<h2>{SAID['nightly']}</h2>")[2].partition("</section>")[0]
    found = re.search(rf"<dt>{SAID['nightly_state']}</dt><dd>(.*?)</dd>", nights)
    open_to_all = nights.partition("<details>")[0]
    assert not re.search(r"\.timer|systemd|linky-", open_to_all), "a household is told in its own words"
    return found and found[1], nights


def test_how_the_nightly_ones_stand_is_said(house):
    """None yet is not made; one that is made has its day, one that is late or failed what to do."""
    (house.folder / "stick").mkdir()
    data, owner, hour = house.folder / "data", house.owner(), 3600
    said, text = stands(owner)
    assert "stick" in text
    assert said == SAID["nightly_none_yet"]
    now, late = time.time(), int(time.time()) - 60 * hour

    def all_of(key, at):
        return SAID[key].format(when=clock("fr", local(at)))

    nightly_backup.ended_well(data, now)
    said, text = stands(owner)
    assert (said, "<details>" in text) == (all_of("nightly_made", now), False)
    nightly_backup.failed(data, now, same("/media/stick: No space left on device"))
    said, text = stands(owner)
    assert (said, SAID["nightly_failed"] in text) == (all_of("nightly_made", now), True)
    nightly_backup.ended_well(data, late)
    wait_until(lambda: stands(owner)[0] == all_of("nightly_missing", late), 60, "missing", every=1)
    assert [SAID[key] in stands(owner)[1] for key in ("nightly_see", "nightly_failed")] == [True, False]
    (data / nightly_backup.FILE_NAME).write_bytes(json.dumps({"since": late}).encode())
    wait_until(lambda: stands(owner)[0] == SAID["nightly_never"], 60, "never", every=1)
    assert house.process.stop() == 0
    house.config.write_text(house.config.read_text().partition("[backup]")[0])
    house.process.start()
    wait_until(lambda: house.process.log.read_text().count("the page is served") == 2, 60, "served again")
    assert SAID["nightly_none"] in html.unescape(house.owner().get(PATH)[1])
