"""What goes onto a card is what the first start reads, and what cloud-init runs."""

import hashlib
import shutil
import subprocess
from collections import namedtuple
from dataclasses import replace

import pytest
import yaml

from gateway.first_boot.settings import CardSettings, Wifi, XmppAccount, parse
from gateway.journal import ed25519
from gateway.upkeep.releases.keys import render_public
from provision import card

SETTINGS = CardSettings(
    "en",
    "maison-1",
    Wifi('Côté "x"', "canary\\key"),
    XmppAccount("m@example.org", "canary-password"),
    "auto",
    "ABCDEFGHJKLM",
)


ReleaseKey = namedtuple("ReleaseKey", "seed public")
KEY, SECOND_KEY, OTHER_KEY = (ReleaseKey(one * 32, ed25519.public_of(one * 32)) for one in (b"k", b"s", b"o"))


def test_a_card_for_the_image_is_one_file():
    """It says everything, and is read back as it was meant."""
    made = card.files(SETTINGS, "image")
    assert set(made) == {"linky.toml"}
    assert parse(made["linky.toml"].encode()) == (SETTINGS, [])


def test_a_card_for_raspberry_pi_os_has_cloud_inits_files():
    """The Wi-Fi is cloud-init's, the rest is the gateway's; user-data, which stays there, holds no secret."""
    made = card.files(SETTINGS, "raspios")
    network = yaml.safe_load(made["network-config"])["network"]["wifis"]["wlan0"]
    assert network["access-points"] == {'Côté "x"': {"password": "canary\\key"}}
    assert network["regulatory-domain"] == "FR"
    user_data = yaml.safe_load(made["user-data"])
    assert (user_data["hostname"], user_data["users"], user_data["ssh_pwauth"]) == ("maison-1", [], False)
    assert "cmdline.txt" not in made
    assert "canary" not in made["user-data"] + made["meta-data"]
    assert "canary\\key" not in made["linky.toml"]
    assert made["user-data"].startswith("#cloud-config\n")


def script(settings=SETTINGS, release_keys=()):
    """What the card installs with, at each start until it has succeeded."""
    (file,) = yaml.safe_load(card.files(settings, "raspios", (), release_keys)["user-data"])["write_files"]
    assert (file["path"], file["permissions"]) == ("/var/lib/cloud/scripts/per-boot/linky-gateway", "0755")
    return file["content"]


def test_what_cloud_init_runs_is_a_sound_script(tmp_path):
    """The shell reads it without complaint, and stops at the first thing that fails."""
    commands = yaml.safe_load(card.files(SETTINGS, "raspios")["user-data"])["bootcmd"]
    for text in (script(), script(release_keys=[OTHER_KEY.public, KEY.public]), "\n".join(commands)):
        subprocess.run(["/bin/sh", "-n"], input=text, text=True, check=True, timeout=60)
        if shutil.which("shellcheck"):
            subprocess.run(["shellcheck", "--shell=sh", "-"], input=text, text=True, check=True, timeout=60)
    assert script().startswith("#!/bin/sh\nset -eu\n")


def test_a_port_is_handed_to_the_installer_as_it_is_written(tmp_path):
    """Also one whose serial number has signs that the shell knows."""
    port = "usb:0403:6015:TI'N $(touch x)`y`"
    lines = script(replace(SETTINGS, port=port)).splitlines()
    (line,) = [line for line in lines if line.strip().startswith("printf 'port")]
    subprocess.run(["/bin/sh", "-euc", line], env={"tree": str(tmp_path)}, cwd=tmp_path, check=True, timeout=60)
    assert (tmp_path / "answers").read_text() == f"port = {port}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["answers"]


def first_start(tmp_path, installer, minutes=1, release_keys=(), signed_by=None):
    """Run the card's script in a folder of its own with an installer that a test made; what it ran, code, result."""
    boot, ran = tmp_path / "boot", tmp_path / "ran"
    tools = boot / "linky-gateway-0.0/tools"
    tools.mkdir(parents=True)
    (tools / "setup").write_text(f"#!/bin/sh\n{installer}\n")
    (tools / "setup").chmod(0o755)
    subprocess.run(["tar", "-C", boot, "-czf", boot / "linky-gateway.tar.gz", "linky-gateway-0.0"], check=True)
    if signed_by:
        archive = (boot / "linky-gateway.tar.gz").read_bytes()
        sums = f"{hashlib.sha256(archive).hexdigest()}  linky-gateway-0.0.tar.gz\n".encode()
        (boot / "linky-gateway.sha256").write_bytes(sums)
        (boot / "linky-gateway.sha256.sig").write_bytes(ed25519.sign(signed_by.seed, sums))
    (boot / "network-config").write_text("canary-of-the-wifi")
    stands_in = tmp_path / "bin"
    stands_in.mkdir()
    # What a machine has that boots: here it is only noted. A pause is over at once, but for the last.
    for name in ("systemctl", "systemd-run", "id", "sleep"):
        end = {"id": "exit 1", "sleep": f'[ "$1" -lt {60 * minutes} ] || kill "$PPID"'}.get(name, "")
        (stands_in / name).write_text(f'#!/bin/sh\necho "{name} $*" >>{ran}\n{end}\n')
        (stands_in / name).chmod(0o755)
    text = script(release_keys=release_keys).replace("/boot/firmware", str(boot)).replace("/var/tmp/", f"{tmp_path}/")
    (tmp_path / "script").write_text(text)
    environment = {"PATH": f"{stands_in}:/usr/bin:/bin", "COUNT": str(tmp_path / "count")}
    done = subprocess.run(
        ["/bin/sh", tmp_path / "script"], env=environment, check=False, timeout=60, capture_output=True
    )
    result = boot / "linky-result.txt"
    return ran.read_text().splitlines(), done.returncode, result.read_bytes().decode() if result.exists() else ""


