"""Your data at the page of a running daemon: what it takes along and what it leaves is what the command line does."""

import html
import io
import json
import re
import shutil
import sqlite3
import time
import zipfile
from contextlib import closing, contextmanager
from datetime import datetime, timedelta

import pytest

from gateway.store.connection import FILE_NAME
from gateway.web.data.words import DATA_WORDS
from gateway.web.dates import PARIS
from servers import wait_until
from tests.gateway.web.conftest import PASSWORD, House
from tests.gateway.web.looks import look
from tests.gateway.web.shared import COOP, make
from tests.gateway.web.test_tariff import faults

PATH = "/settings/data"
SAID = DATA_WORDS["fr"]
# Times of the moment, salts drawn by chance, hashes of both: of these how many rows there are.
OF_THE_MOMENT = {"journal", "journal_text", "about", "_sqlite_migrations"}
# Of who may see it: with the code that the page has shown.
OF_THE_PAGE = "page.json"


def shared_data(shared):
    """A day of readings, of which somebody has received some, and a consent."""
    shared.readings(36 * 60, 300)
    shared.grant()
    shared.handed()


@pytest.fixture
def twins(tmp_path):
    """Two houses with the same past: one for the page, one for the command line."""
    (tmp_path / "page").mkdir()
    make(tmp_path / "page" / "data", shared_data)
    shutil.copytree(tmp_path / "page", tmp_path / "command")
    with House(tmp_path / "page", "/nowhere/tty") as page, House(tmp_path / "command", "/nowhere/tty") as command:
        yield page, command


def undated(text):
    """Without the seconds of these minutes: the two are done one after the other."""
    return re.sub(r"\d{10}", lambda found: "now" if abs(int(found[0]) - time.time()) < 300 else found[0], text)


def left(house):
    """What an erasure has left: the rows of each table without its times, and the files."""
    with closing(sqlite3.connect(f"{(house.folder / 'data' / FILE_NAME).as_uri()}?mode=ro", uri=True)) as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        rows = {name: db.execute(f"SELECT count(*) FROM {name}").fetchone() for name in tables}
        for name in tables - OF_THE_MOMENT:
            columns = [c for _, c, *_ in db.execute(f"PRAGMA table_info({name})") if not c.endswith("_at")]
            if columns:
                rows[name] = sorted(
                    undated(repr(row)) for row in db.execute(f"SELECT {', '.join(columns)} FROM {name}")
                )
    shown = map(json.loads, house.command("journal", "show", "--json").stdout.splitlines())
    entries = [{name: fact for name, fact in entry.items() if name not in ("time", "by", "channel")} for entry in shown]
    files = {path.name for path in (house.folder / "data").iterdir()} - {OF_THE_PAGE}
    return rows | {"the journal's entries": entries, "the files": files}


def ended_by(house):
    """The way by which the consent was withdrawn, as the journal has it."""
    shown = map(json.loads, house.command("journal", "show", "--json").stdout.splitlines())
    return next(entry["channel"] for entry in shown if entry["kind"] == "consent-withdrawn")


def is_ready(owner):
    """Whether the archive can be fetched; whoever asks waits a moment for it."""
    return f'href="{PATH}/archive" download' in owner.get(f"{PATH}?wait=1")[1]


def different(one, other):
    """What is not the same in both."""
    return {name: (one.get(name), other.get(name)) for name in one | other if one.get(name) != other.get(name)}


def assert_alike(one, other):
    """Both have left the same, as soon as each has told anew that its port is not there."""
    wait_until(lambda: left(one)["told"] == left(other)["told"], 60, "both have told it")
    assert different(left(one), left(other)) == {}


