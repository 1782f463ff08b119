"""``linky-gateway display``: who listens at the broker, in files of a house whose broker is open."""

import json
import shutil
import subprocess
import time

import pytest

from gateway.commands.main import main
from gateway.mqtt.boards import passwords, rights
from servers.certificates import Authority
from tests.markdown import ROOT

SHIPPED = ROOT / "systemd" / "mosquitto"


class House:
    """Its configuration, and mosquitto's folder as tools/setup leaves it."""

    def __init__(self, folder):
        self.config, self.broker, self.data = folder / "gateway.toml", folder / "mosquitto", folder / "data"
        self.data.mkdir()
        self.config.write_text('[[meter]]\nsource = "/dev/ttyTIC"\n[store]\ndirectory = "data"\n[mqtt]\n')
        (self.broker / "conf.d").mkdir(parents=True)
        shutil.copy(SHIPPED / "linky.conf", self.broker / "conf.d")
        self.acl, self.secrets = self.broker / "linky.acl", self.broker / "linky.passwords"
        shutil.copy(SHIPPED / "linky.acl", self.acl)
        self.secrets.touch(0o600)
        passwords.add(self.secrets, "gateway")
        issued = Authority(folder / "ca").create()
        (self.broker / "linky").mkdir()
        shutil.copy(issued.certificate, self.broker / "linky/ca.crt")
        shutil.copy(issued.issue("pi.local", folder).certificate, self.broker / "linky/server.crt")

    def display(self, *words):
        return main(["display", *words, "--config", str(self.config), "--broker", str(self.broker)])

    def users(self):
        return sorted(passwords.users(self.secrets))

    @property
    def files(self):
        return self.acl.read_text(), self.secrets.read_text()


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


def test_a_password_alone_is_a_line_for_the_service_beside(house, capsys):
    """For a pipe into the file that systemd hands to linky-display."""
    assert house.display("add", "screen", "--only", "password") == 0
    (password,) = capsys.readouterr().out.splitlines()
    assert len(password) >= 20
    assert "screen" in house.users()


def test_a_display_is_let_in_and_out_again(house, capsys):
    """Its line and its rules come and go; the household's own rules, and everybody else, stay."""
    house.acl.write_text(house.acl.read_text() + "user zigbee\ntopic readwrite zigbee2mqtt/#\n")
    acl = house.acl.read_text()
    assert house.display("add", "kitchen", "--only", "json") == 0
    given = json.loads(capsys.readouterr().out)
    assert (given["host"], given["port"], given["user"], given["meter"]) == ("pi.local", 8883, "kitchen", "house")
    assert given["time"] >= time.time() - 60
    assert given["authority"] == (house.broker / "linky/ca.crt").read_text()
    assert house.users() == ["gateway", "kitchen"]
    assert house.acl.read_text() == acl + "user kitchen\ntopic read linky/status\ntopic read linky/meter/#\n"
    assert (house.data / "displays.json").stat().st_mode & 0o777 == 0o600
    assert house.display("remove", "kitchen") == 0
    assert (house.users(), house.acl.read_text()) == (["gateway"], acl)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("gateway", "the broker has a user of that name already"),
        ("mine", "the broker has a user of that name already"),
        ("kitchen", "the broker has a user of that name already"),
        ("Kitchen", "1 to 32 small letters, digits and hyphens"),
        ("a\nb", "1 to 32 small letters, digits and hyphens"),
    ],
)
def test_a_name_that_is_somebody_elses_is_refused(house, capsys, name, said):
    """One sentence; nobody's password is made void, no file is changed."""
    passwords.add(house.secrets, "mine")
    assert house.display("add", "kitchen") == 0
    before = house.files
    assert house.display("add", name) == 65
    assert said in capsys.readouterr().err
    assert house.files == before


def test_nobody_else_is_touched_by_what_the_pages_user_writes(house, capsys):
    """Whoever can write ``displays.json`` can let displays in, and neither replace nor remove another user."""
    passwords.add(house.secrets, "cellar")
    before = house.files
    wanted = [
        {"name": "cellar", "password_line": passwords.made("cellar")[1]},
        {"name": "attic", "password_line": passwords.made("attic")[1]},
    ]
    (house.data / "displays.json").write_text(json.dumps(wanted))
    assert house.display("apply") == 65
    assert "cellar: the broker has a user of that name already" in capsys.readouterr().err
    assert house.users() == ["attic", "cellar", "gateway"]
    assert before[1] in house.secrets.read_text()
    (house.data / "displays.json").write_text("[]")
    assert house.display("apply") == 0
    assert house.files == before


