"""Make what an installation of 0.1.0 leaves behind, with the code of that very commit; from a clone that has it.

    python tests/upgrade/make.py        as root, in the Python of ./tools/test (.venv); three minutes

0.1.0/README.md says what is made and with which command.
"""

import asyncio
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from pathlib import Path

COMMIT, VERSION = "e0fc14b72637", "0.1.0"
HERE = Path(__file__).resolve().parent
TO = HERE / VERSION
ROOT = HERE.parent.parent

HOME, COOP, ROOF, STRANGER = "maison@sen1.test", "coop@sen2.test", "toit@sen2.test", "etude@sen2.test"
OTHERS = ("mairie@sen2.test", "banc@sen2.test", "ami@sen2.test", "installateur@sen2.test")
PASSPHRASE = "un mot de passe que chacun connait"
PASSWORD = "a password of accounts that no longer exist"
SPEED = 20
# Two half hours of the standard meter's clock on either side of midnight.
START = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}T23:20"
# A consent lasts three years at most.
UNTIL = f"{datetime.now(UTC) + timedelta(days=1000):%Y-%m-%d}"
READ_AT = "2026-11-20T08:00:00+00:00"
WAIT_S = 400.0

ANSWERS = """port = usb:0403:6015:TINFO-1
account = maison@example.org
password_file = {secret}
mqtt = yes
boards = yes
"""


def main():
    """The fixtures, in the place of those that are there."""
    with tempfile.TemporaryDirectory(prefix="linky-0.1.0-") as name:
        folder = Path(name)
        tree = folder / "tree"
        tree.mkdir()
        archive = subprocess.run(["git", "-C", ROOT, "archive", COMMIT], check=True, capture_output=True).stdout
        subprocess.run(["tar", "-C", tree, "-xf", "-"], check=True, input=archive)
        # Everything from here on is that commit's: nothing of today's tree is imported.
        sys.path[:0] = [str(tree), str(tree / "tools")]
        os.environ["PYTHONPATH"] = f"{tree}{os.pathsep}{tree / 'tools'}"
        os.environ["LANG"], os.environ["LC_ALL"] = "C.UTF-8", ""
        os.chdir(tree)
        House(folder / "house", tree).live()
        lay_a_machine(folder, tree)


