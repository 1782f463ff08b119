"""``linky-gateway metrics``: the running gateway's state as OpenMetrics text, to standard output or to a file.

``--write`` is for the textfile collector of node_exporter: the file is replaced at once, so nobody reads half of it,
and it says that the gateway is down when that does not answer.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.options import command, configured
from gateway.commands.watch import present
from gateway.errors import DaemonError
from gateway.live.metrics import openmetrics

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands

# Whoever collects is another user, and there is nothing here that another user must not know: power, and no names.
_MODE = 0o644


def declare(commands: Commands) -> None:
    """The command's arguments."""
    parser = command(commands, "metrics", _run, "the running gateway's state as OpenMetrics text, for Prometheus")
    parser.add_argument("--write", type=Path, metavar="FILE", help="replace this file at once (textfile collector)")


def _run(options: argparse.Namespace) -> int:

    fault, house = None, None
    try:
        house = present(configured(options).control_socket)
    except DaemonError as error:
        fault = error
    text = openmetrics(house)
    if options.write:
        replace(options.write, text)
    else:
        sys.stdout.write(text)
    if fault:
        raise fault
    return 0


def replace(file: Path, text: str) -> None:
    """Put this text in the place of the file; OSError with its name when that cannot be done."""
    try:
        # Its name must not end as the collector's files do, or half of it would be collected.
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from error
    try:
        with open(handle, "w", encoding="utf-8") as out:  # noqa: PTH123 (a file that is open already)
            out.write(text)
            out.flush()
            os.fchmod(out.fileno(), _MODE)
        Path(name).replace(file)
    except OSError as error:
        with suppress(OSError):
            Path(name).unlink()
        raise OSError(error.errno, error.strerror, str(file)) from error
