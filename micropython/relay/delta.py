"""One frame as its difference to the one before: of forty groups some eight change, so a minute fits into memory.

A frame here is a list of bytes, one for each group as on the wire (LF to CR). A difference is the number of groups,
then for each group that is new or changed its place (1 byte), its length (2 bytes) and its bytes.
"""

# Real frames have at most some sixty; what has more is noise, and its places would not fit into a byte.
MAX_GROUPS = 250


def pack(groups, before):
    """The difference that makes ``groups`` of ``before``; of [] it is the whole frame."""
    parts = [bytes((len(groups),))]
    for place, group in enumerate(groups):
        if place >= len(before) or before[place] != group:
            parts.append(bytes((place, len(group) >> 8, len(group) & 0xFF)))
            parts.append(group)
    return b"".join(parts)


def unpack(difference, before):
    """The groups that the difference makes of ``before``."""
    groups = before[: difference[0]]
    at = 1
    while at < len(difference):
        place, size = difference[at], difference[at + 1] << 8 | difference[at + 2]
        group = difference[at + 3 : at + 3 + size]
        if place < len(groups):
            groups[place] = group
        else:
            groups.append(group)
        at += 3 + size
    return groups
