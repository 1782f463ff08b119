"""A broker with the shipped configuration, and the board's program compiled once for all tests of this folder."""

import os
import shutil

import pytest

from relaying.board import compile_set
from relaying.broker import HouseBroker, mosquitto


def pytest_collection_modifyitems(items):
    """Continuous integration must have broker and interpreter; elsewhere a test that needs them is skipped."""
    missing = [
        name for name, found in (("mosquitto", mosquitto()), ("micropython", shutil.which("micropython"))) if not found
    ]
    if missing and not os.environ.get("CI"):
        for item in items:
            if {"broker", "program"} & set(getattr(item, "fixturenames", ())):
                item.add_marker(pytest.mark.skip(reason=f"Debian packages that are not installed: {' '.join(missing)}"))


@pytest.fixture
def broker(tmp_path):
    """The broker of one house."""
    with HouseBroker(tmp_path / "broker") as running:
        yield running


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    """The folder of the board's compiled program."""
    folder = tmp_path_factory.mktemp("program")
    compile_set(folder)
    return folder
