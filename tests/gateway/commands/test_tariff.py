"""``linky-gateway tariff``: what counts until when; of a meter that is silent that it is what was known then."""

import json
import time
from contextlib import closing

import pytest

from gateway.commands.main import main
from gateway.errors import Exit
from gateway.store.recorder import Recorder
from gateway.store.store import Store
from tests.gateway.store.conftest import frame
from tests.prepared import prepare


@pytest.fixture
def house(tmp_path):
    """A configuration, and what writes that its meter was heard a while ago."""
    config = tmp_path / "gateway.toml"
    config.write_text('[[meter]]\nname = "house"\nsource = "/dev/ttyTIC"\n[store]\ndirectory = "data"\n')

    def heard(ago_s):
        at = int(time.time()) - ago_s
        prepare(tmp_path / "data")
        with closing(Store(tmp_path / "data")) as store:
            store.meters.add("house", "ab12cd34ef")
            recorder = Recorder("house", {})
            recorder.add(frame(at, power=450, index=1000, tariff="HP.."))
            store.batches.write([recorder.take()], at)
        return config

    return heard


def said(capsys, config, *words):
    assert main(["tariff", "--config", str(config), *words]) == 0
    return capsys.readouterr().out


def test_of_a_silent_meter_it_is_said_that_it_is(house, capsys):
    """Times that are past are not told as if they were to come."""
    first, *more = said(capsys, house(18_000), "--lang", "en").splitlines()
    assert first == "The meter has sent nothing for 5 h. What was known then:"
    assert more[0].startswith("Peak hours; it is not known until when")


def test_a_meter_that_there_is_none_of_is_refused(house, capsys):
    """As by the other commands, with the names that there are."""
    assert main(["tariff", "--config", str(house(90)), "--meter", "huose"]) == Exit.CONFIGURATION
    assert "'huose' is no [[meter]] of the configuration (house)" in capsys.readouterr().err


def test_of_a_meter_that_is_heard_it_is_not(house, capsys):
    """What is stored of it is a minute old or two."""
    config = house(90)
    assert said(capsys, config, "--lang", "fr").startswith("Heures pleines")
    assert json.loads(said(capsys, config, "--json"))["class"] == "HP.."
