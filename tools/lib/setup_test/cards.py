"""A card of tools/provision in what stands for Raspberry Pi OS (raspios.py), with Debian's own cloud-init.

Nobody is there. The four files of one device and the release lie on /boot/firmware; the dialogue for a first user waits
for ever. At the end the gateway is installed, the result is on the card, its secrets are not, the installer logs in by
key alone.
"""

from __future__ import annotations

import random
import shutil
import time
from typing import TYPE_CHECKING

from gateway.first_boot.settings import CardSettings, Wifi, XmppAccount
from gateway.upkeep.releases.keys import parse_public
from harness.container import Container, TrialError, wait_for
from harness.meter import TrialMeter
from provision import card
from setup_test import raspios
from setup_test.root import lay_archive, run, unpack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_PORT = "/dev/ttyTIC"
_SECRETS = ("canary-of-the-account", "canary-of-the-wifi")
_SETTINGS = CardSettings(
    "en",
    "maison-1",
    Wifi("Livebox", _SECRETS[1]),
    XmppAccount("maison@example.invalid", _SECRETS[0]),
    _PORT,
    "ABCDEFGHJKLM",
)
# How long the first start may take on a busy machine.
_PATIENCE_S = 900.0
_SSH = ("ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null")


class Cards:
    """First starts in ``folder``, which ``prepare`` filled."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder, self._say = folder, say
        self._root, self._boot = folder / "card", folder / "card/boot/firmware"

    def run(self, seed: int) -> None:
        """As it is published for trixie; then with the unit in /etc, as before trixie, and a power cut on the way."""
        with TrialMeter(self._folder / "card-meter") as meter:
            self._port = meter.port
            self._lay("usr/lib/systemd/system", raspios.TRIXIE)
            seconds = self._start()
            self._judge()
            self._say(f"a card: installed {seconds:.0f} s after its first start, without a key pressed")
            at = random.Random(seed).uniform(0.0, seconds)
            self._lay("etc/systemd/system", raspios.BOOKWORM)
            self._cut(at)
            seconds = self._start()
            self._judge()
            self._say(
                f"the same with userconfig.service in /etc, cut off at {at:.0f} s: {seconds:.0f} s after the next start"
            )

    def _lay(self, place: str, userconfig: str) -> None:
        unpack(self._folder / "card.tar", self._root)
        lay_archive(self._folder / "debs", self._root)
        unit = self._root / place / "userconfig.service"
        unit.write_text(userconfig)
        wants = self._root / "etc/systemd/system/multi-user.target.wants"
        wants.mkdir(exist_ok=True)
        (wants / unit.name).symlink_to(f"/{place}/{unit.name}")
        (self._root / "etc/cloud/cloud.cfg.d/99_raspberry-pi.cfg").write_text(raspios.SEED)
        drop = self._root / "etc/systemd/system/linky-gateway.service.d/trial.conf"
        drop.parent.mkdir(parents=True)
        drop.write_text("[Service]\nDeviceAllow=char-pts rw\n")
        # Switched off there, until somebody switches it on.
        run("systemctl", f"--root={self._root}", "disable", "--quiet", "ssh.service")
        key = self._folder / "card-key"
        key.unlink(missing_ok=True)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        shutil.copy(key, self._root / "root/key")
        self._boot.mkdir(parents=True, exist_ok=True)
        ssh, public = key.with_suffix(".pub").read_text().strip(), (self._folder / "trial-key.pem.pub").read_text()
        for name, text in card.files(
            _SETTINGS, "raspios", [ssh], [key for key in [parse_public(public)] if key]
        ).items():
            (self._boot / name).write_text(text)
        for end in ("tar.gz", "sha256", "sha256.sig"):
            shutil.copy(self._folder / f"releases/linky-gateway-0.1.0.{end}", self._boot / f"linky-gateway.{end}")
        (self._boot / "cmdline.txt").write_text("console=tty1 root=PARTUUID=12345678-02 rootfstype=ext4 rootwait\n")

    def _container(self, up: tuple[str, ...] = ("running", "degraded")) -> Container:
        return Container(self._root, self._folder / "card-console.log", [f"{self._port}:{_PORT}"], up=up)

    def _start(self) -> float:
        began = time.monotonic()
        # Its system is up when cloud-init's last stage is through: it is looked at before that.
        with self._container(("starting", "running", "degraded")) as house:
            try:
                wait_for(self._done, "the end of the installation", _PATIENCE_S)
            except TrialError as error:
                print(house.run("systemctl", "list-jobs").stdout, self._last_words())
                raise TrialError(f"{error}; on the card: {self._result()}") from error
            seconds = time.monotonic() - began
            self._log_in(house)
        return seconds

    def _cut(self, at: float) -> None:
        began = time.monotonic()
        with self._container(("starting", "running", "degraded")) as house:
            wait_for(lambda: time.monotonic() - began >= at, "the moment of the cut")
            house.cut()

    def _done(self) -> bool:
        """What installs takes itself away when it has succeeded."""
        script = self._root / "var/lib/cloud/scripts/per-boot/linky-gateway"
        return not script.exists() and "All is well" in self._result()

    def _result(self) -> str:
        file = self._boot / "linky-result.txt"
        return file.read_text(encoding="utf-8-sig") if file.exists() else ""

    def _last_words(self) -> str:
        log = self._root / "var/log/cloud-init-output.log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-30:]) if log.exists() else ""

    def _log_in(self, house: Container) -> None:
        house.do("cloud-init", "schema", "--config-file", "/boot/firmware/user-data")
        said = house.do(*_SSH, "-i", "/root/key", "linky@127.0.0.1", "sudo id -un; sudo linky-gateway --version")
        if "root\nlinky-gateway 0.1.0\n" not in said:
            raise TrialError(f"the installer was to come in by the key: {said}")
        refused = house.run(*_SSH, "-o", "PubkeyAuthentication=no", "linky@127.0.0.1", "true").stderr
        if "Permission denied (publickey)" not in refused:
            raise TrialError(f"only a key was to open the machine: {refused}")

    def _judge(self) -> None:
        shadow = (self._root / "etc/shadow").read_text()
        if "\nlinky:*:" not in shadow:
            raise TrialError("the installer was to have a password that nothing opens")
        names = {path.name for path in self._boot.iterdir()}
        if names & {"linky.toml", "network-config"}:
            raise TrialError(f"secrets stay on the card: {sorted(names)}")
        kept = b"".join(path.read_bytes() for path in self._boot.iterdir() if path.suffix != ".gz")
        if found := [one for one in _SECRETS if one.encode() in kept]:
            raise TrialError(f"on the card there is still {found}")
        if (
            self._boot / "cmdline.txt"
        ).read_text() != "console=tty1 root=PARTUUID=12345678-02 rootfstype=ext4 rootwait\n":
            raise TrialError("cmdline.txt was to stay as it is")
