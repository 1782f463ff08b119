"""What a person sees of ``tools/setup``: questions before the work, how far it is, the way to the page at the end."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gateway.config.tables import load
from meter.process import SimulatedMeter
from tests.gateway.web.conftest import PASSWORD, House
from tests.tools.setup.conftest import ROOT, SETUP, System
from tests.tools.setup.machine import WAITS, Machine, require

if TYPE_CHECKING:
    from collections.abc import Iterator

CLEAR = "\r\033[K"
DEADLINE_S = 60


class Terminal:
    """A terminal of so many columns, and what was written to it until now."""

    def __init__(self, leader: int, process: subprocess.Popen[bytes]) -> None:
        self.leader, self.process, self.said = leader, process, ""

    def read(self) -> bool:
        """Read on; False when nobody holds its other end any more."""
        assert select.select([self.leader], [], [], DEADLINE_S)[0], self.said
        with suppress(OSError):
            if part := os.read(self.leader, 65536):
                self.said += part.decode(errors="replace").replace("\r\n", "\n")
                return True
        return False

    def until(self, text: str) -> str:
        """Read until that was said; what was said before it, since the last time."""
        while text not in self.said:
            assert self.read(), self.said
        before, _, self.said = self.said.partition(text)
        return before

    def answer(self, text: str = "") -> str:
        """Type that to the question that is asked; what stands above."""
        asked = self.until("] > ")
        os.write(self.leader, f"{text}\n".encode())
        return asked

    def rest(self) -> str:
        """All that is said to the end."""
        while self.read():
            pass
        self.process.wait(60)
        return self.said


@contextmanager
def at_a_terminal(command: list[Any], columns: int = 80, **more: str) -> Iterator[Terminal]:
    """Run it on a terminal."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    env = {**os.environ, "LANG": "C.UTF-8", "LC_ALL": "", "TERM": "xterm-256color", **more}
    process = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=env)
    os.close(follower)
    try:
        yield Terminal(leader, process)
    finally:
        process.kill()
        process.wait()
        os.close(leader)


def setup(system: System, *words: str, columns: int = 80, lang: str = "en") -> Any:
    """``tools/setup install`` on that system, at a terminal."""
    return at_a_terminal([SETUP, "install", *words, "--lang", lang, "--root", system.folder], columns)


def test_every_question_is_asked_before_anything_is_done(system: System) -> None:
    """Whoever answers may go away: not a step is begun before the last answer, and none waits for one afterwards."""
    before = system.tree()
    with setup(system) as terminal:
        asked = "".join(terminal.answer() for _ in range(6)) + terminal.until("] > ")
        assert "Install like this?" in asked
        assert system.tree() == before
        assert not re.search("the program|Debian packages", asked)
        os.write(terminal.leader, b"\n")
        said = terminal.rest()
    assert terminal.process.returncode == 0, said
    assert "] > " not in said
    assert "is installed" in said


def test_no_to_the_last_question_changes_nothing(system: System) -> None:
    """What was answered is read back in words; whoever does not want it so finds the system as it was."""
    before = system.tree()
    with setup(system, lang="fr") as terminal:
        for _ in range(6):
            terminal.answer()
        assert re.search(
            r" compteur +plus tard, par un Micro Teleinfo\n +compte +aucun\n +page +oui\n",
            terminal.answer("non"),
        )
        assert terminal.rest().endswith("rien n'a été changé\n")
    assert system.tree() == before


def test_without_an_adapter_there_is_something_to_choose(system: System) -> None:
    """To plug it in later, an adapter of another make, a board: Enter takes what is read by itself when it comes."""
    with setup(system) as terminal:
        asked = terminal.answer()
        terminal.until("2. Account")
        for _ in range(6):
            terminal.answer()
        terminal.rest()
    assert "   1  later: a Micro Teleinfo adapter is read as soon as it is plugged in\n" in asked
    assert "   2  later: another USB adapter, the first one plugged in (/dev/ttyUSB0)\n" in asked
    assert "   3  by an ESP32 board beside the meter, over Wi-Fi\n" in asked
    assert asked.endswith("   [1")
    # The name that the rule of udev gives to such an adapter.
    rules = (ROOT / "systemd/99-linky-gateway.rules").read_text()
    assert load(system.folder / "etc/linky-gateway/gateway.toml").meter[0].source == "/dev/ttyTIC"
    assert 'ENV{ID_SERIAL_SHORT}=="TINFO-*"' in rules
    assert "ttyTIC" in rules


