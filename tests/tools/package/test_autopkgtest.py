"""Debian's own trial of a package: autopkgtest installs it in a Debian that boots, and runs what stands beside it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.container import Container, make_base, obstacle
from package import debian

ROOT = Path(__file__).resolve().parents[3]
EPOCH = 1_790_000_000


@pytest.mark.campaign
def test_autopkgtest_installs_the_package_and_reads_a_meter(tmp_path, monkeypatch):
    """By its null runner, which is the booted machine itself; nothing of it is skipped."""
    if os.geteuid() or shutil.which("mmdebstrap") is None or obstacle(tmp_path / "trial"):
        pytest.skip("boots a container: root, mmdebstrap, and a system that lets it")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(EPOCH))
    deb = debian.build(ROOT, tmp_path, EPOCH)
    names = [name.split(" ")[0] for name in debian.DEPENDS]
    make_base(tmp_path / "base.tar", [*names, "systemd-sysv", "udev", "dbus", "autopkgtest", "dpkg-dev", "passwd"])
    root = tmp_path / "root"
    root.mkdir()
    subprocess.run(["tar", "-xf", tmp_path / "base.tar", "-C", root, "--exclude=./dev/*"], check=True)
    source = root / "root/source"
    (source / "debian/tests").mkdir(parents=True)
    packed = subprocess.run(["git", "-C", ROOT, "archive", "HEAD", "tools", "gateway"], check=True, capture_output=True)
    subprocess.run(["tar", "-xf", "-", "-C", source], input=packed.stdout, check=True)
    for path in (ROOT / "tools/lib/package/autopkgtest").iterdir():
        shutil.copy(path, source / "debian/tests")
    control = subprocess.run(["dpkg-deb", "--field", deb], check=True, capture_output=True, text=True).stdout
    fields = dict(line.split(": ", 1) for line in control.splitlines() if not line.startswith(" "))
    about = f"Source: linky-gateway\nMaintainer: {fields['Maintainer']}\nSection: net\nPriority: optional\n"
    (source / "debian/control").write_text(f"{about}\n{control}")
    entry = f"linky-gateway ({debian.VERSION}) trixie; urgency=medium\n\n  * Trial.\n\n"
    (source / "debian/changelog").write_text(f"{entry} -- {fields['Maintainer']}  Thu, 24 Sep 2026 00:00:00 +0000\n")
    shutil.copy(deb, root / "root")
    with Container(root, tmp_path / "console.log") as house:
        done = house.run("autopkgtest", f"/root/{deb.name}", "/root/source/", "--", "null")
        said = done.stdout + done.stderr
        assert done.returncode == 0, said[-5000:]
        assert "reads-a-meter        PASS" in said, said[-3000:]
