"""A command that is typed for a household, beside the daemon: neither its work nor its memory is the meter's loop's."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.config.tables import Config

# The child finds the program where this one was found, wherever it is called from.
_PACKAGE = str(Path(__file__).resolve().parents[2])


@dataclass(frozen=True, slots=True)
class ChildAnswer:
    """How a command ended: its exit code, and the lines that it wrote to its output and to its error stream."""

    code: int
    told: list[str]
    said: list[str]


async def typed(config: Config, *words: str, lang: str, secret: str = "") -> ChildAnswer:
    """Have it done for the installation of that configuration; whoever waits no longer ends it. OSError.

    Args:
        config: which one.
        words: what is typed after ``linky-gateway``.
        lang: the language that it speaks.
        secret: a line of its standard input, never one of its words.
    """
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "gateway", *words),
        *("--config", config.settings.file, "--lang", lang),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([_PACKAGE, *filter(None, [os.environ.get("PYTHONPATH")])])},
    )
    try:
        told, said = await child.communicate(f"{secret}\n".encode() if secret else b"")
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    return ChildAnswer(child.returncode or 0, *(one.decode("utf-8", "replace").splitlines() for one in (told, said)))
