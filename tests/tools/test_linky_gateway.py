"""``tools/linky-gateway``: the commands of a checkout that nobody installed, from whatever folder."""

import json
import os
import subprocess
import sys

from tests.gateway.commands.test_cli import FRAMES
from tests.tool_help import ROOT


def called(folder, *arguments):
    """Call it in a folder, as in an environment that is active."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {"VIRTUAL_ENV": sys.prefix, "LC_ALL": "C.UTF-8"}
    command = [ROOT / "tools" / "linky-gateway", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, check=False, capture_output=True, text=True, timeout=120
    )


def test_a_checkout_has_the_commands(tmp_path):
    """Files are those of the folder it is called in, and no module lying there is taken for ours."""
    (tmp_path / "json.py").write_text("raise SystemExit('a stranger was imported')\n")
    (tmp_path / "capture.raw").write_bytes((FRAMES / "real" / "h1-base-linky-enedis.raw").read_bytes())
    done = called(tmp_path, "decode", "capture.raw")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout.splitlines()[-1])["summary"]["whole"] == 1


def test_its_exit_codes_are_those_of_the_command(tmp_path):
    """Without a word it says what there is."""
    done = called(tmp_path)
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, "linky-gateway : lit un compteur Linky.")
    assert called(tmp_path, "status", "--config", "none.toml").returncode == 78


def test_its_help_says_how_it_is_called():
    """Its own head first, then the commands."""
    done = called(ROOT, "--help")
    assert done.stdout.startswith("The gateway's commands from a checkout")
    assert "\nusage: linky-gateway" in done.stdout
    assert called(ROOT, "status", "--help").stdout.startswith("usage: linky-gateway status")
