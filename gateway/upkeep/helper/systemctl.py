"""systemd told to do something with a unit: a list of arguments, no shell, a closed list of units, a bound of time."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from gateway.errors import GatewayError
from gateway.words.phrase import Phrase, same

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST_S = 60.0
_MOST_WORDS = 300
_NOT_DONE = Phrase("{program} could not do it: {why}")
_TOO_LONG = Phrase("it took longer than {seconds} s")


def systemctl(root: Path, *arguments: str) -> None:
    """``systemctl`` with these arguments. GatewayError with its own words where it fails."""
    run(root, "usr/bin/systemctl", *arguments)


def run(root: Path, program: str, *arguments: str, longest_s: float = _LONGEST_S) -> str:
    """A program of the system below ``root``; what it said. GatewayError where it fails, or takes too long.

    Args:
        root: the system's root.
        program: its path below that.
        arguments: nothing secret, everybody may read them.
        longest_s: seconds; then it is ended.
    """
    name = program.rpartition("/")[2]
    try:
        done = subprocess.run(  # noqa: S603 (a list of our own words)
            [root / program, *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=longest_s,
            env={"LC_ALL": "C.UTF-8", "PATH": "/usr/sbin:/usr/bin"},
        )
    except subprocess.TimeoutExpired:
        why = _TOO_LONG.filled(seconds=f"{longest_s:.0f}")
        raise GatewayError(_NOT_DONE.filled(program=name, why=why)) from None
    except OSError as error:
        raise GatewayError(_NOT_DONE.filled(program=name, why=same(error.strerror or str(error)))) from error
    if done.returncode:
        words = " ".join(done.stderr.decode("utf-8", "replace").split())[:_MOST_WORDS]
        raise GatewayError(_NOT_DONE.filled(program=name, why=same(words or f"exit code {done.returncode}")))
    return done.stdout.decode("utf-8", "replace")
