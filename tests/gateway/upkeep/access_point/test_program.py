"""The access point's turn: when it opens, what a phone's choice comes to, and that it always ends."""

import json
import logging

import pytest

from gateway.errors import GatewayError
from gateway.first_boot.plan import OWN_WIFI_KEY, WIFI, WIFI_BESIDE, profile
from gateway.first_boot.settings import Wifi
from gateway.upkeep.access_point import radio, state
from gateway.upkeep.access_point.program import (
    GRACE_S,
    KNOWN_GRACE_S,
    MORE_S,
    MOST_S,
    OPEN_S,
    AccessPoint,
    Ended,
    TurnClock,
)
from gateway.upkeep.helper import table
from tests.gateway.upkeep.access_point.radio_rig import BOX, RadioRig
from tests.gateway.upkeep.access_point.radio_rig import KEY as BOX_KEY

LABEL = "ABCD-EFGH-JKLM"


class Turn:
    """A program over a rig, with seconds of its own: ``at`` is what happens when so many have passed."""

    def __init__(self, root, **memory):
        self.rig, self.now, self.at, self.states = RadioRig(root, **memory), 0.0, {}, []
        self.root, self.owned = root, False

    def run(self):
        clock = TurnClock(lambda: self.now, self._pause)
        return AccessPoint(self.root, "maison-7", 8080, lambda: self.owned, clock).run()

    def has_label(self):
        (self.root / OWN_WIFI_KEY).parent.mkdir(parents=True)
        (self.root / OWN_WIFI_KEY).write_text(f"{LABEL}\n")

    def knows(self, name="Maison", key="la-cle-de-la-maison"):
        """The house's Wi-Fi, as the card or Raspberry Pi OS has it; what lies there now."""
        (self.root / WIFI).write_text(profile(Wifi(name, key)))
        return (self.root / WIFI).read_bytes()

    def _pause(self, seconds):
        assert self.now < 10_000, "it never ends"
        self.now += seconds
        self.states.append((self.now, state.read(self.root)))
        for due in sorted(second for second in self.at if second <= self.now):
            self.at.pop(due)()

    def choose(self, name, key, hidden=False):
        """As the page has it, through the helper's own act."""
        table.do(table.read(_line(act="choose-wifi", name=name, key=key, hidden=hidden)), self.root, lambda _: None)

    @property
    def open_s(self):
        return sum(1 for _, told in self.states if told and told.open)


def _line(**fields):
    return json.dumps(fields).encode()


@pytest.fixture
def turn(tmp_path):
    """A machine that has just been switched on, in no network."""
    return Turn(tmp_path)


def nothing_is_left(turn):
    """No profile, no names, no rules, no state."""
    left = [radio._PROFILE, radio._NAMES, radio._RULES, f"{state.FOLDER}/state.json", f"{state.FOLDER}/wanted"]
    assert [name for name in left if (turn.root / name).exists()] == []
    assert turn.rig.nft_told[-1] == "delete table inet linky_access_point"
    return turn.rig.memory["up"] != radio.OWN


def test_a_network_that_comes_by_itself_opens_nothing(turn):
    """A cable, or the Wi-Fi of the card, within the time that a box takes."""
    turn.at[GRACE_S - 5] = lambda: turn.rig.change(cable=True)
    assert turn.run() is Ended.CONNECTED
    assert turn.rig.memory["opened"] == []


def test_without_a_radio_there_is_nothing_to_open(tmp_path):
    """It says so, and ends."""
    turn = Turn(tmp_path, radio=False)
    assert turn.run() is Ended.NO_RADIO
    assert turn.now < GRACE_S + 5


def test_ten_minutes_and_not_more_where_nobody_comes(turn):
    """Named as the machine; what was within reach was asked before; then all of it is gone."""
    assert turn.run() is Ended.LATE
    assert OPEN_S - 5 <= turn.open_s <= OPEN_S + 1
    told = next(told for _, told in turn.states if told)
    assert (told.name, told.secured) == ("maison-7", False)
    assert [(one.name, one.signal, one.kind) for one in told.networks] == [
        (BOX, 82, "key"), ("Freebox <b>été</b>", 40, "key"), ("Café", 30, "open"),
    ]  # fmt: skip
    assert nothing_is_left(turn)