class House:
    """A house with two meters and a water meter read by hand, its recipients, and a roof that it has a share of."""

    def __init__(self, folder, tree):
        folder.mkdir()
        self.folder, self.tree = folder, tree
        self.home, self.roof = folder / "maison", folder / "toit"

    def live(self):
        """Run it for as long as it takes, then keep its folder, its backup and what it says of itself."""
        from federation import Federation

        with ExitStack() as running, Federation(self.folder / "xmpp") as federation:
            for jid in (HOME, COOP, ROOF, STRANGER, *OTHERS):
                user, _, domain = jid.partition("@")
                federation.register(user, domain, PASSWORD)
            self._configure(federation)
            self._agree()
            self._run(running, federation)
        self._keep()

    def _configure(self, federation):
        for folder, jid, meters in (
            (self.home, HOME, (("house", "ab12"), ("annexe", "cd34"))),
            (self.roof, ROOF, (("pv", "pv1"),)),
        ):
            folder.mkdir()
            (folder / "password").write_text(PASSWORD + "\n")
            (folder / "passphrase").write_text(PASSPHRASE + "\n")
            text = "".join(
                f'[[meter]]\nname = "{name}"\nsource = "{folder}/tty-{name}"\nsensor = "{sensor}"\nclock = "meter"\n'
                for name, sensor in meters
            )
            text += '[clock]\ntrusted = true\n[store]\ndirectory = "data"\ncommit_interval_s = 2\n'
            text += f'[federation]\njid = "{jid}"\npassword_file = "password"\nca_file = "ca.pem"\nbatch_s = 0\n'
            text += f'address = "{federation.address(jid.partition("@")[2])}"\n'
            shutil.copy(federation.ca, folder / "ca.pem")
            (folder / "gateway.toml").write_text(text)
        with (self.home / "gateway.toml").open("a") as file:
            file.write(
                f'[[received]]\nname = "roof"\nprovider = "{ROOF}/proxy"\nhistory = 1\n'
                f'identifier = "{ROOF}/pv1@sen2.test/production"\n'
                'share = { held = 12, of = 400, unit = "actions" }\n'
                '[web]\nlisten = "127.0.0.1:18099"\n'
                f'[household]\naddress = "{OTHERS[2]}"\nlanguage = "fr"\n'
                '[[tariff]]\nname = "Bleu"\nfrom = 2025-08-01\nsubscription = 15.65\nprices = { base = 0.1952 }\n'
                "[objective]\nkwh_per_month = 300\n"
            )

    def gateway(self, *words, folder=None, code=0):
        """A command of the gateway's command line; what it printed."""
        config = str((folder or self.home) / "gateway.toml")
        command = [sys.executable, "-m", "gateway", *map(str, words), "--config", config]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def _agree(self):
        for_ever, long_ago = ("--until", UNTIL), ("--begins", "2025-01-01")
        about = ("--controller", "Coop", "--contact", "coop@example.org", "--purpose", "to share the sun")
        grants = [
            (COOP, "--series", "consumption", "--granularity", "raw", "--meter", "house", "--retention", "P1Y", *about),
            (COOP, "--series", "contract", "--granularity", "raw", "--meter", "house"),
            (OTHERS[0], "--series", "consumption", "--granularity", "PT30M", "--meter", "house", "--pseudonym"),
            (OTHERS[1], "--series", "consumption", "--granularity", "PT1M", "--meter", "annexe"),
            (
                OTHERS[2],
                "--series",
                "consumption",
                "--granularity",
                "P1D",
                "--meter",
                "house",
                "--no-push",
                "--profile",
                "coarse",
            ),
        ]
        # The database is made by the daemon or by this.
        for folder in (self.home, self.roof):
            self.gateway("migrate", folder=folder)
        for grant in grants:
            self.gateway("consent", "grant", *grant, *for_ever, *long_ago, "--accept", "--lang", "fr")
        self.gateway("consent", "grant", OTHERS[3], "--health", *for_ever, "--accept")
        self.gateway("consent", "grant", HOME, "--series", "production", "--granularity", "raw",
                     *for_ever, *long_ago, folder=self.roof)  # fmt: skip
        self.gateway("reading", "add", "water", "123.456", "--unit", "m3", "--meter", "cold", "--at", READ_AT)
        self.gateway(
            "privacy", "rectify", "water/volume/index", READ_AT, "123457", "--meter", "cold", "--reason", "misread"
        )

    def _run(self, running, federation):
        from federation import wait_until
        from simulator.process import Meter

        roof = running.enter_context(self._program("roof", "run", "--config", self.roof / "gateway.toml"))
        home = running.enter_context(self._program("home", "run", "--config", self.home / "gateway.toml"))
        far = federation.address(COOP.partition("@")[2])
        coop = running.enter_context(
            self._program(
                "coop", "consume", "--jid", COOP, "--password-file", self.home / "password", "--address", far,
                "--ca-file", federation.ca, "--gateway", f"{HOME}/proxy", "--store", self.folder / "coop.sqlite",
                "--identifier", f"{HOME}/ab12@sen1.test",
            )
        )  # fmt: skip
        slow = {"mode": "historic", "tariff": "hc", "speed": 1, "seed": 2, "serial": "000002"}
        producer = {"mode": "standard", "tariff": "producer", "serial": "000003", "start": f"{START[:10]}T12:00"}
        begun = {"mode": "standard", "start": START, "speed": SPEED}
        wait_until(lambda: self._count(f"recipient WHERE jid = '{COOP}'"), 60)
        running.enter_context(Meter(self.home / "tty-annexe", **slow))
        running.enter_context(Meter(self.home / "tty-house", seed=1, **begun))
        running.enter_context(Meter(self.roof / "tty-pv", seed=3, solar=3000, **producer))
        asyncio.run(ask_for_access(far, federation.ca))
        # The recipient goes away when it has had enough; the house goes on.
        wait_until(lambda: self._count("transfer") > 0, 120)
        wait_until(lambda: self._count("coarse") > 0, 250)
        stop(coop)
        self.gateway("consent", "limit", OTHERS[1])
        self.gateway("consent", "revoke", OTHERS[0])
        wait_until(lambda: self._count("coarse WHERE step = 86400") > 0 and self._count("outbox") > 200, WAIT_S)
        wait_until(lambda: self._count("received_point") > 0, 60)
        self.gateway("page", "code")
        stop(home)
        stop(roof)

    def _program(self, name, *words):
        log = (self.folder / f"{name}.log").open("wb")
        return subprocess.Popen(
            [sys.executable, "-m", "gateway", *map(str, words)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )

    def _count(self, table):
        import sqlite3

        path = self.home / "data/linky-gateway.sqlite"
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)
        try:
            return db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        finally:
            db.close()

    def _keep(self):
        # Where a person would have plugged them in; the simulator's ports are gone.
        config = self.home / "gateway.toml"
        config.write_text(config.read_text().replace(f"{self.home}/tty-", "/dev/tty-"))
        shutil.copy(self.folder / "coop.sqlite", self.home)
        backup = TO / "house.backup"
        backup.unlink(missing_ok=True)
        self.gateway("backup", backup, "--passphrase-file", self.home / "passphrase")
        said = {name: json.loads(self.gateway(*name.split(), "--json")) for name in SAID}
        said["journal head"] = self.gateway("journal", "head").strip()
        said["raw"] = hashlib.sha256(self.gateway(*EXPORT, "--granularity", "raw").encode()).hexdigest()
        said["half hours"] = self.gateway(*EXPORT, "--granularity", "PT30M").splitlines()
        said["at"] = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
        (TO / "said.json").write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        pack(TO / "house.tar.xz", self.home, "tty-*", "*-shm", "*-wal", "*.lock")


