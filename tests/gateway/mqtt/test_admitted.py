"""Boards that the page lets in and out, as root makes mosquitto's files say it: nobody else's user is touched."""

import json
import os
import tempfile
from pathlib import Path

import pytest

from gateway.commands.main import main
from gateway.daemon.boards_at_page import readable
from gateway.errors import BoardError
from gateway.mqtt.boards import passwords, rights
from gateway.mqtt.boards.admitted import AdmittedBoards
from gateway.mqtt.boards.registry import Board, Card, Registry
from tests.gateway.commands.test_display import House

KEY = "0123456789abcdef" * 4
NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")


@pytest.fixture
def house(tmp_path):
    """A house whose broker is open, with what its page wants of boards."""
    house = House(tmp_path)
    house.boards = AdmittedBoards(house.data)
    return house


def card(name="garage", role="relay"):
    return Card(board=Board(id=name, role=role, chip="esp32", key=KEY), password_line=passwords.made(name)[1])


def by_command(house, made):
    """Let in by the command, as it was before the page could."""
    file = house.data / "card.json"
    file.write_bytes(made.encoded())
    words = ["board", "add", str(file), "--passwords", str(house.secrets), "--config", str(house.config)]
    assert main(words) == 0


def test_a_board_comes_and_goes_with_the_rights_of_its_role(house):
    """A relay reads nothing, a display what the meters say; another password or role takes the place of the former."""
    acl = house.acl.read_text()
    house.boards.add(card())
    house.boards.add(card("hall", "display"))
    assert house.display("apply") == 0
    assert house.users() == ["garage", "gateway", "hall"]
    assert house.acl.read_text() == acl + "user hall\ntopic read linky/status\ntopic read linky/meter/#\n"
    assert (house.data / "boards.json").stat().st_mode & 0o777 == 0o600
    again = card("hall", "relay")
    house.boards.add(again)
    assert house.display("apply") == 0
    assert again.password_line in house.secrets.read_text()
    assert house.acl.read_text() == acl
    for name in ("garage", "hall"):
        house.boards.remove(name)
    assert house.display("apply") == 0
    assert (house.users(), house.acl.read_text()) == (["gateway"], acl)


@pytest.mark.parametrize("role", ["relay", "display"])
def test_one_that_a_command_let_in_can_be_let_out(house, role):
    """Root has noted whom it let in, whatever the page's user has written since."""
    acl = house.acl.read_text()
    by_command(house, card("garage", role))
    (house.data / "boards.json").unlink()
    house.boards.remove("garage")
    assert house.display("apply") == 0
    assert (house.users(), house.acl.read_text()) == (["gateway"], acl)


def test_what_a_command_says_the_page_does_not_undo(house):
    """Let in again, or forgotten, by the command: the next run of root's part changes nothing."""
    house.boards.add(card())
    house.display("apply")
    house.boards.remove("garage")
    anew = card()
    by_command(house, anew)
    assert house.display("apply") == 0
    assert anew.password_line in house.secrets.read_text()
    words = ["board", "forget", "garage", "--passwords", str(house.secrets), "--config", str(house.config)]
    assert main(words) == 0
    assert house.display("apply") == 0
    assert (house.users(), Registry(house.data).all()) == (["gateway"], [])


def test_nobody_who_is_no_board_is_touched_by_what_the_pages_user_writes(house, capsys):
    """The gateway, a display, a program with rights of its own: neither replaced nor let out; the others are."""
    passwords.add(house.secrets, "zigbee")
    house.acl.write_text(house.acl.read_text() + "user zigbee\ntopic readwrite zigbee2mqtt/#\n")
    assert house.display("add", "kitchen") == 0
    before = house.files
    wanted = [
        {"name": name, "role": "relay", "password_line": passwords.made(name)[1]} for name in ("zigbee", "kitchen")
    ]
    (house.data / "boards.json").write_text(json.dumps({"boards": wanted, "gone": ["gateway", "kitchen", "zigbee"]}))
    assert house.display("apply") == 65
    assert "zigbee, kitchen: the broker has a user of that name who is no board" in capsys.readouterr().err
    assert house.files == before
    house.boards.write(type(house.boards.all())(gone=("gateway", "kitchen", "zigbee")))
    assert house.display("apply") == 0
    assert house.files == before


def test_one_refusal_keeps_nobody_else_out(house, capsys):
    """A display that cannot be let in is said; the board beside it is let in."""
    passwords.add(house.secrets, "mine")
    house.acl.write_text(house.acl.read_text() + "user mine\ntopic read #\n")
    wanted = [{"name": "mine", "password_line": passwords.made("mine")[1]}]
    (house.data / "displays.json").write_text(json.dumps(wanted))
    house.boards.add(card())
    assert house.display("apply") == 65
    assert "mine: the broker has a user" in capsys.readouterr().err
    assert "garage" in house.users()


@pytest.mark.parametrize(
    "text",
    [
        '{"boards": [{"name": "gateway", "role": "relay", "password_line": "gateway:$7$101$a$b"}]}',
        '{"boards": [{"name": "hall", "role": "relay", "password_line": "hall:$7$101$a$b\\nroot:$7$101$a$b"}]}',
        '{"boards": [{"name": "hall", "role": "display", "password_line": "attic:$7$101$a$b"}]}',
        '{"boards": [{"name": "hall", "role": "root", "password_line": "hall:$7$101$a$b"}]}',
        "{" + " " * 70_000 + "}",
        "[]",
        "nonsense",
    ],
)
def test_a_file_that_is_none_changes_nothing(house, capsys, text):
    """One sentence with the file's name, whatever stands in it."""
    before = house.files
    (house.data / "boards.json").write_text(text)
    assert house.display("apply") == 65
    assert "boards.json" in capsys.readouterr().err
    assert house.files == before


