"""What a board says (micropython/README.md): a frame's header, its state; bounded before anything is made of it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from gateway.tic.frame import MAX_FRAME_BYTES

VERSION = 1

Boot = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{8}$")]
Number = Annotated[int, msgspec.Meta(ge=1, lt=1 << 32)]
Count = Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]
Groups = Annotated[int, msgspec.Meta(ge=0, le=MAX_FRAME_BYTES)]
Decibels = Annotated[int, msgspec.Meta(ge=-200, le=100)]

# What a board sends is a fifth of that, and two levels deep; STX and ETX are around a frame.
MOST_HEAD_BYTES, _MOST_OPENINGS = 1024, 16
MOST_BYTES = MOST_HEAD_BYTES + 1 + MAX_FRAME_BYTES + 2

# A board's flash holds five days; an age beyond this is no age.
OLDEST_MS = 30 * 86_400_000


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of a frame's message; keys that a newer board adds are passed over.

    ``after`` is what the board sent before it (None: it has nothing older), ``age`` in milliseconds (None: the board
    does not know), ``bad`` the groups that were lost on its wire, ``owed`` the frames that it still keeps.
    """

    v: Literal[1]
    boot: Boot
    seq: Number
    after: tuple[Boot, Number] | None
    age: Count | None
    whole: bool
    bad: Groups
    owed: Count
    lost: Count


class BoardState(msgspec.Struct, frozen=True, kw_only=True):
    """What a board says of itself, and what is left behind (``lost``) when it is gone."""

    v: Literal[1]
    state: Literal["online", "lost"]
    boot: Boot
    speed: Count | None = None
    dbm: Decibels | None = None
    in_flash: Count = 0
    lost: Count = 0
    heap_free: Count = 0
    lag_ms: Count = 0


def split_message(payload: bytes) -> tuple[Header, bytes]:
    """A frame's message: header and frame, STX to ETX. ValueError for anything else."""
    if len(payload) > MOST_BYTES:
        raise ValueError("longer than any frame")
    head, _, frame = payload.partition(b"\n")
    header = msgspec.json.decode(_bounded(head), type=Header)
    if frame[:1] != b"\x02" or frame[-1:] != b"\x03":
        raise ValueError("not a frame from STX to ETX")
    return header, frame


def _bounded(head: bytes) -> bytes:
    """A JSON object that may be parsed; ValueError for one that is too long, or may be too deep for a parser."""
    if len(head) > MOST_HEAD_BYTES or head.count(b"[") + head.count(b"{") > _MOST_OPENINGS:
        raise ValueError("a header that is too long or too deep")
    return head


def parse_state(payload: bytes) -> BoardState:
    """What a board, or the broker in its place, says of the board. ValueError for anything else."""
    return msgspec.json.decode(_bounded(payload), type=BoardState)
