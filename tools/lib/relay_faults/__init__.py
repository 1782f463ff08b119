"""A relay board on this machine: its program under Debian's MicroPython, a pty as its UART, a real broker.

For the tests and for ``tools/relay-faults``. Only ``micropython/lib/board.py`` is another file (``unix/board.py``).
"""
