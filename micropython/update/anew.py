"""Another Wi-Fi in the house: the button BOOT held for five seconds lets the board be set up anew, by its own page.

Its configuration is set aside, not dropped: when nobody finishes the page within a quarter of an hour, it counts again.
"""

import asyncio
import os
import time

HELD_MS = 5000
PATIENCE_S = 15 * 60
_CURRENT, _ASIDE = "config.json", "config.old"
_POLL_MS = 100


async def watch(pressed, root, restart):
    """Wait until the button has been held, then set the configuration aside and start anew."""
    since = None
    while True:
        if not pressed():
            since = None
        elif since is None:
            since = time.ticks_ms()
        elif time.ticks_diff(time.ticks_ms(), since) >= HELD_MS:
            os.rename(root + _CURRENT, root + _ASIDE)
            restart()
            return
        await asyncio.sleep_ms(_POLL_MS)


async def set_up(run, root):
    """Run the page; without a configuration that was set aside, for as long as it takes."""
    if _ASIDE not in os.listdir(root):
        await run
        return
    try:
        await asyncio.wait_for(run, PATIENCE_S)
        os.remove(root + _ASIDE)
    except asyncio.TimeoutError:
        os.rename(root + _ASIDE, root + _CURRENT)
