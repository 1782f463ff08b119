"""``python -m bench``: started by ``tools/bench``. Runs the parts (``parts``) one after the other.

A part that fails is named with its last words, and the others go on. What is printed are figures beside budgets, and no
verdict of a test: machines differ.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import growth, machine, report
from bench.machine import ROOT
from bench.options import parser
from bench.parts import PARTS, BenchPart

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

README = ROOT / "README.md"
_TICK_S = 1.0
_TO_END_S = 30.0


class PartError(RuntimeError):
    """A part did not come to its end; the message says why."""


def main() -> int:
    """Measure, print, and write what was asked for; 1 when a part failed."""
    options = parser().parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parts = _chosen(options.only)
    results: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": machine.words(),
        "servers": options.servers,
        "parts": {},
        "failed": {},
    }
    with tempfile.TemporaryDirectory(prefix="linky-bench-") as folder:
        for part in parts:
            try:
                results["parts"][part.name] = _measure(part, Path(folder) / part.name, options)
            except PartError as error:
                results["failed"][part.name] = str(error)
                print(f"tools/bench: {part.name}: {error}", file=sys.stderr)
            if not options.markdown:
                print("\n".join(report.lines(part, results)), flush=True)
    _hand_over(results, options)
    return 1 if results["failed"] else 0


def _chosen(only: str | None) -> Sequence[BenchPart]:
    names = only.split(",") if only else [part.name for part in PARTS]
    known = {part.name: part for part in PARTS}
    for name in names:
        if name not in known:
            raise SystemExit(f"tools/bench: {name} is no part; there are {', '.join(known)}")
    return [known[name] for name in names]


def _measure(part: BenchPart, folder: Path, options: argparse.Namespace) -> dict[str, float]:
    """The part's figures; it runs in a process of its own, with all that it starts."""
    folder.mkdir()
    asked = {"servers": options.servers, "seconds": options.seconds, "quick": options.quick}
    asked["peers"] = {name: str(place) for name, place in options.peer}
    (folder / "asked.json").write_text(json.dumps(asked))
    begun = time.monotonic()
    with (folder / "said").open("w+") as said:
        # Told to end as well when this program is killed outright: it may have a file system mounted.
        command = ["setpriv", "--pdeathsig", "TERM", "--"]
        command += [sys.executable, "-m", "bench.one_part", part.name, str(folder)]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd=ROOT, start_new_session=True
        )
        try:
            code = _await(process, part, begun)
        except BaseException:
            _end(process)
            raise
        finally:
            _show("")
        if code:
            said.seek(0)
            last = [line.strip() for line in said if line.strip()][-1:] or ["it said nothing"]
            raise PartError(f"ended with code {code}: {last[0]}")
    found: dict[str, float] = json.loads((folder / "found.json").read_text())
    return found


def _await(process: subprocess.Popen[bytes], part: BenchPart, begun: float) -> int:
    while True:
        try:
            return process.wait(_TICK_S)
        except subprocess.TimeoutExpired:
            passed = time.monotonic() - begun
            _show(f"{part.name} … {passed:.0f} s")
            if passed > part.patience_s:
                raise PartError(f"did not come to its end within {part.patience_s:.0f} s") from None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let a part take away what it has put up; then end it, and all that it started: its session is its own."""
    process.terminate()
    try:
        process.wait(_TO_END_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _show(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def _hand_over(results: dict[str, Any], options: argparse.Namespace) -> None:
    if options.json:
        options.json.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if options.markdown:
        print(report.markdown(results), end="")
    if options.readme:
        README.write_text(report.into(README.read_text(encoding="utf-8"), results), encoding="utf-8")
        if figures := results["parts"].get("growth"):
            growth.write(growth.CURVES, growth.nested(figures))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
