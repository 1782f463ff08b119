"""The folder of releases: the same bytes twice, each list believed by whom it is for, and what is refused."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from datetime import timedelta

import pytest

from gateway.errors import ReleaseError
from gateway.journal.key import read_key
from gateway.upkeep.owner import ProjectOwner
from gateway.upkeep.releases.keys import fingerprint, key_id
from gateway.upkeep.releases.latest import read_latest, require_file
from release.advisories import read_advisories
from release.errors import FolderError
from release.notes import notes_of
from tests.tools.release.conftest import NOW, ROOT, URL, hosted

for _tool in ("gpg", "dpkg-deb"):
    if shutil.which(_tool) is None:
        pytest.skip(f"{_tool} is not installed", allow_module_level=True)


def public(workshop, name="key"):
    """The 32 bytes of a key."""
    return bytes.fromhex(read_key(workshop.key(name)).public)


def read(workshop, site, *names, **options):
    """The list, as a machine reads it that trusts those keys."""
    keys = {key_id(one): one for one in (public(workshop, name) for name in names or ("key",))}
    text, signatures = ((site / name).read_bytes() for name in ("latest.json", "latest.json.sig"))
    return read_latest(text, signatures, keys, **{"now": NOW, "last_serial": 0, "running": "0.9"} | options)


def digests(site):
    """File -> SHA-256."""
    return {
        path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in site.rglob("*")
        if path.is_file()
    }


def test_the_same_release_is_the_same_folder(workshop, tmp_path):
    """Byte for byte, signatures included; all of it in one list of sums, which is signed."""
    one, other = tmp_path / "one", tmp_path / "other"
    workshop.make(one)
    workshop.make(other)
    assert digests(one) == digests(other)
    listed = dict(reversed(line.split("  ")) for line in (one / "SHA256SUMS").read_text().splitlines())
    found = digests(one)
    assert {name for name in found if not name.startswith("SHA256SUMS")} == set(listed)
    assert all(found[name] == digest for name, digest in listed.items())
    assert (one / "SHA256SUMS.sig").read_text().startswith(key_id(public(workshop)))


def test_a_machine_believes_what_the_folder_says(workshop, tmp_path):
    """Version, words in both languages, a weakness mended; each file as it is listed, and no other."""
    workshop.make(tmp_path / "site")
    latest = read(workshop, tmp_path / "site")
    assert (latest.serial, latest.version, latest.security) == (1, "1.0.0", True)
    assert latest.notes == {"fr": "la page dit 1.0.0.", "en": "the page says 1.0.0."}
    for name in latest.files:
        require_file(latest, name, tmp_path / "site" / name)
    assert {"apt/pool/linky-gateway_1.0.0_all.deb", "releases/1.0.0/linky-gateway-1.0.0.tar.gz"} <= set(latest.files)
    with pytest.raises(ReleaseError, match="not signed"):
        read(workshop, tmp_path / "site", "stranger")
    assert (tmp_path / f"site/release-keys/{key_id(public(workshop))}.pub").exists()


def test_the_next_version_counts_on_and_keeps_those_to_go_back_to(workshop, tmp_path):
    """In the place of the folder before; five versions in all."""
    site = tmp_path / "site"
    workshop.make(site, "1.0.0")
    for number in range(1, 7):
        workshop.make(site, f"1.{number}.0", before=site)
    assert read(workshop, site).serial == 7
    kept = {path.name for path in (site / "releases").iterdir()}
    assert kept == {f"1.{number}.0" for number in range(2, 7)}
    assert {path.name.split("_")[1] for path in (site / "apt/pool").iterdir()} == kept
    packages = (site / "apt/dists/stable/main/binary-all/Packages").read_text()
    assert packages.count("\nVersion: ") == 5


def test_a_folder_is_signed_anew_before_it_expires(workshop, tmp_path):
    """The same version and files, the next number, another end."""
    site = tmp_path / "site"
    first = workshop.make(site, days=1)
    again = workshop.make(site, None, before=site, date=NOW, days=30)
    assert (again.serial, again.version, again.files) == (2, "1.0.0", first.files)
    assert again.expires == NOW + timedelta(days=30)
    assert (again.notes, again.security) == (first.notes, True)


def test_what_is_not_newer_or_of_a_stranger_is_not_built_upon(workshop, tmp_path):
    """Nothing is changed then."""
    site = tmp_path / "site"
    workshop.make(site)
    before = digests(site)
    with pytest.raises(FolderError, match=r"1\.0\.0 is not newer than 1\.0\.0"):
        workshop.make(site, before=site)
    with pytest.raises(FolderError, match="not signed"):
        workshop.make(site, "1.1.0", before=site, keys=("stranger",))
    with pytest.raises(FolderError, match="not among the release_keys"):
        workshop.make(site, "1.1.0", before=site, owner=ProjectOwner(release_keys=("0" * 64,)))
    with pytest.raises(FolderError, match="is no whole fingerprint"):
        workshop.make(tmp_path / "new", owner=ProjectOwner(apt_keys=("0" * 40, workshop.apt_key())))
    (tmp_path / "other").mkdir()
    with pytest.raises(FolderError, match="is no folder of releases"):
        workshop.make(tmp_path / "other")
    assert digests(site) == before


def test_keys_change_with_overlap(workshop, tmp_path):
    """Former and next: both believed, each alone; then the next one; a withdrawn one signs nothing any more."""
    site = tmp_path / "site"
    workshop.make(site)
    both = ProjectOwner(release_keys=tuple(public(workshop, name).hex() for name in ("key", "next")))
    workshop.make(site, "1.1.0", before=site, keys=("key", "next"), owner=both)
    assert read(workshop, site, "key") == read(workshop, site, "next")
    assert len(list((site / "release-keys").iterdir())) == 2
    # The line that people copy names a key that has signed, whichever is the owner's first.
    workshop.make(site, "1.2.0", before=site, keys=("next",), owner=both)
    following = fingerprint(public(workshop, "next")).replace(" ", "")
    assert f"install.sh {URL} {following}" in (site / "index.html").read_text()


def test_a_stolen_key_never_comes_back(workshop, tmp_path):
    """Withdrawn with the folder that it alone had signed before; no later folder brings it, nor is signed by it."""
    site, former = tmp_path / "site", key_id(public(workshop))
    both = ProjectOwner(release_keys=tuple(public(workshop, name).hex() for name in ("key", "next")))
    workshop.make(site, owner=both)
    with pytest.raises(FolderError, match=f"{former}: withdrawn"):
        workshop.make(site, "1.1.0", before=site, keys=("next",), owner=both, withdraw=(former,))
    later = {"before": site, "keys": ("next",)}
    workshop.make(site, "1.1.0", withdraw=(former,), **later)
    for version in ("1.2.0", None):
        workshop.make(site, version, **later)
        assert read(workshop, site, "key", "next").withdrawn == (former,)
        assert [path.stem for path in (site / "release-keys").iterdir()] == [key_id(public(workshop, "next"))]
    with pytest.raises(FolderError, match=f"{former}: withdrawn"):
        workshop.make(site, "1.3.0", **later | {"keys": ("next", "key")})
    with pytest.raises(FolderError, match=f"{former}: withdrawn"):
        workshop.make(site, "1.3.0", owner=both, **later)


def test_a_list_that_ends_before_it_begins_is_a_sentence(workshop, tmp_path):
    """What a machine would refuse is not handed out."""
    with pytest.raises(FolderError, match="cannot read it"):
        workshop.make(tmp_path / "site", days=0)


def test_programs_are_told_what_is_known_of_weaknesses(workshop, tmp_path):
    """Each of each version that is there, as OpenVEX has it; what is open says what to do."""
    site = tmp_path / "site"
    workshop.make(site, "0.1.0")
    workshop.make(site, "1.0.0", before=site)
    document = json.loads((site / "vex.json").read_text())
    assert document["@context"] == "https://openvex.dev/ns/v0.2.0"
    assert document["@id"] == f"{URL}/vex.json"
    of_products = {}
    for statement in document["statements"]:
        assert statement["status"] == "fixed" or statement["action_statement"].startswith("Update to 0.2.0")
        for product in statement["products"]:
            of_products.setdefault(product["@id"], set()).add(statement["status"])
    assert of_products == {
        "pkg:generic/linky-gateway@0.1.0": {"affected"},
        "pkg:generic/linky-gateway@1.0.0": {"fixed"},
    }
    assert len({one.id for one in read_advisories()}) == len(read_advisories())


def test_people_find_the_fingerprint_and_the_lines_to_type(workshop, tmp_path):
    """In both languages; with a contact there is security.txt, without one there is none."""
    workshop.make(tmp_path / "site")
    page = (tmp_path / "site/index.html").read_text()
    shown = fingerprint(public(workshop))
    assert page.count(f'<p class="digits">{shown}</p>') == 2
    assert f"curl -fsSL {URL}/install.sh | sudo sh -s -- {URL} {shown.replace(' ', '')}" in page
    assert workshop.apt_key() in page
    assert not (tmp_path / "site/.well-known").exists()
    owner = ProjectOwner(security_contact="mailto:security@example.org", support_end="2030-01-01")
    latest = workshop.make(tmp_path / "other", owner=owner)
    assert str(latest.support_end) == "2030-01-01"
    assert "Contact: mailto:security@example.org" in (tmp_path / "other/.well-known/security.txt").read_text()


def test_a_version_without_its_short_words_is_not_made():
    """In either language: whoever is asked to update is told why."""
    text = "## [1.0]\n\nEn bref : mieux.\n\n### For households\n- x\n"
    with pytest.raises(FolderError, match="no paragraph “In short: …”"):
        notes_of(text, "1.0")
    with pytest.raises(FolderError, match=r"no version \[2\.0\]"):
        notes_of(text, "2.0")
    assert notes_of(text.replace("mieux.\n", "mieux.\n\nIn short: better.\n"), "1.0").short["en"] == "better."


@pytest.mark.campaign
def test_two_builds_of_a_commit_are_the_same_folder(workshop, tmp_path):
    """All of it built: archive, packages, boards' files; the wheels of the second are those of the first."""
    wheels = tmp_path / "wheels"
    for name in ("one", "other"):
        keys = ["--key", workshop.key(), "--apt-key", workshop.apt_key(), "--gpg-home", workshop.gpg_home]
        words = [*keys, "--url", URL, "--out", tmp_path / name, *(["--wheels", wheels] if wheels.exists() else [])]
        environment = {"PYTHONPATH": f"{ROOT}:{ROOT}/tools/lib", "PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-m", "release", "folder", *words], cwd=tmp_path, env=environment, check=False,
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        (version,) = (tmp_path / name / "releases").iterdir()
        if not wheels.exists():
            with tarfile.open(version / f"linky-gateway-{version.name}.tar.gz") as archive:
                archive.extractall(tmp_path / "unpacked", filter="data")
            (tmp_path / f"unpacked/linky-gateway-{version.name}/wheels").rename(wheels)
    assert digests(tmp_path / "one") == digests(tmp_path / "other")
    assert len(digests(tmp_path / "one")) > 20


