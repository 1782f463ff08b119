"""A card's first start on Raspberry Pi OS: nobody is there, and what the card brings runs all the same.

In a booted container, with the order of the units as it is published (tools/lib/setup_test/raspios.py says where, and
in what it differs); tools/setup-test has cloud-init itself, and installs.
"""

import pytest
import yaml

from harness.container import Container
from provision import card
from setup_test.raspios import BOOKWORM, STAGES, TRIXIE
from tests.tools.provision.test_card import SETTINGS
from tests.units import boot


def lay(root, place, unit):
    """This machine's system with nothing of its own switched on, the unit that asks, and cloud-init's order."""
    system = root / "etc/systemd/system"
    (system / "multi-user.target.wants").mkdir(parents=True)
    for link in boot.switched_on():
        (system / link).symlink_to("/dev/null")
    for name, text in STAGES.items():
        (system / name).write_text(text)
    for name in ("cloud-init-network.service", "cloud-config.service", "cloud-final.service"):
        (system / "cloud-init.target.wants").mkdir(exist_ok=True)
        (system / "cloud-init.target.wants" / name).symlink_to(f"/etc/systemd/system/{name}")
    (system / "multi-user.target.wants/cloud-init.target").symlink_to("/etc/systemd/system/cloud-init.target")
    (root / place).mkdir(parents=True, exist_ok=True)
    (root / place / "userconfig.service").write_text(unit)
    (system / "multi-user.target.wants/userconfig.service").symlink_to(f"/{place}/userconfig.service")
    (root / "etc/fstab").write_text("")
    commands = yaml.safe_load(card.files(SETTINGS, "raspios")["user-data"]).get("bootcmd", ["true"])
    (root / "etc/trial-bootcmd").write_text("\n".join(commands))


@pytest.mark.parametrize(
    ("place", "unit"),
    [
        pytest.param("usr/lib/systemd/system", TRIXIE, id="trixie"),
        pytest.param("etc/systemd/system", BOOKWORM, id="etc", marks=pytest.mark.campaign),
    ],
)
def test_nobody_needs_to_stand_at_the_screen(tmp_path, place, unit):
    """The dialogue that waits for a first user holds nothing up, wherever its unit lies and whatever it follows."""
    boot.require(tmp_path)
    lay(tmp_path / "root", place, unit)
    with Container(tmp_path / "root", tmp_path / "console.log", base=boot.SYSTEM, unit="multi-user.target") as house:
        assert house.run("test", "-e", "/run/trial-final").returncode == 0
        assert house.show("userconfig.service", "ActiveState") == ["inactive"]
        assert house.show("multi-user.target", "ActiveState") == ["active"]
