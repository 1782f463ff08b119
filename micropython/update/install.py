"""Puts a signed set of files into the spare folder, then switches to it. Knows files only: who brings them is agent.py.

A manifest is one line of JSON, a line feed, and its signature as 64 hexadecimal digits. Nothing in it is looked at
before the signature is right. A power cut at any moment leaves the active folder as it was: the spare one is without
manifest until it is whole, and what was already there is not fetched again. Flash is slow, and the meter speaks on:
after each block that is read or written the other tasks have their turn.
"""

import asyncio
import binascii
import hashlib
import json
import os

from signature import hmac_sha256, is_same
from slots import MANIFEST

_DIGITS = 64
_BUFFER = 512
_LARGEST = 256 * 1024  # bytes of one file: more than this is no file of ours
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/"


class UpdateError(Exception):
    """The set is not taken; the text says why, for the record and the log."""


class Installation:
    """One set on its way into the spare folder."""

    def __init__(self, slots, board, key, signed):
        self.slots = slots
        self.text = _verified(key, signed)
        manifest = json.loads(self.text)
        if manifest["board"] != board:
            raise UpdateError("this set is for board " + manifest["board"])
        self.serial = manifest["serial"]
        if self.serial <= slots.record["serial"]:
            raise UpdateError("set %d is not newer than %d" % (self.serial, slots.record["serial"]))
        self.files = [(name, size, binascii.unhexlify(digest)) for name, size, digest in manifest["files"]]
        for name, size, _digest in self.files:
            if not _is_allowed(name) or not 0 <= size <= _LARGEST:
                raise UpdateError("a file that cannot be: %r" % name)

    async def prepare(self):
        """Make the spare folder ready: no manifest, no files of other sets, and what both share copied."""
        self._remove(MANIFEST)
        names = {name for name, _size, _digest in self.files}
        for name in list(_walk(self.slots.path(self.slots.spare)[:-1])):
            if name not in names:
                self._remove(name)
        manifest = self.slots.manifest(self.slots.active)
        active = {name: digest for name, _size, digest in manifest["files"]} if manifest else {}
        for name, size, digest in self.files:
            if active.get(name) == binascii.hexlify(digest).decode() and not await self._has(name, digest):
                await self._copy(name, size, digest)

    async def missing(self):
        """The files that are still to come, as (name, size, digest)."""
        absent = []
        for entry in self.files:
            if not await self._has(entry[0], entry[2]):
                absent.append(entry)
        return absent

    async def _has(self, name, digest):
        """Whether the spare folder has this file, whole."""
        seen = hashlib.sha256()
        try:
            with open(self._path(name), "rb") as file:
                while block := await _next(file):
                    seen.update(block)
        except OSError:
            return False
        return seen.digest() == digest

    def open(self, name, size, digest):
        """A file to write to, block by block; its ``close`` says whether it is what was signed."""
        parts = name.split("/")[:-1]
        for depth in range(len(parts) + 1):
            try:
                os.mkdir(self._path("/".join(parts[:depth])).rstrip("/"))
            except OSError:
                pass  # it is there; else the file cannot be opened, which is said
        try:
            return _File(self._path(name), size, digest)
        except OSError as error:
            raise UpdateError("the flash takes no more: %s" % error)

    async def finish(self):
        """Check every file once more in flash, write the manifest, switch; the caller starts the board anew."""
        absent = await self.missing()
        if absent:
            raise UpdateError("%s is not what was signed" % absent[0][0])
        with open(self._path(MANIFEST), "wb") as file:
            file.write(self.text)
        self.slots.switch(self.serial)

    def _path(self, name):
        return self.slots.path(self.slots.spare, name)

    def _remove(self, name):
        try:
            os.remove(self._path(name))
        except OSError:
            pass  # it was not there

    async def _copy(self, name, size, digest):
        try:
            with open(self.slots.path(self.slots.active, name), "rb") as source:
                file = self.open(name, size, digest)
                while block := await _next(source):
                    file.write(block)
                file.close()
        except (OSError, UpdateError):
            pass  # not there, or damaged: it comes over the air


class _File:
    """A file that is being written; what it holds is counted and hashed on the way."""

    def __init__(self, path, size, digest):
        self._path, self._size, self._digest = path, size, digest
        self._seen, self._length = hashlib.sha256(), 0
        self._file = open(path, "wb")

    def write(self, block):
        """Add a block; what is beyond the signed size is not written."""
        self._length += len(block)
        if self._length <= self._size:
            self._seen.update(block)
            try:
                self._file.write(block)
            except OSError as error:
                raise UpdateError("the flash takes no more: %s" % error)

    def close(self):
        """End the file; UpdateError, and no file, when it is not what was signed."""
        self._file.close()
        if self._length != self._size or self._seen.digest() != self._digest:
            os.remove(self._path)
            raise UpdateError("%s is not what was signed" % self._path)

    def abandon(self):
        """Give the file up: the rest of it does not come."""
        self._file.close()
        os.remove(self._path)


def _verified(key, signed):
    """The bytes before the signature, when that is right."""
    end = len(signed) - _DIGITS
    try:
        code = binascii.unhexlify(signed[end:])
    except ValueError:
        code = b""
    if end < 1 or signed[end - 1 : end] != b"\n" or not is_same(code, hmac_sha256(key, signed[:end])):
        raise UpdateError("the signature is wrong")
    return signed[:end]


def _is_allowed(name):
    """Whether a name stays inside its folder."""
    return all(part and part[0] != "." for part in name.split("/")) and all(letter in _LETTERS for letter in name)


async def _next(file):
    """The next block of a file, b"" at its end, after whoever else has something to do."""
    await asyncio.sleep_ms(0)
    return file.read(_BUFFER)


def _walk(folder, prefix=""):
    """The names of all files below a folder."""
    try:
        entries = list(os.ilistdir(folder))
    except OSError:
        return
    for entry in entries:
        if entry[1] == 0x4000:
            yield from _walk(folder + "/" + entry[0], prefix + entry[0] + "/")
        else:
            yield prefix + entry[0]