def test_one_network_is_tried_at_a_time(turn):
    """A second tap, before or while it is tried, is refused; the program is not sent away twice."""
    refused = []

    def tap():
        try:
            turn.choose(BOX, "not the key of it")
        except GatewayError as error:
            refused.append(str(error))

    turn.at[GRACE_S + 20] = lambda: (tap(), tap())
    turn.at[GRACE_S + 23] = tap
    assert turn.run() is Ended.LATE
    assert len(refused) == 2
    assert "is trying a Wi-Fi already" in refused[0]
    assert {told.failed for _, told in turn.states[-20:] if told} == {BOX}


def test_the_labels_key_is_the_access_points(turn):
    """Where the card has one; a radio that can only make an open one makes that."""
    turn.has_label()
    turn.run()
    assert turn.rig.memory["opened"][0] == [radio.OWN, LABEL]
    assert {told.secured for _, told in turn.states if told} == {True}


@pytest.fixture(params=["its model", "NetworkManager's word"])
def keyless(request, tmp_path):
    """A radio that is known to make no access point with a key, and a card with a code."""
    turn = Turn(tmp_path, wpa2="yes" if request.param == "its model" else "no")
    if request.param == "its model":
        (tmp_path / radio._MODEL).parent.mkdir(parents=True)
        (tmp_path / radio._MODEL).write_bytes(b"Raspberry Pi Zero W Rev 1.1\0")
    turn.has_label()
    return turn


def test_a_radio_that_takes_no_key_leaves_nobody_out(keyless, caplog):
    """raspberrypi/linux#7247: an open one for the first visit, said in the log and to the page."""
    keyless.run()
    assert keyless.rig.memory["opened"][0] == [radio.OWN, ""]
    assert {told.secured for _, told in keyless.states if told} == {False}
    assert "makes no access point with a key" in caplog.text
    assert LABEL not in caplog.text


@pytest.mark.parametrize("why", ["known", "owned"])
def test_a_radio_that_takes_no_key_stays_closed_in_a_house_that_is_set_up(keyless, why):
    """A Wi-Fi is known, or the page has its password."""
    if why == "known":
        keyless.knows()
    keyless.owned = why == "owned"
    assert keyless.run() is Ended.NO_KEY
    assert keyless.rig.memory["opened"] == []


def test_one_that_fails_is_never_opened_without_its_key(tmp_path):
    """Tried twice with it; then there is none."""
    turn = Turn(tmp_path, failing=1)
    turn.has_label()
    turn.run()
    assert turn.rig.memory["opened"] == [[radio.OWN, LABEL]]
    turn.rig.change(failing=100, opened=[])
    with pytest.raises(GatewayError, match="could not be started"):
        turn.run()
    assert turn.rig.memory["opened"] == []
    assert nothing_is_left(turn)


@pytest.mark.parametrize("owned", [False, True])
def test_a_known_wifi_without_a_label_opens_nothing(turn, owned):
    """tools/setup on Raspberry Pi OS, a card without a code: a stranger in the street has nothing to join."""
    before, turn.owned = turn.knows(), owned
    assert turn.run() is Ended.NO_KEY
    assert turn.rig.memory["opened"] == []
    assert (turn.root / WIFI).read_bytes() == before
    assert turn.rig.nft_told == []
    assert turn.now < GRACE_S + 5


def test_a_page_with_a_password_is_not_opened_to_everybody(turn):
    """Also where no Wi-Fi is known: a house by cable, whose box is off."""
    turn.owned = True
    assert turn.run() is Ended.NO_KEY
    assert turn.rig.memory["opened"] == []
    turn.has_label()
    assert turn.run() is Ended.LATE
    assert {key for _, key in turn.rig.memory["opened"]} == {LABEL}


