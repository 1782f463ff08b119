"""What leads to the page: addresses that somebody answers to, the code, a QR code that a phone sees on any terminal."""

import os
import pty
import re
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest
import segno

from gateway.commands import page_qr, page_visit
from gateway.config.tables import WebTable
from gateway.web.http.mdns import name_of
from gateway.web.page import addresses
from harness import ROOT
from tests.gateway.web.conftest import PASSWORD, House
from tests.integration.processes import ENVIRONMENT

ADDRESSES = ("http://raspberrypi.local:8080", "http://192.168.1.20:8080")
SGR = re.compile(r"\033\[([0-9;]*)m")


@contextmanager
def avahi(tmp_path, answer):
    """The socket of avahi-daemon, which cannot run here: it speaks to the network's other machines.

    As in avahi-daemon/simple-protocol.c of avahi 0.8 (github.com/avahi/avahi): a line is taken, one is given, the
    connection ends. Unlike it, this one looks nothing up: it gives ``answer``, and nothing at all for None.
    """
    asked, door = [], tmp_path / "avahi"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(door))
        listening.listen()

        def serve():
            link, _ = listening.accept()
            with link:
                asked.append(link.recv(1024))
                if answer is not None:
                    link.sendall(answer)
                link.recv(1)

        thread = threading.Thread(target=serve)
        thread.start()
        yield door, asked
        thread.join(60)


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (b"+ 2 0 raspberrypi.local\n", "raspberrypi.local"),
        (b"+ 3 0 RaspberryPi-2.local\n", "raspberrypi-2.local"),
        (b"-15 Timeout reached\n", None),
        (b"+ 2 0 router.home\n", None),
        (b"+ 2 0 " + b"x" * 5000 + b"\n", None),
        (b"\xff\xfe\n", None),
        (b"", None),
        (None, None),
    ],
)
def test_the_name_is_the_one_that_avahi_answers_to(tmp_path, answer, name):
    """Also where another machine had it first; where avahi says nothing of use, no name is promised."""
    with avahi(tmp_path, answer) as (door, asked):
        assert name_of("192.168.1.20", door) == name
    assert asked == [b"RESOLVE-ADDRESS 192.168.1.20\n"]


def test_without_avahi_no_name_is_promised(tmp_path):
    """The page is then at its number alone."""
    assert name_of("192.168.1.20", tmp_path / "nobody") is None
    web = WebTable(listen="192.168.1.20:8080")
    assert addresses(web, lambda _: None) == ["http://192.168.1.20:8080"]
    assert addresses(web, lambda number: {"192.168.1.20": "raspberrypi.local"}[number]) == list(ADDRESSES)


def modules(lines):
    """What a phone sees of half blocks: 1 for each dark module, row by row; every colour is said by the lines."""
    rows = []
    for line in lines:
        above, below, letter, ground = [], [], None, None
        for part in re.split(r"(\033\[[0-9;]*m)", line):
            if found := SGR.fullmatch(part):
                kind, _, colour = found[1].partition(";5;")
                letter, ground = (
                    (colour, ground) if kind == "38" else (letter, colour) if kind == "48" else (None, None)
                )
                continue
            for sign in part:
                assert {letter, ground} <= {"16", "231"}
                assert sign in " ▀"
                above.append(int((ground if sign == " " else letter) == "16"))
                below.append(int(ground == "16"))
        rows += [above, below]
    return rows


@pytest.mark.parametrize(
    "link", [f"{ADDRESSES[1]}/setup", "http://10.0.0.2:80/", f"https://{'n' * 60}.example.org/setup"]
)
def test_the_picture_is_the_qr_code_in_black_on_white(link):
    """Its modules are segno's, with four white ones around, whatever the terminal's colours are."""
    rows = modules(page_qr.half_blocks(link))
    matrix = [list(row) for row in segno.make(link, error="l", micro=False).matrix]
    side = len(matrix) + 8
    assert {len(row) for row in rows} == {side} == {page_qr.width(link)}
    assert [row[4:-4] for row in rows[4 : 4 + len(matrix)]] == matrix
    around = rows[:4] + rows[4 + len(matrix) :] + [row[:4] + row[-4:] for row in rows]
    assert len(rows[4 + len(matrix) :]) >= 4
    assert not any(map(any, around))


