"""``tools/package``: what is in a Debian package and in a wheel, and that a commit makes the same bytes twice."""

import ast
import gzip
import hashlib
import itertools
import os
import re
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from gateway import __version__
from gateway.upkeep.releases import versions
from gateway.web.templates import COMPILED
from package import debian, python, scripts

ROOT = Path(__file__).resolve().parents[3]
EPOCH = 1_790_000_000
pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="packages are made of what git knows")


@pytest.fixture(scope="module")
def deb(tmp_path_factory):
    """The Debian package, and what it unpacks to."""
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is not installed")
    folder = tmp_path_factory.mktemp("deb")
    file = _built_at(EPOCH, lambda: debian.build(ROOT, folder, EPOCH))
    subprocess.run(["dpkg-deb", "--raw-extract", file, folder / "tree"], check=True)
    return file, folder / "tree"


def _built_at(epoch, build):
    before = os.environ.get("SOURCE_DATE_EPOCH")
    os.environ["SOURCE_DATE_EPOCH"] = str(epoch)
    try:
        return build()
    finally:
        os.environ.pop("SOURCE_DATE_EPOCH")
        if before is not None:
            os.environ["SOURCE_DATE_EPOCH"] = before


def sha(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_package_has_the_program_its_units_and_no_more_than_belongs_there(deb):
    """Units where systemd looks, with the package's own program; examples, no configuration; nothing of a checkout."""
    _, tree = deb
    units = {path.name for path in (ROOT / "systemd").glob("linky-*") if path.suffix in debian._KINDS}
    # What goes back from an upgrade by tools/setup: Debian's packages have dpkg for that.
    units.remove("linky-gateway-undo.service")
    assert {path.name for path in (tree / "usr/lib/systemd/system").iterdir()} == units
    service = (tree / "usr/lib/systemd/system/linky-gateway.service").read_text()
    assert "\nExecStart=/usr/bin/linky-gateway run\n" in service
    for place in (
        "modules-load.d/linky-gateway.conf",
        "sysusers.d/linky-gateway.conf",
        "tmpfiles.d/linky-gateway.conf",
        "udev/rules.d/99-linky-gateway.rules",
    ):
        assert (tree / "usr/lib" / place).is_file()
    assert not (tree / "etc").exists()
    commands = {"linky-gateway": "run", "linky-display": "run", "linky-collect": "run", "linky-bridge": "zabbix"}
    for program, command in commands.items():
        page = gzip.decompress((tree / f"usr/share/man/man1/{program}.1.gz").read_bytes()).decode()
        assert f"\n.SS {command}\n" in page
        for place in (f"bash-completion/completions/{program}", f"zsh/vendor-completions/_{program}",
                      f"fish/vendor_completions.d/{program}.fish"):  # fmt: skip
            assert command in (tree / "usr/share" / place).read_text()
    library = tree / "usr/lib/linky-gateway"
    assert {path.name for path in library.iterdir()} == {"gateway", "aiomqtt", "microdot", "sqlite_utils"}
    assert (library / "gateway/tic/labels.csv").is_file()
    assert (library / "gateway/balance/offers/tempo.toml").is_file()
    assert (library / "gateway/web/static/page.js").is_file()
    written = list((library / "gateway/web").rglob("*.html"))
    assert len(written) == len(list((ROOT / "gateway/web").rglob("*.html")))
    assert list((library / "gateway/collector/printed").glob("*.html"))
    assert len(list((library / "gateway/web" / COMPILED).glob("*.py"))) == len(written)
    everything = [str(path.relative_to(tree)) for path in tree.rglob("*")]
    assert not {"__pycache__", "tests", "micropython"} & {part for name in everything for part in Path(name).parts}


def test_each_library_that_comes_along_comes_with_its_licence(deb):
    """By name in the copyright file, and in full beside it."""
    _, tree = deb
    words = (tree / "usr/share/doc/linky-gateway/copyright").read_text()
    for name in debian.VENDORED:
        (licence,) = (tree / "usr/share/doc/linky-gateway/vendored").glob(f"{name}-*.LICENSE")
        assert licence.stat().st_size > 500
        assert licence.name in words
    assert "EUROPEAN UNION PUBLIC LICENCE" in words.upper()


def test_the_packages_own_program_runs_with_debians_python(deb, tmp_path):
    """From where it was unpacked, with what comes along."""
    found = subprocess.run(
        ["/usr/bin/python3", "-c", "import sys; print(sys.version_info >= (3, 11))"], check=False, capture_output=True
    )
    if found.stdout != b"True\n":
        pytest.skip("Debian's Python is older, or not there")
    _, tree = deb
    program = tmp_path / "linky-gateway"
    text = (tree / "usr/bin/linky-gateway").read_text()
    program.write_text(text.replace('"/usr/lib', f'"{tree}/usr/lib'))
    done = subprocess.run(
        ["/usr/bin/python3", "-P", program, "--version"], check=False, capture_output=True, text=True,
        env={"PYTHONDONTWRITEBYTECODE": "1", "PATH": "/usr/bin"},
    )  # fmt: skip
    assert (done.stdout, done.stderr) == (f"linky-gateway {__version__}\n", "")


def test_dpkg_orders_versions_as_the_program_does(deb):
    """From what is being made to what mends a release; tools/setup reads each back."""
    said = subprocess.run(["dpkg-deb", "--field", deb[0], "Version"], check=True, capture_output=True, text=True)
    assert said.stdout.strip() == debian.version_of(__version__)
    ordered = ("0.1.0", "0.2.0.dev0", "0.2.0a1", "0.2.0rc1.dev1", "0.2.0rc1", "0.2.0", "0.2.0.post1", "0.10.0")
    for one, other in itertools.pairwise(ordered):
        here, there = debian.version_of(one), debian.version_of(other)
        assert subprocess.run(["dpkg", "--compare-versions", here, "lt", there], check=False).returncode == 0, here
    for one in ordered:
        assert versions.compared(one, re.sub("~+", ".", debian.version_of(one))) == "same"


def test_the_packages_scripts_leave_units_to_debians_helpers(deb):
    """They are shell that a shell reads; the user is made, and only "purge" removes what the household has.

    Run by dpkg: tests/units.
    """
    _, tree = deb
    for name in ("postinst", "prerm", "postrm"):
        script = tree / "DEBIAN" / name
        assert script.stat().st_mode & 0o777 == 0o755
        subprocess.run(["sh", "-n", script], check=True)
        assert not {"enable", "start"} & {word for line in _commands(script) for word in line.split()[:3]}
    assert "systemd-sysusers linky-gateway.conf" in (tree / "DEBIAN/postinst").read_text()
    before, _, purged = (tree / "DEBIAN/postrm").read_text().partition('if [ "$1" = purge ]')
    # Nothing goes with a removal but the source that could not be believed any more.
    assert re.findall("rm .*", before) == ["rm -f /etc/apt/sources.list.d/linky-gateway.sources"]
    for unit in scripts.ENABLED:
        assert (tree / "usr/lib/systemd/system" / unit).is_file()
    assert "/var/lib/linky-gateway" in purged


def _commands(script):
    lines = (line.strip() for line in script.read_text().splitlines())
    return [line for line in lines if line.startswith("systemctl")]


def test_after_an_installation_those_keys_are_believed_that_came_with_it(tmp_path):
    """Each that the package brings, and none that an earlier one, or tools/setup, had brought."""
    brought, etc = tmp_path / "brought", tmp_path / "etc"
    (etc / "release-keys").mkdir(parents=True)
    brought.mkdir()
    for name in ("new", "kept"):
        (brought / f"{name}.pub").write_text(f"{name}\n")
    for name in ("old", "kept"):
        (etc / f"release-keys/{name}.pub").write_text(f"{name}\n")
    text = scripts.scripts("linky-gateway", "lib", "doc", [], "KEYS", "KEYRING", ["ABCD"])["postinst"]
    assert "\n  ABCD\n" in text
    block = re.search(r"\n# Believed.*?\nfi\n", text, re.DOTALL)[0]
    block = block.replace("/KEYS", str(brought)).replace("/etc/linky-gateway", str(etc))
    for first, left in (("old", set()), ("kept", {"release.pub"})):
        (etc / "release.pub").write_text(f"{first}\n")
        subprocess.run(["sh", "-eu", "-c", block], check=True)
        assert {path.name for path in (etc / "release-keys").iterdir()} == {"new.pub", "kept.pub"}
        assert {path.name for path in etc.iterdir() if path.is_file()} == left


def test_the_same_commit_is_the_same_package(deb, tmp_path):
    """Byte for byte, so that anybody can check what is handed out."""
    file, _ = deb
    again = _built_at(EPOCH, lambda: debian.build(ROOT, tmp_path, EPOCH))
    assert sha(again) == sha(file)


@pytest.mark.campaign
@pytest.mark.skipif(shutil.which("lintian") is None, reason="lintian is not installed")
def test_lintian_has_nothing_to_say(deb):
    """Debian's own judge of packages: no error, no warning; what is only informed of is not asked."""
    command = ["lintian", *(["--allow-root"] if os.geteuid() == 0 else []), deb[0]]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=os.environ | {"LC_ALL": "C.UTF-8"})
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_wheel_and_source_archive_hold_the_package(tmp_path):
    """With its texts and tables; the source archive is the same bytes twice."""
    pytest.importorskip("setuptools")
    (tmp_path / "again").mkdir()
    wheel, source = _built_at(EPOCH, lambda: python.build(ROOT, tmp_path, EPOCH))
    # The wheel's sameness is setuptools' own promise, the source archive's is ours.
    (again,) = _built_at(EPOCH, lambda: python.build(ROOT, tmp_path / "again", EPOCH, ("sdist",)))
    assert sha(again) == sha(source)
    assert (wheel.name, source.name) == (
        f"linky_gateway-{__version__}-py3-none-any.whl",
        f"linky_gateway-{__version__}.tar.gz",
    )
    with zipfile.ZipFile(wheel) as file:
        names = set(file.namelist())
        entry_points = file.read(f"linky_gateway-{__version__}.dist-info/entry_points.txt").decode()
    packages = {path.parent.relative_to(ROOT).as_posix() for path in (ROOT / "gateway").rglob("__init__.py")}
    assert packages == {name.rpartition("/")[0] for name in names if name.endswith("__init__.py")}
    assert "gateway/balance/offers/tempo.toml" in names
    assert {"gateway/tic/labels.csv", "gateway/web/static/page.css", "gateway/privacy/texts/README.md"} <= names
    templates = {path.relative_to(ROOT).as_posix() for path in (ROOT / "gateway").rglob("*.htm*")}
    assert any("/help/written/" in name for name in templates)
    assert templates == {name for name in names if name.endswith((".html", ".htm"))}
    assert "gateway/bridges/zabbix.yaml" in names
    assert {"gateway/collector/sql/001_tables.sql", "gateway/collector/grafana/dashboard.json"} <= names
    assert "linky-collect = gateway.collector.cli:main" in entry_points
    assert "linky-display = gateway.display.cli:main" in entry_points
    with tarfile.open(source) as file:
        inside = {name.partition("/")[2] for name in file.getnames()}
    assert {"pyproject.toml", "LICENSE", "gateway/commands/main.py", "gateway/tic/labels.csv"} <= inside


def test_the_probe_of_a_sandbox_does_nothing_by_being_imported():
    """What it tries is refused in a sandbox; outside of one, by root, it would be done."""
    found = ast.parse((ROOT / "tools/lib/units_in_container/probe.py").read_text(encoding="utf-8")).body
    docstring, *parts, start = found
    assert {type(part) for part in parts} == {ast.Import, ast.ImportFrom, ast.Assign, ast.FunctionDef}
    assert ast.unparse(start) == "if __name__ == '__main__':\n    main()"
    assert isinstance(docstring, ast.Expr)
