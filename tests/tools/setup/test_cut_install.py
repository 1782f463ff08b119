"""The power goes in the middle of a first installation: the same command ends where an undisturbed one does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.setup.conftest import System

POWER = Path(__file__).with_name("power_off.sh")
# In the order of the steps; what the earlier ones have answered is asked of nobody again.
QUICK, LONG = ("serial_do", "updates_do"), ("account_do", "broker_do", "units_do", "switch_to", "start_all")
PLACES = [*QUICK, *(pytest.param(place, marks=pytest.mark.campaign) for place in LONG)]
MODEL = "Raspberry Pi 4 Model B Rev 1.4"


def install(system: System, answers: Path, code: int) -> None:
    """Install by the same command, whatever is there; the header of a Pi is given to the meter."""
    system.setup("install", "--unattended", "--config", answers, code=code)


def found(system: System) -> dict[str, bytes | str]:
    """Every file, of secrets and of what is made of chance only that it is there."""
    chance = ("etc/linky-gateway/secrets/", "etc/mosquitto/")
    return {name: b"" if name.startswith(chance) else what for name, (_, what) in system.tree().items()}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes | str]:
    """Give what an installation leaves that nothing has cut off."""
    folder = tmp_path_factory.mktemp("undisturbed")
    system = System(folder)
    system.raspberry_pi(MODEL)
    install(system, _answers(folder), 10)
    return found(system)


def _answers(folder: Path) -> Path:
    file = folder / "answers"
    file.write_text("port = /dev/ttyAMA0\nmqtt = yes\nboards = yes\nupdates = yes\nuart = yes\n")
    return file


@pytest.mark.parametrize("place", PLACES)
def test_what_was_answered_is_done_after_a_cut(
    system: System, tmp_path: Path, undisturbed: dict[str, bytes | str], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Serial port, broker, services, updates: a configuration that is there already leaves none of them out."""
    system.raspberry_pi(MODEL)
    answers = _answers(tmp_path)
    with monkeypatch.context() as power:
        power.setenv("BASH_ENV", str(POWER))
        power.setenv("CUT_BEFORE", place)
        install(system, answers, -9)
    # The restart that the first run would have asked for is what the cut was.
    system.setup("install", "--unattended", "--config", answers, code=None)
    after = found(system)
    assert after.keys() == undisturbed.keys()
    assert [name for name in after if after[name] != undisturbed[name] and name != "opt/linky-gateway/installed"] == []
    lines = [set(str(of["opt/linky-gateway/installed"]).split("\\n")) for of in (after, undisturbed)]
    assert lines[0] == lines[1]
