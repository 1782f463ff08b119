"""`linky-gateway board`: a board becomes known by its card, and is forgotten; its key is for its owner's eyes."""

from __future__ import annotations

import json
import os

import pytest

from gateway.commands.main import main
from gateway.errors import BoardError
from gateway.mqtt.boards import passwords, rights
from gateway.mqtt.boards.fileset import FileSet
from gateway.mqtt.boards.offer import BLOCK, UpdateState, messages, outcome
from gateway.mqtt.boards.registry import Board, Card, Registry

KEY = "0123456789abcdef" * 4


@pytest.fixture
def house(tmp_path):
    """A gateway's configuration, and mosquitto's password file with one user."""
    (tmp_path / "gateway.toml").write_text(
        f'[store]\ndirectory = "{tmp_path}/store"\n[[meter]]\nname = "linky"\nsource = "replay:x"\n'
    )
    (tmp_path / "passwords").touch(0o640)
    passwords.add(tmp_path / "passwords", "gateway")
    return tmp_path


def board(name="garage", **changed):
    return Board(**{"id": name, "role": "relay", "chip": "esp32", "key": KEY, **changed})


def card(folder, name="garage", line=None):
    path = folder / "card.json"
    path.write_bytes(Card(board=board(name), password_line=line or passwords.made(name)[1]).encoded())
    return path


def run(house, *arguments):
    return main(["board", *map(str, arguments), "--config", str(house / "gateway.toml")])


def test_a_card_makes_a_board_known(house, capsys):
    """The key is kept, 0600; the broker's file has the board's line beside the others."""
    assert run(house, "add", card(house), "--passwords", house / "passwords") == 0
    assert "sudo systemctl reload mosquitto" in capsys.readouterr().out
    assert Registry(house / "store").get("garage") == board()
    kept = house / "store" / "boards" / "garage.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700
    assert passwords.users(house / "passwords") == ["gateway", "garage"]
    assert (house / "passwords").stat().st_mode & 0o777 == 0o640


def test_a_board_that_is_forgotten_is_let_in_no_more(house):
    """Its key and its line are gone."""
    run(house, "add", card(house), "--passwords", house / "passwords")
    assert run(house, "forget", "garage", "--passwords", house / "passwords") == 0
    assert Registry(house / "store").all() == []
    assert passwords.users(house / "passwords") == ["gateway"]


@pytest.mark.parametrize("spoil", [lambda file: file.unlink(), lambda file: file.write_bytes(b"{")])
def test_a_board_whose_file_is_missing_or_damaged_is_let_out_all_the_same(house, capsys, spoil):
    """Whoever has lost one must be able to shut it out; the gateway's own user is no board."""
    run(house, "add", card(house), "--passwords", house / "passwords")
    spoil(house / "store/boards/garage.json")
    assert run(house, "forget", "garage", "--passwords", house / "passwords") == 0
    assert (Registry(house / "store").names(), passwords.users(house / "passwords")) == ([], ["gateway"])
    for name in ("garage", "gateway"):
        assert run(house, "forget", name, "--passwords", house / "passwords") == 65
        assert f"no board {name} is known here" in capsys.readouterr().err
    assert passwords.users(house / "passwords") == ["gateway"]


def test_a_display_reads_what_the_meters_say_and_a_relay_does_not(house):
    """The role is that of the card; a board that is made a relay, or forgotten, reads no more."""
    rules = house / "linky.acl"
    rules.write_text(f"{rights.MARK}\n")
    file = house / "card.json"

    def add(role):
        made = Card(board=board("garage", role=role), password_line=passwords.made("garage")[1])
        file.write_bytes(made.encoded())
        assert run(house, "add", file, "--passwords", house / "passwords") == 0
        return "user garage" in rules.read_text()

    assert not add("relay")
    assert add("display")
    assert not add("relay")
    assert add("display")
    assert run(house, "forget", "garage", "--passwords", house / "passwords") == 0
    assert rules.read_text() == f"{rights.MARK}\n"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda card: card.update(password_line=passwords.made("gateway")[1]), "it is not that of this board"),
        (lambda card: card.update(password_line="garage:plain"), "no line for mosquitto's password file"),
        (lambda card: card.update(password_line="garage:$7$1$a$b\nother:$7$1$a$b"), "no line for mosquitto's password"),
        (lambda card: card["board"].update(key="short"), "key: 64 hexadecimal digits"),
        (lambda card: card["board"].update(id="../x"), "id: 1 to 32 small letters"),
        (lambda card: card["board"].update(role="thief"), "role"),
        (lambda card: card["board"].update(chip="esp32\x1b[2J"), "chip: esp32, or a name that begins so"),
        (lambda card: card["board"].update(chip="esp32" + "c" * 99), "chip: esp32"),
        (lambda card: card["board"].update(serial=-1), "serial: a whole number"),
        (lambda card: card["board"].update(serial=2**63), "serial: a whole number"),
        (lambda card: card.pop("board"), "missing required field"),
    ],
)
def test_a_card_that_cannot_be_one_is_refused(house, capsys, change, sentence):
    """One sentence; the broker's file stays as it was."""
    before = (house / "passwords").read_text()
    content = json.loads(card(house).read_bytes())
    change(content)
    (house / "card.json").write_text(json.dumps(content))
    assert run(house, "add", house / "card.json", "--passwords", house / "passwords") == 65
    said = capsys.readouterr().err
    assert sentence in said
    assert "Traceback" not in said
    assert (house / "passwords").read_text() == before


