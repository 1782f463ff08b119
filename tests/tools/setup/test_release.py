"""Releases: what is believed, what is refused before it is unpacked; what is carried back after a failure."""

from __future__ import annotations

import io
import itertools
import json
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from typing import TYPE_CHECKING

import packaging.version
import pytest

from gateway.store import carry
from gateway.store.connection import FILE_NAME
from gateway.store.prepare import prepare
from gateway.tic.frame import STANDARD, Group, encode_group
from gateway.upkeep.releases import keys, versions
from gateway.upkeep.updates import judge
from setup import links, listen
from tests.tools.setup.conftest import ROOT, System

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

VERSION = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]


class Workshop:
    """Releases with a key of one's own, of a program that would leave a trace when it ran, and a system to upgrade."""

    def __init__(self, system: System, folder: Path) -> None:
        self.system, self.folder = system, folder
        self.key = folder / "key.pem"
        self.new_key(self.key)
        version = system.folder / "opt/linky-gateway/versions" / VERSION
        version.mkdir(parents=True)
        (system.folder / "opt/linky-gateway/current").symlink_to(f"versions/{VERSION}")
        system.write("etc/linky-gateway/release.pub", (folder / "key.pem.pub").read_text())

    @staticmethod
    def new_key(path: Path) -> None:
        """Make a pair of keys as a maintainer does."""
        subprocess.run([ROOT / "tools/release", "--new-key", path], check=True, capture_output=True)

    def release(self, version: str) -> Path:
        """A signed release that is as small as can be."""
        name = f"linky-gateway-{version}"
        archive = self.folder / f"{name}.tar.gz"
        with tarfile.open(archive, "w:gz") as tar:
            for file, text in (("pyproject.toml", f'version = "{version}"\n'), ("tools/setup", "touch /tmp/ran\n")):
                about = tarfile.TarInfo(f"{name}/{file}")
                about.size = len(text)
                tar.addfile(about, io.BytesIO(text.encode()))
        self.sign(archive, self.key)
        return archive

    def sign(self, archive: Path, key: Path) -> None:
        """The list and its signature, beside."""
        sums = archive.with_name(archive.name.replace(".tar.gz", ".sha256"))
        done = subprocess.run(["sha256sum", archive.name], cwd=self.folder, check=True, capture_output=True)
        sums.write_bytes(done.stdout)
        command = ["openssl", "pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", sums, "-out", f"{sums}.sig"]
        subprocess.run(command, check=True, capture_output=True)

    def refused(self, archive: Path, *options: object) -> str:
        """Upgrade must refuse it with code 5 and leave nothing; the sentence."""
        before = self.system.tree()
        said = self.system.setup("upgrade", archive, "--lang", "en", *options, code=5)
        assert self.system.tree() == before
        assert not list(self.system.folder.rglob(".incoming"))
        return said.strip().splitlines()[-1]


