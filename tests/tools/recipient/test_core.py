"""What the recipient in JavaScript makes of the wire document's examples, and of what is wrong."""

import os
import subprocess

from harness import ROOT
from tests.tools.recipient.rig import needed

TESTS = "tests/tools/recipient/core.test.mjs"


def test_what_it_makes_of_the_wire_document():
    """Pushes, notices, history, packs, curves, questions, its page's server: in Node's test runner, a real file."""
    needed()
    done = subprocess.run(
        ["node", "--test", "--test-reporter=tap", TESTS],
        cwd=ROOT, env={**os.environ, "LINKY_RECIPIENT_MODULES": str(ROOT / ".cache/recipient")},
        check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]
    tests = (ROOT / TESTS).read_text().count("\ntest(")
    assert f"\n# pass {tests}\n" in done.stdout
