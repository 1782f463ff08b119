"""What a board starts first: chooses the folder, runs its ``start`` module, and goes back when a new set fails.

It is written by tools/flash and never by an update over the air: whatever a set does, this stays. ``main.py`` on the
board is one line that calls ``start()``.
"""

import asyncio
import sys
import time

from slots import TRIAL_MS, Slots

_FIRST_PAUSE_MS = 1000  # after a crash; doubled each time, so that a broken set wears the flash little
_LAST_PAUSE_MS = 45_000  # the watchdog that the set may have started ends a longer one (lib/board.py)
_POLL_MS = 200


class _TrialFailedError(Exception):
    """The new set has not reached the broker in its time."""


def start(root="/", reset=None, sleep_ms=time.sleep_ms):
    """Run the active set for ever; returns only when ``reset`` does, in tests."""
    if reset is None:
        from machine import reset
    slots = Slots(root)
    slot = slots.begin()
    sys.path[:0] = [slots.path(slot)[:-1], slots.path(slot, "lib")]
    try:
        asyncio.run(_run(slots))
    except KeyboardInterrupt:
        raise  # a person, or tools/flash, wants the prompt
    except _TrialFailedError:
        slots.go_back("the broker was not reached in %d s" % (TRIAL_MS // 1000))
    except Exception as error:  # noqa: BLE001 (whatever a set does wrong, the board must start again)
        sys.print_exception(error)
        slots.crashed("%s: %s" % (type(error).__name__, error))
        sleep_ms(min(_FIRST_PAUSE_MS << slots.record["crashes"], _LAST_PAUSE_MS))
    reset()


async def _run(slots):
    main = __import__("start").main
    if not slots.on_trial:
        await main(slots)
        return
    task = asyncio.create_task(main(slots))
    began = time.ticks_ms()
    while slots.on_trial and not task.done():
        if time.ticks_diff(time.ticks_ms(), began) > TRIAL_MS:
            raise _TrialFailedError
        await asyncio.sleep_ms(_POLL_MS)
    await task