def test_all_of_it_is_taken_along_as_the_command_does(twins, browser):
    """By a form, a moment's wait and a download; file by file what `privacy export` writes; then it is gone."""
    house, _ = twins
    owner, web = house.owner(), f"http://127.0.0.1:{house.port}"
    browser.forget()
    browser.cookie(web, "linky_session", owner.cookies["linky_session"])
    browser.open(f"{web}{PATH}", width=390, height=844)
    look(browser)
    assert owner.send(f"{PATH}/archive", own_password="faux")[0].status == 403
    assert owner.send(f"{PATH}/archive", own_password=PASSWORD)[0].headers["Location"] == PATH
    wait_until(lambda: is_ready(owner), 60, "the file is ready", every=0.2)
    browser.open(f"{web}{PATH}", width=390, height=844)
    look(browser)
    # Nobody else who is signed in is offered it.
    other = house.owner()
    assert "archive/remove" not in other.get(PATH)[1]
    assert other.get(f"{PATH}/archive")[0].headers["Location"] == PATH
    link = owner.link()
    cookies = "; ".join(f"{name}={value}" for name, value in owner.cookies.items())
    link.request("GET", f"{PATH}/archive", headers={"Host": owner.host, "Cookie": cookies})
    answer = link.getresponse()
    assert answer.headers["Content-Disposition"] == 'attachment; filename="linky-gateway.zip"'
    mine = zipfile.ZipFile(io.BytesIO(answer.read()))
    link.close()
    there = house.folder / "by-command.zip"
    done = house.command("privacy", "export", "--to", str(there))
    assert done.returncode == 0, done.stderr
    theirs = zipfile.ZipFile(there)
    assert mine.namelist() == theirs.namelist()
    same = [name for name in mine.namelist() if mine.read(name) != theirs.read(name)]
    assert same == ["manifest.json"]
    kept = house.folder / "data" / "taken-along.zip"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert owner.send(f"{PATH}/archive/remove")[0].status == 303
    assert not kept.exists()
    assert owner.get(f"{PATH}/archive")[0].headers["Location"] == PATH


def test_a_file_that_nobody_fetched_goes_with_the_gateway(twins):
    """At its end, after a power cut at its next start; a file that cannot be made is said to be none."""
    house, _ = twins
    owner = house.owner()
    owner.send(f"{PATH}/archive", own_password=PASSWORD)
    kept = house.folder / "data" / "taken-along.zip"
    wait_until(kept.exists, 60, "the file is ready", every=0.2)
    house.process.kill()
    assert kept.exists()
    house.process.start()
    wait_until(lambda: house.process.log.read_text().count("the page is served") == 2, 60, "served again")
    assert not kept.exists()
    owner = house.owner()
    owner.send(f"{PATH}/archive", own_password=PASSWORD)
    wait_until(kept.exists, 60, "another one is ready", every=0.2)
    assert house.process.stop() == 0
    assert not kept.exists()
    house.process.start()
    wait_until(lambda: house.process.log.read_text().count("the page is served") == 3, 60, "served again")
    owner = house.owner()
    before = house.config.read_text()
    house.config.write_text("[nonsense")
    owner.send(f"{PATH}/archive", own_password=PASSWORD)
    wait_until(lambda: SAID["copy_failed"] in html.unescape(owner.get(f"{PATH}?wait=1")[1]), 60, "said", every=0.2)
    house.config.write_text(before)


def test_days_are_erased_as_the_command_does(twins, browser):
    """First what goes, who is asked to erase too and what stays; then with the password, and the same is left."""
    house, command = twins
    owner, web = house.owner(), f"http://127.0.0.1:{house.port}"
    # That the page has its first password is in the journal of both.
    command.owner()
    day = datetime.now(PARIS).date() - timedelta(days=1)
    asked = f"{PATH}/erase?first={day}&last={day}"
    browser.forget()
    browser.cookie(web, "linky_session", owner.cookies["linky_session"])
    browser.open(f"{web}{asked}", width=390, height=844)
    look(browser)
    _, text = owner.get(asked)
    assert COOP in text
    assert int(re.search(r"Relevés et totaux\W+([\d\u202f]+)", html.unescape(text))[1].replace("\u202f", "")) > 100
    fields = {"first": str(day), "last": f"{day:%d/%m/%Y}"}
    _, text = owner.send(f"{PATH}/erase", first="x", last="")
    assert faults(text) == dict.fromkeys(("first", "last"), SAID["wrong_day"])
    answer, text = owner.send(f"{PATH}/erase", **fields, own_password="faux")
    assert (answer.status, SAID["wrong_password_here"] in html.unescape(text)) == (403, True)
    before = left(house)["minutes"]
    answer, text = owner.send(f"{PATH}/erase", **fields, own_password=PASSWORD)
    assert (answer.status, COOP in text) == (200, True)
    assert left(house)["minutes"] != before
    begin, end = (datetime.combine(one, datetime.min.time(), PARIS) for one in (day, day + timedelta(days=1)))
    done = command.command("privacy", "erase", "--from", begin.isoformat(), "--to", end.isoformat(), "--yes")
    assert done.returncode == 0, done.stderr
    assert_alike(house, command)
    assert SAID["erase_nothing"] in html.unescape(owner.get(asked)[1])


