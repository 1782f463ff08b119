"""A fresh Debian that installs from a signed folder, on a web server that nobody has to believe.

By the one line and by apt, dates and signatures looked at as on any Debian; then a second version; and what is expired,
an older one again, cut or another's, which each of the two ways must refuse.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from gateway.upkeep.releases.keys import fingerprint, parse_public
from harness.container import Container, TrialError, wait_for
from harness.meter import TrialMeter
from package.debian import DEPENDS, RECOMMENDS
from release import signing
from setup_test.root import (
    LIBRARIES,
    ROOT,
    WANTED,
    fetch_debs,
    keep_wheels,
    lay_archive,
    release,
    run,
    taken_wheels,
    unpack,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PORT = "/dev/ttyTIC"
_URL = "http://127.0.0.1:8001"
_VERSIONS = ("0.9.0", "0.9.1")
_UNRELEASED = "## [Unreleased]\n"
_CONFIGURATION = f'[[meter]]\nsource = "{PORT}"\nclock = "meter"\n[clock]\ntrusted = true\n[web]\n'
_REFUSED = 5
_LIST = "apt/dists/stable/main/binary-all/Packages"


def prepare(folder: Path) -> None:
    """The packages and, below ``hosted/``, folders of releases: two versions, and one for each way to be wrong."""
    debs = folder / "debs-of-package"
    names = [name.split(" ")[0] for name in (*DEPENDS, *RECOMMENDS)]
    fetch_debs(folder, folder / "base.tar", debs, [*names, *WANTED, *LIBRARIES, "curl"])
    begun = time.monotonic()
    with _keys(folder) as signers:
        _make_folders(folder, signers)
    print(f"{len(_VERSIONS)} folders of releases: {time.monotonic() - begun:.0f} s", flush=True)


@contextmanager
def _keys(folder: Path) -> Iterator[dict[str, signing.Signers]]:
    """Ours and a stranger's; gpg's agent ends with it."""
    home = folder / "gnupg"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(mode=0o700)
    found = {}
    try:
        for name in ("ours", "stranger"):
            key = folder / f"{name}.pem"
            for old in (key, folder / f"{name}.pem.pub"):
                old.unlink(missing_ok=True)
            run(ROOT / "tools/release", "--new-key", key)
            gpg = ("gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "")
            made = ("--faked-system-time", "20200101T000000!", "--quick-generate-key", name, "ed25519", "sign", "never")
            run(*gpg, *made)
            listed = run(*gpg, "--with-colons", "--list-keys", name)
            print_ = next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))
            found[name] = signing.Signers((key,), (print_,), home)
        yield found
    finally:
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "gpg-agent"], check=False)


def _make_folders(folder: Path, signers: dict[str, signing.Signers]) -> None:
    hosted, source = folder / "hosted", folder / "source"
    for old in (hosted, source):
        shutil.rmtree(old, ignore_errors=True)
    hosted.mkdir()
    run("git", "clone", "-q", "--no-hardlinks", ROOT, source)
    before: tuple[object, ...] = ()
    for version in _VERSIONS:
        head = f"{_UNRELEASED}\n## [{version}] - 2026-11-29\n"
        release(source, version, [("CHANGELOG.md", _UNRELEASED, head)])
        taken = (*taken_wheels(folder), *before)
        _python(source, "folder", hosted / version, signers["ours"], "--date", _ago(hours=1), *taken)
        keep_wheels(folder, hosted / version / f"releases/{version}/linky-gateway-{version}.tar.gz")
        before = ("--before", hosted / version)
    last = hosted / _VERSIONS[-1]
    _python(source, "renew", hosted / "expired", signers["ours"], "--before", last, "--date", _ago(days=200))
    shutil.copytree(last, hosted / "stranger")
    signers["stranger"].sign(hosted / "stranger/latest.json")
    in_release = hosted / "stranger/apt/dists/stable/InRelease"
    words = run("gpg", "--homedir", signers["ours"].gpg_home, "--batch", "--quiet", "--decrypt", in_release)
    in_release.write_bytes(signers["stranger"].clearsign(words.encode(), datetime.now(UTC) - timedelta(hours=1)))
    shutil.copytree(last, hosted / "cut")
    for name in (f"releases/{_VERSIONS[-1]}/linky-gateway-{_VERSIONS[-1]}.tar.gz", _LIST, f"{_LIST}.xz"):
        for path in _also_by_hash(hosted / "cut", name):
            path.write_bytes(path.read_bytes()[:-100])


def _also_by_hash(site: Path, name: str) -> list[Path]:
    """The file, and of a list of apt's the copies of it."""
    path = site / name
    return [path, *(one for one in path.parent.glob("by-hash/*/*") if one.read_bytes() == path.read_bytes())]


