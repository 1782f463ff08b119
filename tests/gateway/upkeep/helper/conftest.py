"""A helper at a socket of the test's own, on a scratch system whose systemctl writes down what it was told."""

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest

from gateway.upkeep.helper.server import Helper

# Stands for systemctl: each word on a line, so that one with a space in it would show.
_SYSTEMCTL = """#!/bin/sh
[ ! -e "$0.fails" ] || { echo "Unit is masked." >&2; exit 5; }
printf '%s\\n' "$@" >>"$0.said"
"""


class Scratch:
    """A root, and what its systemctl was told."""

    def __init__(self, root):
        self.root = root
        self.systemctl = root / "usr/bin/systemctl"
        self.systemctl.parent.mkdir(parents=True)
        self.systemctl.write_text(_SYSTEMCTL)
        self.systemctl.chmod(0o755)
        (root / "etc/linky-gateway/secrets").mkdir(parents=True)

    @property
    def told(self):
        """Every word, in order."""
        said = self.systemctl.with_name("systemctl.said")
        return said.read_text().split("\n")[:-1] if said.exists() else []

    def fail(self):
        """systemctl refuses from now on."""
        self.systemctl.with_name("systemctl.fails").touch()


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
