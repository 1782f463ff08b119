"""``linky-gateway helper``: the few acts that need root; systemd starts it when the gateway asks at its socket."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.options import add_log_level, command
from gateway.errors import Exit

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands


def declare(commands: Commands) -> None:
    """The command's arguments."""
    text = "do the few acts that need root, as the gateway asks; systemd starts it"
    add_log_level(command(commands, "helper", _help, text, config=False))


def _help(_options: argparse.Namespace) -> int:
    import asyncio  # noqa: PLC0415 (--help needs none of it)

    from gateway.upkeep.helper.server import Helper, listening  # noqa: PLC0415

    async def serve() -> bool:
        return await Helper(Path("/")).serve(listener)

    listener = listening()
    os.umask(0o077)
    with asyncio.Runner() as runner:
        if not runner.run(serve()):
            # The thread of what does not end would be waited for.
            os._exit(Exit.SOFTWARE)
    return Exit.DONE
