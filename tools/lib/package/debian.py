"""The Debian package: one for every architecture, since all that is compiled comes from Debian.

Our code and the libraries that Debian has not, or has too old, lie in ``/usr/lib/linky-gateway``; nobody else's Python
sees them. They are taken from the environment that runs this, whose versions are pinned by hash.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import subprocess
import tempfile
from email.utils import formatdate
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.web.templates import COMPILED, compile_all
from package import commands
from package.commands import PROGRAMS
from package.python import copy_known
from package.scripts import OVERRIDES, scripts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from package.trust import PackageTrust

NAME = "linky-gateway"
LIB = f"usr/lib/{NAME}"
DOC = f"usr/share/doc/{NAME}"
KEYS, KEYRING = f"usr/share/{NAME}/release-keys", f"usr/share/keyrings/{NAME}.asc"
# The units of a checkout name the folder of tools/setup; one is of no use without it.
_OF_SETUP = "linky-gateway-undo.service"
_KINDS = (".service", ".socket", ".timer", ".path")
_SETUP_BIN, _BIN = "/opt/linky-gateway/current/bin/", "/usr/bin/"

# Debian 13 has none of aiomqtt and microdot, and a sqlite-utils without migrations.
VENDORED = {"aiomqtt": "BSD-3-Clause", "microdot": "Expat", "sqlite-utils": "Apache-2.0"}
# Of these, what the gateway never imports.
_LEFT_OUT = ("microdot/test_client", "microdot/jinja", "microdot/utemplate", "sqlite_utils/__main__")

DEPENDS = (
    "python3 (>= 3.11)", "python3-click", "python3-click-default-group", "python3-cryptography (>= 43)",
    "python3-dateutil", "python3-jinja2 (>= 3.1)", "python3-msgspec (>= 0.19)", "python3-paho-mqtt (>= 2.1)",
    "python3-pluggy", "python3-segno", "python3-serial (>= 3.5)", "python3-slixmpp (>= 1.10)", "python3-sqlite-fts4",
    "python3-tabulate", "systemd (>= 252)", "tzdata",
)  # fmt: skip
RECOMMENDS = ("avahi-daemon", "dbus", "mosquitto", "udev")
SUGGESTS = (
    "fonts-dejavu-core",
    "python3-gpiozero",
    "python3-lgpio",
    "python3-luma.lcd",
    "python3-luma.oled",
    "python3-pil",
    "python3-psycopg",
)

_PLACES = {
    "sysusers.conf": f"usr/lib/sysusers.d/{NAME}.conf",
    "modules-load.conf": f"usr/lib/modules-load.d/{NAME}.conf",
    "tmpfiles.conf": f"usr/lib/tmpfiles.d/{NAME}.conf",
    "99-linky-gateway.rules": "usr/lib/udev/rules.d/99-linky-gateway.rules",
    "gateway.toml": f"{DOC}/examples/gateway.toml",
    "collect.toml": f"{DOC}/examples/collect.toml",
    "display.toml": f"{DOC}/examples/display.toml",
    "bridge.toml": f"{DOC}/examples/bridge.toml",
    "README.md": f"{DOC}/systemd.md",
}
_LAUNCHER = """#!/usr/bin/python3 -P
import sys

sys.path.insert(0, "/{lib}")
from {module} import main

