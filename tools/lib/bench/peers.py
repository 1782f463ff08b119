"""Readers of TIC by others, in a folder of their own: what ``requirements-bench.txt`` pins, installed once.

One interpreter runs every reader, ours too. The newest of them needs Python 3.12; where this one is older, Debian's
own is taken if it is new enough, and what cannot be installed is left out by name.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from bench.machine import ROOT

if TYPE_CHECKING:
    from pathlib import Path

REQUIREMENTS = ROOT / "requirements-bench.txt"
_CACHE = ROOT / ".cache"
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
    folder = _CACHE / f"peers-{stamp}"
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


def read(python: str, packages: Path, name: str, stream: Path, folder: Path | None = None) -> dict[str, float]:
    """What that reader makes of that stream; PeersError with its last words."""
    path = os.pathsep.join(str(part) for part in (ROOT, ROOT / "tools/lib", packages))
    command = [python, "-m", "bench.one_reader", name, str(stream), *([str(folder)] if folder else [])]
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise PeersError(f"{name}: {last[0]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found
