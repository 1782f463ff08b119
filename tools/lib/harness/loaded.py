"""A gateway that tells what it has loaded: ``python -m harness.loaded FILE WORDS…`` is ``linky-gateway WORDS…``.

On SIGUSR1 it writes the names of its modules to the file, one a line. It imports nothing that the gateway does not.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from gateway.commands.main import main


def _tell(file: Path) -> None:
    new = file.with_suffix(".new")
    # One that stands there as None could not be loaded.
    loaded = sorted(name for name, module in sys.modules.items() if module is not None)
    new.write_text("\n".join(loaded), encoding="utf-8")
    new.replace(file)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, lambda *_: _tell(Path(sys.argv[1])))
    sys.exit(main(sys.argv[2:]))
