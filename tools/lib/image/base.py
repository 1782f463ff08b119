"""Debian for the card, without anything of ours: one tar file, made anew only when its list of packages changes.

Three programs that packages call while they are installed take minutes under emulation and are called again and again:
they are put aside, and what they do is done once, at the end (``root``) or here with this machine's own programs.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from image.errors import ImageError, run
from package import debian

if TYPE_CHECKING:
    from collections.abc import Iterator

    from image.models import ImageKind
    from image.progress import ImageProgress

SUITE = "trixie"
_SOURCES = Path("/etc/apt/sources.list.d/debian.sources")

# A system that boots a Pi, finds its network, keeps its clock and stays up to date.
SYSTEM = (
    "systemd-sysv", "udev", "dbus", "kmod", "login", "passwd", "iproute2", "netbase", "ca-certificates", "sudo",
    "initramfs-tools", "zstd", "e2fsprogs", "dosfstools", "fdisk", "linux-image-arm64", "raspi-firmware",
    "network-manager", "wpasupplicant", "wireless-regdb", "firmware-brcm80211", "avahi-daemon", "systemd-timesyncd",
    "dnsmasq-base", "nftables", "openssh-server", "unattended-upgrades", "apt-utils",
)  # fmt: skip
# The broker of the house is there and off: a household with boards or displays has nothing to fetch.
GATEWAY = (
    *(words.partition(" ")[0] for words in debian.DEPENDS if not words.startswith("systemd ")),
    "mosquitto",
)
PACKAGES = (*SYSTEM, *GATEWAY)

SLOW = ("usr/sbin/update-initramfs", "usr/sbin/update-ca-certificates", "usr/bin/py3compile")
_ASIDE = 'for f in {}; do chroot "$1" dpkg-divert --quiet --local --rename --add /$f; ln -s /bin/true "$1/$f"; done'
# Its keys would take minutes, and be thrown away: each card makes its own.
_KEYS = 'mkdir -p "$1/etc/ssh"; for kind in rsa ecdsa ed25519; do : >"$1/etc/ssh/ssh_host_${kind}_key"; done'
_BACK = 'for f in {}; do rm "$1/$f"; chroot "$1" dpkg-divert --quiet --local --rename --remove /$f; done'
# What a package's manuals and translations take is a fifth of the card; the licences stay.
_LESS = (
    "path-exclude=/usr/share/man/*", "path-exclude=/usr/share/locale/*", "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
)  # fmt: skip
# How this machine reaches Debian: also a mirror whose lists are old.
_APT_KEYS = ("Acquire::Check-Valid-Until", "Acquire::Check-Date", "Acquire::http::Proxy", "Acquire::https::Proxy")
# How programs of the card's processor run here: Debian's own line (package qemu-user-binfmt), which systemd registers
# where it is the first process.
_MISC, _QEMU = Path("/proc/sys/fs/binfmt_misc"), "qemu-aarch64"
_RULE = Path(f"/usr/lib/binfmt.d/{_QEMU}.conf")
_TABLES = 'cat "$1"/usr/share/ca-certificates/mozilla/*.crt >"$1/etc/ssl/certs/ca-certificates.crt"'


def name(kind: ImageKind) -> str:
    """The file's name in the cache, by all that goes into it."""
    words = "\n".join((SUITE, *PACKAGES, *SLOW, *_LESS, _ASIDE, _KEYS, _BACK, _TABLES, *kind.backports, *kind.lean))
    return f"base-{kind.word}-{hashlib.sha256(words.encode()).hexdigest()[:16]}.tar"


def make(kind: ImageKind, cache: Path, progress: ImageProgress) -> Path:
    """The tar file; from the cache where it is there."""
    tar = cache / name(kind)
    if tar.exists():
        progress.say(f"Debian is in the cache: {tar.name}, {tar.stat().st_size / 1e6:.0f} MB")
        return tar
    for stale in cache.glob(f"base-{kind.word}-{'?' * 16}.tar"):
        stale.unlink()
    sources = cache / "sources.sources"
    sources.write_text(_sources(backports=bool(kind.backports)))
    preferences = cache / "preferences"
    preferences.write_text(pin(kind))
    newer = f"; of trixie-backports: {', '.join(kind.backports)}" if kind.backports else ""
    progress.say(f"Debian 13 for 64-bit ARM is fetched and installed: {len(PACKAGES)} packages named{newer}; minutes")
    # Under another name until it is whole: what is cut off is begun again.
    part = cache / "base.tar.part"
    _mmdebstrap([str(word) for word in _command(kind, part, sources, preferences)], cache)
    part.rename(tar)
    progress.say(f"Debian is there: {tar.stat().st_size / 1e6:.0f} MB")
    return tar


