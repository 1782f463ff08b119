"""``python -m away``: started by ``tools/away``."""

from __future__ import annotations

import os
import secrets
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Self

from away.backlog import SENSOR, Backlog
from away.options import parser
from gateway.store.points import Granularity
from servers import Federation

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[3]
HOME, FAR = "maison@sen1.test", "coop@sen2.test"
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
        self._backlog = Backlog(folder, FAR, options.days, options.series, options.seed)
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
            self._configure(federation)
            # It starts while nobody is there: what it sends first waits at the recipient's server.
            programs = [
                stack.enter_context(_Program(self._folder, "gateway", self._gateway())),
                stack.enter_context(_Program(self._folder, "recipient", self._recipient(federation))),
            ]
            begun = time.monotonic()
            self._await(len(promised), programs)
            seconds = time.monotonic() - begun
        return self._report(promised, seconds)

    def _configure(self, federation: Federation) -> None:
        password = secrets.token_urlsafe(16)
        (self._folder / "password").write_text(password + "\n")
        for jid in (HOME, FAR):
            federation.register(*jid.split("@"), password)
        (self._folder / "gateway.toml").write_text(
            # No meter: what arrives is what waited.
            '[[meter]]\nsource = "/nowhere/tty"\n[store]\ndirectory = "data"\n'
            f'[federation]\njid = "{HOME}"\npassword_file = "password"\n'
            f'address = "{federation.address("sen1.test")}"\nca_file = "{federation.ca}"\n'
        )

    def _gateway(self) -> Sequence[str | Path]:
        return ["run", "--config", self._folder / "gateway.toml", "--log-level", "DEBUG"]

    def _recipient(self, federation: Federation) -> Sequence[str | Path]:
        return [
            "consume", "--jid", FAR, "--password-file", self._folder / "password",
            "--address", federation.address("sen2.test"), "--ca-file", federation.ca,
            "--gateway", f"{HOME}/proxy", "--identifier", f"{HOME}/{SENSOR}@sen1.test",
            "--store", self._folder / "recipient.sqlite",
        ]  # fmt: skip

    def _promised(self) -> list[tuple[str, int, float]]:
        with closing(sqlite3.connect(self._folder / "data" / "linky-gateway.sqlite")) as db:
            rows = db.execute(
                "SELECT path, time, value FROM outbox JOIN series ON series.id = outbox.series WHERE granularity = ?",
                [int(Granularity.MINUTE)],
            )
            return sorted(rows.fetchall())

    def _received(self) -> list[tuple[str, int, float]]:
        with closing(sqlite3.connect(self._folder / "recipient.sqlite")) as db:
            rows = db.execute("SELECT name, time, value FROM record").fetchall()
        return sorted((name.split("/", 2)[2], int(at), value) for name, at, value in rows)

    def _printed(self) -> Counter[str]:
        """The recipient's output: one line for each record that was new to it."""
        return Counter((self._folder / "recipient.out").read_text().splitlines())

    def _await(self, records: int, programs: Sequence[_Program]) -> None:
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
        bounces = (self._folder / "gateway.err").read_text(errors="replace").count("bounced:")
        rate = len(promised) / seconds
        print(f"{self._options.server}, limits {self._options.limits}: {seconds:.0f} s, {rate:.0f} records a second")
        print(f"{lost} lost, {double} double, {wrong} wrong, {bounces} bounced")
        return 0 if not (lost or double or wrong or bounces) else 1

    def _show(self, text: str) -> None:
        if sys.stderr.isatty() and time.monotonic() - self._shown > 0.5:
            self._shown = time.monotonic()
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


class _Program:
    """One of ours as a process: its output in ``NAME.out``, its log in ``NAME.err``."""

    def __init__(self, folder: Path, name: str, arguments: Sequence[str | Path]) -> None:
        self._name, self._log = name, folder / f"{name}.err"
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        with (folder / f"{name}.out").open("wb") as out, self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "--", sys.executable, "-m", "gateway", *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
                env=environment,
            )

    def require_alive(self) -> None:
        """End with its last line if it has ended."""
        if self._process.poll() is not None:
            raise SystemExit(f"tools/away: the {self._name} ended: {self._log.read_text().splitlines()[-1:]}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)


if __name__ == "__main__":
    sys.exit(main())
