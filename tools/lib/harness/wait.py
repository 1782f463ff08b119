"""Waiting with a deadline: the one place that polls, so that no test and no tool sleeps for a guessed time."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")


def wait_until(
    predicate: Callable[[], T],
    seconds: float,
    what: str = "",
    every: float = 0.02,
    fault: Callable[[str], Exception] = AssertionError,
    alive: Iterable[Callable[[], None]] = (),
) -> T:
    """Return the first true value of ``predicate``, or raise ``fault`` after ``seconds``.

    ``what`` ends the sentence "not within N s: …"; ``every`` is the pause between two looks, in seconds; each of
    ``alive`` is called at each look, and raises a fault of its own where there is nothing to wait for any more.
    """
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        for require_alive in alive:
            require_alive()
        if value := predicate():
            return value
        if time.monotonic() >= deadline:
            raise fault(f"not within {seconds:g} s: {what or predicate}")
        pause.wait(every)


def accepts(host: str, *ports: int) -> bool:
    """Whether somebody takes connections on each of these ports."""
    try:
        for port in ports:
            socket.create_connection((host, port), 0.5).close()
    except OSError:
        return False
    return True
