"""A display's whole program: gateway, broker and board as they are in a house; what is lost, and what it shows then."""

import ast
import json
from functools import cache

import paho.mqtt.client as paho
import pytest
from PIL import Image, ImageChops

from gateway.live import compact
from gateway.live.compact import Compact, encode
from meter.process import SimulatedMeter
from servers import wait_until
from tests.integration.test_live_feed import COMPACT, STATUS, house
from tests.micropython.display.boards import DisplayBoard, micropython, run
from tests.micropython.display.test_pages import HOUSE
from tests.micropython.relay.test_clock import certificate, house_with
from tests.mosquitto import HOST, Broker

SECONDS = 60
COLOUR = {"panel": "st7789", "width": 240, "height": 240}
BAR = {"kind": "bar", "pin": 13, "count": 8, "brightness": 100}
STATE = "linky/board/kitchen/state"


@pytest.fixture
def broker(tmp_path):
    """A broker that knows the gateway and the kitchen's display."""
    micropython()
    with Broker(tmp_path / "broker") as running:
        yield running


@pytest.fixture
def ear(broker):
    """What everybody hears."""
    with broker.ear() as listening:
        yield listening


def tell(broker, **messages):
    """Publish retained messages as the gateway does: ``frame`` (fields), ``status``."""
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.username_pw_set("gateway", broker.users["gateway"])
    client.connect(HOST, broker.port)
    client.loop_start()
    for name, told in messages.items():
        topic, payload = (STATUS, told) if name == "status" else (COMPACT, encode(Compact(**HOUSE | told)))
        client.publish(topic, payload, qos=1, retain=True).wait_for_publish(5)
    client.disconnect()
    client.loop_stop()


def pictures(folder, panel, frame, page="now", **moment):
    """The pages of these bytes, drawn by the pages themselves (``test_pages`` says that they look as they should)."""
    moments = [{"age_ms": 0}] if "ages_ms" not in moment else [{"age_ms": age} for age in moment.pop("ages_ms")]
    common = {"shown": [page], "pages": None, "linked": True, "online": True, "frame": frame and frame.hex()} | moment
    scenes = [common | one | {"name": str(number)} for number, one in enumerate(moments)]
    folder.mkdir(exist_ok=True)
    (folder / "scenes.json").write_text(json.dumps(scenes))
    run("pages_on_board.py", folder, folder / "scenes.json", panel, heap="2M")
    return [Image.open(folder / f"{panel}-{one['name']}-{page}.ppm").convert("RGB") for one in scenes]


def is_one_of(file, expected):
    """Whether a panel's file shows one of these pictures; not while it is being written."""
    try:
        seen = Image.open(file).convert("RGB")
    except OSError:
        return False
    return any(seen.size == one.size and not ImageChops.difference(seen, one).getbbox() for one in expected)


def shows(board, expected):
    """Whether the panel shows one of these pictures."""
    return is_one_of(board.picture, expected)


def lamps(board):
    """The colours of the lamps."""
    file = board.folder / "lamps"
    return ast.literal_eval(file.read_text()) if file.exists() else []


def test_what_the_meter_says_is_on_the_panel_and_stale_when_it_falls_silent(broker, ear, tmp_path):
    """Meter, gateway, broker with TLS, board with a board's heap: the last frame is shown, then that it is old."""
    with (
        SimulatedMeter(tmp_path / "ttyTIC", seed=1, mode="standard", tariff="tempo") as meter,
        house(tmp_path / "house", broker, tmp_path / "ttyTIC"),
        DisplayBoard(tmp_path / "board", broker, tls=True, display=COLOUR, lamp=BAR) as board,
    ):
        wait_until(lambda: any(colour != (0, 0, 0) for colour in lamps(board)), SECONDS, "lamps that are lit")
        wait_until(lambda: COMPACT in ear.retained, 30, "a frame")
        before = len(meter.truth())
        wait_until(lambda: len(meter.truth()) >= before + 3, 30, "more frames")
        meter.command("silence 40")
        # One that was on its way may come after the command.
        said = cache(lambda frame: pictures(tmp_path / "drawn", "st7789-240x240", frame))
        wait_until(lambda: shows(board, said(ear.retained[COMPACT])), 60, "the last frame")
        wait_until(lambda: compact.decode(ear.retained[COMPACT]).flags & compact.STALE, 60, "the stale flag")
        ages = range(0, 9000, 1000)
        old = pictures(tmp_path / "drawn", "st7789-240x240", ear.retained[COMPACT], ages_ms=ages)
        wait_until(lambda: shows(board, old), 60, "that it is old")
        assert board.ended is None
        assert board.log.read_text() == ""


