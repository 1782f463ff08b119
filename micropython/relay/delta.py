"""One frame as its difference to another: of forty groups some eight change, so a minute fits into memory.

A frame here is bytes in one piece: its groups as on the wire, LF to CR each. A difference is the number of groups, then
for each group that is new or changed its place (1 byte), its length (2 bytes) and its bytes.
"""

# Real frames have at most some sixty; what has more is noise, and its places would not fit into a byte.
MAX_GROUPS = 250

# Where a frame is put together, but one that is longer than any real one (1,442 bytes: gateway/tic/frame.py).
_room = bytearray(1_792)


def parts(frame, before):
    """The difference that makes ``frame`` of ``before``, in pieces of a group at most; of b"" it is all of it."""
    yield bytes((frame.count(b"\r"),))
    at = was = place = 0
    while at < len(frame):
        end, was_end = _skip(frame, at, 1), _skip(before, was, 1)
        group = frame[at:end]
        if group != before[was:was_end]:
            yield bytes((place, len(group) >> 8, len(group) & 0xFF))
            yield group
        at, was, place = end, was_end, place + 1


def read(file, size, before):
    """The frame that a difference of ``size`` bytes makes of ``before``; None when it is one to another frame."""
    room = _room if len(before) + size <= len(_room) else bytearray(len(before) + size)
    count = file.read(1)[0]
    length = _fill(room, file, size - 1, before, count)
    frame = bytes(memoryview(room)[:length])
    return frame if frame.count(b"\r") == count else None


def _fill(room, file, size, before, count):
    """Put the frame together; its length."""
    at = place = length = 0
    while size > 0:
        head = file.read(3)
        group = file.read(head[1] << 8 | head[2])
        end = _skip(before, at, head[0] - place)
        length = _put(room, length, memoryview(before)[at:end])
        length = _put(room, length, group)
        at, place = _skip(before, end, 1), head[0] + 1
        size -= len(head) + len(group)
    end = _skip(before, at, count - place)
    return _put(room, length, memoryview(before)[at:end])


def _skip(frame, at, groups):
    """Where the next group begins when so many are passed over, as far as there are any."""
    while groups > 0 and at < len(frame):
        at = frame.find(b"\r", at) + 1 or len(frame)
        groups -= 1
    return at


def _put(room, at, data):
    room[at : at + len(data)] = data
    return at + len(data)
