"""What may come back when root does not know who gave the file: the gateway's own, into the gateway's own folders.

A file that the page was given has a passphrase that its giver chose, so that nothing in it is believed. Its
configuration may name no other folder for the database, ``etc/`` holds what it names itself, and what it says to the
broker is what the shipped file says: a plugin would be a program of somebody else's.
"""

from __future__ import annotations

import os
import stat
import tomllib
from typing import TYPE_CHECKING

from gateway.backup.contents import BROKER_CONFIG, CONFIG, ETC, SECRETS
from gateway.backup.faults import BackupError, BackupFault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.backup.act import Contents
    from gateway.backup.stage import Places

_BROKERS_FOLDER = "/etc/mosquitto/"
# Those of systemd/mosquitto/linky.conf (mosquitto.conf(5)): none loads, logs, reads or sends anything elsewhere.
_DIRECTIVES = frozenset(
    "per_listener_settings allow_anonymous password_file acl_file listener max_connections cafile certfile keyfile"
    " tls_version max_packet_size max_queued_messages max_queued_bytes max_inflight_messages"
    " persistent_client_expiration set_tcp_nodelay".split()
)


def check_is_own(contents: Contents, places: Places, state: Path) -> None:
    """BackupError for a backup that has more than that; ``state`` is where this installation has its database.

    Letter by letter, and by no link: one that leads there now may lead elsewhere when the first file is laid.
    """
    if places.state != state:
        _refuse(f"{places.state}: the backup keeps its database there, and this gateway in {state}")
    if state.absolute() != state.resolve() or not all(map(_is_roots, state.absolute().parents)):
        _refuse(f"{state}: others than root can have it lead elsewhere")
    named = {places.config.parent / one for one in _texts(contents.config)}
    for name in contents.files:
        known = name in (CONFIG, f"{ETC}/display.toml") or name.startswith(f"{ETC}/{SECRETS}/")
        if name.startswith(f"{ETC}/") and not known and places.of(name) not in named:
            _refuse(f"{name}: is nothing that its configuration names")
    for line in contents.broker.decode("utf-8", "replace").splitlines():
        word, *values = line.split() or [""]
        elsewhere = [one for one in values if "/" in one and (not one.startswith(_BROKERS_FOLDER) or ".." in one)]
        if word and not word.startswith("#") and (word not in _DIRECTIVES or elsewhere):
            _refuse(f"{BROKER_CONFIG}: says {word[:40]!r} to the broker, which root alone may say")


def _is_roots(folder: Path) -> bool:
    """Whether root alone says what a name in it is: where root restores, who else may exchange one could lead it."""
    found = folder.stat()
    open_to_all = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX
    return bool(os.geteuid()) or not (found.st_uid or open_to_all)


def _refuse(why: str) -> None:
    raise BackupError(BackupFault.ELSEWHERE, f"{why}; whoever is root can restore it")


def _texts(config: bytes) -> Iterator[str]:
    """Whatever stands in a configuration between quotation marks."""
    try:
        waiting: list[object] = [tomllib.loads(config.decode())]
    except ValueError:
        return
    while waiting:
        match waiting.pop():
            case dict() as table:
                waiting += table.values()
            case list() as values:
                waiting += values
            case str() as text if text and "\0" not in text:
                yield text
