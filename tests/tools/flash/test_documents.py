"""What the documents say to type to make a board: taken by the programs as it stands, from its box to the wall."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from flash.options import parser
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


@pytest.mark.parametrize(("document", "anchor"), [("README.md", "box-to-the-wall"), ("LISEZMOI.md", "boîte-au-mur")])
def test_a_household_finds_the_way(document, anchor):
    """From the page of the first curve, in its language."""
    assert f"../{WALL}/{document}#" in read(f"gateway/{document}")[1]
    assert anchor in read(f"gateway/{document}")[1]
