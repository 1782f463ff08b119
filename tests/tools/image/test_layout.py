"""The partition table, by arithmetic; and an image of a small root, read back with the tools that others have."""

import json
import shutil
import subprocess
from dataclasses import replace

import pytest

from image import layout
from image.boards import BOARDS
from image.errors import PATH, ImageError
from image.machine import CardImage
from image.models import CARD, KINDS, PI5, kind_of
from image.pack import image, publish
from image.progress import ImageProgress

MIB = 1 << 20


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("root", "data"), [(1, 1), (700 * MIB, 60 * MIB), (999_999_999, 123_456_789)])
def test_partitions_follow_one_another_in_whole_erase_blocks(kind, root, data):
    """No two share a block of the card, none is smaller than what goes into it."""
    firmware, second, third = layout.plan(kind, root, data)
    assert firmware.start == 4 * MIB
    assert (second.start, third.start) == (firmware.end, second.end)
    assert all(value % (4 * MIB) == 0 for one in (firmware, second, third) for value in (one.start, one.size))
    assert second.size >= 1.5 * root
    assert third.size >= data + 256 * MIB


def test_the_image_of_a_usual_root_fits_a_card_of_four_gigabytes():
    """With what Debian and the gateway take today, and a third more."""
    assert layout.plan(CARD, 1100 * MIB, 250 * MIB)[-1].end < 3.9e9


def test_the_firmware_of_a_pi_5_has_room_for_three_kernels():
    """While an upgrade has not yet taken the oldest away: 52 MB each, with an initramfs of as much and a half."""
    assert PI5.firmware_bytes > 3 * (52 + 78) * MIB
    _, root, data = layout.plan(PI5, 525 * MIB, 12 * MIB)
    assert root.size - 525 * MIB > 2 * (86 + 2 * 52 + 39) * MIB
    assert data.end < 3.9e9


