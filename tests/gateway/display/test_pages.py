"""The pages, as the panels show them: each is, pixel by pixel, the picture that somebody looked at.

``WRITE_PAGES=1`` draws the pictures of ``pictures/`` anew; look at each before it is committed.
"""

import os
from pathlib import Path

import pytest
import segno
from PIL import Image, ImageChops, ImageFont

from gateway.display import canvas, pages
from gateway.display.cli import PAGES
from gateway.display.sheet import PictureStyle
from gateway.errors import ConfigError
from tests.gateway.display.views import NOTHING, SUN, view

PICTURES = Path(__file__).parent / "pictures"

LOOKS = {
    "oled": PictureStyle(128, 64, colour=False),
    "lcd-240x240": PictureStyle(240, 240, colour=True),
    "lcd-320x240": PictureStyle(320, 240, colour=True),
    "epaper": PictureStyle(250, 122, colour=False, paper=True),
}
OFF_PEAK = {"tariff_kind": "off-peak", "tariff_until_local": "07:30", "off_peak_next_local": "13:26"}
PEAK = {"tariff_kind": "peak", "tariff_until_local": "13:26", "off_peak_next_local": "13:26"}
TEMPO = {"tempo_today": "white", "tempo_tomorrow": "red"}
SCENES = {
    "evening-now": ("now", view()),
    "evening-today": ("today", view()),
    "unpriced-today": ("today", view(cost_today_cents=None)),
    "night-now": ("now", view(**OFF_PEAK, drawn_va=180, cost_today_cents=12_345)),
    "earned-now": ("now", view(**PEAK, drawn_va=4650, cost_today_cents=-4)),
    "evening-links": ("links", view()),
    "watts-now": ("now", view(power_w=3310, power_within_w=70)),
    "watts-sun-now": ("now", view(**SUN, power_w=-1870, power_within_w=50)),
    "large-now": ("now", view(drawn_va=36420, subscribed_va=36000, drawn_today_wh=512_300)),
    "overload-now": ("now", view(overload=True, drawn_va=7120)),
    "breaker-now": ("now", view(breaker="open, overload", drawn_va=0)),
    "sun-now": ("now", view(**SUN, tempo_today="blue", tempo_tomorrow="blue")),
    "sun-solar": ("solar", view(**SUN)),
    "surplus-solar": ("solar", view(injected_today_wh=2300)),
    "off-peak-hours": ("hours", view(**OFF_PEAK)),
    "peak-hours": ("hours", view(**PEAK)),
    "tempo-tempo": ("tempo", view(**TEMPO)),
    "mute-now": ("now", view("meter", age_s=42)),
    "lost-now": ("now", view("link", age_s=3 * 3600)),
    "lost-today": ("today", view("link", age_s=3 * 3600)),
    "broken-links": ("links", view(broken=("port", "recipient", "xmpp"))),
    "alert-links": ("links", view(alert=True)),
    "waiting-now": ("now", NOTHING),
}


def drawn(look, name):
    """The picture of a scene, in French, English where the name says so, or the countdown."""
    if name == "shutdown":
        return pages.draw_shutdown(LOOKS[look], 3)
    if name == "shutdown-let-go":
        return pages.draw_shutdown(LOOKS[look], 4, let_go=True)
    if name.startswith("fingerprint"):
        digits = " ".join(f"{part:04X}" for part in range(0xA9F0, 0xAA00))
        return pages.draw_fingerprint(LOOKS[look], digits, int(name.endswith("-2")))
    if name.startswith("welcome"):
        addresses = ("http://raspberrypi.local:8080", "http://192.168.100.120:8080")
        language = "en" if name.endswith(".en") else "fr"
        code = "K7QM-2XHD-P9RW" if "code" in name else None
        time = int("typed" in name)
        return pages.draw_welcome(LOOKS[look]._replace(language=language), addresses, code, "", time)
    scene, _, language = name.partition(".")
    page, known = SCENES[scene]
    return pages.draw(LOOKS[look]._replace(language=language or "fr"), known, page)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(
    "name",
    [
        *SCENES,
        "shutdown",
        "shutdown-let-go",
        "welcome",
        "welcome-typed",
        "welcome-code.en",
        "welcome-code-typed",
        "fingerprint",
        "fingerprint-2",
        "sun-solar.en",
        "mute-now.en",
        "tempo-tempo.en",
        "off-peak-hours.en",
        "evening-today.en",
    ],
)
def test_a_page_looks_as_it_was_approved(tmp_path, look, name):
    """The same state gives the same picture, for each panel."""
    picture, approved = drawn(look, name), PICTURES / f"{look}-{name}.png"
    if os.environ.get("WRITE_PAGES"):
        picture.save(approved, optimize=True)
        return
    with Image.open(approved) as known:
        known.load()
    assert (picture.size, picture.mode) == (known.size, known.mode)
    picture.save(tmp_path / "drawn.png")
    difference = ImageChops.difference(picture.convert("RGB"), known.convert("RGB")).getbbox()
    assert difference is None, f"{tmp_path}/drawn.png differs from {approved} in {difference}"


