"""Boards that are let in, or out: what the household wants, and how mosquitto's files come to say so.

``boards.json`` in the gateway's directory says who is wanted and who is not any more; the page writes it, whose user
cannot write mosquitto's files. ``agree`` is root's, as that of ``displays`` is, and whom it has let in stands in
``linky.boards`` beside the passwords. A board of before there was that note is known by its file, which root had made:
what the page's user writes makes nobody a board, and nobody else is ever touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from gateway.errors import BoardError
from gateway.files import owner_of_folder, write_whole
from gateway.mqtt.boards import displays, passwords, rights
from gateway.mqtt.boards.registry import Registry
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.mqtt.boards.registry import Card

# More than the broker has room for (max_connections of systemd/mosquitto/linky.conf).
MOST = 100
NOTE = "linky.boards"
_MOST_BYTES = 65536

_TOO_MANY = Phrase("there are already {most} boards; remove one first")
_TAKEN = Phrase("{name}: the broker has a user of that name who is no board; choose another one")


class AdmittedBoard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One board: its line of mosquitto's password file; one that is a display reads what the meters say."""

    name: str
    role: Literal["relay", "display"]
    password_line: str

    def __post_init__(self) -> None:
        # The file is written by the page's user, and read by root.
        if self.password_line.partition(":")[0] != self.name or self.name == passwords.GATEWAY_USER:
            raise ValueError("password_line: it is not that of this board")
        if not passwords.is_line(self.password_line):
            raise ValueError("password_line: this is no line for mosquitto's password file")


class BoardsWanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is to be let in, and who was and is not any more: the latest last."""

    boards: tuple[AdmittedBoard, ...] = ()
    gone: tuple[str, ...] = ()


class AdmittedBoards:
    """The boards of one gateway, in its directory."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "boards.json"

    def all(self) -> BoardsWanted:
        """Who is wanted; BoardError when the file is none."""
        try:
            with self._file.open("rb") as file:
                content = file.read(_MOST_BYTES + 1)
            if len(content) > _MOST_BYTES:
                raise BoardError(f"{self._file} is longer than {_MOST_BYTES} bytes: this is no file of boards")
            return msgspec.json.decode(content, type=BoardsWanted)
        except FileNotFoundError:
            return BoardsWanted()
        except OSError as error:
            raise BoardError(f"{self._file} cannot be read: {error.strerror}") from error
        except msgspec.DecodeError as error:
            raise BoardError(f"{self._file} is no file of boards: {error}") from error

    def add(self, card: Card) -> None:
        """Want the board of this card, with the password that it has now. BoardError where it cannot be kept."""
        known, name = self.all(), card.board.id
        others = [board for board in known.boards if board.name != name]
        if len(others) >= MOST:
            raise BoardError(_TOO_MANY.filled(most=MOST))
        try:
            added = AdmittedBoard(name=name, role=card.board.role, password_line=card.password_line)
        except ValueError as error:
            raise BoardError(f"{name}: {error}") from error
        self.write(BoardsWanted(boards=(*others, added), gone=tuple(one for one in known.gone if one != name)))

    def remove(self, name: str) -> None:
        """Want it no more, whoever has let it in."""
        known = self.all()
        others = tuple(board for board in known.boards if board.name != name)
        gone = (*(one for one in known.gone if one != name), name)[-MOST:]
        self.write(BoardsWanted(boards=others, gone=gone))

    def write(self, wanted: BoardsWanted) -> None:
        """Let these be wanted. BoardError where that cannot be kept, and nothing has changed."""
        try:
            write_whole(
                self._file, msgspec.json.format(msgspec.json.encode(wanted)) + b"\n", 0o600, owner_of_folder(self._file)
            )
        except OSError as error:
            raise BoardError(f"{self._file} cannot be written: {error.strerror}") from error


def give_over(directory: Path, secrets: Path) -> None:
    """Give the gateway's user the boards' files that root had made, and note first, beside ``secrets``, whose they are.

    That they were root's is how a board of before there was a note is known: nobody else could have made them.
    """
    registry = Registry(directory)
    if secrets.exists() and (made := registry.made_by_root()):
        others = displays.noted(secrets.parent) | {passwords.GATEWAY_USER}
        note(secrets, made & set(passwords.users(secrets)) - others)
    registry.give_over()


def note(secrets: Path, names: set[str]) -> None:
    """Note, beside ``secrets``, that root has let these boards in as well."""
    displays.note(secrets.parent, displays.noted(secrets.parent, NOTE) | names, NOTE)


def agree(wanted: BoardsWanted, folder: Path) -> bool:
    """Make mosquitto's files say who is wanted; whether anything changed, so that the broker must look again.

    Args:
        wanted: who is, and who is not any more; of a board that it does not name nobody has said anything, as after a
            backup was brought back that has no such file: that one stays.
        folder: mosquitto's, with ``linky.passwords`` and ``linky.acl``.

    BoardError at the end where a name is another user's: that user and all others are what they were.
    """
    secrets, rules = folder / "linky.passwords", folder / "linky.acl"
    before = [file.read_bytes() for file in (secrets, rules) if file.exists()]
    users, former = set(passwords.users(secrets)), displays.noted(folder, NOTE)
    former |= {board.name for board in wanted.boards if passwords.has(secrets, board.password_line)}
    foreign = (users | {passwords.GATEWAY_USER}) - former
    ours = [board for board in wanted.boards if board.name not in foreign]
    coming = {board.name for board in ours}
    gone = former & set(wanted.gone) - coming
    # Known first: after a power cut whoever was let in can still be taken out again.
    displays.note(folder, former | coming, NOTE)
    for name in sorted(gone):
        passwords.remove(secrets, name)
        rights.forbid(rules, name)
    for board in ours:
        passwords.enter(secrets, board.password_line)
        (rights.allow if board.role == "display" else rights.forbid)(rules, board.name)
    # A name that has no password any more may be somebody else's one day.
    displays.note(folder, ((former - gone) & users) | coming, NOTE)
    if refused := [board.name for board in wanted.boards if board.name in foreign]:
        raise BoardError(_TAKEN.filled(name=", ".join(refused)))
    return before != [file.read_bytes() for file in (secrets, rules)]
