"""``python -m away``: started by ``tools/away``."""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from away.backlog import SENSOR, BacklogPlan
from away.options import parser
from gateway.store.points import Granularity
from harness.accounts import FAR, consume, register, table
from harness.points import GATEWAYS, rows
from harness.process import Program, python
from servers import Federation

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

_OTHER = {"prosody": "ejabberd", "ejabberd": "prosody"}
# The slowest line (3 kB/s of a stock ejabberd) takes 25 s for a thousand records; four times that is a fault.
_PATIENCE_S_A_RECORD = 0.1
_LEAST_PATIENCE_S = 120.0


def main() -> int:
    """Make the backlog, let the recipient come back, and count."""
    options = parser().parse_args()
    with tempfile.TemporaryDirectory(prefix="linky-away-") as folder:
        return _Return(Path(folder), options).run()


class _Return:
    """One run in a folder of its own."""

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        self._folder, self._options = folder, options
        self._backlog = BacklogPlan(folder, FAR, options.days, options.series, options.seed)
        self._shown = 0.0

    def run(self) -> int:
        begun = time.monotonic()
        self._backlog.make(lambda share: self._show(f"living {self._options.days:g} days: {share:.0%}"))
        promised = self._promised()
        print(
            f"{len(promised)} records of {self._options.series} series wait (made in {time.monotonic() - begun:.0f} s)"
        )
        with ExitStack() as stack:
            pair = self._options.server, _OTHER[self._options.server]
            federation = stack.enter_context(Federation(self._folder / "xmpp", *pair, limits=self._options.limits))
            register(federation, self._folder)
            config = self._folder / "gateway.toml"
            # No meter: what arrives is what waited.
            config.write_text(f'[[meter]]\nsource = "/nowhere/tty"\n[store]\ndirectory = "data"\n{table(federation)}')
            # It starts while nobody is there: what it sends first waits at the recipient's server.
            programs = [
                stack.enter_context(self._program("gateway", "run", "--config", config, "--log-level", "DEBUG")),
                stack.enter_context(self._program("recipient", *consume(federation, self._folder, SENSOR))),
            ]
            begun = time.monotonic()
            self._await(len(promised), programs)
            seconds = time.monotonic() - begun
        return self._report(promised, seconds)

    def _program(self, name: str, *words: object) -> Program:
        return Program(self._folder, name, python("gateway", *words), output="file", fault=_ended)

    def _promised(self) -> list[tuple[str, int, float]]:
        query = "SELECT path, time, value FROM outbox JOIN series ON series.id = outbox.series WHERE granularity = ?"
        return sorted(rows(self._folder / GATEWAYS, query, int(Granularity.MINUTE)))

    def _received(self) -> list[tuple[str, int, float]]:
        found = rows(self._folder / "recipient.sqlite", "SELECT name, time, value FROM record")
        return sorted((name.split("/", 2)[2], int(at), value) for name, at, value in found)

    def _printed(self) -> Counter[str]:
        """The recipient's output: one line for each record that was new to it."""
        return Counter((self._folder / "recipient.out").read_text().splitlines())

    def _await(self, records: int, programs: Sequence[Program]) -> None:
        deadline = time.monotonic() + max(records * _PATIENCE_S_A_RECORD, _LEAST_PATIENCE_S)
        output, seen, begun = self._folder / "recipient.out", 0, time.monotonic()
        with output.open("rb") as lines:
            while seen < records and time.monotonic() < deadline:
                for program in programs:
                    program.require_alive()
                seen += lines.read().count(b"\n")
                self._show(f"{seen} of {records} after {time.monotonic() - begun:.0f} s")
                time.sleep(0.2)

    def _report(self, promised: list[tuple[str, int, float]], seconds: float) -> int:
        printed, received = self._printed(), self._received()
        lost = len(set(promised) - set(received))
        wrong = len(set(received) - set(promised))
        double = sum(printed.values()) - len(printed)
        bounces = (self._folder / "gateway.log").read_text(errors="replace").count("bounced:")
        rate = len(promised) / seconds
        print(f"{self._options.server}, limits {self._options.limits}: {seconds:.0f} s, {rate:.0f} records a second")
        print(f"{lost} lost, {double} double, {wrong} wrong, {bounces} bounced")
        return 0 if not (lost or double or wrong or bounces) else 1

    def _show(self, text: str) -> None:
        if sys.stderr.isatty() and time.monotonic() - self._shown > 0.5:
            self._shown = time.monotonic()
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def _ended(said: str) -> SystemExit:
    return SystemExit(f"tools/away: {said}")


if __name__ == "__main__":
    sys.exit(main())
