"""A household's rights between two real servers: the other gateway knows a pseudonym, and is sent corrections."""

import json
from contextlib import closing

import pytest

from gateway.store.recorder import iso
from harness.accounts import FAR, HOME
from harness.points import GATEWAYS, opened
from meter.process import SimulatedMeter
from servers import wait_until
from tests.integration.processes import House

WAIT_S = 30


class Neighbour(House):
    """A gateway that receives what the first one gives it, under the name that it was told."""

    def __init__(self, folder, federation, known_as):
        super().__init__(folder, federation, "/nowhere/tty")
        words = self.config.read_text().replace(f'jid = "{HOME}"', f'jid = "{FAR}"').replace("ab12", "cd34")
        domain = FAR.partition("@")[2]
        words = words.replace(federation.address("sen1.test"), federation.address(domain))
        identifier = f"{HOME}/{known_as}@sen1.test/consumption"
        self.config.write_text(
            f'{words}\n[[received]]\nname = "roof"\nprovider = "{HOME}/proxy"\nidentifier = "{identifier}"\n'
        )

    def received_points(self):
        """(literal name, time) -> value of everything received."""
        with closing(opened(self.folder / GATEWAYS)) as db:
            rows = db.execute(
                "SELECT sen1, time, value FROM received_point JOIN received_series"
                " ON received_series.id = received_point.series"
            )
            return {(name, time): value for name, time, value in rows}


@pytest.fixture
def home(federation, tmp_path):
    """A house whose meter speaks, and that gives its consumption under a pseudonym."""
    (tmp_path / "home").mkdir()
    with SimulatedMeter(tmp_path / "home" / "ttyTIC", speed=20, seed=5, mode="standard") as meter:
        yield House(tmp_path / "home", federation, tmp_path / "home" / "ttyTIC")
        meter.command("unplug")


def test_a_pseudonym_is_all_that_is_known_and_a_correction_reaches_whoever_has_the_value(home, federation, tmp_path):
    """Neither id nor delivery point arrives; the corrected value replaces the one that was received."""
    words = (
        "consent",
        "grant",
        FAR,
        "--series",
        "consumption",
        "--granularity",
        "raw",
        "--pseudonym",
        "--json",
        "--accept",
    )
    (given,) = json.loads(home.command(*words).stdout)
    known_as = given["known_as"]
    neighbour = Neighbour(tmp_path / "far", federation, known_as)
    with home.gateway() as gateway, neighbour.gateway() as other:
        neighbour.await_link("provider roof", "ok")
        wait_until(neighbour.received_points, WAIT_S, "a received point", every=0.3)
        (name, at), value = next(iter(neighbour.received_points().items()))
        path = name.split("/", 2)[2]
        wrong = value + 1 if isinstance(value, int) else f"{value}!"
        done = home.command("privacy", "rectify", path, iso(at), wrong, "--reason", "a test")
        assert done.returncode == 0, done.stderr
        corrected = wait_until(
            lambda: neighbour.received_points()[name, at] == wrong and neighbour.received_points(),
            WAIT_S,
            "the corrected value",
            every=0.3,
        )
        assert {name.split("/")[1] for name, _ in corrected} == {f"{known_as}@sen1.test"}
        notice = home.command("privacy", "notice", FAR, "--lang", "en")
        assert "by a pseudonym that it alone knows" in notice.stdout
        for process in (gateway, other):
            assert "Traceback" not in process.log.read_text()
    everything = b"".join(path.read_bytes() for path in (tmp_path / "far" / "data").glob("*.sqlite*"))
    assert f"{known_as}@sen1.test".encode() in everything
    assert b"ab12@sen1.test" not in everything
