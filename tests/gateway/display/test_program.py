"""The whole program at a real broker: pins move, pages are drawn, and everything is open and dark in the end."""

import asyncio
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from functools import partial

import paho.mqtt.client as paho
import pytest
from PIL import Image

from gateway.display import epaper, pages, program
from gateway.display.panels import open_epaper, open_oled
from gateway.display.program import DisplayProgram
from gateway.display.state import DisplayedMoment
from harness import ROOT
from servers import wait_until
from tests.gateway.display.test_pages import PICTURES
from tests.gateway.display.views import JSON, RELAYS, STATUS, configuration, said, view
from tests.integration.processes import ENVIRONMENT
from tests.mosquitto import HOST, Broker

RELAY = '[[relay]]\nname = "heater"\ngpio = 5\nmin_on_s = 0\nmin_off_s = 0\n'
MOCK = ENVIRONMENT | {"GPIOZERO_PIN_FACTORY": "mock"}


@pytest.fixture
def broker(tmp_path):
    """The broker of a house, with the configuration and the access list that are shipped."""
    with Broker(tmp_path / "broker") as running:
        yield running


def pixels(file):
    """What a file shows."""
    with Image.open(file) as picture:
        return picture.tobytes()


class Gateway:
    """What the gateway publishes, when a test says so."""

    def __init__(self, broker):
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._client.username_pw_set("gateway", broker.users["gateway"])
        self._client.connect(HOST, broker.port)

    def say(self, topic, payload):
        """One retained message, at the broker when this returns."""
        self._client.publish(topic, payload, qos=1, retain=True).wait_for_publish(5)

    def frame(self, **changed):
        """One object."""
        self.say(JSON, said(**changed))

    def __enter__(self):
        self._client.loop_start()
        return self

    def __exit__(self, *_):
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def gateway(broker):
    """The gateway's voice, that has said it is there."""
    with Gateway(broker) as speaking:
        speaking.say(STATUS, b"online")
        yield speaking


def written(folder, broker, text=""):
    """A configuration for that broker, its password beside it."""
    (folder / "secret").write_text(broker.users["kitchen"])
    mqtt = f'[mqtt]\nhost = "{HOST}"\nport = {broker.port}\nuser = "kitchen"\npassword_file = "secret"\n'
    return configuration(folder, mqtt + text)


@pytest.fixture
def started(board):
    """Run programs of configurations on mock pins; they end with the test."""
    with ExitStack() as running:
        yield lambda config: running.enter_context(Running(config))


class Running:
    """A program in a thread of its own, as ``run`` has it but for the signals."""

    def __init__(self, config):
        self._config, self._loop, self._task = config, None, None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._work()))

    async def _work(self):
        with ExitStack() as screens, ExitStack() as pins:
            self.program = DisplayProgram(self._config, screens, pins)
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
            try:
                await self.program.run()
            except asyncio.CancelledError:
                return

    def __enter__(self):
        self._thread.start()
        wait_until(lambda: self._task or not self._thread.is_alive(), 30, "the program runs")
        wait_until(lambda: self.program.state.linked, 30, "the broker is reached")
        return self

    def __exit__(self, *_):
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(30)
        assert not self._thread.is_alive()


def test_a_relay_follows_the_meter_and_opens_when_it_falls_silent(
    broker, gateway, started, board, tmp_path, monkeypatch
):
    """Closed in off-peak hours; open when the last frame is ten seconds old, with nothing that says so."""
    # Nothing else wakes the pins.
    monkeypatch.setattr(program, "_ROUND_S", 600.0)
    gateway.frame(tariff_kind="off-peak")
    with_relay = started(written(tmp_path, broker, RELAY + 'follows = "off-peak"\n'))
    wait_until(lambda: with_relay.program.state.view(0).frame, 30, "what the broker remembers")
    pin = board.pin(5)
    assert not pin.state
    gateway.frame(tariff_kind="off-peak")
    wait_until(lambda: pin.state, 60, "the relay closes")
    gateway.frame(tariff_kind="peak")
    wait_until(lambda: not pin.state, 60, "the relay opens")
    gateway.frame(tariff_kind="off-peak", age_s=6.0)
    wait_until(lambda: pin.state, 60, "the relay closes")
    wait_until(lambda: not pin.state, 60, "the relay opens by itself")


def test_a_lamp_is_lit_in_off_peak_hours(broker, gateway, started, board, tmp_path):
    """By the meter's own word, as long as they last."""
    started(written(tmp_path, broker, '[[lamp]]\ngpio = 6\nfollows = "off-peak"\n'))
    gateway.frame(tariff_kind="off-peak")
    seen = []
    wait_until(lambda: seen.append(board.pin(6).state) or (len(seen) > 15 and all(seen[-15:])), 60, "the lamp is lit")
    gateway.frame(tariff_kind="peak")
    wait_until(lambda: not board.pin(6).state, 60, "the lamp is dark")
    # For longer than between two flashes, which are what it does when nobody knows.
    gateway.frame(tariff_kind="peak")
    looks = []
    wait_until(
        lambda: looks.append(board.pin(6).state) or (len(looks) > 60 and not any(looks[-60:])), 60, "it stays dark"
    )


