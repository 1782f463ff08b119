"""What a set starts: the set-up page on a board without configuration, else what the board is for."""

import asyncio
import binascii
import json
import os
import sys

import anew
import board


async def main(slots):
    """Run until something ends; the launcher then starts the board anew."""
    identity = _identity(slots.root)
    if "config.json" not in os.listdir(slots.root):
        _use(slots, "setup")
        import server

        identity["key"] = binascii.unhexlify(identity["key"])
        await anew.set_up(server.run(slots.root, identity), slots.root)
        return
    role = identity["role"]
    _use(slots, role)
    button = asyncio.create_task(anew.watch(board.boot_button(identity["button"]), slots.root, board.restart))
    try:
        await __import__(role + "_program").run(slots, identity)
    finally:
        button.cancel()


def _identity(root):
    with open(root + "identity.json") as file:
        return json.load(file)


def _use(slots, folder):
    """Let the modules of one folder of the set be imported: the folders' names do not clash, their modules may."""
    sys.path.insert(0, slots.path(slots.active, folder))
