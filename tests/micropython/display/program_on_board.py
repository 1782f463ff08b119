"""Starts a display as its board does, without updates."""

import asyncio
import sys

import board
import display_program
from settings import SettingsError

try:
    asyncio.run(display_program.run(None, {"id": "kitchen"}))
except SettingsError as error:
    print(error)
    sys.exit(2)
except Exception as error:  # noqa: BLE001 (as the launcher does)
    sys.print_exception(error)
    board.restart()
