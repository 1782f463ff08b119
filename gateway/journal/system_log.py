"""The heads that the daemon told the system's log: anchors that do not lie in the database's folder.

``gateway.store.journal`` writes one line a minute at most, where the head has changed; systemd's journal notes by
itself which unit a line is of. Whoever has the card and its root can change that too, but must know to, line by line.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.journal.entry import Head

if TYPE_CHECKING:
    from collections.abc import Iterable

# For ``logging``: the database's epoch, the number and the hash of its journal's last entry.
LINE = "the journal of database %s ends with %d:%s"
_LINE = re.compile(r"the journal of database ([0-9a-f]{8}) ends with ([0-9]{1,15}):([0-9a-f]{64})$")

_COMMAND = (
    *("journalctl", "--unit=linky-gateway.service", "--output=cat", "--no-pager", "--quiet"),
    "--grep=the journal of database [0-9a-f]{8} ends with",
)
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class LoggedHeads:
    """What the log holds: the heads of one database's journal, and whether there are some of another one."""

    heads: frozenset[Head]
    of_another: bool


def read(epoch: str) -> LoggedHeads:
    """What this machine's log holds of a database; nothing where there is no log, or none that this user may read."""
    try:
        done = subprocess.run(_COMMAND, check=False, capture_output=True, timeout=_PATIENCE_S)  # noqa: S603 (our words)
    except (OSError, subprocess.TimeoutExpired):
        return LoggedHeads(frozenset(), of_another=False)
    return parse(done.stdout.decode(errors="replace").splitlines(), epoch)


def parse(lines: Iterable[str], epoch: str) -> LoggedHeads:
    """The same of lines that were read; what is no such line is of no account."""
    found = [match.groups() for line in lines if (match := _LINE.search(line))]
    heads = frozenset(Head(int(seq), own) for of, seq, own in found if of == epoch)
    return LoggedHeads(heads, of_another=any(of != epoch for of, _, _ in found))
