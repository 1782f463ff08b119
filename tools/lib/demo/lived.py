"""A gateway of a demonstration that has lived: its simulated meters, the days before them in its database, its page."""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

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
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager, ExitStack

    from meter.household import SimulatedHousehold

# Of a page on this machine, with nobody's data.
PASSWORD = "une-ecole-un-logement-un-toit"
_STEP_S, _START_S, _STOP_S, _FRAME_S = 1800, 60.0, 8.0, 60.0


class LivedHouse(GatewayFolder):
    """A gateway with such meters.

    Args:
        folder: what it lives in.
        endings: held back while a program is being started.
        meters: name -> options of ``tools/meter run``.
        stack: ends what was started.
    """

    def __init__(
        self, folder: Path, endings: Endings, meters: Mapping[str, Mapping[str, object]], stack: ExitStack
    ) -> None:
        super().__init__(folder, RigError)
        self._endings, self._meters, self._stack = endings, meters, stack
        self._gateway: Program | None = None
        self.port = free_port()

    def live(self, tables: str, *, page: bool) -> None:
        """Start the meters and let the days since last week's Monday have been; ``tables`` are of its configuration."""
        meters = "".join(f'[[meter]]\nname = "{one}"\nsource = "{self.folder}/{one}"\n' for one in self._meters)
        web = f'[web]\nlisten = "127.0.0.1:{self.port}"\nhttps = ""\n' if page else ""
        clock = "[clock]\ntrusted = true\n"
        self.config.write_text(f'{meters}[store]\ndirectory = "data"\n{clock}{web}{tables}', encoding="utf-8")
        now = int(time.time())
        reached = {name: self._start_meter(name) for name in self._meters}
        end = now // _STEP_S * _STEP_S
        who = {name: self._who(name) for name in self._meters}
        past = {name: list(half_hours(one, begins(now), end)) for name, one in who.items()}
        since = {name: energy(one, end, now) for name, one in who.items()}
        # What the meters say goes on where those days end.
        ends = {
            name: tuple(wh - more // 3600 for wh, more in zip(reached[name], since[name], strict=True)) for name in who
        }
        write_past(self.folder / "data", past, ends)
        if page:
            PageAccess(self.folder / "data" / "page.json").set_password(PASSWORD)

    def start(self) -> None:
        """Run the gateway until the stack ends it."""
        gateway = Program(
            self.folder, "gateway", python("gateway", "run", "--config", self.config),
            keeps=False, own_session=True, fault=RigError,
        )  # fmt: skip
        with self._endings.held():
            self._gateway = gateway.start()
            self._stack.callback(gateway.stop, _STOP_S)

    def await_page(self) -> None:
        """Wait until it can be visited. RigError."""
        gateway, served = self._gateway, b"the page is served"
        assert gateway is not None
        alive = [gateway.require_alive]
        wait_until(lambda: served in gateway.log.read_bytes(), _START_S, "the page", fault=RigError, alive=alive)

    def require_alive(self) -> None:
        """RigError with the last lines of the gateway where it has ended by itself."""
        if self._gateway:
            self._gateway.require_alive()

    def last_lines(self) -> str:
        """What the gateway said last."""
        return last_lines(self.folder / "gateway.log")

    def _start_meter(self, name: str) -> tuple[int, int]:
        """Start a meter; its two indexes in its first frame."""
        meter = SimulatedMeter(self.folder / name, **self._meters[name])
        with self._endings.held():
            self._stack.enter_context(meter)
        wait_until(meter.truth, _FRAME_S, f"the meter of the {name}", fault=RigError)
        said = meter.truth()[0]["data"]
        return int(said["EAST"]), int(said.get("EAIT", 0))

    def _who(self, name: str) -> SimulatedHousehold:
        numbers = {key: int(str(self._meters[name].get(key, usual))) for key, usual in _USUAL.items()}
        return neighbour(str(self._meters[name]["who"]), numbers["seed"], numbers["phases"], numbers["solar"])


_USUAL = {"seed": 1, "phases": 1, "solar": 0}


def begins(now: float) -> int:
    """The Monday of last week, at midnight."""
    return midnight(BalancePeriod.WEEK.begin(day_of(now)) - timedelta(days=7))


class ShownPages(Protocol):
    """What is shown: its pages, and RigError once a part of it has ended by itself."""

    @property
    def urls(self) -> tuple[str, ...]:
        """Its pages."""

    def require_alive(self) -> None:
        """RigError where a part of it has ended."""


def show(begin: Callable[[Path, Endings], AbstractContextManager[ShownPages]], seconds: float | None, said: str) -> int:
    """Run it until Ctrl-C, or for so long; the exit code. ``said`` is printed while it starts."""
    endings = Endings()
    endings.listen()
    try:
        print(f"  {said}", flush=True)
        with tempfile.TemporaryDirectory(prefix="linky-") as folder, begin(Path(folder), endings) as running:
            pages = "".join(f"  {url}\n" for url in running.urls)
            print(f"{pages}  password: {PASSWORD}\n  Ctrl-C ends everything", flush=True)
            end = time.monotonic() + seconds if seconds else float("inf")
            while (left := end - time.monotonic()) > 0:
                time.sleep(min(left, 1.0))
                running.require_alive()
    except RigError as error:
        print(f"tools/demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ntools/demo: ended; everything that was started is stopped", file=sys.stderr)
    return 0
