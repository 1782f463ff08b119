"""What the documents say to type to make a board: taken by the programs as it stands, from its box to the wall."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

import pytest

from flash import pins
from flash.chips import CHIPS
from flash.options import parser
from harness import ROOT
from tests.markdown import DOCUMENTS, read, shell_commands, spans

if TYPE_CHECKING:
    import argparse

WALL = "micropython/display"


def flashed(document: str) -> list[argparse.Namespace]:
    """Every call of tools/flash in a document's blocks, as its parser takes it."""
    found = [shlex.split(command.removeprefix("sudo ")) for command in shell_commands(document)]
    return [parser().parse_args(words[1:]) for words in found if words[0].endswith("tools/flash")]


def test_every_call_of_the_flasher_is_taken_as_it_stands():
    """No option that a document names is missing, or wants something else."""
    assert sum(len(flashed(document)) for document in DOCUMENTS) >= 6


@pytest.mark.parametrize("name", ["README.md", "LISEZMOI.md"])
def test_a_display_gets_from_its_box_to_the_wall(name):
    """Flashed as a display by TLS, let in by the card that was written, labelled with the label that was written."""
    (here, _, board) = flashed(f"{WALL}/{name}")
    # On the gateway's own Raspberry Pi; then on another computer.
    assert (here.role, here.here, here.id) == ("display", True, board.id)
    assert (board.role, board.broker_port, bool(board.ca)) == ("display", None, True)
    # The name of the installed broker's certificate: an address would need another.
    assert board.broker.endswith(".local")
    assert f"sudo linky-gateway board add {board.cards}/{board.id}.json" in shell_commands(f"{WALL}/{name}")
    assert f"{board.cards}/{board.id}-label.svg" in spans(f"{WALL}/{name}")
    assert "sudo linky-setup broker" in shell_commands(f"{WALL}/{name}")


@pytest.mark.parametrize("name", ["README.md", "LISEZMOI.md"])
def test_a_settings_file_of_the_document_fits_an_esp32(name):
    """Each key is one of the display's tables, and each pin one that the chip has and nothing else takes."""
    source = (ROOT / WALL / "tables.py").read_text(encoding="utf-8")
    known = set(re.findall(r'^ {8}"(\w+)": \(_', source, re.MULTILINE))
    examples = [json.loads(block.text) for block in read(f"{WALL}/{name}")[0] if block.language == "json"]
    assert len(examples) == 2
    for example in examples:
        assert set().union(*example.values()) <= known
        pins.check(example, CHIPS["esp32"])


@pytest.mark.parametrize(("document", "anchor"), [("README.md", "to-hanging-it-up"), ("LISEZMOI.md", "à-laccrochage")])
def test_a_household_finds_the_way(document, anchor):
    """From the page of the first curve, in its language."""
    assert f"../{WALL}/{document}#" in read(f"gateway/{document}")[1]
    assert anchor in read(f"gateway/{document}")[1]
