"""What a relay board does: relay, and take updates. ``micropython/update/start.py`` runs it."""

import gc

# Memory is tidied each time that so much was used: what lives long then lies together. Left until it is full, a few
# hundred small objects are spread over all of it, and there is no room in one piece for a frame. What is loaded next
# lives longest of all.
gc.threshold(8_192)

import sys  # noqa: E402

import board  # noqa: E402
from relay import Relay  # noqa: E402


async def run(slots, identity):
    """Relay for ever.

    Args:
        slots: the folders of program files (``slots.Slots``), None where there are no updates.
        identity: the board's ``id`` and ``key``, for these.
    """
    import settings

    found = settings.load(board.FOLDER + "config.json")
    # It is read once, and its memory is of more use to the frames.
    del settings, sys.modules["settings"]
    relay = Relay(found, board.start_watchdog())
    if slots:
        from agent import Agent

        # The number of a set is the time at which it was signed.
        relay.link.clock.at_least(slots.record["serial"])

        def restart():
            relay.save()
            board.restart()

        relay.accompany(Agent(slots, identity, relay.link, restart))
    await relay.run()