def test_a_card_of_the_gateways_own_name_is_refused(house, capsys):
    """A board cannot have the rights of the gateway."""
    content = json.loads(card(house).read_bytes())
    content["board"]["id"], content["password_line"] = "gateway", passwords.made("gateway")[1]
    (house / "card.json").write_text(json.dumps(content))
    assert run(house, "add", house / "card.json", "--passwords", house / "passwords") == 65
    assert "the gateway's own name" in capsys.readouterr().err


def test_a_card_may_come_by_standard_input(house, monkeypatch):
    """`ssh pi linky-gateway board add - < card` leaves no secret on the Pi's card."""
    descriptor = os.open(card(house), os.O_RDONLY)
    with os.fdopen(descriptor) as file:
        monkeypatch.setattr("sys.stdin", file)
        assert run(house, "add", "-", "--passwords", house / "passwords") == 0
    assert Registry(house / "store").get("garage") == board()


def test_boards_are_listed_when_the_broker_is_away(house, capsys):
    """Without a broker what they run is not known, and that is said."""
    assert run(house, "list") == 0
    assert "no board is known here" in capsys.readouterr().out
    Registry(house / "store").keep(board())
    assert run(house, "list") == 0
    said = capsys.readouterr()
    assert said.out == "garage  relay    esp32    has said nothing\n"
    assert "add the table [mqtt]" in said.err


def test_what_is_no_set_is_said(house, capsys):
    """Neither a missing file nor another one."""
    Registry(house / "store").keep(board())
    assert run(house, "update", "garage", house / "gateway.toml") == 65
    assert "tools/flash --build-set writes one" in capsys.readouterr().err


def test_the_number_of_a_set_only_rises(tmp_path):
    """Also when the clock has gone back: a board takes no set twice."""
    registry = Registry(tmp_path)
    registry.keep(board(serial=2**40))
    assert registry.next_serial(registry.get("garage")) == 2**40 + 1
    assert registry.get("garage").serial == 2**40 + 1


def test_a_file_that_is_no_boards_is_said(tmp_path):
    """The sentence names the file."""
    (tmp_path / "boards").mkdir()
    (tmp_path / "boards" / "garage.json").write_text("{")
    with pytest.raises(BoardError, match=r"garage\.json is no board's file"):
        Registry(tmp_path).all()


def test_an_offer_is_whole_and_in_small_blocks():
    """Every content under its hash, block by block, and the offer last."""
    files = FileSet("1", {"start.mpy": bytes(2500), "lib/a.mpy": b"a", "lib/same.mpy": b"a", "empty.mpy": b""})
    signed = files.signed("garage", bytes(32), 5)
    laid = list(messages("garage", files, signed, 5))
    assert all(topic.startswith("linky/board/garage/update/") and len(content) <= BLOCK for topic, content in laid)
    assert laid[-1][0].endswith("/offer")
    assert json.loads(laid[-1][1])["serial"] == 5
    assert len(dict(laid)) == len(laid)
    assert sum(len(content) for topic, content in laid[:-1]) == 2500 + 1 + len(signed)


@pytest.mark.parametrize(
    ("running", "taken", "trial", "refused", "decided"),
    [
        (1, 1, False, 0, None),
        (7, 7, True, 0, None),
        (7, 7, False, 0, True),
        (1, 7, False, 0, False),
        (1, 1, False, 7, False),
    ],
    ids=["not yet", "on trial", "runs", "went back", "refused"],
)
def test_what_became_of_a_set(running, taken, trial, refused, decided):
    """Decided only when the trial is over."""
    assert outcome(UpdateState("v", running, taken, trial, refused, ""), 7) is decided


@pytest.mark.parametrize("payload", [b"", b"{}", b"[]", b"\xff", b'{"version": 1, "running": "x"}', b"null"])
def test_a_board_may_say_anything(payload):
    """What is no state is none, and raises nothing."""
    assert UpdateState.parse(payload) is None
