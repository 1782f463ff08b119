"""A real database for each test, and readings by the handful."""

from datetime import UTC, datetime

import pytest

from gateway.store.points import Outgoing
from gateway.store.recorder import Recorder
from gateway.store.store import Store
from gateway.tic.reading import Interpretation, Kind, Quality, Reading
from tests.prepared import prepare

# A summer Tuesday, 10:00:00 UTC: no boundary of a day near, on a half hour.
START = 1_781_604_000

POWER = "consumption/power/apparent/raw"
INDEX = "consumption/energy/active/index"
TARIFF = "contract/tariff"


def reading(path, time, value):
    """A reading of the kind that the path says."""
    kind = Kind.TEXT if isinstance(value, str) else Kind.INDEX if "index" in path else Kind.GAUGE
    unit = {Kind.TEXT: "", Kind.INDEX: "Wh", Kind.GAUGE: "VA"}[kind]
    return Reading(path, datetime.fromtimestamp(time, UTC), value, unit, kind, Quality.METER)


def frame(time, **values):
    """What the interpreter makes of one frame: ``power=``, ``index=``, ``tariff=``."""
    paths = {"power": POWER, "index": INDEX, "tariff": TARIFF}
    readings = tuple(reading(paths[name], time, value) for name, value in values.items())
    return Interpretation(datetime.fromtimestamp(time, UTC), Quality.METER, "021961000000", None, readings, ())


def hand_over(store, recipient, now, last=None):
    """Note what waits for a recipient, up to a number, as a delivery does before it sends it; its rows."""
    rows = tuple(row for row in store.outbox.pending(recipient, -1, 10**6, now) if last is None or row.seq <= last)
    assert store.outbox.hand_over([Outgoing(recipient, rows[-1].seq, rows)], now) == [True]
    return rows


@pytest.fixture
def directory(tmp_path):
    """A folder with a prepared, empty database."""
    prepare(tmp_path)
    return tmp_path


@pytest.fixture
def store(directory):
    """The store of a gateway with one meter, ``house``."""
    opened = Store(directory)
    opened.meters.add("house", "ab12cd34ef")
    yield opened
    opened.close()


@pytest.fixture
def recorder():
    """A recorder that knows nothing yet."""
    return Recorder("house", {})
