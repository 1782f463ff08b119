"""``linky-gateway migrate`` and ``check``: what the units before and beside the daemon do with its database.

``migrate`` is what ``run`` does first, for itself, so that years of minutes on a memory card have all the time they
need. ``check`` only reads, also while the daemon runs. Exit codes 74 (database) and 65 (journal) when one is not whole.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING

from gateway.errors import JournalError, StoreError
from gateway.speech import add_language, spoken

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

_SAID = {
    "fr": {
        "ready": "la base de {directory} est entière et à jour",
        "copy": "copie d'avant le changement, gardée 30 jours : {copy}",
        "whole": "base entière : {path}",
        "broken": "{path} est abîmée : {fault} ; la passerelle la met de côté à son prochain démarrage et garde ce"
        " qui se lit : restaurez plutôt la dernière sauvegarde (`linky-gateway restore`)",
        "journal": "le journal n'est plus entier : `linky-gateway journal verify` dit où",
    },
    "en": {
        "ready": "the database of {directory} is whole and up to date",
        "copy": "copy of before the change, kept for 30 days: {copy}",
        "whole": "the database is whole: {path}",
        "broken": "{path} is damaged: {fault}; the gateway sets it aside at its next start and keeps what can be read:"
        " rather restore the last backup (`linky-gateway restore`)",
        "journal": "the journal is not whole any more: `linky-gateway journal verify` says where",
    },
}


def add_actions(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Make the commands known; ``add`` makes one with its ``--config``."""
    for name, run, text in (
        ("migrate", _migrate, "check the database and bring it up to date, before the daemon does"),
        ("check", _check, "is the database whole, to its last page, and the journal to its last signature"),
    ):
        add_language(add(name, run, text))


def _migrate(options: argparse.Namespace) -> int:
    from gateway.config import load  # noqa: PLC0415 (each command pays for what it needs)
    from gateway.orders import prepare_store  # noqa: PLC0415
    from gateway.store.copies import copies_of_before, forget_copies  # noqa: PLC0415

    directory = load(options.config).directory
    os.umask(0o077)
    before = copies_of_before(directory)
    prepare_store(directory)
    for name in copies_of_before(directory):
        if name not in before:
            _say(options, "copy", copy=name)
    forget_copies(directory, time.time())
    _say(options, "ready", directory=directory)
    return 0


def _check(options: argparse.Namespace) -> int:
    from gateway.config import load  # noqa: PLC0415
    from gateway.journal.entry import write_line  # noqa: PLC0415
    from gateway.journal.verify import verify  # noqa: PLC0415
    from gateway.store.connection import FILE_NAME  # noqa: PLC0415
    from gateway.store.copies import faults, forget_copies  # noqa: PLC0415
    from gateway.store.store import Archive  # noqa: PLC0415

    directory = load(options.config).directory
    if found := faults(directory):
        raise StoreError(_words(options, "broken", path=directory / FILE_NAME, fault=found[0]))
    with closing(Archive(directory)) as archive:
        if verify((f"{write_line(entry)}\n".encode() for entry in archive.journal.entries()), [], []).fault:
            raise JournalError(_words(options, "journal"))
    forget_copies(directory, time.time())
    _say(options, "whole", path=directory / FILE_NAME)
    return 0


def _words(options: argparse.Namespace, name: str, **facts: object) -> str:
    return _SAID[spoken(options)][name].format(**facts)


def _say(options: argparse.Namespace, name: str, **facts: object) -> None:
    sys.stdout.write(_words(options, name, **facts) + "\n")
