"""``tools/update-test``: prints each promise as it is kept; exit code 1 at the first that is not."""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from harness.container import TrialError, make_base, wait_for
from harness.meter import TrialMeter
from package import debian
from update_test.machine import UpdateMachine, random_cuts
from update_test.options import parser
from update_test.releases import FAULTS, GOOD, derived, make_deb

if TYPE_CHECKING:
    import argparse

_BEGAN = time.monotonic()


def say(what: str) -> None:
    """A promise that is kept."""
    print(f"{time.monotonic() - _BEGAN:6.1f} s  {what}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the trial."""
    options = parser().parse_args(arguments)
    try:
        with ExitStack() as ending:
            work = options.keep or Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="linky-update-")))
            work.mkdir(parents=True, exist_ok=True)
            _try(options, work, ending)
    except TrialError as error:
        sys.stderr.write(f"tools/update-test: {error}\n")
        return 1
    return 0


def _try(options: argparse.Namespace, work: Path, ending: ExitStack) -> None:
    base = options.base or work / "base.tar"
    if not base.exists():
        names = [words.partition(" ")[0] for words in debian.DEPENDS if not words.startswith("systemd ")]
        make_base(base, ["systemd-sysv", "udev", "dbus", "login", *names])
        say("a fresh Debian 13")
    faults = {
        fault: changes for fault, changes in FAULTS.items() if any(word in fault for word in options.only.split(","))
    }
    first = make_deb(work, "0.3.0")
    second = derived(work, first, "0.3.1", GOOD)
    bad = {
        fault: derived(work, first, f"0.4.{number}", [*GOOD, *changes])
        for number, (fault, changes) in enumerate(faults.items())
    }
    say(f"{2 + len(bad)} packages")
    port = ending.enter_context(TrialMeter(work / "meter")).port
    for kind in ("deb", "card") if options.kind == "both" else (options.kind,):
        (work / kind).mkdir(exist_ok=True)
        with ExitStack() as one:
            machine = UpdateMachine(work / kind, base, port, one, card=kind == "card")
            machine.install(first)
            machine.boot()
            machine.settle(("0.3.0",))
            say(f"{kind}: 0.3.0 runs, its meter, its database and its page are green")
            _try_versions(machine, kind, second, bad)
            if kind == "deb":
                good = {0: second, 1: next(iter(bad.values()), second)}

                def release(number: int, good: dict[int, Path] = good) -> tuple[str, Path]:
                    # Each fifth one does not start.
                    version = f"0.5.{number}"
                    return version, derived(work, good[int(number % 5 == 0)], version, [])

                random_cuts(machine, release, options.cuts, options.seed, say)


def _try_versions(machine: UpdateMachine, kind: str, second: Path, bad: dict[str, Path]) -> None:
    kept = machine.points()
    how, seconds = machine.update("0.3.1", second)
    if how != "kept" or machine.settle(("0.3.1",)) != "0.3.1":
        raise TrialError(f"0.3.1 ended {how}: {machine.outcome()}")
    _none_lost(machine, kept)
    say(f"{kind}: 0.3.1 was seen, agreed to, installed by root and kept after {seconds:.0f} s; no reading lost")
    for number, (fault, deb) in enumerate(bad.items()):
        kept = machine.points()
        how, seconds = machine.update(f"0.4.{number}", deb)
        if how != "back":
            raise TrialError(f"a release that {fault} ended {how}: {machine.outcome()}")
        machine.settle(("0.3.1",))
        _none_lost(machine, kept)
        missing = ", ".join(machine.outcome()["missing"])
        say(f"{kind}: one that {fault} went back by itself after {seconds:.0f} s ({missing}); no reading lost")
        wait_for(lambda: "was tried and did not keep what worked" in machine.version_line(), "it to be said")


def _none_lost(machine: UpdateMachine, kept: set[tuple[object, ...]]) -> None:
    if lost := kept - machine.points():
        raise TrialError(f"{len(lost)} readings are lost: {sorted(lost, key=str)[:3]}")


if __name__ == "__main__":
    sys.exit(main())
