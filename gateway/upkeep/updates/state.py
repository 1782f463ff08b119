"""What the gateway knows of updates between two starts: one small file of its own, beside what it has fetched.

What root knows, and how an installation ended, is in a folder of root's (``machine``), which is read here.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from gateway.files import make_folder, write_whole

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

FOLDER, _FILE, _MOST = "updates", "state.json", 16_000


# When it is installed, and by what word it was agreed to.
When = Literal["now", "tonight"]
How = Literal["page", "command", "beforehand"]


class Rules(Protocol):
    """What is said beforehand: ``[updates]`` of the configuration."""

    @property
    def check(self) -> bool:
        """Whether a newer version is looked for."""

    @property
    def install(self) -> str:
        """``night``: a newer version is installed without asking."""

    @property
    def installer(self) -> str:
        """``agreed``: one whom the household lets ask how the gateway is may have updates installed, too."""


class AgreedUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """The household's word: ``version`` is to be installed now, or in the night; ``by`` whom and how it was agreed to.

    ``how`` is ``page`` or ``command`` where somebody said it then, ``beforehand`` where the settings say so; ``asker``
    is who had asked, an installer's address; ``sent`` when the helper was told (POSIX seconds), ``tries`` how often it
    could not be.
    """

    version: str
    when: When
    how: How
    asker: str = ""
    sent: float | None = None
    tries: int = 0


class AskedUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """An installer's question, whether ``version`` may be installed; ``refused`` once the household has said no."""

    version: str
    asker: str
    at: float
    refused: bool = False


class KnownUpdates(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. Times are POSIX seconds.

    ``checked``: when the list was last read and believed; ``tried``: when that was last tried; ``why`` it came to
    nothing, by language. ``left``: the version that the household went back from, or does not want. ``told``: ``ended``
    of the last outcome that the household was told.
    """

    etag: str = ""
    checked: float | None = None
    tried: float | None = None
    why: dict[str, str] = {}
    wish: AgreedUpdate | None = None
    asked: AskedUpdate | None = None
    told: int = 0
    left: str = ""


def read_state(folder: Path) -> KnownUpdates:
    """What the file says; as at first where there is none, or none that can be read."""
    try:
        with (folder / _FILE).open("rb") as file:
            return msgspec.json.decode(file.read(_MOST), type=KnownUpdates)
    except FileNotFoundError:
        return KnownUpdates()
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        log.warning("%s cannot be read: updates are looked for anew: %s", folder / _FILE, error)
        return KnownUpdates()


def write_state(folder: Path, state: KnownUpdates) -> None:
    """Keep it, on the disk when it returns; OSError."""
    make_folder(folder)
    write_whole(folder / _FILE, msgspec.json.encode(state))
