"""Makes the disk, serves a simulated meter, runs the trial. Exit codes: 0 all as it should be, 1 not, 2 wrong use."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from late_adapter.command import command

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path

# Nothing to do in a machine of an hour.
_LESS = " ".join(f"systemd.mask={name}.timer" for name in ("apt-daily", "apt-daily-upgrade", "linky-gateway-check"))


def _trial(work: Path, base: Path, ending: ExitStack) -> None:
    from access_point import machine  # noqa: PLC0415 (--help needs the standard library alone)
    from access_point.trial import AccessPointTrial  # noqa: PLC0415
    from image.progress import ImageProgress  # noqa: PLC0415
    from late_adapter import disk  # noqa: PLC0415
    from meter.process import SimulatedMeter  # noqa: PLC0415

    progress = ImageProgress()
    made = disk.make(work, base, machine.PACKAGES, machine.finish)
    progress.say("Debian 13, the package and three radios on a disk")
    meter = ending.enter_context(SimulatedMeter(work / "meter", tcp="127.0.0.1:0"))
    with machine.EmulatedHouse(made, work / "boot", meter.path.removeprefix("socket://"), _LESS) as booted:
        booted.plug(into=True)
        AccessPointTrial(booted, work, progress).run()
        booted.do("systemctl poweroff --force")


if __name__ == "__main__":
    sys.exit(
        command(
            "tools/access-point",
            "The first visit without a cable, with simulated radios in an emulated machine: from switching on to the"
            " first value on the page.",
            _trial,
        )
    )
