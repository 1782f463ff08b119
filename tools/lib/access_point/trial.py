"""One boot, and what a household does: join, choose, be wrong, be right, pull the plug, choose a password, see a value.

ImageError at the first thing that is not as it should be; what it took is said in seconds.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from access_point.machine import BOX, KEY, NAME, PAGE_PORT
from gateway.upkeep import OWN_ADDRESS
from gateway.upkeep.access_point.state import FOLDER
from harness import first_visit
from harness.browser import Browser
from harness.person import Person
from image.errors import ImageError
from image.guest import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from access_point.machine import EmulatedHouse
    from image.progress import ImageProgress

# What phones ask for when they have joined (gateway/web/wifi/arrival.py).
_ASKED = (
    "http://connectivitycheck.gstatic.com/generate_204", "http://captive.apple.com/hotspot-detect.html",
    "http://www.msftconnecttest.com/connecttest.txt", "http://detectportal.firefox.com/canonical.html",
)  # fmt: skip
_PASSWORD = "une phrase assez longue"
_PHONE = "ip netns exec phone"
# A busy machine emulates slowly.
_PATIENCE_S, _ANSWER_S = 1800.0, 300.0
# On the page of the first visit, and beside the first value.
_NO_CODE, _USING = "Sans code", "Consommation"


class AccessPointTrial:
    """The household and its phone.

    Args:
        machine: booted; the meter's adapter is in it.
        work: a folder for the browser's profile.
        progress: what is told.
    """

    def __init__(self, machine: EmulatedHouse, work: Path, progress: ImageProgress) -> None:
        self._machine, self._work, self._progress = machine, work, progress
        self._began = progress.seconds
        # How the page says that it is called in the house.
        self._told = ""

    def run(self) -> None:
        """All of it."""
        self._until("the access point", lambda: self._state().get("open"))
        self._say("the access point is open, without a network since the start")
        self.expect(any(one["name"] == BOX for one in self._state()["networks"]), "it has looked around before", "")
        self._join_phone()
        self._is_led()
        self._wrong()
        self._right()
        self._page_from_the_box()

    def expect(self, condition: object, what: str, seen: object) -> None:
        """A promise."""
        if not condition:
            raise ImageError(f"not so: {what}: {seen}")
        self._progress.say(what)

    def _join_phone(self) -> None:
        self._must(f"{_PHONE} wpa_supplicant -B -i wlan1 -c /etc/rig/phone.conf")
        self._take_address()
        self._say("a phone has joined with the label's key, and has an address")

    def _take_address(self) -> None:
        """Again after the access point has come back."""
        joined = f"{_PHONE} wpa_cli -p /run/phone -i wlan1 status | grep -q wpa_state=COMPLETED"
        self._until("the phone", lambda: self._machine.do(joined)[0] == 0)
        lease = f"{_PHONE} busybox udhcpc -i wlan1 -n -q -t 10 -s /etc/rig/dhcp"
        self._until("its address", lambda: self._machine.do(lease)[0] == 0)

    def _is_led(self) -> None:
        for url in _ASKED:
            said = self._curl(f"-o /dev/null -D - {url}")
            there = "302" in said.split("\n")[0] and f"Location: http://{OWN_ADDRESS}/wifi" in said
            self.expect(there and "no-store" in said, f"{url} leads to the page", said)
        for port in (443, 8443, 22):
            code, _ = self._machine.do(f"{_PHONE} curl -s --max-time 20 https://{OWN_ADDRESS}:{port}/")
            self.expect(code == 7, f"port {port} is refused at once", code)
        said = self._curl(f"-o /dev/null -D - http://{OWN_ADDRESS}/login")
        self.expect("302" in said.split("\n")[0], "no other page is there", said)
        page = self._curl(f"-H 'Accept-Language: fr' http://{OWN_ADDRESS}/wifi")
        self.expect(BOX in page, "the page lists the household's network", page)

    def _wrong(self) -> None:
        self._choose("not-the-key-1")
        begun = self._progress.seconds
        self._until("the failure", lambda: self._state().get("failed") == BOX and self._state().get("open"))
        self._say(f"a wrong key: the access point is back after {self._progress.seconds - begun:.0f} s")
        self._take_address()
        page = self._curl(f"-H 'Accept-Language: fr' http://{OWN_ADDRESS}/wifi")
        self.expect(
            "n’accepte pas cette clé" in page or "refuse cette clé" in page, "and its page says why", page[-900:]
        )

    def _right(self) -> None:
        self._choose(KEY)
        begun = self._progress.seconds
        joined = "nmcli -t -f DEVICE,STATE,CONNECTION device | grep -q ^wlan0:connected:linky-wifi$"
        self._until("the household's Wi-Fi", lambda: self._machine.do(joined)[0] == 0)
        self._say(f"the right key: in the household's Wi-Fi after {self._progress.seconds - begun:.0f} s")
        ended = "systemctl is-active linky-gateway-access-point"
        self._until("its end", lambda: self._machine.do(ended)[1] == "inactive")
        places = f"/etc/NetworkManager/dnsmasq-shared.d /{FOLDER}"
        _, left = self._machine.do(f"find {places} -mindepth 1 2>/dev/null; nft list tables")
        self.expect("linky" not in left, "the access point is gone, with its rules", left)

    def _page_from_the_box(self) -> None:
        """In a browser, as the household: no code, the plug pulled and put back, a password, the first value."""
        _, said = self._machine.do("nmcli -g IP4.ADDRESS device show wlan0")
        address = said.partition("/")[0].strip()
        code, why = self._machine.lead_to(address)
        self.expect(code == 0, "the box's cable leads to the gateway", why)
        # Where no name is told, the list of the box has the number.
        page = self._told or f"http://{address}:{PAGE_PORT}"
        # What mDNS says in a house.
        named = f"--host-resolver-rules=MAP {page.removeprefix('http://')} 127.0.0.1:{self._machine.page}"
        with Browser(self._work / "chromium", named, patience_s=_ANSWER_S) as browser:
            person = Person(browser, page)
            person.visit()
            person.await_words(_NO_CODE, seconds=_PATIENCE_S)
            self._say(f"the page is in a browser of the household's Wi-Fi, at {page}")
            pulls = first_visit.by_plug(person, lambda into: self._machine.plug(into=into))
            self._say(f"the adapter was pulled {pulls} times, as the page said, and was seen")
            first_visit.choose_password(person, _PASSWORD)
            self._until("a value", lambda: person.figure(_USING, again=True))
            value = person.figure(_USING)
            self._say(f"the first value is on the page: {_USING} {value}; no code, no cable, no command")

    def _choose(self, key: str) -> None:
        fields = f"-H 'Origin: http://{OWN_ADDRESS}' --data-urlencode 'network={BOX}' --data-urlencode 'key={key}'"
        said = self._curl(f"{fields} http://{OWN_ADDRESS}/wifi")
        self.expect(NAME in said and BOX in said, "the page says what happens next", said[-600:])
        named = re.search(r'class="address">(http://[^<]+?)/?<', said)
        self._told = named[1] if named else ""

    def _curl(self, words: str) -> str:
        return self._machine.do(f"{_PHONE} curl -s --max-time 60 {words}")[1]

    def _state(self) -> dict[str, object]:
        code, said = self._machine.do(f"cat /{FOLDER}/state.json")
        try:
            found = json.loads(said) if code == 0 else {}
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def _until(self, what: str, true: Callable[[], object]) -> None:
        until(what, true, _PATIENCE_S, self._machine)

    def _must(self, command: str) -> None:
        code, said = self._machine.do(command, 600)
        if code:
            raise ImageError(f"{command}: {said}")

    def _say(self, what: str) -> None:
        self._progress.say(f"{what} ({self._progress.seconds - self._began:.0f} s since it was switched on)")