# --- apt ---


class Apt:
    """apt with folders of its own, and one list of packages; dates are looked at whatever this machine says."""

    def __init__(self, place, site, address, keyring=None):
        self._place = place
        for name in ("state/lists/partial", "cache/archives/partial", "parts", "empty"):
            (place / name).mkdir(parents=True)
        (place / "status").touch()
        text = (site / "linky-gateway.sources").read_text().replace(URL, address)
        keyring = shutil.copy(keyring or site / "linky-gateway.asc", place / "keys.asc")
        (place / "parts/linky.sources").write_text(text.replace("/usr/share/keyrings/linky-gateway.asc", str(keyring)))

    def __call__(self, program, *words):
        about = {
            "Dir::State": self._place / "state", "Dir::State::status": self._place / "status",
            "Dir::Cache": self._place / "cache", "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": self._place / "parts", "Dir::Etc::preferencesparts": self._place / "empty",
            "APT::Architecture": "arm64", "APT::Architectures": "arm64", "APT::Sandbox::User": "root",
            "Acquire::Check-Valid-Until": "true", "Acquire::Check-Date": "true", "Acquire::Languages": "none",
        }  # fmt: skip
        options = [word for name, value in about.items() for word in ("-o", f"{name}={value}")]
        return subprocess.run(
            [program, *options, *words], capture_output=True, text=True, check=False, env={"PATH": "/usr/sbin:/usr/bin"}
        )

    def candidate(self):
        """What would be installed."""
        said = self("apt-cache", "policy", "linky-gateway").stdout
        return said.partition("Candidate: ")[2].partition("\n")[0]


