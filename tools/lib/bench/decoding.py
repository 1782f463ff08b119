"""Groups a second, memory, and wrong values believed: our reader beside those of others, on the same seeded bytes.

Each reader has a process of its own (``readers``); its processor time counts, the best of some passes. Ours is told
of a wrong parity by the kernel, which delivers NUL; the others open their ports without that, and see the bad byte.

One interpreter runs every reader, ours too; those of others are what ``requirements-bench.txt`` pins, installed once in
a folder of their own. The newest of them needs Python 3.12; where this one is older, Debian's own is taken if it is new
enough, and what cannot be installed is left out by name.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from bench import streams
from harness import ROOT
from harness.process import PATH

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bench.parts import At

OURS, LINKYTIC = "ours", "linkytic"
INDEX = ("pyteleinfo", "serial-teleinfo", "python-tic")
REQUIREMENTS = ROOT / "requirements-bench.txt"
_NEEDED = (3, 12)
_TRIED = ("/usr/bin/python3", "python3.14", "python3.13", "python3.12")


class PeersError(RuntimeError):
    """They could not be installed; the message says why, and what to do."""


def interpreter() -> str:
    """A Python that is new enough for all of them, or the one that runs this."""
    if sys.version_info >= _NEEDED:
        return sys.executable
    new_enough = f"import sys; sys.exit(sys.version_info < {_NEEDED})"
    for name in _TRIED:
        path = shutil.which(name)
        if path and subprocess.run([path, "-c", new_enough], check=False, capture_output=True).returncode == 0:
            return path
    return sys.executable


def install() -> tuple[str, Path]:
    """The interpreter, and the folder that its path needs; PeersError when there is no package index to be reached."""
    python = interpreter()
    version = subprocess.run([python, "-VV"], check=True, capture_output=True).stdout
    stamp = hashlib.sha256(REQUIREMENTS.read_bytes() + version).hexdigest()[:16]
    folder = ROOT / ".cache" / f"peers-{stamp}"
    if folder.exists():
        return python, folder
    part = folder.with_suffix(f".{os.getpid()}")
    command = [
        sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check", "--no-input", "install",
        "--quiet", "--require-hashes", "--no-deps", "--target", str(part), "--requirement", str(REQUIREMENTS),
    ]  # fmt: skip
    done = subprocess.run(command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        shutil.rmtree(part, ignore_errors=True)
        last = done.stderr.strip().splitlines()[-1:] or ["pip said nothing"]
        raise PeersError(f"the readers of others could not be installed ({last[0]}): is the package index reachable?")
    part.rename(folder)
    return python, folder


def read(python: str, packages: Path, name: str, stream: Path, folder: str = "") -> dict[str, float]:
    """What that reader makes of that stream; PeersError with its last words."""
    command = [python, "-m", "bench.readers", name, str(stream), *([folder] if folder else [])]
    environment = {**os.environ, "PYTHONPATH": f"{PATH}{os.pathsep}{packages}", "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise PeersError(f"{name}: {last[0]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(at: At) -> dict[str, float]:
    """Kind of meter and reader, dotted -> groups a second, share that is right, peak memory, wrong values."""
    # In each stream; and those with one flipped bit.
    frames, damaged = (60, 40) if at.quick else (2_000, 20_000)
    found: dict[str, float] = {}
    python, packages = install()
    for kind in streams.KINDS:
        path = at.folder / f"{kind.name}.pickle"
        # The three-phase meter is there for the speed alone.
        streams.write(path, kind, frames, damaged if kind.phases == 1 else 0)
        for name in (OURS, "ours_to_values", *INDEX, *at.peers):
            said = read(python, packages, name, path, at.peers.get(name, ""))
            found |= {f"{kind.name}.{name}.{what}": value for what, value in _figures(said).items()}
    return found | _ratios(found)


def _figures(said: Mapping[str, float]) -> dict[str, float]:
    return {
        "groups_a_second": said["accepted"] / said["seconds"],
        "right_percent": 100 * said["right"] / said["sent"],
        "peak_megabytes": said["peak_kib"] * 1024 / 1e6,
    } | {what: said[what] for what in ("wrong", "damaged", "broke") if what in said}


def _ratios(found: Mapping[str, float]) -> dict[str, float]:
    """As how many times as fast ours is: linkytic in standard mode, where it ran; the fastest other in historic."""
    speed = {key.removesuffix(".groups_a_second"): value for key, value in found.items() if key.endswith("_second")}
    ratios = {
        f"{kind}.times_linkytic": speed[f"{kind}.{OURS}"] / speed[f"{kind}.{LINKYTIC}"]
        for kind in ("standard_mono", "standard_tri_producer")
        if speed.get(f"{kind}.{LINKYTIC}")
    }
    if ratios:
        ratios["times_linkytic"] = min(ratios.values())
    if fastest := max(speed.get(f"historic.{name}", 0) for name in INDEX):
        ratios["historic.times_the_fastest"] = speed[f"historic.{OURS}"] / fastest
    return ratios
