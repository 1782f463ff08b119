"""A gateway's folder: its configuration, its command line, what it says of itself, what its database has."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING, Any

from gateway.commands.main import main
from gateway.config.tables import load
from gateway.control.messages import Status
from gateway.control.running import ask
from gateway.errors import StoreError
from harness.points import GATEWAYS, rows
from harness.process import PATH, python
from harness.wait import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path


def links_of(config: Path) -> dict[str, dict[str, Any]]:
    """Link name -> row of ``status --json``; empty while the daemon of this configuration does not answer.

    Asked at its own socket: a process for each look would keep a core busy.
    """
    try:
        report = ask(load(config).control_socket, Status())
    except (ConnectionError, StoreError):
        return {}  # not started yet, or killed while it answered
    return {row["link"]: row for row in report["links"]}


def in_this_process(*words: object) -> tuple[int, str, str]:
    """A command without a Python of its own, whose start takes longer than its work; its code, output and errors."""
    out, errors, root, none = StringIO(), StringIO(), logging.getLogger(), logging.NullHandler()
    # Whoever has a handler is not given another one, to which all that follows would go.
    root.addHandler(none)
    try:
        with redirect_stdout(out), redirect_stderr(errors):
            return main([str(word) for word in words]), out.getvalue(), errors.getvalue()
    finally:
        root.removeHandler(none)


class GatewayFolder:
    """A folder with ``gateway.toml``, whose gateway is run by whoever made it.

    Args:
        folder: made where it is not there.
        fault: makes the error of what was refused, or did not come about.
        more: what is added to the environment of its commands.
    """

    # By which it is run.
    python = sys.executable

    def __init__(
        self,
        folder: Path,
        fault: Callable[[str], Exception] = AssertionError,
        more: Mapping[str, str] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.config, self.database = folder, folder / "gateway.toml", folder / GATEWAYS
        self._fault, self._more = fault, more or {}

    def command(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """One command of the command line."""
        command = [str(word) for word in python("gateway", *arguments, "--config", self.config)]
        environment = {**os.environ, "PYTHONPATH": PATH, **self._more}
        return subprocess.run(command, check=False, capture_output=True, text=True, env=environment)

    def grant(self, jid: str, *words: object) -> None:
        """The household's consent; ``words`` say to what. Raises ``fault`` where it is refused."""
        typed = ["consent", "grant", jid, *words, "--accept"]
        if self._more or self.python != sys.executable:
            done = self.command(*typed)
            code, said = done.returncode, done.stderr
        else:
            code, _, said = in_this_process(*typed, "--config", self.config)
        if code:
            raise self._fault(f"the consent of {jid} was refused: {said.strip()}")

    def links(self) -> dict[str, dict[str, Any]]:
        """Link name -> row of ``status --json``; empty while the daemon does not answer."""
        return links_of(self.config)

    def has(self, *names: str, state: str = "ok") -> bool:
        """Whether all of these links are in this state."""
        links = self.links()
        return all(links.get(name, {}).get("state") == state for name in names)

    def await_link(self, name: str, state: str, seconds: float, alive: Iterable[Callable[[], None]] = ()) -> None:
        """Wait until a link is in this state, as ``wait_until`` does."""
        wait_until(lambda: self.has(name, state=state), seconds, f"{name} {state}", 0.2, self._fault, alive)

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database answers."""
        return rows(self.database, sql, *values)
