"""A shell at a terminal, and a person who types into it, reads what it says and answers what it asks."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import termios
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    # What is asked (a pattern of the end of what stands there), and what is typed then, or how it is read from there.
    Answers = Sequence[tuple[str, str | Callable[[str], str]]]

_PROMPT = re.compile(r"\[walk:(\d+)\] $")
# Escape sequences: colours, titles, lines that are drawn again.
_DRAWN = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[@-Z\\-_])|\r")
_ROWS_AND_COLUMNS = 40, 100


class Terminal:
    """A bash as it comes, in that language; ``words`` lead to where it runs (``nsenter …``)."""

    def __init__(self, words: Sequence[str], language: str) -> None:
        self._words, self._language = (
            [*words, "setsid", "--ctty", "--wait", "bash", "--noprofile", "--norc", "-i"],
            language,
        )
        self.said = ""

    def __enter__(self) -> Self:
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, _ROWS_AND_COLUMNS)
        environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "HOME": "/root", "TERM": "xterm",
            "LANG": {"fr": "fr_FR.UTF-8", "en": "en_GB.UTF-8"}[self._language], "LC_CTYPE": "C.UTF-8",
            "PS1": "[walk:$?] ", "PS2": "", "HISTFILE": "",
        }  # fmt: skip
        self._shell = subprocess.Popen(self._words, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
        os.close(theirs)
        self._wait([], 60)
        return self

    def __exit__(self, *_: object) -> None:
        # The terminal is gone: whatever runs at it is told so.
        os.close(self._ours)
        try:
            self._shell.wait(30)
        except subprocess.TimeoutExpired:
            self._shell.kill()
            self._shell.wait()

    def type(self, line: str, answers: Answers = (), seconds: float = 300, code: int = 0) -> str:
        """Type a command, answer what it asks in this order, and read until it ends with that code; what it said."""
        os.write(self._ours, line.encode() + b"\n")
        said, ended = self._wait(list(answers), seconds)
        assert ended == code, f"{line}: exit code {ended}\n{said[-6000:]}"
        return said

    @contextmanager
    def begin(self, line: str, code: int = 0) -> Iterator[None]:
        """Type a command that runs until Ctrl-C, typed at the end of the ``with``, ends it with that code."""
        os.write(self._ours, line.encode() + b"\n")
        reader = threading.Thread(target=self._listen)
        self._listening = True
        reader.start()
        try:
            yield
        finally:
            self._listening = False
            reader.join()
            os.write(self._ours, b"\x03")
            _, ended = self._wait([], 60)
            assert ended == code, f"{line}: exit code {ended}"

    def _listen(self) -> None:
        # A screen that nobody reads would stop the program.
        while self._listening:
            if select.select([self._ours], [], [], 0.2)[0]:
                self.said += _DRAWN.sub("", self._read().decode(errors="replace"))

    def _wait(self, answers: list[tuple[str, str | Callable[[str], str]]], seconds: float) -> tuple[str, int]:
        """Until the shell asks for the next command; what was said, and how the last one ended."""
        begun, deadline, raw, answered = len(self.said), time.monotonic() + seconds, b"", 0
        while True:
            ready, _, _ = select.select([self._ours], [], [], 0.5)
            if ready:
                raw += self._read()
                text = _DRAWN.sub("", raw.decode(errors="replace"))
                if answers and (asked := re.search(answers[0][0] + r"\s*$", text[answered:], re.DOTALL)):
                    answered += asked.end()
                    answer = answers.pop(0)[1]
                    os.write(self._ours, (answer if isinstance(answer, str) else answer(text)).encode() + b"\n")
                elif (prompt := _PROMPT.search(text)) and prompt.start() >= answered:
                    assert not answers, f"never asked: {answers}\n{text[-6000:]}"
                    self.said += text[: prompt.start()]
                    return self.said[begun:], int(prompt[1])
            assert time.monotonic() < deadline, f"waits for {answers or 'the end'}:\n{raw[-6000:].decode()}"

    def _read(self) -> bytes:
        try:
            return os.read(self._ours, 65536)
        except OSError as error:  # EIO: the shell has ended
            raise AssertionError(f"the terminal is closed: {self.said[-3000:]}") from error