def test_what_is_no_port_is_said_and_asked_again(system: System) -> None:
    """By the rule of the gateway itself, before the work; "later, another adapter" is its usual name."""
    with setup(system, lang="fr") as terminal:
        for wrong, said in (
            ("9", "un numéro de 1 à 3"),
            ("/dev/mem", "/dev/mem n’en est pas un"),
            ("COM3", "COM3 n’en"),
        ):
            terminal.answer(wrong)
            assert said in " ".join(terminal.until("\n1. Par quel port").split())
        terminal.answer("2")
        terminal.until("2. Compte")
        for _ in range(6):
            terminal.answer()
        terminal.rest()
    assert load(system.folder / "etc/linky-gateway/gateway.toml").meter[0].source == "/dev/ttyUSB0"


def test_a_board_is_asked_for_by_its_name(system: System) -> None:
    """The broker and its port for boards come with it, without a question; Enter goes back."""
    with setup(system) as terminal:
        terminal.answer("3")
        terminal.answer()
        terminal.until("1. At which port")
        terminal.answer("3")
        terminal.answer("Salon !")
        terminal.until("1 to 32 of a-z")
        terminal.answer("salon")
        asked = "".join(terminal.answer() for _ in range(4))
        terminal.rest()
    assert "MQTT, on this machine" not in asked
    config = load(system.folder / "etc/linky-gateway/gateway.toml")
    assert config.meter[0].source == "board:salon"
    assert config.mqtt is not None
    assert "listener 8883" in system.read("etc/mosquitto/conf.d/linky.conf")


PC = "/dev/ttyS0\town\t\n"
DONGLE = "usb:10c4:ea60:0123456789\tusb\tSonoff Zigbee\n"
SECOND = "usb:@1-1.2\tusb\tFT232R\n"
TIC = "usb:0403:6015:TINFO-1234\ttic\tMicro Teleinfo\n"


@pytest.mark.parametrize(
    ("ports", "model", "chosen"),
    [
        ("", "", "later"),
        (PC, "", "later"),
        (PC + PC.replace("0", "1"), "", "later"),
        (PC + DONGLE, "", "usb:10c4:ea60:0123456789"),
        (PC + DONGLE + TIC, "", "usb:0403:6015:TINFO-1234"),
        (DONGLE + SECOND, "", "later"),
        ("", "Raspberry Pi 4", "/dev/ttyAMA0"),
        ("/dev/ttyAMA0\town\t\n" + DONGLE, "Raspberry Pi 4", "usb:10c4:ea60:0123456789"),
        (DONGLE + SECOND, "Raspberry Pi 4", "/dev/ttyAMA0"),
        (TIC, "Raspberry Pi 4", "usb:0403:6015:TINFO-1234"),
    ],
)
def test_enter_takes_what_may_be_a_meter(ports: str, model: str, chosen: str) -> None:
    """An adapter made for meters, the only one, the header of a Pi, or later; never a port that a PC has anyway."""
    # The ports are lines as listen.py prints them: no such machines are at hand.
    script = """
    TREE=$1 LANGUAGE=en
    for one in words files answers questions; do source "$TREE/tools/lib/setup/$one.sh"; done
    ports() { printf '%s' "$PORTS"; }
    pi_model() { printf '%s' "$MODEL"; }
    find_choices
    echo "${SOURCES[DEFAULT_CHOICE - 1]}"
    printf '%s\\n' "${SOURCES[@]}"
    """
    env = {**os.environ, "PORTS": ports, "MODEL": model}
    command = ["bash", "-euc", script, "-", str(ROOT)]
    default, *sources = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.split()
    assert default == chosen
    assert {"later", "board"} < set(sources)
    assert len(set(sources)) == len(sources)
    assert {line.split("\t")[0] for line in ports.splitlines()} <= set(sources)
    if PC in ports:
        assert sources[-1].startswith("/dev/ttyS")


