"""A network, and a view of the disk, of a test's own: ports that a document names are free, and nobody else's.

Processes in it see this machine's files and programs, and no network but its own loopback. Where the kernel does not
let a test have one it is skipped, except in continuous integration, where that is a failure.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Self

import pytest

ROOT = Path(__file__).resolve().parent.parent

_PREPARE = """
set -e
mount --make-rprivate /
ip link set lo up
%s
echo ready
exec sleep infinity
"""


class Alone:
    """A network of its own, from the ``with`` on; ``prepare`` are shell lines (mounts), ``words`` their $1, $2."""

    def __init__(self, prepare: str = "", *words: object) -> None:
        self._alone = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        command = ["unshare", *self._alone, "--net", "--mount", "--fork", "--kill-child"]
        self._holder = subprocess.Popen(
            [*command, "sh", "-c", _PREPARE % prepare, "sh", *map(str, words)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __enter__(self) -> Self:
        if self._holder.stdout.readline() != "ready\n":
            reason = f"no network of a test's own can be had here: {self._holder.stderr.read()}"
            self.__exit__()
            (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
        return self

    def __exit__(self, *_: object) -> None:
        self._holder.kill()
        self._holder.communicate()

    def words(self, *command: object, folder: Path = ROOT) -> list[str]:
        """A command, as one that is typed there, in that folder."""
        alone = ["--user", "--preserve-credentials"] if self._alone else []
        return [
            "nsenter",
            "--target",
            str(self._inside()),
            *alone,
            "--net",
            "--mount",
            f"--wd={folder}",
            "--",
            *map(str, command),
        ]

    def _inside(self) -> int:
        """Who holds the namespaces: unshare's child."""
        parent = self._holder.pid
        return int(Path(f"/proc/{parent}/task/{parent}/children").read_text().split()[0])
