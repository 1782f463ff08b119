"""A backup brought back at the page of a running daemon: what it leaves is what the command leaves, or nothing changed.

The helper is the real one; the test does what systemd is told, by the lines of the unit's own file.
"""

import asyncio
import html
import json
import re
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest

from gateway.store.connection import FILE_NAME
from gateway.store.copies import BROUGHT_ALONG
from gateway.store.copies import BROUGHT_BACK as ENDING
from gateway.upkeep.helper.acts.restore_backup import HANDED_OVER, UNIT
from gateway.upkeep.helper.server import Helper
from gateway.web.backup.words import BACKUP_WORDS
from gateway.web.dates import clock, local
from harness import ROOT
from servers import wait_until
from tests.gateway.upkeep.helper.conftest import Scratch
from tests.gateway.web.conftest import House
from tests.gateway.web.looks import look
from tests.gateway.web.shared import COOP, make
from tests.gateway.web.test_data import shared_data
from tests.gateway.web.test_tariff import faults
from tests.integration.processes import ENVIRONMENT, Process
from tests.units.files import unit

PATH, RESTORE = "/settings/backup", "/settings/backup/restore"
SAID = BACKUP_WORDS["fr"]
PHRASE = "canary-une-phrase-de-passe-9f"
INSTALLED = {"gateway.toml": 0o640, "secrets/xmpp-password": 0o600}
# The one of a page that is new: it goes with what is replaced.
OTHER = "canary-un-mot-de-la-carte-neuve"


class HelpedHouse(House):
    """A house whose daemon asks a helper of the test's own; the test is its systemd."""

    def __init__(self, folder, port=None):
        super().__init__(folder, "/nowhere/tty")
        if port:
            self.config.write_text(self.config.read_text().replace(f":{self.port}", f":{port}"))
            self.port = port
        (folder / "secrets").mkdir()
        self.system, self.socket = Scratch(folder / "system"), folder / "helper"
        self.served = 0
        words = ("run", "--config", self.config, "--log-level", "DEBUG")
        self.process = Process(folder, "gateway", self.socket, *words, module="tests.gateway.web.helped")

    def __enter__(self):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.socket))
        listener.listen()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, args=[listener])
        self._thread.start()
        self.start()
        return self

    def __exit__(self, *_):
        super().__exit__()
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(60)

    def _serve(self, listener):
        asyncio.set_event_loop(self._loop)
        self._task = self._loop.create_task(Helper(self.system.root, 3600).serve(listener))
        with closing(self._loop):
            self._loop.run_until_complete(asyncio.wait([self._task]))

    def start(self):
        self.process.start()
        self.served += 1
        said = "the page is served"
        wait_until(lambda: self.process.log.read_text().count(said) == self.served, 60, said)

    @property
    def data(self):
        return self.folder / "data"

    def told(self, name):
        """Until systemd is told to start that unit."""
        wait_until(lambda: self.system.told[-3:] == ["--no-block", "start", name], 60, f"{name} is started")

    def restored(self):
        """What the unit does with the gateway stopped; what its command said."""
        self.told(UNIT)
        service = unit(UNIT)["Service"]
        assert service["ExecStartPre"] == ["+/usr/bin/systemctl stop linky-gateway.service"]
        assert self.process.stop() == 0
        handed = self.system.root / HANDED_OVER
        assert handed.stat().st_mode & 0o777 == 0o600
        assert service["LoadCredential"] == [f"passphrase:/{HANDED_OVER}"]
        places = {f"/var/lib/linky-gateway/{BROUGHT_ALONG}": self.data / BROUGHT_ALONG, "%d/passphrase": handed}
        words = service["ExecStart"][0].split()[1:]
        done = self.command(*(str(places.get(word, word)) for word in words))
        removed, *_, started = (line.split() for line in service["ExecStopPost"])
        assert removed[1:] == ["-f", f"/{HANDED_OVER}", f"/var/lib/linky-gateway/{BROUGHT_ALONG}"]
        assert started[-1] == "linky-gateway.service"
        for path in places.values():
            path.unlink()
        return done


