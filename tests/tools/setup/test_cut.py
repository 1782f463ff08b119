"""The power goes in the middle of an upgrade: what starts next is one version with a database that it knows."""

from __future__ import annotations

import io
import shutil
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.tools.setup.conftest import OF_USERS, ROOT, System
from tests.tools.setup.test_release import VERSION, Workshop

if TYPE_CHECKING:
    from collections.abc import Callable

POWER = Path(__file__).with_name("power.sh")
NEW = "99.1"
DATABASE = "var/lib/linky-gateway/linky-gateway.sqlite"
UNIT = "etc/systemd/system/linky-gateway.service"
# The functions of tools/setup in which something changes; of the way back those that are not also the way there.
_WATCHED = {
    "upgrade": " change_over begin_upgrade copy_database note_step end_upgrade ",
    "undo": " former_database set_present_aside note_step end_upgrade ",
}
# What the new version's tools/setup does, and then what its gateway does of the database while it is judged.
_NEW_SETUP = f"""#!/usr/bin/env bash
set -e
while (($#)); do
  case $1 in
    lay | place) command=$1 ;;
    --root) root=$2 ;;
  esac
  shift
done
home=$root/opt/linky-gateway
tree=$(cd "$(dirname "${{BASH_SOURCE[0]}}")/.." && pwd)
if [[ $command == lay ]]; then
  mkdir -p "$home/versions/{NEW}" && cp -r "$tree" "$home/versions/{NEW}/source"
  exit
fi
echo new >"$root/{UNIT}"
cut_here
echo new >"$root/etc/systemd/system/linky-new.service"
echo "file /etc/systemd/system/linky-new.service" >>"$home/installed"
cut_here
ln -sfn versions/{NEW} "$home/current"
cut_here
exec python3 "$tree/runs.py" "$root/{DATABASE}" "$CHANGE"
"""
_NEW_RUNS = """import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
if "destroys" in sys.argv[2]:
    db.execute("ALTER TABLE reading ADD COLUMN trial INTEGER NOT NULL DEFAULT 0")
if "loses" in sys.argv[2]:
    db.execute("DELETE FROM reading")
db.execute("INSERT INTO reading (time, value) VALUES (200, 6)")
db.commit()
# As a power cut leaves it: with its log.
os._exit(0)
"""


class House:
    """A scratch system with a version that runs, a database, and a release that changes both."""

    def __init__(self, system: System, folder: Path, step: str) -> None:
        self.system, self.step, self.folder = system, step, folder
        self.workshop = Workshop(system, folder)
        self.source = folder / "source"
        for part in ("tools/lib/setup", "systemd", "gateway/upkeep"):
            shutil.copytree(ROOT / part, self.source / part)
        (self.source / "gateway/store").mkdir()
        for part in ("tools/setup", "pyproject.toml", "gateway/store/carry.py"):
            shutil.copy(ROOT / part, self.source / part)
        # Elsewhere, so that it need not be copied at every step.
        (system.folder / f"opt/linky-gateway/versions/{VERSION}/source").symlink_to(self.source)
        system.setup("place", setup=self.source / "tools/setup")
        # Their rights are none at all: only root could copy them at every step.
        for path in filter(Path.exists, (system.folder / name for name in OF_USERS)):
            path.chmod(0o600)
        with closing(sqlite3.connect(system.folder / DATABASE)) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("CREATE TABLE reading (time INTEGER PRIMARY KEY, value INTEGER NOT NULL, series DEFAULT 1)")
            db.execute("CREATE TABLE series (id INTEGER PRIMARY KEY, kind TEXT)")
            for table in ("coarse", "journal", "consent"):
                db.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY)")
            db.execute("INSERT INTO series VALUES (1, 'index')")
            db.execute("INSERT INTO reading VALUES (100, 5, 1)")
            db.commit()
        self.release = self._release()

    def _release(self) -> Path:
        name = f"linky-gateway-{NEW}"
        archive = self.folder / f"{name}.tar.gz"
        files = {"pyproject.toml": f'version = "{NEW}"\n', "tools/setup": _NEW_SETUP, "runs.py": _NEW_RUNS}
        with tarfile.open(archive, "w:gz") as tar:
            for file, text in files.items():
                about = tarfile.TarInfo(f"{name}/{file}")
                about.size, about.mode = len(text), 0o755
                tar.addfile(about, io.BytesIO(text.encode()))
        self.workshop.sign(archive, self.workshop.key)
        return archive

    def cuts(self, command: str, *words: object) -> list[Path]:
        """Run tools/setup of the version that ran; every different system that a power cut on the way leaves."""
        to = Path(tempfile.mkdtemp(dir=self.folder))
        watch = {"OF": command, "IN": _WATCHED[command], "ROOT": self.system.folder, "TO": to}
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("BASH_ENV", str(POWER))
            environment.setenv("CHANGE", self.step)
            for name, value in watch.items():
                environment.setenv(f"CUT_{name}", str(value))
            self.system.setup(command, *words, "--lang", "en", setup=self.source / "tools/setup")
        different = {repr(_system(path).tree()): path for path in sorted(to.iterdir(), reverse=True)}
        return sorted(different.values())

    def start_at(self, cut: Path) -> None:
        """Let the machine start as that power cut left it, as far as linky-gateway-undo.service goes."""
        shutil.rmtree(self.system.folder)
        shutil.copytree(cut, self.system.folder, symlinks=True)
        setup = self.system.folder / "opt/linky-gateway/upgrading/setup"
        if setup.is_symlink():
            assert str(setup.readlink()) == f"/opt/linky-gateway/versions/{VERSION}/source/tools/setup"
            self.system.setup("undo", setup=self.source / "tools/setup")

    def judge(self) -> tuple[str, set[tuple[int, int]]]:
        """The version that runs next, to which everything fits, and what is stored."""
        folder = self.system.folder
        version = (folder / "opt/linky-gateway/current").readlink().name
        with closing(sqlite3.connect(folder / DATABASE)) as db:
            columns = [row[1] for row in db.execute("PRAGMA table_info(reading)")]
            rows = {row[:2] for row in db.execute("SELECT * FROM reading")}
        new = version == NEW
        assert columns == ["time", "value", "series", *(["trial"] if new and "destroys" in self.step else [])]
        assert (folder / UNIT).read_text() == ("new\n" if new else (ROOT / "systemd/linky-gateway.service").read_text())
        assert (folder / "etc/systemd/system/linky-new.service").exists() == new
        assert ("linky-new" in self.system.read("opt/linky-gateway/installed")) == new
        for left in ("opt/linky-gateway/upgrading", "var/lib/linky-gateway/before-upgrade"):
            assert not (folder / left).exists(), left
        return version, rows


