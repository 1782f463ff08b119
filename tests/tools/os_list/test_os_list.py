"""The list for Raspberry Pi Imager: as its published rules ask, with sums by which Imager knows the image."""

import gzip
import hashlib
import json
import lzma
import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from image.models import CARD, PI5
from os_list.entries import REQUIRED, faults, main

ROOT = Path(__file__).parents[3]
CONTENT = bytes(range(256)) * 8
PLACES = ["--url", "https://example.org/linky.img.xz", "--icon", "https://example.org/linky.svg"]


@pytest.fixture
def image(tmp_path):
    """A small image, packed, of a known day."""
    file = tmp_path / "linky.img.xz"
    file.write_bytes(lzma.compress(CONTENT))
    os.utime(file, (1_795_600_000, 1_795_600_000))
    return file


def test_the_list_is_what_imager_asks_for(image, tmp_path):
    """Sizes, sums, day and boards; the customisation that the image understands."""
    out = tmp_path / "os-list.json"
    subprocess.run(
        [ROOT / "tools/os-list", image, *PLACES, "--out", out], check=True, timeout=60, stdout=subprocess.DEVNULL
    )
    document = json.loads(out.read_text())
    assert faults(document) == []
    (one,) = document["os_list"]
    assert (one["extract_size"], one["extract_sha256"]) == (2048, hashlib.sha256(CONTENT).hexdigest())
    assert one["image_download_size"] == image.stat().st_size
    assert one["image_download_sha256"] == hashlib.sha256(image.read_bytes()).hexdigest()
    assert (one["release_date"], one["devices"]) == ("2026-11-25", ["pi3-64bit", "pi4-64bit"])
    assert one["init_format"] == "rpi-preseed"


@pytest.mark.parametrize("key", REQUIRED)
def test_what_imager_asks_for_is_asked_for(image, tmp_path, key):
    """Each rule refuses a list without its key."""
    out = tmp_path / "os-list.json"
    assert main([str(image), *PLACES, "--out", str(out)]) == 0
    document = json.loads(out.read_text())
    del document["os_list"][0][key]
    assert any(f"os_list[0].{key}" in fault for fault in faults(document))
    assert faults({"os_list": []})
    assert faults({**document, "more": 1})


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.img.xz", b"no xz", "damaged, or not what its name says"),
        ("a.img.xz", lzma.compress(CONTENT)[:-20], "damaged, or not what its name says"),
        ("a.img.gz", gzip.compress(b"odd", mtime=0), "no image of a card"),
        ("a.img", CONTENT, "Imager unpacks .xz, .gz and .zip"),
        ("a.zip", b"PK", "damaged, or not what its name says"),
    ],
)
def test_an_image_that_imager_could_not_write_is_one_sentence(tmp_path, capsys, name, data, said):
    """And no list is written."""
    (tmp_path / name).write_bytes(data)
    assert main([str(tmp_path / name), *PLACES, "--out", str(tmp_path / "list")]) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "list").exists()


def test_a_zip_holds_one_image(tmp_path, capsys):
    """As Imager wants it."""
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.img", CONTENT)
    assert main([str(file), *PLACES, "--out", str(tmp_path / "list")]) == 0
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("b.img", CONTENT)
    assert main([str(file), *PLACES, "--out", str(tmp_path / "list")]) == 1
    assert "2 files inside" in capsys.readouterr().err


@pytest.mark.parametrize(("kind", "code"), [(CARD, 0), (PI5, 1)])
def test_an_image_that_nobody_has_seen_start_comes_into_no_list(tmp_path, capsys, kind, code):
    """Whatever its file is called: its partition table tells."""
    sector = bytes(440) + kind.label_id.to_bytes(4, "little") + bytes(66) + b"\x55\xaa"
    file = tmp_path / "linky-gateway-card.img.xz"
    file.write_bytes(lzma.compress(sector + CONTENT))
    assert main([str(file), *PLACES, "--out", str(tmp_path / "list")]) == code
    assert (tmp_path / "list").exists() is (code == 0)
    assert ("nobody has seen start" in capsys.readouterr().err) is (code == 1)