def level(board):
    """How the board sees its button."""
    file = board.folder / "level"
    return file.read_text() if file.exists() else ""


def test_a_press_turns_the_page(broker, tmp_path):
    """The next page after each press, and after the last the first; letting go changes nothing."""
    tell(broker, frame={}, status="online")
    frame = encode(Compact(**HOUSE))
    pages = {page: pictures(tmp_path / "drawn", "sh1106", frame, page) for page in ("now", "today", "links")}
    with DisplayBoard(tmp_path / "board", broker, display={"panel": "sh1106"}) as board:
        wait_until(lambda: shows(board, pages["now"]), SECONDS, "the first page")
        for page in ("today", "links", "now"):
            wait_until(lambda: level(board) == "0", SECONDS, "the button at rest")
            (board.folder / "button").touch()
            wait_until(lambda: level(board) == "1", SECONDS, "the button down")
            wait_until(lambda page=page: shows(board, pages[page]), SECONDS, f"page {page}")
            (board.folder / "button").unlink()
        wait_until(lambda: level(board) == "0", SECONDS, "the button at rest")
        assert shows(board, pages["now"])


def test_a_broker_that_dies_is_shown_and_found_again(broker, ear, tmp_path):
    """First nothing (a router may start anew), then the loss, then the values of the broker that has come back."""
    tell(broker, frame={}, status="online")
    with DisplayBoard(tmp_path / "board", broker) as board:
        here = pictures(tmp_path / "drawn", "ssd1306", encode(Compact(**HOUSE)))
        wait_until(lambda: shows(board, here), SECONDS, "the frame")
        assert json.loads(wait_until(lambda: ear.retained.get(STATE), SECONDS, "the state"))["panel"] == "ok"
        broker.kill()
        ages = range(10_000, 30_000, 1000)
        lost = pictures(tmp_path / "drawn", "ssd1306", encode(Compact(**HOUSE)), ages_ms=ages, linked=False)
        wait_until(lambda: shows(board, lost), SECONDS, "the loss")
        broker.start()
        tell(broker, frame={"drawn_va": 1234}, status="online")
        again = pictures(tmp_path / "drawn", "ssd1306", encode(Compact(**HOUSE | {"drawn_va": 1234})))
        wait_until(lambda: shows(board, again), 60, "the new frame")
        assert board.ended is None


@pytest.mark.parametrize(
    ("begins", "own", "word"),
    [("20160101000000Z", True, "Horloge fausse"), ("20260101000000Z", False, "Certificat faux")],
    ids=["of another time", "of another authority"],
)
def test_a_certificate_that_is_not_believed_is_shown(tmp_path, begins, own, word):
    """A screen without a terminal says of itself whether it is the clock or the certificate."""
    micropython()
    with house_with(tmp_path, begins) as (broker, _ear):
        broker.users = {"kitchen": broker.add("kitchen", reads=True)}
        board = DisplayBoard(tmp_path / "board", broker, tls=True)
        if not own:
            (board.folder / "ca.pem").write_bytes(
                certificate(tmp_path / "made", begins, "20500101000000Z").read_bytes()
            )
        told = pictures(tmp_path / "drawn", "ssd1306", None, linked=False, why=word)
        with board:
            wait_until(lambda: shows(board, told), SECONDS, word)


