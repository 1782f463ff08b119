"""Waiting with a deadline: the one place that polls, so that no test and no tool sleeps for a guessed time."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def wait_until(
    predicate: Callable[[], T],
    seconds: float,
    what: str = "",
    every: float = 0.02,
    fault: Callable[[str], Exception] = AssertionError,
) -> T:
    """Return the first true value of ``predicate``, or raise ``fault`` after ``seconds``.

    ``what`` ends the sentence "not within N s: …"; ``every`` is the pause between two looks, in seconds.
    """
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not (value := predicate()):
        if time.monotonic() >= deadline:
            raise fault(f"not within {seconds:g} s: {what or predicate}")
        pause.wait(every)
    return value
