"""A house and who is allowed its data, in two real domains: accounts, configuration, and both as processes."""

from __future__ import annotations

import os
import re
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import harness.process
from bench.days import SENSOR
from bench.options import PAIRS
from gateway.federation.connection.session import Account
from harness import ROOT
from harness.accounts import FAR, HOME, consume, register, table
from harness.points import GATEWAYS
from harness.process import python
from servers import Federation, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from servers.process import Limits

# What waits is there; a meter is not.
_NO_METER = '[[meter]]\nsource = "/nowhere/tty"\n'
_CONNECTED = b"connected to the federation"
_TICKS = os.sysconf("SC_CLK_TCK")
_START_S = 60.0


class BenchProgram(harness.process.Program):
    """One of ours as a process, measured: it begins with what is made of it, and its files begin anew."""

    def __init__(self, folder: Path, name: str, arguments: Sequence[object]) -> None:
        super().__init__(
            folder, name, python("gateway", *arguments), output="file", keeps=False,
            fault=lambda said: SystemExit(f"benchmarks: {said}"),
        )  # fmt: skip
        self.start()

    @property
    def processor_s(self) -> float:
        """Seconds of the processor that it has had, its own and the kernel's for it."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    @property
    def memory_mb(self) -> float:
        """The most memory that it has had at once, in MB."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1000

    def await_connected(self) -> float:
        """Wait until it is connected to its server; when that was seen (monotonic seconds)."""

        def connected() -> bool:
            self.require_alive()
            return _CONNECTED in self.log.read_bytes()

        wait_until(connected, _START_S, f"{self.name} connected")
        return time.monotonic()

    def await_lines(self, count: int, seconds: float) -> float:
        """Wait until it has printed so many lines; when that was seen (monotonic seconds)."""
        seen = 0
        with self.out.open("rb") as lines:

            def enough() -> bool:
                nonlocal seen
                seen += lines.read().count(b"\n")
                self.require_alive()
                return seen >= count

            wait_until(enough, seconds, f"{count} lines of the {self.name}")
        return time.monotonic()


class BenchHouse:
    """A gateway's folder, with its account and those of its recipients on running servers.

    ``data`` is the folder of its ``database``, ``config`` its configuration; ``received`` is what its recipient has
    committed; ``tty`` is where its meter's port is, where it has one: ``on_a_wire`` names it.
    """

    def __init__(self, folder: Path, federation: Federation) -> None:
        self.folder, self.federation = folder, federation
        self.data, self.config, self.tty = folder / "data", folder / "gateway.toml", folder / "ttyTIC"
        self.database, self.received = folder / GATEWAYS, folder / "recipient.sqlite"

    def on_a_wire(self) -> str:
        """The table of a meter on that port, for ``configure``."""
        return f'[[meter]]\nsource = "{self.tty}"\nsensor = "{SENSOR}"\nclock = "meter"\nmode = "standard"\n'

    def configure(
        self, recipients: Iterable[str] = (FAR,), *, meters: str = _NO_METER, more: str = "", commit_s: int = 1
    ) -> None:
        """Make the accounts and the configuration; ``more`` is of its federation table, or whole tables."""
        register(self.federation, self.folder, (HOME, *recipients))
        self.config.write_text(
            f'{meters}[store]\ndirectory = "data"\ncommit_interval_s = {commit_s}\n{table(self.federation)}{more}'
        )

    def account(self, jid: str) -> Account:
        """The account of one of them, for a session here."""
        address = self.federation.address(jid.partition("@")[2])
        return Account(jid, (self.folder / "password").read_text().strip(), address, self.federation.ca)

    def gateway(self) -> BenchProgram:
        """Its daemon, started."""
        return BenchProgram(self.folder, "gateway", ["run", "--config", self.config])

    def command(self, *words: str, check: bool = True) -> str:
        """One command of its command line; what it printed. Raises CalledProcessError, unless that is no matter."""
        command = python("gateway", *words, "--config", self.config)
        said = None if check else subprocess.DEVNULL
        return subprocess.run(
            [*map(str, command)], check=check, stdout=subprocess.PIPE, stderr=said, text=True, cwd=ROOT
        ).stdout

    def recipient(self, *more: str) -> BenchProgram:
        """Its recipient, started: one printed line a record, once it is committed."""
        return BenchProgram(self.folder, "recipient", [*consume(self.federation, self.folder, SENSOR), *more])


@contextmanager
def house(folder: Path, pair: str = "pe", limits: Limits = "none") -> Iterator[BenchHouse]:
    """A house's folder and two running servers, until the end of the block."""
    folder.mkdir(parents=True, exist_ok=True)
    home, far = PAIRS[pair]
    with Federation(folder / "xmpp", home, far, limits=limits) as federation:
        yield BenchHouse(folder, federation)


def memory_of(pid: int) -> dict[str, float]:
    """Resident, proportional, and private and written memory of a process, in MB of a million bytes."""
    told = dict(re.findall(r"^(\w+): +(\d+) kB$", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE))
    return {f"{name.lower()}_megabytes": int(told[name]) * 1024 / 1e6 for name in ("Rss", "Pss", "Private_Dirty")}
