"""``tools/conformance`` as a person starts it, and the household's hand where it asks for it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from dataclasses import dataclass

from harness import ROOT
from harness.process import PATH
from tests.integration.processes import ENVIRONMENT

_ASKED = re.compile(r"household: (refuse request (\d+)|withdraw every consent of (\S+)|compare with (\S+))")
# Somebody is at the gateway; our house gathers for 0 s, so what it pushed on after a withdrawal would come at once.
ATTENDED = ("--household", "--quiet", 10)


@dataclass(frozen=True)
class Outcome:
    """Exit code, what was printed and said beside it, and point -> outcome."""

    code: int
    text: str
    said: str
    points: dict

    @property
    def failed(self):
        """The rows of what failed."""
        return [row for row in self.text.splitlines() if "| failed |" in row]


class Conformance:
    """One run against a peer, with an account of the second server (or of the first)."""

    def __init__(self, folder, federation, peer, jid, *words):
        self.json = folder / "conformance.json"
        server = federation.address(jid.partition("@")[2])
        self._command = [
            *(sys.executable, "-m", "conformance", peer, "--jid", jid, "--password-file", folder / "password"),
            *("--address", server, "--ca-file", federation.ca, "--json", self.json, *words),
        ]

    def ended(self, house=None, seconds=600):
        """Its outcome; the household does what is asked of it meanwhile."""
        command = [str(word) for word in self._command]
        environment = ENVIRONMENT | {"PYTHONPATH": PATH}
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as run:
            # The lines end when the run does, so it is the run that has to be ended.
            late = threading.Timer(seconds, run.kill)
            late.start()
            try:
                said = [line for line in run.stderr if self._heard(line, house)]
                text = run.stdout.read()
                code = run.wait()
            finally:
                late.cancel()
                run.kill()
        points = json.loads(self.json.read_text()) if self.json.exists() else {}
        return Outcome(code, text, "".join(said), points)

    @staticmethod
    def _heard(line, house):
        if asked := _ASKED.match(line):
            done = house.command("consent", *_act(asked))
            # A difference that is found is no failure of the command's.
            assert done.returncode in ({0, 1} if asked[4] else {0}), done.stderr
        return True


def _act(asked):
    """What the household types."""
    if asked[4]:
        return "compare", asked[4]
    return ("answer", asked[2], "--no") if asked[2] else ("revoke", asked[3])
