"""The configuration files of 0.1.0, read by today's program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.bridges import config as bridge
from gateway.collector import config as collector
from gateway.config import tables as gateway
from gateway.display import config as display
from tests.upgrade.conftest import House, unpacked

SHIPPED = Path("opt/linky-gateway/versions/0.1.0/source/systemd")
LOAD = {
    "gateway.toml": gateway.load,
    "display.toml": display.load,
    "bridge.toml": bridge.load,
    "collect.toml": collector.load,
}
# A line that only waits for its comment sign to be taken off; one file has a space behind it.
_WAITS, _WAITS_TOO = r"(?m)^#(?=[a-z_]+ = |\[)", r"(?m)^# (?=[a-z_]+ = |\[)"


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the files of a machine that 0.1.0 was installed on."""
    return unpacked("machine.tar.xz", tmp_path_factory.mktemp("of") / "machine")


def test_what_setup_wrote_is_read_to_the_same_values(machine: Path) -> None:
    """The household's answers, and no key that is not known any more."""
    config = gateway.load(machine / "etc/linky-gateway/gateway.toml")
    assert config.meter[0].source == "usb:0403:6015:TINFO-1"
    assert config.federation is not None
    assert config.federation.jid == "maison@example.org"
    assert config.mqtt is not None
    assert config.mqtt.user == "gateway"
    assert config.web is not None


@pytest.mark.parametrize("name", LOAD)
def test_each_file_as_0_1_0_shipped_it_is_read(machine: Path, name: str) -> None:
    """What a person copied from there and left as it was holds today."""
    LOAD[name](machine / SHIPPED / name)


@pytest.mark.parametrize("name", LOAD)
def test_each_key_that_0_1_0_documented_is_still_known(machine: Path, tmp_path: Path, name: str) -> None:
    """Every commented line taken in: whatever a household may have chosen there is accepted."""
    text = re.sub(_WAITS_TOO if name == "collect.toml" else _WAITS, "", (machine / SHIPPED / name).read_text())
    # Examples that exclude one another, as the words beside them say.
    text = text.replace("tls = false", "tls = true") if name == "gateway.toml" else text
    text = text.replace("\ncontact = 1", "") if name == "display.toml" else text
    text = re.sub(r"\[epaper\].*?(?=\[led\])", "", text, flags=re.DOTALL)
    assert "\n#[" not in text
    file = tmp_path / name
    file.write_text(text)
    LOAD[name](file)


def test_a_house_with_everything_in_its_file_is_taken_by_check(house: House) -> None:
    """Meters, clock, store, federation, received series, page, household, tariff, objective."""
    house.gateway("migrate")
    house.gateway("check")
    config = gateway.load(house.config)
    assert [meter.name for meter in config.meter] == ["house", "annexe"]
    assert [one.name for one in config.received] == ["roof"]
    assert config.tariff[0].name == "Bleu"
