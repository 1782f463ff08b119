"""What ``tools/fuzz --daemon`` calls wrong: a point that is missing or late, a log that grows or complains."""

import asyncio
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from fuzz import probe as probes
from fuzz.probe import UNANSWERED_S, FederationProbe, StoppedError, queued_s
from fuzz.watch import LATE_S, LOG_BYTES, MOST_ALLOWED_S, RigWatch

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

    def way_of(self, _):
        return (1,)

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


def waited(monkeypatch, rig, *, servers, machine):
    """A watch that looked once, before what its servers and its processes then waited for (s)."""
    queued = [5.0]
    monkeypatch.setattr("fuzz.watch.queued_s", lambda _: queued[0])
    watch = RigWatch(rig)
    watch.since = time.time() - 3 * MOST_ALLOWED_S
    watch._queued["house"].append((watch.since, queued[0]))
    queued[0] += machine
    watch._probe._took.append((time.time(), servers))
    return watch


@pytest.mark.parametrize(("servers", "machine"), [(3.0, 0.0), (0.0, 3.0), (2.0, 1.0)])
def test_what_servers_and_machine_keep_waiting_is_allowed_and_no_more(rig, monkeypatch, servers, machine):
    """A house that is late by itself is found behind prompt servers and behind slow ones."""
    watch = waited(monkeypatch, rig, servers=servers, machine=machine)
    rig.prints(int(time.time() - LATE_S - 1), 1)
    watch.arrive()
    assert watch.seen.allowed == [pytest.approx(3.0)]
    rig.prints(int(time.time() - LATE_S - 5), 2)
    with pytest.raises(StoppedError, match=r"3\.0 s are allowed"):
        watch.arrive()


def test_no_wait_excuses_everything(rig, monkeypatch):
    """However long servers and cores took: not more than so much."""
    watch = waited(monkeypatch, rig, servers=100.0, machine=100.0)
    rig.prints(int(time.time() - LATE_S - MOST_ALLOWED_S - 2), 1)
    with pytest.raises(StoppedError, match=f"{MOST_ALLOWED_S} s are allowed"):
        watch.arrive()


def test_a_process_waits_for_a_core_as_the_kernel_counts_it():
    """Of this one it is a number that does not shrink; of none, and of one that has gone, nothing."""
    before = queued_s(os.getpid())
    assert 0 < before <= queued_s(os.getpid())
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    assert queued_s(gone.pid) == queued_s(None) == 0.0


class Client:
    """Stands for slixmpp's client at one end of the probe, with or without its server, which answers as it is told."""

    def __init__(self, jid, *, connected=True, answers=True):
        self.boundjid, self._connected, self._answers = SimpleNamespace(bare=jid), connected, answers
        self.plugin = {"xep_0199": self}

    def is_connected(self):
        return self._connected

    async def send_ping(self, *_, **__):
        if not self._answers:
            await asyncio.Event().wait()

    async def end(self):
        self._connected = False


async def probed(monkeypatch, rig, **made):
    """The run of a probe of such clients, which are there at once."""
    monkeypatch.setattr(probes, "_ASK_EVERY_S", 0.01)
    monkeypatch.setattr(probes.ssl, "create_default_context", lambda **_: None)
    rig.federation = SimpleNamespace(ca=None)
    probe = FederationProbe(rig)
    monkeypatch.setattr(probe, "_client", lambda jid, _: Client(jid, **made))

    async def begun(_):
        pass

    monkeypatch.setattr(probe, "_begun", begun)
    async with asyncio.timeout(30):
        await probe.run()


def test_a_probe_that_has_lost_its_server_ends_the_run(rig, monkeypatch):
    """It would excuse whatever is late from then on."""
    with pytest.raises(StoppedError, match=r"the probe probe@sen1\.test has lost its server"):
        asyncio.run(probed(monkeypatch, rig, connected=False))


def test_a_probe_that_is_not_answered_ends_the_run(rig, monkeypatch):
    """After a minute, in its own words."""
    monkeypatch.setattr(probes, "UNANSWERED_S", 0.2)
    with pytest.raises(StoppedError, match="have not answered the probe for"):
        asyncio.run(probed(monkeypatch, rig, answers=False))
    assert UNANSWERED_S > 2 * MOST_ALLOWED_S


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