EXPORT = ("export", "--format", "csv")
SAID = ("consent list", "consent pending", "balance --period day")


async def ask_for_access(address, ca):
    """Somebody whom the household does not know asks for its half hours."""
    from gateway.errand import alone
    from gateway.federation.form import build_submit
    from gateway.federation.session import Account

    form = {
        "identifier": f"{HOME}/ab12@sen1.test/consumption", "granularity": "PT30M", "push": "1", "history": "0",
        "until": UNTIL, "purpose": "a study of evenings", "controller": "Etude", "contact": STRANGER,
        "privacy": "https://example.org/privacy", "role": "controller", "retention": "P1Y",
    }  # fmt: skip
    async with alone(Account(STRANGER, PASSWORD, address, str(ca), "asks")) as session:
        await session.request(f"{HOME}/proxy", build_submit("request_access", form))


def stop(process):
    """As systemd does."""
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) in (0, 130, -signal.SIGTERM), process.args


def lay_a_machine(folder, tree):
    """What ``tools/setup`` lays below a root that has every package, but for the program's libraries."""
    from tests.installing.conftest import System

    system = System(folder)
    secret = folder / "secret"
    secret.write_text(PASSWORD + "\n")
    answers = folder / "answers"
    answers.write_text(ANSWERS.format(secret=secret))
    system.setup("install", "--config", answers, setup=tree / "tools/setup")
    files = subprocess.run(["find", ".", "-type", "f,l", "-printf", "%M %P %l\\n"], check=True, capture_output=True,
                           text=True, cwd=system.folder).stdout  # fmt: skip
    (TO / "machine.txt").write_text("".join(sorted(files.splitlines(keepends=True))))
    source = f"./opt/linky-gateway/versions/{VERSION}/source"
    pack(TO / "machine.tar.xz", system.folder, "./var/log/*", *(f"{source}/{name}/*" for name in NOT_OF_SETUP))


# Of the release that is laid beside: tools/setup reads none of it.
NOT_OF_SETUP = (
    "gateway",
    "hardware",
    "micropython",
    "tools/[a-hj-r]*",
    "tools/simulator",
    "tools/soaking",
    "tools/trial",
)


def pack(to, folder, *without):
    """A folder, compressed, without the files of these patterns."""

    def plain(about):
        if any(fnmatch(name, one) for name in (about.name, Path(about.name).name) for one in without):
            return None
        about.uid = about.gid = 0
        about.uname = about.gname = "root"
        return about

    with tarfile.open(to, "w:xz", preset=9) as tar:
        tar.add(folder, ".", filter=plain)


if __name__ == "__main__":
    main()
