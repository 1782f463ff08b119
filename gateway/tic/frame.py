"""TIC bytes to frames of verified groups (Enedis-NOI-CPT_54E §5.3, Enedis-NOI-CPT_02E §1.5), and groups to bytes.

No I/O and no clock. No bytes whatsoever raise in a Reader: what a damaged line says is counted, and the groups that
verify are kept. The same bytes, cut anywhere, give the same frames; a frame is returned by the feed() that brings its
ETX. One file for CPython >= 3.11 and MicroPython 1.25 (boards get a copy), so it imports ``collections`` only.
"""

from collections import namedtuple

HISTORIC, STANDARD, AUTO = "historic", "standard", "auto"

# How a frame ended: as it should, or cut (telereading; lost bytes; the end of the stream).
ENDED_ETX, ENDED_EOT, ENDED_STX = "etx", "eot", "stx"
ENDED_REPEAT, ENDED_OVERFLOW, ENDED_STOP = "repeat", "overflow", "stop"

# The longest group of the specification has 112 bytes (PJOURF+1), the longest real frame 1,442 (three-phase with
# production): whatever is more than twice that is noise, and a reader that waits for its end would grow for ever.
MAX_GROUP_BYTES = 256
MAX_FRAME_BYTES = 4096

_STX, _ETX, _EOT, _LF, _CR = b"\x02", b"\x03", b"\x04", b"\n", b"\r"
_HT_BYTE, _SP_BYTE = 0x09, 0x20

# The separator says the mode and with it the checksum: accepting "either" would double the odds of taking garbage.
_MODES = {_HT_BYTE: STANDARD, _SP_BYTE: HISTORIC}

# A label, two separators, one character of data and the checksum.
_MIN_GROUP_BYTES = 5

_CONTROLS = bytes(range(0x20))


class TicError(Exception):
    """Root of what can be wrong with TIC; ``kind`` is the counter of Reader.bad_groups that it belongs to."""

    kind = "format"


class FrameError(TicError):
    """What was asked for is not a mode of TIC."""


class GroupError(TicError):
    """A group that is not as it must be: in its parts (format), in a byte (character), in its length (overflow)."""

    def __init__(self, message: str, kind: str = "format") -> None:
        super().__init__(message)
        self.kind = kind


class ChecksumError(TicError):
    """The checksum does not match."""

    kind = "checksum"


class Group(namedtuple("Group", ("label", "data", "horodate"))):
    """One information group (groupe d'information). ``data`` is untouched, spaces included; horodate None if absent."""

    __slots__ = ()
    label: str
    data: str
    horodate: str | None


class Frame(namedtuple("Frame", ("mode", "groups", "whole", "bad", "end"))):
    """One frame (trame).

    ``groups`` in the order of the wire, each label once; ``bad`` counts the groups that did not verify; ``end`` is an
    ENDED_ word. ``whole``: it began with STX, ended with ETX, has groups, and none was bad.
    """

    __slots__ = ()
    mode: str
    groups: tuple[Group, ...]
    whole: bool
    bad: int
    end: str


def checksum(counted: bytes) -> int:
    """The checksum's byte for the bytes that count: all before it, less the separator in historic mode (54E §5.3.6)."""
    return (sum(counted) & 0x3F) + 0x20


def decode_group(raw: bytes) -> Group:
    """The group in the bytes between LF and CR; both may be there. Raises GroupError or ChecksumError."""
    start = 1 if raw[:1] == _LF else 0
    end = len(raw) - 1 if raw[-1:] == _CR else len(raw)
    return _decode(raw[start:end])


def encode_group(mode: str, group: Group) -> bytes:
    """LF, the group with its checksum, CR. FrameError: not a mode; GroupError: what no reader could give back."""
    if mode not in (HISTORIC, STANDARD):
        raise FrameError(f"{mode!r} is not a mode of TIC: historic or standard")
    separator = "\t" if mode == STANDARD else " "
    fields = (group.label, group.data) if group.horodate is None else (group.label, group.horodate, group.data)
    counted = separator.join(fields).encode()
    end = separator.encode()
    ck = checksum(counted + end if mode == STANDARD else counted)
    text = counted + end + bytes((ck,))
    if _decode(text) != tuple(group):
        raise GroupError(f"the group {group.label!r} cannot be written in {mode} mode")
    return _LF + text + _CR


