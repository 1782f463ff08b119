"""``linky-gateway cost``: what was paid, and what the month and the year will cost, shown as ``balance`` is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.commands import balance

if TYPE_CHECKING:
    from gateway.commands.options import Commands


def declare(commands: Commands) -> None:
    """The command's arguments."""
    text = "what that costs under the tariffs of the configuration, and what the month and the year will cost"
    balance.add(commands, "cost", text)
