"""The gateway's own programs beside a federation, for what is measured of them: accounts, configuration, processes."""

from __future__ import annotations

import secrets
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from federation import Federation

ROOT = Path(__file__).resolve().parent.parent.parent
HOME, FAR, SENSOR = "maison@sen1.test", "coop@sen2.test", "ab12"
_TO_END_S = 30


def configure(folder: Path, federation: Federation, store: str = "", more: str = "") -> Path:
    """A house's configuration in that folder, its meter at ``ttyTIC`` beside it, and both accounts.

    The password of both is in the file ``password``. ``store`` goes into the table of that name, ``more`` is whole
    tables.
    """
    password = secrets.token_urlsafe(16)
    (folder / "password").write_text(password + "\n")
    for jid in (HOME, FAR):
        federation.register(*jid.split("@"), password)
    config = folder / "gateway.toml"
    config.write_text(
        f'[[meter]]\nsource = "{folder / "ttyTIC"}"\nsensor = "{SENSOR}"\nclock = "meter"\nmode = "standard"\n'
        f'[store]\ndirectory = "data"\n{store}'
        f'[federation]\njid = "{HOME}"\npassword_file = "password"\n'
        f'address = "{federation.address("sen1.test")}"\nca_file = "{federation.ca}"\n{more}'
    )
    return config


def gateway(config: Path, *words: str) -> str:
    """One command of the command line; what it printed. Raises CalledProcessError."""
    command = [sys.executable, "-m", "gateway", *words, "--config", str(config)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT).stdout


@contextmanager
def running(folder: Path, name: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program of ours until the end of the block; what it says goes to ``NAME.out`` and ``NAME.err``."""
    command = ["setpriv", "--pdeathsig", "TERM", "--", sys.executable, "-m", "gateway", *words]
    with (folder / f"{name}.out").open("wb") as out, (folder / f"{name}.err").open("wb") as err:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=ROOT)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(_TO_END_S)
