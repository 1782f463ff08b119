"""What a relay board does: relay, and take updates. ``micropython/update/start.py`` runs it."""

import gc

# Memory is tidied each time that so much was used: what lives long then lies together. Left until it is full, a few
# hundred small objects are spread over all of it, and there is no room in one piece for a frame.
gc.threshold(8_192)

import sys  # noqa: E402

import board  # noqa: E402


def load_settings():
    """The board's settings. They are read once: what reads them leaves its memory to what is loaded after it."""
    import settings

    found = settings.load(board.FOLDER + "config.json")
    del settings, sys.modules["settings"], sys.modules["certificate"]
    gc.collect()
    return found


async def run(slots, identity):
    """Relay for ever.

    Args:
        slots: the folders of program files (``slots.Slots``), None where there are no updates.
        identity: the board's ``id`` and ``key``, for these.
    """
    found = load_settings()
    from relay import Relay

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
