"""A board without a board: gpiozero's own mock of the pins."""

import importlib
import importlib.util
import os

import pytest

from tests.gateway.store.conftest import directory

__all__ = ["board", "directory"]


@pytest.fixture
def board(monkeypatch):
    """Give gpiozero mock pins; ``board.pin(17).drive_low()`` is a contact that closes."""
    if importlib.util.find_spec("gpiozero") is None:
        if os.environ.get("CI"):
            pytest.fail("gpiozero is not installed")
        pytest.skip("gpiozero is not installed")
    gpiozero = importlib.import_module("gpiozero")
    factory = importlib.import_module("gpiozero.pins.mock").MockFactory()
    monkeypatch.setattr(gpiozero.Device, "pin_factory", factory)
    yield factory
    factory.reset()
