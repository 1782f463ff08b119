"""The gateway and its recipient as the processes that a house and a co-operative run, for tests that injure them."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from servers import wait_until
from servers.daemon import links_of

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "canary-7f3a-correct-horse"
ENVIRONMENT = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONUNBUFFERED="1")

HOME, FAR = "maison@sen1.test", "coop@sen2.test"


class Process:
    """A program that can be killed and started again, its output in a file."""

    def __init__(self, folder, name, *arguments, python=sys.executable, module="gateway"):
        self.log = folder / f"{name}.log"
        self._command = [python, "-m", module, *map(str, arguments)]
        self.environment = dict(ENVIRONMENT)
        self._process = None

    def traced(self, folder):
        """The same, noting in that folder which functions it enters (``traced.py``)."""
        at = self._command.index("-m")
        self._command[at + 1 : at + 2] = ["tests.integration.traced", str(folder / f"{self.log.stem}.notes"), "gateway"]
        return self

    @property
    def pid(self):
        """The process that was started last."""
        return self._process.pid

    def start(self):
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment, cwd=ROOT
            )
        return self

    def kill(self):
        self._process.kill()
        self._process.wait()

    def wait(self, seconds):
        """The exit code, when it ends by itself."""
        return self._process.wait(seconds)

    def stop(self, seconds=10):
        """SIGTERM; the exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(seconds)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self._process.poll() is None:
            self.kill()


class House:
    """A gateway's folder: configuration, accounts, the command line."""

    def __init__(self, folder, federation, source, *, commit_interval_s=1, batch_s=0, extra="", python=sys.executable):
        self.folder, self.federation, self.python = folder, federation, python
        folder.mkdir(exist_ok=True)
        (folder / "password").write_text(PASSWORD + "\n")
        self.config = folder / "gateway.toml"
        home = HOME.partition("@")[2]
        self.config.write_text(
            f'[[meter]]\nsource = "{source}"\nsensor = "ab12"\nclock = "meter"\n'
            f'[store]\ndirectory = "data"\ncommit_interval_s = {commit_interval_s}\n'
            f'[federation]\njid = "{HOME}"\npassword_file = "password"\n'
            f'address = "{federation.address(home)}"\nca_file = "{federation.ca}"\nbatch_s = {batch_s}\n{extra}'
        )
        for jid in (HOME, FAR):
            user, domain = jid.split("@")
            federation.register(user, domain, PASSWORD)

    def command(self, *arguments):
        """One command of the command line; its completed process."""
        command = [self.python, "-m", "gateway", *map(str, arguments), "--config", str(self.config)]
        return subprocess.run(command, check=False, capture_output=True, text=True, env=ENVIRONMENT, cwd=ROOT)

    def grant(self, *prefixes, granularity="raw"):
        for prefix in prefixes:
            done = self.command("consent", "grant", FAR, "--series", prefix, "--granularity", granularity, "--accept")
            assert done.returncode == 0, done.stderr

    def gateway(self, level="INFO"):
        return Process(self.folder, "gateway", "run", "--config", self.config, "--log-level", level, python=self.python)

    def recipient(self, level="INFO", *more, name="recipient"):
        return Process(
            self.folder, name, "consume", *more, "--jid", FAR, "--password-file", self.folder / "password",
            "--address", self.federation.address(FAR.partition("@")[2]), "--ca-file", self.federation.ca,
            "--gateway", f"{HOME}/proxy", "--identifier", f"{HOME}/ab12@sen1.test", "--store", self.received,
            "--log-level", level, python=self.python,
        )  # fmt: skip

    @property
    def received(self):
        return self.folder / "recipient.sqlite"

    def links(self):
        """Link name -> row of ``status --json``; empty while the daemon does not answer."""
        return links_of(self.config)

    def await_link(self, name, state, seconds=30):
        wait_until(lambda: self.links().get(name, {}).get("state") == state, seconds, f"{name} {state}", every=0.3)

    def await_silence(self, seconds):
        """Wait until the gateway has heard nothing for that long, so that all it has heard is committed."""
        wait_until(lambda: (self.links().get("meter house", {}).get("age_s") or 0) >= seconds, 30, "silence", every=0.3)

    def await_delivered(self, seconds):
        """Wait until the recipient has confirmed everything."""
        self.await_link(f"recipient {FAR}", "ok", seconds)

    def stored(self, *prefixes):
        """(path, time, value) of every raw point in the gateway's database under the prefixes."""
        with closing(sqlite3.connect(f"file:{self.folder}/data/linky-gateway.sqlite?mode=ro", uri=True)) as db:
            rows = db.execute("SELECT path, time, value FROM reading JOIN series ON series.id = reading.series")
            return sorted(row for row in rows if row[0].startswith(prefixes))
