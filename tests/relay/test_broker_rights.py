"""Who may say and hear what on the house's broker: the shipped configuration, asked of a real mosquitto."""

import subprocess

import pytest

from federation import wait_until
from gateway.boards import passwords
from gateway.errors import BoardError
from relaying.broker import HOST, NAME
from tests.mosquitto import Ear


def publish(broker, user, password, topic, *more):
    """Say something on a topic over TLS, as a board does; whether the broker let us in."""
    command = [
        "mosquitto_pub", "-h", HOST, "-p", str(broker.tls_port), "--cafile", broker.ca, "--insecure", "-q", "1",
        "-t", topic, "-m", f"{user} on {topic}", *(["-u", user, "-P", password] if user else []), *more,
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, check=False, timeout=20).returncode == 0


def test_a_board_speaks_for_itself_alone(broker):
    """R11: whatever it is programmed to say, only its own frames and its own state get through."""
    gateway, salon = broker.add("gateway"), broker.add("salon")
    broker.add("cellar")
    refused = ("linky/board/cellar/frame", "linky/board/salon/ack", "linky/meter/house/json", "linky/status", "other")
    allowed = ("linky/board/salon/frame", "linky/board/salon/state")
    with Ear(broker.port, "#", user="gateway", password=gateway) as ear:
        wait_until(lambda: publish(broker, "salon", salon, allowed[0]) and ear.messages, 30)
        for topic in (*refused, allowed[1]):
            assert publish(broker, "salon", salon, topic)  # MQTT 3.1.1 confirms what it forbids
        wait_until(lambda: allowed[1] in ear.retained, 30)
        assert {topic for topic, _ in ear.messages} == set(allowed)


def test_a_board_hears_what_is_for_it_alone(broker):
    """R11: another board's acknowledgements stay with that board."""
    gateway, salon = broker.add("gateway"), broker.add("salon")
    with Ear(broker.port, "linky/board/+/ack", user="salon", password=salon) as ear:
        for board in ("cellar", "salon"):
            wait_until(lambda b=board: publish(broker, "gateway", gateway, f"linky/board/{b}/ack"), 30)
        wait_until(lambda: ear.messages, 30)
        assert [topic for topic, _ in ear.messages] == ["linky/board/salon/ack"]


def test_nobody_comes_in_without_a_password_of_his_own(broker):
    """R11: anonymous, unknown, with another's or with a former password: the broker refuses the connection."""
    old = broker.add("salon")
    salon, cellar = broker.add("salon"), broker.add("cellar")
    wait_until(lambda: publish(broker, "salon", salon, "linky/board/salon/state"), 30)
    assert not publish(broker, "", "", "linky/board/salon/state")
    for user, password in (("nobody", salon), ("salon", cellar), ("salon", old), ("salon", "")):
        assert not publish(broker, user, password, "linky/board/salon/state")
    assert NAME not in broker.passwords.read_text()


def test_a_removed_board_is_refused_from_then_on(broker):
    """What a stolen board knows is worth nothing once its password is taken out."""
    salon = broker.add("salon")
    wait_until(lambda: publish(broker, "salon", salon, "linky/board/salon/state"), 30)
    passwords.remove(broker.passwords, "salon")
    broker.add("cellar")
    wait_until(lambda: not publish(broker, "salon", salon, "linky/board/salon/state"), 30)
    assert passwords.users(broker.passwords) == ["cellar"]


@pytest.mark.parametrize("name", ["", "Salon", "a/b", "a+", "#", "x" * 33, "gate way", "a:b", "é"])
def test_a_name_that_would_be_more_than_a_name_is_refused(tmp_path, name):
    """No id reaches into another's topics or another's line of the file."""
    (tmp_path / "passwords").touch()
    with pytest.raises(BoardError, match="is no name for a board"):
        passwords.add(tmp_path / "passwords", name)


def test_the_password_file_keeps_its_rights(tmp_path):
    """The broker that could read it still can, and nobody else."""
    file = tmp_path / "passwords"
    file.touch(0o640)
    file.chmod(0o640)
    password = passwords.add(file, "salon")
    assert file.stat().st_mode & 0o777 == 0o640
    assert password not in file.read_text()
    with pytest.raises(BoardError, match="cannot be read"):
        passwords.add(tmp_path / "nowhere", "salon")