@pytest.mark.parametrize(
    ("known", "names"),
    [
        (NOTHING, ("now",)),
        (view(), ("now", "today", "links")),
        (view(**SUN), ("now", "today", "solar", "links")),
        (view(**SUN, **TEMPO), ("now", "today", "solar", "tempo", "links")),
        (view(injected_today_wh=0), ("now", "today", "links")),
        (view(**OFF_PEAK, **TEMPO), ("now", "today", "hours", "tempo", "links")),
    ],
)
def test_a_page_is_offered_when_it_has_something_to_say(known, names):
    """The button turns through no empty page."""
    assert pages.available(known) == names


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(
    "look", [*LOOKS.values(), PictureStyle(480, 64, colour=False), PictureStyle(135, 240, colour=True)]
)
def test_every_fault_fits_into_the_title(look, language):
    """No word of any language is cut at an edge: the columns of both edges are of one colour."""
    for fault in ("link", "gateway", "meter", "silence", "version"):
        picture = pages.draw(look._replace(language=language), view(fault, age_s=7000), "now").convert("RGB")
        for column in (0, look.width - 1):
            head = picture.crop((column, 0, column + 1, 14))
            assert len(head.getcolors()) == 1, fault


CODES = {
    "oled": (0, 0, 64, 64), "lcd-240x240": (55, 47, 185, 177), "lcd-320x240": (0, 47, 193, 240),
    "epaper": (0, 0, 122, 122)
}  # fmt: skip


@pytest.mark.parametrize("look", LOOKS)
def test_a_camera_finds_the_address_on_every_panel(look):
    """Every module of the code is where it belongs, dark on light to whoever looks, with a light margin around."""
    picture = drawn(look, "welcome-code.en").convert("L").crop(CODES[look])
    # On paper what is lit is ink.
    dark = picture if LOOKS[look].paper else ImageChops.invert(picture)
    left, top, right, bottom = dark.getbbox()
    rows = [list(row) for row in segno.make("http://192.168.100.120:8080/", error="l", micro=False).matrix]
    module = (right - left) / len(rows)
    assert module == int(module) >= 2
    assert bottom - top == right - left
    assert min(left, top, picture.width - right, picture.height - bottom) >= 2 * module
    for y, row in enumerate(rows):
        for x, is_dark in enumerate(row):
            at = int(left + (x + 0.5) * module), int(top + (y + 0.5) * module)
            assert bool(dark.getpixel(at)) == bool(is_dark), (x, y)


def test_a_power_of_the_past_is_never_shown_large():
    """A value of the past and one of now cannot be mistaken for each other."""
    old = pages.draw(LOOKS["lcd-240x240"], view("meter", age_s=42), "now")
    other = pages.draw(LOOKS["lcd-240x240"], view("meter", age_s=42, drawn_va=5999), "now")
    changed = ImageChops.difference(old, other).getbbox()
    assert changed[3] - changed[1] <= 24


def test_the_command_line_knows_every_page():
    """It lists them without the picture library."""
    assert tuple(pages.PAGES) == PAGES


def test_a_missing_font_is_said_with_its_package(monkeypatch):
    """Not a traceback of the picture library."""
    canvas._font.cache_clear()
    monkeypatch.setattr(ImageFont, "truetype", lambda *_, **__: (_ for _ in ()).throw(OSError("cannot open resource")))
    with pytest.raises(ConfigError, match="apt install fonts-dejavu-core"):
        pages.draw(LOOKS["oled"], NOTHING, "now")
