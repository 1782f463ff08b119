"""What the tools of ``tools/`` say with --help: they are really called, where nothing can be installed or fetched."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
TOOLS = tuple(
    f"tools/{path.name}"
    for path in sorted((ROOT / "tools").iterdir())
    if path.is_file() and not path.suffix and os.access(path, os.X_OK)
)
# What a tool would install and fetch with; in their place stands what notes its name and fails.
_INSTALLERS = ("apt-get", "sudo", "su", "pip", "pip3", "curl", "wget", "git", "ssh", "mmdebstrap")
_DEADLINE_S = 60


class Answer(NamedTuple):
    """What was said, what was said beside it, and what was touched meanwhile."""

    text: str
    errors: str
    touched: list[str]


@cache
def answer(tool: str, *arguments: str) -> Answer:
    """A tool's answer, from a folder of its own, without an environment of Python's that it could use."""
    with tempfile.TemporaryDirectory(prefix="linky-help-") as name:
        folder = Path(name)
        (folder / "bin").mkdir()
        for installer in _INSTALLERS:
            stub = folder / "bin" / installer
            stub.write_text(f'#!/bin/sh\ntouch "{folder}/{installer} was called"\nexit 1\n', encoding="utf-8")
            stub.chmod(0o755)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        environment |= {"PATH": f"{folder}/bin:{os.environ['PATH']}", "LINKY_VENV": f"{folder}/venv", "COLUMNS": "120"}
        done = subprocess.run(
            [ROOT / tool, *arguments],
            cwd=folder, env=environment, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=_DEADLINE_S,
        )  # fmt: skip
        touched = sorted(path.name for path in folder.iterdir() if path.name != "bin")
    return Answer(done.stdout, done.stderr, touched)


@cache
def help_of(tool: str) -> str:
    """What a tool says with --help, and each of its commands."""
    said = answer(tool, "--help").text
    if said.startswith("usage: ") and " ..." in said:
        for command in re.findall(r"^ {4}([a-z]+)  ", said, re.MULTILINE):
            said += answer(tool, command, "--help").text
    return said


def options_in(text: str) -> set[str]:
    """The long options that a text names."""
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))
