"""A finished root → an image: partitions without any mount; then what is published, under its name when it is whole."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from image import layout
from image.errors import PATH, ImageError, run
from os_list import entries as os_list

if TYPE_CHECKING:
    from pathlib import Path

    from image.layout import CardPartition
    from image.models import ImageKind
    from image.progress import ImageProgress

# mtools otherwise wants the geometry of a floppy disk.
MTOOLS = {**os.environ, "PATH": PATH, "MTOOLS_SKIP_CHECK": "1"}
_FEATURES = ("-q", "-F", "-t", "ext4", "-b", "4096", "-i", "16384")


def image(kind: ImageKind, root: Path, file: Path, progress: ImageProgress) -> None:
    """The raw image, sparse; ``root`` is taken apart for it."""
    firmware, data = root.with_name("firmware"), root.with_name("data")
    _apart(root / "boot/firmware", firmware)
    _apart(root / "var", data)
    for name in ("etc/upper", "etc/work"):
        (data / "lib/linky-card" / name).mkdir(parents=True, exist_ok=True)
    partitions = layout.plan(kind, _size(root), _size(data))
    file.unlink(missing_ok=True)
    with file.open("wb") as stream:
        stream.truncate(partitions[-1].end)
    run("sfdisk", "--quiet", file, stdin=layout.script(kind, partitions))
    first, second, third = partitions
    _fat(firmware, file, first)
    _ext4(root, file, second, "-m", "1")
    _ext4(data, file, third, "-m", "0", "-J", "size=32")
    for one, folder in zip(partitions, (firmware, root, data), strict=True):
        used, room = _size(folder) / layout.MIB, one.size / layout.MIB
        progress.say(f"partition {layout.LABELS[one.name]}: {room:.0f} MiB, {used:.0f} of them used")
    progress.say(f"image: {file.stat().st_size / 1e6:.0f} MB, {file.stat().st_blocks * 512 / 1e6:.0f} MB of it used")


def publish(kind: ImageKind, file: Path, to: Path, url: str | None, icon: str, progress: ImageProgress) -> list[Path]:
    """Compressed, with its sum; and, if households may be given it, the list for Raspberry Pi Imager."""
    packed = to.with_name(f"{to.name}.part")
    with packed.open("wb") as stream:
        _xz(file, stream.fileno())
    packed.replace(to)
    progress.say(f"{to.name}: {to.stat().st_size / 1e6:.0f} MB")
    with to.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    total = to.with_name(f"{to.name}.sha256")
    total.write_text(f"{digest}  {to.name}\n")
    if not kind.published:
        progress.say(f"{total.name}; no list for Raspberry Pi Imager: it was never seen to start on its boards")
        return [to, total]
    entry = os_list.entry(to, url or to.resolve().as_uri(), icon, kind.tags, "linky-gateway")
    document = {"os_list": [entry]}
    if wrong := os_list.faults(document):
        raise ImageError("; ".join(wrong))
    listed = to.with_name("os-list.json")
    listed.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    progress.say(f"{total.name}, {listed.name} (rpi-imager --repo {listed})")
    return [to, total, listed]


def _xz(file: Path, out: int) -> None:
    # Not errors.run: it keeps what a program prints, and this is 300 MB.
    done = subprocess.run(["xz", "-T0", "-1", "--stdout", file], check=False, stdout=out, stderr=subprocess.PIPE)
    if done.returncode:
        raise ImageError(f"xz failed: {done.stderr.decode(errors='replace').strip()}")


def _apart(folder: Path, to: Path) -> None:
    """What is a partition of its own; an empty folder stays, to mount it at."""
    if to.exists():
        shutil.rmtree(to)
    folder.rename(to)
    folder.mkdir(mode=0o755)


def _size(folder: Path) -> int:
    return int(run("du", "--summarize", "--block-size=1", folder).split()[0])


def _fat(folder: Path, file: Path, place: CardPartition) -> None:
    sectors = place.size // layout.SECTOR
    at = f"{file}@@{place.start}"
    label = layout.LABELS[place.name]
    run(
        "mformat", "-i", at, "-F", "-v", label, "-T", sectors, "-h", 255, "-s", 63, "-H", place.start // layout.SECTOR,
        "::", env=MTOOLS,
    )  # fmt: skip
    run("mcopy", "-i", at, "-s", "-m", *sorted(folder.iterdir()), "::", env=MTOOLS)


def _ext4(folder: Path, file: Path, place: CardPartition, *options: str) -> None:
    label = layout.LABELS[place.name]
    extended = f"offset={place.start},nodiscard,root_owner=0:0"
    run(
        "mke2fs", *_FEATURES, "-L", label, *options, "-E", extended, "-d", folder, file, f"{place.size // 1024}k"
    )  # fmt: skip
