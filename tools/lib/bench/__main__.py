"""``python -m bench``: started by ``tools/bench``. Runs the parts (``parts``) one after the other.

A part that fails is named with its last words, and the others go on. What is printed are figures beside budgets, and no
verdict of a test: machines differ.
"""

from __future__ import annotations

import json
import os
import platform
import re
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import growth, report
from bench.options import TABLE, parser
from bench.parts import PARTS, BenchPart
from harness.process import Program, last_lines, python
from harness.wait import wait_until

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

README = Path(__file__).with_name("README.md")
# Ten times what the longest takes on a machine with nothing else to do: a part that is not over by then never will be.
_PATIENCE_S = 4_000.0
_TICK_S = 1.0


class PartError(RuntimeError):
    """A part did not come to its end; the message says why."""


def main() -> int:
    """Measure, print, and write what was asked for; 1 when a part failed."""
    options = parser().parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parts = _chosen(options.only)
    results: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": _machine(),
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
                table = Path(folder) / part.name / "work" / TABLE
                more = table.read_text(encoding="utf-8") if table.exists() else ""
                print("\n".join(report.lines(part, results)), more, sep="\n", end="", flush=True)
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
    asked = {
        "servers": options.servers,
        "seconds": options.seconds,
        "quick": options.quick,
        "peers": dict(options.peer),
    }
    command = python("bench.parts", part.name, folder, json.dumps(asked))
    program = Program(folder, part.name, command, own_session=True).start()
    session, begun = program.process.pid, time.monotonic()

    def ended() -> bool:
        _show(f"{part.name} … {time.monotonic() - begun:.0f} s")
        return not program.running

    try:
        late = f"did not come to its end within {_PATIENCE_S:.0f} s"
        wait_until(ended, _PATIENCE_S, every=_TICK_S, fault=lambda _: PartError(late))
    except BaseException:
        # It may take away what it has put up; then all that it started is ended: its session is its own.
        program.stop()
        with suppress(ProcessLookupError):
            os.killpg(session, signal.SIGKILL)
        raise
    finally:
        _show("")
    if code := program.stop():
        raise PartError(f"ended with code {code}: {last_lines(program.log, 1).strip()}")
    found: dict[str, float] = json.loads((folder / "found.json").read_text())
    return found


def _show(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def _machine() -> dict[str, str]:
    """Processor, memory, system, Python in words that may be published: nothing says whose machine it is."""
    board, cpu = Path("/proc/device-tree/model"), Path("/proc/cpuinfo").read_text(encoding="utf-8")
    found = re.search(r"^model name\s*: (.+)$", cpu, re.MULTILINE)
    processor = found[1] if found else platform.machine()
    if board.exists():
        processor = board.read_text(encoding="utf-8", errors="replace").rstrip("\0")
    return {
        "processor": f"{processor}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", "an unknown system"),
        "python": platform.python_version(),
    }


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