needs_apt = pytest.mark.skipif(shutil.which("apt-get") is None, reason="apt is not installed")


@needs_apt
def test_apt_takes_the_repository_and_its_package(workshop, tmp_path):
    """On a Raspberry Pi's architecture; the newest of what is there, an older one by its number."""
    site = tmp_path / "site"
    workshop.make(site)
    workshop.make(site, "1.1.0", before=site)
    with hosted(site) as address:
        apt = Apt(tmp_path / "apt", site, address)
        done = apt("apt-get", "update")
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        assert apt.candidate() == "1.1.0"
        # In the folder where it is called.
        fetched = apt("apt-get", "download", "linky-gateway=1.0.0", "--print-uris")
        assert f"{address}/apt/pool/linky-gateway_1.0.0_all.deb" in fetched.stdout


@needs_apt
def test_apt_refuses_what_is_old_changed_or_another_s(workshop, tmp_path):
    """Expired, a list changed, signed by another key; an older one, rightly signed, after a newer: that one stays."""
    site, old = tmp_path / "site", tmp_path / "old"
    workshop.make(site)
    shutil.copytree(site, old)
    workshop.make(site, "1.1.0", before=site)
    with hosted(tmp_path) as address:
        apt = Apt(tmp_path / "apt", site, f"{address}/site")
        assert apt("apt-get", "update").returncode == 0
        shutil.rmtree(site)
        shutil.copytree(old, site)
        assert apt("apt-get", "update").returncode == 0
        assert apt.candidate() == "1.1.0"

        workshop.make(tmp_path / "expired", date=NOW - timedelta(days=100))
        done = Apt(tmp_path / "apt-expired", site, f"{address}/expired")("apt-get", "update")
        assert done.returncode == 100
        assert "is expired" in done.stderr

        for path in (tmp_path / "old/apt/dists").rglob("*"):
            if path.is_file() and path.name != "InRelease":
                path.write_bytes(path.read_bytes()[:-1] + b"\n\n")
        done = Apt(tmp_path / "apt-changed", site, f"{address}/old")("apt-get", "update")
        assert done.returncode == 100, done.stderr

        workshop.make(tmp_path / "other", apt_keys=("stranger",))
        apt = Apt(tmp_path / "apt-other", tmp_path / "other", f"{address}/other", site / "linky-gateway.asc")
        assert "NO_PUBKEY" in (said := apt("apt-get", "update").stderr) or "Missing key" in said, said
        assert apt.candidate() == ""


@needs_apt
def test_the_key_of_the_repository_changes_with_overlap(workshop, tmp_path):
    """Signed by the former and the next: whoever knows one of the two takes it."""
    workshop.make(tmp_path / "site", apt_keys=("archive", "following"))
    workshop.make(tmp_path / "former", apt_keys=("archive",))
    workshop.make(tmp_path / "later", apt_keys=("following",))
    with hosted(tmp_path / "site") as address:
        for name in ("former", "later"):
            apt = Apt(tmp_path / f"apt-{name}", tmp_path / "site", address, tmp_path / name / "linky-gateway.asc")
            assert apt("apt-get", "update").returncode == 0
            assert apt.candidate() == "1.0.0"
