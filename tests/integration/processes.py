"""The gateway and its recipient as the processes that a house and a co-operative run, for tests that injure them."""

import json
import os
import subprocess
import sys

import harness.house
from harness import ROOT
from harness.accounts import FAR, consume, register, table
from harness.process import Program
from servers import wait_until

PASSWORD = "canary-7f3a-correct-horse"
ENVIRONMENT = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONUNBUFFERED="1")


class Process(Program):
    """One of ours, that can be killed and started again; killed at the end of its block."""

    def __init__(self, folder, name, *arguments, python=sys.executable, module="gateway"):
        super().__init__(folder, name, [python, "-m", module, *arguments], ENVIRONMENT, bound="")

    def traced(self, folder):
        """The same, noting in that folder which functions it enters (``traced.py``)."""
        at = self._command.index("-m")
        self._command[at + 1 : at + 2] = ["tests.integration.traced", str(folder / f"{self.log.stem}.notes"), "gateway"]
        return self

    def stop(self, seconds=20):
        """SIGTERM; the exit code. A gateway is killed after so long (its unit's TimeoutStopSec), others later."""
        return super().stop(seconds)

    def __exit__(self, *_):
        self.kill()


class House(harness.house.GatewayFolder):
    """A gateway's folder: configuration, accounts, the command line."""

    def __init__(self, folder, federation, source, *, commit_interval_s=1, batch_s=0, extra="", python=sys.executable):
        super().__init__(folder)
        self.federation, self.python = federation, python
        self.config.write_text(
            f'[[meter]]\nsource = "{source}"\nsensor = "ab12"\nclock = "meter"\n'
            f'[store]\ndirectory = "data"\ncommit_interval_s = {commit_interval_s}\n'
            f"{table(federation)}batch_s = {batch_s}\n{extra}"
        )
        register(federation, folder, password=PASSWORD)

    def command(self, *arguments):
        """One command of the command line, by this house's own Python; its completed process."""
        command = [self.python, "-m", "gateway", *map(str, arguments), "--config", str(self.config)]
        return subprocess.run(command, check=False, capture_output=True, text=True, env=ENVIRONMENT, cwd=ROOT)

    def grant(self, *prefixes, granularity="raw", jid=FAR, retention=""):
        """The consent of the usual recipient, or of another one, to all of these."""
        more = ["--retention", retention] if retention else []
        for prefix in prefixes:
            super().grant(jid, "--series", prefix, "--granularity", granularity, *more)

    def gateway(self, level="INFO"):
        return Process(self.folder, "gateway", "run", "--config", self.config, "--log-level", level, python=self.python)

    def recipient(self, level="INFO", *more, name="recipient", jid=FAR):
        store = "recipient" if jid == FAR else name
        words = [*consume(self.federation, self.folder, "ab12", jid=jid, name=store), "--log-level", level, *more]
        return Process(self.folder, name, *words, python=self.python)

    def compared(self, jid=FAR):
        """Exit code of ``consent compare``, and what it says for a program."""
        done = self.command("consent", "compare", jid, "--json")
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    @property
    def received(self):
        return self.folder / "recipient.sqlite"

    def await_link(self, name, state, seconds=30):
        super().await_link(name, state, seconds)

    def await_silence(self, seconds):
        """Wait until the gateway has heard nothing for that long, so that all it has heard is committed."""
        wait_until(lambda: (self.links().get("meter house", {}).get("age_s") or 0) >= seconds, 30, "silence", every=0.3)

    def await_delivered(self, seconds):
        """Wait until the recipient has confirmed everything."""
        self.await_link(f"recipient {FAR}", "ok", seconds)

    def stored(self, *prefixes):
        """(path, time, value) of every raw point in the gateway's database under the prefixes."""
        found = self.query("SELECT path, time, value FROM reading JOIN series ON series.id = series")
        return sorted(row for row in found if row[0].startswith(prefixes))
