"""install.sh: the first installation in one line; nothing unpacked that is not believed, nothing run that was cut."""

import os
import shutil
import subprocess
from datetime import timedelta

import pytest

from gateway.upkeep.releases.keys import fingerprint, render_public
from tests.tools.release.conftest import NOW, hosted
from tests.tools.release.test_folder import public

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="it installs: for root alone"),
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed"),
]


class Installing:
    """A folder on a web server, a machine on which to install, and how that ended."""

    def __init__(self, workshop, tmp_path):
        self.workshop, self.tmp_path, self.site = workshop, tmp_path, tmp_path / "site"
        self.installed = tmp_path / "installed"

    def run(self, *words, script=None, lang="en"):
        """Exit code and what was said."""
        (self.tmp_path / "tmp").mkdir(exist_ok=True)
        environment = {"PATH": "/usr/bin:/bin", "LANG": lang, "TMPDIR": str(self.tmp_path / "tmp")}
        environment |= {"INSTALLED": str(self.installed)}
        command = ["setsid", "--wait", "sh", script or self.site / "install.sh", *words]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60, env=environment
        )
        assert not list((self.tmp_path / "tmp").iterdir())
        return done.returncode, done.stderr

    def refused(self, address, said):
        """Not believed, with that sentence, and nothing installed."""
        shown = fingerprint(public(self.workshop)).replace(" ", "")
        code, words = self.run(address, shown)
        assert (code, self.installed.exists()) == (5, False), words
        assert said in words


@pytest.fixture
def installing(workshop, tmp_path):
    """Give all of it."""
    return Installing(workshop, tmp_path)


def test_one_line_installs_what_is_believed(installing):
    """With the fingerprint as it is written or typed; the installer is told the key, and what else was said."""
    installing.workshop.make(installing.site)
    shown = fingerprint(public(installing.workshop))
    with hosted(installing.site) as address:
        for typed in (shown, shown.replace(" ", ""), shown.lower().replace(" ", "-")):
            code, said = installing.run(address, typed, "--unattended")
            assert code == 0, said
            called, _, key = installing.installed.read_text().partition("--unattended\n")
            assert called.splitlines()[:2] == ["install", "--key"]
            assert key == render_public(public(installing.workshop))
            installing.installed.unlink()


def test_what_is_not_believed_is_not_unpacked(installing):
    """Another key, an altered archive, an altered list, a list of another, one that has expired: code 5, a sentence."""
    site = installing.site
    installing.workshop.make(site)
    archive = site / "releases/1.0.0/linky-gateway-1.0.0.tar.gz"
    with hosted(site) as address:
        code, said = installing.run(address, "0123 " * 10)
        assert (code, installing.installed.exists()) == (1, False)
        assert "cannot be fetched" in said

        good = archive.read_bytes()
        archive.write_bytes(good[:-1])
        installing.refused(address, "is not the file that was signed")
        archive.write_bytes(good)

        text = (site / "latest.json").read_text()
        (site / "latest.json").write_text(text.replace('"serial": 1', '"serial": 2'))
        installing.refused(address, "not signed by this key")
        (site / "latest.json").write_text(text[: len(text) // 2])
        installing.refused(address, "not signed by this key")
        (site / "latest.json").write_text(text)

        name = f"{fingerprint(public(installing.workshop)).replace(' ', '')[:16].lower()}.pub"
        (site / "release-keys" / name).write_text(render_public(public(installing.workshop, "stranger")))
        installing.refused(address, "has another fingerprint")
        shutil.rmtree(site)
        installing.workshop.make(site, date=NOW - timedelta(days=100))
        installing.refused(address, "has expired")


def test_a_script_that_was_cut_does_nothing(installing):
    """Wherever a line of it ends: it is a download through a pipe."""
    installing.workshop.make(installing.site)
    lines = (installing.site / "install.sh").read_text().splitlines(keepends=True)
    shown = fingerprint(public(installing.workshop)).replace(" ", "")
    cut = installing.tmp_path / "cut.sh"
    with hosted(installing.site) as address:
        for end in range(0, len(lines), 3):
            cut.write_text("".join(lines[:end]))
            installing.run(address, shown, script=cut)
            assert not installing.installed.exists(), end


def test_wrong_use_is_a_sentence(installing):
    """In French, unless the system speaks English."""
    installing.workshop.make(installing.site)
    said = "✗ a fingerprint has 40 digits and letters from A to F\n"
    assert installing.run("http://127.0.0.1:1", "abc") == (2, said)
    assert installing.run(lang="fr_FR.UTF-8") == (2, "✗ usage : install.sh https://OÙ EMPREINTE\n")
