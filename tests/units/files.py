"""The unit files of ``systemd/`` as systemd reads them, and systemd's own tools."""

import configparser
import os
import shutil
import subprocess

import pytest

from harness import ROOT

UNITS = ROOT / "systemd"


class Lines(dict):
    """A key may come again: its values, one a line."""

    def __setitem__(self, key, value):
        if isinstance(value, list) and key in self:
            self[key].extend(value)
        else:
            super().__setitem__(key, value)


def unit(name):
    """A unit file: section -> key -> values."""
    parser = configparser.RawConfigParser(strict=False, dict_type=Lines, delimiters=("=",), interpolation=None)
    parser.optionxform = str
    parser.read(UNITS / name)
    return {section: {key: value.split("\n") for key, value in parser.items(section)} for section in parser.sections()}


def tool(*command):
    """Run one of systemd's tools, where it is installed; its completed process."""
    if shutil.which(command[0]) is None:
        if os.environ.get("CI"):
            pytest.fail(f"{command[0]} is not installed")
        pytest.skip(f"{command[0]} is not installed")
    return subprocess.run(command, check=False, capture_output=True, text=True)
