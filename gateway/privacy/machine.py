"""The end of an installation: every file of it overwritten and removed, then the free space of its card overwritten.

For a card that is sold, given away or thrown away. What a flash card keeps in blocks that it does not show, no program
reaches; from what it shows, nothing of the household can be read any more.
"""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.errors import StoreError
from gateway.store.connection import LOCK_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from io import FileIO

_BLOCK = bytes(1 << 20)
FILLING = ".linky-gateway-filling"


def files_below(folders: Iterable[Path]) -> list[Path]:
    """Every file of the folders that is no folder itself, the lock of the database last."""
    found = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_symlink() or path.is_file()]
    found += [path for folder in folders for path in sorted(folder.rglob("*.sock"))]
    return sorted(dict.fromkeys(found), key=lambda path: path.name == LOCK_NAME)


def refused(paths: Sequence[Path]) -> list[Path]:
    """Those that this user may not erase; to be asked before the first one is."""
    return [path for path in paths if not (os.access(path.parent, os.W_OK) and (path.is_symlink() or _writable(path)))]


def erase(paths: Sequence[Path], folders: Sequence[Path]) -> None:
    """Overwrite and remove the files, then what is empty below the folders. StoreError where the disk refuses."""
    for path in paths:
        try:
            if path.is_file() and not path.is_symlink():
                _overwrite(path)
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"{path}: cannot be erased: {error.strerror}; what came before it is") from error
    for folder in folders:
        for path in sorted((p for p in folder.rglob("*") if p.is_dir()), reverse=True):
            with suppress(OSError):
                path.rmdir()


def overwrite_free_space(folder: Path, progress: Callable[[str, int], None]) -> int:
    """Fill the folder's file system to its last block and give it back: what was removed earlier is written over.

    How many megabytes that took.
    """
    file = folder / FILLING
    # A journalling file system gives what was removed out again only when it has written down that it was removed.
    os.sync()
    try:
        with _nothing_reserved(folder), file.open("wb", buffering=0) as out:
            # Blocks come free a moment after that is written down, so a full file system is asked again.
            while _fill(out, lambda megabytes: progress(str(folder), megabytes)):
                with suppress(OSError):
                    os.fsync(out.fileno())
                os.sync()
            return out.tell() // len(_BLOCK)
    except OSError as error:
        raise StoreError(f"{folder}: its free space cannot be overwritten: {error.strerror}") from error
    finally:
        file.unlink(missing_ok=True)


@contextmanager
def _nothing_reserved(folder: Path) -> Iterator[None]:
    """Ext4 keeps some blocks back from everybody, root too (Linux, Documentation/ABI/testing/sysfs-fs-ext4)."""
    device = folder.stat().st_dev
    link = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}")
    reserve = Path("/sys/fs/ext4") / link.resolve().name / "reserved_clusters"
    try:
        before = reserve.read_text()
        reserve.write_text("0")
    except OSError:
        # Another file system, or not for us to say.
        yield
        return
    try:
        yield
    finally:
        reserve.write_text(before)


def _fill(out: FileIO, progress: Callable[[int], None]) -> int:
    """Write until there is no room, not for a byte; how many bytes."""
    block, count = memoryview(_BLOCK), 0
    while block:
        try:
            written = out.write(block)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            # The rest is smaller than this.
            block = block[: len(block) // 2]
            continue
        if not written:
            break
        count += written
        megabytes = out.tell() // len(_BLOCK)
        if not megabytes % 64:
            progress(megabytes)
    return count


def _writable(path: Path) -> bool:
    return not path.is_file() or os.access(path, os.W_OK)


def _overwrite(path: Path) -> None:
    """In its own blocks: the file is not cut before, or it would be given others."""
    with path.open("r+b", buffering=0) as file:
        left = file.seek(0, os.SEEK_END)
        file.seek(0)
        while left > 0:
            left -= file.write(_BLOCK[:left])
        os.fsync(file.fileno())