def test_a_port_in_the_file_of_answers_is_checked(system: System, tmp_path: Path) -> None:
    """Before anything is done, in the words of the gateway."""
    answers = tmp_path / "answers"
    answers.write_text("port = /dev/mem\n")
    before = system.tree()
    said = system.setup("install", "--config", answers, "--lang", "fr", code=2)
    assert said.splitlines()[-1].startswith('✗ /dev/mem : un port s’écrit "auto", "/dev/serial0"')
    assert {name for name in system.tree() if not name.startswith("var/log/")} == set(before)


def test_the_names_of_boards_are_those_of_the_gateway(tmp_path: Path) -> None:
    """The shell's rule and the gateway's are the same."""
    from gateway.config.checks import NAME

    assert f"BOARD='{NAME}'" in (ROOT / "tools/lib/setup/answers.sh").read_text()


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_sentences_are_broken_between_words(system: System, columns: int, lang: str) -> None:
    """On a narrow terminal as well: no line of a question, a list or a report is longer than it."""
    with setup(system, columns=columns, lang=lang) as terminal:
        asked = "".join(terminal.answer() for _ in range(7))
        said = asked + terminal.rest()
    shown = [line.rpartition(CLEAR)[2] for line in said.split("\n")]
    assert [line for line in shown if "/" not in line and len(line) > columns] == []
    # What the ticking line shows is cut off rather than broken.
    assert all(len(part) <= columns for line in said.split("\n") for part in line.split(CLEAR)[1:-1])


def test_progress_is_seen_while_apt_works(tmp_path: Path) -> None:
    """From the beginning on one line: the step, how far apt is and with which package, and for how long."""
    require()
    machine = Machine(tmp_path)
    machine.package("openssl", postinst=WAITS)
    with machine.installing("fr") as (process, leader):
        terminal = Terminal(leader, process)
        assert re.search(r"\d:\d\d  $", terminal.until("… paquets Debian"))
        before = terminal.until(" % (openssl)")
        assert re.search(r"\d:\d\d  … paquets Debian · installation \d{1,3}$", before)
        assert "dpkg-exec" not in before
        while not re.search(r"(?:0:0[1-9]|0:[1-5]\d|[1-9]\d*:\d\d)  … paquets Debian", terminal.said):
            assert terminal.read()
        machine.hurry()
        said = terminal.rest()
    assert re.search(rf"{re.escape(CLEAR)}✓ paquets Debian · \d+:\d\d\n", said)
    assert process.returncode == 0, said


def test_nothing_moves_where_there_is_no_terminal(system: System) -> None:
    """In a pipe and in the log there are sentences alone, one for each step, and no control characters."""
    said = system.setup("install", "--unattended")
    log = system.read("var/log/linky-gateway-setup.log")
    for text in (said, log):
        assert not re.search(r"[\r\033]", text)
        assert text.count("… services\n") == 1


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Any]:
    """Give a gateway with a page that has a name, and no password yet."""
    with House(tmp_path / "new", "/nowhere/tty", 'names = ["maison.example.org"]\n') as running:
        yield running


# The end of an installation, its program the one of this checkout: the rest of tools/setup is not run.
_SHOW_PAGE = """
TREE=$1 CONFIG=$2 ROOT='' DRY_RUN=0 PAGE_WAIT_S=30 SCRATCH=$3 CURRENT=$3
for one in words report progress; do source "$TREE/tools/lib/setup/$one.sh"; done
LANGUAGE=$4 ETC=$(dirname "$CONFIG")
source <(sed -n '/^has_page()/,/^}/p; /^show_page()/,/^}/p' "$TREE/tools/setup")
show_page
"""


