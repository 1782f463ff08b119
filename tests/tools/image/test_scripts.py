"""The scripts that run on the card: each with a folder in the place of its partition."""

import shutil
import subprocess
from pathlib import Path

import pytest

from image.boot_test import FIRSTRUN, IMAGER

FILES = Path(__file__).parents[3] / "tools/lib/image/files"
SCRIPTS = FILES / "usr/lib/linky-card"
OF_PI5 = FILES.parent / "files-card-pi5/usr/lib/linky-card"
LINE = " console=tty0 root=LABEL=linky-root rw fsck.repair=yes net.ifnames=0  rootwait ro panic=30"
PLAIN = "console=tty0 root=LABEL=linky-root rw fsck.repair=yes net.ifnames=0 rootwait ro panic=30"


def run(name, *arguments, scripts=SCRIPTS):
    """Run one of them with the shell that the card has; what it said."""
    command = [shutil.which("dash") or "sh", scripts / name, *arguments]
    return subprocess.run(command, check=True, timeout=60, capture_output=True, text=True).stdout


@pytest.mark.parametrize(
    "added",
    [
        IMAGER,
        " systemd.run=/boot/firmware/a.sh systemd.run_success_action=none systemd.unit=kernel-command-line.target",
        ' systemd.run="/boot/firstrun.sh with words" systemd.run_failure_action=none',
        "",
    ],
)
def test_the_words_of_imager_leave_the_command_line(tmp_path, added):
    """All of them and nothing else, wherever it says its script is."""
    (tmp_path / "cmdline.txt").write_text(f"{LINE}{added}\n")
    run("imager", tmp_path)
    assert (tmp_path / "cmdline.txt").read_text() == f"{PLAIN}\n"
    assert not (tmp_path / "cmdline.new").exists()


def test_words_that_only_look_alike_stay(tmp_path):
    """A unit or an option that somebody wants is not Imager's."""
    wanted = "root=LABEL=linky-root systemd.unit=rescue.target systemd.runlevel=3 rootwait"
    (tmp_path / "cmdline.txt").write_text(f"{wanted}\n")
    run("imager", tmp_path)
    assert (tmp_path / "cmdline.txt").read_text() == f"{wanted}\n"


def test_the_script_of_imager_is_overwritten_and_removed(tmp_path):
    """It holds the Wi-Fi's key: the blocks that it lay in hold it no more."""
    (tmp_path / "cmdline.txt").write_text(f"{LINE}{IMAGER}\n")
    script = tmp_path / "firstrun.sh"
    script.write_bytes(FIRSTRUN)
    same = tmp_path / "same-blocks"
    same.hardlink_to(script)
    run("imager", tmp_path)
    assert not script.exists()
    assert same.read_bytes() == bytes(len(FIRSTRUN))


def test_whoever_used_imager_is_told(tmp_path):
    """In both languages, with the line ends of the simplest editor."""
    (tmp_path / "cmdline.txt").write_text(f"{LINE}{IMAGER}\n")
    run("imager", tmp_path)
    said = (tmp_path / "linky-result.txt").read_bytes()
    assert said.count(b"\r\n") == said.count(b"\n")
    assert "ont été effacés".encode() in said
    assert b"was erased" in said


@pytest.mark.parametrize("name", ["authorized_keys", "authorized_keys.txt"])
def test_keys_move_from_the_card_to_where_sshd_reads_them(tmp_path, name):
    """As any editor saved them."""
    card, etc = tmp_path / "card", tmp_path / "etc"
    card.mkdir()
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFsT somebody"
    (card / name).write_bytes(f"{key}\r\n".encode("utf-8-sig"))
    run("keys", card, etc)
    assert (etc / "authorized_keys.d/linky").read_text() == f"{key}\n"
    assert not list(card.iterdir())


def test_without_keys_nothing_is_made(tmp_path):
    """An empty file would be a key that is there."""
    run("keys", tmp_path, tmp_path)
    assert not (tmp_path / "authorized_keys.d/linky").exists()


NEW, OLD = "usr/lib/modules/{}/dtb/broadcom", "usr/lib/linux-image-{}/broadcom"


