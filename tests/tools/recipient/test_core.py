"""What the recipient in JavaScript makes of the wire document's examples, and of what is wrong."""

import os
import subprocess

from harness import ROOT
from tests.tools.recipient.rig import needed


def test_what_it_makes_of_the_wire_document():
    """Stored before confirmed, once; notices obeyed once; bounds kept: in Node's test runner, on a real file."""
    needed()
    done = subprocess.run(
        ["node", "--test", "tests/tools/recipient/core.test.mjs"],
        cwd=ROOT, env={**os.environ, "LINKY_RECIPIENT_MODULES": str(ROOT / ".cache/recipient")},
        check=False, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]
    assert "# pass 11" in done.stdout
