"""What the demo needs of Debian: two XMPP servers, installed by tools/bootstrap.sh."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BOOTSTRAP = ROOT / "tools" / "bootstrap.sh"

PACKAGES = ("prosody", "lua-dbi-sqlite3", "ejabberd", "erlang-p1-sqlite3", "openssl")
REASON = "two XMPP servers for the federation"


def install_servers() -> bool:
    """Install what is missing; False when it cannot be had, after a sentence that says why."""
    # The name after the script is what the sentences of tools/bootstrap.sh begin with.
    script = ["bash", "-c", 'source "$1"; shift; install_debian_packages "$@"', "demo"]
    return subprocess.run([*script, str(BOOTSTRAP), REASON, *PACKAGES], check=False).returncode == 0