@pytest.fixture
def workshop(system: System, tmp_path: Path) -> Workshop:
    """Give a place where releases are made."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    return Workshop(system, tmp_path)


def test_a_release_with_a_good_signature_is_taken(workshop: Workshop) -> None:
    """What the installed key signed, and is newer, would be installed."""
    said = workshop.system.setup("upgrade", workshop.release("99.1"), "--lang", "en", "--dry-run")
    assert f"would upgrade from {VERSION} to 99.1" in said


@pytest.mark.parametrize(
    ("installed", "other"),
    [
        ("1.0.0", "1.0.0rc1"),
        ("1.0.0", "1.0.0.dev1"),
        ("1.0.0", "1.0.0a1"),
        ("1.0.0rc2", "1.0.0rc1"),
        ("1.0.0b1", "1.0.0a9"),
        ("1.0.0.post1", "1.0.0"),
        ("1.0.0+house.2", "1.0.0+house.1"),
        ("1.0.0+house.1", "1.0.0"),
        ("1!1.0", "2.0"),
        ("1.10.0", "1.9.9"),
    ],
)
def test_no_release_is_taken_that_comes_before_the_installed_one(system: System, installed: str, other: str) -> None:
    """A preview, a candidate or a local build of a version is older than it, whatever its name looks like."""
    assert f"{other} is older than {installed}" in _required(system, installed, other)
    assert _required(system, other, installed) == ""


def test_what_is_no_version_is_not_taken(system: System) -> None:
    """The sentence says what to do."""
    assert "take a release as it was published" in _required(system, "1.0.0", "latest")
    assert "1.0 is what is installed" in _required(system, "1.0.0", "1.0")


def _required(system: System, installed: str, other: str) -> str:
    """What the installer says of that step, by its own function; empty where it goes on."""
    script = f"""TREE={ROOT} SCRATCH=$(mktemp -d) ROOT='' LOG=/dev/null DRY_RUN=0 EXIT_REFUSED=5
        for part in words report files release upgrade; do . "$TREE/tools/lib/setup/$part.sh"; done
        choose_language en; require_newer "$1" "$2" """
    done = subprocess.run(
        ["bash", "-c", script, "bash", installed, other], capture_output=True, text=True, check=False, cwd=system.folder
    )
    assert (done.returncode, bool(done.stderr)) in {(0, False), (5, True)}, done.stderr
    return done.stderr


def test_versions_are_ordered_as_pep_440_says() -> None:
    """As the packaging library orders them: some by hand, and two thousand made of the parts of versions."""
    chance = random.Random(440)
    parts = (
        ("", "", "1!"),
        ("0", "1", "1.0", "1.0.0", "1.2", "1.10", "2.0.0"),
        ("", "", "a1", "b2", "rc1", "rc2", "-alpha.1", "_beta", "c3", "pre"),
        ("", "", ".post1", "-2", ".post", "r3"),
        ("", "", ".dev0", ".dev2", "dev"),
        ("", "", "+1", "+1.2", "+local", "+local.1", "+1.local"),
    )
    made = ["".join(chance.choice(part) for part in parts) for _ in range(2000)]
    for one, other in itertools.pairwise(["1.0.0", "1.0.0rc1", "1.0.0", "1.0.0.dev1", "v1.0", "1.0.post1", *made]):
        here, there = packaging.version.parse(one), packaging.version.parse(other)
        wanted = "same" if here == there else "newer" if there > here else "older"
        assert versions.compared(one, other) == wanted, (one, other)
    for strange in ("", "latest", "1.0.0-", "1..0", "1.0+", "1.0é", "9" * 5000):
        assert versions.compared("1.0", strange) == "unknown"


def _alter_archive(workshop: Workshop, archive: Path) -> None:
    archive.write_bytes(archive.read_bytes() + b"\0")


def _alter_list(workshop: Workshop, archive: Path) -> None:
    _alter_archive(workshop, archive)
    sums = archive.with_name("linky-gateway-99.1.sha256")
    done = subprocess.run(["sha256sum", archive.name], cwd=workshop.folder, check=True, capture_output=True)
    sums.write_bytes(done.stdout)


def _other_key(workshop: Workshop, archive: Path) -> None:
    other = workshop.folder / "other.pem"
    workshop.new_key(other)
    workshop.sign(archive, other)


def _no_signature(workshop: Workshop, archive: Path) -> None:
    archive.with_name("linky-gateway-99.1.sha256.sig").unlink()


def _other_name(workshop: Workshop, archive: Path) -> None:
    old = workshop.release("98.0")
    archive.write_bytes(old.read_bytes())
    for end in ("sha256", "sha256.sig"):
        archive.with_name(f"linky-gateway-99.1.{end}").write_bytes(
            old.with_name(f"linky-gateway-98.0.{end}").read_bytes()
        )


@pytest.mark.parametrize(
    ("injure", "sentence"),
    [
        (_alter_archive, "is not the file that was signed"),
        (_alter_list, "is not signed by the key of this installation"),
        (_other_key, "is not signed by the key of this installation"),
        (_no_signature, "linky-gateway-99.1.sha256.sig is missing"),
        (_other_name, "is not the file that was signed"),
    ],
)
def test_a_tampered_release_is_refused_before_it_is_unpacked(
    workshop: Workshop, injure: Callable[[Workshop, Path], None], sentence: str
) -> None:
    """An altered archive, an altered list, another key, no signature, another name: one sentence, nothing unpacked."""
    archive = workshop.release("99.1")
    injure(workshop, archive)
    said = workshop.refused(archive)
    assert sentence in said
    assert said.endswith("nothing was unpacked")


def test_an_older_release_is_not_taken(workshop: Workshop) -> None:
    """A good signature does not bring back old faults."""
    assert "is older than" in workshop.refused(workshop.release("0.0.1"))


def test_without_a_key_no_release_is_believed(workshop: Workshop) -> None:
    """An installation that knows no key says so and how to name one; a key that is named is used."""
    (workshop.system.folder / "etc/linky-gateway/release.pub").unlink()
    archive = workshop.release("99.1")
    assert "Give it with --key FILE" in workshop.refused(archive)
    said = workshop.system.setup("upgrade", archive, "--lang", "en", "--dry-run", "--key", f"{workshop.key}.pub")
    assert "would upgrade" in said


def test_a_release_of_a_key_that_an_earlier_one_brought_is_taken(workshop: Workshop) -> None:
    """While keys change both are believed; with --key it is that one alone."""
    following, archive = workshop.folder / "next.pem", workshop.release("99.1")
    workshop.new_key(following)
    workshop.sign(archive, following)
    assert "is not signed by the key of this installation" in workshop.refused(archive)
    public = workshop.folder / "next.pem.pub"
    workshop.system.write("etc/linky-gateway/release-keys/0123456789abcdef.pub", public.read_text())
    assert "would upgrade" in workshop.system.setup("upgrade", archive, "--lang", "en", "--dry-run")
    assert "is not signed" in workshop.refused(archive, "--key", f"{workshop.key}.pub")


def test_a_release_takes_away_the_keys_that_it_does_not_bring(system: System, tmp_path: Path) -> None:
    """What is believed is what the last release brought; one without any, as a checkout is, leaves them."""
    release, checkout = tmp_path / "release", tmp_path / "checkout"
    checkout.mkdir()
    (release / "release-keys").mkdir(parents=True)
    (release / "release-keys/new.pub").write_text("new\n")
    system.write("etc/linky-gateway/release-keys/old.pub", "old\n")
    script = f"""TREE={ROOT} SCRATCH=$(mktemp -d) ROOT={system.folder} LOG=/dev/null DRY_RUN=0
        for part in words report files configuration; do . "$TREE/tools/lib/setup/$part.sh"; done
        put_release_keys "$1" """
    for tree in (release, checkout):
        subprocess.run(["bash", "-eu", "-c", script, "bash", tree], check=True, capture_output=True)
        kept = {file.name: file.read_text() for file in (system.folder / "etc/linky-gateway/release-keys").iterdir()}
        assert kept == {"new.pub": "new\n"}


def test_a_new_key_is_said_as_the_owner_and_a_person_need_it(tmp_path: Path) -> None:
    """Its public half for owner.toml, its fingerprint as every machine shows it."""
    made = subprocess.run(
        [ROOT / "tools/release", "--new-key", tmp_path / "key.pem"], check=True, capture_output=True, text=True
    )
    public = keys.parse_public((tmp_path / "key.pem.pub").read_text())
    assert public is not None
    assert f"\nin owner.toml: {public.hex()}\n" in made.stdout
    assert f"\nfingerprint: {keys.fingerprint(public)}\n" in made.stdout
    script = f'. {ROOT}/tools/lib/setup/configuration.sh; fingerprint_of "$1"'
    said = subprocess.run(
        ["bash", "-c", script, "bash", tmp_path / "key.pem.pub"], check=True, capture_output=True, text=True
    )
    assert said.stdout == f"{keys.fingerprint(public)}\n"


def test_a_secret_key_is_never_made_over_another(workshop: Workshop) -> None:
    """--new-key refuses a file that is there, makes one for its owner's eyes only."""
    assert workshop.key.stat().st_mode & 0o777 == 0o600
    done = subprocess.run(
        [ROOT / "tools/release", "--new-key", workshop.key], check=False, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "a key is never overwritten" in done.stderr


def test_what_a_newer_version_stored_is_carried_back(tmp_path: Path) -> None:
    """Rows of tables that changed and that did not come into the older schema; guards of the tables stay."""
    prepare(tmp_path)
    newer, copy = tmp_path / FILE_NAME, tmp_path / "copy.sqlite"
    with closing(sqlite3.connect(newer)) as db, db:
        db.execute("INSERT INTO meter (id, name, sensor) VALUES (1, 'house', 's')")
        db.execute("INSERT INTO series (id, meter, path, unit, kind) VALUES (1, 1, 'consumption/x', 'W', 'value')")
        db.execute("INSERT INTO reading VALUES (1, 100, 5, 0)")
    with closing(sqlite3.connect(newer)) as db, closing(sqlite3.connect(copy)) as other:
        db.backup(other)
    with closing(sqlite3.connect(newer)) as db, db:
        db.execute("ALTER TABLE reading ADD COLUMN trial INTEGER NOT NULL DEFAULT 0")
        db.execute("ALTER TABLE counter RENAME TO counter_kept")
        db.execute("INSERT INTO reading (series, time, value, quality) VALUES (1, 200, 6, 0)")
    assert carry.carry(newer, copy) == ["counter"]
    with closing(sqlite3.connect(copy)) as db, closing(sqlite3.connect(newer)) as other:
        assert list(db.execute("SELECT * FROM reading")) == [(1, 100, 5, 0), (1, 200, 6, 0)]
        triggers = "SELECT name FROM sqlite_schema WHERE type = 'trigger' ORDER BY name"
        assert list(db.execute(triggers)) == list(other.execute(triggers)) != []
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_copy_stays_as_it_is_when_rows_do_not_fit(tmp_path: Path) -> None:
    """Where the older schema cannot hold the newer rows, the copy keeps its own, all of them."""
    newer, copy = tmp_path / "newer.sqlite", tmp_path / "copy.sqlite"
    for path, check in ((newer, ""), (copy, " CHECK (value < 10)")):
        with closing(sqlite3.connect(path)) as db, db:
            db.execute(f"CREATE TABLE point (value INTEGER{check})")
            db.execute("INSERT INTO point VALUES (1)")
    with closing(sqlite3.connect(newer)) as db, db:
        db.execute("INSERT INTO point VALUES (20)")
    with pytest.raises(sqlite3.Error):
        carry.carry(newer, copy)
    with closing(sqlite3.connect(copy)) as db:
        assert list(db.execute("SELECT value FROM point")) == [(1,)]
    # Made anew, it is the copy.
    assert carry.main(["into", str(newer), str(copy), str(tmp_path / "new.sqlite")]) == 0
    with closing(sqlite3.connect(tmp_path / "new.sqlite")) as db:
        assert list(db.execute("SELECT value FROM point")) == [(1,)]


def test_a_version_that_loses_readings_is_seen_and_they_come_back(tmp_path: Path) -> None:
    """Indexes of the last half hour, half hours, entries; what the newer one has read since stays as well.

    Days that were reckoned of rows of one of them are reckoned again.
    """
    prepare(tmp_path)
    newer, copy, new = tmp_path / FILE_NAME, tmp_path / "copy.sqlite", tmp_path / "new.sqlite"
    with closing(sqlite3.connect(newer)) as db, db:
        db.execute("INSERT INTO meter (id, name, sensor) VALUES (1, 'house', 's')")
        db.execute("INSERT INTO series (id, meter, path, unit, kind) VALUES (1, 1, 'consumption/e', 'Wh', 'index')")
        db.executemany("INSERT INTO reading VALUES (1, ?, ?, 0)", [(100, 5), (160, 6)])
        db.execute("INSERT INTO coarse VALUES (1, 1800, 0, 5)")
        db.execute("INSERT INTO span VALUES (1, 100, 160, 6, 1, 0)")
        db.executemany("INSERT INTO readings VALUES (?, x'01')", [(1,), (2,)])
        db.execute("INSERT INTO kept_day VALUES (0, 1, 1, 'of rows that the newer one has lost')")
    with closing(sqlite3.connect(newer)) as db, closing(sqlite3.connect(copy)) as other:
        db.backup(other)
    assert carry.main(["lacking", str(newer), str(copy)]) == 0
    with closing(sqlite3.connect(newer)) as db, db:
        db.execute("INSERT INTO reading VALUES (1, 220, 7, 0)")
    assert carry.lacking(newer, copy) == 0
    with closing(sqlite3.connect(newer)) as db, db:
        db.execute("DELETE FROM reading WHERE time = 160")
        db.execute("DELETE FROM coarse")
        db.execute("UPDATE reading SET value = 9 WHERE time = 100")
        db.execute("UPDATE span SET until = 220")
        db.execute("DELETE FROM readings WHERE id = 1")
        db.execute("UPDATE readings SET readings = x'0102'")
    assert carry.lacking(newer, copy) == 3
    assert carry.main(["lacking", str(newer), str(copy)]) == 1
    assert carry.main(["into", str(newer), str(copy), str(new)]) == 0
    assert carry.main([str(newer), str(copy)]) == 0
    for path in (new, copy):
        with closing(sqlite3.connect(path)) as db:
            assert [row[1:3] for row in db.execute("SELECT * FROM reading")] == [(100, 5), (160, 6), (220, 7)]
            assert db.execute("SELECT count(*) FROM coarse").fetchone() == (1,)
            assert db.execute("SELECT start, until FROM span").fetchall() == [(100, 220)]
            assert db.execute("SELECT id, hex(readings) FROM readings").fetchall() == [(1, "01"), (2, "0102")]
            assert db.execute("SELECT count(*) FROM kept_day").fetchone() == (0,)
    with closing(sqlite3.connect(newer)) as db, db:
        db.execute("ALTER TABLE reading RENAME TO readings_of_another_kind")
    assert carry.main(["lacking", str(newer), str(copy)]) == 2


def test_what_a_newer_version_may_take_away_does_not_come_back(tmp_path: Path) -> None:
    """A reading that was old enough to go, where nothing else is lacking."""
    prepare(tmp_path)
    newer, copy = tmp_path / FILE_NAME, tmp_path / "copy.sqlite"
    with closing(sqlite3.connect(newer)) as db, db:
        db.execute("INSERT INTO meter (id, name, sensor) VALUES (1, 'house', 's')")
        db.execute("INSERT INTO series (id, meter, path, unit, kind) VALUES (1, 1, 'consumption/e', 'Wh', 'index')")
        db.executemany("INSERT INTO reading VALUES (1, ?, ?, 0)", [(100, 5), (5000, 6)])
    with closing(sqlite3.connect(newer)) as db, closing(sqlite3.connect(copy)) as other:
        db.backup(other)
    with closing(sqlite3.connect(newer)) as db, db:
        db.execute("DELETE FROM reading WHERE time = 100")
        db.execute("INSERT INTO reading VALUES (1, 5060, 7, 0)")
    assert carry.main([str(newer), str(copy)]) == 0
    with closing(sqlite3.connect(copy)) as db:
        assert [row[1:3] for row in db.execute("SELECT * FROM reading")] == [(5000, 6), (5060, 7)]


def _report(**states: str) -> dict[str, object]:
    rows = [{"link": name, "state": state, "age_s": 1.0, "detail": "words"} for name, state in states.items()]
    return {"running": True, "links": rows, "alerts": []}


@pytest.mark.parametrize(("state", "code", "arrow"), [("ok", 0, False), ("waiting", 2, True), ("broken", 1, True)])
def test_a_link_that_is_not_green_says_what_to_do(state: str, code: int, arrow: bool) -> None:
    """Each link is a line; what is broken or has yet to come has its advice below, and an exit code of its own."""
    report = _report(store="ok", xmpp=state)
    assert links.judged(report) == code
    for lang in ("fr", "en"):
        said = links.lines(report, lang)
        assert (len(said) == 3) == arrow
        assert not arrow or links.ADVICE["xmpp"][lang != "fr"] in said[-1]


def test_a_new_version_is_judged_by_what_the_former_one_did() -> None:
    """It runs, stores, and each link that was green is green; what others do is not its fault."""
    assert judge.missing(_report(store="ok", xmpp="broken"), []) == []
    assert judge.missing(_report(store="broken"), []) == ["store"]
    green = {"store": "ok", "meter house": "ok", "page": "ok", "recipient a@b.c": "ok", "release": "ok"}
    before = judge.heard(_report(**green))
    assert before == ["store", "meter house", "page"]
    assert judge.missing(_report(**green), before) == []
    assert judge.missing(_report(**{**green, "meter house": "waiting", "page": "broken"}), before) == before[1:]
    assert judge.missing(_report(**green) | {"running": False}, before) == ["gateway"]
    assert judge.heard(_report(**green) | {"running": False}) == []
    # At night no water runs.
    water = {"store": "ok", "counter eau": "waiting"}
    assert judge.missing(_report(**water), ["counter eau"]) == []
    assert judge.missing(_report(**{**water, "counter eau": "broken"}), ["counter eau"]) == ["counter eau"]


def test_a_program_that_says_nothing_is_not_healthy() -> None:
    """No report at all, or none that can be read, is a code of its own, and never a health."""
    for program, word in ((links, "fr"), (judge, "healthy"), (judge, "heard")):
        for said in ("", "[]", "{}", '{"links": 1}'):
            command = [sys.executable, program.__file__, word, ""]
            done = subprocess.run(command, input=said, text=True, check=False, capture_output=True)
            assert done.returncode not in (0, 2), (word, said)
            assert not done.stdout
    for word, states, code, out in (
        ("heard", {"meter a": "ok", "meter b": "broken"}, 0, "meter a\n"),
        ("healthy", {"store": "ok", "meter a": "ok"}, 0, "\n"),
        ("healthy", {"store": "ok", "meter a": "broken"}, 1, "meter a\n"),
    ):
        command = [sys.executable, judge.__file__, word, "meter a"]
        report = json.dumps(_report(**states))
        done = subprocess.run(command, input=report, text=True, check=False, capture_output=True)
        assert (done.returncode, done.stdout) == (code, out)


def test_the_number_of_a_meter_is_shown_by_its_end_alone() -> None:
    """Who stands before the meter recognises it; who reads over the shoulder does not learn it."""
    raw = b"\x02" + encode_group(STANDARD, Group("ADSC", "041876012345", None)) + b"\x03"
    assert listen.masked_number(raw) == "••••••••2345"
    assert listen.masked_number(b"\x02\nPAPP 00001 !\r\x03") == ""