@pytest.mark.parametrize("back", [GRACE_S + 30, KNOWN_GRACE_S - 10])
def test_a_box_that_comes_back_after_a_power_cut_finds_the_gateway(turn, back):
    """NetworkManager joins it by itself, within ten minutes; nothing was opened."""
    turn.has_label()
    turn.knows()
    turn.at[back] = lambda: turn.rig.change(up="linky-wifi")
    assert turn.run() is Ended.CONNECTED
    assert turn.rig.memory["opened"] == []


def test_a_known_wifi_that_stays_away_opens_with_the_labels_key_and_is_kept(turn):
    """After ten minutes; what is chosen then comes after it, and the country of the house stays."""
    turn.has_label()
    before = turn.knows()
    (turn.root / "etc/modprobe.d/linky-wifi.conf").write_text("options cfg80211 ieee80211_regdom=BE\n")
    turn.at[KNOWN_GRACE_S + 20] = lambda: turn.choose(BOX, BOX_KEY)
    assert turn.run() is Ended.JOINED
    assert {key for _, key in turn.rig.memory["opened"]} == {LABEL}
    assert min(second for second, told in turn.states if told and told.open) >= KNOWN_GRACE_S
    assert (turn.root / WIFI).read_bytes() == before
    assert "autoconnect-priority=-10\n" in (turn.root / WIFI_BESIDE).read_text()
    assert f"psk={BOX_KEY}\n" in (turn.root / WIFI_BESIDE).read_text()
    assert (turn.root / WIFI_BESIDE).stat().st_mode & 0o777 == 0o600
    assert turn.rig.memory["up"] == "linky-wifi-beside"
    assert "BE" in (turn.root / "etc/modprobe.d/linky-wifi.conf").read_text()


@pytest.mark.parametrize(
    "memory",
    [
        {"cable": "connected (externally)"},
        {"cable": "connected (site only)"},
        {"cable": "connected", "link": "gsm", "socket": "cdc-wdm0"},
    ],
)
def test_a_network_that_networkmanager_did_not_make_is_one(turn, memory):
    """A cable that somebody else set up, a modem."""
    turn.rig.change(**memory)
    assert turn.run() is Ended.CONNECTED


ROUTE = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
ZEROS = "0" * 32


@pytest.mark.parametrize(
    ("file", "text", "leads_out"),
    [
        ("route", "end0\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n", True),
        ("route", "end0\t0002A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n", False),
        ("route", "docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n", False),
        ("route", "*\t00000000\t00000000\t0200\t0\t0\t100\t00000000\t0\t0\t0\n", False),
        ("ipv6_route", f"{ZEROS} 00 {ZEROS} 00 fe8{'0' * 28}1 00000400 1 0 00000003 end0\n", True),
        ("ipv6_route", f"{ZEROS} 00 {ZEROS} 00 {ZEROS} ffffffff 1 0 00200200 lo\n", False),
        ("ipv6_route", f"fe8{'0' * 29} 40 {ZEROS} 00 {ZEROS} 00000100 1 0 00000001 end0\n", False),
    ],
)
def test_a_way_out_is_a_network_whoever_made_it(turn, file, text, leads_out):
    """ifupdown, systemd-networkd, dhcpcd: NetworkManager calls the cable unmanaged, as the kernel says the routes."""
    turn.rig.change(cable="unmanaged")
    (turn.root / "proc/self/net" / file).write_text((ROUTE if file == "route" else "") + text)
    assert (turn.run() is Ended.CONNECTED) == leads_out


def test_one_hiccup_of_networkmanager_ends_no_turn(turn, caplog):
    """While it is asked at the start, and while it is open: the next time it answers."""
    caplog.set_level(logging.WARNING)
    turn.at[GRACE_S] = lambda: turn.rig.change(hiccups=1)
    turn.at[GRACE_S + 100] = lambda: turn.rig.change(hiccups=1)
    turn.at[GRACE_S + 200] = lambda: turn.rig.change(up="", failing=2)
    assert turn.run() is Ended.LATE
    assert turn.open_s >= OPEN_S - 60
    assert len(turn.rig.memory["opened"]) == 2
    assert "cannot be asked now" in caplog.text
    assert "could not be opened again" in caplog.text


