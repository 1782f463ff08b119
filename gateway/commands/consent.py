"""``linky-gateway consent``: who may have what (``gateway.consent.arguments`` and ``command``)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gateway.commands.asking import ask_or_do, user
from gateway.commands.options import actions_of, command, configured, spoken
from gateway.consent.arguments import add_actions

if TYPE_CHECKING:
    import argparse

    from gateway.commands.options import Commands
    from gateway.consent.orders import A, Order


def declare(commands: Commands) -> None:
    """The command's arguments."""
    actions = actions_of(commands, "consent", "who may have what")
    add_actions(lambda name, text: command(actions, name, _consent, text, spoken_to=True))


def _consent(options: argparse.Namespace) -> int:
    from gateway.consent.command import ConsentDialogue, run  # noqa: PLC0415

    config = configured(options)
    read = sys.stdin.readline if sys.stdin.isatty() and sys.stdout.isatty() else None

    def ask(order: Order[A]) -> A:
        return ask_or_do(config, order)

    return run(
        options, ConsentDialogue(ask, sys.stdout, sys.stderr, read, user(), config.max_retention, spoken(options))
    )
