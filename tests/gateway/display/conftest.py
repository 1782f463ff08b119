"""Pins without a board: gpiozero's own mock of them."""

import pytest

from tests.gateway.live.conftest import snapshot
from tests.gateway.pulses.conftest import board

__all__ = ["board", "snapshot"]


class Clock:
    """Monotonic seconds that a test moves."""

    now = 1000.0


@pytest.fixture
def clock():
    """Give a test its own time."""
    return Clock()
