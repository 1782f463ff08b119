"""Inputs that once stopped more than themselves, and their relatives: seeded, for ``tools/fuzz`` and for tests.

Three families. ``poison``: messages of a board whose numbers no date can hold, or whose JSON nests deeper than a parser
can follow. ``nested``: stanzas of a stranger that nest deeper than they can be copied. ``crowd``: frames that are all
valid, each said to be of another start of its board. What was seen comes first, the relatives after it.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FRAMES = Path(__file__).resolve().parents[3] / "tests" / "frames"

# An ejabberd, whoever's it is, is never sent anything deeper than this.
DEEPEST = 2000
_STX, _ETX = b"\x02", b"\x03"
# A stanza is below what a server lets through, and a frame's message below what the broker does.
_LONGEST_STANZA, _LONGEST_MESSAGE = 100_000, 60_000

_AGES = (2**53 - 1, 2**53, 2**52, 10**15, 10**14, 2**63, 2**64, 10**40, 31 * 86_400_000, 2**41, -1, 1.5, 1e308)
_ODD = (None, True, [], {}, "", "1", "\u0661", 0, -1, 2**31, 2**32 - 1, 2**32, 2**53 - 1, 2**64, 10**300, 1e-300)
_NAMES = ("a", "query", "x", "item", "field", "value", "iq", "message", "error", "body", "command", "set", "received")
_SPACES = (
    "foo", "urn:xmpp:ping", "jabber:x:data", "http://jabber.org/protocol/commands", "jabber:iq:roster", "jabber:client",
    "http://jabber.org/protocol/disco#info", "urn:quoalise:0", "urn:linky-gateway:0", "urn:xmpp:receipts",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BoardMessage:
    """What a board's account publishes below its own name: ``what`` is ``frame`` or ``state``."""

    what: str
    payload: bytes
    retain: bool


@cache
def real_frames() -> tuple[bytes, ...]:
    """Whole frames, STX to ETX, of the captured standard meters."""
    found = []
    for path in sorted(FRAMES.glob("real/s1-*.raw")):
        data = path.read_bytes()
        start = data.find(_STX)
        while start >= 0 and (end := data.find(_ETX, start)) >= 0:
            found.append(data[start : end + 1])
            start = data.find(_STX, end)
    return tuple(found)


def header(chance: random.Random, **changed: object) -> dict[str, object]:
    """The header of a frame's message as a board writes it, some of it changed."""
    usual = {"v": 1, "boot": f"{chance.getrandbits(32):08x}", "seq": 1, "after": None, "age": 20}
    return usual | {"whole": True, "bad": 0, "owed": 1, "lost": 0} | changed


def message(head: bytes | dict[str, object], frame: bytes | None = None, *, retain: bool = False) -> BoardMessage:
    """A frame's message with this header."""
    line = head if isinstance(head, bytes) else json.dumps(head).encode()
    return BoardMessage("frame", line + b"\n" + (real_frames()[0] if frame is None else frame), retain)


def poison(seed: int, count: int) -> Iterator[BoardMessage]:
    """Messages that no board writes: ages, numbers, depth. Retained at first, so that a start meets them."""
    chance = random.Random(f"{seed}-poison")
    yield message(header(chance, age=2**53 - 1), retain=True)
    yield BoardMessage("state", b"[" * DEEPEST, retain=True)
    yield message(b"[" * DEEPEST, retain=True)
    for _ in range(count):
        made = chance.choice((_aged, _odd, _deep, _deep, _deep_state, _odd_state, _long))(chance)
        yield BoardMessage(made.what, made.payload[:_LONGEST_MESSAGE], made.retain)


def _aged(chance: random.Random) -> BoardMessage:
    age = chance.choice(_AGES) if chance.random() < 0.6 else chance.getrandbits(chance.randrange(1, 70))
    return message(header(chance, age=age), retain=chance.random() < 0.5)


def _odd(chance: random.Random) -> BoardMessage:
    head = header(chance)
    for name in chance.sample(sorted(head), chance.randrange(1, 4)):
        head[name] = chance.choice(_ODD)
    if chance.random() < 0.3:
        head["after"] = [chance.choice(_ODD), chance.choice(_ODD)]
    return message(head, retain=chance.random() < 0.5)


def _brackets(chance: random.Random) -> bytes:
    """A value that nests, closed or not."""
    depth = chance.choice((19, 64, 199, 500, 990, 1000, 1100, DEEPEST, 9000))
    opening, closing = chance.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]"), (b"[[],", b"]")))
    return opening * depth + (b"1" + closing * depth if chance.random() < 0.6 else b"")


