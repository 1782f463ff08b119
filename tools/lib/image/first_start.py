"""A card started for the first time on boards as the emulator has them; and what all starts have in common."""

from __future__ import annotations

import http.cookiejar
import json
import re
import subprocess
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING

from image import errors
from image.boards import BOARDS, StartedBoard
from image.errors import ImageError
from image.guest import DEADLINE_S, until
from image.machine import BootedMachine, CardImage
from meter.process import SimulatedMeter

if TYPE_CHECKING:
    from pathlib import Path

    from image.boards import EmulatedBoard
    from image.progress import ImageProgress

# Larger than the image: the data's partition is to grow.
CARD_BYTES = 4 << 30
_PASSWORD = "une phrase assez longue"
_TOML = 'language = "fr"\nhostname = "maison-8"\n'
# Such a board's four processors are emulated one after the other.
_SLOW_S = 1200.0
# In the machine: a kernel of its own, installed as dpkg does, by the hooks that have to do with the card.
_TREES = "/usr/lib/modules/$V/dtb/broadcom /usr/lib/linux-image-$V/broadcom"
_HOOKS = "DEB_MAINT_PARAMS=configure run-parts --exit-on-error --regex=^z"
_LATER = f"""
V=$(uname -r); mount -o remount,rw / || return
for D in {_TREES}; do [ -d "$D" ] || continue
L=$(echo "$D" | sed "s/$V/99.1-later/"); mkdir -p "$L"
for F in "$D"/bcm*.dtb; do {{ cat "$F"; echo later; }} >"$L/${{F##*/}}"; done; done
for F in vmlinuz initrd.img; do echo later >"/boot/$F-99.1-later"; done
{_HOOKS} --arg=99.1-later --arg=/boot/vmlinuz-99.1-later /etc/kernel/postinst.d || return
grep ^kernel= /boot/firmware/config.txt
for F in /boot/firmware/bcm*.dtb; do echo "$(tail -c 6 "$F") ${{F##*/}}"; done"""
_BEFORE = rf"""
rm -rf /boot/*-99.1-later /usr/lib/*/99.1-later /usr/lib/*-99.1-later
V=$(uname -r)
{_HOOKS} --arg="$V" --arg="/boot/vmlinuz-$V" /etc/kernel/postinst.d || return
sync; mount -o remount,ro / || return
for D in {_TREES}; do [ -d "$D" ] || continue
for F in "$D"/bcm*.dtb; do cmp "$F" "/boot/firmware/${{F##*/}}" || return; done; done
grep "^kernel=vmlinuz-$V\$" /boot/firmware/config.txt"""
# What the console says once the gateway runs.
RUNS = r"Started \S*linky-gateway\.service"


def copy(image: Path, work: Path, progress: ImageProgress) -> CardImage:
    """A card of that image to write to, larger than it."""
    if not image.is_file():
        raise ImageError(f"{image}: no such image")
    work.mkdir(parents=True, exist_ok=True)
    file = work / "card.img"
    file.unlink(missing_ok=True)
    if image.suffix == ".xz":
        with file.open("wb") as stream:
            done = subprocess.run(["xz", "--decompress", "--stdout", image], check=False, stdout=stream)
        if done.returncode:
            raise ImageError(f"{image}: xz cannot unpack it")
    else:
        errors.run("cp", "--sparse=always", image, file)
    with file.open("r+b") as stream:
        stream.truncate(max(CARD_BYTES, file.stat().st_size))
    try:
        card = CardImage(file)
    except ValueError as error:
        raise ImageError(f"{image}: not an image of tools/image: {error}") from error
    progress.say(f"{image.name}: {image.stat().st_size / 1e6:.0f} MB, as a card of {CARD_BYTES / 1e9:.1f} GB")
    return card


def on_boards(image: Path, work: Path, progress: ImageProgress) -> None:
    """On each board that the emulator has with its USB."""
    for board in BOARDS:
        card = copy(image, work / board.machine, progress)
        card.put("linky.toml", _TOML.encode())
        with SimulatedMeter(work / "meter", tcp="127.0.0.1:0") as meter:
            served = meter.path.removeprefix("socket://")
            with StartedBoard(board, card, work / board.machine, served) as machine:
                _see_board(machine, board, progress)
        card.file.unlink()


def _see_board(machine: StartedBoard, board: EmulatedBoard, progress: ImageProgress) -> None:
    begun = progress.seconds
    until("the gateway", lambda: machine.said(RUNS), _SLOW_S, machine)
    progress.say(f"{board.machine}: the gateway runs {progress.seconds - begun:.0f} s after the start")


def see_later_kernel(machine: BootedMachine, progress: ImageProgress) -> None:
    """What the hooks of the card do when a kernel is upgraded: with a later one that has descriptions of its own.

    The kernel itself is a file of a few bytes: it is not started.
    """
    code, said = machine.do(f"later() {{ {_LATER}\n}}; later", DEADLINE_S)
    config = "kernel=vmlinuz-99.1-later"
    progress.expect(code == 0 and config in said, "a later kernel is the one that the card starts", said[-400:])
    changed = re.findall(r"^later (bcm\S+)$", said, re.M)
    describes = {"bcm2837-rpi-3-b.dtb", "bcm2711-rpi-4-b.dtb"} <= set(changed)
    progress.expect(describes, f"with its own descriptions of the boards: {len(changed)} files", said[-400:])
    code, said = machine.do(f"before() {{ {_BEFORE}\n}}; before", DEADLINE_S)
    progress.expect(code == 0, "without it the card starts the former again, with the former's", said[-400:])
    _, room = machine.do("df -m --output=used,size /boot/firmware | tail -n 1")
    progress.say(f"of the firmware's partition are used, MiB: {' of '.join(room.split())}")


def see_page(port: int, code: str, progress: ImageProgress) -> None:
    """Its first visit, and the meter on it."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    address = f"http://127.0.0.1:{port}"
    form = urllib.parse.urlencode({"code": code, "password": _PASSWORD, "again": _PASSWORD}).encode()
    with browser.open(f"{address}/setup", form, timeout=120) as answer:
        progress.expect(answer.url == f"{address}/", "the page takes its first password, by the code of linky.toml")
    shown: list[object] = []

    def seen() -> bool:
        with browser.open(f"{address}/events", timeout=120) as stream:
            shown[:] = json.loads(stream.readline().decode().removeprefix("data: "))["meters"]
        return bool(shown and shown[0])

    until("the meter on the page", seen)
    progress.say(f"the page shows the meter: {json.dumps(shown[0])[:160]}")


def answers(port: int) -> bool:
    """Whether the page of the first visit does."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/setup", timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