def table(partitions):
    """A first sector, as sfdisk writes it."""
    entries = [
        b"\x00" * 4 + bytes([int(one.kind, 16)]) + b"\x00" * 3
        + (one.start // 512).to_bytes(4, "little") + (one.size // 512).to_bytes(4, "little")
        for one in partitions
    ]  # fmt: skip
    return (b"\x00" * 446 + b"".join(entries)).ljust(510, b"\x00") + b"\x55\xaa"


def test_a_table_is_read_as_it_was_planned():
    """Names, kinds, places."""
    planned = layout.plan(CARD, 700 * MIB, 60 * MIB)
    assert layout.read(table(planned)) == planned


@pytest.mark.parametrize(("sector", "said"), [(b"", "no partition"), (bytes(512), "no partition"), (None, "empty")])
def test_what_is_no_card_of_ours_is_refused(sector, said):
    """With what is missing."""
    with pytest.raises(ValueError, match=said):
        layout.read(table(layout.plan(CARD, MIB, MIB)[:2]) if sector is None else sector)


@pytest.fixture
def card(tmp_path, monkeypatch):
    """An image of a root of three files, on a card of 150 MB."""
    # The least that FAT32 and a journal take.
    monkeypatch.setattr(layout, "DATA_ROOM", 100 * MIB)
    for name in ("sfdisk", "mformat", "mke2fs"):
        if shutil.which(name, path=PATH) is None:
            pytest.skip(f"{name} is not installed")
    root = tmp_path / "root"
    for name, text in (
        ("boot/firmware/config.txt", "kernel=vmlinuz-6\ninitramfs initrd-6\n"),
        ("boot/firmware/cmdline.txt", "console=tty0 root=LABEL=linky-root rootwait\n"),
        ("boot/firmware/overlays/one.dtbo", "overlay"),
        ("etc/hostname", "linky\n"),
        ("var/lib/dpkg/status", "Package: all\n"),
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    file = tmp_path / "card.img"
    image(replace(PI5, firmware_bytes=36 * MIB), root, file, ImageProgress())
    return CardImage(file)


def ask(card, partition, request):
    """What debugfs says of an ext4 partition."""
    place = f"{card.file}?offset={card.partitions[partition].start}"
    done = subprocess.run(
        [shutil.which("debugfs", path=PATH), "-R", request, place],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout


def test_each_folder_is_in_its_own_partition(card):
    """The firmware where the board looks for it; /var apart from a root that has only its mount point."""
    assert {"config.txt", "overlays"} <= card.names()
    assert card.text("config.txt").startswith("kernel=")
    assert kind_of(layout.label_id(card.file.read_bytes()[: layout.SECTOR])) is PI5
    assert ask(card, "root", "cat /etc/hostname") == "linky\n"
    assert "lib" not in ask(card, "root", "ls /var")
    assert ask(card, "data", "cat /lib/dpkg/status") == "Package: all\n"
    assert "upper" in ask(card, "data", "ls /lib/linky-card/etc")
    card.check()


def test_what_a_board_would_start_is_read_from_the_card(card):
    """As its firmware does; a card that names nothing to start is refused."""
    assert card.starts() == ("vmlinuz-6", "initrd-6", "root=LABEL=linky-root rootwait")
    card.put("config.txt", b"arm_64bit=1\nkernel=vmlinuz-6\n")
    with pytest.raises(ImageError, match="no initramfs"):
        card.starts()


def test_the_emulators_boards_are_boards_of_the_image():
    """By the description that the card has for each."""
    assert {board.dtb for board in BOARDS} <= {model.dtb for model in CARD.models}


def test_a_damaged_file_system_is_noticed(card):
    """The boot test's last look is one that can fail."""
    with card.file.open("r+b") as stream:
        stream.seek(card.partitions["data"].start + 4096)
        stream.write(b"\xff" * 65_536)
    with pytest.raises(ImageError, match="e2fsck"):
        card.check()


def test_files_are_put_onto_the_card_and_wiped_bytes_are_known(card):
    """Of a file that was removed the bytes are still there; of one that was overwritten they are not."""
    card.put("linky.toml", b"key = 'canary-5d7e'")
    assert card.text("linky.toml") == "key = 'canary-5d7e'"
    assert card.holds(b"canary-5d7e")
    assert not card.holds(b"canary-0000")


def test_what_is_published_is_what_was_made(tmp_path):
    """The packed image unpacks to the raw one; its sum and the list for Imager are beside it."""
    raw, out = tmp_path / "card.img", tmp_path / "out"
    raw.write_bytes(bytes(range(256)) * 4096)
    out.mkdir()
    made = publish(CARD, raw, out / "card.img.xz", None, "https://example.org/icon.svg", ImageProgress())
    assert {path.name for path in out.iterdir()} == {"card.img.xz", "card.img.xz.sha256", "os-list.json"}
    assert set(made) == set(out.iterdir())
    subprocess.run(["sha256sum", "--check", "--quiet", "card.img.xz.sha256"], cwd=out, check=True, timeout=60)
    (entry,) = json.loads((out / "os-list.json").read_text())["os_list"]
    assert (entry["init_format"], entry["devices"]) == ("rpi-preseed", ["pi3-64bit", "pi4-64bit"])
    subprocess.run(["sh", "-c", 'xz -dc "$0" | cmp - "$1"', made[0], raw], check=True, timeout=60)


def test_what_was_never_started_is_made_and_offered_by_no_list(tmp_path):
    """Whoever asks for it has it, with its sum."""
    raw, out = tmp_path / "card.img", tmp_path / "out"
    raw.write_bytes(bytes(4096))
    out.mkdir()
    made = publish(PI5, raw, out / "card.img.xz", None, "https://example.org/icon.svg", ImageProgress())
    assert (
        {path.name for path in made} == {path.name for path in out.iterdir()} == {"card.img.xz", "card.img.xz.sha256"}
    )


def test_images_are_told_apart_by_their_partition_table():
    """By nothing that a file's name could hide."""
    assert [kind_of(kind.label_id) for kind in KINDS] == list(KINDS)
    assert kind_of(0) is kind_of(0x12345678) is None
    assert layout.label_id(b"") == layout.label_id(bytes(512)) == 0
