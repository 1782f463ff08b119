"""The scripts that get a checkout ready: what they install, what they say, and what they leave alone.

The scripts run for real in a small copy of the checkout; only the commands that tell about the machine or would change
it (dpkg-query, uname, id, sudo, apt-get) are stand-ins, put first in PATH.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ALL_INSTALLED = 'shift 3; for name; do echo "$name installed"; done'
NONE_INSTALLED = "exit 1"


class Checkout:
    """A copy of the scripts with empty requirement files, so that nothing is downloaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "checkout"
        self.stand_ins = folder / "bin"
        self.stand_ins.mkdir()
        (self.folder / "tools").mkdir(parents=True)
        for name in ("bootstrap.sh", "test"):
            shutil.copy2(ROOT / "tools" / name, self.folder / "tools" / name)
        for name in ("requirements.txt", "requirements-test.txt", "requirements-site.txt"):
            (self.folder / name).write_text("# nothing\n")
        self.stand_in("apt-get", f'echo "apt-get $*" >>{folder}/apt-get.called; exit 1')
        self.called = folder / "apt-get.called"

    def stand_in(self, name: str, script: str) -> None:
        """Put a command first in PATH."""
        command = self.stand_ins / name
        command.write_text(f"#!/bin/bash\n{script}\n")
        command.chmod(0o755)

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the checkout, output and errors together."""
        inherited = {name: value for name, value in os.environ.items() if name not in {"CI", "VIRTUAL_ENV"}}
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**inherited, "PATH": f"{self.stand_ins}:{os.environ['PATH']}", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )

    def call(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a line of bash that has sourced bootstrap.sh, as strictly as tools/test does."""
        return self.run("bash", "-c", f"set -Eeuo pipefail; source tools/bootstrap.sh; {script}", "caller")

    def fake_venv(self, python: str) -> None:
        """Give the checkout a .venv that passes for complete, with a script as its interpreter, and the site's."""
        for place, needed in ((".venv", "requirements-test.txt"), (".cache/site", "requirements-site.txt")):
            interpreter = self.folder / place / "bin" / "python"
            interpreter.parent.mkdir(parents=True)
            interpreter.write_text(f"#!/bin/bash\n{python}\n")
            interpreter.chmod(0o755)
            stamp = f"source tools/bootstrap.sh; _stamp requirements.txt {needed}"
            done = self.run("bash", "-c", stamp, "caller", LINKY_VENV=str(self.folder / place), LINKY_LIBRARIES="")
            assert done.returncode == 0


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_nothing_is_installed_when_nothing_is_missing(checkout: Checkout) -> None:
    """With every package there, nothing is said and apt-get is not called."""
    checkout.stand_in("dpkg-query", ALL_INSTALLED)
    done = checkout.call("install_debian_packages 'for a test' prosody ejabberd")
    assert (done.returncode, done.stdout) == (0, "")
    assert not checkout.called.exists()


def test_without_root_and_sudo_one_sentence_says_what_to_ask_for(checkout: Checkout) -> None:
    """A user who may not install anything gets one line that names packages, reason and command."""
    checkout.stand_in("dpkg-query", 'echo "prosody installed"; exit 1')
    checkout.stand_in("id", "echo 1000")
    checkout.stand_in("sudo", "exit 1")
    done = checkout.call("install_debian_packages 'for a test' prosody ejabberd || echo 'went on'")
    assert done.returncode == 0
    sentence, rest = done.stdout.splitlines()
    assert "cannot install ejabberd (for a test)" in sentence
    assert "apt-get install --no-install-recommends ejabberd" in sentence
    assert rest == "went on"
    assert not checkout.called.exists()


