"""A class without a meter: a gateway that has read a school, a home and a roof since last Monday, and goes on.

Three simulated meters on this machine, the days before written into its database, and the page at which they stand side
by side. No server, and nothing that leaves this machine.
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from demo.endings import Endings
from demo.past import write_past
from gateway.balance.calendar import BalancePeriod, day_of, midnight
from gateway.web.access.access import PageAccess
from harness.house import GatewayFolder
from harness.process import Program, last_lines, python
from meter.neighbourhood import energy, half_hours, neighbour
from meter.process import SimulatedMeter
from servers import RigError, free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meter.household import SimulatedHousehold

# Of a page on this machine, with nobody's data.
PASSWORD = "une-ecole-un-logement-un-toit"
_ROOF_W, _STEP_S, _START_S, _STOP_S, _FRAME_S = 36_000, 1800, 30.0, 8.0, 30.0
# Name -> options of its meter.
METERS: Mapping[str, Mapping[str, object]] = {
    "school": {"who": "school", "phases": 3, "power": 36},
    "home": {"who": "home", "power": 9},
    "roof": {"who": "roof", "phases": 3, "power": 36, "solar": _ROOF_W},
}
_PLACES = """
[[place]]
name = "École"
kind = "school"
series = ["school"]
people = 130
area_m2 = 900
[[place]]
name = "Logement"
series = ["home"]
people = 4
area_m2 = 100
[[place]]
name = "Toit"
kind = "roof"
series = ["roof"]
area_m2 = 180
"""


class ClassRoom(GatewayFolder):
    """The gateway of the class with its three meters; ``url`` is where its page is."""

    def __init__(self, folder: Path, endings: Endings) -> None:
        super().__init__(folder, RigError)
        self._endings, self._stack = endings, ExitStack()
        self._gateway: Program | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        """The page."""
        return f"http://127.0.0.1:{self.port}/places?period=week"

    def __enter__(self) -> Self:
        try:
            self._configure()
            now = int(time.time())
            reached = {name: self._start_meter(name) for name in METERS}
            self._live_until(now, reached)
            access = PageAccess(self.folder / "data" / "page.json")
            access.set_password(PASSWORD)
            gateway = Program(
                self.folder, "gateway", python("gateway", "run", "--config", self.config),
                keeps=False, own_session=True, fault=RigError,
            )  # fmt: skip
            with self._endings.held():
                self._gateway = gateway.start()
                self._stack.callback(gateway.stop, _STOP_S)
            served = b"the page is served"
            wait_until(
                lambda: served in gateway.log.read_bytes(),
                _START_S,
                "the page",
                fault=RigError,
                alive=[gateway.require_alive],
            )
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def require_alive(self) -> None:
        """RigError with the last lines of the gateway where it has ended by itself."""
        if self._gateway:
            self._gateway.require_alive()

    def last_lines(self) -> str:
        """What the gateway said last."""
        return last_lines(self.folder / "gateway.log")

    def _configure(self) -> None:
        meters = "".join(f'[[meter]]\nname = "{name}"\nsource = "{self.folder}/{name}"\n' for name in METERS)
        web = f'[web]\nlisten = "127.0.0.1:{self.port}"\nhttps = ""\n'
        clock = "[clock]\ntrusted = true\n"
        self.config.write_text(f'{meters}[store]\ndirectory = "data"\n{clock}{web}{_PLACES}', encoding="utf-8")

    def _start_meter(self, name: str) -> tuple[int, int]:
        """Start a meter; its two indexes in its first frame."""
        meter = SimulatedMeter(self.folder / name, **METERS[name])
        with self._endings.held():
            self._stack.enter_context(meter)
        wait_until(meter.truth, _FRAME_S, f"the meter of the {name}", fault=RigError)
        said = meter.truth()[0]["data"]
        return int(said["EAST"]), int(said.get("EAIT", 0))

    def _live_until(self, now: int, reached: Mapping[str, tuple[int, int]]) -> None:
        """The days since the Monday before this week's, so that what the meters say goes on where they end."""
        week = BalancePeriod.WEEK
        begin = midnight(week.begin(day_of(now)) - timedelta(days=7))
        end = now // _STEP_S * _STEP_S
        who = {name: _neighbour(name) for name in METERS}
        past = {name: list(half_hours(one, begin, end)) for name, one in who.items()}
        since = {name: energy(one, end, now) for name, one in who.items()}
        ends = {
            name: tuple(wh - more // 3600 for wh, more in zip(reached[name], since[name], strict=True)) for name in who
        }
        write_past(self.folder / "data", past, ends)


def _neighbour(name: str) -> SimulatedHousehold:
    options = METERS[name]
    return neighbour(str(options["who"]), 1, int(str(options.get("phases", 1))), int(str(options.get("solar", 0))))


def show(seconds: float | None) -> int:
    """Run it until Ctrl-C, or for so long; the exit code."""
    endings = Endings()
    endings.listen()
    try:
        with tempfile.TemporaryDirectory(prefix="linky-class-") as folder, ClassRoom(Path(folder), endings) as room:
            print(f"  {room.url}\n  password: {PASSWORD}\n  Ctrl-C ends everything", flush=True)
            end = time.monotonic() + seconds if seconds else float("inf")
            while (left := end - time.monotonic()) > 0:
                time.sleep(min(left, 1.0))
                room.require_alive()
    except RigError as error:
        print(f"tools/demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ntools/demo: ended; everything that was started is stopped", file=sys.stderr)
    return 0
