"""``tools/image``: arguments in, the names of the files that were made out.

Exit codes: 0 done, 1 failed, 2 wrong use, 130 interrupted. A build that was cut off goes on with the Debian that it had
finished; one of which nothing has changed has nothing to do.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn

from gateway import __version__
from image import base, boot_test, models, pack, root
from image.errors import ImageError, run
from image.progress import ImageProgress
from meter.process import MeterError
from package import debian

if TYPE_CHECKING:
    from collections.abc import Sequence

    from image.models import ImageKind

ROOT = Path(__file__).resolve().parents[3]
_ICON = ROOT / "gateway/web/static/icon.svg"
# What an image is made by; the rest only boots it.
_OUR_OWN = Path(__file__).parent
_MAKERS = ("base.py", "root.py", "layout.py", "pack.py", "models.py", "bcm2712d0.dts")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make an image, or boot one."""
    options = _parser().parse_args(arguments)
    kind = models.PI5 if options.pi5 else models.CARD
    progress = ImageProgress()
    try:
        options.cache.mkdir(parents=True, exist_ok=True)
        with (options.cache / "lock").open("w") as lock:
            _lock(lock)
            if options.boot_test is not None:
                boot_test.run(options.boot_test or _built(kind, options.cache), options.cache, progress)
            else:
                _build(kind, options, progress)
    except (ImageError, MeterError, OSError) as error:
        sys.stderr.write(f"tools/image: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("tools/image: interrupted; the same command goes on with what was finished\n")
        return 130
    return 0


def _interrupt(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _lock(file: IO[str]) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ImageError(f"another tools/image works in {Path(file.name).parent}: wait for it") from error


def _build(kind: ImageKind, options: argparse.Namespace, progress: ImageProgress) -> None:
    cache: Path = options.cache
    if os.geteuid() != 0:
        raise ImageError("an image holds files of many owners: be root (sudo)")
    options.out.mkdir(parents=True, exist_ok=True)
    for sentence in models.sentences(kind):
        progress.say(sentence)
    deb = debian.build(ROOT, cache, _date_of_commit(), options.trust, options.keyring)
    raw, to = cache / f"{kind.word}.img", options.out / f"linky-gateway-{__version__}-{kind.word}.img.xz"
    mark, inputs = cache / f"{kind.word}.inputs", _inputs(kind, deb, options.modules)
    if raw.exists() and to.exists() and mark.exists() and mark.read_text() == inputs:
        progress.say(f"{to}: nothing has changed since it was made")
        return
    mark.unlink(missing_ok=True)
    with base.emulation():
        tar = base.make(kind, cache, progress)
        work = cache / "root"
        base.unpack(tar, work)
        progress.say("unpacked")
        root.finish(kind, work, deb, options.modules, progress)
        listed = run("dpkg-query", f"--admindir={work}/var/lib/dpkg", "--show")
    pack.image(kind, work, raw, progress)
    base.clear(cache)
    pack.publish(kind, raw, to, options.url, options.icon, progress)
    (options.out / f"{to.name}.packages").write_text(listed)
    mark.write_text(inputs)
    progress.say(f"{to}: {len(listed.splitlines())} packages; tools/image --boot-test tries it")


def _inputs(kind: ImageKind, deb: Path, modules: str) -> str:
    """What an image is made of, as one line."""
    digest = hashlib.sha256(deb.read_bytes())
    paths = [_OUR_OWN / name for name in _MAKERS]
    for path in sorted([*paths, *(path for folder in root.files_of(kind) for path in folder.rglob("*"))]):
        if path.is_file():
            digest.update(f"{path.relative_to(_OUR_OWN)}\0{path.stat().st_mode}\0".encode() + path.read_bytes())
    return f"{base.name(kind)} {modules} {digest.hexdigest()}\n"


def _built(kind: ImageKind, cache: Path) -> Path:
    image = cache / f"{kind.word}.img"
    if not image.exists():
        how = "tools/image --pi5" if kind is models.PI5 else "tools/image"
        raise ImageError(f"{image} is not there: run {how} first, or name an image")
    return image


def _date_of_commit() -> int:
    command = ["git", "-C", ROOT, "log", "-1", "--format=%ct"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return int(done.stdout) if done.returncode == 0 else int(time.time())


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="tools/image",
        description="Make a card's image with Debian 13 and the gateway in it (root), or boot one under emulation.",
        epilog="; ".join(models.sentences()),
    )
    made.add_argument(
        "--pi5", action="store_true",
        help="the image for the Raspberry Pi 5, with a kernel of trixie-backports: never started on one, not published",
    )  # fmt: skip
    made.add_argument("--out", type=Path, default=ROOT / "dist", metavar="DIR", help="(default: dist)")
    made.add_argument(
        "--modules", choices=("most", "list"), default="most",
        help="drivers in the initramfs: most, for a release (default), or the known boards' alone, sooner made",
    )  # fmt: skip
    made.add_argument(
        "--cache", type=Path, default=ROOT / ".cache/image", metavar="DIR", help="(default: .cache/image; 5 GB)"
    )
    made.add_argument(
        "--trust", type=Path, action="append", default=[], metavar="PUB.pem",
        help="a key by which it believes releases (besides those of owner.toml)",
    )  # fmt: skip
    made.add_argument("--keyring", type=Path, metavar="FILE.asc", help="the keys of the apt repository")
    made.add_argument("--url", help="where the image will be downloaded from, for the list (default: the file itself)")
    made.add_argument("--icon", default=_ICON.as_uri(), metavar="URL", help="for the list (default: the page's own)")
    made.add_argument(
        "--boot-test", type=Path, nargs="?", const=False, metavar="IMAGE",
        help="boot IMAGE (.img or .img.xz; default: the one made last) with a simulated meter; minutes",
    )  # fmt: skip
    return made


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _interrupt)
    sys.exit(main())