def test_a_first_start_installs_and_takes_its_script_and_the_wifis_key_away(tmp_path):
    """Installed, it looks at linky.toml; nothing is restarted that needs no restart; it is not run again."""
    ran, code, _ = first_start(tmp_path, 'grep -q "^port = auto" "${0%/*}/../answers"; exit 4')
    assert code == 0
    assert ran[-2:] == ["systemctl start linky-first-boot.service", "systemctl start linky-gateway.service"]
    assert {path.name for path in tmp_path.iterdir()} == {"boot", "bin", "ran"}
    assert not (tmp_path / "boot/network-config").exists()


def test_an_installation_that_wants_a_restart_gets_one(tmp_path):
    """A moment after the end, by systemd."""
    ran, code, _ = first_start(tmp_path, "exit 10")
    assert (code, ran[-1]) == (0, "systemd-run --quiet --on-active=10s systemctl reboot")


def test_without_a_network_it_is_tried_again_and_the_card_says_why(tmp_path):
    """Longer and longer pauses, the installer's last sentence on the card in both languages; then it succeeds."""
    fails = 'echo x >>"$COUNT"; [ "$(wc -l <"$COUNT")" -ge 4 ] && exit 0; echo "… begins"; echo "✗ no network"; exit 3'
    ran, code, said = first_start(tmp_path, fails, minutes=10)
    assert code == 0
    assert [line for line in ran if line.startswith("sleep")] == ["sleep 30", "sleep 60", "sleep 120"]
    assert said.startswith("\ufefflinky-gateway n’est pas encore installé : ✗ no network\r\nNouvel essai dans 120 s")
    assert "linky-gateway is not installed yet: ✗ no network\r\nIt is tried again in 120 s" in said


def test_a_machine_that_goes_down_while_it_installs_begins_again(tmp_path):
    """The script is still there for the next start, and so is the Wi-Fi."""
    _, code, said = first_start(tmp_path, "exit 3", minutes=5)
    assert code != 0
    assert "Nouvel essai dans 480 s" in said
    assert (tmp_path / "script").exists()
    assert (tmp_path / "boot/network-config").read_text() == "canary-of-the-wifi"


def test_a_damaged_release_needs_a_person(tmp_path):
    """It is not tried for ever: the card says to write it anew."""
    ran, code, said = first_start(tmp_path, "echo '✗ files of this release are not what they were'; exit 5")
    assert code == 5
    assert not [line for line in ran if line.startswith("sleep")]
    assert "Réécrivez la carte." in said
    assert "Write the card anew." in said


def test_a_card_believes_the_release_of_its_key_before_it_is_unpacked(tmp_path):
    """Signed by one of the fleet's, it runs and trusts that key; by another, or nobody, it is not unpacked."""
    two = [SECOND_KEY.public, KEY.public]
    for name, signer in (("one", KEY), ("two", SECOND_KEY)):
        words = render_public(signer.public).splitlines()[1]
        installer = f"grep -qF '{words}' \"$9\""
        ran, code, _ = first_start(tmp_path / name, installer, release_keys=two, signed_by=signer)
        assert (code, ran[-1]) == (0, "systemctl start linky-gateway.service")
    for name, signer in (("other", OTHER_KEY), ("nobody", None)):
        installer = f"touch {tmp_path}/ran-of-{name}"
        _, code, said = first_start(tmp_path / name, installer, release_keys=two, signed_by=signer)
        assert code == 5
        assert "no signature of the expected key" in said
        assert "Write the card anew." in said
        assert not (tmp_path / f"ran-of-{name}").exists()


@pytest.mark.skipif(shutil.which("cloud-init") is None, reason="cloud-init is not installed")
def test_cloud_init_takes_it(tmp_path):
    """Its own schema has nothing to say."""
    file = tmp_path / "user-data"
    file.write_text(card.files(SETTINGS, "raspios", ["ssh-ed25519 AAAA who"])["user-data"])
    subprocess.run(["cloud-init", "schema", "--config-file", file], check=True, timeout=60)


def test_an_open_network_has_no_password():
    """Neither in cloud-init's words nor in ours."""
    made = card.files(CardSettings("fr", "m", Wifi("Box", ""), None, "auto", None), "raspios")
    assert yaml.safe_load(made["network-config"])["network"]["wifis"]["wlan0"]["access-points"] == {"Box": {}}