@pytest.mark.parametrize(
    "text",
    [
        '[{"name": "gateway", "password_line": "gateway:$7$101$a$b"}]',
        '[{"name": "hall", "password_line": "hall:$7$101$a$b\\nroot:$7$101$a$b"}]',
        '[{"name": "hall", "password_line": "attic:$7$101$a$b"}]',
        '[{"name": "hall\\nuser gateway", "password_line": "hall\\nuser gateway:$7$101$a$b"}]',
        "[" + " " * 70_000 + "]",
        "nonsense",
    ],
)
def test_a_file_that_is_none_changes_nothing(house, capsys, text):
    """One sentence with the file's name, whatever stands in it."""
    before = house.files
    (house.data / "displays.json").write_text(text)
    assert house.display("apply") == 65
    assert "displays.json" in capsys.readouterr().err
    assert house.files == before


def test_a_cut_in_the_middle_is_made_good_by_the_next_run(house, monkeypatch):
    """Whoever was noted and not yet entered is entered; nobody stays who is not wanted."""

    def cut(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as power:
        power.setattr(rights, "allow", cut)
        assert house.display("add", "kitchen") == 130
    assert house.display("apply") == 0
    assert "user kitchen\n" in house.acl.read_text()
    with monkeypatch.context() as power:
        power.setattr(rights, "forbid", cut)
        assert house.display("remove", "kitchen") == 130
    assert house.display("apply") == 0
    assert house.users() == ["gateway"]
    assert "kitchen" not in house.acl.read_text()


def test_a_house_that_came_back_from_a_backup_goes_on(house):
    """Without the note of whom we have let in (an older backup's), or without the broker's files: they are let in."""
    assert house.display("add", "kitchen") == 0
    (house.broker / "linky.displays").unlink()
    assert house.display("apply") == 0
    house.acl.write_text((SHIPPED / "linky.acl").read_text())
    house.secrets.write_text("")
    assert house.display("apply") == 0
    assert house.users() == ["kitchen"]
    assert house.display("remove", "kitchen") == 0
    assert house.users() == []


def test_a_board_does_not_take_a_displays_name(house, capsys, tmp_path):
    """Neither way round: one of the two could not log in any more."""
    assert house.display("add", "kitchen") == 0
    board = {"id": "kitchen", "role": "relay", "chip": "esp32", "key": "00" * 32}
    card = tmp_path / "card.json"
    card.write_text(json.dumps({"board": board, "password_line": passwords.made("kitchen")[1]}))
    before = house.files
    words = ["board", "add", str(card), "--passwords", str(house.secrets), "--config", str(house.config)]
    assert main(words) == 65
    assert "kitchen: the broker has a user of that name already" in capsys.readouterr().err
    assert house.files == before


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_house_without_such_a_broker_says_what_to_type(house, capsys, lang):
    """No [mqtt], no mosquitto, no port to the house: each says the one command, and makes nobody."""
    before = house.files
    text = (house.broker / "conf.d/linky.conf").read_text()
    for spoil in (
        lambda: (house.broker / "conf.d/linky.conf").write_text(
            text.replace("listener 8883", "listener 8883 127.0.0.1")
        ),
        (house.broker / "conf.d/linky.conf").unlink,
        lambda: house.config.write_text(house.config.read_text().replace("[mqtt]\n", "")),
    ):
        spoil()
        assert house.display("add", "kitchen", "--lang", lang) == 78
        assert "sudo linky-setup broker" in capsys.readouterr().err
    assert house.files == before
    assert not (house.data / "displays.json").exists()


def test_a_program_that_is_filled_in_is_a_program(house, capsys, tmp_path):
    """Python understands it, and it has the authority's lines as they are."""
    assert house.display("add", "kitchen", "--only", "python") == 0
    program = capsys.readouterr().out
    compile(program, "display.py", "exec")
    literal = program[program.index("HOUSE = {") : program.index("\n}\n") + 3]
    (tmp_path / "it.py").write_text(f"{literal}print(HOUSE['authority'], end='')\n")
    done = subprocess.run(["python3", tmp_path / "it.py"], check=True, capture_output=True, text=True)
    assert done.stdout == (house.broker / "linky/ca.crt").read_text()