def test_a_cut_in_the_middle_is_made_good_by_the_next_run(house, monkeypatch):
    """Whoever was noted and not yet entered is entered; nobody stays who is not wanted."""

    def cut(*_):
        raise KeyboardInterrupt

    house.boards.add(card("hall", "display"))
    with monkeypatch.context() as power:
        power.setattr(rights, "allow", cut)
        assert house.display("apply") == 130
    assert house.display("apply") == 0
    assert "user hall\n" in house.acl.read_text()
    house.boards.remove("hall")
    with monkeypatch.context() as power:
        power.setattr(rights, "forbid", cut)
        assert house.display("apply") == 130
    assert house.display("apply") == 0
    assert house.users() == ["gateway"]
    assert "hall" not in house.acl.read_text()


@pytest.mark.parametrize("line", ["user zigbee", "user  zigbee", "user zigbee  ", " user zigbee", None])
def test_a_user_that_a_person_made_is_no_board_however_its_rights_are_written(house, capsys, line):
    """By its own rules, by what everybody's pattern lines give it, with blanks as mosquitto reads them: not touched."""
    passwords.add(house.secrets, "zigbee")
    more = f"{line}\ntopic readwrite zigbee2mqtt/#\n" if line else ""
    house.acl.write_text(house.acl.read_text() + more)
    before = house.files
    house.boards.add(card("zigbee"))
    assert house.display("apply") == 65
    assert "zigbee: the broker has a user of that name" in capsys.readouterr().err
    house.boards.remove("zigbee")
    assert house.display("apply") == 0
    assert house.files == before


def test_blanks_that_mosquitto_passes_over_make_no_other_user(house):
    """What is given and taken is that user's, however its line is written."""
    house.acl.write_text(f"user  hall \n{rights.READS[0]}\n")
    rights.allow(house.acl, "hall")
    assert house.acl.read_text().count("user") == 1
    rights.forbid(house.acl, "hall")
    assert "topic" not in house.acl.read_text()


def test_a_backup_of_before_lets_nobody_out(house):
    """It has no list of boards: nobody has said anything of those that are let in; another one comes beside them."""
    house.boards.add(card())
    house.boards.add(card("hall", "display"))
    assert house.display("apply") == 0
    before = house.files
    (house.data / "boards.json").unlink()
    assert house.display("apply") == 0
    assert house.files == before
    house.boards.add(card("attic"))
    assert house.display("apply") == 0
    assert house.users() == ["attic", "garage", "gateway", "hall"]
    house.boards.remove("hall")
    assert house.display("apply") == 0
    assert house.users() == ["attic", "garage", "gateway"]


@pytest.fixture
def given():
    """A folder that is another user's, as the gateway's is; root does what is done in it."""
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder) / "data"
        directory.mkdir()
        os.chown(directory, NOBODY, NOBODY)
        yield directory


@as_root
def test_root_follows_no_link_that_the_gateways_user_laid(given, tmp_path):
    """Neither the folder that it leads to nor what lies there becomes that user's; nothing is written or read there."""
    target = tmp_path / "of-root"
    target.mkdir()
    other = target / "garage.json"
    Registry(tmp_path / "own").keep(card().board)
    (tmp_path / "own/boards/garage.json").rename(other)
    registry, folder = Registry(given), given / "boards"
    folder.symlink_to(target)
    for act in (lambda: registry.keep(card("attic").board), lambda: registry.forget("garage"), registry.names):
        with pytest.raises(BoardError):
            act()
    assert registry.made_by_root() == set()
    registry.give_over()
    folder.unlink()
    folder.mkdir()
    (folder / "garage.json").symlink_to(other)
    os.link(other, folder / "hall.json")
    registry.give_over()
    for name in ("garage", "hall"):
        with pytest.raises(BoardError):
            registry.get(name)
    registry.keep(card("garage").board)
    assert (target.stat().st_uid, other.stat().st_uid, [*target.iterdir()]) == (0, 0, [other])


@as_root
def test_boards_of_before_become_the_gateways_users_and_are_known_as_boards(house, given):
    """Root's own files, in root's own folder: given over whenever root touches it, and noted first whose they are."""
    house.config.write_text(house.config.read_text().replace('"data"', f'"{given}"'))
    boards = given / "boards"
    boards.mkdir(mode=0o700)
    for one in (card(), card("hall")):
        (boards / f"{one.board.id}.json").write_bytes(json.dumps({"id": one.board.id, "role": "relay", "chip": "esp32",
                                                                  "key": KEY}).encode())  # fmt: skip
        passwords.enter(house.secrets, one.password_line)
    (boards / "torn.json").write_bytes(b"{")
    (given / "mine.json").write_bytes(b"root's")
    words = ["board", "list", "--config", str(house.config)]
    AdmittedBoards(given).remove("garage")
    assert house.display("apply") == 0
    assert house.users() == ["gateway", "hall"]
    assert {path.stat().st_uid for path in (boards, *boards.iterdir())} == {NOBODY}
    assert (given / "mine.json").stat().st_uid == 0
    assert [board.id for board in readable(given)] == ["garage", "hall"]
    assert main(words) == 65