def test_a_user_with_sudo_installs_what_is_missing(checkout: Checkout, tmp_path: Path) -> None:
    """With sudo that asks for no password, its one job is the privileged half, with the missing packages only."""
    checkout.stand_in("dpkg-query", f'test -e {tmp_path}/done && echo "ejabberd installed"; echo "prosody installed"')
    checkout.stand_in("id", "echo 1000")
    checkout.stand_in("sudo", f'[ "$2" = true ] || {{ echo "$*" >>{tmp_path}/sudo.called; touch {tmp_path}/done; }}')
    done = checkout.call("install_debian_packages 'for a test' prosody ejabberd")
    assert done.returncode == 0
    assert done.stdout == "tools/caller: installing Debian packages: ejabberd (for a test)\n"
    assert (tmp_path / "sudo.called").read_text() == f"-n bash {checkout.folder}/tools/bootstrap.sh ejabberd\n"


def test_a_package_that_the_distribution_lacks_is_named(checkout: Checkout) -> None:
    """When the installation ran and a package is still not there, one sentence names it and the result is a failure."""
    checkout.stand_in("dpkg-query", NONE_INSTALLED)
    checkout.stand_in("id", "echo 1000")
    checkout.stand_in("sudo", "exit 0")
    done = checkout.call("install_debian_packages 'for a test' no-such-package || echo 'went on'")
    assert done.stdout.splitlines()[1:] == [
        "tools/caller: not in this distribution: no-such-package (for a test)",
        "went on",
    ]


def test_a_failed_installation_shows_its_last_lines(checkout: Checkout) -> None:
    """When apt-get fails, its last lines are shown below one sentence, and the caller is told."""
    checkout.stand_in("dpkg-query", NONE_INSTALLED)
    checkout.stand_in("id", "echo 1000")
    checkout.stand_in("sudo", '[ "$2" = true ] || { echo "E: no space left"; exit 100; }')
    done = checkout.call("install_debian_packages 'for a test' ejabberd || echo 'went on'")
    assert done.stdout.splitlines()[1:] == [
        "tools/caller: apt-get failed; its last lines:",
        "  E: no space left",
        "went on",
    ]


def test_an_interrupted_installation_ends_the_caller(checkout: Checkout) -> None:
    """After Ctrl-C during apt-get the caller does not go on as if the packages could not be had."""
    checkout.stand_in("dpkg-query", NONE_INSTALLED)
    checkout.stand_in("id", "echo 1000")
    checkout.stand_in("sudo", '[ "$2" = true ] || exit 130')
    done = checkout.call("install_debian_packages 'for a test' ejabberd || echo 'went on'")
    assert done.returncode == 130
    assert "went on" not in done.stdout


def test_the_venv_is_made_once_and_again_when_something_changed(checkout: Checkout) -> None:
    """A second start does nothing, quickly; changed requirements or a lost interpreter make the environment anew."""
    first = checkout.call("make_venv requirements-test.txt; .venv/bin/python -c 'print(1)'")
    assert first.returncode == 0, first.stdout
    assert "making .venv with Python 3." in first.stdout
    begun = time.monotonic()
    again = checkout.call("make_venv requirements-test.txt; make_venv requirements.txt")
    assert (again.returncode, again.stdout) == (0, "")
    assert time.monotonic() - begun < 5

    (checkout.folder / ".venv" / "left-over").touch()
    (checkout.folder / "requirements.txt").write_text("# nothing else\n")
    assert "making .venv" in checkout.call("make_venv requirements-test.txt").stdout
    assert not (checkout.folder / ".venv" / "left-over").exists()

    (checkout.folder / ".venv" / "bin" / "python").unlink()
    mended = checkout.call("make_venv requirements-test.txt; .venv/bin/python -c 'print(1)'")
    assert mended.returncode == 0
    assert mended.stdout.endswith("\n1\n")


@pytest.mark.campaign
def test_a_runtime_venv_is_completed_for_the_tests(checkout: Checkout) -> None:
    """What the demonstration made is kept: the test packages are added to it."""
    assert checkout.call("make_venv requirements.txt").returncode == 0
    (checkout.folder / ".venv" / "kept").touch()
    added = checkout.call("make_venv requirements-test.txt")
    assert added.stdout == "tools/caller: adding the packages of requirements-test.txt to .venv\n"
    assert (checkout.folder / ".venv" / "kept").exists()