def test_the_page_is_told_before_it_opens_and_after_it_has_closed(turn, monkeypatch):
    """So that nobody there is ever led to all of the page: whenever the radio is up, the state is there."""
    seen = []
    real = radio.run

    def run(root, program, *words, **bounds):
        if "nft" in program or radio.OWN in words:
            told = state.read(root)
            seen.append((words[0] if "nft" in program else words[-3], told and told.open))
        return real(root, program, *words, **bounds)

    monkeypatch.setattr(radio, "run", run)
    turn.at[GRACE_S + 20] = lambda: turn.choose(BOX, BOX_KEY)
    assert turn.run() is Ended.JOINED
    assert seen == [("-f", False), ("up", False), ("down", True), ("delete", True), ("delete", False)]


def test_a_page_that_cannot_be_told_keeps_it_closed(turn, monkeypatch):
    """A folder that cannot be written: nothing is opened, and what was is closed."""

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(state, "tell", full)
    with pytest.raises(GatewayError, match="No space left on device"):
        turn.run()
    assert turn.rig.memory["opened"] == []
    assert nothing_is_left(turn)


def test_one_that_cannot_be_ended_keeps_its_rules_and_its_page(turn):
    """NetworkManager does not answer: who is there still sees the one page alone."""
    turn.at[GRACE_S + 100] = lambda: turn.rig.change(stuck=True)
    assert turn.run() is Ended.LATE
    assert state.is_there(turn.root)
    assert "delete" not in " ".join(turn.rig.nft_told)


def test_the_right_key_ends_it_and_is_kept(turn):
    """By the profile that the card's first start writes as well."""
    turn.at[GRACE_S + 20] = lambda: turn.choose(BOX, BOX_KEY)
    assert turn.run() is Ended.JOINED
    assert turn.rig.memory["up"] == "linky-wifi"
    assert f"psk={BOX_KEY}" in (turn.root / WIFI).read_text()
    assert nothing_is_left(turn)
    assert turn.now < GRACE_S + 40


@pytest.mark.parametrize(
    ("name", "key", "said"), [(BOX, "wrong-key-1", "refuses this key"), ("Nowhere", "x" * 8, "no Wi-Fi of this name")]
)
def test_a_wrong_key_opens_it_again_and_says_why(turn, name, key, said):
    """Its list is there still; a second try may be right; nothing of the first stays."""
    turn.at[GRACE_S + 20] = lambda: turn.choose(name, key)
    seen = []
    turn.at[GRACE_S + 40] = lambda: (seen.append(state.read(turn.root)), turn.choose(BOX, BOX_KEY))
    assert turn.run() is Ended.JOINED
    (told,) = seen
    assert (told.open, told.failed, len(told.networks)) == (True, name, 3)
    assert said in told.why["en"]
    assert told.why["fr"]
    assert not (turn.root / "run/NetworkManager/system-connections/linky-wifi-trial.nmconnection").exists()


def test_a_try_near_the_end_leaves_time_to_read_why(turn):
    """Five minutes more, and half an hour in all, however often somebody is wrong."""
    last = GRACE_S + OPEN_S - 10
    turn.at[last] = lambda: turn.choose(BOX, "wrong-key-1")
    assert turn.run() is Ended.LATE
    assert last + MORE_S <= turn.now <= last + MORE_S + 30

    def again():
        turn.choose(BOX, "wrong-key-1")
        turn.at[turn.now + 60] = again

    turn.now, turn.at = 0.0, {GRACE_S + 60: again}
    assert turn.run() is Ended.LATE
    assert turn.now <= GRACE_S + MOST_S + 60


def test_a_cable_that_is_plugged_in_ends_it(turn):
    """The network that the household wanted is there."""
    turn.at[GRACE_S + 100] = lambda: turn.rig.change(cable=True)
    assert turn.run() is Ended.CONNECTED
    assert nothing_is_left(turn)


def test_one_that_somebody_else_ends_is_opened_again(turn, caplog):
    """NetworkManager was restarted, or a person has taken it down."""
    caplog.set_level(logging.WARNING)
    turn.at[GRACE_S + 100] = lambda: turn.rig.change(up="")
    assert turn.run() is Ended.LATE
    assert len(turn.rig.memory["opened"]) == 2
    assert "opened again" in caplog.text


