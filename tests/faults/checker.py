"""Judges a run by what the meter said, and by what was seen to be committed; never by a log.

A point is (path, time in seconds, value). Committed is what another connection reads in the gateway's file.
"""

import sqlite3
from collections import Counter
from dataclasses import dataclass, field

from harness.points import GATEWAYS, rows, say
from tests.faults.chain import RECIPIENTS, SERIES, SPEED

# Series -> the meter's label for it, in standard mode: each change of it is a point of the second of its frame.
SAID = {"consumption/energy/active/index": "EAST", "consumption/power/apparent/raw": "SINSTS"}

# What a meter dates with the beginning of a time and says at its end: so much later it is committed, its consent asked.
LATER_S = {"consumption/voltage/mean": 600, "consumption/power/active/raw": 1800}

# What a gateway may not have known yet when it was killed: a second of the wall clock until the next commit, the frame
# that it was reading, and the second before it reads again.
MARGIN_S = 4 * SPEED


@dataclass
class Checker:
    """What is known of a run; ``wrong`` says what broke the promise.

    Attributes:
        committed: every point that was ever seen in the file.
        gaps: spans of the meter's clock in which nobody read it.
        unshared: spans of it in which the household's consent did not stand.
    """

    chain: object
    committed: set = field(default_factory=set)
    gaps: list = field(default_factory=list)
    unshared: list = field(default_factory=list)
    wrong: list = field(default_factory=list)

    def look(self):
        """Note what is committed now."""
        self.committed |= self._read()

    def newest(self):
        """The meter's second of the last point that was seen to be committed."""
        return max((time for _, time, _ in self.committed), default=0)

    def _read(self):
        """Every point in the gateway's file; none while there is no file to read."""
        try:
            found = self._ask("SELECT path, time, value FROM reading JOIN series ON series.id = reading.series")
            return {(path, int(time), value) for path, time, value in found if path.startswith(SERIES)}
        except sqlite3.Error:
            # It is being set aside, or was damaged: what is judged is what could be seen.
            return set()

    def oldest_waiting(self):
        """The time of the oldest point that a recipient has not confirmed; None when there is none."""
        return self._ask("SELECT min(time) FROM outbox")[0][0]

    def _ask(self, query):
        return rows(self.chain.house.folder / GATEWAYS, query)

    def judge(self):
        """At the end, when all is delivered and gateway and recipients have stopped."""
        now = self._read()
        gone = set() if self.chain.damaged else self.committed - now
        self.committed |= now
        owed = {point for point in self.committed if not self._was_unshared(point)}
        for who in RECIPIENTS:
            told = rows(self.chain.house.folder / f"{who}.sqlite", "SELECT name, time, value FROM record")
            received = [(name.split("/", 2)[2], int(time), value) for name, time, value in told]
            self._say(f"committed, and not at the {who}", owed - set(received))
            self._say(f"at the {who}, and never committed", set(received) - self.committed)
            self._say(f"twice at the {who}", {point for point, count in Counter(received).items() if count > 1})
        self._say("seen in the file, and gone from it", gone)
        self._judge_truth()
        return self.wrong

    def _was_unshared(self, point):
        path, time, _ = point
        return any(_within(at, self.unshared) for at in (time, time + LATER_S.get(path, 0)))

    def _judge_truth(self):
        truth = self.chain.meter.truth()
        for path, label in SAID.items():
            said = {(int(frame["time"]), int(frame["data"][label])) for frame in truth if label in frame["data"]}
            stored = {(time, value) for where, time, value in self.committed if where == path}
            self._say(
                f"{path} that the meter never said",
                {point for point in stored - said if not self._spliced(point, said)},
            )
            if len(stored) < 20:
                self.wrong.append(f"only {len(stored)} points of {path}")
            self._say(f"{path} that was said and read, and is nowhere", self._missing(path, label, truth))

    def _missing(self, path, label, truth):
        """Changes in frames that were read for certain, of which no point tells.

        A frame is a little shorter than a second: a change in the second one of the same second is kept of that second
        or of the next.
        """
        last, missing, second = None, set(), None
        for frame in truth:
            if int(frame["time"]) == second:
                continue
            second = int(frame["time"])
            point = (path, second, int(frame["data"].get(label, -1)))
            if point[2] not in (last, -1):
                known = point in self.committed or (path, second - 1, point[2]) in self.committed
                if not known and not self._unread(frame["time"]):
                    missing.add(point)
                last = point[2]
        return missing

    def _unread(self, time):
        return _within(time, self.gaps)

    def _spliced(self, point, said):
        """Whether a frame that broke off at the edge of a gap went on with the values of one from the other edge.

        A reader that was stopped finds both in its port's buffer, as one frame with the date of the first.
        """
        time, value = point
        spans = [span for span in self.gaps if _within(time, [span])]
        return any(value == other for at, other in said if _within(at, spans))

    def _say(self, what, found):
        say(self.wrong, what, found)


def _within(time, spans):
    return any(begin - MARGIN_S <= time <= end + MARGIN_S for begin, end in spans)
