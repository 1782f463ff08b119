"""Draws pages on every panel or on one, by the drivers: micropython pages_on_board.py FOLDER SCENES.json [PANEL]

SCENES.json is name -> {"frame": hexadecimal or null, "age_ms", "linked", "online", "pages": [names]}.
"""

import json
import sys

folder, scenes = sys.argv[1:3]

import oled
import pages
import panels
import st7789
from canvas import Canvas
from state import LINK, State

SIZES = {"st7789-240x240": (240, 240, 0, 0), "st7789-135x240": (135, 240, 52, 40), "st7789-240x135": (240, 135, 40, 53)}


def all_panels():
    yield "ssd1306", oled.Ssd1306, panels.Ssd1306()
    yield "sh1106", oled.Sh1106, panels.Sh1106()
    for name, size in SIZES.items():
        chip = panels.St7789(*size)
        yield name, lambda chip, size=size: st7789.St7789(chip, chip.dc, chip.cs, *size), chip


with open(scenes) as file:
    scenes = json.load(file)
for panel_name, driver, chip in all_panels():
    if sys.argv[3:] not in ([], [panel_name]):
        continue
    panel = driver(chip)
    panel.start()
    canvas = Canvas(panel.width, panel.height, panel.colour)
    for scene in scenes:
        name, told = scene["name"], scene
        state = State("house", 0)
        if told["frame"]:
            state.take("linky/meter/house/compact", bytes.fromhex(told["frame"]), 0)
        for topic in ("until", "off-peak", "cost-today"):
            state.take("linky/meter/house/" + topic, told.get(topic, "").encode(), 0)
        for topic in ("", "/half-width"):
            if topic in told.get("watts", ()):
                payload = told["watts"][topic].encode()
                state.take("linky/meter/house/value/power/active/estimate" + topic, payload, 0)
        state.take("linky/status", b"online" if told["online"] else b"offline", 0)
        view = state.view(told["age_ms"], told["linked"], False, told.get("why", LINK))
        known = pages.available(view)
        names = [page.__name__ for page in known]
        assert told["pages"] in (None, names), (name, names)
        for number, page in enumerate(known):
            if page.__name__ not in told["shown"]:
                continue
            pages.draw(canvas, view, number)
            panel.show(canvas)
            chip.save("%s/%s-%s-%s.ppm" % (folder, panel_name, name, page.__name__))
print("drawn")
