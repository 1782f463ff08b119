"""``linky-gateway consent``: who may have what; its words and its work are in ``gateway.consent.command``."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from gateway.commands.asking import ask_or_do, user
from gateway.commands.options import actions_of, command
from gateway.commands.speech import spoken
from gateway.consent.command import Desk, add_actions, run

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands


def declare(commands: Commands) -> None:
    """The command's arguments."""
    actions = actions_of(commands, "consent", "who may have what")
    add_actions(lambda name, text: command(actions, name, _consent, text, spoken_to=True))


def _consent(options: argparse.Namespace) -> int:
    from gateway.config.tables import load  # noqa: PLC0415

    config = load(options.config)
    read = sys.stdin.readline if sys.stdin.isatty() and sys.stdout.isatty() else None
    ask = partial(ask_or_do, config)
    return run(options, Desk(ask, sys.stdout, sys.stderr, read, user(), config.max_retention, spoken(options)))
