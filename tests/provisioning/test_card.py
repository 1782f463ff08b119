"""What goes onto a card is what the first start reads, and what cloud-init runs."""

import shutil
import subprocess
from dataclasses import replace

import pytest
import yaml

from gateway.first_boot.settings import Account, Settings, Wifi, parse
from provisioning import card

SETTINGS = Settings(
    "en",
    "maison-1",
    Wifi('Côté "x"', "canary\\key"),
    Account("m@example.org", "canary-password"),
    "auto",
    "ABCDEFGHJKLM",
)


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
    assert "canary" not in made["user-data"] + made["meta-data"]
    assert "canary\\key" not in made["linky.toml"]
    assert made["user-data"].startswith("#cloud-config\n")


def test_what_cloud_init_runs_is_a_sound_script(tmp_path):
    """The shell reads it without complaint, and stops at the first thing that fails."""
    (script,) = yaml.safe_load(card.files(SETTINGS, "raspios")["user-data"])["runcmd"]
    subprocess.run(["/bin/sh", "-n"], input=script, text=True, check=True, timeout=60)
    assert script.startswith("set -eu\n")
    if shutil.which("shellcheck"):
        subprocess.run(["shellcheck", "--shell=sh", "-"], input=script, text=True, check=True, timeout=60)


def test_a_port_is_handed_to_the_installer_as_it_is_written(tmp_path):
    """Also one whose serial number has signs that the shell knows."""
    port = "usb:0403:6015:TI'N $(touch x)`y`"
    (script,) = yaml.safe_load(card.files(replace(SETTINGS, port=port), "raspios")["user-data"])["runcmd"]
    (line,) = [line for line in script.splitlines() if line.startswith("printf")]
    subprocess.run(["/bin/sh", "-euc", line], env={"tree": str(tmp_path)}, cwd=tmp_path, check=True, timeout=60)
    assert (tmp_path / "answers").read_text() == f"port = {port}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["answers"]


@pytest.mark.skipif(shutil.which("cloud-init") is None, reason="cloud-init is not installed")
def test_cloud_init_takes_it(tmp_path):
    """Its own schema has nothing to say."""
    file = tmp_path / "user-data"
    file.write_text(card.files(SETTINGS, "raspios")["user-data"])
    subprocess.run(["cloud-init", "schema", "--config-file", file], check=True, timeout=60)


def test_an_open_network_has_no_password():
    """Neither in cloud-init's words nor in ours."""
    made = card.files(Settings("fr", "m", Wifi("Box", ""), None, "auto", None), "raspios")
    assert yaml.safe_load(made["network-config"])["network"]["wifis"]["wlan0"]["access-points"] == {"Box": {}}
