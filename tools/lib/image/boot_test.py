"""``tools/image --boot-test``: what was promised of a card, seen in three boots of it.

1. A card that Raspberry Pi Imager 1.x has "customised": it must not switch itself off for ever.
2. A ``linky.toml`` with three faults: each has its sentence on the card; the gateway reads its meter all the same.
3. A right one: frames, page, an adapter that is pulled and plugged, a port without parity, a program that hangs, SSH by
   key alone, a read-only root that apt can write, partitions that have grown and are whole afterwards.

No radio is emulated: of a Wi-Fi's key it is seen that a malformed one has its sentence and a right one lies where only
root reads; whether a router takes it, nobody sees here.
"""

from __future__ import annotations

import json
import re
import subprocess
from contextlib import ExitStack
from typing import TYPE_CHECKING

from gateway.first_boot import settings
from image import errors, first_start
from image.guest import DEADLINE_S, until
from image.machine import BootedMachine
from meter.process import SimulatedMeter

if TYPE_CHECKING:
    from pathlib import Path

    from image.machine import CardImage
    from image.progress import ImageProgress

# As Imager 1.x appends it (src/downloadthread.cpp, _customizeImage).
IMAGER = " systemd.run=/boot/firstrun.sh systemd.run_success_action=reboot systemd.unit=kernel-command-line.target"
_SECRET = b"imager-wifi-key-5e1f"
FIRSTRUN = b"#!/bin/bash\nset +e\nraspi-config nonint do_wifi '" + _SECRET + b"'\nexit 0\n"

WRONG = """language = "en"
hostnam = "maison"
[wifi]
name = "Livebox-1234"
key = "court"
[account]
jid = "maison example.org"
password = "canary-of-the-account"
"""
_WIFI_KEY = "canary-of-the-wifi-8c2d"
_CODE = "KQ7M-3XWP-ZR5T"
RIGHT = f"""language = "fr"
hostname = "maison-7"
[wifi]
name = "Livebox-1234"
key = "{_WIFI_KEY}"
[page]
code = "{_CODE}"
"""
_STATUS = "linky-gateway status --json"
_HEADER = '[[meter]]\\nsource = "/dev/ttyS1"\\n[store]\\ndirectory = "/tmp/header"\\n'
# The page, also encrypted, and SSH since there is a key.
_LISTENING = {"8080", "8443", "22"}


def run(image: Path, cache: Path, progress: ImageProgress) -> None:
    """Boot it; ImageError at the first promise that is not kept."""
    work = cache / "boot"
    work.mkdir(parents=True, exist_ok=True)
    card = first_start.copy(image, work, progress)
    with ExitStack() as ending:
        adapter = ending.enter_context(SimulatedMeter(work / "meter", tcp="127.0.0.1:0"))
        header = ending.enter_context(SimulatedMeter(work / "header", tcp="127.0.0.1:0", deliver="8n1"))
        trial = BootTrial(card, work, [meter.path.removeprefix("socket://") for meter in (adapter, header)], progress)
        trial.imager()
        trial.wrong()
        trial.right(ending)
        ending.close()
    card.file.unlink()
    first_start.on_boards(image, work, progress)
    progress.say("every promise is kept")


