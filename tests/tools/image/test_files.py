"""The files that make Debian a gateway's card: they fit together, and with what the gateway expects."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.config.tables import load
from gateway.first_boot.plan import USUAL_PORT, source_of
from gateway.first_boot.settings import parse
from image import layout, models, root
from image.errors import ImageError
from os_list.entries import DEVICES
from package import debian
from tests.units.files import tool

ROOT = Path(__file__).parents[3]
FILES = ROOT / "tools/lib/image/files"
OF_PI5 = ROOT / "tools/lib/image/files-card-pi5"
UNITS = FILES / "usr/lib/systemd/system"


def read(name):
    """A file of the card."""
    return (FILES / name).read_text(encoding="utf-8")


def test_the_linky_toml_of_a_fresh_card_is_right():
    """A household that changes nothing has a gateway with a cable; what it may fill in is known, key by key."""
    text = read("boot/firmware/linky.toml")
    found, faults = parse(text.encode())
    # Its name is left to Raspberry Pi Imager, which has written the card before anybody opens the file.
    assert (faults, found.hostname, found.port) == ([], None, "auto")
    assert f'# hostname = "{root.HOSTNAME}"' in text
    filled = re.sub(r"^# (?=\[|\w+ = )", "", text, flags=re.MULTILINE)
    _, faults = parse(filled.encode())
    assert {fault.key for fault in faults} <= {"wifi_key_ascii", "wifi_key", "password"}
    assert set(re.findall(r"^\[(\w+)\]", filled, re.MULTILINE)) == {"wifi", "account", "meter", "page"}


def test_the_configuration_of_a_fresh_card_leaves_the_port_to_linky_toml():
    """It is the one that the first start replaces by the adapter it finds."""
    config = load(FILES / "etc/linky-gateway/gateway.toml")
    assert config.web
    assert source_of(read("etc/linky-gateway/gateway.toml")) == USUAL_PORT


def test_partitions_are_mounted_by_the_names_that_they_have():
    """In fstab, for the kernel and in the initramfs; the root read-only."""
    lines = [line.split() for line in read("etc/fstab").splitlines() if line and not line.startswith("#")]
    mounts = {where: (what, options.split(",")) for what, where, _, options, *_ in lines}
    assert mounts["/"][0] == f"LABEL={layout.LABELS['root']}"
    assert "ro" in mounts["/"][1]
    assert mounts["/var"][0] == f"LABEL={layout.LABELS['data']}"
    assert mounts["/boot/firmware"][0] == f"LABEL={layout.LABELS['firmware']}"
    assert f'ROOTPART="LABEL={layout.LABELS["root"]}"' in read("etc/default/raspi-firmware")
    assert f"LABEL={layout.LABELS['data']}" in read("usr/share/initramfs-tools/scripts/local-bottom/linky-card")


def test_the_headers_port_is_the_meters():
    """No console on it; it has Raspberry Pi OS's name; the mini UART's clock stays."""
    assert 'CONSOLES="tty0"\n' in read("etc/default/raspi-firmware")
    assert 'SYMLINK+="serial0"' in read("etc/udev/rules.d/70-linky-card.rules")
    assert "core_freq=" in read("etc/default/raspi-firmware-custom")
    assert not [name for name in root.ENABLED if "getty" in name]


def test_the_drivers_of_adapters_are_those_of_the_package():
    """One list for setup, package and card: the package that the card is made with brings it."""
    assert not (FILES / "etc/modules-load.d").exists()
    assert debian._PLACES["modules-load.conf"] == "usr/lib/modules-load.d/linky-gateway.conf"


def test_every_unit_starts_a_program_that_is_there():
    """And what is switched on is on the card: ours, or the gateway's."""
    ours = {path.name for path in UNITS.glob("*.service")}
    for text in (path.read_text() for path in UNITS.rglob("*.*") if path.is_file()):
        for program in re.findall(r"^ExecStart=(/usr/lib/linky-card/\S+)", text, re.MULTILINE):
            assert (FILES / program[1:]).stat().st_mode & 0o111, program
    gateways = {path.name for path in (ROOT / "systemd").iterdir()}
    named = {name for name in root.ENABLED if name.startswith("linky-")}
    assert named <= ours | gateways
    assert ours <= named


