"""What a set starts: the set-up page on a board without configuration, else what the board is for."""

import binascii
import json
import os
import sys


async def main(slots):
    """Run until something ends; the launcher then starts the board anew."""
    identity = _identity(slots.root)
    if "config.json" not in os.listdir(slots.root):
        _use(slots, "setup")
        import server

        identity["key"] = binascii.unhexlify(identity["key"])
        await server.run(slots.root, identity)
        return
    role = identity["role"]
    _use(slots, role)
    await __import__(role + "_program").run(slots, identity)


def _identity(root):
    with open(root + "identity.json") as file:
        return json.load(file)


def _use(slots, folder):
    """Let the modules of one folder of the set be imported: the folders' names do not clash, their modules may."""
    sys.path.insert(0, slots.path(slots.active, folder))
