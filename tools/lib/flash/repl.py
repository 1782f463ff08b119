"""A board that runs, spoken to by mpremote over its cable: a new set with nothing erased, and whether it gets home.

The new set goes into the spare folder, each file is read back by its hash, then the board's own record is switched. If
it does not reach the broker within five minutes the board goes back by itself.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import io
import struct
import time
from typing import TYPE_CHECKING

import serial
from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from flash.errors import FlashError, first_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gateway.mqtt.boards.fileset import FileSet

_CHUNK = 512
_ANSWER_S = 5.0
_CALLS = 3
_COMES_BACK_S = 5  # a chip with USB of its own leaves the bus when it starts
# The relay's watchdog still runs while the prompt has the board.
_FEED = "import machine\nif hasattr(machine, 'WDT'): machine.WDT(timeout=60000).feed()"
_MANIFEST = "manifest.json"


class Prompt:
    """A board at its prompt; made by ``connected``."""

    def __init__(self, port: str, transport: SerialTransport) -> None:
        self._port, self._transport = port, transport

    def run(self, program: str) -> str:
        """What a program prints on the board; FlashError with the last line of its traceback when it fails."""
        try:
            said: bytes = self._transport.exec(program)
        except TransportExecError as error:
            last = error.error_output.strip().splitlines()
            raise FlashError("board_failed", port=self._port, said=last[-1] if last else "?") from error
        return said.decode(errors="replace").strip()

    def value(self, expression: str) -> object:
        """The value of an expression on the board, as Python writes it."""
        return ast.literal_eval(self.run(f"print(repr({expression}))"))

    def write(self, path: str, content: bytes) -> None:
        """Write a file, unless the board has it as it is, and read it back by its hash."""
        if self._has(path, content):
            return
        folder = path.rpartition("/")[0]
        if folder:
            self.run(f"import os\nfor n in {_above(folder)!r}:\n try: os.mkdir(n)\n except OSError: pass")
        self._transport.fs_writefile(path, content, chunk_size=_CHUNK)
        if not self._has(path, content):
            raise FlashError("not_written", port=self._port)
        self.run(_FEED)

    def restart(self) -> None:
        """Let the board start anew."""
        self._transport.exec_raw_no_follow("import machine; machine.reset()")

    def _has(self, path: str, content: bytes) -> bool:
        try:
            found: bytes = self._transport.fs_hashfile(path, "sha256", chunk_size=_CHUNK)
        except (OSError, TransportExecError):
            return False
        return found == hashlib.sha256(content).digest()


@contextlib.contextmanager
def connected(port: str) -> Iterator[Prompt]:
    """Interrupt the program of the board on this port and have its prompt."""
    # mpremote prints what it did not expect and dots while it waits; what a person needs is in the error.
    quiet = contextlib.redirect_stdout(io.StringIO())
    try:
        with quiet:
            transport = SerialTransport(port, wait=_COMES_BACK_S, timeout=_ANSWER_S)
    except (TransportError, OSError) as error:
        raise FlashError("no_prompt", port=port, said=first_line(error)) from error
    try:
        with quiet:
            _interrupt(port, transport)
        prompt = Prompt(port, transport)
        prompt.run(_FEED)
        yield prompt
    except (serial.SerialException, TransportError, OSError, struct.error) as error:
        raise FlashError("board_failed", port=port, said=first_line(error)) from error
    finally:
        # A cable that came out has nothing to be closed.
        with contextlib.suppress(OSError):
            transport.close()


def _interrupt(port: str, transport: SerialTransport) -> None:
    """Get the prompt; a board that is just starting does not hear the first call."""
    for attempt in range(_CALLS):
        try:
            transport.enter_raw_repl(soft_reset=False, timeout_overall=_ANSWER_S)
        except TransportError as error:
            if attempt == _CALLS - 1:
                raise FlashError("no_prompt", port=port, said=first_line(error)) from error
        else:
            return


def update(prompt: Prompt, files: FileSet, launcher: Mapping[str, bytes], report: Callable[[int, int], None]) -> str:
    """Put a set into the spare folder and switch to it; the version the board had before."""
    board, serial_number, spare, before = _record(prompt)
    prompt.run(_removing(f"/{spare}", [*files.files]))
    for done, (name, content) in enumerate(sorted(files.files.items())):
        report(done, len(files.files))
        prompt.write(f"/{spare}/{name}", content)
    number = max(serial_number + 1, int(time.time()))
    prompt.write(f"/{spare}/{_MANIFEST}", files.manifest(board, number))
    # The launcher last, each file by one rename: with the old one or the new, the board starts either folder.
    for name, content in launcher.items():
        prompt.write(f"/new.{name}", content)
        prompt.run(f"import os\nos.rename('/new.{name}', '/{name}')")
    prompt.run(f"from slots import Slots\nSlots().switch({number})")
    report(len(files.files), len(files.files))
    return before


def _record(prompt: Prompt) -> tuple[str, int, str, str]:
    """The board's name, the number of its last set, its spare folder, the version that runs."""
    try:
        prompt.run("import sys\nif '/' not in sys.path: sys.path.append('/')\nfrom slots import Slots\nimport json")
        found = prompt.value(
            "(json.load(open('/identity.json'))['id'], Slots().record['serial'], Slots().spare,"
            " (Slots().manifest(Slots().active) or {}).get('version', '?'))"
        )
    except FlashError as error:
        raise FlashError("not_ours", port=error.values["port"]) from error
    assert isinstance(found, tuple)
    return found[0], int(found[1]), str(found[2]), str(found[3])


def _removing(folder: str, keep: list[str]) -> str:
    """The program that empties the spare folder, but for what has the name of a file to come; its manifest first."""
    return (
        f"import os\nkeep = {keep!r}\n"
        "def clear(folder, prefix):\n"
        " for entry in list(os.ilistdir(folder)):\n"
        "  name = prefix + entry[0]\n"
        "  if entry[1] == 0x4000: clear(folder + '/' + entry[0], name + '/')\n"
        "  elif name not in keep: os.remove(folder + '/' + entry[0])\n"
        f"try: os.remove('{folder}/{_MANIFEST}')\nexcept OSError: pass\n"
        f"try: clear('{folder}', '')\nexcept OSError: pass\n"
    )


def _above(folder: str) -> list[str]:
    """A folder and all above it, from the outside in."""
    parts = folder.strip("/").split("/")
    return ["/" + "/".join(parts[: depth + 1]) for depth in range(len(parts))]
