"""The backup of each night as the co-operative's page has it: what it leaves here and there, and that it comes back.

The page's script and its two commands of the day after, in a folder instead of a machine's own root, on a real
PostgreSQL. On machines that systemd boots the whole page is walked in ``tests/walks/test_night.py``.
"""

import os
import re
import shutil
import subprocess
import time

import pytest

from tests.gateway.collector.test_restored import bring_back
from tests.markdown import read

PAGE = "gateway/collector/cooperative/LISEZMOI.md"
FOLDER, ELSEWHERE = "/var/backups/linky", "backup@elsewhere.example.org:linky/"
DAY_S = 86_400
# What the machine has besides its database: accounts of members, configuration, the key that signs invitations.
FILES = {
    "var/lib/prosody/sen1/accounts.dat": "a member",
    "etc/linky-gateway/invite-key.pem": "canary of a key",
    "etc/prosody/prosody.cfg.lua": "a server",
    "etc/letsencrypt/renewal/soleil.conf": "a certificate",
    "etc/cron.daily/linky-backup": "the script",
}
# Stand where systemd and the user postgres do; each word of the page's command is looked at.
FUNCTIONS = """
runuser() { [ "$*" = "-u postgres -- pg_dump -Fc linky" ] && "$PG_DUMP" -Fc -d "$CONNINFO"; }
systemctl() { echo "$*" >> "$NOTES"; }
"""


class Machine:
    """A server's folder, and the one to which its copies go; ``store`` is its database."""

    def __init__(self, folder, postgres, store):
        self.root, self.elsewhere, self.key = folder / "machine", folder / "elsewhere", folder / "coop-backup.key"
        self.copies, self._notes = self.root / FOLDER.lstrip("/"), folder / "notes"
        self.elsewhere.mkdir()
        for name, text in FILES.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)
        done = subprocess.run(["age-keygen", "-o", self.key], check=True, capture_output=True, text=True)
        blocks = read(PAGE)[0]
        (text,) = (block.text for block in blocks if block.language == "bash")
        changed = {FOLDER: str(self.copies), ELSEWHERE: f"{self.elsewhere}/", "cd /\n": f"cd {self.root}\n"}
        changed |= {" -C / ": f" -C {self.root} "}
        changed |= {re.search(r"^key=(\w+)$", text, re.MULTILINE)[1]: done.stderr.split()[-1]}
        for before, after in changed.items():
            assert text.count(before) == 1, before
            text = text.replace(before, after)
        head, _, rest = text.partition("\n")
        self.script = folder / "linky-backup"
        self.script.write_text(f"{head}{FUNCTIONS}{rest}\n")
        self._conninfo, self._pg_dump = store.conninfo, postgres.program("pg_dump")

    def night(self, conninfo=""):
        """Run it; its exit code, what it said, what was asked of systemd."""
        self._notes.write_text("")
        told = {"CONNINFO": conninfo or self._conninfo, "PG_DUMP": str(self._pg_dump), "NOTES": str(self._notes)}
        done = subprocess.run(
            ["bash", self.script], check=False, capture_output=True, text=True, env=os.environ | told, timeout=120
        )
        return done.returncode, done.stdout + done.stderr, self._notes.read_text().splitlines()

    def here(self):
        """Name -> when it was written, of all that is in the folder of copies."""
        return {path.name: path.stat().st_mtime_ns for path in self.copies.iterdir()}

    def there(self):
        """The same of the machine that receives."""
        return {path.name: path.stat().st_mtime_ns for path in self.elsewhere.iterdir()}

    def unpacked(self, folder, key):
        """As the page types it on a new machine: the newest copy, by this key; the exit code."""
        folder.mkdir()
        command = 'set -o pipefail; age -d -i "$1" "$2" | tar xz -C "$3"'
        words = ["bash", "-c", command, "bash", key, max(self.elsewhere.iterdir()), folder]
        return subprocess.run(words, check=False, capture_output=True, timeout=120).returncode


@pytest.fixture
def machine(postgres, store_at, tmp_path):
    """One whose database knows a household; skipped where nothing encrypts or sends, not in continuous integration."""
    if missing := [name for name in ("age", "rsync") if not shutil.which(name)]:
        reason = f"Debian packages that are not installed: {' '.join(missing)}"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    store = store_at()
    store.ask("INSERT INTO gateway (account, jid) VALUES ('coop@x', 'maison@x')")
    return Machine(tmp_path, postgres, store)


def test_what_a_night_has_saved_comes_back_and_nobody_reads_it_on_its_way(machine, postgres, store_at, tmp_path):
    """Readings, accounts, the key of invitations; nothing is said, nobody else may read a copy, here or there."""
    assert machine.night() == (0, "", ["stop prosody", "start prosody", "start prosody"])
    (copy,) = machine.copies.iterdir()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d\.tar\.gz\.age", copy.name)
    assert (copy.stat().st_mode & 0o777, machine.copies.stat().st_mode & 0o777) == (0o600, 0o700)
    assert machine.there() == machine.here()
    assert copy.read_bytes().startswith(b"age-encryption.org/")
    other = tmp_path / "other.key"
    subprocess.run(["age-keygen", "-o", other], check=True, capture_output=True)
    assert machine.unpacked(tmp_path / "thief", other) != 0
    assert not any((tmp_path / "thief").iterdir())
    new = tmp_path / "new"
    assert machine.unpacked(new, machine.key) == 0
    assert {name: (new / name).read_text() for name in FILES} == FILES
    restored = store_at()
    bring_back(postgres, restored, new / "linky.dump")
    assert restored.ask("SELECT account, jid FROM gateway") == [("coop@x", "maison@x")]


def test_a_night_after_one_that_was_cut_is_whole_and_a_month_old_copy_goes(machine, tmp_path):
    """What the cut one left is neither there nor in the copy; the old one goes here and where the copies are sent."""
    left = machine.copies / "var/lib/prosody/of-a-cut-night"
    left.parent.mkdir(parents=True)
    old = machine.copies / "2020-01-01.tar.gz.age"
    for file in (left, machine.copies / "linky.dump", machine.copies / "today.part", old):
        file.write_bytes(b"cut")
    os.utime(old, (time.time() - 32 * DAY_S,) * 2)
    shutil.copy(old, machine.elsewhere)
    assert machine.night()[0] == 0
    assert len(machine.here()) == 1
    assert old.name not in machine.here()
    assert machine.there() == machine.here()
    assert machine.unpacked(tmp_path / "new", machine.key) == 0
    assert not (tmp_path / "new/var/lib/prosody/of-a-cut-night").exists()


def test_a_night_without_a_database_is_a_fault_and_costs_no_copy(machine, tmp_path):
    """It ends as one, says why, leaves nothing half, and the members' server runs."""
    assert machine.night()[0] == 0
    before = machine.here()
    code, said, asked = machine.night(f"host={tmp_path} dbname=linky")
    assert code != 0
    assert "pg_dump" in said
    assert asked[-1] == "start prosody"
    assert (machine.here(), machine.there()) == (before, before)
