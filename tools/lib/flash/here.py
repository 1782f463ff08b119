"""On the Raspberry Pi whose gateway the board is for: what else would be looked up, carried over and typed there."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from flash.errors import FlashError, first_line
from gateway.doctor.system import holders

if TYPE_CHECKING:
    import argparse

    from flash.dialogue import Dialogue

CONFIG = Path("/etc/linky-gateway/gateway.toml")
CA = Path("/etc/mosquitto/linky/ca.crt")
BROKER = Path("/etc/mosquitto/conf.d/linky.conf")
SETUP = Path("/usr/local/sbin/linky-setup")
_LISTENS = "listener 8883"


def fill(options: argparse.Namespace, dialogue: Dialogue) -> None:
    """Broker, authority and configuration of this machine where nothing else was said; the broker is opened if need be.

    FlashError where no gateway is installed here, or who types is not root.
    """
    if os.geteuid() != 0:
        raise FlashError("here_root", words=" ".join(sys.argv[1:]))
    if not CONFIG.exists():
        raise FlashError("here_none", path=CONFIG)
    if not _is_open():
        _open(dialogue)
    options.broker = options.broker or f"{socket.gethostname().partition('.')[0].lower()}.local"
    options.ca = options.ca or CA
    options.register = options.register or CONFIG


def without_meters(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of some ports those that no program has open: at the others the gateway of this machine reads its meters."""
    return [one for one in found if not holders(Path(one[0]))]


def let_in() -> None:
    """Let the broker read who may come in. FlashError when it does not."""
    _run(["systemctl", "reload", "mosquitto.service"])


def _is_open() -> bool:
    return BROKER.exists() and any(line.startswith(_LISTENS) for line in BROKER.read_text("utf-8").splitlines())


def _open(dialogue: Dialogue) -> None:
    if not SETUP.exists():
        raise FlashError("here_closed", path=BROKER)
    dialogue.confirm("open_broker")
    _run([str(SETUP), "broker", "--lang", dialogue.language])


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    except OSError as error:
        raise FlashError("here_failed", command=" ".join(command), said=first_line(error)) from error
    if done.returncode:
        said = done.stderr.strip().rpartition("\n")[2] or str(done.returncode)
        raise FlashError("here_failed", command=" ".join(command), said=said)