if hasattr(b"", "translate"):
    _ALLOWED = {HISTORIC: bytes(range(0x20, 0x7F)), STANDARD: b"\t" + bytes(range(0x20, 0x7F))}

    def _has_strange(text: bytes, mode: str) -> bool:
        return bool(text.translate(None, _ALLOWED[mode]))

else:  # MicroPython

    def _has_strange(text: bytes, mode: str) -> bool:
        plain = text.replace(b"\t", b" ") if mode == STANDARD else text
        return min(plain) < 0x20 or max(plain) > 0x7E


def _decode(text: bytes) -> Group:
    """As Enedis prescribes (02E §1.5.3.2): checksum = last byte, separator = the one before, label up to the first."""
    if len(text) > MAX_GROUP_BYTES:
        raise GroupError(f"a group of {len(text)} bytes", "overflow")
    mode = _MODES.get(text[-2]) if len(text) >= _MIN_GROUP_BYTES else None
    if mode is None:
        raise GroupError("no separator before the checksum")
    if _has_strange(text, mode):
        raise GroupError("a byte outside 0x20-0x7E", "character")
    body = text[:-2]
    total = sum(body) + _HT_BYTE if mode == STANDARD else sum(body)
    if text[-1] != (total & 0x3F) + 0x20:
        raise ChecksumError("the checksum does not match")
    return _tabbed(str(body, "ascii")) if mode == STANDARD else _spaced(str(body, "ascii"))


def _tabbed(body: str) -> Group:
    fields = body.split("\t")
    label, data = fields[0], fields[-1]
    horodate = fields[1] if len(fields) == 3 else None
    # Only a group with a horodate (DATE) may have empty data.
    if not label or " " in label or len(fields) not in (2, 3) or not (horodate or data) or horodate == "":
        raise GroupError("not label, horodate, data")
    return Group(label, data, horodate)


def _spaced(body: str) -> Group:
    # Data may hold spaces (DATE of a PME-PMI, JAUNE of a CJE), a label may not.
    label, _, data = body.partition(" ")
    if not label or not data:
        raise GroupError("not label, data")
    return Group(label, data, None)