def _system(folder: Path) -> System:
    found = System.__new__(System)
    found.folder = folder
    return found


@pytest.fixture
def start(system: System, tmp_path: Path) -> Callable[[str], House]:
    """Start a house before its upgrade to a version that does this to its file: ``destroys``, ``loses``, ``same``."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    return lambda step: House(system, tmp_path, step)


def _under_way(cut: Path) -> bool:
    return (cut / "opt/linky-gateway/upgrading/from").exists()


def _has(cut: Path, row: int) -> bool:
    """Whether that was stored when the power went."""
    looked = cut.with_name(f"{cut.name}-looked-{row}")
    database = shutil.copytree(cut / "var/lib/linky-gateway", looked) / Path(DATABASE).name
    with closing(sqlite3.connect(database)) as db:
        return bool(db.execute("SELECT 1 FROM reading WHERE time = ?", [row]).fetchone())


def test_a_cut_at_any_step_leaves_one_version_its_database_and_every_row(start: Callable[[str], House]) -> None:
    """Before the switch, while the new version is judged, after it: what starts next is whole."""
    house = start("destroys")
    cuts = house.cuts("upgrade", house.release)
    assert house.judge() == (NEW, {(100, 5), (200, 6)})
    ended = []
    for cut in cuts:
        house.start_at(cut)
        version, rows = house.judge()
        assert rows == {(100, 5), *([(200, 6)] if _has(cut, 200) else [])}, cut.name
        ended.append(version)
    first = ended.index(NEW)
    assert ended == [VERSION] * first + [NEW] * (len(ended) - first)
    assert first > 8


def test_a_cut_while_it_goes_back_is_made_good_by_the_next_start(start: Callable[[str], House]) -> None:
    """At every step of the way back: the former version, and what both have stored; the newer file is kept beside."""
    house = start("destroys")
    (house.system.folder / f"{DATABASE}.of-{NEW}").write_text("of another time")
    ran = [cut for cut in house.cuts("upgrade", house.release) if _has(cut, 200) and _under_way(cut)]
    house.start_at(ran[-1])
    assert house.judge() == (VERSION, {(100, 5), (200, 6)})
    shutil.rmtree(house.system.folder)
    shutil.copytree(ran[-1], house.system.folder, symlinks=True)
    for cut in house.cuts("undo"):
        house.start_at(cut)
        assert house.judge() == (VERSION, {(100, 5), (200, 6)}), cut.name
        assert (house.system.folder / f"{DATABASE}.of-{NEW}").read_text() == "of another time"
        assert (house.system.folder / f"{DATABASE}.of-{NEW}.2").exists()


def test_a_database_that_the_former_version_reads_stays_where_it_is(start: Callable[[str], House]) -> None:
    """The new one has added rows and no column: the file is the same, nothing is kept beside it."""
    house = start("same")
    ran = [cut for cut in house.cuts("upgrade", house.release) if _has(cut, 200) and _under_way(cut)]
    house.start_at(ran[-1])
    assert house.judge() == (VERSION, {(100, 5), (200, 6)})
    assert not list(house.system.folder.glob(f"{DATABASE}.of-*"))


@pytest.mark.parametrize("step", ["loses", "destroys and loses"])
def test_readings_that_the_new_version_lost_are_there_after_a_cut(start: Callable[[str], House], step: str) -> None:
    """At every step of the way back as well: those of before, and what it has read meanwhile."""
    house = start(step)
    ran = [cut for cut in house.cuts("upgrade", house.release) if _has(cut, 200) and _under_way(cut)]
    assert not _has(ran[-1], 100)
    house.start_at(ran[-1])
    assert house.judge() == (VERSION, {(100, 5), (200, 6)})
    shutil.rmtree(house.system.folder)
    shutil.copytree(ran[-1], house.system.folder, symlinks=True)
    cuts = house.cuts("undo")
    assert len(cuts) > 3
    for cut in cuts:
        house.start_at(cut)
        assert house.judge() == (VERSION, {(100, 5), (200, 6)}), cut.name
