"""What every request to the helper is: one line of JSON, of which each act knows its own arguments and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.words.phrase import Phrase

    # Says one sentence about what is being done.
    Tell = Callable[[Phrase], None]
    # What an act found, in JSON's own kinds; nothing for most.
    Found = dict[str, object] | None

MOST_BYTES = 8192


class ActRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="act"):
    """The arguments of one act; a kind of it is closed: no unknown name, no missing one, no other type."""

    @property
    def act(self) -> str:
        """The act's name."""
        return str(self.__struct_config__.tag)
