"""A broker with the shipped configuration, and the board's program compiled once for all tests of this folder."""

import os
import shutil

import pytest

from relay_faults.board import compile_set, mpy_cross
from relay_faults.broker import HouseBroker, mosquitto
from relay_faults.clock import faketime


def pytest_collection_modifyitems(items):
    """Continuous integration must have broker, interpreter and compiler; elsewhere what needs them is skipped."""
    needed = {"mosquitto": mosquitto(), "micropython": shutil.which("micropython"), "mpy-cross": mpy_cross()}
    needed["faketime"] = faketime()
    missing = [name for name, found in needed.items() if not found]
    if missing and not os.environ.get("CI"):
        for item in items:
            if {"broker", "program"} & set(getattr(item, "fixturenames", ())):
                item.add_marker(pytest.mark.skip(reason=f"not installed: {' '.join(missing)}"))


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