@pytest.mark.campaign
def test_two_first_starts_at_once_make_one_venv(checkout: Checkout) -> None:
    """Of two starts at the same time, one makes the environment and the other waits and finds it."""
    done = checkout.call("make_venv requirements.txt & one=$!; make_venv requirements.txt; wait $one")
    assert done.returncode == 0
    assert done.stdout.count("making .venv") == 1


@pytest.mark.campaign
def test_a_package_without_its_hash_is_refused(checkout: Checkout, tmp_path: Path) -> None:
    """A requirement without a hash is not installed, nor is the rest taken for complete; with its hash it is."""
    wheel = tmp_path / "thing-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("thing.py", "")
        archive.writestr("thing-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1\n")
        archive.writestr("thing-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("thing-1.dist-info/RECORD", "")
    local = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    line = "source tools/bootstrap.sh; make_venv requirements.txt && .venv/bin/python -c 'import thing'"

    (checkout.folder / "requirements.txt").write_text("thing==1\n")
    for _ in range(2):
        done = checkout.run("bash", "-c", line, **local)
        assert "pip install failed" in done.stdout
        assert "hash" in done.stdout
        assert done.returncode == 1
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (checkout.folder / "requirements.txt").write_text(f"thing==1 --hash=sha256:{digest}\n")
    assert checkout.run("bash", "-c", line, **local).returncode == 0


@pytest.mark.skipif(not Path("/usr/lib/python3/dist-packages").is_dir(), reason="needs Debian's Python")
def test_32_bit_arm_takes_debians_libraries(checkout: Checkout) -> None:
    """Where the index has no ready-made files, the environment sees Debian's compiled libraries."""
    checkout.stand_in("uname", "echo armv7l")
    checkout.stand_in("dpkg-query", ALL_INSTALLED)
    (checkout.folder / "requirements.txt").write_text("no-such-package==1\n")
    done = checkout.call("make_venv requirements-test.txt")
    assert done.returncode == 0, done.stdout
    assert "and Debian's libraries" in done.stdout
    assert "include-system-site-packages = true" in (checkout.folder / ".venv" / "pyvenv.cfg").read_text()
    assert checkout.call("make_venv requirements-test.txt").stdout == ""


def test_an_old_python_is_passed_over(checkout: Checkout) -> None:
    """A python3 older than 3.11 in PATH is not used: the next one that serves is."""
    checkout.stand_in("python3", f"exec {sys.executable} -c 'import sys; sys.exit(1)'")
    checkout.stand_in("python3.12", f'exec {sys.executable} "$@"')
    assert checkout.call("_find_python").stdout.strip() != "python3"


def test_a_checkout_of_somebody_else_is_refused_in_one_sentence(checkout: Checkout) -> None:
    """Where .venv cannot be written, one sentence says so."""
    (checkout.folder / ".cache").write_text("in the way of the folder")
    done = checkout.call("make_venv requirements.txt || echo 'went on'")
    assert done.stdout.splitlines() == [
        f"tools/caller: cannot write in {checkout.folder}, where .venv goes: use a checkout of your own",
        "went on",
    ]


@pytest.mark.parametrize("arguments", [[], ["--all"]])
@pytest.mark.parametrize(("failing", "code"), [("nothing", 0), ("ruff check", 3), ("mypy", 3), ("pytest", 3)])
def test_every_check_runs_and_the_first_failure_is_the_exit_code(
    checkout: Checkout, arguments: list[str], failing: str, code: int
) -> None:
    """tools/test runs linters, types and tests whatever fails, pytest last, and exits with the first failure's code."""
    checkout.stand_in("dpkg-query", ALL_INSTALLED)
    checkout.stand_in("shellcheck", "echo ran shellcheck")
    checkout.stand_in("mount", "exit 1")
    checkout.fake_venv(f'[ "$1" = -m ] || exit 0; shift; echo "ran $*"; case "$*" in "{failing}"*) exit 3;; esac')
    done = checkout.run("tools/test", *arguments)
    ran = [line.removeprefix("ran ") for line in done.stdout.splitlines() if line.startswith("ran ")]
    assert ran[:-1] == ["ruff check .", "ruff format --check .", "mypy --strict", "shellcheck"]
    workers = len(os.sched_getaffinity(0)) + 3
    assert re.fullmatch(rf"pytest -n {workers} --dist loadfile --no-loadscope-reorder --durations=.*", ran[-1])
    assert ran[-1].endswith(" --all") == bool(arguments)
    assert done.returncode == code
    assert f"failed: {failing}" in done.stdout or failing == "nothing"


@pytest.mark.parametrize(("free_kb", "code"), [(8_000_000, 0), (8_000_000, 3), (4_000_000, 0)])
def test_what_tests_write_is_in_memory_where_there_is_plenty(checkout: Checkout, free_kb: int, code: int) -> None:
    """Root's tools/test makes a folder there and takes it away, or says where what failed tests wrote is."""
    checkout.stand_in("dpkg-query", ALL_INSTALLED)
    checkout.stand_in("shellcheck", "exit 0")
    machine = {"id": "echo 0", "awk": f"echo {free_kb}", "stat": "echo ext2/ext3", "mountpoint": "exit 1"}
    for name, script in machine.items():
        checkout.stand_in(name, script)
    acts = checkout.folder / "acts"
    for name in ("mount", "umount"):
        checkout.stand_in(name, f'echo "{name} $*" >>{acts}')
    checkout.fake_venv(f'[ "$2" = pytest ] && [ "$3" = -n ] || exit 0; echo "ran $TMPDIR $*"; exit {code}')
    done = checkout.run("tools/test")
    assert done.returncode == code
    (ran,) = [line for line in done.stdout.splitlines() if line.startswith("ran ")]
    if free_kb < 6_000_000:
        assert "--basetemp" not in ran
        assert not acts.exists()
        return
    place = ran.split()[1]
    assert re.fullmatch(r"/tmp/linky-\d+", place)
    assert f" --basetemp={place}/t" in ran
    made = f"mount -t tmpfs -o mode=1777 linky-tests {place}"
    assert acts.read_text().splitlines() == [made, *([] if code else [f"umount {place}"])]
    assert (f"below {place}/t" in done.stdout) == bool(code)
    if code:
        Path(place).rmdir()
    assert not Path(place).exists()


def test_with_arguments_only_pytest_runs(checkout: Checkout) -> None:
    """tools/test with arguments hands them to pytest and runs nothing else, wherever it is called from."""
    checkout.stand_in("dpkg-query", ALL_INSTALLED)
    checkout.fake_venv('[ "$1" = -m ] || exit 0; shift; echo "ran $*"; exit 5')
    done = checkout.run("bash", "-c", f"cd / && {checkout.folder}/tools/test tests/gateway/tic -k 'two words'")
    assert done.stdout == "ran pytest tests/gateway/tic -k two words\n"
    assert done.returncode == 5


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_missing_packages_fail_only_in_continuous_integration(checkout: Checkout, ci: str, code: int) -> None:
    """What cannot be installed is skipped with a word on a person's machine, and fails the run where CI is set."""
    checkout.stand_in("dpkg-query", NONE_INSTALLED)
    checkout.stand_in("id", "echo 1000")
    checkout.stand_in("sudo", "exit 1")
    checkout.stand_in("shellcheck", "exit 0")
    checkout.stand_in("mount", "exit 1")
    checkout.fake_venv("exit 0")
    done = checkout.run("tools/test", CI=ci)
    assert "the tests that need them are skipped" in done.stdout
    assert done.returncode == code
