"""A co-operative's backup of each night, by its French page: made on its server, and brought back on a new machine."""

from __future__ import annotations

import os
import re
import shutil
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from harness.container import wait_for
from tests.walks import machine
from tests.walks.test_cooperative import (
    ACCOUNT,
    APT,
    BEFORE,
    DOCUMENT,
    HOMES,
    OWN,
    PASSWORD,
    QUICK,
    Home,
    asked,
    given,
    name_and_trust,
    serve,
)
from tests.walks.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from servers.certificates import Authority
    from tests.walks.machine import WalkedDebian
    from tests.walks.page import Passage
    from tests.walks.terminal import Terminal

NIGHT = "## 10. La sauvegarde, et le jour de la panne"
SCRIPT, COPIES, ELSEWHERE = "/etc/cron.daily/linky-backup", "/var/backups/linky", "/srv/elsewhere"
# What the page has for an example, and what this co-operative has: where its copies go to.
OF_THE_PAGE = "backup@elsewhere.example.org:linky/"
OTHERS = {**OWN, OF_THE_PAGE: f"{ELSEWHERE}/", "head -n 1000": "head -n 1", "invite 1000": "invite 1"}
NEEDED = {"prosody": "prosody", "postgresql": "pg_createcluster", "age": "age", "rsync": "rsync"}
DAY_S = 86_400
KEY, LISTED = "coop-backup.key", "sudo linky-collect invitations list"
# Of a night that was cut, where Prosody's own would be in the copy.
LEFT = "var/lib/prosody/of-a-cut-night"
# Who may read the views, and that it may.
READER = "sudo linky-collect init --reader grafana"
MAY_READ = "SELECT has_table_privilege('grafana', 'linky.last_value', 'SELECT')"
# What certbot leaves.
CERTBOT, AUTHENTICATOR = "/etc/letsencrypt/renewal/soleil.conf", "authenticator = standalone\n"


@contextmanager
def server(folder: Path, elsewhere: Path) -> Iterator[WalkedDebian]:
    """A Debian with the package that was downloaded; what it gives to the other machine is in ``elsewhere``."""
    (folder / "homes").mkdir(parents=True, exist_ok=True)
    binds = [f"{folder}/homes:{HOMES}", f"{elsewhere}:{ELSEWHERE}"]
    wanted = ["postgresql", "python3-psycopg", "prosody", "lua-dbi-sqlite3", "age", "rsync"]
    with machine.booted(folder, whole=False, packages=wanted, binds=binds) as running:
        running.package()
        yield running


@pytest.fixture
def elsewhere(tmp_path) -> Path:
    """The folder of the machine that receives, where all that the walk needs is here."""
    machine.require(tmp_path, whole=False)
    if missing := [package for package, program in NEEDED.items() if not shutil.which(program)]:
        reason = f"Debian packages that are not installed: {' '.join(missing)}"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    path = tmp_path / "elsewhere"
    path.mkdir()
    return path


# That each line of the page's script does what it has to: tests/gateway/collector/test_nightly.py.
@pytest.mark.campaign
def test_what_a_night_has_saved_is_there_again_on_a_new_machine(tmp_path, elsewhere):
    """Readings, accounts, who signs invitations; the household goes on giving, and no copy can be read on its way."""
    fills = dict(OTHERS)
    with Walk("recipient", "fr", {}, fills) as walk:
        night = walk.read(BEFORE, NIGHT)
        with server(tmp_path / "old", elsewhere) as old, old.terminal("fr", machine.HOME) as shell:
            authority = begin(walk, shell, old, tmp_path)
            with joined(walk, shell, old):
                first_night(walk, shell, old, fills)
            # The readings that came after it are in the next one.
            before = kept(old)
            another_night(old, elsewhere)
            a_night_without_a_database(old, elsewhere)
            listed = shell.type(LISTED)
            shutil.copy(old.path(f"{machine.HOME}/{KEY}"), tmp_path)
        copy = max(elsewhere.iterdir())
        fills["2027-03-01"] = copy.name.partition(".")[0]
        (tmp_path / "new").mkdir()
        (tmp_path / "old/homes").rename(tmp_path / "new/homes")
        with server(tmp_path / "new", elsewhere) as new, new.terminal("fr", machine.HOME) as shell:
            a_new_machine(walk, shell, new, authority)
            for file in (copy, tmp_path / KEY):
                shutil.copy(file, new.path(machine.HOME))
            walk.type(shell, "sudo -u postgres createuser")
            # Whose they are there is no matter.
            new.container.do("chown", "-R", "games:", ELSEWHERE)
            for line in brought_back(night):
                walk.type(shell, line)
            assert new.container.do("stat", "-c", "%U %a", COPIES, f"{COPIES}/{copy.name}").split() == [
                *("root", "700"),
                *("root", "600"),
            ]
            assert kept(new) == before
            walk.type(shell, READER)
            assert asked(new, MAY_READ) == "t"
            assert not new.path(f"/{LEFT}").exists()
            assert shell.type(LISTED) == listed
            assert new.path(CERTBOT).read_text() == AUTHENTICATOR
            assert not new.path("/linky.dump").exists()
            with Home(new, 0, QUICK):
                last = before.partition("|")[2]
                wait_for(lambda: given(new, last) == 1, "what the household gives after that", 300)


