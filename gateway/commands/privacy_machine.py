"""``linky-gateway privacy erase --machine``: the end of an installation, as root, the gateway stopped.

Data, keys, passwords, the boards' rights and the Wi-Fi that came by ``linky.toml``; then the free space. The
configuration goes last, so that what was cut off can be begun again.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands.options import configured
from gateway.errors import GatewayError, StoreError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from gateway.config.tables import Config

# Where the files of the machine are, which are not all the gateway's own.
ROOT = Path("/")
_BROKER = "etc/mosquitto"
_OTHERS = (
    f"{_BROKER}/linky.passwords",
    f"{_BROKER}/**/linky.*.before-*",
    "etc/NetworkManager/system-connections/linky*.nmconnection",
    *(f"boot/{place}{name}" for place in ("", "firmware/") for name in ("linky.toml*", "linky-result.txt")),
)


def erase_machine(options: argparse.Namespace, lang: str, progress: Callable[[str, int], None]) -> int:
    """Ask, erase, say what was erased; the exit code."""
    from gateway.commands.privacy_words import ERASE, say  # noqa: PLC0415
    from gateway.control.orders import act_alone  # noqa: PLC0415
    from gateway.privacy.machine import erase, files_below, overwrite_free_space, refused  # noqa: PLC0415
    from gateway.privacy.orders import Preview  # noqa: PLC0415
    from gateway.store.connection import WriterLock  # noqa: PLC0415

    config = configured(options)
    folders = [config.directory, config.path("secrets"), config.certificates, ROOT / _BROKER / "linky"]
    left = _left_elsewhere(config)
    files = [*files_below(folders), *_single_files(config)]
    if denied := refused([*files, options.config]):
        raise StoreError(f"{denied[0]}: this user may not erase it; nothing was erased: run the command with sudo")
    found = act_alone(config, Preview(what="everything"))
    told = found["told"]
    if not options.yes:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise GatewayError("there is no terminal to confirm on: add --yes to erase without a question")
        _print(say(lang, "machine", count=len(files) + 1))
        if told:
            _print(say(lang, "machine-told", told=", ".join(told)))
        sys.stdout.write(say(lang, "type"))
        sys.stdout.flush()
        if sys.stdin.readline().strip().lower() != ERASE[lang]:
            _print(say(lang, "nothing"))
            return 1
    lock = WriterLock(config.directory)
    try:
        erase(files, folders)
    finally:
        lock.release()
    for place in _file_systems([config.directory, options.config.parent]):
        overwrite_free_space(place, progress)
    progress("", 0)
    erase([options.config], [])
    os.sync()
    _print(say(lang, "machine-done", count=len(files) + 1))
    for name, facts in left:
        _print(say(lang, name, **facts))
    return 0


def _left_elsewhere(config: Config) -> list[tuple[str, dict[str, object]]]:
    """What is said of what is not on this machine."""
    phones: list[tuple[str, dict[str, object]]] = [("machine-phones", {})]
    said = phones if (config.certificates / "ca.crt").exists() else []
    if config.backup:
        said.append(("machine-backups", {"place": config.path(config.backup.directory)}))
    return said


def _single_files(config: Config) -> list[Path]:
    named = [config.path("display.toml"), *config.path(".").rglob("*.before-*")]
    named += [config.path(t.password_file) for t in (config.federation, config.mqtt) if t and t.password_file]
    named += [config.path(one.url_file) for one in config.notice if one.url_file]
    if config.backup and config.backup.passphrase_file:
        named.append(config.path(config.backup.passphrase_file))
    named += [path for pattern in _OTHERS for path in sorted(ROOT.glob(pattern))]
    return [path for path in dict.fromkeys(named) if path.is_file()]


def _file_systems(folders: list[Path]) -> list[Path]:
    """One folder for each file system."""
    return list({folder.stat().st_dev: folder for folder in folders}.values())


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
