"""One frame as its difference to another: of forty groups some eight change, so a minute fits into memory.

A frame here is a list of bytes, one for each group as on the wire (LF to CR). A difference is the number of groups,
then for each group that is new or changed its place (1 byte), its length (2 bytes) and its bytes.
"""

# Real frames have at most some sixty; what has more is noise, and its places would not fit into a byte.
MAX_GROUPS = 250


def parts(groups, before):
    """The difference that makes ``groups`` of ``before``, in pieces of a group at most; of [] it is all of it."""
    yield bytes((len(groups),))
    for place, group in enumerate(groups):
        if place >= len(before) or before[place] != group:
            yield bytes((place, len(group) >> 8, len(group) & 0xFF))
            yield group


def pack(groups, before):
    """That difference in one piece."""
    return b"".join(parts(groups, before))


def unpack(difference, before, at=0):
    """The groups that the difference from ``at`` on makes of ``before``; None when it is one to another frame."""
    groups = before[:]
    return groups if apply(difference, groups, at) else None


def apply(difference, groups, at=0):
    """Make of ``groups`` themselves what the difference says; False when it is one to another frame.

    It asks for memory for what changes alone, and after a MemoryError it can be done again.
    """
    count = difference[at]
    at += 1
    while at < len(difference):
        size = difference[at + 1] << 8 | difference[at + 2]
        if not _put(groups, difference[at], difference[at + 3 : at + 3 + size]):
            return False
        at += 3 + size
    del groups[count:]
    return len(groups) == count


def read(file, size, groups):
    """The same with a difference of ``size`` bytes that is read from a file, a group at a time."""
    count = file.read(1)[0]
    size -= 1
    while size > 0:
        head = file.read(3)
        length = head[1] << 8 | head[2]
        if not _put(groups, head[0], file.read(length)):
            return False
        size -= 3 + length
    del groups[count:]
    return len(groups) == count


def _put(groups, place, group):
    if place > len(groups):
        return False
    if place == len(groups):
        groups.append(group)
    else:
        groups[place] = group
    return True
