"""Any service that the program ``apprise`` knows, as a child process for one message: it takes 50 MB, for seconds.

Its address holds a secret: it goes by a pipe that the child alone reads, never as an argument, and nothing that the
child prints is kept.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from gateway.notices.ways.outcome import DONE, Message, Outcome, again, refused
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.addresses.notice import NoticeAddress

TIMEOUT_S = 60.0
# Where Debian has it; the gateway's sandbox lets programs of /usr alone run.
_PLACES = "/usr/local/bin:/usr/bin"

_MISSING = Phrase("the program apprise is not installed: sudo apt install apprise")
_UNKNOWN = Phrase("apprise does not know this address: check it with apprise itself")
_FAILED = Phrase("apprise could not send it now")
_LATE = Phrase("apprise took longer than {seconds} s")


async def tell(address: NoticeAddress, message: Message, places: str = _PLACES) -> Outcome:
    """Tell it; ``places`` is where the program may be."""
    program = shutil.which("apprise", path=places)
    if program is None:
        return refused(_MISSING)
    environment = {"PATH": places, "LANG": "C.UTF-8", "HOME": "/nonexistent"}
    try:
        async with asyncio.timeout(TIMEOUT_S):
            if await _run(program, address.url, ("--title", message.title), message.text, environment) == 0:
                return DONE
            # It says 1 of what it cannot read and of what it could not tell: of the first also where nothing is sent.
            known = await _run(program, address.url, ("--dry-run",), message.text, environment) == 0
            return again(_FAILED) if known else refused(_UNKNOWN)
    except TimeoutError:
        return again(_LATE.filled(seconds=int(TIMEOUT_S)))


async def _run(program: str, url: str, words: Sequence[str], text: str, environment: Mapping[str, str]) -> int | None:
    """Its exit code; it is ended where nobody waits for it any more."""
    reading, writing = os.pipe()
    try:
        os.write(writing, f"{url}\n".encode())
        os.close(writing)
        child = await asyncio.create_subprocess_exec(
            *(program, "--config", f"/dev/fd/{reading}", "--disable-async", *words),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            pass_fds=(reading,),
            env=environment,
        )
    finally:
        os.close(reading)
    try:
        await child.communicate(text.encode())
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    return child.returncode
