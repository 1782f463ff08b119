"""What a display's board does: show, and take updates. ``micropython/update/start.py`` runs it."""

import board
import display
import settings

import wiring


async def run(slots, identity):
    """Show for ever.

    Args:
        slots: the folders of program files (``slots.Slots``), None where there are no updates.
        identity: the board's ``id`` and ``key``, for these.
    """
    found = settings.load(board.FOLDER + "config.json", display.TABLES)
    display.check(found)
    panel, light = wiring.open_panel(found["display"]), wiring.open_lamps(found["lamp"])
    is_down = wiring.open_button(found["display"]["button"])
    shown = display.Display(found, panel, light, is_down, board.start_watchdog())
    if slots:
        from agent import Agent

        # The number of a set is the time at which it was signed.
        shown.link.clock.at_least(slots.record["serial"])
        shown.accompany(Agent(slots, identity, shown.link, board.restart))
    await shown.run()
