"""Wheel and source archive by setuptools, from the files that git knows, the same bytes of the same commit."""

from __future__ import annotations

import gzip
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# What pip needs to build and install; tests, boards and tools stay in the repository.
_NEEDED = ("gateway", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE")
_BUILD = (
    "import sys; from setuptools import build_meta; print(getattr(build_meta, f'build_{sys.argv[1]}')(sys.argv[2]))"
)


def build(root: Path, to: Path, epoch: int, kinds: Sequence[str] = ("wheel", "sdist")) -> list[Path]:
    """The wheel and the source archive, or one of them."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        copy_known(root, source, _NEEDED)
        found = []
        for kind in kinds:
            done = subprocess.run(
                [sys.executable, "-c", _BUILD, kind, folder], cwd=source, check=True, capture_output=True, text=False
            )
            made = Path(folder) / done.stdout.decode().split()[-1]
            if kind == "sdist":
                _same_bytes(made, epoch)
            found.append(Path(shutil.copy(made, to / made.name)))
    return found


def copy_known(root: Path, to: Path, below: tuple[str, ...]) -> None:
    """Copy the files that git knows at these places; nothing that lies about in a working folder."""
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z", "--", *below], check=True, capture_output=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        target = to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, target)
        target.chmod(0o644)


def _same_bytes(archive: Path, epoch: int) -> None:
    """Pack a source archive anew: sorted, of one date, of nobody; setuptools does so for wheels only."""
    with tarfile.open(archive) as old:
        entries = sorted(
            ((e, old.extractfile(e).read() if e.isreg() else b"") for e in old), key=lambda one: one[0].name
        )
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as new:
        for entry, content in entries:
            clean = tarfile.TarInfo(entry.name)
            clean.type, clean.size, clean.mtime = entry.type, len(content), epoch
            clean.mode = 0o755 if entry.isdir() else 0o644
            new.addfile(clean, io.BytesIO(content))
    with archive.open("wb") as file, gzip.GzipFile("", "wb", mtime=epoch, fileobj=file) as packed:
        packed.write(out.getvalue())