def _mmdebstrap(command: list[str], cache: Path) -> None:
    log = cache / "mmdebstrap.log"
    with log.open("wb") as out:
        work = {**os.environ, "TMPDIR": str(cache)}
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=work)
    try:
        code = process.wait()
    except BaseException:
        # Asked, not killed: it has mounts of its own to take away.
        process.terminate()
        process.wait()
        raise
    if code:
        last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
        raise ImageError(f"mmdebstrap failed, {log} says why: {' / '.join(last)}")


def pin(kind: ImageKind) -> str:
    """What apt is told of trixie-backports, from which it takes nothing by itself: these packages and no others."""
    if not kind.backports:
        return ""
    return f"Package: {' '.join(kind.backports)}\nPin: release n={SUITE}-backports\nPin-Priority: 500\n"


def _command(kind: ImageKind, tar: Path, sources: Path, preferences: Path) -> list[object]:
    slow = " ".join(SLOW)
    command: list[object] = ["mmdebstrap", "--arch=arm64", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
    command += ['--aptopt=Acquire::Languages "none"', *(f"--aptopt={line}" for line in _apt_settings())]
    command += ["--dpkgopt=force-unsafe-io", *(f"--dpkgopt={line}" for line in (*_LESS, *kind.lean))]
    if kind.backports:
        to = '"$1/etc/apt/preferences.d"'
        command += [f"--setup-hook=mkdir -p {to}; cp {shlex.quote(str(preferences))} {to}/{kind.word}"]
    command += [f"--essential-hook={_ASIDE.format(slow)}", f"--essential-hook={_KEYS}"]
    command += [f"--customize-hook={_BACK.format(slow)}", f"--customize-hook={_TABLES}"]
    return [*command, "--format=tar", SUITE, tar, sources]


def _apt_settings() -> list[str]:
    """Of this machine's apt, what concerns the way to Debian."""
    said = run("apt-config", "dump", *_APT_KEYS)
    lines = [line.rstrip(";") for line in said.splitlines()]
    return [line for line in lines if line.startswith(_APT_KEYS) and not line.endswith('""')]


def _sources(*, backports: bool) -> str:
    """Where this machine gets Debian from, with the firmware's component added, and trixie-backports if wanted."""
    if not _SOURCES.exists():
        text = (Path(__file__).parent / "files/etc/apt/sources.list.d/debian.sources").read_text(encoding="utf-8")
    else:
        text = _SOURCES.read_text(encoding="utf-8")
    lines = text.splitlines()
    wider = [
        f"{line} non-free-firmware" if line.startswith("Components:") and "non-free-firmware" not in line else line
        for line in lines
    ]
    if backports:
        wider = [
            f"{line} {SUITE}-backports" if line.startswith("Suites:") and f"{SUITE}-updates" in line else line
            for line in wider
        ]
    return "\n".join(wider) + "\n"


def unpack(tar: Path, root: Path) -> None:
    """A fresh root."""
    # Of a build that was killed.
    if (root / "proc").is_mount():
        run("umount", root / "proc")
    if root.exists():
        shutil.rmtree(root)
    root.mkdir(parents=True)
    run("tar", "-C", root, "--numeric-owner", "--xattrs", "--xattrs-include=*", "-xf", tar)


def clear(cache: Path) -> None:
    """What a build leaves in the cache and no other one needs."""
    for name in ("root", "firmware", "data"):
        shutil.rmtree(cache / name, ignore_errors=True)


@contextmanager
def emulation() -> Iterator[None]:
    """Let 64-bit ARM programs run here, until the end of the block.

    By qemu-user behind the kernel's binfmt_misc; what was not there before is taken away again. A machine whose own
    processor is an ARMv8 needs nothing of it.
    """
    with ExitStack() as ending:
        if platform.machine() not in {"aarch64", "arm64"}:
            if not (_MISC / "register").exists():
                run("mount", "-t", "binfmt_misc", "binfmt_misc", _MISC)
                ending.callback(run, "umount", _MISC)
            entry = _MISC / _QEMU
            if not entry.exists():
                if not _RULE.exists():
                    raise ImageError(f"{_RULE} is not there: install qemu-user-binfmt")
                (_MISC / "register").write_text(_RULE.read_text().strip().splitlines()[-1])
                ending.callback(entry.write_text, "-1")
        yield
