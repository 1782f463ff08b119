"""``tools/fuzz --daemon``: one campaign, and what is said of it: inputs by kind, answers, memory, the verdict."""

from __future__ import annotations

import asyncio
import shutil
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from fuzz.campaign import Campaign
from fuzz.rig import Rig
from meter.process import MeterError
from servers import RigError
from soak.parts import SoakError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fuzz.campaign import FuzzOutcome
    from fuzz.watch import FuzzObservations

_BARS = "▁▂▃▄▅▆▇█"
_WIDTH = 80


def fuzz_daemon(minutes: float, seed: int, ways: tuple[str, ...], folder: Path | None, found: Path) -> int:
    """Run it; 0 when everybody else went on, 1 when somebody stopped, 3 when something that is needed is missing."""
    print(f"seed {seed}, {minutes:g} minutes, {', '.join(ways) or 'nobody'}", flush=True)
    # The servers' sockets need a short path.
    place = folder or Path(tempfile.mkdtemp(prefix="linky-fuzz-"))
    place.mkdir(parents=True, exist_ok=True)
    if any(place.iterdir()):
        print(f"tools/fuzz: {place} is not empty: name another folder", file=sys.stderr)
        return 3
    campaign = None
    try:
        with ExitStack() as stack:
            rig = stack.enter_context(Rig(place.resolve()))
            campaign = Campaign(rig, seed, ways, stack)
            asyncio.run(campaign.run(minutes, found))
    except KeyboardInterrupt:
        return 130
    except (RigError, SoakError, MeterError, AssertionError) as error:
        if campaign is None:
            print(f"tools/fuzz: {error}; everything is in {place}", file=sys.stderr)
            return 3
        campaign.outcome.wrong.append(str(error))
    return _tell(campaign, place, kept=folder is not None)


def _tell(campaign: Campaign, place: Path, *, kept: bool) -> int:
    outcome = campaign.outcome
    print("\n" * sys.stderr.isatty() + told(outcome, campaign.watch.seen))
    for wrong in outcome.wrong:
        print(f"tools/fuzz: {wrong}", file=sys.stderr)
    for file in outcome.kept:
        print(f"tools/fuzz: what was fired last is kept as {file}", file=sys.stderr)
    if outcome.wrong:
        print(f"tools/fuzz: everything is in {place}", file=sys.stderr)
        return 1
    print("everybody else went on")
    if not kept:
        shutil.rmtree(place)
    return 0


def spark(values: Sequence[float]) -> str:
    """At most 80 bars, each the greatest of its share; the lowest is the least of all."""
    if not values:
        return ""
    count = min(_WIDTH, len(values))
    shares = [values[len(values) * at // count : len(values) * (at + 1) // count] for at in range(count)]
    tops = [max(share) for share in shares]
    low, span = min(tops), (max(tops) - min(tops)) or 1.0
    return "".join(_BARS[round((top - low) / span * (len(_BARS) - 1))] for top in tops)


def told(outcome: FuzzOutcome, seen: FuzzObservations) -> str:
    """The page that is printed."""
    lines = [f"seed {outcome.seed}"]
    for way, fired in outcome.fired.items():
        lines += [f"\n{way}: {sum(fired.kinds.values())} inputs", _listed(fired.kinds)]
        if fired.answers:
            lines += ["  answers:", _listed(fired.answers)]
    memory = [sample.rss / 1e6 for _, sample in seen.memory]
    if memory:
        lines.append(f"\nmemory (RSS) {min(memory):.1f} to {max(memory):.1f} MB\n  {spark(memory)}")
        lines.append(f"the gateway took {100 * seen.processor():.0f} % of a core")
    if seen.lateness:
        lines.append(f"lateness of {len(seen.lateness)} points at the recipient, {_spread(seen.lateness)}")
    if seen.answers:
        lines.append(f"answers of {len(seen.answers)} pages, {_spread(seen.answers)}")
    if seen.load:
        load, held = seen.load, max(seen.held_up, default=0.0)
        usual = f"{statistics.mean(load):.1f}, at most {max(load):.1f}"
        lines.append(f"load of this machine {usual}; it held this program up by {held:.2f} s at most")
    lines += [f"{name}: {text}" for name, text in outcome.figures.items()]
    return "\n".join(lines)


def _listed(counted: dict[str, int]) -> str:
    width = max(map(len, counted), default=0)
    return "\n".join(f"  {name:<{width}}  {count}" for name, count in sorted(counted.items(), key=lambda one: -one[1]))


def _spread(values: Sequence[float]) -> str:
    return f"median {statistics.median(values):.2f} s, at most {max(values):.2f} s"
