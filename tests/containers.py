"""A terminal of a container: the name and the number of one of ours, in another /dev/pts."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Opens terminals until one has the name that is asked for, says so and holds it.
_HOLD = """
import os, sys
while os.ttyname(os.openpty()[1]) != sys.argv[1]:
    pass
print("held", flush=True)
sys.stdin.read()
"""
_INSIDE = 'mount -t devpts -o newinstance,ptmxmode=666 devpts /dev/pts && exec "$@"'


@contextmanager
def held_in_a_container(name: str) -> Iterator[None]:
    """While a program with a /dev/pts of its own holds the terminal that is called ``name`` there. For root alone."""
    command = ["unshare", "--mount", "sh", "-c", _INSIDE, "sh", sys.executable, "-c", _HOLD, name]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        yield