def show_page(house: Any, folder: Path, lang: str) -> list[str]:
    """The command that shows the page as ``tools/setup`` does at its end, with the gateway of that house."""
    program = folder / "bin/linky-gateway"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec "$PYTHON" -m gateway "$@" --config {house.config}\n')
    program.chmod(0o755)
    return ["bash", "-euc", _SHOW_PAGE, "-", str(ROOT), str(house.config), str(folder), lang]


def piped(command: list[str], env: dict[str, str]) -> str:
    """All that it says where there is no terminal."""
    done = subprocess.run(command, env={**os.environ, **env}, check=True, stdout=-1, stderr=-2, text=True)
    return done.stdout


def test_setup_ends_with_the_way_to_the_page(house: Any, tmp_path: Path) -> None:
    """Address, code and QR code; again, the code stays what it is; once there is a password, none is made."""
    env = {"PYTHON": sys.executable, "PYTHONPATH": str(ROOT)}
    link = "https://maison.example.org/setup"
    with at_a_terminal(show_page(house, tmp_path, "fr"), **env) as terminal:
        said = terminal.rest()
    assert "▀" in said
    found = re.search(rf"La page de la maison :\n  {link}\nLe code de la première visite :\n  (.+)\n", said)
    assert found, said
    command = show_page(house, tmp_path, "en")
    again = piped(command, env)
    assert again.startswith(f"\nThe page of the house:\n  {link}\nIts code was given already; ")
    fields = {"code": found[1], "password": PASSWORD, "again": PASSWORD}
    assert house.visitor().post("/setup", fields)[0].status == 303
    assert piped(command, env) == "\nThe page of the house:\n  https://maison.example.org/\n"


def test_setup_in_a_pipe_ends_with_address_and_code(house: Any, tmp_path: Path) -> None:
    """And nothing else: no picture, no control characters, one line each."""
    said = piped(show_page(house, tmp_path, "en"), {"PYTHON": sys.executable, "PYTHONPATH": str(ROOT)})
    link = "https://maison.example.org/setup"
    assert re.fullmatch(rf"\nThe page of the house:\n  {link}\n(?:[A-Z2-9]{{4}}-){{2}}[A-Z2-9]{{4}}\n", said)


# The part of an installation that listens, with the program of this checkout for the installed one.
_HEAR = """
TREE=$1 OURS=$2 SCRATCH=$2 ROOT='' DRY_RUN=0
for one in words report progress files machine answers questions; do source "$TREE/tools/lib/setup/$one.sh"; done
LANGUAGE=fr ANSWER[port]=$3
hear_port
echo "port: ${ANSWER[port]}"
"""


@pytest.mark.campaign
def test_a_port_is_listened_to_and_asked_for_again(tmp_path: Path) -> None:
    """Of a silent one it is said what that may be; what is no port is refused; at the next one a meter is heard."""
    program = tmp_path / "bin/python"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nshift\nPYTHONPATH={ROOT} exec {sys.executable} "$@"\n')
    program.chmod(0o755)
    leader, follower = pty.openpty()
    command = ["bash", "-Eeuc", _HEAR, "-", str(ROOT), str(tmp_path), os.ttyname(follower)]
    with SimulatedMeter(tmp_path / "ttyTIC", seed=1) as meter, at_a_terminal(command) as terminal:
        heard = terminal.until("Un autre port ? Entrée garde")
        assert f"j'écoute {os.ttyname(follower)}" in heard
        os.write(terminal.leader, b"/dev/mem\n")
        terminal.until("un port s’écrit")
        terminal.until("Un autre port ? Entrée garde")
        port = str(Path(meter.path).resolve())
        os.write(terminal.leader, f"{port}\n".encode())
        said = terminal.rest()
    os.close(leader)
    os.close(follower)
    assert re.search(r"un compteur : (?:historic|standard), (?:1200|9600) Bd", said)
    assert said.endswith(f"port: {port}\n")
