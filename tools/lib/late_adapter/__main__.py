"""Makes the disk, serves a simulated meter, runs the trial. Exit codes: 0 all as it should be, 1 not, 2 wrong use."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from late_adapter.command import command

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path


def _trial(work: Path, base: Path, ending: ExitStack) -> None:
    from image.progress import ImageProgress  # noqa: PLC0415 (--help needs the standard library alone)
    from late_adapter import disk  # noqa: PLC0415
    from late_adapter.trial import LateAdapterTrial  # noqa: PLC0415
    from meter.process import SimulatedMeter  # noqa: PLC0415

    progress = ImageProgress()
    made = disk.make(work, base)
    progress.say("Debian 13, the package and a configuration on a disk")
    meter = ending.enter_context(SimulatedMeter(work / "meter", tcp="127.0.0.1:0"))
    trial = LateAdapterTrial(made, work, meter.path.removeprefix("socket://"), progress)
    trial.former()
    trial.shipped()


if __name__ == "__main__":
    sys.exit(
        command(
            "tools/late-adapter",
            "A USB adapter is plugged in after the gateway has started, in an emulated machine: is it read?",
            _trial,
        )
    )
