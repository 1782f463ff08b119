"""``tools/fuzz --daemon``: one campaign, told; the exit code."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from fuzz.campaign import Campaign
from fuzz.rig import Rig
from fuzz.told import told
from meter.process import MeterError
from servers import RigError
from soak.parts import SoakError


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
