"""An archive on the disk, a folder or a ZIP file: written under another name until it is whole, read with suspicion.

Nothing is ever unpacked: a file is read from where it is, after the manifest named it, and never beyond the size that
the manifest gives. Memory holds one block, whatever the size.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import zipfile
import zlib
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Protocol

from gateway.errors import ArchiveError
from gateway.files import move, sync_all
from gateway.privacy.manifest import MOST_BYTES, NAME, ArchivedFile, ArchiveManifest, read, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from _typeshed import ReadableBuffer

_BLOCK = 65_536
_PART = ".part"
# Half the time of the usual level, a tenth more bytes: it is the Pi's hour that counts.
_LEVEL = 2

# Whatever a damaged ZIP file, or one made to harm, makes of Python's reader.
_BAD = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError, KeyError, IndexError, MemoryError)


class ArchivePlace(Protocol):
    """Where files are written, one after the other."""

    def create(self, name: str) -> IO[bytes]:
        """A new file; the caller closes it before the next."""


class ArchiveWriter:
    """Writes the files of an archive and adds up what the manifest says of them."""

    def __init__(self, place: ArchivePlace, progress: Callable[[str, int], None]) -> None:
        self._place, self._progress = place, progress
        self.files: dict[str, ArchivedFile] = {}

    @contextmanager
    def text(self, name: str) -> Iterator[IO[str]]:
        """A new text file (UTF-8, line feeds) of the archive."""
        self._progress(name, len(self.files))
        with self._place.create(name) as file:
            counted = _Counted(file)
            out = io.TextIOWrapper(io.BufferedWriter(counted, _BLOCK), encoding="utf-8", newline="")
            yield out
            out.flush()
            out.detach().detach()
        self.files[name] = counted.file()


class ArchiveReader:
    """Reads an archive; every fault of it is an ArchiveError that begins with its name."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._zip = None if path.is_dir() else zipfile.ZipFile(path)
        except FileNotFoundError as error:
            raise ArchiveError(f"{path}: there is no such archive") from error
        except (*_BAD, NotImplementedError) as error:
            raise ArchiveError(f"{path}: is neither the folder nor the ZIP file of an archive: {error}") from error

    def close(self) -> None:
        """Close the file."""
        if self._zip:
            self._zip.close()

    def manifest(self) -> ArchiveManifest:
        """What the archive says of itself."""
        with self.translated(), self._open(NAME) as file:
            return read(file.read(MOST_BYTES))

    def check(self, manifest: ArchiveManifest, progress: Callable[[str, int], None]) -> None:
        """Read every file to its end; ArchiveError when one is missing or is not what the manifest says."""
        for number, (name, file) in enumerate(manifest.files.items()):
            progress(name, number)
            counted = _Counted(None)
            with self.translated(), self._open(name) as stream:
                while counted.size <= file.size and (block := stream.read(_BLOCK)):
                    counted.write(block)
            if counted.file() != file:
                raise ArchiveError(f"{self._path}: {name} is damaged: it is not what {NAME} says")

    @contextmanager
    def lines(self, name: str) -> Iterator[IO[bytes]]:
        """One file of the manifest, to be read line by line."""
        with self.translated(), self._open(name) as stream:
            yield stream

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Let what the disk or a ZIP file says come out as ArchiveError."""
        try:
            yield
        except ArchiveError as error:
            if str(error).startswith(f"{self._path}: "):
                raise
            raise ArchiveError(f"{self._path}: {error}") from error
        except _BAD as error:
            raise ArchiveError(f"{self._path}: is damaged, or no archive: {error}") from error

    def _open(self, name: str) -> IO[bytes]:
        if self._zip is None:
            return (self._path / name).open("rb")
        info = self._zip.getinfo(name)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ArchiveError(f"{name} is packed in a way that no archive is")
        return self._zip.open(info)


@contextmanager
def create(path: Path, about: ArchiveManifest, progress: Callable[[str, int], None]) -> Iterator[ArchiveWriter]:
    """A new archive at ``path``, a ZIP file where that ends in ``.zip``; under another name until it is whole."""
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise ArchiveError(f"{path}: is there already; name a new file, or an empty folder")
    part = path.with_name(path.name + _PART)
    _remove(part)
    # What is in it is the household's own.
    before = os.umask(0o077)
    try:
        with _zip_place(part) if path.suffix.lower() == ".zip" else _folder(part) as place:
            writer = ArchiveWriter(place, progress)
            yield writer
            with place.create(NAME) as file:
                file.write(write(ArchiveManifest(about.made, about.version, about.schema, writer.files)))
        # The stick may be pulled out as soon as this is said to be done.
        sync_all(part)
        move(part, path)
    finally:
        os.umask(before)
        _remove(part)


class _Folder:
    """Files in a folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def create(self, name: str) -> IO[bytes]:
        """A new file."""
        file = self._path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        return file.open("wb")


class _Zip:
    """Files in a ZIP file, all of the day that the format has for none: the same archive is the same bytes."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file

    def create(self, name: str) -> IO[bytes]:
        """A new file."""
        return self._file.open(name, "w", force_zip64=True)


@contextmanager
def _folder(path: Path) -> Iterator[ArchivePlace]:
    path.mkdir(parents=True)
    yield _Folder(path)


@contextmanager
def _zip_place(path: Path) -> Iterator[ArchivePlace]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as file:
        yield _Zip(file)


class _Counted(io.RawIOBase):
    """Passes bytes on, or drops them, and adds up how many they were and their hash."""

    def __init__(self, out: IO[bytes] | None) -> None:
        self._out, self._hash, self.size = out, hashlib.sha256(), 0

    def writable(self) -> bool:
        return True

    def write(self, block: ReadableBuffer, /) -> int:
        """Take all of it."""
        if self._out:
            self._out.write(block)
        self._hash.update(block)
        length = memoryview(block).nbytes
        self.size += length
        return length

    def file(self) -> ArchivedFile:
        """What the manifest is to say of it."""
        return ArchivedFile(self.size, self._hash.hexdigest())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    with suppress(FileNotFoundError):
        path.unlink()
