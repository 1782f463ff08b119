"""What a file holds, by its first bytes: text, sheets, JSON or XML; of a zip its members, read as streams.

Names and extensions lie. Whatever is in a file came from outside: its size, its members, what they unpack to, rows,
cells, elements and depth are bounded before anything is built of them.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from gateway.household.past.elements import Element, parse_xml
from gateway.household.past.sheets import BookSheet, read_sheets
from gateway.household.past.values import HistoryFileError
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 20_000_000
_LARGEST_MEMBER, _MOST_MEMBERS, _LARGEST_RATIO = 50_000_000, 200, 100
# What JSON may have of each, so that the objects made of 20 MB fit into a Raspberry Pi.
_MOST_OF_JSON = {"{": 500_000, "[": 500_000, '"': 6_000_000, ",": 6_000_000}
# Below so much even the best packed member is no bomb.
_SMALL = 1_000_000
_LARGEST_TOGETHER = 100_000_000
MOST_ROWS = 500_000

_ZIP, _SQLITE = b"PK\x03\x04", b"SQLite format 3\0"

_TOO_LARGE = Phrase("it is larger than {most} MB")
_EMPTY = Phrase("it is empty")
_BAD_ZIP = Phrase("it is a damaged zip file or spreadsheet")
_BOMB = Phrase("a file inside it unpacks to more than {most} MB, or to more than {ratio} times its size")
_MEMBERS = Phrase("it holds more than {most} files")
_ENCRYPTED = Phrase("it is encrypted: decrypt it first with the tool of whoever received it")
_NO_MEMBERS = Phrase("none of the files inside it can hold a history")
_BAD_JSON = Phrase("it is damaged JSON, or cut off")
_MUCH_JSON = Phrase("it is JSON with too many values")
_SQLITE_FILE = Phrase(
    "it is the database of another program (MyElectricalData?): that takes a 0 for missing, so nothing of it is sure;"
    " import the file of the Enedis customer account instead"
)
_BINARY = Phrase("it is neither text nor a spreadsheet")
_OUTSIDE = Phrase("its name points outside the archive")
_NO_CSV = Phrase("not a CSV, JSON or XML file")

# What the standard library raises for a zip that is none: it looks into what it was given.
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, LookupError, RuntimeError, OSError, ValueError)

Contents = str | list[BookSheet] | Element | dict[str, Any] | list[Any]


def contents(name: str, data: bytes) -> Iterator[tuple[str, Contents | Phrase]]:
    """What is in a file: name and contents of it, or of each member of a zip; a phrase where one is left aside.

    HistoryFileError where it cannot be opened at all.
    """
    if len(data) > LARGEST:
        raise HistoryFileError(_TOO_LARGE.filled(most=LARGEST // 1_000_000))
    if not data.strip():
        raise HistoryFileError(_EMPTY)
    if not data.startswith(_ZIP):
        yield name, _plain(data)
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if len(archive.infolist()) > _MOST_MEMBERS:
                raise HistoryFileError(_MEMBERS.filled(most=_MOST_MEMBERS))
            members = Members(archive)
            if "xl/workbook.xml" in archive.namelist():
                yield name, read_sheets(members.read)
            else:
                yield from _members(name, members)
    except _BROKEN as error:
        if isinstance(error, HistoryFileError):
            raise
        raise HistoryFileError(_BAD_ZIP) from error


class Members:
    """The members of a zip, unpacked one at a time and no further than may be: what its headers say is not believed.

    Args:
        archive: the zip.
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self._left = _LARGEST_TOGETHER

    def read(self, name: str) -> bytes:
        """The bytes of a member. KeyError where there is none, HistoryFileError where they are too many."""
        found = self.archive.getinfo(name)
        if found.flag_bits & 1:
            raise HistoryFileError(_ENCRYPTED)
        most = min(_LARGEST_MEMBER, self._left, max(_SMALL, found.compress_size * _LARGEST_RATIO))
        with self.archive.open(found) as stream:
            data = stream.read(most + 1)
        self._left -= len(data)
        if len(data) > most:
            raise HistoryFileError(_BOMB.filled(most=_LARGEST_MEMBER // 1_000_000, ratio=_LARGEST_RATIO))
        return data


def _members(name: str, members: Members) -> Iterator[tuple[str, Contents | Phrase]]:
    read = 0
    for member in members.archive.infolist():
        path, shown = PurePosixPath(member.filename), f"{name}: {member.filename[:80]}"
        if member.is_dir():
            continue
        if ".." in path.parts or path.is_absolute() or "\\" in member.filename:
            yield shown, _OUTSIDE
        elif path.suffix.lower() not in (".csv", ".json", ".xml"):
            yield shown, _NO_CSV
        else:
            read += 1
            try:
                yield shown, _plain(members.read(member.filename))
            except HistoryFileError as error:
                yield shown, error.phrase
    if not read:
        raise HistoryFileError(_NO_MEMBERS)


def _plain(data: bytes) -> Contents:
    if data.startswith(_SQLITE):
        raise HistoryFileError(_SQLITE_FILE)
    text = _decoded(data)
    begin = text.lstrip()[:1]
    if begin in ("{", "["):
        if any(text.count(sign) > most for sign, most in _MOST_OF_JSON.items()):
            raise HistoryFileError(_MUCH_JSON)
        try:
            found: dict[str, Any] | list[Any] = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise HistoryFileError(_BAD_JSON) from error
        return found
    return parse_xml(data) if begin == "<" else text


def _decoded(data: bytes) -> str:
    """UTF-8 with or without its mark, else what Windows writes in France."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # One that is cut within a letter is no other code.
        whole = data[:-4].decode("utf-8-sig", "replace") if len(data) > 4 else "\ufffd"
        text = data.decode("utf-8-sig", "replace") if "\ufffd" not in whole else data.decode("cp1252", "replace")
    if "\0" in text or sum(text.count(sign) for sign in "\ufffd\x01\x02\x03\x04") > len(text) // 100:
        raise HistoryFileError(_BINARY)
    return text
