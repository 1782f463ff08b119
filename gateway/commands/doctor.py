"""``linky-gateway doctor``: what is wrong with the line, and what to do; ``gateway.doctor.command`` examines."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.options import add_language, command, configured, spoken
from gateway.errors import StoreError

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands
    from gateway.config.tables import Config


def declare(commands: Commands) -> None:
    """The command's arguments."""
    doctor = command(commands, "doctor", _doctor, "listen to the port, say what is wrong and what to do")
    doctor.add_argument("--port", metavar="PORT", help="examine this port instead of the configured ones")
    add_language(doctor)
    doctor.add_argument("--json", action="store_true")
    doctor.add_argument("--bundle", type=Path, metavar="FILE", help="also write an anonymised archive for support")
    doctor.add_argument("--seconds", type=float, default=15.0, metavar="N", help="how long to listen (default: 15)")


def _known(config: Config) -> dict[str, str]:
    """Address -> name of the meters that were heard before; nothing where nobody may read, or there is nothing yet."""
    from gateway.store.store import Archive  # noqa: PLC0415

    try:
        with closing(Archive(config.directory)) as archive:
            return {meter.address: meter.name for meter in archive.meters.all() if meter.address}
    except StoreError:
        return {}


def _doctor(options: argparse.Namespace) -> int:
    from gateway.control.messages import Status  # noqa: PLC0415
    from gateway.control.running import ask  # noqa: PLC0415
    from gateway.doctor.command import DoctorRequest, examine  # noqa: PLC0415
    from gateway.doctor.listen import Target  # noqa: PLC0415
    from gateway.sources.source import parse_source  # noqa: PLC0415

    config = None if options.port else configured(options)
    if config is None:
        targets = [Target("port", options.port, parse_source(options.port, Path()))]
    else:
        known = _known(config)
        folder = config.path(".")
        targets = [Target(m.name, m.source, parse_source(m.source, folder), m.mode, known) for m in config.meter]
    request = DoctorRequest(
        targets=targets,
        lang=spoken(options),
        json=options.json,
        bundle=options.bundle,
        seconds=options.seconds,
        configuration=config.as_written() | {"folder": config.folder, "changed": sorted(config.settings.in_force)}
        if config
        else None,
        status=(lambda: ask(config.control_socket, Status())) if config else None,
    )
    return examine(request, sys.stdout)