@pytest.mark.parametrize("lang", ["fr", "en"])
@pytest.mark.parametrize("columns", [32, 60, 80, 200])
def test_it_fits_the_terminal(lang, columns):
    """No line is wider; where the picture would be, there is none, and the words do not speak of one."""
    said = page_visit.what_to_do(ADDRESSES, 8080, "ABCD-EFGH-JKLM", lang, columns)
    plain = SGR.sub("", said)
    lines = [line for line in plain.splitlines() if "http" not in line]
    assert max(map(len, lines)) <= columns
    drawn = "▀" in said
    assert drawn == (columns > 40)
    assert (("carré" in plain) or ("square" in plain)) == drawn
    for expected in (*(f"  {address}/setup" for address in ADDRESSES), "  ABCD-EFGH-JKLM"):
        assert expected in plain.splitlines()


def test_without_an_address_the_port_is_said():
    """Behind a proxy that has no name, or before there is a network."""
    said = page_visit.what_to_do((), 8081, "ABCD-EFGH-JKLM", "fr", 80)
    assert "  le port 8081 de cette machine, chemin /setup" in said
    assert "▀" not in said


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A gateway with a page behind a proxy of that name, which nobody has visited yet."""
    with House(tmp_path_factory.mktemp("house") / "new", "/nowhere/tty", 'names = ["maison.example.org"]\n') as house:
        yield house


def at_a_terminal(house, *words, **environment):
    """What ``linky-gateway page code`` prints at a terminal of 80 columns."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "gateway", "page", "code", "--config", str(house.config), *words]
    env = {**ENVIRONMENT, "TERM": "xterm-256color", "COLUMNS": "80", "PYTHONIOENCODING": "utf-8", **environment}
    with subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=env, cwd=ROOT) as process:
        os.close(follower)
        parts = []
        while True:
            try:
                parts.append(os.read(leader, 65536))
            except OSError:
                break
        assert process.wait(60) == 0, parts
    os.close(leader)
    return b"".join(parts).decode().replace("\r\n", "\n")


def test_a_terminal_shows_address_code_and_picture_in_its_language(house):
    """In French and in English; the code sets the password, and the picture is of the address."""
    french, english = at_a_terminal(house, "--lang", "fr"), at_a_terminal(house, "--lang", "en")
    link = "https://maison.example.org/setup"
    for said in (french, english):
        assert f"\n  {link}\n" in said
        assert said.startswith("\n".join(page_qr.half_blocks(link)))
    assert "Le code de la première visite :\n" in french
    assert "The code for the first visit:\n" in english
    assert at_a_terminal(house, TERM="dumb").count("▀") == 0
    piped = house.command("page", "code", "--lang", "fr")
    assert re.fullmatch(r"(?:[A-Z2-9]{4}-?){3}\n", piped.stdout)
    assert piped.stderr == f"La page de la maison :\n  {link}\n"
    # Setup that is run again before the first visit leaves that code, which may be on a label, what it is.
    again = at_a_terminal(house, "--first", "--lang", "fr")
    assert again.startswith(f"La page de la maison :\n  {link}\nSon code a déjà été donné ; ")
    fields = {"code": piped.stdout.strip(), "password": PASSWORD, "again": PASSWORD}
    assert house.visitor().post("/setup", fields)[0].status == 303
    # Setup that is run again gives no way to another password.
    again = at_a_terminal(house, "--first", "--lang", "fr")
    assert again == "La page de la maison :\n  https://maison.example.org/\n"