class BootTrial:
    """One card through its boots."""

    def __init__(self, card: CardImage, work: Path, meters: list[str], progress: ImageProgress) -> None:
        self._card, self._work, self._meters, self._progress = card, work, meters, progress
        self._machine_id = ""
        self.expect = progress.expect

    def imager(self) -> None:
        """What Imager 1.x leaves, and what a person has put beside it."""
        before = self._card.text("cmdline.txt").strip()
        self._card.put("cmdline.txt", f"{before}{IMAGER}\n".encode())
        self._card.put("firstrun.sh", FIRSTRUN)
        self._card.put("linky.toml", WRONG.encode())
        with BootedMachine(self._card, self._work / "imager", *self._meters) as machine:
            machine.wait_for_end("the end of Imager's start")
        after = self._card.text("cmdline.txt").strip()
        self.expect(
            after.split() == before.split(),
            "what Imager 1.x wrote is taken out of cmdline.txt, and the machine restarts",
            after,
        )
        self.expect(not self._card.holds(_SECRET), "its script and the key in it are gone from the card")
        said = self._card.text("linky-result.txt")
        self.expect("Raspberry Pi Imager" in said, "linky-result.txt says so", said)

    def wrong(self) -> None:
        """Three faults; the gateway is as it was."""
        with BootedMachine(self._card, self._work / "wrong", *self._meters) as machine:
            begun = self._progress.seconds
            self._wait_for_frames(machine)
            self._progress.say(
                f"started in {self._progress.seconds - begun:.0f} s, frames are read with a wrong linky.toml"
            )
            _, self._machine_id = machine.do("cat /etc/machine-id")
            _, state = machine.do("systemctl show -P Result linky-first-boot")
            self.expect(state == "exit-code", "the first start has refused it", state)
            self._switch_off(machine)
        said = self._card.text("linky-result.txt")
        _, faults = settings.parse(WRONG.encode())
        self.expect(len(faults) == 3, "three faults", faults)
        for fault in faults:
            for language in ("fr", "en"):
                self.expect(fault.say(language) in said, f"linky-result.txt: {fault.say(language)}", said)
        self.expect("linky.toml" in self._card.names(), "the file is left, to be put right")

    def right(self, ending: ExitStack) -> None:
        """All that a household relies on."""
        key = self._work / "key"
        for old in (key, key.with_suffix(".pub")):
            old.unlink(missing_ok=True)
        errors.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        # As Windows writes them.
        self._card.put("linky.toml", RIGHT.replace("\n", "\r\n").encode("utf-8-sig"))
        self._card.put("authorized_keys.txt", key.with_suffix(".pub").read_bytes())
        machine = ending.enter_context(BootedMachine(self._card, self._work / "right", *self._meters))
        begun = self._progress.seconds
        until("the page", lambda: first_start.answers(machine.page), alive=machine)
        self._progress.say(f"the page answers {self._progress.seconds - begun:.0f} s after the start")
        self._wait_for_frames(machine)
        self._progress.say(f"frames are read {self._progress.seconds - begun:.0f} s after the start")
        first_start.see_page(machine.page, _CODE, self._progress)
        self._see_system(machine)
        self._see_ssh(machine, key)
        self._pull_the_adapter(machine)
        self._read_the_header(machine)
        self._hang(machine)
        self._upgrade(machine)
        first_start.see_later_kernel(machine, self._progress)
        self._switch_off(machine)
        said = self._card.text("linky-result.txt")
        self.expect("Tout va bien" in said and "maison-7.local:8080" in said, "linky-result.txt says all is well", said)
        left = {"linky.toml", "authorized_keys.txt"} & self._card.names()
        self.expect(
            not left and not self._card.holds(_WIFI_KEY.encode()), "what was secret is wiped from the card", left
        )
        self._card.check()
        self._progress.say("both file systems are whole")

    def _see_system(self, machine: BootedMachine) -> None:
        until("the end of its start", lambda: machine.do("systemctl is-system-running")[1] != "starting", alive=machine)
        _, failed = machine.do("systemctl list-units --failed --plain --no-legend")
        self.expect(not failed, "no unit has failed", failed)
        code, said = machine.do("touch /usr/linky-written")
        self.expect(code and "Read-only" in said, "the root is read-only", said)
        _, size = machine.do("findmnt -n -b -o SIZE -T /var")
        self.expect(
            int(size) > first_start.CARD_BYTES / 2, f"the data's partition has grown to {int(size) / 1e9:.1f} GB", size
        )
        _, number = machine.do("cat /etc/machine-id")
        same = number == self._machine_id
        self.expect(re.fullmatch("[0-9a-f]{32}", number) and same, "machine-id was made at the first start", number)
        code, said = machine.do("stat -c '%a %U' /etc/NetworkManager/system-connections/linky-wifi.nmconnection")
        self.expect(said == "600 root", "the Wi-Fi's key lies where only root reads", said)
        _, listening = machine.do("ss -Hltn | awk '{ print $4 }'")
        ports = {line.rpartition(":")[2] for line in listening.splitlines() if not line.startswith(("127.", "[::1]"))}
        self.expect(ports == _LISTENING, "nothing but the page and SSH listens (TCP)", listening)
        _, memory = machine.do("systemctl show -P MemoryCurrent linky-gateway; systemd-analyze time | head -1")
        self._progress.say(
            f"memory of the gateway, and the boot as systemd counts it: {' · '.join(memory.splitlines())}"
        )

    def _see_ssh(self, machine: BootedMachine, key: Path) -> None:
        options = ["-p", machine.ssh, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]
        options += ["-o", "BatchMode=yes", "-o", "ConnectTimeout=60", "-i", key, "linky@127.0.0.1"]
        said = errors.run("ssh", *options, "sudo id -un")
        self.expect(said.strip() == "root", "SSH lets in who has the key", said)
        words = [str(word) for word in ("ssh", "-o", "PubkeyAuthentication=no", *options, "true")]
        done = subprocess.run(words, check=False, capture_output=True, text=True)
        told = done.stderr.strip().splitlines()[-1:]
        self.expect(done.returncode and "(publickey)" in done.stderr, "SSH takes no password", told)

    def _pull_the_adapter(self, machine: BootedMachine) -> None:
        machine.plug(into=False)
        until("the loss of the port", lambda: _link(machine, "port").get("state") == "broken", alive=machine)
        self._progress.say(f"the adapter is pulled, and missed: {_link(machine, 'port')['detail']}")
        begun = self._progress.seconds
        machine.plug(into=True)
        until("the port", lambda: _link(machine, "port").get("state") == "ok", alive=machine)
        self._wait_for_frames(machine, begun)
        self._progress.say(f"plugged in, frames are read again within {self._progress.seconds - begun:.0f} s")

    def _read_the_header(self, machine: BootedMachine) -> None:
        """A port without parity, as the header's on these boards, by a gateway beside the other."""
        machine.do(f"mkdir /tmp/header; printf '%b' '{_HEADER}' >/tmp/header.toml")
        machine.do("linky-gateway run --config /tmp/header.toml >/tmp/header.log 2>&1 & BESIDE=$!")
        asked = f"{_STATUS} --config /tmp/header.toml"
        until("frames of a port without parity", lambda: _link(machine, "decode", asked).get("state") == "ok")
        _, log = machine.do("kill $BESIDE; wait $BESIDE; grep -c 'parity is checked here' /tmp/header.log")
        self.expect(log.split()[-1:] == ["1"], "a port without parity is read, its parity checked by the gateway", log)

    def _hang(self, machine: BootedMachine) -> None:
        begun = self._progress.seconds
        machine.do("systemctl kill --signal=STOP linky-gateway")
        restarts = "systemctl show -P NRestarts linky-gateway"
        until("the watchdog", lambda: machine.do(restarts)[1] not in {"", "0"}, alive=machine)
        self._wait_for_frames(machine, begun)
        self._progress.say(f"a hang is ended by the watchdog, frames after {self._progress.seconds - begun:.0f} s")

    def _upgrade(self, machine: BootedMachine) -> None:
        """What security updates do: dpkg writes the root, which is read-only before and after."""
        code, said = machine.do("apt-get -q -y remove apt-utils", DEADLINE_S)
        self.expect(code == 0, "apt works on the read-only root", said[-400:])
        code, said = machine.do("test ! -e /usr/bin/apt-ftparchive && touch /usr/linky-written")
        self.expect(code and "Read-only" in said, "and leaves it read-only", said)

    def _switch_off(self, machine: BootedMachine) -> None:
        machine.do("systemctl --no-block poweroff")
        machine.wait_for_end("the machine to be switched off")

    def _wait_for_frames(self, machine: BootedMachine, since: float | None = None) -> None:
        """Until a frame has come, after that second."""

        def come() -> bool:
            link = _link(machine, "decode")
            age = float(str(link.get("age_s") or 0))
            return link.get("state") == "ok" and (since is None or age < self._progress.seconds - since)

        if since is None:
            until("the gateway", lambda: machine.said(first_start.RUNS), alive=machine)
        until("the meter's frames", come, alive=machine)


def _link(machine: BootedMachine, name: str, asked: str = _STATUS) -> dict[str, object]:
    """What the gateway says of its first link of that kind."""
    _, said = machine.do(asked, DEADLINE_S)
    try:
        links = json.loads(said[said.index("{") :])["links"]
    except (ValueError, KeyError):
        return {}
    return next((link for link in links if link["link"].startswith(name)), {})
