"""What a machine shows of itself: real sockets, real modes of files, and what the kernel and apt say of the rest."""

import re
import socket

import pytest

from gateway.daemon import exposure
from gateway.daemon.security_at_page import _BROKER_PORTS
from harness import ROOT


@pytest.mark.parametrize(("host", "family", "is_seen"), [
    ("0.0.0.0", socket.AF_INET, True), ("127.0.0.1", socket.AF_INET, False), ("127.8.9.10", socket.AF_INET, False),
    ("::", socket.AF_INET6, True), ("::1", socket.AF_INET6, False), ("::ffff:127.0.0.1", socket.AF_INET6, False),
])  # fmt: skip
def test_a_port_that_is_open_to_others_is_seen(host, family, is_seen):
    """By the kernel's own table; what only this machine reaches is none."""
    both = family == socket.AF_INET6
    with socket.create_server((host, 0), family=family, dualstack_ipv6=both) as server:
        assert (server.getsockname()[1] in exposure.listening()) is is_seen


def test_the_brokers_ports_are_those_that_its_file_opens_to_the_house():
    """In clear it listens for this machine alone: 1883 for others is a port that somebody else has opened."""
    said = re.findall(r"^listener (\d+) *$", (ROOT / "systemd/mosquitto/linky.conf").read_text(), re.MULTILINE)
    assert tuple(map(int, said)) == _BROKER_PORTS


def test_a_kernel_that_does_not_tell_is_not_taken_for_safe(tmp_path):
    """No table, no status, no apt: unknown."""
    assert exposure.listening(tmp_path) is None
    assert exposure.enclosed(tmp_path / "status") is None
    assert exposure.fixes(tmp_path / "apt.conf.d", tmp_path) is None


def test_whether_the_gateway_is_shut_in_is_what_the_kernel_says(tmp_path):
    """No new rights and a filter of calls, both."""
    status = tmp_path / "status"
    for text, shut in (("NoNewPrivs:\t1\nSeccomp:\t2\n", True), ("NoNewPrivs:\t1\nSeccomp:\t0\n", False)):
        status.write_text(f"Name:\tpython3\n{text}Seccomp_filters:\t1\n")
        assert exposure.enclosed(status) is shut


def test_the_systems_own_fixes_are_what_apt_reads_last(tmp_path):
    """A file that switches them off behind one that switches them on counts; so does the one of tools/setup."""
    program = tmp_path / "unattended-upgrade.program"
    program.touch()
    on, off = ('APT::Periodic::Unattended-Upgrade "1";\n', '// no\n  APT::Periodic::Unattended-Upgrade "0";\n')
    assert exposure.fixes(tmp_path, program) is False
    (tmp_path / "20auto-upgrades").write_text(on)
    assert exposure.fixes(tmp_path, program) is True
    assert exposure.fixes(tmp_path, tmp_path / "not-installed") is False
    # apt passes these over.
    for name in ("90off.bak", "90off.dpkg-old", "90off~"):
        (tmp_path / name).write_text(off)
    assert exposure.fixes(tmp_path, program) is True
    (tmp_path / "80periodic.conf").write_text('APT::Periodic::Enable "0";\n')
    assert exposure.fixes(tmp_path, program) is False
    (tmp_path / "85periodic").write_text('APT::Periodic::Enable "1";\n')
    assert exposure.fixes(tmp_path, program) is True
    (tmp_path / "90off").write_text(off)
    assert exposure.fixes(tmp_path, program) is False
    (tmp_path / "95braces").write_text('APT::Periodic {\n  Enable "1";\n};\n')
    assert exposure.fixes(tmp_path, program) is None


def test_a_secret_that_others_may_read_is_counted(tmp_path):
    """One that is not there is none."""
    (tmp_path / "key").write_text("secret")
    (tmp_path / "key").chmod(0o600)
    assert exposure.exposed([tmp_path / "key", tmp_path / "none"]) == 0
    (tmp_path / "key").chmod(0o604)
    assert exposure.exposed([tmp_path / "key"]) == 1
