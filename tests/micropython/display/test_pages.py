"""The pages of the displays, drawn under MicroPython by the drivers, as the panels' chips would show them.

``WRITE_PAGES=1`` draws the pictures of ``pictures/`` anew; look at each before it is committed.
"""

import json
import os
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from gateway.live import compact
from gateway.live.compact import Compact, encode
from tests.micropython.display.boards import run

PICTURES = Path(__file__).parent / "pictures"

# A house in the evening, as the contract tells it.
HOUSE = {
    "flags": compact.STANDARD_MODE, "sequence": 7, "time": 1768505400, "age_s": 0, "tariff": 3, "tariff_index": 2,
    "today": 0, "tomorrow": 0, "broken": 0, "subscribed_va": 6000, "drawn_va": 3450, "injected_va": None,
    "drawn_today_wh": 9120, "drawn_yesterday_wh": 14800, "injected_today_wh": None, "produced_today_wh": None,
}  # fmt: skip
SOLAR = {"injected_va": 1280, "drawn_va": 0, "injected_today_wh": 2300, "produced_today_wh": 6100}
BASIC, ALL = ["now", "today", "links"], ["now", "today", "solar", "tempo", "links"]
HOURS = ["now", "today", "hours", "links"]
NIGHT = {"until": "07:30", "off-peak": "13:26", "cost-today": "-4"}


def scene(name, shown, pages=BASIC, *, age_ms=0, linked=True, online=True, watts=None, told=None, **frame):
    """One moment, and the pages of it that are looked at; those of ``pages`` are there.

    ``told`` are the topics beside the frame: ``until``, ``off-peak`` by the clock, ``cost-today`` in cents.
    """
    fields = HOUSE | frame
    return {
        "name": name, "shown": shown, "pages": pages, "age_ms": age_ms, "linked": linked, "online": online,
        "frame": encode(Compact(**fields)).hex(), "watts": watts or {}, **(told or {}),
    }  # fmt: skip


SCENES = [
    scene("evening", ["now", "today", "links"]),
    scene("off-peak", ["hours"], HOURS, tariff=2, told={"until": "07:30"}),
    scene(
        *("priced", ["now", "today"], HOURS),
        watts={"": "3310", "/half-width": "70"},
        told={"until": "21:30", "off-peak": "22:30", "cost-today": "231"},
    ),
    scene("priced-night", ["now", "hours"], HOURS, tariff=2, told=NIGHT),
    scene("peak", ["hours"], HOURS, told={"until": "13:26", "off-peak": "13:26"}),
    scene("watts", ["now"], watts={"": "3310", "/half-width": "70"}),
    scene("watts-sun", ["now"], ALL, **SOLAR, today=1, watts={"": "-1260", "/half-width": "30"}),
    # Empty where it is not known: then what the meter says.
    scene("watts-gone", ["now"], watts={"": "", "/half-width": ""}),
    scene("overload", ["now"], flags=compact.OVERLOAD, drawn_va=7120),
    scene("night", ["now"], tariff=2, drawn_va=85, drawn_today_wh=210),
    scene("tempo", ["now", "tempo"], ["now", "today", "tempo", "links"], today=2, tomorrow=3),
    scene("tempo-red", ["now", "tempo"], ["now", "today", "tempo", "links"], today=3, drawn_va=5200),
    scene("sun", ["now", "solar"], ALL, **SOLAR, flags=compact.INJECTING, today=1, tomorrow=1),
    scene("surplus", ["solar"], ["now", "today", "solar", "links"], injected_today_wh=2300),
    scene("mute", ["now"], flags=compact.STALE, age_s=42),
    scene("lost", ["now", "today"], age_ms=3 * 3_600_000, linked=False),
    scene("gateway-gone", ["now"], age_ms=2000, online=False),
    scene("broken", ["links"], broken=0b0110_0001),
    scene("large", ["now"], drawn_va=36420, subscribed_va=36000, drawn_today_wh=512_300, drawn_yesterday_wh=498_700),
    scene("waiting", ["now"], ["now"]) | {"frame": None},
]
PANELS = ("ssd1306", "sh1106", "st7789-240x240", "st7789-135x240", "st7789-240x135")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The folder with every picture."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "scenes.json").write_text(json.dumps(SCENES))
    assert run("pages_on_board.py", folder, folder / "scenes.json", heap="2M") == "drawn\n"
    return folder


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("name", [f"{one['name']}-{page}" for one in SCENES for page in one["shown"]])
def test_a_page_looks_as_it_was_approved(drawn, panel, name):
    """Each page of each moment is, pixel by pixel, the picture that somebody looked at."""
    picture = Image.open(drawn / f"{panel}-{name}.ppm")
    approved = PICTURES / f"{panel}-{name}.png"
    if os.environ.get("WRITE_PAGES"):
        picture.quantize(16).save(approved, optimize=True)
        return
    known = Image.open(approved).convert("RGB")
    assert picture.size == known.size
    difference = ImageChops.difference(picture, known).getbbox()
    assert difference is None, f"{drawn / panel}-{name}.ppm differs in {difference}"


def test_both_oled_chips_show_the_same(drawn):
    """The SH1106's wider memory and paged addressing are the driver's business."""
    for one in SCENES:
        for page in one["shown"]:
            first, second = (drawn / f"{panel}-{one['name']}-{page}.ppm" for panel in PANELS[:2])
            assert first.read_bytes() == second.read_bytes()


def test_no_picture_is_left_over():
    """Every approved picture is one that is still drawn."""
    names = {f"{panel}-{one['name']}-{page}.png" for panel in PANELS for one in SCENES for page in one["shown"]}
    assert {path.name for path in PICTURES.glob("*.png")} == names