def kept(debian: WalkedDebian) -> str:
    """How many readings there are, and when the last one was."""
    return asked(debian, "SELECT count(*), max(time) FROM linky.reading")


def begin(walk: Walk, shell: Terminal, debian: WalkedDebian, folder: Path) -> Authority:
    """The server of the pages, as it is before its first night; who has signed its certificate."""
    authority = serve(debian, folder)
    debian.path(CERTBOT).parent.mkdir(parents=True)
    debian.path(CERTBOT).write_text(AUTHENTICATOR)
    page = walk.read(DOCUMENT, "## Démarrer")
    walk.type(shell, "sudo apt install ./", APT)
    debian.container.do("systemctl", "start", "postgresql")
    walk.write(debian.path("/etc/linky-gateway/collect.toml"), page.file("toml"))
    walk.type(shell, "sudo linky-collect init", [(rf"Password of {ACCOUNT}: ", PASSWORD)])
    for line in ("sudo -u postgres createuser", READER, "sudo systemctl enable --now linky-collect"):
        walk.type(shell, line)
    return authority


@contextmanager
def joined(walk: Walk, shell: Terminal, debian: WalkedDebian) -> Iterator[None]:
    """A household that has said yes, and has given something; it gives on as long as the ``with`` lasts."""
    walk.read(DOCUMENT, "## Invitations")
    walk.type(shell, "yes ")
    walk.type(shell, "sudo linky-collect invite ")
    link = debian.path("/root/spring-2027.csv").read_text().splitlines()[1]
    with Home(debian, 0, QUICK) as home:
        wait_for(home.hears_its_meter, "its meter", 180)
        home.join(next(part for part in link.split(",") if "://" in part))
        wait_for(lambda: given(debian) == 1, "its readings", 300)
        yield


def first_night(walk: Walk, shell: Terminal, debian: WalkedDebian, fills: dict[str, str]) -> None:
    """What is typed once, by a person who then waits for words that do not come."""
    script = walk.passages[0].file("bash")
    (example,) = re.findall(r"^key=(\w+)$", script, re.MULTILINE)
    (fills[example],) = re.findall(r"age1\w+", walk.type(shell, "age-keygen"))
    walk.write(debian.path(SCRIPT), script)
    walk.type(shell, "sudo apt install age")
    walk.type(shell, "sudo chmod")
    # Nothing but what the terminal shows of the typing.
    assert walk.type(shell, f"sudo {SCRIPT}").splitlines()[1:] == []


def another_night(debian: WalkedDebian, elsewhere: Path) -> None:
    """As cron runs it: at no terminal, and what it says would be mail. What is a month old goes, here and there.

    The night before lost its power: what it had begun is there. A copy is called by its day: over midnight it is two.
    """
    for name in ("linky.dump", "today.part", LEFT):
        debian.path(f"{COPIES}/{name}").parent.mkdir(parents=True, exist_ok=True)
        debian.path(f"{COPIES}/{name}").write_bytes(b"cut")
    old = debian.path(f"{COPIES}/2020-01-01.tar.gz.age")
    old.write_bytes(b"old")
    os.utime(old, (time.time() - 32 * DAY_S,) * 2)
    shutil.copy(old, elsewhere)
    words = ("systemd-run", "--wait", "--pipe", "--quiet", "run-parts", "--regex=^linky-backup$", "/etc/cron.daily")
    done = debian.container.run(*words)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    copies = sorted(elsewhere.iterdir())
    assert [path.name for path in copies] == sorted(path.name for path in debian.path(COPIES).iterdir())
    assert old.name not in [path.name for path in copies]
    copy = copies[-1]
    assert copy.read_bytes().startswith(b"age-encryption.org/")
    assert copy.stat().st_mode & 0o077 == 0


def a_night_without_a_database(debian: WalkedDebian, elsewhere: Path) -> None:
    """It ends as a fault, leaves nothing half, keeps the copies there are; the members can send all the same."""
    before = {path.name: path.stat().st_mtime_ns for path in elsewhere.iterdir()}
    debian.container.do("systemctl", "stop", "postgresql", "postgresql@*")
    assert debian.container.run(SCRIPT).returncode != 0
    debian.container.do("systemctl", "start", "postgresql")
    assert {path.name: path.stat().st_mtime_ns for path in elsewhere.iterdir()} == before
    assert {path.name for path in debian.path(COPIES).iterdir()} == {*before}
    assert debian.container.run("systemctl", "is-active", "prosody").returncode == 0


def a_new_machine(walk: Walk, shell: Terminal, debian: WalkedDebian, authority: Authority) -> None:
    """What the page asks for first: the name leads here, and the packages of its steps 2 and 3."""
    debian.container.do("sh", "-c", "apt-get -q -y install prosody lua-dbi-sqlite3")
    name_and_trust(debian, authority)
    walk.type(shell, "sudo apt install ./", APT)
    debian.container.do("systemctl", "start", "postgresql")


def brought_back(night: Passage) -> list[str]:
    """What is typed on the new machine, in order: two blocks of commands, up to a look at a count, and after."""
    last = [block for block in night.blocks if block.language == "sh"][-2:]
    return [line for block in last for line in block.text.splitlines()]
