"""linky-first-boot.service: the one unit that is root, and how little else it is."""

from gateway.first_boot.place import NAMES
from gateway.first_boot.plan import SECRETS
from gateway.first_boot.preseed import PRESEED
from tests.units.files import unit


def test_it_is_root_with_two_capabilities_and_nothing_to_talk_to():
    """Into the gateway's own folder, and to give it what is written there; no network, no device."""
    service = unit("linky-first-boot.service")["Service"]
    assert service["CapabilityBoundingSet"] == ["CAP_DAC_OVERRIDE CAP_CHOWN"]
    assert service["NoNewPrivileges"] == service["PrivateNetwork"] == service["PrivateDevices"] == ["yes"]
    assert service["ReadWritePaths"] == ["/boot/firmware /etc /var/lib"]


def test_it_runs_where_there_is_something_to_do_and_before_what_it_sets():
    """A file under either of its names, or what a start that was cut off has left; network and gateway come after."""
    section = unit("linky-first-boot.service")["Unit"]
    files = [*(f"|/boot/firmware/{name}" for name in (*NAMES, PRESEED)), f"|/{SECRETS}/first-boot.toml"]
    assert section["ConditionPathExists"] == files
    (before,) = section["Before"]
    later = {"NetworkManager.service", "ssh.service", "linky-gateway.service", "linky-gateway-migrate.service"}
    assert later <= set(before.split())
    assert "network-pre.target" not in before
