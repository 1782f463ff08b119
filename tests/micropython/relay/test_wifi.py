"""What a board says of a Wi-Fi that does not let it in; lib/board.py itself, over a station as upstream's."""

import shutil
import subprocess
from pathlib import Path

import pytest

from harness import ROOT

pytestmark = pytest.mark.skipif(not shutil.which("micropython"), reason="micropython is not installed")


@pytest.mark.parametrize(
    ("reasons", "said"),
    [
        ([0], "joined"),
        ([2, 0], "joined"),
        ([202], "Wi-Fi Maison: wrong password"),
        ([15], "Wi-Fi Maison: wrong password"),
        ([2, 204], "Wi-Fi Maison: wrong password"),
        ([201], "Wi-Fi Maison: not found"),
        ([2], "Wi-Fi Maison: not reached (2)"),
    ],
    ids=[
        "lets in",
        "second try",
        "refused",
        "no end of the handshake",
        "nor at the second try",
        "not there",
        "expired",
    ],
)
def test_why_a_wifi_is_not_joined(reasons, said):
    """A wrong password is called one also where the access point lets the handshake run out instead of refusing it."""
    command = ["micropython", Path(__file__).with_name("wifi_on_board.py"), *map(str, reasons)]
    environment = {"MICROPYPATH": f"{ROOT / 'micropython' / 'lib'}:.frozen"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True, timeout=30)
    assert done.stdout.strip() == said