def _python(source: Path, word: str, out: Path, signers: signing.Signers, *options: object) -> None:
    keys = ("--key", signers.files[0], "--apt-key", signers.apt[0], "--gpg-home", signers.gpg_home)
    paths = f"{source}:{source}/tools/lib"
    command = (sys.executable, "-m", "release", word, *keys, "--url", f"{_URL}/live", "--out", out, *options)
    run(
        *command, cwd=source, env={"PYTHONPATH": paths, "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(out.parent)}
    )


def _ago(**time_ago: int) -> str:
    return (datetime.now(UTC) - timedelta(**time_ago)).replace(microsecond=0).isoformat()


class Folders:
    """Two machines in ``folder``, which ``prepare`` filled: one for each way."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._folder, self._say, self._root = folder, say, folder / "fresh-from-folder"
        self._hosted = folder / "hosted"
        public = parse_public((folder / "ours.pem.pub").read_text())
        assert public
        self._print = fingerprint(public).replace(" ", "")

    def run(self) -> None:
        """By the one line, then by apt."""
        server = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory", self._hosted, "8001"]
        with (
            TrialMeter(self._folder / "folder-meter") as meter,
            subprocess.Popen(server, stderr=subprocess.DEVNULL) as web,
        ):
            try:
                for way in (self._by_one_line, self._by_apt):
                    self._lay()
                    console = self._folder / "folder-console.log"
                    with Container(self._root, console, [f"{meter.port}:{PORT}"], network=True) as house:
                        way(house)
            finally:
                web.terminate()

    def _lay(self) -> None:
        unpack(self._folder / "base.tar", self._root)
        lay_archive(self._folder / "debs-of-package", self._root)
        drop = self._root / "etc/systemd/system/linky-gateway.service.d/trial.conf"
        drop.parent.mkdir(parents=True)
        drop.write_text("[Service]\nDeviceAllow=char-pts rw\n")
        (self._root / "root/gateway.toml").write_text(_CONFIGURATION)
        (self._root / "root/answers").write_text("configuration = /root/gateway.toml\n")
        self._serve(_VERSIONS[0])

    def _serve(self, name: str) -> None:
        """What the address that machines know has now."""
        live = self._hosted / "live"
        live.unlink(missing_ok=True)
        live.symlink_to(name)

    def _by_one_line(self, house: Container) -> None:
        house.do("apt-get", "-q", "update")
        house.do("apt-get", "-q", "-y", "install", "--no-install-recommends", "curl", "openssl", "ca-certificates")
        options = "--unattended --lang en --config /root/answers"
        line = f"curl -fsSL {_URL}/live/install.sh | LANG=en sh -s -- {_URL}/live {{}} {options}"
        for name, print_, said in (
            ("expired", self._print, "has expired"),
            ("stranger", self._print, "not signed by this key"),
            ("cut", self._print, "is not the file that was signed"),
            (_VERSIONS[0], "0" * 40, "cannot be fetched"),
        ):
            self._serve(name)
            done = house.run("sh", "-c", line.format(print_))
            self._require(done.returncode in (_REFUSED, 1) and said in done.stderr, name, done.stderr)
            self._require(
                house.run("test", "-e", "/opt/linky-gateway").returncode != 0, name, "something was installed"
            )
        self._say("one line: an expired, a stranger's, a cut folder and another fingerprint refused, nothing installed")
        self._serve(_VERSIONS[0])
        begun = time.monotonic()
        said = house.do("sh", "-c", line.format(self._print))
        print(said)
        self._require(fingerprint_in(said, self._print), "the fingerprint", said)
        self._reads(house, _VERSIONS[0])
        self._say(f"one line: {_VERSIONS[0]} installed and reading in {time.monotonic() - begun:.0f} s")
        self._upgrade_by_hand(house)

    def _upgrade_by_hand(self, house: Container) -> None:
        """The next version's three files, checked by the installed one; then the older one, well signed."""
        for version, code in ((_VERSIONS[1], 0), (_VERSIONS[0], _REFUSED)):
            for end in ("tar.gz", "sha256", "sha256.sig"):
                name = f"linky-gateway-{version}.{end}"
                house.do("curl", "-fsSL", "-o", f"/root/{name}", f"{_URL}/{version}/releases/{version}/{name}")
            command = (
                "linky-setup",
                "upgrade",
                f"/root/linky-gateway-{version}.tar.gz",
                "--unattended",
                "--lang",
                "en",
            )
            said = house.do(*command, code=code)
        self._require("is older than" in said, "the older version", said)
        self._reads(house, _VERSIONS[1])
        self._say(f"linky-setup: {_VERSIONS[1]} of the folder taken, {_VERSIONS[0]} again refused")

    def _by_apt(self, house: Container) -> None:
        house.do("apt-get", "-q", "update")
        house.do("apt-get", "-q", "-y", "install", "--no-install-recommends", "curl")
        places = ("/usr/share/keyrings/linky-gateway.asc", "/etc/apt/sources.list.d/linky-gateway.sources")
        for place in places:
            house.do("curl", "-fsSL", "-o", place, f"{_URL}/live/{place.rpartition('/')[2]}")
        # Of what is refused nothing is taken, and what was known stays.
        self._apt_refuses(house, "expired", "is expired", "")
        begun = time.monotonic()
        self._update(house, _VERSIONS[0])
        self._apt_install(house, "linky-gateway")
        house.do("install", "-m", "640", "-g", "linky-gateway", "/root/gateway.toml", "/etc/linky-gateway/")
        house.do("systemctl", "start", "linky-gateway")
        self._reads(house, _VERSIONS[0])
        kept = house.do("ls", "/etc/linky-gateway/release-keys")
        self._require(self._print[:16].lower() in kept, "the release's key", kept)
        self._say(f"apt: {_VERSIONS[0]} installed and reading in {time.monotonic() - begun:.0f} s")
        for name in ("cut", "stranger"):
            self._apt_refuses(house, name, "", _VERSIONS[0])
        self._update(house, _VERSIONS[1])
        self._serve(_VERSIONS[0])
        house.do("apt-get", "-q", "update")
        self._require(self._candidate(house) == _VERSIONS[1], "an older list", "taken")
        self._say("apt: an expired, a cut, a stranger's and an older list refused, the newest known stays")
        self._update(house, _VERSIONS[1])
        self._apt_install(house, "linky-gateway")
        self._reads(house, _VERSIONS[1])
        self._apt_install(house, "--allow-downgrades", f"linky-gateway={_VERSIONS[0]}")
        self._reads(house, _VERSIONS[0])
        self._say(f"apt: {_VERSIONS[1]} taken, and {_VERSIONS[0]} put back from the same folder")
        house.do("apt-get", "-q", "-y", "remove", "linky-gateway")
        self._require(house.run("test", "-e", places[1]).returncode != 0, "the source without a key", "stays")
        house.do("apt-get", "-q", "update")

    @staticmethod
    def _apt_install(house: Container, *words: str) -> None:
        house.do("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "install", *words)

    def _apt_refuses(self, house: Container, name: str, words: str, stays: str) -> None:
        self._serve(name)
        done = house.run("apt-get", "-q", "update")
        said = done.stdout + done.stderr
        self._require(words in said and ("W:" in said or "E:" in said), name, said)
        self._require(self._candidate(house) == stays, name, f"another candidate: {self._candidate(house)}")

    def _update(self, house: Container, version: str) -> None:
        self._serve(version)
        house.do("apt-get", "-q", "update")
        self._require(self._candidate(house) == version, f"the candidate {version}", self._candidate(house))

    @staticmethod
    def _candidate(house: Container) -> str:
        said = house.do("apt-cache", "policy", "linky-gateway")
        return said.partition("Candidate: ")[2].partition("\n")[0]

    def _reads(self, house: Container, version: str) -> None:
        """That version runs, and hears the meter."""

        def hears() -> bool:
            done = house.run("linky-gateway", "status", "--json")
            links = json.loads(done.stdout or "{}").get("links", [])
            return any(one["link"].startswith("meter ") and one["state"] == "ok" for one in links)

        wait_for(hears, f"{version} to hear the meter")
        said = house.do("linky-gateway", "--version")
        self._require(said.split()[-1] == version, version, said)

    @staticmethod
    def _require(good: bool, what: str, said: str) -> None:
        if not good:
            raise TrialError(f"{what}: not as it was to be: {said}")


def fingerprint_in(said: str, wanted: str) -> bool:
    """Whether a text has it, spaces and line breaks aside."""
    return wanted in "".join(said.split())
