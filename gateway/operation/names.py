"""What an operation and its members may be called: names that stand on terminals, on paper, and in files' names."""

from __future__ import annotations

from typing import Annotated

import msgspec

# A member's name also names its files.
NAME = r"^[a-z0-9][a-z0-9-]{0,39}$"
LONGEST = 100

Name = Annotated[str, msgspec.Meta(pattern=NAME)]
# What people call it.
Label = Annotated[str, msgspec.Meta(max_length=LONGEST)]


def is_plain(label: str) -> bool:
    """Whether nothing in it moves a cursor, turns the line around or is not seen; spaces that do not break are."""
    return label.replace("\u00a0", " ").replace("\u202f", " ").isprintable()