@pytest.fixture
def kernels(tmp_path):
    """A root with a kernel, ``kernels(version, place)``, which the card's config.txt then starts; the card's folder."""
    card = tmp_path / "boot/firmware"
    card.mkdir(parents=True)

    def install(version, place=None):
        (card / "config.txt").write_text(f"arm_64bit=1\nkernel=vmlinuz-{version}\ninitramfs initrd.img-{version}\n")
        if place:
            folder = tmp_path / place.format(version)
            folder.mkdir(parents=True)
            for name in ("bcm2712-rpi-5-b.dtb", "bcm2837-rpi-3-b.dtb"):
                (folder / name).write_text(f"{name} of {version}")
        return card

    return install


def trees(card):
    """What lies on the card beside its settings."""
    return {path.name: path.read_text() for path in card.iterdir() if path.name != "config.txt"}


@pytest.mark.parametrize("place", [NEW, OLD])
def test_each_kernel_brings_its_descriptions_of_the_boards(tmp_path, kernels, place):
    """From where kernels have them now and had them before; at a later kernel, those of that one; twice is as once."""
    for version in ("7.3.4+deb13-arm64", "7.4.1+deb13-arm64", "7.4.1+deb13-arm64"):
        card = kernels(version, None if (tmp_path / place.format(version)).exists() else place)
        assert f"descriptions of {version} are on the card" in run("device-trees", tmp_path, card, scripts=OF_PI5)
        assert trees(card) == {name: f"{name} of {version}" for name in ("bcm2712-rpi-5-b.dtb", "bcm2837-rpi-3-b.dtb")}


@pytest.mark.parametrize("version", ["7.9.9+deb13-arm64", ""])
def test_a_kernel_without_descriptions_takes_none_away(tmp_path, kernels, version):
    """The former ones stay, and it is said; the kernel's installation goes on."""
    card = kernels("7.3.4+deb13-arm64", NEW)
    run("device-trees", tmp_path, card, scripts=OF_PI5)
    before = trees(card)
    kernels(version)
    assert "the card keeps those it has" in run("device-trees", tmp_path, card, scripts=OF_PI5)
    assert trees(card) == before


def test_a_description_that_was_cut_off_is_written_anew(tmp_path, kernels):
    """A power cut while the kernel was upgraded leaves the former one, and what is half written is no description."""
    card = kernels("7.3.4+deb13-arm64", NEW)
    (card / "bcm2712-rpi-5-b.dtb").write_text("of a kernel before")
    (card / "bcm2712-rpi-5-b.dtb.new").write_text("bcm27")
    run("device-trees", tmp_path, card, scripts=OF_PI5)
    assert trees(card)["bcm2712-rpi-5-b.dtb"] == "bcm2712-rpi-5-b.dtb of 7.3.4+deb13-arm64"
    assert not (card / "bcm2712-rpi-5-b.dtb.new").exists()


FOR_KERNEL = "brcmfmac43430b0-sdio"


@pytest.fixture
def radio(tmp_path):
    """Run the script with what lies on the card; the kernel's folder, what the driver was told, what the card says."""
    card, folder, told = tmp_path / "card", tmp_path / "firmware", tmp_path / "told"
    card.mkdir()
    modprobe = tmp_path / "modprobe"
    modprobe.write_text(f'#!/bin/sh\necho "$*" >>{told}\n')
    modprobe.chmod(0o755)

    def start(**files):
        for name, data in files.items():
            (card / name.replace("__", ".").replace("_sdio", "-sdio")).write_bytes(data)
        told.unlink(missing_ok=True)
        run("wifi-firmware", card, folder, modprobe)
        found = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        said = (card / "linky-wifi.txt").read_bytes().decode()
        return found, told.read_text().splitlines() if told.exists() else [], said

    return start


BIN, TXT, CLM = b"\0\x80" * 200_000, b"boardtype=0x0726\n" * 20, b"CLM DATA" * 500


@pytest.mark.parametrize("name", ["brcmfmac43436_sdio", "brcmfmac43430b0_sdio"])
def test_a_firmware_that_was_put_onto_the_card_lies_where_the_kernel_looks(radio, name):
    """Under the name that it asks for; the driver asks again, and at the next start it is there at once."""
    files = {f"{name}__bin": BIN, f"{name}__txt": TXT, f"{name}__clm_blob": CLM}
    found, told, said = radio(**files)
    assert found == {f"{FOR_KERNEL}.bin": BIN, f"{FOR_KERNEL}.txt": TXT, f"{FOR_KERNEL}.clm_blob": CLM}
    assert told == ["-r brcmfmac_wcc brcmfmac", "brcmfmac"]
    assert "Pris pour le Wi-Fi : brcmfmac434" in said
    assert said.count("\r\n") == said.count("\n")
    assert radio() == (found, [], said)
    assert radio(**{f"{name}__bin": BIN + b"newer"})[0][f"{FOR_KERNEL}.bin"] == BIN + b"newer"


