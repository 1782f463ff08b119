"""Makes the disk, serves a simulated meter, runs the trial. Exit codes: 0 all as it should be, 1 not, 2 wrong use."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

# Nothing to do in a machine of an hour.
_LESS = " ".join(f"systemd.mask={name}.timer" for name in ("apt-daily", "apt-daily-upgrade", "linky-gateway-check"))


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(
        prog="tools/access-point",
        description="The first visit without a cable, with simulated radios in an emulated machine: from switching on"
        " to the first value on the page.",
    )
    parser.add_argument("--base", type=Path, metavar="TAR", help="keep Debian there, and begin from it next time")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave disk and logs there, to look at")
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.stderr.write("tools/access-point: makes another machine's system: run it as root\n")
        return 2
    return _run(options.base, options.keep)


def _run(base: Path | None, keep: Path | None) -> int:
    from access_point import machine  # noqa: PLC0415 (--help needs the standard library alone)
    from access_point.trial import AccessPointTrial  # noqa: PLC0415
    from harness.container import TrialError  # noqa: PLC0415
    from image.errors import ImageError  # noqa: PLC0415
    from image.progress import ImageProgress  # noqa: PLC0415
    from late_adapter import disk  # noqa: PLC0415
    from late_adapter.trial import EmulatedPc  # noqa: PLC0415
    from meter.process import SimulatedMeter  # noqa: PLC0415

    progress = ImageProgress()
    try:
        with ExitStack() as ending:
            work = keep or Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="linky-access-point-")))
            work.mkdir(parents=True, exist_ok=True)
            made = disk.make(work, base or work / "base.tar", machine.PACKAGES, machine.finish)
            progress.say("Debian 13, the package and three radios on a disk")
            meter = ending.enter_context(SimulatedMeter(work / "meter", tcp="127.0.0.1:0"))
            booted = EmulatedPc(made, work / "boot", meter.path.removeprefix("socket://"), _LESS)
            with booted:
                booted.plug(into=True)
                AccessPointTrial(booted, progress).run()
                booted.do("systemctl poweroff --force")
    except (ImageError, TrialError) as error:
        sys.stderr.write(f"tools/access-point: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
