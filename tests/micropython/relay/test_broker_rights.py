"""Who may say and hear what on the house's broker: the shipped configuration, asked of a real mosquitto."""

import subprocess

import pytest

from gateway.errors import BoardError
from gateway.mqtt.boards import passwords, rights
from harness import ROOT
from relay_faults.broker import HOST, NAME
from servers import wait_until
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


def test_a_relay_reads_nothing_of_the_meters(broker):
    """A screen hears what they say now; a board that relays does not, whatever it subscribes to."""
    gateway, salon, kitchen = broker.add("gateway"), broker.add("salon"), broker.add("kitchen", reads=True)
    # What a person has added for a screen counts beside what it is given.
    with (broker.passwords.parent / "acl").open("a") as rules:
        rules.write("user kitchen\ntopic read linky/alert/#\n")
    broker.add("cellar")
    topics = ("linky/meter/house/json", "linky/status", "linky/alert/x", "linky/board/salon/ack")
    with (
        Ear(broker.port, "linky/#", user="salon", password=salon) as relay,
        Ear(broker.port, "linky/#", user="kitchen", password=kitchen) as screen,
    ):
        for topic in topics:
            wait_until(lambda topic=topic: publish(broker, "gateway", gateway, topic), 30)
        # What came last came after all others.
        wait_until(lambda: relay.messages and len(screen.messages) == 3, 30)
    assert [topic for topic, _ in relay.messages] == ["linky/board/salon/ack"]
    assert {topic for topic, _ in screen.messages} == set(topics[:3])


def test_what_nobody_sends_here_is_not_taken(broker):
    """A packet that is longer than any frame and any part of an update ends the connection of whoever sends it."""
    salon = broker.add("salon")
    wait_until(lambda: publish(broker, "salon", salon, "linky/board/salon/state"), 30)
    assert not publish(broker, "salon", salon, "linky/board/salon/frame", "-m", "x" * 40_000)


SHIPPED = "user gateway\ntopic readwrite linky/#\npattern write linky/board/%u/frame\n" + rights.MARK + "\n"
FORMER = "user gateway\ntopic readwrite linky/#\npattern read linky/status\npattern read linky/meter/#\n"
ONCE = SHIPPED.replace("pattern", "pattern read linky/status\npattern")
MINE = "user hass\ntopic read linky/#\n"


def reading(*names):
    return "".join(f"user {name}\ntopic read linky/status\ntopic read linky/meter/#\n" for name in names)


@pytest.mark.parametrize(
    ("present", "after"),
    [
        (None, ""),
        (FORMER + MINE, reading("screen", "hass") + MINE),
        (ONCE + reading("screen") + MINE, reading("screen") + MINE),
        (SHIPPED, ""),
        (SHIPPED.replace(rights.MARK, MINE + rights.MARK), MINE),
        (SHIPPED.replace("pattern", "topic read extra/#\npattern") + MINE, MINE + "user gateway\ntopic read extra/#\n"),
        (SHIPPED.replace(rights.MARK + "\n", "") + MINE, MINE),
        (SHIPPED.replace("user", "topic read nobody\nuser"), ""),
    ],
    ids=["new", "from before", "upgrade", "unchanged", "above the mark", "among ours", "without the mark", "nobody's"],
)
def test_an_installation_renews_its_own_part_of_the_list(present, after):
    """Who could read reads on, but for relays; what a person has added stays, wherever it stands."""
    known = ["gateway", "cellar", "screen", "hass"]
    assert rights.renewed(SHIPPED, present, known, frozenset({"cellar"})) == SHIPPED + after
    again = rights.renewed(SHIPPED, SHIPPED + after, known, frozenset({"cellar"}))
    assert again == SHIPPED + after


def test_a_rule_that_ever_shipped_is_known_as_ours():
    """Whoever takes a rule out of the list says so in the code: else an upgrade would keep it as a household's own."""
    shipped = (ROOT / "systemd/mosquitto/linky.acl").read_text().splitlines()
    ever = {
        *("topic readwrite linky/#", "topic write homeassistant/device/#", "topic read homeassistant/status"),
        *(f"pattern write linky/board/%u/{what}" for what in ("frame", "state", "update/state")),
        *(f"pattern read linky/board/%u/{what}" for what in ("ack", "update/#")),
        *("pattern read linky/status", "pattern read linky/meter/#"),
    }
    assert {line for line in shipped if line.startswith(("topic", "pattern"))} | rights._ONCE_SHIPPED == ever


def test_the_shipped_list_ends_where_the_household_begins():
    """Else an upgrade would take what a person has added."""
    shipped = (ROOT / "systemd/mosquitto/linky.acl").read_text()
    assert shipped.endswith(f"{rights.MARK}\n")


def test_what_was_allowed_is_taken_away_and_nothing_else(tmp_path):
    """Twice allowed is there once; another's lines, and the file's rights, stay."""
    file = tmp_path / "linky.acl"
    file.write_text(SHIPPED + MINE)
    file.chmod(0o600)
    rights.allow(file, "kitchen")
    rights.allow(file, "kitchen")
    assert file.read_text() == SHIPPED + MINE + reading("kitchen")
    rights.forbid(file, "kitchen")
    rights.forbid(file, "kitchen")
    assert file.read_text() == SHIPPED + MINE
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(BoardError, match="cannot be read"):
        rights.allow(tmp_path / "nowhere", "kitchen")


@pytest.mark.parametrize("neighbour", ["", reading("hall")])
def test_a_rule_that_a_person_added_stays_its_users(tmp_path, neighbour):
    """Neither does a screen that is forgotten leave its alerts to the user above it, nor are they a screen's rights."""
    own = "user kitchen\ntopic read linky/alert/#\n"
    file = tmp_path / "linky.acl"
    file.write_text(SHIPPED + neighbour + reading("kitchen") + "topic read linky/alert/#\n")
    rights.forbid(file, "kitchen")
    assert file.read_text() == SHIPPED + neighbour + own
    rights.allow(file, "kitchen")
    assert file.read_text() == SHIPPED + neighbour + reading("kitchen") + "topic read linky/alert/#\n"
