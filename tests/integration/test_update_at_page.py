"""The page's buttons for another version, pressed: the real helper, systemd, apt and judge, on a Debian that boots.

Nothing of this machine is written: it is seen through (``tests/walks/machine.py``). What stands in is the meter, and
the folder of versions: a web server on loopback, with a key of the test's; the newer version is this tree with another
number.
"""

from __future__ import annotations

import html
import http.client
import json
import re
from typing import TYPE_CHECKING, NamedTuple

import pytest

from gateway.daemon.updates import _BACK, _BACK_AGAIN, _BACK_NOT, _KEPT, _STAYED
from gateway.upkeep.helper.client import _NO_HELPER
from gateway.upkeep.updates.watch import _NO_FORMER
from gateway.web.updates.words import UPDATES_WORDS
from harness.container import connected, wait_for
from harness.meter import TrialMeter
from package import debian
from tests.gateway.web.conftest import PASSWORD, Visitor
from tests.gateway.web.test_tariff import faults
from tests.walks import machine
from update_test.machine import CONFIG, PORT
from update_test.releases import FAULTS, TrialReleases, derived

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.words.phrase import Phrase
    from tests.walks.machine import WalkedDebian
    from update_test.releases import Change

PATH, SAID = "/settings/updates", UPDATES_WORDS["fr"]
FORMER, NEWER = "0.3.0", "0.3.1"
HELPER = ("linky-gateway-helper.socket", "linky-gateway-helper.service")


class Within(Visitor):
    """A browser in the house's own network."""

    def __init__(self, house: Home) -> None:
        super().__init__(8080)
        self._house = house

    def link(self, timeout=20):
        """A connection there."""
        link = http.client.HTTPConnection(self.host, timeout=timeout)
        link.sock = connected(self._house.container, self.port, timeout)
        return link

    def updates(self) -> str:
        """What the page of versions says."""
        answer, text = self.get(PATH)
        assert answer.status == 200, answer.headers
        return html.unescape(text)


class Ending(NamedTuple):
    """An entry of the journal on how an update ended, or on who agreed to it (``how``)."""

    kind: str
    version: str
    how: str


class Home:
    """A Debian with the gateway as its package has installed it, and a folder of releases at its loopback."""

    def __init__(self, debian: WalkedDebian, releases: TrialReleases) -> None:
        self.container, self.releases = debian.container, releases
        debian.package(FORMER)
        self._packaged = debian.folder
        (deb,) = debian.path(machine.HOME).glob("*.deb")
        self.do("apt-get", "-q", "-y", "install", f"{machine.HOME}/{deb.name}")
        etc = self.container.path("/etc/linky-gateway")
        (etc / "gateway.toml").write_text(CONFIG)
        (etc / "release.pub").write_text(releases.key())
        folder = ("--bind", "127.0.0.1", "--directory", "/srv/releases")
        self.do("systemd-run", "--unit=releases", "python3", "-m", "http.server", "8000", *folder)
        self.do("systemctl", "start", "linky-gateway")
        wait_for(self.readings, "the first readings")

    def do(self, *command: str) -> str:
        """A command of root's that succeeds; what it printed."""
        done = self.container.run(*command)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def publish(self, changes: Sequence[Change] = ()) -> None:
        """A newer version is announced, with those changes of its program."""
        built = self._packaged / f"{debian.NAME}_{debian.VERSION}_all.deb"
        self.releases.publish(NEWER, derived(self._packaged, built, NEWER, [*changes]))

    def owner(self) -> Within:
        """Somebody who has typed the password; the first time the code too."""
        visitor = Within(self)
        visitor.post("/login", {"password": PASSWORD})
        if "linky_session" not in visitor.cookies:
            code = self.do("linky-gateway", "page", "code").strip()
            answer, text = visitor.post("/setup", {"code": code, "password": PASSWORD, "again": PASSWORD})
            assert answer.status == 303, text
        return visitor

    def readings(self) -> set[str]:
        """Every stored reading, a line each, as whichever version runs gives them."""
        words = ("linky-gateway", "export", "--format", "csv", "--granularity", "raw")
        return set(self.do(*words).splitlines()[1:])

    def runs(self) -> tuple[str, str]:
        """The version that dpkg has whole, and the one that the running gateway says."""
        letters, _, version = self.do(
            "dpkg-query", "-W", "-f", "${db:Status-Abbrev}\t${Version}", debian.NAME
        ).partition("\t")
        assert letters.strip() == "ii"
        # That there is a newer one is an exit code of its own.
        said = self.container.run("linky-gateway", "update", "status", "--json").stdout
        return version, json.loads(said)["running"]

    def decided(self) -> list[Ending]:
        """What the journal has of updates, in order."""
        entries = map(json.loads, self.do("linky-gateway", "journal", "show", "--json").splitlines())
        return [
            Ending(one["kind"], one["version"], one.get("result") or f"{one['how']}, {one['when']}")
            for one in entries
            if one["kind"].startswith("update-")
        ]

    def failed(self) -> list[str]:
        """Units of ours that systemd calls failed."""
        said = self.do("systemctl", "list-units", "--failed", "--no-legend", "--plain", "linky-*")
        return [line.split()[0] for line in said.splitlines()]


