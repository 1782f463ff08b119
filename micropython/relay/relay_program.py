"""What a relay board does: relay, and take updates. ``micropython/update/start.py`` runs it."""

import board
import settings
from relay import Relay


async def run(slots, identity):
    """Relay for ever.

    Args:
        slots: the folders of program files (``slots.Slots``), None where there are no updates.
        identity: the board's ``id`` and ``key``, for these.
    """
    found = settings.load(board.FOLDER + "config.json")
    relay = Relay(found, board.start_watchdog())
    if slots:
        from agent import Agent

        relay.accompany(Agent(slots, identity, relay.link, board.restart))
    await relay.run()
