"""The co-operative's register, by its own command ``linky-collect``: here, or by way of ssh.

It is told which device an invitation went into, and which one is good no more; it says who has joined. No link goes
there, and no secret: an invitation is known by its id.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from provision.errors import ProvisionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TIMEOUT_S = 120.0
_LONGEST_SAID = 300


@dataclass(frozen=True, slots=True)
class CooperativeRegister:
    """``command`` is how ``linky-collect`` is called."""

    command: Sequence[str]

    def name(self, devices: Mapping[str, str]) -> dict[str, dict[str, Any]]:
        """Say which device (value) each invitation (id) went into; id -> how it stands (state, gateway, joined_at)."""
        text = io.StringIO(newline="")
        csv.writer(text).writerows([("invitation", "device"), *devices.items()])
        rows = self._told(["invitations", "name", "-", "--json"], text.getvalue())
        return {row["id"]: row for row in rows}

    def revoke(self, number: str) -> str:
        """Let the invitation of that id be good no more; by which gateway it was used before, or empty."""
        used = self._told(["invitations", "revoke", number, "--json"], "")["used"]
        return str(used[0]["gateway"]) if used else ""

    def _told(self, words: Sequence[str], given: str) -> Any:  # noqa: ANN401 (its JSON)
        command = [*self.command, *words]
        try:
            done = subprocess.run(
                command, input=given, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_S, check=False
            )
        except OSError as error:
            raise ProvisionError("no_command", command=command[0], said=error.strerror) from error
        except subprocess.TimeoutExpired as error:
            raise ProvisionError("no_answer", said="linky-collect") from error
        try:
            if done.returncode == 0:
                return json.loads(done.stdout)
        except ValueError:
            pass
        said = " ".join((done.stderr or done.stdout).split())[-_LONGEST_SAID:] or f"exit code {done.returncode}"
        raise ProvisionError("register_refused", command="linky-collect", said=said)
