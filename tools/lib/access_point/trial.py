"""One boot, and what a household does: join, choose, be wrong, be right, pull the plug, choose a password, see a value.

ImageError at the first thing that is not as it should be; what it took is said in seconds.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from access_point.machine import BOX, KEY, NAME
from gateway.upkeep.access_point.state import ADDRESS, FOLDER
from image.errors import ImageError
from image.guest import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from image.progress import ImageProgress
    from late_adapter.trial import EmulatedPc

# What phones ask for when they have joined (gateway/web/wifi/arrival.py).
_ASKED = (
    "http://connectivitycheck.gstatic.com/generate_204", "http://captive.apple.com/hotspot-detect.html",
    "http://www.msftconnecttest.com/connecttest.txt", "http://detectportal.firefox.com/canonical.html",
)  # fmt: skip
_PASSWORD = "une phrase assez longue"
_PHONE = "ip netns exec phone"
# A busy machine emulates slowly.
_PATIENCE_S, _TRIES = 1800.0, 5


class AccessPointTrial:
    """The household and its phone."""

    def __init__(self, machine: EmulatedPc, progress: ImageProgress) -> None:
        self._machine, self._progress = machine, progress
        self._began = progress.seconds

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
            there = "302" in said.split("\n")[0] and f"Location: http://{ADDRESS}/wifi" in said
            self.expect(there and "no-store" in said, f"{url} leads to the page", said)
        for port in (443, 8443, 22):
            code, _ = self._machine.do(f"{_PHONE} curl -s --max-time 20 https://{ADDRESS}:{port}/")
            self.expect(code == 7, f"port {port} is refused at once", code)
        said = self._curl(f"-o /dev/null -D - http://{ADDRESS}/login")
        self.expect("302" in said.split("\n")[0], "no other page is there", said)
        page = self._curl(f"-H 'Accept-Language: fr' http://{ADDRESS}/wifi")
        self.expect(BOX in page, "the page lists the household's network", page)

    def _wrong(self) -> None:
        self._choose("not-the-key-1")
        begun = self._progress.seconds
        self._until("the failure", lambda: self._state().get("failed") == BOX and self._state().get("open"))
        self._say(f"a wrong key: the access point is back after {self._progress.seconds - begun:.0f} s")
        self._take_address()
        page = self._curl(f"-H 'Accept-Language: fr' http://{ADDRESS}/wifi")
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
        _, left = self._machine.do(f"ls /etc/NetworkManager/dnsmasq-shared.d /{FOLDER}; nft list tables")
        self.expect("linky" not in left.replace(f"'/{FOLDER}'", ""), "the access point is gone, with its rules", left)

    def _page_from_the_box(self) -> None:
        """As the household sees it: no code, the plug pulled and put back, a password, the first value."""
        _, said = self._machine.do("nmcli -g IP4.ADDRESS device show wlan0")
        page = f"http://{said.partition('/')[0].strip()}:8080"
        curl = f"ip netns exec box curl -s --max-time 30 -b /tmp/jar -c /tmp/jar -H 'Origin: {page}'"

        def told(path: str) -> str:
            return self._machine.do(f"{curl} {page}{path}")[1]

        self._until("the way without a code", lambda: "/setup/presence" in told("/setup"))
        self._say(f"the page is reached from the household's Wi-Fi, at {page}")
        for _ in range(_TRIES):
            self._must(f"{curl} -d x=1 {page}/setup/presence")
            self._until("the question", lambda: 'data-step="pull"' in told("/setup"))
            # As often as the page says. Three minutes may be too few for a machine that is emulated beside others.
            while not (ended := re.search(r'data-step="(seen|late)"', told("/setup"))):
                self._machine.plug(into=False)
                self._until("the loss", lambda: re.search(r'data-step="(put_back|late)"', told("/setup")))
                self._machine.plug(into=True)
                self._until("the return", lambda: re.search(r'data-step="(pull|seen|late)"', told("/setup")))
            if ended[1] == "seen":
                break
        self.expect(
            'data-step="seen"' in told("/setup"),
            "the adapter was pulled as often as the page said, and was seen",
            "",
        )
        fields = f"--data-urlencode 'password={_PASSWORD}' --data-urlencode 'again={_PASSWORD}'"
        self._must(f"{curl} {fields} {page}/setup")
        self._until("a value", lambda: re.search(r"drawn_va&quot;: ?\d", told("/")))
        value = re.search(r"drawn_va&quot;: ?(\d+)", told("/"))
        self._say(f"the first value is on the page: {value[1] if value else '?'} VA; no code, no cable, no command")

    def _choose(self, key: str) -> None:
        fields = f"-H 'Origin: http://{ADDRESS}' --data-urlencode 'network={BOX}' --data-urlencode 'key={key}'"
        said = self._curl(f"{fields} http://{ADDRESS}/wifi")
        self.expect(NAME in said and BOX in said, "the page says what happens next", said[-600:])

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
