"""The tables of a display's ``config.json``, and what does not fit together in them.

They are read before anything else of the program is loaded (``display_program``).
"""

from settings import SettingsError

_NUMBER, _TEXT = (int,), (str,)

# micropython/display/README.md explains them: key -> (types, default).
TABLES = {
    "display": {
        "meter": (_TEXT, "house"),
        "panel": (_TEXT, "ssd1306"),
        "scl": (_NUMBER, 22),
        "sda": (_NUMBER, 21),
        "address": (_NUMBER, 0x3C),
        "sck": (_NUMBER, 18),
        "mosi": (_NUMBER, 23),
        "dc": (_NUMBER, 16),
        "cs": (_NUMBER, None),
        "reset": (_NUMBER, None),
        "backlight": (_NUMBER, None),
        "brightness": (_NUMBER, 40),
        "width": (_NUMBER, 240),
        "height": (_NUMBER, 240),
        "x_offset": (_NUMBER, 0),
        "y_offset": (_NUMBER, 0),
        "turns": (_NUMBER, 0),
        "button": (_NUMBER, 0),
    },
    "lamp": {
        "kind": (_TEXT, "none"),
        "pin": (_NUMBER, None),
        "count": (_NUMBER, 8),
        "red": (_NUMBER, None),
        "green": (_NUMBER, None),
        "blue": (_NUMBER, None),
        "brightness": (_NUMBER, 30),
    },
}
_PANELS = ("ssd1306", "sh1106", "st7789")
_LAMPS = {"none": (), "bar": ("pin",), "rgb": ("red", "green", "blue"), "off-peak": ("pin",)}


def check(settings):
    """SettingsError where the tables do not fit together."""
    display, lamp = settings["display"], settings["lamp"]
    if display["panel"] not in _PANELS:
        raise SettingsError("config.json: display: panel: one of %s" % ", ".join(_PANELS))
    if not 128 <= max(display["width"], display["height"]) <= 320 or min(display["width"], display["height"]) < 64:
        raise SettingsError("config.json: display: width, height: 128 x 64 to 240 x 320")
    if not 0 <= display["turns"] < 4:
        raise SettingsError("config.json: display: turns: quarter turns, 0 to 3")
    if not 1 <= display["brightness"] <= 100:
        raise SettingsError("config.json: display: brightness: 1 to 100 per cent")
    if lamp["kind"] not in _LAMPS:
        raise SettingsError("config.json: lamp: kind: none, bar, rgb or off-peak")
    for key in _LAMPS[lamp["kind"]]:
        if lamp[key] is None:
            raise SettingsError("config.json: lamp: %s is missing for a lamp of kind %s" % (key, lamp["kind"]))
    if lamp["count"] < 1 or not 1 <= lamp["brightness"] <= 100:
        raise SettingsError("config.json: lamp: count from 1 on, brightness 1 to 100")
