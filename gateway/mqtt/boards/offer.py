"""A signed set as messages that lie with the broker: an offer, and contents in blocks, each retained on its own topic.

Nothing has to run here while a board fetches: it asks the broker for one block at a time, whenever it is awake. The
board's side is micropython/update/agent.py.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.mqtt.boards.fileset import FileSet, digest

if TYPE_CHECKING:
    from collections.abc import Iterator


ROOT = "linky/board"
BLOCK = 1024
"""Bytes; what a board has room for beside everything else (agent.py has the same number)."""


@dataclass(frozen=True, slots=True)
class UpdateState:
    """What a board says of its updates: the version that runs, the numbers of the sets it runs, took last, refused.

    ``last`` is why, in words.
    """

    version: str
    running: int
    taken: int
    trial: bool
    refused: int
    last: str

    @classmethod
    def parse(cls, payload: bytes) -> UpdateState | None:
        """Read a board's message; None when it is none: a board may say anything."""
        try:
            found = json.loads(payload)
            return cls(
                version=str(found["version"]),
                running=int(found["running"]),
                taken=int(found["taken"]),
                trial=bool(found["trial"]),
                refused=int(found["refused"]),
                last=str(found["last"]),
            )
        except (ValueError, KeyError, TypeError):
            return None


def state_topic(board: str) -> str:
    """Where a board says its state; ``+`` is every board."""
    return f"{ROOT}/{board}/update/state"


def board_of(topic: str) -> str:
    """The board that a topic belongs to."""
    return topic.split("/")[2]


def messages(board: str, files: FileSet, signed: bytes, serial: int) -> Iterator[tuple[str, bytes]]:
    """The topics and what is to be retained there, the offer last: what it offers is then there."""
    prefix = f"{ROOT}/{board}/update"
    contents = {digest(content): content for content in (*files.files.values(), signed)}
    for name, content in contents.items():
        for number, at in enumerate(range(0, len(content), BLOCK)):
            yield f"{prefix}/{name}/{number}", content[at : at + BLOCK]
    offer = {"serial": serial, "manifest": digest(signed), "size": len(signed)}
    yield f"{prefix}/offer", json.dumps(offer).encode()


def outcome(state: UpdateState, serial: int) -> bool | None:
    """Whether the board runs the set of this number for good; None while that is not decided."""
    if state.trial:
        return None
    if state.running == serial:
        return True
    return False if serial in {state.taken, state.refused} else None
