"""``tools/os-list``: the list by which Raspberry Pi Imager offers an image of one's own that takes a ``linky.toml``.

Imager reads it as a content repository. It says ``init_format: rpi-preseed``: what a person fills in there is one file
that the first start reads (``gateway/first_boot/preseed.py``). An image of ``tools/image`` is known by its partition
table, whatever its file is called: one that nobody has seen start on its boards comes into no list. It needs the
standard library alone.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import lzma
import sys
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from image import layout, models

if TYPE_CHECKING:
    from collections.abc import Sequence

# What raspberrypi/rpi-imager asks of an entry: doc/json-schema/os-list-schema.json at 05f1c4d, and devices of
# doc/schema-notes.md at 245d309.
REQUIRED: dict[str, type] = {
    "name": str,
    "description": str,
    "icon": str,
    "url": str,
    "extract_size": int,
    "extract_sha256": str,
    "image_download_size": int,
    "release_date": str,
    "devices": list,
}
# The boards' names in Imager; the Zero 2 W is one of pi3, the 400 and the CM4 of pi4.
DEVICES = tuple(f"pi{model}-{bits}bit" for bits in (64, 32) for model in (1, 2, 3, 4, 5) if bits == 32 or model > 2)

_BLOCK = 1 << 20


class OsListError(Exception):
    """One sentence about an image or its list."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the list; exit code 0, or 1 after a sentence."""
    options = _parser().parse_args(arguments)
    try:
        made = _sound(entry(options.image, options.url, options.icon, options.devices, options.name))
        options.out.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        print(f"tools/os-list: {error.filename or options.image}: {error.strerror or error}", file=sys.stderr)
        return 1
    except OsListError as error:
        print(f"tools/os-list: {error}", file=sys.stderr)
        return 1
    print(f"{options.out}: in Imager 2, App Options > Content Repository; or: rpi-imager --repo {options.out}")
    return 0


def entry(image: Path, url: str, icon: str, devices: Sequence[str], name: str) -> dict[str, object]:
    """What Imager has to know of an image; OsListError when Imager cannot unpack it, or nobody may be given it."""
    size, digest, kind = _measured(image)
    if kind and not kind.published:
        raise OsListError(
            f"{image}: an image for Raspberry Pi {kind.names}, which nobody has seen start on one: it is not offered"
        )
    with image.open("rb") as stream:
        download = hashlib.file_digest(stream, "sha256").hexdigest()
    return {
        "name": name,
        "description": "Passerelle pour compteur Linky · gateway for Linky meters; linky.toml on the card sets it up",
        "icon": icon,
        "url": url,
        "extract_size": size,
        "extract_sha256": digest,
        "image_download_size": image.stat().st_size,
        "image_download_sha256": download,
        "release_date": datetime.fromtimestamp(image.stat().st_mtime, UTC).date().isoformat(),
        "devices": list(devices),
        "init_format": "rpi-preseed",
    }


def _sound(one: dict[str, object]) -> dict[str, object]:
    document = {"os_list": [one]}
    if wrong := faults(document):
        raise OsListError("; ".join(wrong))
    return document


def faults(document: object) -> list[str]:
    """What the published rules have against a list."""
    if not isinstance(document, dict) or set(document) - {"imager", "os_list"} or not document.get("os_list"):
        return ["a list is an object with os_list, and imager at most"]
    found = []
    for place, one in enumerate(document["os_list"]):
        for key, kind in REQUIRED.items():
            if type(one.get(key)) is not kind or not one[key]:
                found.append(f"os_list[{place}].{key}: a {kind.__name__} is missing")
        known = ("https://", "http://", "file://")
        bad = [key for key in ("url", "icon") if not str(one.get(key)).startswith(known)]
        found += [f"os_list[{place}].{key}: not an address" for key in bad]
        try:
            date.fromisoformat(str(one.get("release_date")))
        except ValueError:
            found.append(f"os_list[{place}].release_date: not a day as in 2026-11-25")
    return found


def _measured(image: Path) -> tuple[int, str, models.ImageKind | None]:
    """Size and SHA-256 of what is inside, and which image of ours it is."""
    digest, size, kind = hashlib.sha256(), 0, None
    try:
        with _opened(image) as stream:
            while block := stream.read(_BLOCK):
                if not size:
                    kind = models.kind_of(layout.label_id(block[: layout.SECTOR]))
                digest.update(block)
                size += len(block)
    except (lzma.LZMAError, gzip.BadGzipFile, zipfile.BadZipFile, EOFError) as error:
        raise OsListError(f"{image}: damaged, or not what its name says: {error}") from error
    if size == 0 or size % 512:
        raise OsListError(f"{image}: {size} bytes inside are no image of a card: those are whole sectors of 512")
    return size, digest.hexdigest(), kind


def _opened(image: Path) -> IO[bytes]:
    match image.suffix:
        case ".xz":
            return lzma.open(image, "rb")
        case ".gz":
            return gzip.open(image, "rb")
        case ".zip":
            # What is opened stays open when its archive is closed.
            with zipfile.ZipFile(image) as archive:
                names = archive.namelist()
                if len(names) != 1:
                    raise OsListError(f"{image}: {len(names)} files inside; Imager wants one")
                return archive.open(names[0])
    raise OsListError(f"{image}: Imager unpacks .xz, .gz and .zip (.zst only from 1.7 on)")


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="tools/os-list",
        description="Write the list by which Raspberry Pi Imager offers an image of one's own.",
    )
    made.add_argument("image", type=Path, metavar="IMAGE.img.xz", help="as it will be downloaded: .xz, .gz or .zip")
    made.add_argument("--url", required=True, help="where it will be downloaded from")
    made.add_argument("--icon", required=True, metavar="URL", help="a picture of 40 × 40, SVG or PNG")
    made.add_argument("--name", default="linky-gateway", help="in Imager's list (default: linky-gateway)")
    made.add_argument(
        "--devices", nargs="+", choices=DEVICES, default=models.CARD.tags, metavar="TAG",
        help=f"the boards it starts on (default: {' '.join(models.CARD.tags)}); known: {', '.join(DEVICES)}",
    )  # fmt: skip
    made.add_argument("--out", type=Path, default=Path("os-list.json"), metavar="FILE", help="(default: os-list.json)")
    return made
