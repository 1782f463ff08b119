"""``linky-gateway status``: each link with its state and age, of the daemon that runs or of what it last stored."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING

from gateway.commands.options import command, configured, spoken

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands


def declare(commands: Commands) -> None:
    """The command's arguments."""
    text = "each link with its state and age; exit 1 when not running"
    command(commands, "status", _status, text, spoken_to=True).add_argument("--json", action="store_true")


def _status(options: argparse.Namespace) -> int:
    from gateway.control.messages import Status  # noqa: PLC0415
    from gateway.control.running import ask  # noqa: PLC0415
    from gateway.links.link import as_text  # noqa: PLC0415

    config = configured(options)
    try:
        report = ask(config.control_socket, Status())
    except ConnectionError:
        from gateway.control.orders import stored_status  # noqa: PLC0415 (where none runs, the database says it)

        report = stored_status(config)
    refused = {table: why.in_every_language() for table, why in config.settings.refused.items()}
    report["settings"] = {"changed": sorted(config.settings.in_force), "refused": refused}
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    print(json.dumps(report, indent=2) if options.json else as_text(report, spoken(options), width))
    return 0 if report["running"] else 1
