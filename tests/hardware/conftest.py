"""What the tests of the circuit need besides Python: schemdraw and ngspice, which continuous integration must have."""

import importlib.util
import os
import shutil

import pytest


def _needed(what, there):
    if there:
        return
    if os.environ.get("CI"):
        pytest.fail(f"{what} is not installed")
    pytest.skip(f"{what} is not installed")


@pytest.fixture(scope="session")
def schemdraw():
    """Skip where schematics cannot be drawn."""
    _needed("schemdraw", importlib.util.find_spec("schemdraw"))


@pytest.fixture(scope="session")
def ngspice():
    """Skip where circuits cannot be simulated."""
    _needed("ngspice", shutil.which("ngspice"))