class Typed(House):
    """A folder of a house in which nothing runs, for commands."""

    def __init__(self, folder):
        self.folder, self.config = folder, folder / "gateway.toml"


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """A house that has lived, stopped; its backup as the page makes it, and by which password its page opens."""
    folder = tmp_path_factory.mktemp("lived")
    (folder / "house").mkdir()
    make(folder / "house" / "data", shared_data)
    with House(folder / "house", "/nowhere/tty") as house:
        house.owner().send("/settings/objective", meter="house", period="month", kwh="321", **{"from": ""})
        (house.folder / "secrets").mkdir(mode=0o700)
        (house.folder / "secrets" / "xmpp-password").write_text("canary-of-the-account\n")
        (folder / "phrase").write_text(PHRASE)
        file = folder / "maison.backup"
        begun = time.time()
        done = house.command("backup", str(file), "--passphrase-file", str(folder / "phrase"))
        assert done.returncode == 0, done.stderr
        # The minutes that it may be of: it begins in one, and may end in the next.
        house.backed_up = {clock("fr", local(when)) for when in (begun, time.time())}
    return house, file


@pytest.fixture
def card(tmp_path, lived):
    """A freshly installed house, empty, at the address of the one that was lost."""
    with HelpedHouse(tmp_path / "card", lived[0].port) as house:
        yield house


def new_owner(house):
    """Who has set the first password of the new card."""
    visitor = house.visitor()
    answer, text = visitor.post("/setup", {"code": house.code(), "password": OTHER, "again": OTHER})
    assert answer.status == 303, text
    return visitor


def form(fields, file, name="maison.backup", boundary="----canary"):
    """A form with a file, as a browser sends it; its bytes and their kind."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    kind = b"Content-Type: application/octet-stream\r\n\r\n"
    body = b"".join([*parts, head.encode(), kind, file, f"\r\n--{boundary}--\r\n".encode()])
    return body, f"multipart/form-data; boundary={boundary}"


def headers(owner, kind, length):
    """Those of a form that this visitor sends."""
    cookies = "; ".join(f"{name}={value}" for name, value in owner.cookies.items())
    origin = f"{owner.scheme}://{owner.host}"
    return {"Host": owner.host, "Cookie": cookies, "Origin": origin, "Content-Type": kind, "Content-Length": length}


def brought(owner, file, **more):
    """Send a backup; the answer and its text."""
    fields = {"form_token": owner.form_token(), "back_phrase": PHRASE, "back_password": OTHER} | more
    body, kind = form(fields, file)
    link = owner.link(timeout=60)
    link.request("POST", RESTORE, body, headers(owner, kind, str(len(body))))
    answer = link.getresponse()
    text = html.unescape(answer.read().decode())
    link.close()
    return answer, text


def checked(owner):
    """The page of what was brought, once it is checked."""
    wait_until(lambda: SAID["back_look"] not in html.unescape(owner.get(f"{RESTORE}?wait=1")[1]), 60, "it is checked")
    return html.unescape(owner.get(RESTORE)[1])


def rows(path):
    """A database, but for what is drawn by chance when it comes back."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {name: sorted(map(repr, db.execute(f"SELECT * FROM {name}"))) for name in tables}
    found["about"] = [row for row in found["about"] if "epoch" not in row]
    return found


