"""The files that make Debian a gateway's card: they fit together, and with what the gateway expects."""

import re
from pathlib import Path

import pytest

from gateway.config.tables import load
from gateway.first_boot.plan import USUAL_PORT, source_of
from gateway.first_boot.settings import parse
from image import layout, models, root
from os_list.entries import DEVICES
from package import debian
from tests.units.files import tool

ROOT = Path(__file__).parents[3]
FILES = ROOT / "tools/lib/image/files"
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
    for name in ("etc/ssh", "etc/linky-gateway/secrets/notices", "etc/linky-gateway/https", "boot/firmware", "var/lib/systemd"):
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


def test_our_files_are_placed_with_the_rights_they_need(tmp_path):
    """Programs run, sudo's rule is one that sudo reads; texts for people have the line ends of Notepad."""
    for path in FILES.rglob("*"):
        if path.is_dir():
            (tmp_path / path.relative_to(FILES)).mkdir(parents=True, exist_ok=True)
    root.place(FILES, tmp_path)
    modes = {name: (tmp_path / name).stat().st_mode & 0o777 for name in ("etc/fstab", "etc/sudoers.d/linky-card")}
    assert modes == {"etc/fstab": 0o644, "etc/sudoers.d/linky-card": 0o440}
    assert (tmp_path / "usr/lib/linky-card/grow").stat().st_mode & 0o777 == 0o755
    readme = (tmp_path / "boot/firmware/LISEZMOI.txt").read_bytes()
    assert readme.count(b"\r\n") == readme.count(b"\n") > 0
    assert b"Zero 2 W" in readme
    assert b"@" not in readme


def test_each_board_is_known_to_imager_and_none_is_promised_too_much():
    """The list for Imager names the boards that the image starts on, and its help those that it does not."""
    assert set(models.tags()) <= set(DEVICES)
    assert models.tags() == ["pi3-64bit", "pi4-64bit"]
    said = "\n".join(models.sentences())
    for name in ("3 B+", "400", "CM4", "Zero 2 W"):
        assert name in said.splitlines()[0]
    assert re.search(r"NOT for Raspberry Pi 5\b", said)
    assert re.search(r"NOT for .*Zero W", said)