def test_a_meter_that_is_not_known_any_more_is_not_all_of_them(twins):
    """A page that stayed open while it was taken out or renamed: nothing is looked at, nothing goes."""
    house, _ = twins
    owner, day = house.owner(), datetime.now(PARIS).date() - timedelta(days=1)
    before = left(house)
    answer, text = owner.get(f"{PATH}/erase?first={day}&last={day}&meter=shed")
    assert (answer.status, faults(text)) == (400, {"meter": SAID["wrong_meter"]})
    fields = {"first": str(day), "last": str(day), "meter": "shed", "own_password": PASSWORD}
    answer, text = owner.send(f"{PATH}/erase", **fields)
    assert (answer.status, faults(text)) == (400, {"meter": SAID["wrong_meter"]})
    assert different(left(house), before) == {}
    answer, _ = owner.send(f"{PATH}/erase", **fields | {"meter": "house"})
    assert (answer.status, different(left(house), before) == {}) == (200, False)


@contextmanager
def reading(house):
    """Another program reads the database, and goes on with it."""
    with closing(sqlite3.connect(house.folder / "data" / FILE_NAME, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM meter").fetchone()
        yield


def test_what_an_erasure_could_not_reach_is_said(twins):
    """Copies of before that lie there, and that a reader kept the bytes; a file that somebody else prepared goes."""
    house, _ = twins
    owner, other = house.owner(), house.owner()
    before = house.folder / "data" / f"{FILE_NAME}.before-20260101T000000Z"
    before.write_bytes(b"older readings")
    other.send(f"{PATH}/archive", own_password=PASSWORD)
    kept = house.folder / "data" / "taken-along.zip"
    wait_until(lambda: is_ready(other), 60, "the file is ready", every=0.2)
    day = datetime.now(PARIS).date() - timedelta(days=1)
    fields = {"first": str(day), "last": str(day)}
    assert SAID["stays_aside"].format(n=1) in html.unescape(owner.get(f"{PATH}/erase?first={day}&last={day}")[1])
    with reading(house):
        text = html.unescape(owner.send(f"{PATH}/erase", **fields, own_password=PASSWORD)[1])
    assert [key for key in ("erase_copies", "erase_again") if SAID[key].format(n=1) not in text] == []
    assert (kept.exists(), is_ready(other)) == (False, False)
    # Once more from that page, and nothing is left to say but the copy.
    again = dict(re.findall(r'<input type="hidden" name="(first|last|meter)" value="([^"]*)"', text))
    assert again == fields | {"meter": ""}
    before.unlink()
    text = html.unescape(owner.send(f"{PATH}/erase", **again, own_password=PASSWORD)[1])
    assert [key for key in ("erase_copies", "erase_again", "erase_undone") if SAID[key].format(n=1) in text] == []
    # Whoever hands over is told as well, with the code.
    with reading(house):
        text = html.unescape(owner.send(f"{PATH}/hand-over", own_password=PASSWORD)[1])
    assert SAID["hand_over_again"] in text
    assert re.search(r'class="code"><strong>[^<]+<', text)


def test_the_gateway_is_handed_over_as_the_command_erases_everything(twins, browser):
    """Nobody is signed in then; the code that is shown, and no other word, lets in whoever has it next."""
    house, command = twins
    owner, web = house.owner(), f"http://127.0.0.1:{house.port}"
    command.owner()
    for one in (house, command):
        assert one.command("settings", "set", "objective.kwh_per_month", "250").returncode == 0
    assert owner.send(f"{PATH}/hand-over", own_password="faux")[0].status == 403
    browser.forget()
    browser.cookie(web, "linky_session", owner.cookies["linky_session"])
    browser.open(f"{web}{PATH}/hand-over", width=390, height=844)
    look(browser)
    browser.press(f"document.getElementById('f-own_password').value = '{PASSWORD}'", "main form button")
    look(browser)
    code = browser.evaluate("document.querySelector('.code').innerText")
    assert owner.get("/")[0].headers["Location"] == "/setup"
    assert command.command("privacy", "erase", "--everything", "--yes").returncode == 0
    assert_alike(house, command)
    assert [ended_by(one) for one in twins] == ["web", "command"]
    visitor = house.visitor()
    assert visitor.post("/login", {"password": PASSWORD})[0].status == 403
    new = "une-autre-phrase-de-passe"
    answer, text = visitor.post("/setup", {"code": code, "password": new, "again": new})
    assert (answer.status, "linky_session" in visitor.cookies) == (303, True), text
