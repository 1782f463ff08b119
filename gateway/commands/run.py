"""``linky-gateway run``: the daemon."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gateway.commands.options import add_log_level, command, configured

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands


def declare(commands: Commands) -> None:
    """The command's arguments."""
    add_log_level(command(commands, "run", _run, "the daemon: read, store, publish"))


def _run(options: argparse.Namespace) -> int:
    from gateway.commands.run_memory import (  # noqa: PLC0415
        find_time_zones,
        give_back_what_is_freed,
        leave_out_what_happens_to_be_there,
    )

    # Before anything else: the first that knows a time zone has looked for them.
    find_time_zones()
    leave_out_what_happens_to_be_there()
    import asyncio  # noqa: PLC0415

    from gateway.control.orders import prepare_store  # noqa: PLC0415
    from gateway.daemon.app import run  # noqa: PLC0415 (--help needs none of it)

    give_back_what_is_freed()
    config = configured(options)
    # The database and the socket are the household's own from their first moment on.
    os.umask(0o077)
    prepare_store(config.directory)
    asyncio.run(run(config))
    return 0
