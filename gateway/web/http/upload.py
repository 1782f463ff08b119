"""A form with a file (RFC 7578): the short fields first, then the file, which is never in memory as a whole.

The browser sends the fields in the order of the form; a file that does not come last is refused, as is whatever is
longer, slower or otherwise shaped than a form of ours.
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from gateway.web.http.guard import MOST_BODY_BYTES, BadRequestError

if TYPE_CHECKING:
    from asyncio import StreamReader
    from collections.abc import AsyncIterator, Mapping

# A card of 4 GB is the smallest that anybody sells; all of it in an hour, and never half a minute without a byte.
MOST_FILE_BYTES = 4_000_000_000
LONGEST_S, _SILENT_S = 3600.0, 30.0
# Of a file that was refused: a backup of some years comes to its end, and its browser hears why.
_MOST_UNWANTED_BYTES, _UNWANTED_S = 32_000_000, 10.0
_BLOCK = 65_536
_MOST_PARTS = 20

_KIND = re.compile(r'multipart/form-data;\s*boundary="?([0-9A-Za-z\'()+_,./:=?-]{1,70})"?', re.IGNORECASE)
_NAME = re.compile(rb'content-disposition:\s*form-data;.*?\bname="([a-z_]{1,40})"', re.IGNORECASE)
_FILE = re.compile(rb'content-disposition:[^\r\n]*\bfilename="', re.IGNORECASE)


class UploadedForm:
    """A form that is coming in: ``read_fields`` has what comes first, ``file`` the file's bytes.

    Args:
        reader: where it comes from, after the head of its request.
        headers: those of the request, by their names in small letters.
    """

    def __init__(self, reader: StreamReader, headers: Mapping[str, str]) -> None:
        found = _KIND.fullmatch(headers.get("content-type", ""))
        length = headers.get("content-length", "")
        if found is None:
            raise BadRequestError(415, "no form with a file")
        if "transfer-encoding" in headers or not (length.isascii() and length.isdigit() and len(length) < 15):
            raise BadRequestError(411, "say how long it is")
        if int(length) > MOST_FILE_BYTES:
            raise BadRequestError(413, "too long")
        self._reader, self._left = reader, int(length)
        self._end = b"\r\n--" + found[1].encode()
        # What was read and belongs to what comes next; a form begins as if a line had ended.
        self._ahead = b"\r\n"
        self._ended = False
        self._until_s = time.monotonic() + LONGEST_S
        self.length = int(length)
        self._fields: dict[str, str] = {}

    async def read_fields(self) -> bytes:
        """All that stands before the file, as a form without one has it. BadRequestError where it is none of ours."""
        read = 0
        while self.length and len(self._fields) < _MOST_PARTS:
            head = await self._until(self._end + b"\r\n" if not self._fields else b"", b"\r\n\r\n")
            name = _NAME.search(head)
            if name is None:
                raise BadRequestError(400, "not a part of a form")
            if _FILE.search(head):
                return urlencode(self._fields).encode()
            value = await self._until(b"", self._end)
            read += len(head) + len(value)
            if read > MOST_BODY_BYTES:
                break
            self._fields[name[1].decode()] = value.decode("utf-8", "replace")
        raise BadRequestError(413, "more fields than a form has")

    async def file(self) -> AsyncIterator[bytes]:
        """The bytes of the file, block by block. BadRequestError where it does not come to its end, or not in time."""
        # Its end may be half here.
        keep = len(self._end) - 1
        while not self._ended:
            if (at := self._ahead.find(self._end)) >= 0:
                last, self._ahead, self._ended = self._ahead[:at], b"", True
                yield last
                return
            if len(self._ahead) >= _BLOCK:
                block, self._ahead = self._ahead[:-keep], self._ahead[-keep:]
                yield block
            await self._more()

    async def pass_over(self) -> None:
        """Let come what nobody wants any more, within bounds: a browser hears an answer when it has sent all."""
        least = self._left - _MOST_UNWANTED_BYTES
        self._until_s = min(self._until_s, time.monotonic() + _UNWANTED_S)
        try:
            while self._left > max(0, least):
                self._ahead = b""
                await self._more()
        except (BadRequestError, OSError):
            return

    async def _until(self, before: bytes, end: bytes) -> bytes:
        """What stands there up to an end, which is read too."""
        while (at := self._ahead.find(end)) < 0:
            if len(self._ahead) > MOST_BODY_BYTES:
                raise BadRequestError(413, "too long")
            await self._more()
        found, self._ahead = self._ahead[:at], self._ahead[at + len(end) :]
        if not found.startswith(before):
            raise BadRequestError(400, "not a form")
        return found

    async def _more(self) -> None:
        if self._left <= 0:
            raise BadRequestError(400, "cut off")
        patience = min(_SILENT_S, self._until_s - time.monotonic())
        try:
            async with asyncio.timeout(patience):
                piece = await self._reader.read(min(_BLOCK, self._left))
        except TimeoutError as error:
            raise BadRequestError(408, "too slow") from error
        if not piece:
            raise BadRequestError(400, "cut off")
        self._left -= len(piece)
        self._ahead += piece
