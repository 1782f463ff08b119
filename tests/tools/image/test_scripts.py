"""The scripts that run on the card: each with a folder in the place of its partition."""

import shutil
import subprocess
from pathlib import Path

import pytest

from image.boot_test import FIRSTRUN, IMAGER

FILES = Path(__file__).parents[3] / "tools/lib/image/files"
SCRIPTS = FILES / "usr/lib/linky-card"
LINE = " console=tty0 root=LABEL=linky-root rw fsck.repair=yes net.ifnames=0  rootwait ro panic=30"
PLAIN = "console=tty0 root=LABEL=linky-root rw fsck.repair=yes net.ifnames=0 rootwait ro panic=30"


def run(name, *arguments):
    """Run one of them with the shell that the card has."""
    command = [shutil.which("dash") or "sh", SCRIPTS / name, *arguments]
    subprocess.run(command, check=True, timeout=60)


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
