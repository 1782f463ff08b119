"""What the pages of the settings ask of a house: its tariffs, ways, accounts, copies, data and machine.

Each holds what a visit gives it (``Held.settings``), and fails where the visit says so.
"""

from datetime import date

import msgspec

from gateway.balance.tariff import Tariff
from gateway.household.contract import ContractSaid
from gateway.web.backup.values import RestoreStanding
from gateway.web.data.values import CopyStanding
from gateway.web.tariff.values import ExamplePrices, TariffsKnown

TODAY = date(2026, 1, 15)
_TOML = """
[[tariff]]
name = "Base <b>"
from = 2024-02-01
until = 2025-08-01
subscription = 15.74
prices = { hc = 0.1579, hp = 0.2065 }
[[tariff]]
name = "Tempo"
from = 2025-08-01
subscription = 15.59
injection = 0.04
prices = { hcjb = 0.1325, hpjb = 0.1612, hcjw = 0.1499, hpjw = 0.1871, hcjr = 0.1575, hpjr = 0.7060 }
"""
TARIFFS = tuple(msgspec.toml.decode(_TOML, type=dict[str, list[Tariff]])["tariff"])
SAID = ContractSaid("TEMPO", "tempo", {"hcjb": "", "hpjb": ""}, 6)
EXAMPLE = ExamplePrices("Tempo", date(2026, 2, 1), date(2026, 5, 18), True, 15.59, TARIFFS[1].prices)


class Spoken(dict):
    """What the house says of itself: in a language that it does not speak as in French."""

    def __missing__(self, lang):
        return self["fr"]


BOTH = Spoken(fr="deux <b>", en="database <b>")
WAYS = (
    {"name": "mail", "for": "maison <1>", "kind": "mailto", "shown": "c…@example.org", "state": "ok"},
    {"name": "sms", "for": None, "kind": "freemobile", "shown": "", "state": "waiting"},
    {"name": "node", "for": None, "kind": "json", "shown": "192.168.1.20", "state": "broken"},
)
FOUND = {"readings": 2122, "queued": 3, "events": 1, "told": ["coop@sen2.test"], "copies": ["house <b>"]}
DONE = FOUND | {"wiped": True}
METERS = tuple(
    {"name": name, "source": f"/dev/tty{name}", "shown": f"tty{name}", "mode": "auto", "state": state, "detail": BOTH}
    | {"chosen": f"/dev/tty{name}", "chosen_mode": "auto", "later": later}
    for name, state, later in (("house", "ok", ""), ("garage", "waiting", ""), ("toit", "broken", "ttyUSB1"))
)
PORTS = ({"source": "/dev/ttyUSB1", "shown": "ttyUSB1", "tic": True}, {"source": "/dev/x", "shown": "x", "tic": False})
NIGHTLY = {"place": "/media/<usb>", "keep": 7, "state": "ok", "detail": BOTH, "good": 1_768_435_200, "failed": False}
BROKER = {"host": "192.168.1.20", "port": 8883, "tls": True, "user": "linky", "discovery": True, "state": "ok"}
ACCOUNT = {"jid": "maison@sen1.test", "server": "", "state": "ok", "detail": BOTH}
# What a visit may give them.
GIVEN = {
    "known": TariffsKnown(TARIFFS, SAID, date(2025, 12, 1), TODAY, needed=True),
    "example": EXAMPLE, "ways": WAYS, "tried": {"answer": "done", "why": {}}, "copy": CopyStanding(),
    "nightly": NIGHTLY, "broker": BROKER | {"detail": BOTH}, "account": ACCOUNT, "found": FOUND, "done": DONE,
    "code": "K7QM-2R4T", "meters": METERS, "ports": PORTS, "night": True, "back": RestoreStanding(), "ending": None,
    "apple": True, "messenger": "",
}  # fmt: skip


class SettingsDesk:
    """One of them."""

    def __init__(self, held):
        self._held = held

    def told(self, key):
        """What the visit gives, or its fault."""
        if self._held.fault:
            raise self._held.fault
        return (GIVEN | self._held.settings)[key]


class TariffDesk(SettingsDesk):
    async def known(self):
        return self.told("known")

    async def example(self, contract, power, today):
        return self.told("example") if contract == "tempo" else None

    async def keep(self, new, instead_of=None):
        self.told("known")

    async def remove(self, since):
        self.told("known")


class WaysDesk(SettingsDesk):
    def listed(self):
        return [one | {"unused": one["name"] == "sms", "mark": "", "detail": BOTH} for one in self.told("ways")]

    def tells_apple(self):
        return self.told("apple")

    def messenger(self):
        return self.told("messenger")

    async def new_key(self):
        return "private", "public"

    async def try_out(self, table, url):
        return self.told("tried")

    async def add(self, name, table, url):
        self.told("ways")

    async def remove(self, name):
        self.told("ways")

    async def test(self, name):
        return self.told("tried")


class AccountDesk(SettingsDesk):
    """The account at the broker, or that of sharing."""

    def __init__(self, held, key):
        super().__init__(held)
        self._key = key

    def known(self):
        return (GIVEN | self._held.settings)[self._key]

    async def keep(self, *_):
        self.told(self._key)

    async def leave(self):
        self.told(self._key)


class CopyDesk(SettingsDesk):
    def standing(self, who):
        return self.told("copy")

    def begin(self, who, lang, secret=""):
        self.told("copy")

    async def wait(self, seconds):
        """It is as the visit says at once."""

    async def read(self, who):
        return None

    async def discard(self, who):
        self.told("copy")


class NightDesk(SettingsDesk):
    """The nightly backups, with nothing under way."""

    def standing(self):
        return {"making": False, "named": False} | self.told("nightly")

    async def begin(self):
        return self.told("night")

    async def wait(self, seconds):
        """It is as the visit says at once."""

    async def set_passphrase(self, passphrase):
        self.told("night")


class BackDesk(SettingsDesk):
    """A backup that was brought, or none."""

    def standing(self, who):
        return self.told("back")

    def ending(self):
        return self.told("ending")

    async def wait(self, seconds):
        """It is as the visit says at once."""

    async def begin(self, who):
        self.told("back")

    async def discard(self, who):
        self.told("back")


class DataDesk(SettingsDesk):
    meters = ("house", "garage <2>")

    async def preview(self, span):
        return self.told("found")

    async def erase(self, span):
        return self.told("done")

    async def hand_over(self):
        return self.told("done"), self.told("code")


class MachineDesk(SettingsDesk):
    def meters(self):
        return self.told("meters")

    async def ports(self):
        return self.told("ports")

    async def read_at(self, name, source, mode):
        self.told("meters")

    def keeping(self):
        return {"raw_hours": 48, "minute_days": 1000, "outbox_days": 90, "received_days": 365}

    async def keep(self, spans):
        self.told("meters")

    async def act(self, act, arguments):
        self.told("meters")


class BoardDesk:
    """The boards of the house."""

    def __init__(self, held):
        self._held = held

    async def known(self):
        return self._held.fault_or(self._held.boards)

    async def add(self, card):
        self._held.fault_or(None)
        return self._held.boards.boards[0] if card.startswith((b"{", b"brought")) else None

    async def forget(self, name):
        self._held.fault_or(None)

    async def update(self, name):
        self._held.fault_or(None)