class Reader:
    """A stream of TIC bytes to frames.

    Args:
        mode: "historic" or "standard" to count the groups of the other as bad, "auto" to take each frame's own, which
            is that of its first valid group. FrameError for anything else.
        cache: how many verified groups to remember, as most are the same in the next frame; 0 where memory is short.

    Attributes:
        bad_groups: groups that did not verify, by kind: checksum, format, character, overflow, separator (that of the
            other mode).
        noise: bytes outside any group that were passed over.
    """

    def __init__(self, mode: str = AUTO, cache: int = 256) -> None:
        if mode not in (AUTO, HISTORIC, STANDARD):
            raise FrameError(f"{mode!r} is not a mode of TIC: auto, historic or standard")
        self.bad_groups = {"checksum": 0, "format": 0, "character": 0, "overflow": 0, "separator": 0}
        self.noise = 0
        self._forced = "" if mode == AUTO else mode
        self._last_mode = self._forced or HISTORIC
        self._room = cache
        self._known: dict[str, dict[bytes, Group]] = {HISTORIC: {}, STANDARD: {}}
        self.drop()

    def feed(self, data: bytes) -> list[Frame]:
        """Take in bytes as they come, give the frames that they complete."""
        frames: list[Frame] = []
        # A piece from within a frame, as most are: a port hands over 64 bytes of a thousand.
        inside = data.find(_ETX) < 0 and data.find(_STX) < 0 and data.find(_EOT) < 0
        if inside and 0 < len(data) <= MAX_FRAME_BYTES - self._size:
            self._parts.append(data)
            self._size += len(data)
            return frames
        for i, piece in enumerate(data.split(_ETX)):
            if i:
                self._finish(ENDED_ETX, frames)
            self._take(piece, frames)
        return frames

    def close(self) -> list[Frame]:
        """Give what is left at the end of the stream (never whole); another stream may follow."""
        frames: list[Frame] = []
        self._finish(ENDED_STOP, frames)
        self.drop()
        return frames

    def drop(self) -> None:
        """Forget the bytes held, as after a gap; what was counted stays."""
        self._parts: list[bytes] = []
        self._size = 0
        self._began = False  # the bytes held follow an STX
        self._torn = True  # the bytes held begin somewhere in a group: its end would pass for a group of its own

    def _take(self, piece: bytes, frames: list[Frame]) -> None:
        for i, opened in enumerate(piece.split(_STX)):
            if i:
                self._finish(ENDED_STX, frames)
                self._began = True
            for j, part in enumerate(opened.split(_EOT)):
                if j:
                    self._finish(ENDED_EOT, frames)
                if part:
                    self._parts.append(part)
                    self._size += len(part)
                while self._size > MAX_FRAME_BYTES:
                    self._overflow(frames)

    def _overflow(self, frames: list[Frame]) -> None:
        """Close the frame after the last group that fits; without any, give all of it up."""
        body = b"".join(self._parts)
        cut = body.rfind(_CR, 0, MAX_FRAME_BYTES) + 1
        self._parts, self._size = [body[:cut]], cut
        # Bytes without any group are an error of the frame that they are in; between frames, noise.
        if not cut and self._began:
            self.bad_groups["overflow"] += 1
            frames.append(Frame(self._last_mode, (), False, 1, ENDED_OVERFLOW))
        elif not cut:
            self.noise += MAX_FRAME_BYTES
        self._finish(ENDED_OVERFLOW, frames)
        self._torn = not cut
        rest = body[cut or MAX_FRAME_BYTES :]
        self._parts, self._size = [rest], len(rest)

    def _finish(self, end: str, frames: list[Frame]) -> None:
        """Everything since the last delimiter of frames becomes a frame, or more, or none."""
        body = b"".join(self._parts)
        began, torn = self._began, self._torn
        self.drop()
        self._torn = False
        frame = self._quick(body) if began and end == ENDED_ETX else None
        if frame:
            self._last_mode = frame.mode
            frames.append(frame)
        elif body:
            self._sift(body, torn, _Draft(began, self._forced, frames), end)

    def _quick(self, body: bytes) -> Frame | None:
        """The frame if nothing at all is wrong with it, as nearly always; None leaves it to be sifted."""
        if body[:1] != _LF or body[-1:] != _CR or len(body) <= _MIN_GROUP_BYTES:
            return None
        texts = body[1:-1].split(b"\r\n")
        mode = _MODES.get(texts[0][-2]) if len(texts[0]) > 1 else None
        if mode is None or (self._forced and mode != self._forced):
            return None
        known = self._known[mode]
        groups: list[Group] = [known.get(text) for text in texts]  # type: ignore[misc] # what is None is learnt next
        if not all(groups) and not self._learn_new(texts, groups, known):
            return None
        if len({group[0] for group in groups}) != len(groups):
            return None
        return Frame(mode, tuple(groups), True, 0, ENDED_ETX)

    def _learn_new(self, texts: list[bytes], groups: list[Group], known: dict[bytes, Group]) -> bool:
        """Fill in the groups that were not seen before; False if one of them is bad or of the other mode."""
        separator = texts[0][-2:-1]
        for i, group in enumerate(groups):
            if not group:
                text = texts[i]
                if text[-2:-1] != separator:
                    return False
                try:
                    groups[i] = self._learn(text, known)
                except TicError:
                    return False
        return True

    def _verify(self, text: bytes) -> Group:
        mode = _MODES.get(text[-2]) if len(text) > 1 else None
        known = self._known[mode] if mode else {}
        return known.get(text) or self._learn(text, known)

    def _learn(self, text: bytes, known: dict[bytes, Group]) -> Group:
        group = _decode(text)
        if len(known) >= self._room:
            known.clear()
        if self._room:
            known[text] = group
        return group

    def _sift(self, body: bytes, torn: bool, draft: "_Draft", end: str) -> None:
        """The groups of a damaged or partial frame, segment by segment."""
        segments = body.split(_CR)
        tail = segments.pop()
        for segment in segments:
            if torn:
                torn = False
                segment = self._untorn(segment)  # noqa: PLW2901 (what is left of it)
            pieces = segment.split(_LF)
            text = pieces.pop()
            if pieces:
                self._pass_over(pieces, draft)
                if text:
                    self._offer((text,), draft)
            elif len(text) > 1 and not (draft.idle() and not text.lstrip(_CONTROLS)):
                # Where a group may begin whose LF was destroyed (0x0E, 0x0B, any byte), or STX and LF, or lost.
                self._offer((text.lstrip(_CONTROLS), text[1:].lstrip(_CONTROLS), text), draft)
            else:
                self.noise += len(text)
        pieces = (self._untorn(tail) if torn else tail).split(_LF)
        if end not in (ENDED_ETX, ENDED_STX):
            pieces.pop()  # cut by the meter or by us, so no fault of the line
        if pieces:
            self._pass_over(pieces, draft)
        self._last_mode = draft.close(end, self._last_mode)

    def _untorn(self, segment: bytes) -> bytes:
        """What follows the rest of a group whose beginning was never received."""
        at = segment.find(_LF)
        kept = segment[at:] if at >= 0 else b""
        self.noise += len(segment) - len(kept)
        return kept

    def _pass_over(self, pieces: list[bytes], draft: "_Draft") -> None:
        """Bytes that no CR ended: the first before any LF, the others groups whose CR was lost."""
        head = pieces[0]
        # One byte is noise in the silence between two groups and means no loss.
        if len(head) > 1 and not draft.idle():
            self._count_bad("format", draft)
        else:
            self.noise += len(head)
        for piece in pieces[1:]:
            if piece:
                self._count_bad("overflow" if len(piece) > MAX_GROUP_BYTES else "format", draft)

    def _offer(self, texts: tuple[bytes, ...], draft: "_Draft") -> None:
        """The first of the texts that verifies is a group of the frame; if none does, one group was bad."""
        kind = ""
        for text in texts:
            try:
                group = self._verify(text)
            except TicError as error:
                kind = kind or error.kind
            else:
                if not draft.add(group, _MODES[text[-2]], self._last_mode):
                    self._count_bad("separator", draft)
                return
        self._count_bad(kind, draft)

    def _count_bad(self, kind: str, draft: "_Draft") -> None:
        self.bad_groups[kind] += 1
        draft.bad += 1


