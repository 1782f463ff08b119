"""The nightly backup that does not come about: seen after two nights, whatever the reason, said once and ended."""

import json
import os
from contextlib import closing
from types import SimpleNamespace

import pytest

from gateway.commands import main as cli
from gateway.doctor.report import house_faults
from gateway.links import nightly_backup as nightly
from gateway.links.alert_words import FaultKind
from gateway.links.alerts import AlertWatch
from gateway.links.link import BROKEN, OK, WAITING, as_json
from gateway.store.store import Store
from gateway.words.phrase import same
from tests.gateway.privacy.conftest import NOW, live, make_house

HOUR = 3600.0


class Gateway:
    """One start of a gateway that looks at its nightly backup."""

    def __init__(self, folder, *, wanted=True):
        self.nightly, self.watch, self.second = nightly.Nightly(folder, lambda: wanted), AlertWatch(), 1000.0

    def at(self, clock):
        """Look once, a minute after the look before: the link, and the notices that are due."""
        self.second += 60
        (link,) = self.nightly.links(self.second, clock)
        return link, self.watch.look([link], self.second)


def test_two_nights_without_a_good_one_are_told_once_and_the_end_as_well(tmp_path):
    """A failure of one night is nobody's alarm; after two the sentence says for how long, in both languages."""
    nightly.ended_well(tmp_path, NOW)
    gateway = Gateway(tmp_path)
    nightly.failed(tmp_path, NOW + 24 * HOUR, same("/media/stick: No space left on device"))
    link, told = gateway.at(NOW + 25 * HOUR)
    assert (link.state, told) == (OK, [])
    assert str(link.detail).endswith("the last try failed: /media/stick: No space left on device")
    link, (alert,) = gateway.at(NOW + 51 * HOUR)
    assert (link.state, alert.kind, alert.recovered) == (BROKEN, FaultKind.BACKUP, False)
    assert alert.text.in_language("fr").startswith(
        "Aucune sauvegarde de nuit n’a réussi depuis 2 jours\u00a0: branchez la clé USB"
    )
    assert str(alert.text).startswith("No nightly backup has succeeded for 2 days: plug the USB stick in")
    assert gateway.at(NOW + 60 * HOUR)[1] == []
    nightly.ended_well(tmp_path, NOW + 72 * HOUR)
    link, (alert,) = gateway.at(NOW + 72 * HOUR)
    assert (link.state, alert.recovered) == (OK, True)
    assert "a de nouveau réussi" in alert.text.in_language("fr")


def test_one_that_never_came_is_missed_too_over_restarts(tmp_path):
    """From the start at which one was first wanted, whether its unit ever ran or not."""
    assert Gateway(tmp_path).at(NOW)[0].state == OK
    link, (alert,) = Gateway(tmp_path).at(NOW + 51 * HOUR)
    assert (link.state, alert.kind) == (BROKEN, FaultKind.BACKUP)
    assert "linky-gateway-backup.timer" in str(link.detail)
    assert Gateway(tmp_path, wanted=False).nightly.links(1000.0, NOW + 400 * HOUR) == []
    assert Gateway(tmp_path).at(NOW + 500 * HOUR)[0].state == OK


def test_without_the_time_nothing_is_claimed(tmp_path):
    """A machine without a clock neither raises the alarm nor ends one."""
    nightly.ended_well(tmp_path, NOW)
    gateway = Gateway(tmp_path)
    assert gateway.at(None)[0].state == WAITING
    assert len(gateway.at(NOW + 51 * HOUR)[1]) == 1
    assert gateway.at(None)[1] == []


def test_a_file_that_is_damaged_is_begun_anew(tmp_path):
    """A power cut in the middle costs two nights of patience, not the gateway."""
    (tmp_path / nightly.FILE_NAME).write_bytes(b'{"since":')
    assert Gateway(tmp_path).at(NOW)[0].state == OK
    assert json.loads((tmp_path / nightly.FILE_NAME).read_bytes())["since"] == NOW


@pytest.fixture
def house(tmp_path):
    """A house that wants a nightly backup."""
    made = make_house(tmp_path / "house")
    with closing(Store(made.directory)) as store:
        live(store)
    stick, phrase, config = tmp_path / "stick", tmp_path / "phrase", made.folder / "gateway.toml"
    stick.mkdir()
    phrase.write_text("correct horse battery\n")
    table = f'[backup]\ndirectory = "{stick}"\npassphrase_file = "{phrase}"\nsame_card = true\n'
    config.write_text(config.read_text() + table)
    return SimpleNamespace(config=config, directory=made.directory, stick=stick, phrase=phrase)


def outcome(house):
    """What the command wrote down."""
    return json.loads((house.directory / nightly.FILE_NAME).read_bytes())


@pytest.mark.parametrize("fault", ["the stick is gone", "the passphrase is gone", "the disk is full"])
def test_the_command_writes_down_why_it_failed(house, monkeypatch, capsys, fault):
    """The sentence that it says stands in the link; the next one that is good ends it, and is not in the backup."""
    command = ["backup", "--config", str(house.config), "--lang", "en"]
    with monkeypatch.context() as broken:
        if fault == "the disk is full":
            # The stand-in of a full disk that every Linux has.
            place, sentence = "/dev/full", "No space left on device"
            real, stick = os.open, str(house.stick)
            broken.setattr(os, "open", lambda to, *how: real(place if str(to).startswith(stick) else to, *how))
        else:
            gone = house.stick if fault == "the stick is gone" else house.phrase
            gone.rename(gone.with_name("away"))
            sentence = str(gone)
        assert cli.main(command) != 0
        assert sentence in capsys.readouterr().err
    assert sentence in outcome(house)["why"]
    assert sentence in str(Gateway(house.directory).at(outcome(house)["failed"])[0].detail)
    if fault != "the disk is full":
        gone.with_name("away").rename(gone)
    assert cli.main(command) == 0
    capsys.readouterr()
    assert outcome(house)["good"] > 0
    assert not outcome(house)["why"]
    (made,) = house.stick.iterdir()
    listing = ["restore", str(made), "--list", "--passphrase-file", str(house.phrase), "--config", str(house.config)]
    assert cli.main(listing) == 0
    assert nightly.FILE_NAME not in capsys.readouterr().out


def test_the_doctor_says_it_in_the_households_language(tmp_path):
    """The sentence of the alert, of what is no meter's line; of a recipient nothing."""
    nightly.ended_well(tmp_path, NOW)
    gateway = Gateway(tmp_path)
    gateway.at(NOW + 51 * HOUR)
    status = as_json([], running=True, alerts=gateway.watch.active)
    status["alerts"].append({"link": "recipient coop@example.org", "fr": "coop", "en": "coop"})
    (said,) = house_faults(status, "fr")
    assert said.startswith("✗ Aucune sauvegarde de nuit")
    assert house_faults({"links": []}, "en") == []
