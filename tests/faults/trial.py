"""One run: injuries in an order that a seed decides, each awaited, healed and followed by the return of everything."""

import random
import time
from collections import Counter
from dataclasses import dataclass, field

from servers import wait_until
from tests.faults.chain import RECIPIENTS
from tests.faults.checker import Checker
from tests.faults.injuries import BACK_S, LASTS, SHOWN_S

# A gateway that cannot write keeps ten batches, one a second, whole; of older ones it gives up the fine values.
UNWRITTEN_S = 8.0

# How often the file and ``status`` are looked at.
LOOK_S = 0.5


@dataclass
class Outcome:
    """What was done in a run, how long the chain took to come back, and what broke the promise."""

    seed: int
    done: Counter = field(default_factory=Counter)
    back_s: dict = field(default_factory=dict)
    points: int = 0
    wrong: list = field(default_factory=list)


class Trial:
    """A run over ``injuries`` on a chain that stands.

    Args:
        chain: the chain.
        injuries: what to do, in this order; an iterable that may never end.
        seed: decides pauses and the inside of each injury.
        settled: wait after each injury until everything works again, and say how long that took; without it the next
            one may meet the traces of the last.
        tell: called with a line for each injury.
    """

    def __init__(self, chain, injuries, seed, *, settled=True, tell=lambda line: None):
        self._chain, self._injuries, self._settled, self._tell = chain, injuries, settled, tell
        self._draw = random.Random(seed)
        self._checker = Checker(chain, gaps=[(0.0, chain.first_s)])
        self.outcome = Outcome(seed)

    def run(self):
        """Do it all, let everything arrive, judge."""
        begun = time.monotonic()
        self._await(self._chain.meter_s, SHOWN_S, "the first frame")
        for injury in self._injuries:
            self._pause(self._draw.uniform(1.0, 4.0))
            self._tell(f"{time.monotonic() - begun:7.1f} s  {injury.name}")
            self._injure(injury)
        self._checker.gaps.append((self._chain.drain(BACK_S), float("inf")))
        codes = self._chain.stop()
        self.outcome.wrong += self._checker.judge()
        self.outcome.points = len(self._checker.committed)
        if any(codes):
            self.outcome.wrong.append(f"gateway and recipients ended with {codes}")
        self.outcome.wrong += self._chain.tracebacks()
        return self.outcome

    def _injure(self, injury):
        chain, checker = self._chain, self._checker
        begun, before = time.monotonic(), chain.meter_s()
        checker.look()
        # What was read and not committed yet is nobody's promise; how long that is depends on the machine.
        kept = min(before, checker.newest())
        if injury.damages:
            before = kept = chain.drain(BACK_S)
            checker.look()
            chain.damaged = True
        with injury.begin(chain, self._draw):
            if injury.shows:
                self._await(lambda: self._state(injury.shows) not in ("ok", None), SHOWN_S, f"{injury.name} in status")
            self._pause(self._draw.uniform(*LASTS))
        healed = time.monotonic()
        if injury.damages:
            self._after_damage()
        self.outcome.done[injury.name] += 1
        unwritten = injury.needs == "strace" and time.monotonic() - begun > UNWRITTEN_S
        if unwritten or not injury.reading:
            self._await(lambda: self._state("port house") == "ok", BACK_S, f"the meter is read after: {injury.name}")
            checker.gaps.append((kept, chain.meter_s()))
        if not injury.shared:
            checker.unshared.append((before, chain.meter_s()))
        if self._settled:
            since = chain.meter_s()
            self._await(lambda: self._is_back(since), BACK_S, f"everything works again after: {injury.name}")
            took = time.monotonic() - healed
            self.outcome.back_s[injury.name] = max(took, self.outcome.back_s.get(injury.name, 0.0))

    def _after_damage(self):
        """What could not be saved of a consent is given again, its recipient asks again; then the meter goes on."""
        chain = self._chain
        self._await(lambda: self._state("store"), SHOWN_S, "the gateway runs on its damaged file")
        gone = {who: f"recipient {jid}" for who, jid in RECIPIENTS.items() if self._state(f"recipient {jid}") is None}
        if gone:
            self._await(lambda: self._state("xmpp") == "ok", BACK_S, "the federation")
            chain.grant()
        for who, link in gone.items():
            chain.kill(who)
            chain.start(who)
            self._await(lambda link=link: self._state(link), BACK_S, f"the {who} has subscribed again")
        chain.meter.command("plug")

    def _is_back(self, since):
        """All links work, and both recipients have confirmed everything that was read before that second."""
        links = self._chain.house.links()
        if any(links.get(name, {}).get("state") != "ok" for name in ("xmpp", "store", "port house")):
            return False
        oldest = self._checker.oldest_waiting()
        return oldest is None or oldest > since

    def _state(self, link):
        return self._chain.house.links().get(link, {}).get("state")

    def _pause(self, seconds):
        """Let the chain run; the file is looked at meanwhile."""
        end = time.monotonic() + seconds
        self._await(lambda: time.monotonic() >= end, seconds + SHOWN_S, "the end of a pause")

    def _await(self, predicate, seconds, what):
        def looked():
            self._checker.look()
            return predicate()

        return wait_until(looked, seconds, what, every=LOOK_S)
