"""``python -m soak``: started by ``tools/soak``."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from servers import Federation
from servers.process import RigError
from servers.proxy import loop_in_thread, proxy_by
from soak import report
from soak.clock import HouseClock, build
from soak.house import FAR, SoakHouse
from soak.options import parser
from soak.parts import SoakError, SoakProgram
from soak.points import Book
from soak.samples import Samples
from soak.soak import Soak

if TYPE_CHECKING:
    import argparse

# How long the slow recipient's line holds back each piece, both ways.
_DELAY_S = 1.0


def main() -> int:
    """Live the days, judge them, tell; the exit code."""
    options = parser().parse_args()
    if options.report and not options.report.parent.is_dir():
        parser().error(f"--report: there is no folder {options.report.parent}")
    try:
        if options.judge:
            return _tell(options.judge, options)
        # The servers' sockets need a short path.
        folder = options.folder or Path(tempfile.mkdtemp(prefix="linky-soak-"))
        folder.mkdir(parents=True, exist_ok=True)
        folder = folder.resolve()
        if any(folder.iterdir()):
            raise SoakError(f"{folder} is not empty: name another folder")  # noqa: TRY301
        try:
            _live(folder, options)
        except SoakError as error:
            raise SoakError(f"{error}; everything is in {folder}") from error
        code = _tell(folder, options)
    except (RigError, SoakError) as error:
        print(f"tools/soak: {error}", file=sys.stderr)
        return 3 if isinstance(error, RigError) else 1
    except KeyboardInterrupt:
        return 130
    if code or options.folder:
        print(f"everything is in {folder}")
    else:
        shutil.rmtree(folder)
    return code


def _tell(folder: Path, options: argparse.Namespace) -> int:
    """Judge the run in a folder, and say what was seen; the exit code."""
    try:
        run = report.SoakRun(**json.loads((folder / report.RUN_FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise SoakError(f"{folder}: no run that came to its end is there: {error}") from error
    seen = report.see(folder, run)
    print(seen.text())
    if options.report:
        print(f"the picture is {seen.write(options.report)}")
    return 1 if seen.wrong else 0


def _live(folder: Path, options: argparse.Namespace) -> None:
    # Ahead of the real one: the certificates of the servers are made now, and hold for a year.
    start_s = (int(time.time()) // 3600 + 1) * 3600
    clock = HouseClock.make(folder / "clock", start_s)
    preload = {"LD_PRELOAD": str(build(folder)), "SOAK_CLOCK": str(folder / "clock")}
    seconds = round(options.days * 86_400)
    pace = {"seconds": seconds, "speed": options.speed, "seed": options.seed, "every": options.every}
    arguments = [text for name, value in pace.items() for text in (f"--{name}", value)]
    meters = SoakProgram(folder, "meters", {}, "soak.meters", folder, *arguments)
    with ExitStack() as stack:
        samples = stack.enter_context(closing(Samples(folder / "samples.sqlite")))
        federation = stack.enter_context(Federation(folder / "servers"))
        slow = stack.enter_context(proxy_by(stack.enter_context(loop_in_thread()), federation.address(FAR)))
        slow.delay_s = _DELAY_S
        house = SoakHouse(folder, federation, slow.address, preload, options.speed)
        book = Book(folder)
        soak = Soak(house, meters, clock, samples, book, options.days)
        soak.run()
    run = report.SoakRun(start_s=start_s, seconds=seconds, took_s=soak.live_s, every_s=options.every, seed=options.seed)
    (folder / report.RUN_FILE).write_text(json.dumps(asdict(run)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
