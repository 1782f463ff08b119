"""What ``tools/fuzz --daemon`` calls wrong: a point that is missing or late, a log that grows or complains."""

import json
import time
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from fuzz.watch import LATE_S, LOG_BYTES, RigWatch, StoppedError

HERE = "maison@sen1.test/house@sen1.test/consumption/power/apparent/raw"


def horodate(second):
    """As a meter in winter says it."""
    return datetime.fromtimestamp(second + 3600, UTC).strftime("H%y%m%d%H%M%S")


class Rig:
    """A house whose every answer is chosen: what its meter said, what is stored, printed, written to the log."""

    def __init__(self, folder, begun):
        self.gateway = SimpleNamespace(pid=1, log=folder / "log")
        self.gateway.log.touch()
        self.received = folder / "printed"
        self.received.touch()
        self.said, self.readings, self.minutes, self.shared = [], [], [], []
        self.meters = {"house": self, "flat": SimpleNamespace(records=list)}
        for number in range(120):
            data = {"SINSTS": f"{100 + number * 7 % 50:05d}"}
            frame = {"event": "frame", "frame": number, "data": data, "horodate": {"DATE": horodate(begun + number)}}
            self.said += [frame, {"event": "sent", "frame": number, "host": begun + number + 0.9}]
            self.readings.append((begun + number, int(data["SINSTS"])))
        self.minutes.append((begun, 60))
        self.shared = [("house", "consumption/power/apparent/raw", second, value) for second, value in self.readings]

    def records(self):
        return self.said

    def query(self, sql, *values):
        rows = self.minutes if "samples" in sql else self.readings if values[0] in {"house", "flat"} else self.shared
        return [] if values[0] == "flat" else rows

    def prints(self, second, value):
        at = datetime.fromtimestamp(second, UTC).isoformat()
        with self.received.open("a") as printed:
            printed.write(json.dumps({"name": HERE, "time": at, "value": value}) + "\n")


@pytest.fixture
def rig(tmp_path):
    """A house in which all is well, from two minutes ago."""
    return Rig(tmp_path, int(time.time()) // 60 * 60 - 180)


def watched(rig):
    """The watch of a house, from the first frame on."""
    watch = RigWatch(rig)
    watch.since = rig.readings[0][0]
    return watch


def test_where_all_is_stored_and_has_arrived_nothing_is_wrong(rig):
    """Each change with its second, each whole minute with its frames, each point at the recipient."""
    watch = watched(rig)
    watch.seen.points.update({(meter, path, second): value for meter, path, second, value in rig.shared})
    assert watch.missed(rig.readings[-1][0]) == []


@pytest.mark.parametrize("what", ["a frame", "a wrong value", "a minute", "a delivery"])
def test_one_point_that_is_not_as_it_was_said_is_found(rig, what):
    """One of a hundred and twenty is enough, and it is said which."""
    watch = watched(rig)
    watch.seen.points.update({(meter, path, second): value for meter, path, second, value in rig.shared})
    second, value = rig.readings[50]
    if what == "a frame":
        del rig.readings[50]
    elif what == "a wrong value":
        rig.readings[50] = (second, value + 1)
    elif what == "a minute":
        rig.minutes[0] = (rig.minutes[0][0], 59)
    else:
        del watch.seen.points["house", "consumption/power/apparent/raw", second]
    (wrong,) = watch.missed(rig.readings[-1][0])
    assert str(rig.minutes[0][0] if what == "a minute" else second) in wrong


def test_a_point_that_comes_late_ends_the_run(rig):
    """By the end of its frame; one that was said before the run is nobody's fault."""
    watch = RigWatch(rig)
    watch.since = time.time() - 5
    rig.prints(int(watch.since) - 3600, 1)
    rig.prints(int(time.time()), 2)
    watch.arrive()
    assert len(watch.seen.lateness) == 1
    watch.since = time.time() - 3 * LATE_S
    rig.prints(int(time.time() - 2 * LATE_S), 3)
    with pytest.raises(StoppedError, match="came to the recipient"):
        watch.arrive()


@pytest.mark.parametrize(
    "line", ["Traceback (most recent call last):", "ERROR x: an unexpected KeyError", "x" * LOG_BYTES * 2]
)
def test_a_log_that_complains_or_grows_ends_the_run(rig, line):
    """What a person would have to look at; what was there before is not looked at again."""
    watch = RigWatch(rig)
    rig.gateway.log.write_text("INFO gateway.daemon.app: all is well\n")
    watch._look_at_log()
    with rig.gateway.log.open("a") as log:
        log.write(line + "\n")
    with pytest.raises(StoppedError, match="log"):
        watch._look_at_log()
