"""A board's account that means harm: whatever the broker lets it publish, and what it does not.

The broker is the real one, with the access list that is shipped: what is said on others' topics goes nowhere.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from itertools import cycle
from typing import TYPE_CHECKING

import aiomqtt

from fuzz import relatives
from fuzz.injuries import mutate
from fuzz.relatives import header, message, real_frames
from fuzz.shots import Fired, Shot, beside, drive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fuzz.relatives import BoardMessage

# The broker ends a connection that says too much at once, and is there again at once.
_AGAIN_S, _TAKEN_S, _LONGEST_S = 0.2, 2.0, 30.0
# It says of each connection that the broker ends what is meant here.
_QUIET = logging.getLogger("fuzz.mqtt.packets")
_QUIET.setLevel(logging.CRITICAL)

# So many frames at once, each of another start of the board, among everything else.
_CROWD = 50
_ELSEWHERE = (
    "linky/board/salon/frame", "linky/board/salon/state", "linky/board/salon/ack", "linky/status", "linky/meter/house",
    "linky/board/ID/ack", "linky/board/ID/update/state", "linky/board/ID/frame/more", "linky/board//frame", "$SYS/x",
    "homeassistant/device/x/config", "linky/board/ID/state/" + "x/" * 100, "linky/board/\u00e9/frame", "/" * 200,
)  # fmt: skip


def shots(seed: int) -> Iterator[Shot]:
    """For ever, the same for the same seed. The note is the topic, ``!`` before it where it is retained."""
    chance = random.Random(f"{seed}-mqtt")
    evil = cycle(as_shot("poison", one) for one in relatives.poison(seed, 2000))
    made: tuple[tuple[str, Callable[[random.Random], BoardMessage]], ...] = (
        ("mutated", _mutated), ("valid", _valid), ("numbers", _numbers), ("giant", _giant), ("twice", _twice),
        ("unicode", _unicode), ("nothing", lambda chance: relatives.BoardMessage("frame", b"", chance.random() < 0.5)),
    )  # fmt: skip
    while True:
        draw = chance.random()
        if draw < 0.03:
            yield Shot("crowd", str(chance.getrandbits(32)).encode(), f"crowd {_CROWD}")
        elif draw < 0.35:
            yield next(evil)
        elif draw < 0.45:
            topic = chance.choice(_ELSEWHERE)
            yield Shot("others' topics", _valid(chance).payload, f"!{topic}" if chance.random() < 0.5 else topic)
        else:
            kind, make = chance.choice(made)
            yield as_shot(kind, make(chance))


def as_shot(kind: str, said: BoardMessage) -> Shot:
    """The message below the board's own name."""
    return Shot(kind, said.payload, f"{'!' if said.retain else ''}linky/board/ID/{said.what}")


def _valid(chance: random.Random) -> BoardMessage:
    return message(header(chance, seq=chance.randrange(1, 9)), chance.choice(real_frames()))


def _mutated(chance: random.Random) -> BoardMessage:
    whole = _valid(chance).payload
    return relatives.BoardMessage("frame", mutate(chance, [whole]), chance.random() < 0.2)


def _numbers(chance: random.Random) -> BoardMessage:
    boot = f"{chance.randrange(4):08x}"
    seq = chance.choice((1, 2, 3, 2**31, 2**32 - 1, 2**32, 2**53, 0, -1))
    after = chance.choice((None, [boot, 1], [boot, seq], ["0" * 8, 2**32 - 1], [boot], "x"))
    return message(header(chance, boot=boot, seq=seq, after=after), chance.choice(real_frames()))


def _twice(chance: random.Random) -> BoardMessage:
    """The same frame of the same start, over and over."""
    head = {"v": 1, "boot": "0badcafe", "seq": chance.randrange(1, 4), "after": None, "age": 0}
    return message(head | {"whole": True, "bad": 0, "owed": 0, "lost": 0}, real_frames()[0])


def _giant(chance: random.Random) -> BoardMessage:
    """Up to a megabyte: above 64 kB the broker ends the connection."""
    size = chance.choice((5_000, 20_000, 60_000, 60_000, 1_000_000))
    frame = b"\x02" + chance.choice((b"\nEAST\t0", b"9", b"\n", b"\x00")) * (size // 7) + b"\x03"
    return message(header(chance), frame) if chance.random() < 0.5 else message(b" " * size + b"{}")


def _unicode(chance: random.Random) -> BoardMessage:
    text = "".join(chance.choices("\u202e\ufeff\u0000\u0661\U0001f525e\u0301\ud7ff", k=chance.randrange(1, 500)))
    said = json.dumps({"v": 1, "state": text, "boot": text, text: text}, ensure_ascii=chance.random() < 0.5)
    return relatives.BoardMessage("state", said.encode("utf-8", "surrogatepass"), chance.random() < 0.5)


class HostileBoard:
    """The hostile account.

    Args:
        broker: host and port.
        user: whose account, the board's id.
        password: of it.
        fired: what is noted.
    """

    def __init__(self, broker: tuple[str, int], user: str, password: str, fired: Fired) -> None:
        self._broker, self._user, self._password, self._fired = broker, user, password, fired
        self._client: aiomqtt.Client | None = None
        self._there = asyncio.Event()

    async def run(self, shots: Iterator[Shot], seed: str) -> None:
        """Until there are no more; a connection that is ended is made again."""
        async with beside(self._connect()):
            await drive(shots, self.send, self._fired, seed)

    async def all_at_once(self, shots: Iterator[Shot]) -> None:
        """As fast as the broker takes them."""
        async with beside(self._connect()):
            for shot in shots:
                self._fired.note(shot)
                await self.send(shot)

    async def send(self, shot: Shot) -> None:
        """Publish."""
        if shot.note.startswith("crowd "):
            more = int(shot.note.removeprefix("crowd ")) - 1
            said = [as_shot("crowd", one) for one in relatives.crowd(int(shot.data), more)]
            self._fired.kinds["crowd"] += len(said) - 1
        else:
            said = [shot]
        for one in said:
            await self._publish(one.note.removeprefix("!").replace("ID", self._user), one)

    async def _publish(self, topic: str, shot: Shot) -> None:
        async with asyncio.timeout(_LONGEST_S):
            await self._there.wait()
        assert self._client is not None
        try:
            await self._client.publish(topic, shot.data, qos=1, retain=shot.note.startswith("!"), timeout=_TAKEN_S)
        except (aiomqtt.MqttError, ValueError) as error:
            # Its own library refuses some; what is too long the broker answers by ending the connection.
            self._fired.answers["refused: " + type(error).__name__] += 1
        else:
            self._fired.answers["taken by the broker"] += 1

    async def _connect(self) -> None:
        host, port = self._broker
        while True:
            client = aiomqtt.Client(host, port, username=self._user, password=self._password, logger=_QUIET)
            try:
                async with client:
                    await client.subscribe("linky/board/" + self._user + "/ack")
                    self._client = client
                    self._there.set()
                    async for _ in client.messages:
                        self._fired.answers["acknowledgements"] += 1
            except aiomqtt.MqttError:
                self._fired.answers["connections ended"] += 1
            finally:
                self._there.clear()
            await asyncio.sleep(_AGAIN_S)