def left(folder):
    """All that a restoration has left: names without their time -> bytes and rights, and the rows of each database."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = re.sub(r"\d{8}T\d{6}Z", "then", path.relative_to(folder).as_posix())
        # Of the daemon that ran beside one of them: its lock, its output, what it had not folded into its database.
        if name.startswith("system/") or name.endswith((".lock", "-wal", "-shm", ".log", ".redo")):
            continue
        content = path.read_bytes()
        if path.name == ENDING:
            content = {**json.loads(content), "ended": 0, "aside": len(json.loads(content)["aside"])}
        # The former database has what the daemon wrote to its end.
        content = rows(path) if path.name == FILE_NAME else None if FILE_NAME in path.name else content
        found[name] = (content, path.stat().st_mode)
    return found


def as_installed(found):
    """The same, with the rights of an installation."""
    return found | {name: (found[name][0], stat.S_IFREG | mode) for name, mode in INSTALLED.items()}


def shown(browser):
    """What the page says."""
    return browser.evaluate("document.querySelector('main').innerText")


def journal(house):
    """What was done, as the journal has it."""
    return [json.loads(line) for line in house.command("journal", "show", "--json").stdout.splitlines()]


def test_a_household_brings_its_house_back_onto_a_new_card(card, lived, browser, tmp_path):
    """File, passphrase, password; of when it is; one press; the page says when it is back, and how it ended."""
    house, file = lived
    owner, web = new_owner(card), f"http://127.0.0.1:{card.port}"
    browser.forget()
    browser.cookie(web, "linky_session", owner.cookies["linky_session"])
    browser.open(f"{web}{PATH}", width=390, height=844)
    look(browser)
    browser.choose("#f-file", file)
    typed = {"back_phrase": PHRASE, "back_password": OTHER}
    filled = ";".join(
        f"document.getElementById('f-{name}').value = {json.dumps(value)}" for name, value in typed.items()
    )
    browser.press(filled, "form[enctype] button")
    checked(owner)
    browser.open(f"{web}{RESTORE}", width=390, height=844)
    look(browser)
    made = browser.evaluate("document.querySelector('main h2').textContent")
    assert made in {SAID["back_sure"].format(when=when) for when in house.backed_up}
    told = shown(browser)
    for key in ("back_whole", "part_readings", "part_access", "part_passwords", "back_aside", "back_old"):
        assert SAID[key] in told, key
    shutil.copytree(card.folder, tmp_path / "by-command", ignore=shutil.ignore_patterns("*.sock", "helper"))
    browser.press("0", f"form[action='{RESTORE}/begin'] button")
    look(browser)
    assert PHRASE.encode() not in (card.process.log.read_bytes() + str(journal(card)).encode())
    done = card.restored()
    assert done.returncode == 0, done.stderr
    # What the command leaves on the same card, file by file and row by row.
    copy, phrase = tmp_path / "by-command", file.with_name("phrase")
    (copy / "data" / BROUGHT_ALONG).unlink()
    words = ("restore", str(file), "--replace", "--passphrase-file", str(phrase))
    done = Typed(copy).command(*words)
    assert done.returncode == 0, done.stderr
    # But for who may read root's own: of a file that nobody vouches for that is as it is installed.
    ours, theirs = left(card.folder), as_installed(left(copy))
    assert sorted(ours) == sorted(theirs)
    assert [name for name in ours if ours[name] != theirs[name]] == []
    card.start()
    browser.await_true("!document.querySelector('.good[data-when=back]').hidden")
    look(browser)
    # Its password is the one of that day; its past, its settings and its secrets are here.
    assert card.visitor().post("/login", {"password": OTHER})[0].status != 303
    again = card.owner()
    browser.forget()
    browser.cookie(web, "linky_session", again.cookies["linky_session"])
    browser.open(f"{web}{PATH}", width=390, height=844)
    look(browser)
    assert SAID["back_done_next"] in shown(browser)
    assert (card.folder / "secrets" / "xmpp-password").read_text() == "canary-of-the-account\n"
    exports = [one.command("export", "--format", "csv", "--granularity", "PT30M").stdout for one in (house, card)]
    assert exports[0] == exports[1]
    assert exports[0].count("\n") > 50
    (entry,) = (entry for entry in journal(card) if entry["kind"] == "backup-restored")
    assert (entry["made"], entry["files"]) == (json.loads((card.data / ENDING).read_text())["made"], entry["files"])
    # Nobody is sent anything before the household has said so again, and it can at the page.
    assert COOP in again.get("/sharing")[1]
    assert not (card.data / BROUGHT_ALONG).exists()


def files(house):
    """Whatever the folder of the house's data and its configuration hold, but for its running database and its log."""
    names = (path for path in house.folder.rglob("*") if path.is_file() and not path.is_relative_to(house.system.root))
    return {path: path.read_bytes() for path in names if FILE_NAME not in path.name and path != house.process.log}


