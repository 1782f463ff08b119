"""What a look takes, in what no other load changes: instructions of Python's, and steps of SQLite's own machine.

Counted in every thread that works for it (``sys.settrace`` by opcode, SQLite's progress handler). On the machine of the
README's figures a million of the first, with what C does beneath them, takes some 20 milliseconds, of the second 10.
"""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass

from gateway.store import store

# How many steps of SQLite's are counted together.
_STEPS = 100


@dataclass
class Taken:
    """So many instructions, and so many steps of SQLite's."""

    instructions: int = 0
    steps: int = 0


def taken(monkeypatch, work):
    """What it takes to do some work that opens its archives itself."""
    found, opened = Taken(), store.open_reader

    def counted(directory):
        connection = opened(directory)
        connection.set_progress_handler(stepped, _STEPS)
        return connection

    def stepped():
        found.steps += _STEPS

    def told(_frame, what, _argument):
        found.instructions += what == "opcode"
        return told

    def entered(frame, _what, _argument):
        if frame.f_code.co_filename == __file__:
            return None
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        return told

    before = sys.gettrace()
    with monkeypatch.context() as patched:
        patched.setattr(store, "open_reader", counted)
        threading.settrace(entered)
        sys.settrace(entered)
        try:
            work()
        finally:
            sys.settrace(before)
            threading.settrace(before)
    return found
