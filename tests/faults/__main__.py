"""``tools/faults``: injure the whole chain for as long as is asked for, and judge what came of it."""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from servers import RigError
from tests.faults.chain import Chain
from tests.faults.injuries import available
from tests.faults.trial import Trial

ORDERS = (("prosody", "ejabberd"), ("ejabberd", "prosody"))


def main():
    """Run; 0 when nothing was lost, invented or sent twice."""
    parser = argparse.ArgumentParser(prog="tools/faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument(
        "--seed", type=int, default=1, help="of the meter, of the order of the injuries, of their inside"
    )
    parser.add_argument("--only", metavar="WORDS", help="only injuries whose name contains this")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write a table of what was done (Markdown)")
    parser.add_argument("--folder", type=Path, help="where all files stay; otherwise they go when all is well")
    options = parser.parse_args()
    if options.report and not options.report.parent.is_dir():
        parser.error(f"--report: there is no folder {options.report.parent}")
    folder = options.folder or Path(tempfile.mkdtemp(prefix="faults-"))
    end = time.monotonic() + options.minutes * 60
    outcomes = []
    for number, order in enumerate(ORDERS):
        part = folder / str(number)
        part.mkdir(parents=True)
        half = time.monotonic() + (end - time.monotonic()) / (len(ORDERS) - number)
        outcomes.append(_run(part, order, options, half))
    wrong = [line for outcome in outcomes for line in outcome.wrong]
    for line in wrong:
        print("WRONG:", line, file=sys.stderr)
    if options.report:
        options.report.write_text(report(outcomes, options), encoding="utf-8")
    if wrong or options.folder:
        print(f"files in {folder}")
    else:
        shutil.rmtree(folder)
    return 1 if wrong else 0


def _run(folder, order, options, end):
    own_network = os.environ.get("LINKY_OWN_NETWORK") == "1"
    with Chain(
        folder, order, options.seed, own_network=own_network, clock=shutil.which("faketime") is not None
    ) as chain:
        known = [one for one in available(chain) if not options.only or options.only in one.name]
        if not known:
            sys.exit(f"tools/faults: no injury that can be done here is called {options.only!r}")
        trial = Trial(chain, _until(end, known, options.seed), options.seed, tell=lambda line: print(line, flush=True))
        try:
            outcome = trial.run()
        except (AssertionError, RigError) as error:
            # What should have come did not; the other half of the time is worth as much.
            outcome = trial.outcome
            outcome.wrong.append(str(error))
    print(
        f"{order[0]} to {order[1]}, seed {outcome.seed}: {outcome.done.total()} injuries of {len(outcome.done)} kinds,"
        f" {outcome.points} points, {len(outcome.wrong)} wrong",
        flush=True,
    )
    return outcome


def _until(end, known, seed):
    """Every injury in turn, each round in another order, until the time is over."""
    draw = random.Random(seed)
    while True:
        for injury in draw.sample(known, len(known)):
            if time.monotonic() >= end:
                return
            yield injury


def report(outcomes, options):
    """What was done, as a table."""
    day = datetime.now(UTC).date().isoformat()
    lines = [
        "# What came of the longest run",
        "",
        f"`tools/faults --minutes {options.minutes:g} --seed {options.seed}`, {day}:"
        f" {sum(outcome.done.total() for outcome in outcomes)} injuries,"
        f" {sum(outcome.points for outcome in outcomes)} points,"
        f" {sum(len(outcome.wrong) for outcome in outcomes)} violations.",
        "",
        "| injury | times, Prosody to ejabberd | times, ejabberd to Prosody | all well again after, at most |",
        "|:--|--:|--:|--:|",
    ]
    for name in sorted({name for outcome in outcomes for name in outcome.done}):
        counts = " | ".join(str(outcome.done[name]) for outcome in outcomes)
        longest = max(outcome.back_s.get(name, 0.0) for outcome in outcomes)
        lines.append(f"| {name} | {counts} | {longest:.0f} s |")
    return (
        "\n".join([*lines, "", *(f"- WRONG: {line}" for outcome in outcomes for line in outcome.wrong)]).rstrip() + "\n"
    )


if __name__ == "__main__":
    sys.exit(main())
