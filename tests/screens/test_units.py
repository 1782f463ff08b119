"""The unit files: what they start exists, what they may is little, and the door of the shutdown is one file."""

import configparser
import os
import re
import shutil
import subprocess

import pytest

from gateway.display.cli import _parser
from gateway.display.program import _door, _welcome
from tests.integration.processes import ROOT
from tests.screens.views import configuration

UNITS = ROOT / "systemd"


class Lines(dict):
    """A key may come again: its values, one a line."""

    def __setitem__(self, key, value):
        if isinstance(value, list) and key in self:
            self[key].extend(value)
        else:
            super().__setitem__(key, value)


def unit(name):
    """A unit file as systemd reads it: section -> key -> values."""
    parser = configparser.RawConfigParser(strict=False, dict_type=Lines, delimiters=("=",), interpolation=None)
    parser.optionxform = str
    parser.read(UNITS / name)
    return {section: {key: value.split("\n") for key, value in parser.items(section)} for section in parser.sections()}


def test_the_unit_starts_commands_that_there_are():
    """``run``, and ``off`` whatever ended it, both with the configuration that systemd hands over."""
    service = unit("linky-display.service")["Service"]
    for key, name in (("ExecStart", "_run"), ("ExecStopPost", "_off")):
        program, *arguments = service[key][0].split()
        options = _parser().parse_args(arguments)
        assert (program.rpartition("/")[2], options.run.__name__) == ("linky-display", name)
        assert str(options.config) == "%d/display.toml"
    assert service["LoadCredential"][0].startswith("display.toml:/etc/linky-gateway/")


def test_a_configuration_that_is_wrong_is_not_tried_again_and_again():
    """The exit code of a ConfigError is the one that systemd does not restart."""
    assert unit("linky-display.service")["Service"]["RestartPreventExitStatus"] == ["78"]


def test_the_door_that_the_program_opens_is_the_one_that_is_watched(tmp_path, monkeypatch):
    """The file of the button is the file of the path unit, in the folder that systemd makes for the program."""
    runtime = unit("linky-display.service")["Service"]["RuntimeDirectory"][0]
    monkeypatch.setenv("RUNTIME_DIRECTORY", f"/run/{runtime}")
    door = _door(configuration(tmp_path, "[button]\ngpio = 26\nshutdown = true"))
    assert unit("linky-display-shutdown.path")["Path"] == {"PathExists": [str(door)]}
    assert _door(configuration(tmp_path, "[button]\ngpio = 26")) is None


@pytest.fixture
def analyze():
    """``systemd-analyze``, where there is one."""
    if shutil.which("systemd-analyze") is None:
        if os.environ.get("CI"):
            pytest.fail("systemd-analyze is not installed")
        pytest.skip("systemd-analyze is not installed")

    def run(*arguments):
        return subprocess.run(["systemd-analyze", *arguments], check=False, capture_output=True, text=True)

    return run


@pytest.mark.parametrize("name", ["linky-display.service", "linky-display-welcome.service"])
def test_the_unit_may_little(analyze, name):
    """systemd's own measure: 1.5 of 10 at most."""
    done = analyze("security", "--offline=true", "--threshold=15", str(UNITS / name))
    assert done.returncode == 0, done.stdout[-300:] + done.stderr


def test_the_door_to_the_page_is_one_file_and_its_answer_another(tmp_path, monkeypatch):
    """What the program writes is watched for, what the service writes is what the program reads, in its group."""
    service, display = unit("linky-display-welcome.service")["Service"], unit("linky-display.service")["Service"]
    monkeypatch.setenv("RUNTIME_DIRECTORY", f"/run/{display['RuntimeDirectory'][0]}")
    welcome = _welcome(configuration(tmp_path, '[oled]\nchip = "ssd1306"\n[button]\ngpio = 26\nwelcome = true'))
    assert unit("linky-display-welcome.path")["Path"] == {"PathChanged": [str(welcome._door)]}
    _, page, action, _, answer = service["ExecStart"][0].split()
    assert (page, action, answer) == ("page", "welcome", str(welcome._answer))
    assert welcome._answer.parent.name == service["RuntimeDirectory"][0]
    assert service["RuntimeDirectoryMode"] == ["0750"]
    assert service["Group"][0] in display["SupplementaryGroups"][0].split()
    assert _welcome(configuration(tmp_path, "[button]\ngpio = 26")) is None


@pytest.mark.parametrize(
    "name",
    [
        "linky-display.service",
        "linky-display-shutdown.path",
        "linky-display-welcome.path",
        "linky-display-welcome.service",
    ],
)
def test_systemd_understands_every_line(analyze, tmp_path, name):
    """No key is unknown, no value is passed over; the program is where the test's stand-in is."""
    program = tmp_path / "linky-display"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for file in UNITS.glob("linky-display*"):
        text = re.sub(r"/opt/linky-gateway/(current/)?bin/linky-\w+", str(program), file.read_text())
        (tmp_path / file.name).write_text(text)
    done = analyze("verify", "--man=no", str(tmp_path / name))
    ours = [line for line in done.stderr.splitlines() if "linky-display" in line]
    assert ours == []