# Its migration gives a table a fifth column; the former one gives a row of it four values.
OF_ANOTHER_DATABASE = FAULTS["cannot report, and changes the database"][:2]


@pytest.fixture
def home(tmp_path):
    """It, with nothing published and a page that nobody has visited."""
    machine.require(tmp_path, whole=False)
    releases = TrialReleases(tmp_path / "releases")
    binds = [f"{releases.path}:/srv/releases"]
    with (
        TrialMeter(tmp_path / "meter") as meter,
        machine.booted(tmp_path, whole=False, binds=[*binds, f"{meter.port}:{PORT}"]) as running,
    ):
        yield Home(running, releases)


def ended(house: Home, question: str, seconds: float) -> None:
    """Until the page of whoever waits is told so; nobody is signed in, and in between nobody answers."""
    stranger = Within(house)

    def over() -> bool:
        try:
            return stranger.get(question)[1] == "yes"
        except (OSError, http.client.HTTPException):
            return False

    wait_for(over, "its end to be told", seconds)


def pressed(owner: Within, button: str, typed: dict[str, str]) -> None:
    """A button that is taken."""
    answer, text = owner.send(f"{PATH}/{button}", **typed)
    assert (answer.status, answer.headers["Location"]) == (303, PATH), text


def gone(house: Home, owner: Within, button: str, to: str, typed: dict[str, str], seconds: float = 120) -> None:
    """To another version, up to its end; the page says so meanwhile."""
    pressed(owner, button, typed)
    text = owner.updates()
    assert SAID["update_begun"].format(version=to) in text
    ended(house, re.search(r'data-question="([^"]+)"', text)[1], seconds)


def not_without_helper(house: Home, owner: Within, button: str, typed: dict[str, str], sentence: Phrase) -> None:
    """A press while nobody does for the page what needs root: the page says that, and what to do."""
    before = house.runs()
    house.do("systemctl", "stop", *HELPER)
    pressed(owner, button, typed)
    begins = sentence.in_language("fr").partition("{why}")[0]
    said = begins.format(newer=typed.get("version", FORMER), version=before[0])
    wait_for(lambda: said + _NO_HELPER.in_language("fr") in owner.updates(), said)
    assert house.runs() == before
    house.do("systemctl", "start", HELPER[0])


def not_without_password(house: Home, owner: Within, button: str, field: str) -> None:
    """A press with another password: it is said at its field, and nothing begins."""
    before = house.decided()
    answer, text = owner.send(f"{PATH}/{button}", **{field: "devinette"})
    assert (answer.status, [*faults(text)]) == (403, [field])
    assert house.decided() == before


