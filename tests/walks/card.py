"""The machine of a household's walk: the built image as a card in an emulated board, the meter's adapter, the label.

The image is that of ``tools/image``, as it is; whoever has one names it (``--image``), else it is made once and kept in
``~/.cache/linky-gateway/walks/card``. What the installer does beside is done by the tools of the installer: the card's
``linky.toml`` and the label are those of ``tools/provision``.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.first_boot.settings import CardSettings
from harness import ROOT
from harness.browser import PROGRAM, Browser
from harness.person import Person
from image import first_start
from image.machine import FOLDER, BootedMachine
from image.progress import ImageProgress
from meter.process import SimulatedMeter
from provision import card as prepared
from provision.labels import PrintedLabel, svg_sheets
from update_test.releases import TrialReleases, derived, make_deb

if TYPE_CHECKING:
    from collections.abc import Iterator

_CACHE = Path("~/.cache/linky-gateway/walks/card").expanduser()
_NEEDED = "qemu-system-aarch64 qemu-aarch64 mmdebstrap mcopy mke2fs sfdisk xz".split()
_BUILD_S = 2 * 3600
# A machine that is emulated beside others answers slowly.
ANSWER_S = 300.0
_PATIENCE = "LINKY_GATEWAY_PATIENCE_S=1200"
NAME, CODE = "maison-8", "KQ7M-3XWP-ZR5T"


def require() -> None:
    """Skip where no image can be made and booted; in continuous integration fail."""
    missing = [name for name in _NEEDED if not shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")]
    missing += [] if PROGRAM else ["chromium"]
    missing += ["root"] if os.geteuid() else []
    if missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"makes and boots a card: wants {' '.join(missing)}")


def image(given: Path | None) -> Path:
    """The image: the one that is named, or that of this tree."""
    if given:
        return given
    words = ["--cache", _CACHE, "--out", _CACHE / "out", "--modules", "list"]
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tools/lib'}"}
    done = subprocess.run(
        [sys.executable, "-m", "image", *map(str, words)],
        check=False, capture_output=True, text=True, env=environment, timeout=_BUILD_S,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-2000:]}{done.stderr}"
    return _CACHE / "card.img"


@dataclass(frozen=True, slots=True)
class HouseholdCard:
    """What the household has: the machine that runs, the meter, and what stands on the label."""

    machine: BootedMachine
    meter: SimulatedMeter
    address: str
    code: str
    _folder: Path

    def plug(self, into: bool) -> None:
        """The adapter's plug at the meter."""
        self.meter.command(f"silence {0 if into else 3600}")

    @contextmanager
    def phone(self, language: str) -> Iterator[Person]:
        """One in the house's Wi-Fi, which has scanned the label."""
        # What mDNS says in a house.
        host = self.address.removeprefix("http://").rstrip("/")
        leads = f"--host-resolver-rules=MAP {host} 127.0.0.1:{self.machine.page}"
        with Browser(self._folder / "phone", leads, patience_s=ANSWER_S) as browser:
            yield Person(browser, self.address.rstrip("/"), language)

    def publish(self, version: str) -> None:
        """A newer release in a signed folder of releases, and what the project's owner gives a card: address and key.

        Who judges an update waits longer: a machine that is emulated starts a program slowly.
        """
        work = self._folder / "releases-work"
        work.mkdir()
        deb = derived(work, make_deb(work, "0.3.0"), version, [])
        TrialReleases(self._folder / "releases").publish(version, deb)
        for unit in ("linky-gateway-judge.service", "linky-gateway-update@.service"):
            self._write(f"/etc/systemd/system/{unit}.d/walk.conf", f"[Service]\nEnvironment={_PATIENCE}\n")
        self._write("/etc/linky-gateway/release-keys/walk.pub", TrialReleases.key())
        self._write("/etc/linky-gateway/gateway.toml", f'\n[updates]\nurl = "{FOLDER}"\n', ">>")
        self._do("systemctl daemon-reload && systemctl restart linky-gateway", 900)

    def _write(self, path: str, text: str, how: str = ">") -> None:
        self._do(f"mkdir -p {Path(path).parent} && printf %s {shlex.quote(text)} {how}{path}")

    def _do(self, command: str, seconds: float = 120) -> None:
        code, said = self.machine.do(command, seconds)
        assert code == 0, f"{command}: {said}"


@contextmanager
def switched_on(image: Path, folder: Path, language: str) -> Iterator[HouseholdCard]:
    """The card is in the machine, the adapter at the meter, the cable at the box: the power is plugged in.

    Args:
        image: of ``tools/image``.
        folder: for its files.
        language: the household's.
    """
    progress = ImageProgress()
    card = first_start.copy(image, folder / "card", progress)
    settings = CardSettings(language, NAME, None, None, "auto", CODE.replace("-", ""))
    for name, text in prepared.files(settings, "image").items():
        card.put(name, text.encode())
    (sheet,) = svg_sheets([PrintedLabel(NAME, "", f"http://{NAME}.local:8080/", CODE, language)])
    words = re.findall(r">([^<]+)</text>", sheet)
    (address,) = (one for one in words if one.startswith("http://"))
    (code,) = (one for one in words if re.fullmatch(r"[A-Z0-9]{4}(?:-[A-Z0-9]{4}){2}", one))
    (folder / "releases").mkdir()
    try:
        with SimulatedMeter(folder / "meter", tcp="127.0.0.1:0", mode="standard") as meter:
            served = meter.path.removeprefix("socket://")
            with BootedMachine(card, folder / "boot", served, folder=folder / "releases") as machine:
                # At its end the plug is pulled.
                yield HouseholdCard(machine, meter, address, code, folder)
    finally:
        # Of a failed walk too: it has gigabytes.
        card.file.unlink()