def test_a_panel_that_is_unplugged_is_set_up_anew(broker, ear, tmp_path):
    """The board goes on, says what is wrong, and shows again without being restarted."""
    tell(broker, frame={}, status="online")
    with DisplayBoard(tmp_path / "board", broker) as board:
        here = pictures(tmp_path / "drawn", "ssd1306", encode(Compact(**HOUSE)))
        wait_until(lambda: shows(board, here), SECONDS, "the frame")
        (board.folder / "unplugged").touch()
        wait_until(lambda: "does not answer" in board.log.read_text(), SECONDS, "a word of it")
        tell(broker, frame={"drawn_va": 99})
        (board.folder / "unplugged").unlink()
        again = pictures(tmp_path / "drawn", "ssd1306", encode(Compact(**HOUSE | {"drawn_va": 99})))
        wait_until(lambda: shows(board, again), SECONDS, "the panel again")
        assert board.log.read_text().count("does not answer") == 1


def test_the_largest_picture_needs_no_gap_that_the_program_has_left(broker, tmp_path):
    """However the modules lie in memory, and a path's length moves them: a board that started once starts again."""
    tell(broker, frame={}, status="online")
    here = pictures(tmp_path / "drawn", "st7789-240x240", encode(Compact(**HOUSE)))
    with DisplayBoard(tmp_path / "board", broker, script="torn_on_board.py", display=COLOUR) as board:
        wait_until(lambda: board.ended or shows(board, here), SECONDS, "the frame")
        assert board.log.read_text() == ""
        assert board.ended is None


def test_the_heap_of_a_board_is_enough_and_does_not_grow(broker, ear, tmp_path):
    """Hundreds of frames on the largest panel: no more memory is used at the end than at the start."""
    with DisplayBoard(tmp_path / "board", broker, display=COLOUR, lamp=BAR) as board:
        client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        client.username_pw_set("gateway", broker.users["gateway"])
        client.connect(HOST, broker.port)
        client.loop_start()
        wait_until(lambda: ear.retained.get(STATE), SECONDS, "the state")
        used = []
        for part in range(2):
            for number in range(150):
                told = encode(Compact(**HOUSE | {"drawn_va": 13 * number, "sequence": number}))
                client.publish(COMPACT, told, qos=1, retain=True).wait_for_publish(5)
            expected = pictures(tmp_path / "drawn", "st7789-240x240", told)
            wait_until(lambda expected=expected: shows(board, expected), SECONDS, f"the last frame of part {part}")
            before = json.loads(ear.retained[STATE])["connects"]
            broker.kill()
            broker.start()
            # At each connection the board tells its state.
            wait_until(lambda before=before: state(ear)["connects"] > before, 60, "the state again")
            client.reconnect()
            used.append(state(ear)["heap_used"])
        client.disconnect()
        client.loop_stop()
        # A message that is just being taken in is some hundred bytes.
        assert used[1] <= used[0] * 1.02, used
        print(f"display, 240 x 240: {used[1]} of {used[1] + state(ear)['heap_free']} bytes of heap used (64 bits)")


def state(ear):
    """What the board has said last of itself."""
    return json.loads(ear.retained[STATE])


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"display": {"panel": "lcd"}}, "display: panel: one of ssd1306, sh1106, st7789"),
        ({"display": {"panel": "st7789", "width": 10}}, "display: width, height"),
        ({"display": {"brightness": 0}}, "display: brightness: 1 to 100 per cent"),
        ({"display": {"turns": 4}}, "display: turns"),
        ({"display": {"colour": 1}}, "display: unknown key colour"),
        ({"lamp": {"kind": "neon"}}, "lamp: kind: none, bar, rgb or off-peak"),
        ({"lamp": {"kind": "rgb", "red": 1, "green": 2}}, "lamp: blue is missing for a lamp of kind rgb"),
        ({"lamp": {"kind": "bar"}}, "lamp: pin is missing"),
        ({"lamp": {"kind": "off-peak"}}, "lamp: pin is missing"),
        ({"lamp": {"brightness": 101}}, "lamp: count from 1 on, brightness 1 to 100"),
    ],
)
def test_a_wrong_configuration_is_one_sentence(broker, tmp_path, tables, words):
    """It says which key, and what may stand there."""
    with DisplayBoard(tmp_path / "board", broker, **tables) as board:
        assert wait_until(lambda: board.ended, SECONDS, "the end") == 2
        assert words in board.log.read_text()
        assert board.log.read_text().count("\n") == 1