class _Draft:
    """A frame in the making; ``close`` hands it over and begins another."""

    __slots__ = ("_began", "_forced", "_frames", "_groups", "_labels", "_mode", "bad")

    def __init__(self, began: bool, forced: str, frames: list[Frame]) -> None:
        self._began = began
        self._forced = forced
        self._frames = frames
        self._reset()

    def _reset(self) -> None:
        self._mode = self._forced
        self._groups: list[Group] = []
        self._labels: set[str] = set()
        self.bad = 0

    def idle(self) -> bool:
        """No frame has begun: the bytes are those between two frames."""
        return not (self._began or self._groups or self.bad)

    def add(self, group: Group, mode: str, last_mode: str) -> bool:
        """Take the group; False if it is of the other mode. A label seen before begins another frame."""
        if mode != (self._mode or mode):
            return False
        if group.label in self._labels:
            self.close(ENDED_REPEAT, last_mode)
        self._mode = mode
        self._groups.append(group)
        self._labels.add(group.label)
        return True

    def close(self, end: str, last_mode: str) -> str:
        """Hand the frame over if there is anything in it; returns its mode, the last one's if it has none."""
        mode = self._mode or last_mode
        if self._groups or self.bad:
            whole = bool(self._began and end == ENDED_ETX and self._groups and not self.bad)
            self._frames.append(Frame(mode, tuple(self._groups), whole, self.bad, end))
        self._began = False
        self._reset()
        return mode
