"""Labels: on their paper, whole, and the same on the SVG and in the PDF."""

import re
import shutil
import subprocess
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
import segno
from PIL import Image, ImageFont

from provision.labels import PrintedLabel, pdf, svg_sheets

# Debian's fonts-dejavu-core: the widest of the fonts that the sheet names.
DEJAVU = "/usr/share/fonts/truetype/dejavu"
SVG = "{http://www.w3.org/2000/svg}"


def labels(count):
    """So many, one of them as long as it may be."""
    names = ["m" * 32, *(f"maison-{n:03}" for n in range(count - 1))]
    return [PrintedLabel(name, "W" * 40, f"http://{name}.local:8080/", "ABCD-EFGH-JKLM", "fr") for name in names]


def test_a_sheet_holds_21_and_the_next_begins():
    """43 labels are three sheets, in their order."""
    sheets = [ET.fromstring(sheet) for sheet in svg_sheets(labels(43))]
    assert [len(sheet.findall(f"{SVG}path")) for sheet in sheets] == [21, 21, 1]
    assert sheets[1].find(f"{SVG}text").text == "maison-020"
    assert svg_sheets([]) == []


FONTS = {
    "sans": ImageFont.truetype(f"{DEJAVU}/DejaVuSans.ttf", 1000),
    "bold": ImageFont.truetype(f"{DEJAVU}/DejaVuSans-Bold.ttf", 1000),
    "mono": ImageFont.truetype(f"{DEJAVU}/DejaVuSansMono-Bold.ttf", 1000),
}
SITES = [
    "",
    "É",
    "Salle des fêtes (2ᵉ)",
    "Résidence « Les Œillets », bât. C, étage",
    "École maternelle Jean-Jaurès, rez-de-ch.",
    "ÉCOLE MATERNELLE WILLIAM-WADDINGTON 1234",
    "a" * 39,
    "W" * 40,
    "Ÿ" * 40,
]
NAMES = ["m", "maison-des-associations-et-du-vel", "linky-gateway-0123456789-abcdefg", "m" * 32, "w" * 32]


def texts(svg):
    """Each text of a sheet: left, foot, size, width in the widest font that a browser may take (mm), and the words."""
    for text in ET.fromstring(svg).findall(f"{SVG}text"):
        x, y, size = (float(text.get(name)) for name in ("x", "y", "font-size"))
        bold = text.get("font-weight")
        font = FONTS["mono" if "Mono" in text.get("font-family") else "bold" if bold else "sans"]
        yield x, y, size, font.getlength(text.text) * size / 1000, text.text


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("name", [name[:32] for name in NAMES])
def test_a_long_name_is_legible_whole_and_on_its_label(site, name):
    """Of 1, 20, 39 or 40 letters, wide ones too: at least 6.5 points, no letter lost, none over another or beyond."""
    key = "0123 4567 89AB CDEF …"
    label = PrintedLabel(name, site, f"http://{name}.local:8080/", "ABCD-EFGH-JKLM", "fr", key)
    found = [*texts(svg_sheets([label])[0])]
    for x, y, size, width, words in found:
        assert size >= 6.5 * 25.4 / 72 - 0.001, words
        assert x + width <= 7.2 + 63.5 - 2, words
        assert y <= 15.1 + 38.1 - 1.4, words
    for column in {x for x, *_ in found}:
        below = [(y, size) for x, y, size, *_ in found if x == column]
        assert all(foot + 0.85 * size <= next_foot for (foot, _), (next_foot, size) in pairwise(below))
    said = "".join(words for *_, words in found).replace(" ", "")
    first, page = "Codedelapremièrevisite", "Pagedelamaison"
    signed = f"Misesàjoursignées:{key.replace(' ', '')}"
    assert said == f"{name}{site.replace(' ', '')}{first}{label.code}{page}{label.address.rstrip('/')}{signed}"


def test_what_is_usual_stands_on_one_line():
    """A short name and a site of 20 letters keep their size."""
    label = PrintedLabel("maison-01", "Salle des fêtes, 2ᵉ ", "http://maison-01.local:8080/", "ABCD-EFGH-JKLM", "fr")
    found = {words: round(size * 72 / 25.4, 2) for _, _, size, _, words in texts(svg_sheets([label])[0])}
    assert found["maison-01"] == 11
    assert found["Salle des fêtes, 2ᵉ"] >= 7.5
    assert found["http://maison-01.local:8080"] == 9


def test_the_qr_code_is_the_address():
    """Its modules are those of segno's, for the page's address."""
    (label,) = labels(1)
    path = ET.fromstring(svg_sheets([label])[0]).find(f"{SVG}path").get("d")
    matrix = segno.make(label.address, error="m", micro=False).matrix
    side = 22.0 / len(matrix)
    drawn = {
        (round((float(y) - 15.1 - 4.5) / side), round((float(x) - 7.2 - 4.0) / side) + step)
        for x, y, width in re.findall(r"M([\d.]+) ([\d.]+)h([\d.]+)v", path)
        for step in range(round(float(width) / side))
    }
    assert drawn == {(y, x) for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark}


def test_the_pdf_is_one_that_every_reader_finds_its_way_in():
    """Its table points at its objects, one page for each sheet, nothing but its own fonts."""
    data = pdf([PrintedLabel("m", "École (2ᵉ) \\ été", "http://m.local:8080/", "ABCD-EFGH-JKLM", "en")] * 22)
    table = data[int(re.search(rb"startxref\n(\d+)", data)[1]) :]
    for number, place in enumerate(re.findall(rb"(\d{10}) 00000 n", table), 1):
        assert data[int(place) :].startswith(b"%d 0 obj" % number)
    assert data.count(b"/Type /Page /Parent") == 2
    assert "(École \\(2e\\) \\\\ été) Tj".encode("cp1252") in data


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_a_browser_draws_the_sheet(tmp_path):
    """What is printed from a browser is black where the code is."""
    (tmp_path / "sheet.svg").write_text(svg_sheets(labels(21))[0])
    command = [
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={tmp_path}/b",
    ]
    subprocess.run(
        [*command, "--window-size=794,1123", f"--screenshot={tmp_path}/s.png", f"file://{tmp_path}/sheet.svg"],
        check=True,
        capture_output=True,
        timeout=120,
    )
    with Image.open(tmp_path / "s.png") as picture:
        dot = 794 / 210
        # The middle of the finder pattern of the first and of the last label.
        for column, row in ((0, 0), (2, 6)):
            x, y = 7.2 + column * 66.0 + 4.0 + 2.4, 15.1 + row * 38.1 + 4.5 + 2.4
            assert max(picture.convert("RGB").getpixel((round(x * dot), round(y * dot)))) < 60
