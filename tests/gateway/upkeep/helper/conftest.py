"""A helper at a socket of the test's own, on a scratch system whose systemctl writes down what it was told."""

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest

from gateway.upkeep.helper.server import Helper

# Stands for systemctl and nmcli: each word on a line, so that one with a space in it would show.
_PROGRAM = """#!/bin/sh
printf '%s\\n' "$@" >>"$0.said"
if [ -e "$0.fails" ] && printf '%s\\n' "$@" | grep -qe "$(cat "$0.fails")"; then
  rm "$0.fails"
  cat "$0.words" >&2
  exit 5
fi
"""


class Scratch:
    """A root, and what its systemctl was told."""

    def __init__(self, root):
        self.root = root
        self._bin = root / "usr/bin"
        self._bin.mkdir(parents=True)
        for name in ("systemctl", "nmcli"):
            (self._bin / name).write_text(_PROGRAM)
            (self._bin / name).chmod(0o755)
        for folder in ("etc/linky-gateway/secrets", "etc/NetworkManager/system-connections", "etc/modprobe.d"):
            (root / folder).mkdir(parents=True)

    @property
    def told(self):
        """Every word that systemctl was told, in order."""
        return self.told_to("systemctl")

    def told_to(self, program):
        """The same of another one."""
        said = self._bin / f"{program}.said"
        return said.read_text().split("\n")[:-1] if said.exists() else []

    def fail(self, program="systemctl", word=".", said="Unit is masked."):
        """It refuses once, with these words, when it is told that word."""
        (self._bin / f"{program}.fails").write_text(word)
        (self._bin / f"{program}.words").write_text(said)


@pytest.fixture
def scratch(tmp_path):
    """The system of a helper."""
    return Scratch(tmp_path / "root")


@pytest.fixture
def serving(scratch, tmp_path):
    """``async with serving() as path``: a helper answers there; it has ended after that."""

    @asynccontextmanager
    async def serve(idle_s=30.0):
        path = tmp_path / "socket"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen()
        task = asyncio.create_task(Helper(scratch.root, idle_s).serve(listener))
        try:
            yield path
        finally:
            task.cancel()
            await asyncio.wait({task})

    return serve
