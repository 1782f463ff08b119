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
from update_test.machine import CutTrial, SetupMachine, UpdateMachine, random_cuts
from update_test.options import KINDS, parser
from update_test.releases import GOOD, STEP_S, VersionMaker

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
        # And what tools/setup brings, which is to find all of it there: it has no network.
        names += ["ca-certificates", "openssl", "python3-venv"]
        make_base(base, ["systemd-sysv", "udev", "dbus", "login", *names])
        say("a fresh Debian 13")
    port = ending.enter_context(TrialMeter(work / "meter")).port
    maker: VersionMaker | None = None
    # The packages are those of a card as well.
    for kind in KINDS if options.kind == "all" else (options.kind,):
        (work / kind).mkdir(exist_ok=True)
        if maker is None or kind == "setup":
            maker = VersionMaker(work, by_setup=kind == "setup")
        with ExitStack() as one:
            its = SetupMachine if kind == "setup" else UpdateMachine
            _try_kind(options, kind, maker, its(work / kind, base, port, one, card=kind == "card"))


def _try_kind(options: argparse.Namespace, kind: str, maker: VersionMaker, machine: UpdateMachine) -> None:
    only = options.only.split(",")
    faults = {fault: changes for fault, changes in maker.faults.items() if any(word in fault for word in only)}
    first, second = maker.make("0.3.0", []), maker.make("0.3.1", GOOD)
    bad = {
        fault: maker.make(f"0.4.{number}", [*GOOD, *changes]) for number, (fault, changes) in enumerate(faults.items())
    }
    say(f"{kind}: {2 + len(bad)} releases")
    machine.install(first)
    machine.settle(("0.3.0",))
    say(f"{kind}: 0.3.0 runs, its meter, its database and its page are green")
    took = _try_versions(machine, kind, second, bad)

    def trial(number: int) -> CutTrial:
        # Each third one has a fault, one after the other.
        fault = [*faults][number // 3 % len(faults)] if faults and number % 3 == 0 else ""
        version = f"0.5.{number}"
        return CutTrial(version, maker.make(version, [*GOOD, *faults.get(fault, [])]), took[fault], fault)

    random_cuts(machine, trial, options.cuts, options.seed, say)


def _try_versions(machine: UpdateMachine, kind: str, second: Path, bad: dict[str, Path]) -> dict[str, float]:
    """Each to its end; how many seconds one takes with each fault, and with none ("") but for the database's step."""
    kept = machine.points()
    how, seconds = machine.update("0.3.1", second)
    if how != "kept" or machine.settle(("0.3.1",)) != "0.3.1":
        raise TrialError(f"0.3.1 ended {how}: {machine.outcome()}")
    _none_lost(machine, kept)
    say(f"{kind}: 0.3.1 was seen, agreed to, installed by root and kept after {seconds:.0f} s; no reading lost")
    took = {"": seconds - STEP_S}
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
        took[fault] = seconds
    return took


def _none_lost(machine: UpdateMachine, kept: set[tuple[object, ...]]) -> None:
    if lost := kept - machine.points():
        raise TrialError(f"{len(lost)} readings are lost: {sorted(lost, key=str)[:3]}")


if __name__ == "__main__":
    sys.exit(main())
