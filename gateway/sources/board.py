"""A board that relays a meter (micropython/README.md): its messages become the frames of a line, each of them once.

The board keeps a frame until it is told that the frame is committed, and says of each which one it sent before. What
was received already is dropped, a gap is asked for: whatever broker, network or program dies in between, the chain is
whole. The time of a frame is that of its arrival less its age.

Whoever has a board's password can say anything in its name. Size, depth, numbers, starts and rate are bounded before
anything is made of a message, and whatever is wrong with one costs that message: nothing gets past this line.
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from gateway.errors import Once, PortError
from gateway.sources.board_message import OLDEST_MS, VERSION, Header, parse_state, split_message
from gateway.sources.line import LineState, Receipt
from gateway.sources.rate import RateLimit
from gateway.tic.frame import ENDED_STOP, STANDARD, Frame, Reader
from gateway.tic.quality import Fault, SignalQuality
from gateway.tic.reading import meter_time
from gateway.words.phrase import NOTHING, Phrase, same

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

log = logging.getLogger(__name__)

# Of how many starts of a board is remembered how far it came; the store keeps as many.
BOOTS = 64

# Messages that one board may send at once, and then in a second: ten times what catches up after an outage.
BURST, RATE = 1000, 200.0

# Of these, frames that were not heard before: a meter sends hardly more than one a second, and a board keeps some three
# thousand. The readings of more would fill the card.
NEW_BURST, NEW_RATE = 20_000, 2.0

# A board repeats what is under way, a hundred frames at most, and forgets them when it is answered. More numbers than
# these in a row that rise, and are all said to be received: then that is not true, whoever said it.
REPEATS_BELIEVED = 200

# How often a silent line looks round.
_TICK_S = 1.0

# A board has at most 100 frames under way until something is committed: it is committed before that.
HURRY_AFTER = 80
_ROOM = 512
_HURRY_EVERY_S = 1.0

# A gap is asked for this often: the frames behind it are on their way already, and each of them shows it again.
_ASK_EVERY_S = 2.0

# A broker that was restarted has its boards back within seconds, and they say so.
_BROKER_PATIENCE_S = 5.0

_BOARD = Phrase("board {board}")
_ALONE = Phrase("board:{board}: heard by the running gateway alone; start it")
_UNHEARD = Phrase("the board has not been heard yet")
_GONE = Phrase("board {board}: it is gone: has it power, and Wi-Fi?")
_KEPT = Phrase(", {count} frames in its flash")
_NO_BROKER = Phrase("board {board}: the MQTT broker is away")
_KEPT_MESSAGE = Phrase("board {board}: a message that the broker had kept (“retained”) is not taken")
_TOO_MANY = Phrase("board {board}: it sends more than any board does")
_STRANGE = Phrase("board {board}: a message that is not of version {version} of the contract")


class _Arrived(NamedTuple):
    header: Header
    frame: bytes
    wall: datetime
    monotonic: float


class BoardSource:
    """A board where bytes are wanted (``doctor``): it brings none, its frames come to the running gateway alone."""

    speeds: tuple[int, ...] = ()
    finite = False

    def __init__(self, board: str) -> None:
        self._refusal = _ALONE.filled(board=board)

    async def open(self) -> None:
        """Refuse."""
        raise PortError(self._refusal)

    async def read(self) -> bytes:
        """Refuse."""
        raise PortError(self._refusal)

    def set_speed(self, speed: int) -> None:
        """Nothing to set: the board finds the speed."""

    def close(self) -> None:
        """Nothing was opened."""


class BoardLine:
    """A meter's line by way of a board.

    Args:
        name: the meter's name, for the log.
        board: the board's id.
        mode: ``auto``, or the only mode that is believed.
        received: start of the board -> the last number of it that is stored.
        answer: called with what the board is to be told, a JSON object.
        hurry: called when a commit should not wait for the end of the minute.
    """

    finite = False

    def __init__(
        self,
        name: str,
        board: str,
        mode: str,
        received: Mapping[str, int],
        answer: Callable[[dict[str, object]], None],
        hurry: Callable[[], None],
    ) -> None:
        self._name, self.board = name, board
        self._reader = Reader(mode)
        self._received, self._committed = dict(received), dict(received)
        self._answer, self._hurry = answer, hurry
        self._arrived: asyncio.Queue[_Arrived] = asyncio.Queue(_ROOM)
        self._unconfirmed = 0
        self._asked = self._repeated = self._hurried = float("-inf")
        self._rate, self._new = RateLimit(BURST, RATE), RateLimit(NEW_BURST, NEW_RATE)
        # Whether something was missing in what came last: the board may have no more to send until it is asked.
        self._missing = False
        # The rising repeats since something new came: of which start, the last number, how many.
        self._run: tuple[str, int, int] = ("", 0, 0)
        # Starts of which what is stored is not true; whoever stores it takes them from here.
        self.disbelieved: set[str] = set()
        self._say = Once(log)
        self._unreachable: float | None = None
        now = time.monotonic()
        self.state = LineState(changed=now, alive_at=now, waiting=_UNHEARD)
        self.quality = SignalQuality(now)
        self.receipt: Receipt | None = None
        self.age_s = 0.0

    async def frames(self) -> AsyncGenerator[tuple[Frame, datetime], None]:
        """Every frame, once, in the order in which it was read, with the time (aware UTC) at which that was."""
        while True:
            self.state.alive_at = time.monotonic()
            try:
                async with asyncio.timeout(_TICK_S):
                    arrived = await self._arrived.get()
            except TimeoutError:
                self.quality.note(time.monotonic())
                self._hurry_if_due()
                continue
            header = arrived.header
            self.receipt = Receipt(self.board, header.boot, header.seq)
            self.age_s = (header.age or 0) / 1000
            yield self._frame_or_nothing(arrived)
            self._unconfirmed += 1
            self._hurry_if_due()

    def hear(self, payload: bytes) -> None:
        """Take in a frame's message."""
        try:
            self._take(payload)
        except Exception as error:  # noqa: BLE001 (no message gets past its own line)
            self._not_understood(error)

    def hear_state(self, payload: bytes) -> None:
        """Take in what the board, or the broker in its place, says of the board."""
        try:
            self._take_state(payload)
        except Exception as error:  # noqa: BLE001
            self._not_understood(error)

    def refuse_kept(self) -> None:
        """A message that the broker had kept is not of now, and comes again at each connection."""
        self._refuse(_KEPT_MESSAGE.filled(board=self.board))

    def _take(self, payload: bytes) -> None:
        now = time.monotonic()
        if not self._rate.allows(now):
            # What is missing shows in the next one that is taken, and is asked for.
            self._missing = True
            self._refuse(_TOO_MANY.filled(board=self.board))
            return
        header, frame = split_message(payload)
        if header.age is not None and header.age > OLDEST_MS:
            header = msgspec.structs.replace(header, age=None)
        self._present(_BOARD.filled(board=self.board))
        self.state.heard = now
        if self._is_repeat(header):
            self._missing = False
            self._repeat(header.boot, now)
            return
        if (header.after and self._received.get(header.after[0], 0) < header.after[1]) or self._arrived.full():
            self._missing = True
            self._ask_if_due(now)
            return
        self._missing = not self._new.allows(now)
        if self._missing:
            self._refuse(_TOO_MANY.filled(board=self.board))
            return
        self._run = ("", 0, 0)
        _remember(self._received, header.boot, header.seq)
        self._arrived.put_nowait(_Arrived(header, frame, datetime.now(UTC), now))

    def _take_state(self, payload: bytes) -> None:
        if not self._rate.allows(time.monotonic()):
            self._refuse(_TOO_MANY.filled(board=self.board))
            return
        said = parse_state(payload)
        if said.state == "lost":
            self._absent(_GONE.filled(board=self.board))
            return
        kept = _KEPT.filled(count=said.in_flash) if said.in_flash else NOTHING
        signal = same(f", Wi-Fi {said.dbm} dBm") if said.dbm is not None else NOTHING
        self._present(_BOARD.filled(board=self.board) + signal + kept, said.speed)

    def ask_again(self) -> None:
        """Have the board begin with the oldest frame that it keeps."""
        self._asked = time.monotonic()
        self._answer({"v": VERSION, "again": True})

    def _ask_if_due(self, now: float) -> None:
        if now - self._asked >= _ASK_EVERY_S:
            self.ask_again()

    def committed(self, boot: str, seq: int) -> None:
        """Everything up to this frame is stored: the board may forget it."""
        if seq > self._received.get(boot, 0):
            # It was forgotten since, or is not believed any more.
            return
        _remember(self._committed, boot, max(seq, self._committed.get(boot, 0)))
        self._unconfirmed = 0
        self._answer({"v": VERSION, "boot": boot, "seq": self._committed[boot]})

    def look(self, *, reachable: bool) -> None:
        """Note whether the broker, and with it the board, can be reached at all; have it asked for what is missing."""
        now = time.monotonic()
        self._unreachable = None if reachable else self._unreachable or now
        if self._unreachable is not None and now - self._unreachable > _BROKER_PATIENCE_S:
            self._absent(_NO_BROKER.filled(board=self.board))
        if self._missing and reachable:
            # What shows the gap may be the last that the board sends before it is answered, and an answer may be lost.
            self._ask_if_due(now)

    def _is_repeat(self, header: Header) -> bool:
        """Whether the frame was received; a number that would make repeats of all that comes is not believed."""
        boot, seq = header.boot, header.seq
        if seq > self._received.get(boot, 0):
            return False
        before, last, count = self._run
        if before != boot:
            self._run = boot, seq, 1
        elif seq > last:
            self._run = boot, seq, count + 1
        if self._run[2] <= REPEATS_BELIEVED:
            return True
        log.warning("meter %s: board %s: the number up to which it was received is not true", self._name, self.board)
        self._received[boot] = seq - 1
        self._committed.pop(boot, None)
        self.disbelieved.add(boot)
        return False

    def _repeat(self, boot: str, now: float) -> None:
        """A frame that was received: the acknowledgement may be lost."""
        if boot in self._committed and now - self._repeated >= _TICK_S:
            self._repeated = now
            self._answer({"v": VERSION, "boot": boot, "seq": self._committed[boot]})

    def _hurry_if_due(self) -> None:
        now = time.monotonic()
        if self._unconfirmed >= HURRY_AFTER and now - self._hurried >= _HURRY_EVERY_S:
            self._hurried = now
            self._hurry()

    def _frame_or_nothing(self, arrived: _Arrived) -> tuple[Frame, datetime]:
        try:
            return self._frame(arrived)
        except Exception as error:  # noqa: BLE001 (it is acknowledged, and gone)
            self._not_understood(error)
            return _NOTHING, arrived.wall

    def _frame(self, arrived: _Arrived) -> tuple[Frame, datetime]:
        header = arrived.header
        read = arrived.wall - timedelta(milliseconds=header.age or 0)
        found = [*self._reader.feed(arrived.frame), *self._reader.close()]
        if len(found) != 1 or not found[0].groups:
            # What a board sends it has verified: this is another mode than the one that is believed, or a fault of it.
            self.quality.note(time.monotonic(), 0, {Fault.FRAMING: 1})
            return _NOTHING, read
        frame = found[0]._replace(whole=found[0].whole and header.whole, bad=found[0].bad + header.bad)
        if header.age is None:
            told = meter_time(frame, read)
            if told is None:
                log.debug("meter %s: a frame that neither the meter nor the board can date", self._name)
                return _NOTHING, read
            read = told
        self.state.count(frame, arrived.monotonic - self.age_s)
        faults = {Fault.CHECKSUM: frame.bad} if frame.bad else {}
        self.quality.note(time.monotonic(), len(frame.groups), faults)
        return frame, read

    def _present(self, device: Phrase, speed: int | None = None) -> None:
        state = self.state
        if not state.open:
            state.open, state.changed, state.error = True, time.monotonic(), None
            self._say.clear()
            log.info("meter %s: board %s is there", self._name, self.board)
        if speed is not None or state.device is None:
            state.speed, state.device = speed, device

    def _absent(self, sentence: Phrase) -> None:
        if self.state.open or self.state.error != sentence:
            self._say(sentence, "meter %s: %s", self._name, sentence)
        if self.state.open or self.state.error is None:
            self.state.changed = time.monotonic()
        self.state.open, self.state.error = False, sentence

    def _not_understood(self, error: Exception) -> None:
        self._refuse(_STRANGE.filled(board=self.board, version=VERSION))
        log.debug("meter %s: %s: %s", self._name, type(error).__name__, error)

    def _refuse(self, sentence: Phrase) -> None:
        """Count a message that is not taken; why is said aloud once."""
        self.state.refused += 1
        self._say(sentence, "meter %s: %s", self._name, sentence)


def _remember(numbers: dict[str, int], boot: str, seq: int) -> None:
    """Note how far a start came; of the starts that were heard longest ago nothing is remembered."""
    numbers.pop(boot, None)
    numbers[boot] = seq
    while len(numbers) > BOOTS:
        del numbers[next(iter(numbers))]


# In its place nothing is recorded, and what was received is acknowledged all the same.
_NOTHING = Frame(STANDARD, (), whole=False, bad=0, end=ENDED_STOP)