def test_a_relay_follows_a_virtual_contact(broker, gateway, started, board, tmp_path):
    """RELAIS comes on a topic of its own."""
    started(written(tmp_path, broker, RELAY + 'follows = "contact"\ncontact = 3\n'))
    gateway.frame()
    gateway.say(RELAYS, b"004")
    wait_until(lambda: board.pin(5).state, 60, "the relay closes")
    gateway.say(RELAYS, b"003")
    wait_until(lambda: not board.pin(5).state, 60, "the relay opens")


def test_all_is_open_and_dark_when_the_program_ends(broker, gateway, board, tmp_path):
    """No pin is driven any more."""
    parts = "[rgb]\nred = 17\ngreen = 27\nblue = 22\nactive_high = false\n[buzzer]\ngpio = 23\n"
    with Running(written(tmp_path, broker, parts + RELAY + 'follows = "off-peak"\n')):
        gateway.frame(tariff_kind="off-peak")
        wait_until(lambda: board.pin(5).state and not board.pin(22).state, 60, "relay closed, lamp blue")
    assert [board.pin(gpio).function for gpio in (5, 17, 22, 23, 27)] == ["input"] * 5


@pytest.mark.filterwarnings("ignore:Image.Image.getdata is deprecated:DeprecationWarning")
def test_the_screen_shows_what_is_said_and_the_button_turns_the_page(
    broker, gateway, started, board, tmp_path, monkeypatch
):
    """From the broker to the panel's memory."""
    from tests.gateway.display.test_panels import I2c

    wires = I2c()
    monkeypatch.setattr(program, "open_oled", partial(open_oled, bus=wires))
    gateway.frame()
    started(written(tmp_path, broker, '[oled]\nchip = "ssd1306"\n[button]\ngpio = 26\n'))

    def shows(name):
        return len(wires.data) >= 2048 and wires.picture().tobytes() == pixels(PICTURES / f"oled-{name}.png")

    wait_until(lambda: shows("evening-now"), 30, "the page of the power")
    pressed = time.monotonic()
    board.pin(26).drive_low()
    wait_until(lambda: time.monotonic() > pressed + 0.1, 1, "it is no bounce any more")
    board.pin(26).drive_high()
    wait_until(lambda: shows("evening-today"), 30, "the page of the day")


@pytest.mark.filterwarnings("ignore:Image.Image.getdata is deprecated:DeprecationWarning")
def test_a_page_turns_by_itself_where_there_is_no_button(broker, gateway, started, board, tmp_path, monkeypatch):
    """``turn_s``: each page in turn, and the first again after the last."""
    from tests.gateway.display.test_panels import I2c

    wires = I2c()
    monkeypatch.setattr(program, "open_oled", partial(open_oled, bus=wires))
    gateway.frame()
    started(written(tmp_path, broker, '[oled]\nchip = "ssd1306"\nturn_s = 2\n'))
    names = {pixels(PICTURES / f"oled-evening-{name}.png"): name for name in ("now", "today", "links")}

    def shown():
        pictures = [wires.picture(number).tobytes() for number in range(len(wires.data) // 1024)]
        return [names[one] for one in pictures if one in names]

    wait_until(lambda: len(shown()) >= 4, 20, "three pages turned")
    in_turn = ["now", "today", "links"] * 3
    begin = in_turn.index(shown()[0])
    assert shown()[:4] == in_turn[begin : begin + 4]


@pytest.mark.parametrize("turn", [0, 180])
def test_an_e_paper_shows_its_page_and_in_the_end_that_nobody_renews_it(
    broker, gateway, board, tmp_path, monkeypatch, turn
):
    """With the time at which it was true; a picture that stays must not look alive."""
    from tests.gateway.display.test_epaper import LOOK, Chip

    chip = Chip(board)
    monkeypatch.setattr(program, "open_epaper", partial(open_epaper, spi=chip))
    monkeypatch.setattr(program, "_PRINT_S", 0.1)
    monkeypatch.setattr(epaper, "LEAST_S", 0.5)
    begun = time.strftime("%d/%m %H:%M")
    gateway.frame()
    with Running(written(tmp_path, broker, f"[epaper]\nupside_down = {'true' if turn else 'false'}\n")):

        def shows():
            stamps = {begun, time.strftime("%d/%m %H:%M")}
            pictures = [pages.draw(LOOK, view(), "today", stamp).tobytes() for stamp in stamps]
            return chip.refreshes and chip.picture().rotate(turn).tobytes() in pictures

        wait_until(shows, 30, "the page of the day")
    assert chip.picture().rotate(turn).tobytes() == pages.draw(LOOK, DisplayedMoment(None, "stopped"), "now").tobytes()
    assert chip.closed


def command(*arguments, **more):
    """One command; its completed process."""
    return subprocess.run(
        [sys.executable, "-m", "gateway.display", *map(str, arguments)],
        check=False, capture_output=True, text=True, env=MOCK, cwd=ROOT, timeout=30, **more,
    )  # fmt: skip


def test_the_process_tells_systemd_waits_for_the_broker_and_ends_orderly(broker, tmp_path):
    """Ready before there is a broker, signs of life, a relay that closes; SIGTERM ends it with 0."""
    written(tmp_path, broker, RELAY + 'follows = "off-peak"\n')
    broker.kill()
    log = tmp_path / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd, log.open("w") as output:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(10)
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.display", "run", "--config", str(tmp_path / "display.toml")],
            env=MOCK | {"NOTIFY_SOCKET": str(tmp_path / "notify")}, cwd=ROOT, stderr=output,
        )  # fmt: skip
        try:
            assert {systemd.recv(99), systemd.recv(99)} == {b"READY=1", b"WATCHDOG=1"}
            broker.start()
            wait_until(lambda: "connected" in log.read_text(), 20, "the broker is reached")
            with Gateway(broker) as gateway:
                gateway.say(STATUS, b"online")
                gateway.frame(tariff_kind="off-peak")
            wait_until(lambda: "relay heater closes: off-peak hours" in log.read_text(), 60, "the relay closes")
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            process.kill()
            process.wait()
        while systemd.recv(99) != b"STOPPING=1":
            pass
    assert "Traceback" not in log.read_text()


def test_a_picture_of_what_the_broker_remembers(broker, gateway, tmp_path):
    """``png`` is the page that the panel shows, pixel by pixel."""
    written(tmp_path, broker)
    gateway.frame()
    out = tmp_path / "out.png"
    done = command(
        "png", "--config", tmp_path / "display.toml", "--size", "128x64", "--mono", "--page", "today", "--out", out
    )
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert pixels(out) == pixels(PICTURES / "oled-evening-today.png")
    done = command("png", "--config", tmp_path / "display.toml", "--page", "tempo", "--out", out)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        69, "linky-display: there is no page tempo now; there are: now, today, links",
    )  # fmt: skip


