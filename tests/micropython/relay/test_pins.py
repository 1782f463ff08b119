"""The pins of a relay's UART: both are named, so that MicroPython never takes the flash's for an output."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from harness import ROOT

pytestmark = pytest.mark.skipif(not shutil.which("micropython"), reason="micropython is not installed")

ESP32, PICO = "Generic ESP32 module with ESP32", {6, 7, 8, 9, 10, 11, 16, 17}
OTHERS = ["Generic ESP32S3 module with ESP32S3", "ESP32C3 module with ESP32C3", "ESP32C6 module with ESP32C6"]
LIB = ROOT / "micropython" / "lib"


def opened(chip, **relay):
    """The pins of the UART that the board opens."""
    table = {"uart": 2, "rx": 27, "tx": None, "invert": False, "led": 4, **relay}
    command = ["micropython", Path(__file__).with_name("uart_on_board.py"), chip, json.dumps(table)]
    environment = {**os.environ, "MICROPYPATH": f"{LIB}:.frozen"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True, timeout=30)
    return json.loads(done.stdout)


@pytest.mark.parametrize("uart", [1, 2])
def test_no_pin_of_the_flash_becomes_an_output(uart):
    """On an ESP32 that has its flash on 6 to 11, 16 and 17, whatever UART it is."""
    assert opened(ESP32, uart=uart)["tx"] not in PICO


def test_a_board_of_before_keeps_to_free_pins():
    """A configuration without tx: one that the chip has, and that is neither the meter's nor the light's."""
    assert [opened(chip, uart=1)["tx"] for chip in OTHERS] == [10, 10, 10]
    assert opened(ESP32, rx=32)["tx"] == 33
    assert opened(OTHERS[1], uart=1, led=10)["tx"] == 7


def test_the_pins_of_the_configuration_are_taken():
    """As they stand there."""
    assert opened(ESP32, tx=25, rx=26) == {"tx": 25, "rx": 26}


@pytest.mark.parametrize(
    ("relay", "sentence"),
    [
        ({"rx": 4}, "relay: rx and led are both on pin 4"),
        ({"tx": 16}, "relay: rx and tx are both on pin 16"),
        ({"tx": -1}, "relay: tx: no pin has the number -1"),
        ({"tx": "x"}, "relay: tx is not a int"),
    ],
)
def test_a_pin_for_two_things_is_said(tmp_path, relay, sentence):
    """In one sentence, before the UART is opened."""
    config = {"id": "salon", "wifi": {"ssid": "x"}, "broker": {"host": "pi", "password": "x"}, "relay": relay}
    (tmp_path / "config.json").write_text(json.dumps(config))
    program = f"import settings\ntry: settings.load('{tmp_path}/config.json')\nexcept ValueError as error: print(error)"
    path = f"{ROOT / 'tools' / 'lib' / 'relay_faults' / 'unix'}:{LIB}:.frozen"
    environment = {**os.environ, "MICROPYPATH": path, "BOARD_FOLDER": str(tmp_path)}
    done = subprocess.run(
        ["micropython", "-c", program], capture_output=True, text=True, env=environment, check=True, timeout=30
    )
    assert sentence in done.stdout
