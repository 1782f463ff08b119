"""Starts a display whose free memory is in small pieces once its program is loaded.

What is left between the modules of a program differs with the length of a path; here it is as bad as it may become.
"""

import asyncio
import builtins
import gc
import sys

_PIECE_WORDS = 1500  # 12 kB here: with what is left beside it, a gap has less than twice as much

_import, _kept = builtins.__import__, []


def _tear():
    """Take all that is free as lists, one after the other, and leave of each its first four words."""
    gc.collect()
    try:
        while True:
            _kept.append([None] * _PIECE_WORDS)
    except MemoryError:
        pass
    for piece in _kept:
        piece.clear()


def _loaded(name, *rest):
    module = _import(name, *rest)
    if name == "display":
        builtins.__import__ = _import
        _tear()
        try:
            bytearray(2 * 8 * _PIECE_WORDS)
        except MemoryError:
            return module
        sys.exit("there is a larger piece")
    return module


builtins.__import__ = _loaded

import display_program

asyncio.run(display_program.run(None, {"id": "kitchen"}))