def test_what_cannot_come_back_is_one_sentence_and_changes_nothing(card, lived, tmp_path):
    """Another passphrase, another file, half a one, a changed bit; without the password nothing is taken in."""
    owner, whole = new_owner(card), lived[1].read_bytes()
    changed = bytearray(whole)
    changed[-100] ^= 1
    before = files(card)
    for file, more, fault in (
        (whole, {"back_phrase": "une autre phrase de passe"}, "locked"),
        (b"JFIF" * 5000, {}, "foreign"),
        (b"", {}, "foreign"),
        (whole[: len(whole) // 2], {}, "damaged"),
        (bytes(changed), {}, "damaged"),
    ):
        answer, _ = brought(owner, file, **more)
        assert (answer.status, answer.headers["Location"]) == (303, RESTORE)
        text = checked(owner)
        assert SAID[f"fault_{fault}"] in text, fault
        assert SAID["back_do"] not in text
        assert owner.send(f"{RESTORE}/begin")[0].status == 409
        assert files(card) == before
    for more, field, status in (
        ({"back_password": "faux"}, "back_password", 403),
        ({"back_phrase": ""}, "back_phrase", 400),
    ):
        answer, text = brought(owner, whole, **more)
        assert (answer.status, [*faults(text)]) == (status, [field])
    answer, text = owner.send(RESTORE, back_phrase=PHRASE, back_password=OTHER)
    assert faults(text) == {"file": SAID["back_file_missing"]}
    assert brought(owner, whole, form_token="x")[0].status == 403
    # Of a stranger not a byte of it is read; of another session nothing is said.
    body, kind = form({"back_phrase": PHRASE, "back_password": OTHER}, whole)
    stranger = card.visitor()
    link = stranger.link()
    link.request("POST", RESTORE, body, headers(stranger, kind, str(len(body))))
    assert link.getresponse().status == 413
    link.close()
    assert brought(owner, whole)[0].status == 303
    checked(owner)
    other = card.visitor()
    other.post("/login", {"password": OTHER})
    assert other.get(RESTORE)[0].headers["Location"] == PATH
    assert other.send(f"{RESTORE}/begin")[0].status == 409
    assert owner.send(f"{RESTORE}/remove")[0].headers["Location"] == PATH
    # Who signed in last is a browser more that the page knows.
    devices = card.data / "page.json"
    assert files(card) | {devices: b""} == before | {devices: b""}
    assert card.system.told == []


def test_one_file_comes_in_at_a_time_and_half_a_one_is_not_kept(card, lived):
    """A connection that is cut, a second file meanwhile, one that is longer than any card: bounded, and said."""
    owner, whole = new_owner(card), lived[1].read_bytes()
    taken = card.data / BROUGHT_ALONG
    fields = {"form_token": owner.form_token(), "back_phrase": PHRASE, "back_password": OTHER}
    body, kind = form(fields, whole)
    slow = owner.link()
    slow.putrequest("POST", RESTORE, skip_host=True)
    for name, value in headers(owner, kind, str(len(body))).items():
        slow.putheader(name, value)
    slow.endheaders(body[: len(body) // 2])
    wait_until(taken.exists, 60, "the first one comes in")
    answer, text = brought(owner, whole)
    assert (answer.status, "déjà en cours" in text) == (409, True)
    slow.close()
    wait_until(lambda: not taken.exists(), 60, "what was cut off is gone")
    link = owner.link()
    link.request("POST", RESTORE, b"", headers(owner, kind, "4000000001"))
    assert link.getresponse().status == 413
    link.close()
    assert brought(owner, whole)[0].status == 303
    assert SAID["back_whole"] in checked(owner)
    # It goes with the gateway, as its passphrase does.
    assert card.process.stop() == 0
    assert not taken.exists()


def test_a_restoration_that_fails_leaves_the_gateway_as_it_was_and_says_so(card, lived):
    """What was checked and is another file when root reads it: nothing comes back, and the page says why."""
    owner = new_owner(card)
    brought(owner, lived[1].read_bytes())
    assert SAID["back_whole"] in checked(owner)
    asked = int(time.time())
    assert owner.send(f"{RESTORE}/begin")[0].status == 200
    (card.data / BROUGHT_ALONG).write_bytes(lived[1].read_bytes()[:-1])
    before = {path: content for path, content in files(card).items() if path.name != BROUGHT_ALONG}
    done = card.restored()
    assert done.returncode == 65
    after = {path: content for path, content in files(card).items() if path.name not in (BROUGHT_ALONG, ENDING)}
    assert after == before
    card.start()
    stranger = card.visitor()
    assert stranger.get(f"{PATH}/back?asked={asked}")[1] == "yes"
    assert stranger.get(f"{PATH}/back?asked={int(time.time()) + 900}")[1] == "no"
    again = card.visitor()
    again.post("/login", {"password": OTHER})
    text = html.unescape(again.get(PATH)[1])
    assert SAID["fault_damaged"] in text
    assert "rien n’a été modifié" in text
    assert [entry["kind"] for entry in journal(card) if entry["kind"].startswith("backup-")] == ["backup-refused"]


def test_the_nightly_one_is_made_now_and_its_passphrase_is_set(card, browser):
    """By the timer's own unit, asked of the helper; without a passphrase the page says what comes first."""
    (card.folder / "stick").mkdir()
    assert card.process.stop() == 0
    table = '[backup]\ndirectory = "stick"\nsame_card = true\nkeep = 3\n'
    card.config.write_text(card.config.read_text() + table)
    card.start()
    owner, web = new_owner(card), f"http://127.0.0.1:{card.port}"
    assert owner.send(f"{PATH}/nightly")[0].headers["Location"] == f"{PATH}?done=without"
    browser.forget()
    browser.cookie(web, "linky_session", owner.cookies["linky_session"])
    browser.open(f"{web}{PATH}?done=without", width=390, height=844)
    look(browser)
    assert SAID["nightly_without"] in browser.evaluate("document.querySelector('main').innerText")
    phrase = {"night_phrase": PHRASE, "night_again": PHRASE, "night_password": OTHER}
    for more, field in (({"night_phrase": "court"}, "night_phrase"), ({"night_again": "autre"}, "night_again"),
                        ({"night_password": "faux"}, "night_password")):  # fmt: skip
        assert [*faults(owner.send(f"{PATH}/nightly/passphrase", **(phrase | more))[1])] == [field]
    assert owner.send(f"{PATH}/nightly/passphrase", **phrase)[0].headers["Location"] == f"{PATH}?done=phrase"
    secret = card.system.root / "etc/linky-gateway/secrets/backup-passphrase"
    assert (secret.read_text(), secret.stat().st_mode & 0o777) == (f"{PHRASE}\n", 0o600)
    assert PHRASE not in card.process.log.read_text() + str(journal(card))
    answer = []
    asking = threading.Thread(target=lambda: answer.append(owner.send(f"{PATH}/nightly")[0].headers["Location"]))
    asking.start()
    card.told("linky-gateway-backup.service")
    # As the unit does it, which is handed the passphrase.
    done = nightly(card, secret)
    assert done.returncode == 0, done.stderr
    asking.join(60)
    assert answer == [PATH]
    (made,) = (card.folder / "stick").iterdir()
    text = html.unescape(owner.get(f"{PATH}?wait=1")[1])
    assert SAID["nightly_making"] not in text
    assert "la plus récente" in text or "dernière" in text
    # So new a one is not made again: each lets the oldest go.
    before = len(card.system.told)
    assert owner.send(f"{PATH}/nightly")[0].headers["Location"] == PATH
    assert (len(card.system.told), [*(card.folder / "stick").iterdir()]) == (before, [made])


def nightly(house, secret):
    """``linky-gateway backup`` with the credential that its unit has."""
    folder = house.folder / "credentials"
    folder.mkdir()
    shutil.copy(secret, folder / "backup-passphrase")
    words = [sys.executable, "-m", "gateway", "backup", "--config", str(house.config)]
    environment = ENVIRONMENT | {"CREDENTIALS_DIRECTORY": str(folder)}
    return subprocess.run(words, check=False, capture_output=True, text=True, env=environment, cwd=ROOT)
