"""One device on the disk: ``OUT/DEVICE/device.json``, written whole or not at all, before and after each step.

``planned``: its secrets are kept, its account may or may not exist. ``made``: it exists. ``handed-over``: it exists,
its secrets are the household's alone. ``revoking``, ``revoked``: it is, or may be, closed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from gateway.files import write_whole
from provision.errors import ProvisionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

State = Literal["planned", "made", "handed-over", "revoking", "revoked"]

_FILE, _LOCK = "device.json", ".lock"


class ProvisionedDevice(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a device; password, code and link are empty once they are nobody's business here.

    ``account``: whether its account is made here, or by its household's yes to its ``invitation`` (an id), whose
    ``jid`` is known from then on. ``joined``: when that was, as far as the co-operative's register was asked.
    """

    version: Literal[1] = 1
    device: str
    jid: str
    site: str = ""
    state: State
    since: str
    password: str = ""
    code: str = ""
    account: bool = True
    invitation: str = ""
    link: str = ""
    joined: str = ""

    def __repr__(self) -> str:
        """Without its secrets."""
        return f"<{self.device} {self.state}>"

    def now(self, state: State, **changes: str) -> ProvisionedDevice:
        """The same device, from now on in another state."""
        return msgspec.structs.replace(
            self, state=state, since=datetime.now(UTC).isoformat(timespec="seconds"), **changes
        )


@contextmanager
def opened(out: Path) -> Iterator[None]:
    """The folder of a fleet, for its owner alone and for one command at a time."""
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        out.chmod(0o700)
        lock = os.open(out / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ProvisionError("cannot_write", path=out, said=error.strerror) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise ProvisionError("busy", path=out) from error
    finally:
        os.close(lock)


def load(out: Path, name: str) -> ProvisionedDevice | None:
    """What is kept of a device; None when nothing is."""
    file = out / name / _FILE
    try:
        return msgspec.json.decode(file.read_bytes(), type=ProvisionedDevice)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ProvisionError("unreadable", path=file, said=error.strerror) from error
    except (msgspec.DecodeError, ValueError) as error:
        raise ProvisionError("damaged", path=file) from error


def save(out: Path, device: ProvisionedDevice) -> None:
    """On the disk before anything else happens."""
    write(out / device.device / _FILE, msgspec.json.format(msgspec.json.encode(device), indent=2) + b"\n")


def everything(out: Path) -> list[ProvisionedDevice]:
    """Every device of the folder, by name."""
    names = sorted(file.parent.name for file in out.glob(f"*/{_FILE}"))
    return [device for name in names if (device := load(out, name))]


def forget_files(out: Path, name: str) -> None:
    """Take away the device's card and label; they hold its secrets."""
    for path in (out / name).iterdir():
        if path.name != _FILE:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def write(file: Path, data: bytes) -> bool:
    """A file for its owner's eyes, whole or not at all; False when it is there already."""
    try:
        if file.is_file() and file.read_bytes() == data:
            return False
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(file, data)
    except OSError as error:
        raise ProvisionError("cannot_write", path=file, said=error.strerror) from error
    return True