def test_systemd_understands_our_units(tmp_path):
    """No key is unknown; the programs are the test's stand-ins."""
    copies = []
    for path in UNITS.glob("*.service"):
        text = re.sub(r"/usr/lib/linky-card/[\w-]+", "/bin/true", path.read_text())
        copies.append(tmp_path / path.name)
        copies[-1].write_text(text)
    done = tool("systemd-analyze", "verify", "--man=no", *map(str, copies))
    assert [line for line in done.stderr.splitlines() if "linky-card" in line] == []


def test_ssh_takes_keys_alone_and_is_off_without_one():
    """No password anywhere, of nobody."""
    settings = dict(line.split(maxsplit=1) for line in read("etc/ssh/sshd_config.d/linky-card.conf").splitlines()[1:])
    for name in ("PasswordAuthentication", "KbdInteractiveAuthentication", "PermitRootLogin"):
        assert settings[name] == "no"
    assert settings["AllowUsers"] == root.LOGIN
    drop = read("usr/lib/systemd/system/ssh.service.d/linky-card.conf")
    assert f"ConditionPathExists=/etc/ssh/authorized_keys.d/{root.LOGIN}\n" in drop


@pytest.fixture
def system(tmp_path):
    """What of a root ``faults`` and ``place`` look at."""
    for name in (
        "etc/ssh",
        "etc/linky-gateway/secrets/notices",
        "etc/linky-gateway/https",
        "boot/firmware",
        "var/lib/systemd",
    ):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "etc/shadow").write_text("root:*:20000:0:99999:7:::\nlinky:*:20000::::::\nmessagebus:!*:1::::::\n")
    (tmp_path / "etc/machine-id").write_text("")
    return tmp_path


def test_a_clean_root_has_no_fault(system):
    """Accounts without a password that would do, no identity."""
    assert root.faults(system) == []


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("etc/shadow", "root::20000:0:99999:7:::\n", "user root"),
        ("etc/shadow", "pi:$y$j9T$abc$def:20000::::::\n", "user pi"),
        ("etc/ssh/ssh_host_ed25519_key", "PRIVATE", "ssh_host_ed25519_key"),
        ("etc/machine-id", "0123456789abcdef0123456789abcdef\n", "machine-id"),
        ("var/lib/systemd/random-seed", "seed", "random-seed"),
        ("etc/linky-gateway/secrets/xmpp-password", "secret", "xmpp-password"),
        ("etc/linky-gateway/secrets/notices/sms", "secret", "notices/sms"),
        ("etc/linky-gateway/https/ca.key", "key", "ca.key"),
    ],
)
def test_what_no_image_may_hold_is_found(system, name, text, said):
    """Passwords, keys, what tells one machine from another."""
    (system / name).write_text(text)
    (found,) = root.faults(system)
    assert said in found


def placed(kind, to):
    """Our files in a root that has the folders of Debian's."""
    for files in root.files_of(kind):
        for path in files.rglob("*"):
            if path.is_dir():
                (to / path.relative_to(files)).mkdir(parents=True, exist_ok=True)
    (to / "etc/apt/preferences.d").mkdir(parents=True, exist_ok=True)
    root.place(kind, to)


def test_our_files_are_placed_with_the_rights_they_need(tmp_path):
    """Programs run, sudo's rule is one that sudo reads; texts for people have the line ends of Notepad."""
    placed(models.CARD, tmp_path)
    modes = {name: (tmp_path / name).stat().st_mode & 0o777 for name in ("etc/fstab", "etc/sudoers.d/linky-card")}
    assert modes == {"etc/fstab": 0o644, "etc/sudoers.d/linky-card": 0o440}
    assert (tmp_path / "usr/lib/linky-card/grow").stat().st_mode & 0o777 == 0o755
    readme = (tmp_path / "boot/firmware/LISEZMOI.txt").read_bytes()
    assert readme.count(b"\r\n") == readme.count(b"\n") > 0
    assert b"Zero 2 W" in readme
    assert b"@" not in readme


def test_each_board_is_known_to_imager_and_none_is_promised_too_much():
    """The list for Imager names the boards that the image starts on, and its help those that it does not."""
    assert {tag for kind in models.KINDS for tag in kind.tags} <= set(DEVICES)
    assert models.CARD.tags == ["pi3-64bit", "pi4-64bit"]
    assert (models.CARD.published, models.PI5.published) == (True, False)
    said = "\n".join(models.sentences())
    for name in ("3 B+", "400", "CM4", "Zero 2 W"):
        assert name in said.splitlines()[0]
    assert re.search(r"NOT for Raspberry Pi 5\b", said)
    assert re.search(r"NOT for .*Zero W", said)
    assert "nobody has seen it start" not in said
    said = "\n".join(models.sentences(models.PI5))
    assert "nobody has seen it start on one" in said
    assert re.search(r"NOT for Raspberry Pi .*\b4 B\b", said)
    assert re.search(r"NOT for Raspberry Pi 500\b", said)