def _deep(chance: random.Random) -> BoardMessage:
    if chance.random() < 0.3:
        return message(_brackets(chance), retain=chance.random() < 0.5)
    head = json.dumps(header(chance, **{chance.choice(("after", "age", "more", "v")): "HERE"})).encode()
    return message(head.replace(b'"HERE"', _brackets(chance)), retain=chance.random() < 0.5)


def _state(chance: random.Random, **changed: object) -> bytes:
    usual = {"v": 1, "state": "online", "boot": f"{chance.getrandbits(32):08x}", "speed": 9600, "dbm": -50}
    return json.dumps(usual | {"in_flash": 0, "lost": 0, "heap_free": 50_000, "lag_ms": 3} | changed).encode()


def _deep_state(chance: random.Random) -> BoardMessage:
    name = chance.choice(("dbm", "speed", "more", "in_flash"))
    text = _state(chance, **{name: "HERE"}).replace(b'"HERE"', _brackets(chance))
    return BoardMessage("state", text if chance.random() < 0.7 else _brackets(chance), chance.random() < 0.7)


def _odd_state(chance: random.Random) -> BoardMessage:
    name = chance.choice(("v", "state", "boot", "speed", "dbm", "in_flash", "lost", "heap_free", "lag_ms"))
    return BoardMessage("state", _state(chance, **{name: chance.choice(_ODD)}), chance.random() < 0.7)


def _long(chance: random.Random) -> BoardMessage:
    text = chance.choice(("x", "\u00e9", "\\", "\u202e", "9")) * chance.choice((900, 1100, 20_000, 50_000))
    return message(header(chance, **{chance.choice(("more", "boot", "v")): text}), retain=chance.random() < 0.3)


def nested(seed: int, count: int) -> Iterator[str]:
    """Stanzas that nest, 19 to 2,000 deep; ``TO`` stands for whom they are for."""
    chance = random.Random(f"{seed}-nested")
    for depth in (600, 1500, DEEPEST - 2):
        yield f"<iq to='TO' type='get' id='d{depth}'><query xmlns='foo'>{'<a>' * depth}{'</a>' * depth}</query></iq>"
    for _ in range(count):
        yield _nested(chance)


def _nested(chance: random.Random) -> str:
    depth = chance.choice((19, 20, 21, 40, 100, 300, 600, 900, 1000, 1500, DEEPEST - 3, chance.randrange(19, 1990)))
    name, space = chance.choice(_NAMES), chance.choice(_SPACES)
    attribute = chance.choice(("", " a='b'", " xmlns='bar'", f" type='{'x' * chance.randrange(30)}'"))
    inner = chance.choice(("", "text", "&lt;&amp;", "<b/>" * chance.randrange(1, 50)))
    depth = min(depth, _LONGEST_STANZA // (2 * len(name) + len(attribute) + 5))
    body = f"<{name}{attribute}>" * depth + inner + f"</{name}>" * depth
    kind = chance.choice(("iq", "iq", "iq", "message", "presence"))
    types = {
        "iq": ("get", "get", "set", "result", "error"),
        "message": ("chat", "normal", "error", "headline", "groupchat"),
        "presence": ("subscribe", "unavailable", "probe", "error"),
    }
    top = f"<{chance.choice(_NAMES)} xmlns='{space}'>"
    return (
        f"<{kind} to='TO' type='{chance.choice(types[kind])}' id='n{chance.randrange(10**6)}'>"
        f"{top}{body}</{top[1:].split(maxsplit=1)[0]}></{kind}>"
    )


def crowd(seed: int, count: int) -> Iterator[BoardMessage]:
    """Valid frames, each of another start of the board, as many as can be sent."""
    chance = random.Random(f"{seed}-crowd")
    frames = real_frames()
    yield message(header(chance), chance.choice(frames))
    for number in range(count):
        head = header(chance, seq=chance.choice((1, 1, 1, number + 1, 2**31, chance.randrange(1, 2**32))))
        if chance.random() < 0.2:
            head["after"] = [f"{chance.getrandbits(32):08x}", chance.randrange(1, 2**32)]
        yield message(head, chance.choice(frames))


FAMILIES: dict[str, Callable[[int, int], Iterator[BoardMessage] | Iterator[str]]] = {
    "poison": poison, "nested": nested, "crowd": crowd,
}  # fmt: skip
