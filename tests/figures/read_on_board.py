"""What an ESP32's pages write, read before it is drawn, under MicroPython: micropython read_on_board.py FRAMES.json

FRAMES.json is name -> what a board hears: ``compact``, 40 bytes in hexadecimal, and ``cost``; printed is
name -> page -> texts, as JSON.
"""

import json
import sys

import pages
from canvas import Canvas
from state import State


class Read(Canvas):
    """Keeps what is written on it."""

    def __init__(self):
        super().__init__(240, 240, True)
        self.texts = []

    def text(self, text, *rest):
        self.texts.append(text)
        super().text(text, *rest)

    def digits(self, text, *rest):
        self.texts.append(text)
        super().digits(text, *rest)


def read(heard):
    state = State("house", 0)
    state.take("linky/meter/house/compact", bytes.fromhex(heard["compact"]), 0)
    state.take("linky/meter/house/cost-today", heard["cost"].encode(), 0)
    state.take("linky/status", b"online", 0)
    view, found = state.view(0, True), {}
    for number, page in enumerate(pages.available(view)):
        canvas = Read()
        pages.draw(canvas, view, number)
        found[page.__name__] = canvas.texts
    return found


with open(sys.argv[1]) as file:
    print(json.dumps({name: read(heard) for name, heard in json.load(file).items()}))
