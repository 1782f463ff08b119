"""Debian's root → the gateway's: our package and files, nothing of anybody's identity, its initramfs, its firmware.

What can be done with this machine's own programs is; the rest runs under emulation, inside the root.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from image import base
from image.errors import PATH, ImageError, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from image.models import DeviceOverlay, ImageKind
    from image.progress import ImageProgress

FILES = Path(__file__).with_name("files")
_OVERLAYS = Path(__file__).parent
HOSTNAME = "linky"
LOGIN = "linky"
_HOME = "/var/lib/linky-card/home"

ENABLED = (
    "linky-first-boot.service", "linky-gateway.service", "linky-gateway-check.timer", "linky-gateway-journal.timer",
    "linky-gateway-judge.service", "linky-gateway-access-point.service",
    "linky-gateway-helper.socket", "linky-card-grow.service", "linky-card-keys.service", "linky-card-wifi.service",
    "NetworkManager.service", "avahi-daemon.service",
    "systemd-timesyncd.service", "ssh.service", "fstrim.timer",
)  # fmt: skip
# Nobody logs in at the screen; a meter's readings do not wait for a router; a broker without a configuration is open to
# nobody and of no use.
DISABLED = ("getty@tty1.service", "NetworkManager-wait-online.service", "mosquitto.service")

# What mmdebstrap leaves: this machine's way to Debian.
_LEFT = (
    "etc/apt/sources.list", "etc/apt/sources.list.d/*", "etc/apt/apt.conf.d/99mmdebstrap",
    "etc/dpkg/dpkg.cfg.d/99mmdebstrap", "etc/apt/preferences.d/*",
)  # fmt: skip
# What makes one machine different from another: made at each card's own first start.
_IDENTITY = (
    "etc/ssh/ssh_host_*", "var/lib/dbus/machine-id", "var/lib/systemd/random-seed", "etc/hostid",
    "var/lib/NetworkManager/secret_key",
)  # fmt: skip
_MODES = {"etc/sudoers.d/linky-card": 0o440}
# Where not every driver is wanted ("--modules list"): the boards', and those of emulated machines.
_DRIVERS = (
    "ext4", "overlay", "vfat", "nls_cp437", "nls_ascii", "mmc_block", "sdhci_iproc", "bcm2835", "bcm2835_wdt",
    "clk_raspberrypi", "reset_raspberrypi", "raspberrypi_hwmon", "gpio_raspberrypi_exp", "gpio_regulator",
    "pcie_brcmstb", "virtio_blk", "virtio_pci", "virtio_mmio", "sdhci_pci", "usb_storage", "xhci_pci", "dwc2",
)  # fmt: skip


def files_of(kind: ImageKind) -> list[Path]:
    """The folders of our own files that go onto a card of that kind: what all have, and what it alone has."""
    alone = FILES.with_name(f"files-{kind.word}")
    return [FILES, alone] if alone.exists() else [FILES]


def finish(kind: ImageKind, root: Path, deb: Path, modules: str, progress: ImageProgress) -> None:
    """Everything that this module promises."""
    for pattern in _LEFT:
        for path in root.glob(pattern):
            path.unlink()
    with _proc(root), _aside(root, "usr/bin/py3compile"):
        shutil.copy(deb, root / "root" / deb.name)
        _inside(root, "dpkg", "--install", f"/root/{deb.name}")
        (root / "root" / deb.name).unlink()
    progress.say(f"{deb.name} is installed")
    place(kind, root)
    _identity(root)
    _units(root)
    _certificates(root)
    _byte_code(root)
    progress.say("settings, units, certificates, byte code")
    for version in _initramfs(kind, root, modules):
        size = (root / f"boot/initrd.img-{version}").stat().st_size / 1e6
        which = "every driver" if modules == "most" else "the drivers of the boards alone"
        progress.say(f"initramfs of {version} with {which}: {size:.0f} MB")
    _firmware(kind, root)
    # systemd would otherwise bring its tables up to date at the first start: they are, and it takes a minute.
    for name in ("etc/.updated", "var/.updated"):
        (root / name).touch()
    if wrong := faults(root):
        raise ImageError("; ".join(wrong))
    progress.say("firmware; no password, no key, no identity in it")


def place(kind: ImageKind, root: Path) -> None:
    """Our own files, root's, where they belong."""
    for files in files_of(kind):
        for path in sorted(files.rglob("*")):
            name = path.relative_to(files).as_posix()
            to = root / name
            if path.is_dir():
                to.mkdir(exist_ok=True)
                continue
            to.unlink(missing_ok=True)
            shutil.copyfile(path, to)
            to.chmod(_MODES.get(name, 0o755 if os.access(path, os.X_OK) else 0o644))
    if kind.backports:
        (root / f"etc/apt/preferences.d/{kind.word}").write_text(base.pin(kind), encoding="utf-8")
    readme = root / "boot/firmware/LISEZMOI.txt"
    readme.write_text(readme.read_text(encoding="utf-8").replace("@served@", kind.names), encoding="utf-8")
    # Notepad.
    for path in (root / "boot/firmware").glob("*.t*"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


def faults(root: Path) -> list[str]:
    """What no image may hold: a password, a key, the identity of a machine."""
    found = []
    for line in (root / "etc/shadow").read_text(encoding="utf-8").splitlines():
        user, password = line.split(":")[:2]
        if not password.startswith(("!", "*")):
            found.append(f"the user {user} has a password, or needs none")
    for pattern in _IDENTITY:
        found += [f"/{path.relative_to(root)} is in it" for path in root.glob(pattern)]
    if (root / "etc/machine-id").read_text(encoding="utf-8").strip():
        found.append("/etc/machine-id is in it")
    # Secrets of a household, and the authority that its phones would believe.
    for folder in ("secrets", "https"):
        inside = (root / "etc/linky-gateway" / folder).rglob("*")
        # The package makes folders for them, empty.
        found += [f"/{path.relative_to(root)} is in it" for path in inside if not path.is_dir()]
    return found


def _identity(root: Path) -> None:
    """Names that are the same on every card, and nothing that must not be."""
    for pattern in _IDENTITY:
        for path in root.glob(pattern):
            path.unlink()
    (root / "etc/machine-id").write_text("")
    (root / "etc/hostname").write_text(f"{HOSTNAME}\n")
    (root / "etc/hosts").write_text(f"127.0.0.1\tlocalhost\n::1\tlocalhost\n127.0.1.1\t{HOSTNAME}\n")
    for name, target in (
        ("etc/resolv.conf", "../run/NetworkManager/resolv.conf"),
        ("etc/localtime", "../usr/share/zoneinfo/Europe/Paris"),
    ):
        (root / name).unlink(missing_ok=True)
        (root / name).symlink_to(target)
    # "*": no password will do, and the account is not locked for a key.
    with _proc(root):
        _inside(root, "systemd-tmpfiles", "--create", "linky-gateway.conf")
    _inside(root, "useradd", "--home-dir", _HOME, "--create-home", "--shell", "/bin/bash", "--password", "*", LOGIN)


def _units(root: Path) -> None:
    run("systemctl", f"--root={root}", "--quiet", "enable", *ENABLED)
    run("systemctl", f"--root={root}", "--quiet", "disable", *DISABLED)
    # It would offer SSH to a hypervisor; there is none.
    generators = root / "etc/systemd/system-generators"
    generators.mkdir(exist_ok=True)
    (generators / "systemd-ssh-generator").symlink_to("/dev/null")


def _certificates(root: Path) -> None:
    """The links by which OpenSSL finds an authority, as update-ca-certificates makes them."""
    folder = root / "etc/ssl/certs"
    for authority in sorted((root / "usr/share/ca-certificates/mozilla").glob("*.crt")):
        name = f"{authority.stem}.pem"
        digest = run("openssl", "x509", "-noout", "-subject_hash", "-in", authority).strip()
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(f"/usr/share/ca-certificates/mozilla/{authority.name}")
        number = next(n for n in range(100) if not (folder / f"{digest}.{n}").is_symlink())
        (folder / f"{digest}.{number}").symlink_to(name)


def _byte_code(root: Path) -> None:
    """A read-only root never gets any by itself; it is the same for every processor."""
    (library,) = (path for path in (root / "usr/lib").glob("python3.*") if path.is_dir())
    places = ["usr/lib/python3/dist-packages", "usr/lib/linky-gateway", f"usr/lib/{library.name}"]
    if python := shutil.which(library.name, path=f"/usr/bin:{PATH}"):
        run(python, "-m", "compileall", "-q", "-s", root, "-p", "/", *(root / name for name in places))
    else:
        _inside(root, "python3", "-m", "compileall", "-q", *(f"/{name}" for name in places))


def _initramfs(kind: ImageKind, root: Path, modules: str) -> list[str]:
    conf = root / "etc/initramfs-tools/conf.d/linky-card"
    conf.write_text(f"{conf.read_text(encoding='utf-8')}MODULES={modules}\n")
    if modules == "list":
        (root / "etc/initramfs-tools/modules").write_text("\n".join((*_DRIVERS, *kind.drivers)) + "\n")
    versions = _kernels(root)
    with _proc(root):
        for version in versions:
            name = f"boot/initrd.img-{version}"
            _inside(root, "mkinitramfs", "-o", f"/{name}", version)
            built_in = (root / f"usr/lib/modules/{version}/modules.builtin").read_text(encoding="utf-8")
            if missing := without(kind.drivers, f"{built_in}\n{_inside(root, 'lsinitramfs', f'/{name}')}"):
                raise ImageError(f"the initramfs of {version} has no driver {', '.join(missing)}")
    return versions


def without(drivers: Sequence[str], listed: str) -> list[str]:
    """Those that a list of modules' files does not name; "_" and "-" are the same to the kernel."""
    there = {Path(line).name.partition(".ko")[0].replace("-", "_") for line in listed.splitlines()}
    return [name for name in drivers if name not in there]


def _firmware(kind: ImageKind, root: Path) -> None:
    shutil.copytree(root / "usr/lib/raspi-firmware", root / "boot/firmware", dirs_exist_ok=True)
    with _proc(root):
        for version in _kernels(root):
            # Debian's hook, then ours, as at each later kernel.
            _inside(
                root, "env", "DEB_MAINT_PARAMS=configure", "run-parts", "--regex=^z", "--exit-on-error",
                f"--arg={version}", f"--arg=/boot/vmlinuz-{version}", "/etc/kernel/postinst.d",
            )  # fmt: skip
    for one in kind.overlays:
        overlay(one, root / "boot/firmware")
    there = {path.name for path in (root / "boot/firmware").iterdir()}
    if missing := [model.name for model in kind.models if model.dtb not in there]:
        raise ImageError(f"this kernel describes no Raspberry Pi {', '.join(missing)}: models.py says it does")


def overlay(one: DeviceOverlay, card: Path) -> None:
    """Make it, and see that it does what it is for with the kernel that is there."""
    made, result = card / "overlays" / f"{one.name}.dtbo", card / "overlaid"
    made.parent.mkdir(exist_ok=True)
    run("dtc", "-q", "-@", "-I", "dts", "-O", "dtb", "-o", made, _OVERLAYS / f"{one.name}.dts")
    run("fdtoverlay", "-i", card / one.under, "-o", result, made)
    if _described(result) != _described(card / one.gives):
        raise ImageError(
            f"{one.under} with {made.name} over it is not {one.gives}: {one.name}.dts is of another kernel"
        )
    result.unlink()


def _described(tree: Path) -> list[str]:
    """A description's lines in order, but for the names of pins, which no driver reads."""
    lines = run("dtc", "-q", "-s", "-I", "dtb", "-O", "dts", tree).splitlines()
    return [line for line in lines if "gpio-line-names" not in line]


def _kernels(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "usr/lib/modules").iterdir())


def _inside(root: Path, *command: str) -> str:
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    return run("chroot", root, *command, env=environment)


@contextmanager
def _proc(root: Path) -> Iterator[None]:
    run("mount", "-t", "proc", "proc", root / "proc")
    try:
        yield
    finally:
        run("umount", root / "proc")


@contextmanager
def _aside(root: Path, name: str) -> Iterator[None]:
    """A program that does nothing in the place of that one."""
    program, kept = root / name, root / f"{name}.aside"
    program.rename(kept)
    program.symlink_to("/bin/true")
    try:
        yield
    finally:
        kept.replace(program)
