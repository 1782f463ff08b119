"""What the meter says: bytes to frames (``frame``), what a label means (``labels``), groups to readings (``reading``).

Core: no I/O, no clock, no asyncio. ``frame.py`` and ``parity.py`` are also copied to boards that run MicroPython.
"""