def test_a_picture_needs_neither_broker_nor_configuration(tmp_path):
    """An example of each page, for whoever decides on a panel."""
    for page in ("now", "today", "solar", "hours", "tempo", "links"):
        done = command("png", "--example", "--page", page, "--out", tmp_path / f"{page}.png")
        assert (done.returncode, done.stderr) == (0, "")
        with Image.open(tmp_path / f"{page}.png") as picture:
            assert picture.size == (240, 240)


@pytest.mark.parametrize(
    ("text", "code", "sentence"),
    [
        ("colour = 1", 78, "unknown key `colour`"),
        ("[button]\ngpio = 26\nshutdown = true", 78, "button.shutdown: works under systemd only"),
        ('[mqtt]\nuser = "a"', 78, "mqtt.user: a user needs a password"),
        ('[mqtt]\ntls = true\nca_file = "absent.pem"', 78, "mqtt.ca_file: "),
    ],
)
def test_what_is_wrong_is_one_sentence(tmp_path, text, code, sentence):
    """No traceback reaches a person, and systemd knows that another start is of no use."""
    (tmp_path / "display.toml").write_text(text)
    done = command("run", "--config", tmp_path / "display.toml")
    assert (done.returncode, len(done.stderr.splitlines())) == (code, 1), done.stderr
    assert sentence in done.stderr


def test_a_picture_that_cannot_be_written_is_one_sentence(tmp_path):
    """The file, and why."""
    out = tmp_path / "absent" / "now.png"
    done = command("png", "--example", "--out", out)
    assert (done.returncode, done.stderr) == (74, f"linky-display: {out}: No such file or directory\n")


@pytest.mark.parametrize("arguments", [["run", "--config", "display.toml"], ["png", "--example", "--out", "x.png"]])
def test_a_missing_library_is_one_sentence(tmp_path, arguments):
    """With the package to install."""
    (tmp_path / "display.toml").write_text("")
    without = "import sys; sys.modules['PIL'] = None; from gateway.display.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", without, *arguments],
        check=False, capture_output=True, text=True, env=MOCK, cwd=tmp_path, timeout=30,
    )  # fmt: skip
    sentence = "linky-display: pages need Pillow, which is not installed: apt install python3-pil\n"
    assert (done.returncode, done.stderr) == (78, sentence)


def test_pins_that_cannot_be_had_are_one_sentence(tmp_path):
    """On a machine without pins, or without the right to them."""
    (tmp_path / "display.toml").write_text("[led]\ngpio = 4")
    native = MOCK | {"GPIOZERO_PIN_FACTORY": "native"}
    done = subprocess.run(
        [sys.executable, "-m", "gateway.display", "off", "--config", str(tmp_path / "display.toml")],
        check=False, capture_output=True, text=True, env=native, cwd=ROOT, timeout=30,
    )  # fmt: skip
    assert done.returncode == 69, done.stderr
    assert "GPIO4 cannot be used" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_off_opens_what_a_killed_program_left(tmp_path):
    """What systemd has called after every end."""
    (tmp_path / "display.toml").write_text(RELAY + 'follows = "off-peak"\n[led]\ngpio = 4\n')
    done = command("off", "--config", tmp_path / "display.toml")
    assert (done.returncode, done.stderr) == (0, "")
