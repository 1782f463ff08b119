"""Small files of the gateway, written again and again: ``python -m power_cuts.files FOLDER SEED [FAULT]``.

Each change goes through the part of the gateway that owns the file, and is marked as done when that part says so. With
FAULT ``unsynced`` one file is replaced as it should not be: renamed without being on the disk.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.account.password_file import PasswordFile
from gateway.config.settings import change
from gateway.config.tables import load
from gateway.files import write_whole
from gateway.first_boot.place import CardPlace
from gateway.first_boot.plan import PlannedFile
from gateway.mqtt.boards import passwords
from gateway.mqtt.boards.registry import Board, Registry
from power_cuts.record import mark

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

ROUNDS = 12

_CONFIG = '[[meter]]\nsource = "replay:x"\n[store]\ndirectory = "data"\n'
_BOARD = "garage"
_HOSTNAME = "hostname"


def begin(folder: Path) -> list[Mapping[str, Any]]:
    """Make what an installation has before anything of this is done; the marks of it."""
    for name in ("data", "boot", "etc"):
        (folder / name).mkdir()
    (folder / "gateway.toml").write_text(_CONFIG)
    (folder / "boards.passwords").touch()
    (folder / "password").write_text("the first password\n")
    return [{"done": held(folder)}]


def held(folder: Path) -> dict[str, str]:
    """What each file holds, as its owner reads it; one that is not there is left out."""
    password, registry = PasswordFile(folder / "password"), Registry(folder / "data")
    objective = load(folder / "gateway.toml").objective
    found = {
        "password": password.path.read_text().strip(),
        "new password": password.pending() or "none",
        "objective": str(objective.kwh_per_month) if objective else "none",
        "board": str(registry.get(_BOARD).serial) if registry.all() else "none",
        "broker": " ".join(sorted(passwords.users(folder / "boards.passwords"))) or "none",
        "first start": (CardPlace(folder / "boot", folder).waiting() or b"none").decode(),
    }
    for name in ("plain", f"etc/{_HOSTNAME}"):
        found[name] = (folder / name).read_text() if (folder / name).exists() else "none"
    return found


class Owner:
    """The parts of the gateway that own these files, in one folder."""

    def __init__(self, folder: Path, fault: str) -> None:
        self._folder, self._fault = folder, fault
        self._password = PasswordFile(folder / "password")
        self._config = load(folder / "gateway.toml")
        self._place = CardPlace(folder / "boot", folder)

    def change(self, number: int, chance: random.Random) -> None:
        """One change of each, in any order."""
        word = f"number {number} " + "x" * chance.randrange(1200)
        changes = (self._choose, self._board, self._broker, self._renew, self._first_start, self._plain)
        for make in chance.sample(changes, len(changes)):
            make(number, word.strip())

    def _choose(self, number: int, word: str) -> None:
        change(self._config, "objective.kwh_per_month", number)
        mark(done={"objective": str(number)})

    def _board(self, number: int, word: str) -> None:
        Registry(self._folder / "data").keep(Board(id=_BOARD, role="relay", chip="esp32", key="5a" * 32, serial=number))
        mark(done={"board": str(number)})

    def _broker(self, number: int, word: str) -> None:
        file = self._folder / "boards.passwords"
        passwords.add(file, f"board-{number}")
        mark(done={"broker": " ".join(sorted(passwords.users(file)))})

    def _renew(self, number: int, word: str) -> None:
        self._password.prepare(word)
        mark(done={"new password": word})
        self._password.keep()
        mark(done={"password": word, "new password": "none"})

    def _first_start(self, number: int, word: str) -> None:
        self._place.stage(word.encode())
        mark(done={"first start": word})
        self._place.write([PlannedFile(f"etc/{_HOSTNAME}", word)])
        mark(done={f"etc/{_HOSTNAME}": word})
        self._place.done()
        mark(done={"first start": "none"})

    def _plain(self, number: int, word: str) -> None:
        file = self._folder / "plain"
        if self._fault == "unsynced":
            file.with_name("plain.new").write_text(word)
            file.with_name("plain.new").replace(file)
        else:
            write_whole(file, word.encode())
        mark(done={"plain": word})


def main() -> None:
    """Change everything a few times."""
    folder, seed, *fault = sys.argv[1:]
    owner = Owner(Path(folder), fault[0] if fault else "")
    chance = random.Random(int(seed))
    for number in range(1, ROUNDS + 1):
        owner.change(number, chance)


if __name__ == "__main__":
    main()