def test_a_key_is_nowhere_but_in_its_profile(turn, caplog):
    """Not in the state that everybody reads, not in an argument, not in the log."""
    caplog.set_level(logging.DEBUG)
    turn.at[GRACE_S + 20] = lambda: turn.choose(BOX, "canary-of-the-key")
    turn.run()
    assert "canary" not in caplog.text
    assert "canary" not in str(turn.rig.memory["told"])
    assert "canary" not in str(turn.states)


def test_nothing_is_chosen_where_none_is_open(turn):
    """The helper says so, and leaves nothing."""
    with pytest.raises(GatewayError, match="own Wi-Fi is not open"):
        turn.choose(BOX, BOX_KEY)
    assert state.take_choice(turn.root) is None


def test_what_is_no_network_is_not_left(turn):
    """The helper's own bounds, before anything is tried."""
    state.tell(turn.root, state.AccessPointState(open=True, name="maison-7", secured=False))
    for name, key in (("", "x" * 8), ("é" * 17, "x" * 8), ("a\nb", "x" * 8), (BOX, "short"), (BOX, "é" * 10)):
        with pytest.raises(GatewayError):
            turn.choose(name, key)
    assert state.take_choice(turn.root) is None


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"name": 3}', b"\xff" * 100])
def test_a_state_or_a_wish_that_is_none_is_none(turn, data):
    """Half a file, or another one, is nothing; a wish is taken once."""
    for name in ("state.json", "wanted"):
        (turn.root / state.FOLDER / name).write_bytes(data)
    assert state.read(turn.root) is None
    assert state.take_choice(turn.root) is None
    assert not (turn.root / state.FOLDER / "wanted").exists()
    state.leave_choice(turn.root, Wifi("Box", "x" * 8, "BE", hidden=True))
    assert (turn.root / state.FOLDER / "wanted").stat().st_mode & 0o777 == 0o600
    assert state.take_choice(turn.root) == Wifi("Box", "x" * 8, "BE", hidden=True)
    assert state.take_choice(turn.root) is None


def test_names_of_strangers_are_bytes_until_they_are_names():
    """Whatever an access point in the street calls itself: text of 1 to 32 bytes, each once, forty at most."""
    lines = [
        "zz:10:WPA2",
        "FF00:10:WPA2",
        "0A41:10:WPA2",
        "20:10:WPA2",
        ":10:WPA2",
        f"{'41' * 33}:10:WPA2",
        "41:x:WPA2",
    ]
    lines += ["41:10:WPA2", "41:90:WPA2 802.1X", "42:999999999999:", "43:50:WPA3", "44", "45:٣:WPA2", "46:60:--"]
    found = radio.seen_in("\n".join(lines))
    assert [(one.name, one.signal, one.kind) for one in found] == [
        ("B", 100, "open"), ("A", 90, "other"), ("F", 60, "open"), ("C", 50, "other"),
    ]  # fmt: skip
    many = radio.seen_in("".join(f"{n:08x}".encode().hex() + f":{n % 100}:WPA2\n" for n in range(1000)))
    assert len(many) == 40
    assert {one.signal for one in many} == {99, 98, 97, 96}


def test_the_rules_are_ones_of_nftables():
    """Names, an address and the page come in, all else is refused; nothing is handed on. The page knows the address."""
    text = radio.rules("wlan0", 8080)
    assert 'iifname "wlan0" ip daddr 10.42.0.1 tcp dport 80 redirect to :8080' in text
    assert text.index("accept") < text.index("reject with tcp reset")
    # This machine takes what is sent to any of its addresses: another one's, Docker's, of IPv6.
    coming = text.partition("chain in {")[2]
    for others in ("meta nfproto ipv6 drop", "ip daddr != 10.42.0.1 drop"):
        assert coming.index(others) < coming.index("tcp dport { 53, 8080 } accept")
        assert coming.index(others) < coming.index("udp dport 53 accept")
