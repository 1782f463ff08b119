"""The units of linky-display: what they start exists, the door of the shutdown is one file (more in tests/units)."""

from gateway.display.cli import _parser
from gateway.display.program import _door, _welcome
from tests.gateway.display.views import configuration
from tests.units.files import unit


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
    assert unit("linky-display-shutdown.path")["Path"] == {"PathExists": [str(door)], "Unit": ["poweroff.target"]}
    assert _door(configuration(tmp_path, "[button]\ngpio = 26")) is None


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