@pytest.mark.parametrize(
    ("end", "data"),
    [
        ("bin", b""),
        ("bin", b"<!DOCTYPE html>" + b" " * 200_000),
        ("bin", bytes(2_000_000)),
        ("bin", b"not found"),
        ("txt", bytes(20_000)),
        ("clm_blob", bytes(100_000)),
    ],
)
def test_what_cannot_be_a_firmware_is_refused_by_name(radio, end, data):
    """A page that was saved, a download that was cut off, what would fill the disk; the driver is left alone."""
    found, told, said = radio(**{f"brcmfmac43436_sdio__{end}": data})
    assert (found, told) == ({}, [])
    assert f"Refusé (trop petit, trop grand, ou une page web enregistrée à sa place) : brcmfmac43436-sdio.{end}" in said
    assert (
        f"Refused (too small, too large, or a web page that was saved in its place): brcmfmac43436-sdio.{end}" in said
    )


def test_of_two_names_of_a_kind_one_is_taken_at_every_start(radio):
    """The kernel's own; nothing is written and no driver told again at the next one."""
    both = {"brcmfmac43430b0_sdio__bin": BIN, "brcmfmac43436_sdio__bin": BIN + b"other"}
    found, told, said = radio(**both)
    assert found == {f"{FOR_KERNEL}.bin": BIN}
    assert "Laissé de côté, un autre fichier a le même rôle : brcmfmac43436-sdio.bin" in said
    assert "Left aside, as another file is for the same: brcmfmac43436-sdio.bin" in said
    assert "Refus" not in said
    assert told
    assert radio() == (found, [], said)


def test_what_is_taken_off_the_card_is_used_no_more(radio, tmp_path):
    """It is said, once, and the driver asks anew; the unit runs for it though nothing lies on the card."""
    names = [f"brcmfmac43436-sdio.{end}" for end in ("bin", "txt", "clm_blob")]
    _, _, said = radio(brcmfmac43436_sdio__bin=BIN, brcmfmac43436_sdio__txt=TXT, brcmfmac43436_sdio__clm_blob=CLM)
    assert "Leave these files on the card" in said
    (tmp_path / "card" / names[2]).unlink()
    found, told, said = radio()
    assert found == {f"{FOR_KERNEL}.bin": BIN, f"{FOR_KERNEL}.txt": TXT}
    assert told
    assert f"Retiré de la carte, donc ne sert plus : {FOR_KERNEL}.clm_blob" in said
    for name in names[:2]:
        (tmp_path / "card" / name).unlink()
    found, told, said = radio()
    assert (found, told) == ({}, ["-r brcmfmac_wcc brcmfmac", "brcmfmac"])
    assert f"No more on the card, so no more in use: {FOR_KERNEL}.bin {FOR_KERNEL}.txt\r\n" in said
    assert "Leave these files" not in said
    unit = (FILES / "usr/lib/systemd/system/linky-card-wifi.service").read_text()
    assert "ConditionPathExistsGlob=|/var/lib/linky-card/firmware/brcm/*" in unit
    assert "RequiresMountsFor=/boot/firmware" in unit


def test_a_download_that_was_cut_off_takes_the_former_from_nobody(radio):
    """It would take the only network with it."""
    radio(brcmfmac43436_sdio__bin=BIN)
    found, told, said = radio(brcmfmac43436_sdio__bin=b"cut")
    assert (found, told) == ({f"{FOR_KERNEL}.bin": BIN}, [])
    assert "Refused" in said


def test_no_other_name_is_taken(radio):
    """A card is nobody's way to give the kernel something else."""
    found, told, _ = radio(brcmfmac43455_sdio__bin=BIN, regulatory__db=TXT)
    assert (found, told) == ({}, [])


def test_the_kernel_looks_where_the_firmware_is_put():
    """By its command line, from the first start on."""
    unit = (FILES / "usr/lib/systemd/system/linky-card-wifi.service").read_text()
    folder = unit.split("/usr/lib/linky-card/wifi-firmware ")[1].split()[1]
    assert f"firmware_class.path={folder}" in (FILES / "etc/default/raspi-extra-cmdline").read_text().split()
