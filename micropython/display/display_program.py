"""What a display's board does: show, and take updates. ``micropython/update/start.py`` runs it.

Its picture (28 kB in colour) takes its memory before most of the program is loaded: what that leaves free may be four
times as much, and yet lie in pieces that are all too small.
"""

import board
import settings
import tables
from canvas import Canvas

import wiring


async def run(slots, identity):
    """Show for ever.

    Args:
        slots: the folders of program files (``slots.Slots``), None where there are no updates.
        identity: the board's ``id`` and ``key``, for these.
    """
    found = settings.load(board.FOLDER + "config.json", tables.TABLES)
    tables.check(found)
    panel = wiring.open_panel(found["display"])
    canvas = Canvas(panel.width, panel.height, panel.colour)

    from display import Display

    light, is_down = wiring.open_lamps(found["lamp"]), wiring.open_button(found["display"]["button"])
    shown = Display(found, panel, canvas, light, is_down, board.start_watchdog())
    if slots:
        from agent import Agent

        # The number of a set is the time at which it was signed.
        shown.link.clock.at_least(slots.record["serial"])
        shown.accompany(Agent(slots, identity, shown.link, board.restart))
    await shown.run()
