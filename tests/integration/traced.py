"""Runs a module as ``python -m`` does, and notes when each function of ``gateway/`` is entered, the first fifty times.

    python -m tests.integration.traced NOTES MODULE ARGUMENT...

A SIGUSR1 begins: what ran before is forgotten. A line of NOTES is nanoseconds of the monotonic clock, file, function.
"""

import runpy
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GATEWAY = f"{ROOT / 'gateway'}/"
MOST = 50


def main():
    """Never returns before the module does."""
    notes, module = sys.argv[1:3]
    sys.argv = [module, *sys.argv[3:]]
    entered = Counter()
    file = Path(notes).open("w", buffering=1, encoding="utf-8")  # noqa: SIM115 (for as long as the process lives)

    def note(frame, event, _):
        code = frame.f_code
        if event == "call" and entered[code] < MOST and code.co_filename.startswith(GATEWAY):
            entered[code] += 1
            file.write(f"{time.monotonic_ns()} {code.co_filename[len(GATEWAY) :]} {code.co_qualname}\n")

    signal.signal(signal.SIGUSR1, lambda *_: entered.clear())
    threading.setprofile(note)
    sys.setprofile(note)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
