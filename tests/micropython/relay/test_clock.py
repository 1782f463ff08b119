"""The clock of a board that wakes in 2000: from the authority's certificate, from a time server, from the gateway."""

import contextlib
import json
import socket
import subprocess
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness import ROOT
from relay_faults.broker import HOST, HouseBroker
from relay_faults.clock import POWER_ON_S
from relay_faults.wire import WirePort
from servers import wait_until
from tests.micropython.relay.test_end_to_end import board_of
from tests.micropython.relay.test_library import run, said
from tests.mosquitto import Ear

SCRIPT = Path(__file__).with_name("clock_on_board.py")


def certificate(folder, begin, end, *, key="ec"):
    """A certificate (DER) that is good from and to these times, YYYYMMDDhhmmssZ."""
    folder.mkdir(exist_ok=True)
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if key == "ec" else ["-newkey", "rsa:3072"]
    made = folder / f"{begin}-{end}-{key}.der"
    command = ["openssl", "req", "-x509", *kind, "-nodes", "-keyout", folder / "key", "-subj", f"/CN={'x' * 60}"]
    subprocess.run(
        [*command, "-not_before", begin, "-not_after", end, "-outform", "DER", "-out", made],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    return made


def posix(text):
    return int(datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp())


# Times before 2050 are written with two digits of the year, others with four (RFC 5280, section 4.1.2.5).
SPANS = [
    ("20261128000000Z", "20461123000000Z"),
    ("20000229235959Z", "20491231235959Z"),
    ("19991231120000Z", "20500101000000Z"),
    ("20380119031408Z", "21000301000000Z"),
]


def test_the_time_of_an_authority_is_read_from_its_certificate(tmp_path, program):
    """Whatever the century and the kind of key: what openssl wrote is what the board reads."""
    made = [certificate(tmp_path / "made", *span, key=key) for span in SPANS for key in ("ec", "rsa")]
    expected = [f"{posix(begin)} {posix(end)}" for begin, end in SPANS for _ in range(2)]
    assert said(run(program, "validity", *made, script=SCRIPT)) == expected


def test_what_is_no_certificate_is_refused(tmp_path, program):
    """Cut off anywhere or damaged in its head: one sentence, never another exception."""
    made = certificate(tmp_path / "made", *SPANS[0])
    assert said(run(program, "rubbish", made, script=SCRIPT)) == ["True True"]


@pytest.mark.parametrize("epoch", ["1970", "2000"])
def test_the_clock_of_an_esp32_is_read_and_set(epoch):
    """Whatever year the port counts from: what it wakes with, what it is set to, and whether that was said."""
    command = ["micropython", Path(__file__).with_name("rtc_on_board.py"), epoch]
    environment = {"MICROPYPATH": f"{ROOT / 'micropython' / 'lib'}:.frozen", "TZ": "UTC"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True, timeout=30)
    steps = [(POWER_ON_S, False), (1795863984, False), (1795863985, True), (2210000000, True), (1795863984, False)]
    assert done.stdout.splitlines() == [f"{time_s} {is_said}" for time_s, is_said in steps]


def sntp(request, now_s, *, head=0x24, stratum=2, mark=None):
    """The answer of a time server (RFC 4330, section 4): what was asked with comes back as the time of the asking."""
    seconds = (int(now_s) + 2_208_988_800) % (1 << 32)
    stamp = seconds.to_bytes(4, "big") + bytes(4)
    return bytes([head, stratum, 0, 0xEC]) + bytes(12) + stamp + (mark or request[40:48]) + stamp + stamp


class TimeServer:
    """Stands for an SNTP server (RFC 4330, sections 4 and 5): ``says`` gives the answers to a request, in turn.

    In what it differs: it is asked on a port of its own, and its time is what the test says.
    """

    def __init__(self, says):
        self._says, self.asked = says, 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def _serve(self):
        while True:
            request, sender = self._socket.recvfrom(1024)
            if not request:
                return
            self.asked += 1
            for answer in self._says(request):
                self._socket.sendto(answer, sender)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as last:
            last.sendto(b"", (HOST, self.port))
        self._thread.join()
        self._socket.close()


NOW = 1_800_000_000
IN_2040 = 2_210_000_000
ANSWERS = {
    "right": (lambda asked: [sntp(asked, NOW)], NOW),
    "after the count has begun anew": (lambda asked: [sntp(asked, IN_2040)], IN_2040),
    "of somebody else": (lambda asked: [sntp(asked, 5, mark=b"somebody"), sntp(asked, NOW)], NOW),
    "silent": (lambda _asked: [], None),
    "kiss of death": (lambda asked: [sntp(asked, NOW, stratum=0)], None),
    "does not know it": (lambda asked: [sntp(asked, NOW, head=0xE4)], None),
    "a question": (lambda asked: [asked], None),
    "short": (lambda asked: [sntp(asked, NOW)[:47]], None),
}


def test_what_a_time_server_says_is_taken_if_it_can_be_right(program):
    """The answer to this very question, of a server that knows the time; of all else nothing, within two seconds."""
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(TimeServer(says)) for says, _ in ANSWERS.values()]
        heard = said(run(program, "ask", *(server.port for server in servers), script=SCRIPT))
    assert dict(zip(ANSWERS, heard, strict=True)) == {
        kind: str(time_s or "no answer") for kind, (_, time_s) in ANSWERS.items()
    }


