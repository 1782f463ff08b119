"""Starts the relay when the board has power; whatever ends it starts the board anew."""

import asyncio
import sys

import board
import settings
from relay import Relay


def start():
    """Run until something goes wrong."""
    try:
        found = settings.load(board.FOLDER + "config.json")
    except settings.SettingsError as error:
        print(error)
        return
    try:
        asyncio.run(Relay(found, board.start_watchdog()).run())
    except Exception as error:
        sys.print_exception(error)
    board.restart()


start()
