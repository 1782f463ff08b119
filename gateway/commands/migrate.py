"""``linky-gateway migrate``: what ``run`` does first, for itself, so that it has all the time that it needs.

Years of minutes on a memory card take long; the unit before the daemon's waits for this one. Exit code 74 when the
database cannot be brought up to date.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from gateway.commands.options import command, configured, say
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands

_READY = Phrase("the database of {directory} is whole and up to date")
_COPY = Phrase("copy of before the change, kept for 30 days: {copy}")


def declare(commands: Commands) -> None:
    """The command's arguments."""
    text = "check the database and bring it up to date, before the daemon does"
    command(commands, "migrate", _migrate, text, spoken_to=True)


def _migrate(options: argparse.Namespace) -> int:
    from gateway.control.orders import prepare_store  # noqa: PLC0415
    from gateway.store.copies import copies_of_before, forget_copies  # noqa: PLC0415

    directory = configured(options).directory
    os.umask(0o077)
    before = copies_of_before(directory)
    prepare_store(directory)
    for name in copies_of_before(directory):
        if name not in before:
            say(options, _COPY.filled(copy=name))
    forget_copies(directory, time.time())
    say(options, _READY.filled(directory=directory))
    return 0
