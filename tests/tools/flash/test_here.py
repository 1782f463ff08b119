"""``tools/flash --here``: on the Raspberry Pi of the gateway, what it fills in, and what it says where it cannot."""

import argparse
import io
import os
import pty
import subprocess
import sys

import pytest

from flash import firmware, here
from flash.dialogue import Dialogue
from flash.errors import FlashError
from tests.rights import without_rights

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="for root alone")


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine on which a gateway is installed, with a broker for itself alone."""
    for name in ("CONFIG", "CA", "BROKER", "SETUP"):
        monkeypatch.setattr(here, name, tmp_path / name)
    here.CONFIG.write_text("")
    here.BROKER.write_text("listener 1883 127.0.0.1\n")
    return tmp_path


def asked(**said):
    """The options, of which nothing was said but that."""
    return argparse.Namespace(**{"broker": None, "ca": None, "register": None, **said})


def dialogue(*, yes=True):
    """Somebody who says yes to all."""
    return Dialogue("en", io.StringIO(), assume_yes=yes)


def setup_that(script):
    """A ``linky-setup`` that does this."""
    here.SETUP.write_text(f"#!/bin/sh\n{script}\n")
    here.SETUP.chmod(0o755)


@ROOT_ONLY
def test_the_broker_is_opened_and_all_is_filled_in(machine):
    """Once; a second board finds it open. What was said stays."""
    setup_that(f'[ "$*" = "broker --lang en" ] && echo "listener 8883" >>{here.BROKER}')
    options = asked()
    here.fill(options, dialogue())
    name = os.uname().nodename.partition(".")[0].lower()
    assert (options.broker, options.ca, options.register) == (f"{name}.local", here.CA, here.CONFIG)
    setup_that("exit 1")
    options = asked(broker="pi.lan")
    here.fill(options, dialogue(yes=False))
    assert options.broker == "pi.lan"


@ROOT_ONLY
@pytest.mark.parametrize(
    ("script", "said"),
    [
        (None, "add a listener on 8883 to "),
        ("echo no network >&2; exit 3", "broker --lang en did not work: no network"),
    ],
)
def test_a_broker_that_cannot_be_opened_is_a_sentence(machine, script, said):
    """It is said before anything is erased."""
    if script:
        setup_that(script)
    with pytest.raises(FlashError, match=said):
        here.fill(asked(), dialogue())


@ROOT_ONLY
def test_without_a_gateway_or_without_root_it_says_what_to_do(machine, monkeypatch):
    """What was typed, with sudo before it."""
    here.CONFIG.unlink()
    with pytest.raises(FlashError, match="no gateway is installed here"):
        here.fill(asked(), dialogue())
    monkeypatch.setattr(sys, "argv", ["flash", "--here", "--id", "hall"])
    with without_rights(), pytest.raises(FlashError, match="sudo tools/flash --here --id hall"):
        here.fill(asked(), dialogue())


def test_a_port_that_a_program_has_open_is_no_boards():
    """At it the gateway reads its meter."""
    ours, meter = pty.openpty()
    _, board = pty.openpty()
    ports = [(os.ttyname(meter), "an adapter"), (os.ttyname(board), "a board")]
    hold = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.buffer.raw.readall()"]
    with subprocess.Popen(hold, stdin=meter, stdout=subprocess.PIPE) as reader:
        reader.stdout.readline()
        assert here.without_meters(ports) == ports[1:]
        reader.kill()
    os.close(ours)


def test_the_file_of_micropython_is_found_beside_who_types(tmp_path, monkeypatch):
    """One that is known by its name; none, or two, are a question."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FlashError, match="which MicroPython"):
        firmware.beside()
    name = "ESP32_GENERIC-20260406-v1.28.0.bin"
    (tmp_path / name).touch()
    assert firmware.beside().name == name
    (tmp_path / "ESP32_GENERIC_S3-20260406-v1.28.0.bin").touch()
    with pytest.raises(FlashError, match="which MicroPython"):
        firmware.beside()
