"""A running daemon with all that a page can show: three years, a meter that speaks, forty consents, a wrong value.

The meter goes on where the years end, on the morning of a red day; the account's server is away, so is the GPIO chip.
"""

import sqlite3
from contextlib import closing, contextmanager

from bench import years
from meter.process import SimulatedMeter
from servers import wait_until
from tests.gateway.web.conftest import PASSWORD, House
from tests.gateway.web.shared import Shared, overfull
from tests.gateway.web.test_settings import ACCOUNT
from tests.gateway.web.three_years import END

METER = {
    "seed": 1, "mode": "standard", "tariff": "tempo", "phases": 3, "solar": 3000, "start": f"{END}T10:30",
}  # fmt: skip
DATABASE = "linky-gateway.sqlite"
# What the meter says of each index, and how much of it is of this morning.
INDEXES = {years.DRAWN: ("EAST", 2600), years.MADE: ("EAIT", 900)} | {
    f"{years.DRAWN}/provider/{n}": (f"EASF{n:02}", {1: 1200, 6: 1400}.get(n, 0)) for n in range(1, 7)
}


@contextmanager
def whole_house(folder, known):
    """The house with a copy of the database of these three years; its owner is signed in."""
    tty, data = folder / "ttyTIC", folder / "house" / "data"
    (folder / "house").mkdir()
    (folder / "house" / "password").write_text("canary-of-the-account\n")
    data.mkdir()
    with closing(sqlite3.connect(known / DATABASE)) as old, closing(sqlite3.connect(data / DATABASE)) as new:
        old.backup(new)
    with SimulatedMeter(tty, **METER) as meter:
        shared = Shared(data, "ab12cd34ef")
        with closing(shared.store):
            wait_until(meter.truth, 60, "what the meter says")
            _join(shared.store, meter.truth()[0]["data"])
            point = _spoil(shared.store)
            overfull(shared)
        contract = years.CONFIG.partition("[[tariff]]")
        counter = years.CONFIG.partition("[[counter]]")[2].partition("[store]")[0]
        account = ACCOUNT.partition("[objective]")[0]
        with House(folder / "house", tty, f"[[counter]]{counter}{account}{''.join(contract[1:])}") as house:
            house.signed_in, house.point = house.owner(), point
            house.signed_in.send("/access/displays", own_password=PASSWORD, name="Télé du salon")
            wait_until(lambda: "stale&quot;: false" in house.signed_in.get("/")[1], 60, "a fresh frame")
            yield house


def _join(store, said):
    """Let each index of the years end where the meter's begins, this morning's energy before."""
    for series in store.meters.series("house"):
        if series.path in INDEXES:
            label, morning = INDEXES[series.path]
            (last,) = store.db.execute(
                "SELECT value FROM coarse WHERE series = ? AND step = 1800 ORDER BY time DESC LIMIT 1", [series.id]
            ).fetchone()
            for table, series_of in (("coarse", "series"), ("span", "register")):
                store.db.execute(
                    f"UPDATE {table} SET value = value + ? WHERE {series_of} = ?",
                    [int(said[label]) - morning - last, series.id],
                )


def _spoil(store):
    """Make one half hour a hundred times too high; what the page asks for to show it."""
    (series,) = [one for one in store.meters.series("house") if one.path == years.CURVE]
    (time,) = store.db.execute(
        "SELECT max(time) FROM coarse WHERE series = ? AND step = 1800 AND value > 400", [series.id]
    ).fetchone()
    store.db.execute(
        "UPDATE coarse SET value = value * 100 WHERE series = ? AND step = 1800 AND time = ?", [series.id, time]
    )
    return f"meter=house&path={years.CURVE.replace('/', '%2F')}&granularity=PT30M&time={time}"