def test_the_time_server_is_asked_again_and_again(program):
    """Its word counts for as long as it answers, whatever the gateway says; a crystal that went wrong is put right."""
    times = iter([NOW, NOW + 2, NOW + 9_000])
    with TimeServer(lambda asked: [sntp(asked, next(times, NOW + 9_000))]) as server:
        heard = said(run(program, "keep", server.port, NOW + 9_000, script=SCRIPT))
    assert heard == [str(NOW), "kept right"]
    assert server.asked >= 3


@contextlib.contextmanager
def house_with(tmp_path, authority_begins):
    """A broker whose certificate begins now, its authority long before; an ear to the state of its board."""
    folder = tmp_path / "broker" / "ca"
    folder.mkdir(parents=True)
    made = certificate(folder, authority_begins, "20600101000000Z")
    (folder / "key").rename(folder / "ca.key")
    subprocess.run(["openssl", "x509", "-inform", "DER", "-in", made, "-out", folder / "ca.crt"], check=True)
    with HouseBroker(tmp_path / "broker") as broker:
        password = broker.add("gateway")
        with Ear(broker.port, "linky/board/salon/state", user="gateway", password=password) as ear:
            yield broker, ear


def state(ear):
    return json.loads(ear.messages[-1][1]) if ear.messages else {}


def test_the_time_server_is_asked_before_the_handshake(tmp_path, program):
    """A broker whose certificate begins after the board's first idea of the time lets it in all the same."""
    quiet = WirePort(1)
    with (
        house_with(tmp_path, "20160101000000Z") as (broker, ear),
        TimeServer(lambda asked: [sntp(asked, time.time())]) as server,
        board_of(tmp_path / "board", broker, program, quiet.path, ntp=server.port) as board,
    ):
        wait_until(lambda: state(ear).get("clock"), 30, "its state, with the right time")
        assert abs(board.clock.now_s() - time.time()) < 5
        assert server.asked == 1
    quiet.close()


def test_a_broker_of_another_time_is_said_to_be_one(tmp_path, program):
    """Without a time server it cannot be believed: the clock is named, not the password, and nothing is made up."""
    quiet = WirePort(1)
    with (
        house_with(tmp_path, "20160101000000Z") as (broker, ear),
        board_of(tmp_path / "board", broker, program, quiet.path) as board,
    ):
        wait_until(lambda: "validity starts in the future" in board.log.read_text(), 30, "why")
        assert abs(board.clock.now_s() - posix("20160102000000Z")) < 60
        assert not ear.messages
    quiet.close()


def test_a_clock_that_somebody_set_wrong_locks_no_board_out(tmp_path, broker, program):
    """Who said so is not believed any more when no certificate is good then; a new start keeps a right clock."""
    gateway, quiet = broker.add("gateway"), WirePort(1)
    with (
        Ear(broker.port, "linky/board/salon/state", user="gateway", password=gateway) as ear,
        board_of(tmp_path / "board", broker, program, quiet.path) as board,
    ):
        wait_until(lambda: state(ear).get("state") == "online", 90, "its state")
        boot = state(ear)["boot"]
        # The authority is good then, what it has signed is not.
        board.clock.set(time.time() + 3 * 365 * 86_400, said=True)
        board.restart()
        wait_until(lambda: "validity has expired" in board.log.read_text(), 90, "that it is not believed")
        wait_until(lambda: state(ear).get("boot", boot) != boot, 90, "its state after the start")
        assert state(ear)["clock"] is False
        boot = state(ear)["boot"]
        board.clock.set(time.time(), said=True)
        board.restart()
        wait_until(lambda: state(ear).get("boot", boot) != boot, 90, "its state after another start")
        assert state(ear)["clock"] is True
    quiet.close()


def test_the_gateway_s_time_is_followed(program):
    """Later is right at once; earlier may be a message that waited, unless nothing later is heard for an hour."""
    # Each step: milliseconds that pass (50 are an hour), how far what is heard is from the board's own time.
    steps = ["0:5", "0:-40", "0:7", "0:-30", "60:-3", "60:-1"]
    moved = ["5", "0", "7", "0", "-3", "0"]
    assert said(run(program, "hear", *steps, script=SCRIPT)) == moved