def test_only_the_pi_5_has_anything_of_backports(tmp_path):
    """The boards that start today keep the kernel that Debian's security team looks after."""
    today, newer = tmp_path / "card", tmp_path / "pi5"
    placed(models.CARD, today)
    placed(models.PI5, newer)
    assert not any("backports" in path.read_text("utf-8") for path in today.rglob("*") if path.is_file())
    pin = (newer / "etc/apt/preferences.d/card-pi5").read_text()
    assert pin == "Package: linux-* firmware-brcm80211\nPin: release n=trixie-backports\nPin-Priority: 500\n"
    for name in ("etc/kernel/postinst.d/zz-linky-card-pi5", "usr/lib/linky-card/device-trees"):
        assert (newer / name).stat().st_mode & 0o111
        assert not (today / name).exists()
    assert b"(5, 5 (D0))" in (newer / "boot/firmware/LISEZMOI.txt").read_bytes()


def test_what_is_left_out_of_the_base_is_left_out_by_later_upgrades():
    """The same rules while the image is made and on the card."""
    text = (OF_PI5 / "etc/dpkg/dpkg.cfg.d/linky-card-pi5").read_text()
    assert tuple(line for line in text.splitlines() if line.startswith("path-")) == models.PI5.lean


def test_the_drivers_that_are_looked_for_are_those_that_are_put_in():
    """Two of them initramfs-tools would leave out by itself."""
    text = (OF_PI5 / "usr/share/initramfs-tools/hooks/linky-card-pi5").read_text()
    text += read("usr/share/initramfs-tools/hooks/linky-card")
    added = {name for line in re.findall(r"^manual_add_modules (.+)", text, re.MULTILINE) for name in line.split()}
    assert set(models.PI5.drivers) <= added


def test_a_driver_that_is_not_there_is_missed():
    """In a list of files, packed or not, in either spelling."""
    listed = "usr/lib/modules/7/kernel/clk-rp1.ko.xz\nkernel/drivers/misc/rp1/rp1_pci.ko\nkernel/pcie-brcmstb.ko\n"
    assert root.without(("clk_rp1", "rp1_pci", "pcie_brcmstb", "sdhci_brcmstb"), listed) == ["sdhci_brcmstb"]


TREE = """/dts-v1/;
/ {
	compatible = "brcm,bcm2712";
	soc {
		gio_aon: gpio@1 { brcm,gpio-bank-widths = <17 6>; };
		pinctrl: pinctrl@2 { compatible = "brcm,bcm2712c0-pinctrl"; reg = <0x7d504100 0x30>; };
		pinctrl_aon: pinctrl@3 { compatible = "brcm,bcm2712c0-aon-pinctrl"; reg = <0x7d510700 0x20>; };
		uart10: serial@4 { interrupts = <0x00 0x79 0x04>; };
	};
};
"""
LATER = (
    ("<17 6>", '<15 6>; gpio-line-names = "RP1_SDA"'),
    ("c0-", "d0-"),
    ("0x30>", "0x20>"),
    ("0x7d510700 0x20", "0x7d510700 0x1c"),
    ("0x79", "0x78"),
)


@pytest.mark.parametrize("also", ["", 'model = "another";'])
def test_the_overlay_makes_the_later_chip_of_the_first(tmp_path, also):
    """By the overlay's own source; a difference that it leaves is refused."""
    if shutil.which("dtc") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("device-tree-compiler is not installed")
    (overlay,) = models.PI5.overlays
    later = TREE
    for old, new in LATER:
        later = later.replace(old, new)
    for name, text in ((overlay.under, TREE), (overlay.gives, later.replace("soc {", f"{also} soc {{"))):
        made = ["dtc", "-q", "-@", "-I", "dts", "-O", "dtb", "-o", tmp_path / name]
        subprocess.run(made, input=text, text=True, check=True, timeout=60)
    if also:
        with pytest.raises(ImageError, match="of another kernel"):
            root.overlay(overlay, tmp_path)
    else:
        root.overlay(overlay, tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == {overlay.under, overlay.gives, "overlays"}