@pytest.mark.slow
def test_who_presses_install_and_back_has_the_newer_version_then_the_former_one(home):
    """By the password alone; each is said at the page and stands in the journal, and no reading is lost.

    Without a former version, without the helper: a sentence, and the version that ran runs on.
    """
    owner = home.owner()
    # There is nothing to go back to, so no button; who asks all the same is told.
    assert f"{PATH}/back" not in owner.updates()
    answer, text = owner.send(f"{PATH}/back", back_password=PASSWORD)
    assert answer.status == 409
    assert _NO_FORMER.in_language("fr") in html.unescape(text).lower()
    home.publish()
    owner.send(f"{PATH}/check")
    assert SAID["update_notes"].format(version=NEWER) in owner.updates()
    not_without_password(home, owner, "install", "own_password")
    yes = {"version": NEWER, "own_password": PASSWORD}
    not_without_helper(home, owner, "install", yes, _STAYED)
    kept = home.readings()
    gone(home, owner, "install", NEWER, yes)
    owner = home.owner()
    text = owner.updates()
    assert f"La version {NEWER} est installée, et c’est la plus récente" in text
    assert _KEPT.filled(newer=NEWER).in_language("fr") in text
    assert home.runs() == (NEWER, NEWER)
    assert kept <= home.readings()
    not_without_password(home, owner, "back", "back_password")
    back = {"back_password": PASSWORD}
    not_without_helper(home, owner, "back", back, _BACK_NOT)
    assert SAID["update_back"].format(version=FORMER) in owner.updates()
    kept = home.readings()
    gone(home, owner, "back", FORMER, back)
    owner = home.owner()
    text = owner.updates()
    assert f"La version {FORMER} est installée, et la {NEWER} est disponible" in text
    assert _BACK_AGAIN.filled(newer=FORMER).in_language("fr") in text
    # What was left is the newer one: it is there to be installed, not to go back to.
    assert f"{PATH}/back" not in text
    assert home.runs() == (FORMER, FORMER)
    assert kept <= home.readings()
    wait_for(lambda: home.readings() > kept, "readings after it")
    agreed, stayed, lasted = (
        lambda one: Ending("update-agreed", one, "page, now"),
        lambda one: Ending("update-ended", one, "stayed"),
        lambda one: Ending("update-ended", one, "kept"),
    )
    assert home.decided() == [how(one) for one in (NEWER, FORMER) for how in (agreed, stayed, agreed, lasted)]
    assert home.failed() == []


@pytest.mark.campaign
def test_a_former_version_that_cannot_do_what_this_one_did_is_left_again_by_itself(home):
    """One that does not know the newer one's database: the newer one is back, the page says what was wrong, once.

    It is not offered a second time, and no reading is lost on either way.
    """
    owner = home.owner()
    for unit in ("linky-gateway-judge", "linky-gateway-update@"):
        drop_in = home.container.path(f"/etc/systemd/system/{unit}.service.d")
        drop_in.mkdir(parents=True)
        (drop_in / "trial.conf").write_text("[Service]\nEnvironment=LINKY_GATEWAY_PATIENCE_S=20\n")
    home.do("systemctl", "daemon-reload")
    home.publish(OF_ANOTHER_DATABASE)
    owner.send(f"{PATH}/check")
    gone(home, owner, "install", NEWER, {"version": NEWER, "own_password": PASSWORD})
    owner = home.owner()
    kept = home.readings()
    gone(home, owner, "back", FORMER, {"back_password": PASSWORD}, seconds=400)
    owner = home.owner()
    text = owner.updates()
    assert home.runs() == (NEWER, NEWER)
    assert kept <= home.readings()
    assert _BACK.filled(newer=FORMER, version=NEWER, missing="Enregistrement").in_language("fr") in text
    assert f"{PATH}/back" not in text
    assert home.decided()[-1] == Ending("update-ended", FORMER, "back")
    # What was asked for did not come about; nothing else is called wrong.
    assert home.failed() == [f"linky-gateway-update@{FORMER}.service"]