sys.exit(main())
"""


def version_of(version: str) -> str:
    """A version as dpkg orders it: what comes ahead of a release stands behind ~, a ``.dev`` before all of that."""
    return re.sub(r"((?:a|b|rc)[0-9])", r"~\1", version.replace(".dev", "~~dev"))


VERSION = version_of(__version__)


def build(
    root: Path, to: Path, epoch: int, trust: Sequence[Path] = (), keyring: Path | None = None, *, level: int = 6
) -> Path:
    """Build the package; its file.

    ``trust``: public keys by which releases are believed once it is installed, PEM files; ``keyring``: those of the apt
    repository, armoured; ``level``: how hard xz tries; 1 takes an eighth of the time.
    """
    from package.trust import read  # noqa: PLC0415 (--help is answered without any library)

    found = read(trust)
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        lay_out(root, tree, epoch, found)
        if keyring:
            _write(tree / KEYRING, keyring.read_text(encoding="ascii"))
        for path in (tree, *tree.rglob("*")):
            if path.is_dir():
                path.chmod(0o755)
            os.utime(path, (epoch, epoch), follow_symlinks=False)
        file = to / f"{NAME}_{VERSION}_all.deb"
        pack = ["dpkg-deb", "--root-owner-group", "-Zxz", f"-z{level}", "--build", tree, file]
        subprocess.run(pack, check=True, capture_output=True)
    return file


def lay_out(root: Path, tree: Path, epoch: int, trust: PackageTrust) -> None:
    """Every file of the package where it will be, and its control files."""
    copy_known(root, tree / LIB, ("gateway",))
    compile_all(tree / LIB / "gateway/web" / COMPILED, root / "gateway/web")
    for readme in (tree / LIB).rglob("README.md"):
        readme.unlink()
    for name in VENDORED:
        _vendor(name, tree)
    for program, module in PROGRAMS.items():
        _write(tree / "usr/bin" / program, _LAUNCHER.format(lib=LIB, module=module), 0o755)
    units = _units(root / "systemd", tree)
    for name, place in _PLACES.items():
        _write(tree / place, (root / "systemd" / name).read_text().replace(_SETUP_BIN, _BIN))
    _write(tree / DOC / "examples/requirements-parquet.txt", (root / "requirements-parquet.txt").read_text())
    for path in (root / "systemd/mosquitto").iterdir():
        _write(tree / DOC / "examples/mosquitto" / path.name, path.read_text())
    _documents(root, tree, epoch, trust.maintainer)
    _write(tree / "usr/share/lintian/overrides" / NAME, OVERRIDES.format(name=NAME))
    _commands(tree, epoch)
    for name, pem in trust.keys.items():
        _write(tree / KEYS / name, pem)
    _control(tree, units, trust)


def _vendor(name: str, tree: Path) -> None:
    """A library of the environment, and its licence."""
    found = distribution(name)
    for file in found.files or ():
        inside = file.as_posix()
        if ".dist-info/" in inside and file.name.startswith("LICENSE"):
            _write(tree / DOC / "vendored" / f"{name}-{found.version}.LICENSE", file.read_text())
        elif file.suffix == ".py" and not inside.startswith(("..", *_LEFT_OUT)):
            _write(tree / LIB / inside, file.read_text())


def _units(folder: Path, tree: Path) -> list[str]:
    units = sorted(path.name for path in folder.glob("linky-*") if path.suffix in _KINDS)
    units.remove(_OF_SETUP)
    for name in units:
        text = (folder / name).read_text().replace(_SETUP_BIN, _BIN).replace(f" {_OF_SETUP}", "")
        _write(tree / "usr/lib/systemd/system" / name, text)
    return units


def _documents(root: Path, tree: Path, epoch: int, maintainer: str) -> None:
    entry = (
        f"{NAME} ({VERSION}) trixie; urgency=medium\n\n  * What users see is in NEWS.md.\n\n"
        f" -- {maintainer}  {formatdate(epoch)}\n"
    )
    _write(tree / DOC / "NEWS.md", (root / "CHANGELOG.md").read_text())
    packed = gzip.compress(entry.encode(), mtime=epoch)
    (tree / DOC / "changelog.gz").write_bytes(packed)
    (tree / DOC / "changelog.gz").chmod(0o644)
    paragraphs = [
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: linky-gateway",
        "Files: *\nCopyright: The linky-gateway developers\nLicense: EUPL-1.2\n"
        + "".join(f" {line}\n" if line.strip() else " .\n" for line in (root / "LICENSE").read_text().splitlines()),
    ]
    for name, licence in VENDORED.items():
        folder = name.replace("-", "_")
        words = f"Files: {LIB}/{folder}/*\nCopyright: The authors of {name}\n"
        text = next((tree / DOC / "vendored").glob(f"{name}-*")).name
        paragraphs.append(f"{words}License: {licence}\n The whole text is in /{DOC}/vendored/{text}.")
    _write(tree / DOC / "copyright", "\n\n".join(one.strip("\n") for one in paragraphs) + "\n")


def _commands(tree: Path, epoch: int) -> None:
    """For each program a manual page, and its completions where Debian's packages have them."""
    commands.write(tree / "usr/share", list(PROGRAMS))
    for path in (tree / "usr/share/man/man1").iterdir():
        packed = path.with_name(f"{path.name}.gz")
        packed.write_bytes(gzip.compress(path.read_bytes(), mtime=epoch))
        packed.chmod(0o644)
        path.unlink()
    (tree / "usr/share/zsh/site-functions").rename(tree / "usr/share/zsh/vendor-completions")


def _control(tree: Path, units: list[str], trust: PackageTrust) -> None:
    files = sorted(path for path in tree.rglob("*") if path.is_file())
    size = sum(path.stat().st_size // 1024 + 1 for path in files)
    fields = {
        "Package": NAME,
        "Version": VERSION,
        "Section": "net",
        "Priority": "optional",
        "Architecture": "all",
        "Maintainer": trust.maintainer,
        "Installed-Size": str(size),
        "Depends": ", ".join(DEPENDS),
        "Recommends": ", ".join(RECOMMENDS),
        "Suggests": ", ".join(SUGGESTS),
        "Description": "gateway for French Linky meters: readings stored, shown and shared\n"
        " A daemon for a Raspberry Pi reads the bus of the meter (TIC), stores what it\n"
        " says in SQLite, shows it on a page and over MQTT, and sends it as SenML over\n"
        " federated XMPP to whom the household consents.",
    }
    _write(tree / "DEBIAN/control", "".join(f"{key}: {value}\n" for key, value in fields.items()))
    sums = (
        f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}  {path.relative_to(tree)}\n"
        for path in files
    )
    _write(tree / "DEBIAN/md5sums", "".join(sums))
    for script, text in scripts(NAME, LIB, DOC, units, KEYS, KEYRING, trust.prints).items():
        _write(tree / "DEBIAN" / script, text, 0o755)


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
