"""A gateway that publishes, a bridge as the program that an organisation runs, and what they hand on to."""

import itertools
import os
from dataclasses import dataclass

import pytest

from gateway.federation.connection.session import Account
from gateway.store.points import Granularity
from servers.zabbix import ZabbixServer, missing_packages
from tests.gateway.federation.conftest import SENSOR, Gate, House, eventually
from tests.integration.processes import Process

numbers = itertools.count(1)


@pytest.fixture(scope="session")
def zabbix_installed():
    """Skip where Zabbix is not, but not in continuous integration."""
    if missing := missing_packages():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"not installed: {' '.join(missing)}")


@pytest.fixture(scope="session")
def zabbix(zabbix_installed, tmp_path_factory):
    """A real Zabbix 7.0 for the whole session."""
    with ZabbixServer(tmp_path_factory.mktemp("zabbix")) as running:
        yield running


@pytest.fixture
def house(tmp_path):
    """A house whose store is empty."""
    (tmp_path / "house").mkdir()
    opened = House(tmp_path / "house")
    yield opened
    opened.store.close()


@dataclass
class Scene:
    """Accounts of a gateway and of a bridge, in two domains, and the bridge's folder."""

    folder: object
    servers: object
    gateway_account: Account
    bridge: str
    name: str

    @property
    def gateway(self):
        return f"{self.gateway_account.jid}/proxy"

    @property
    def sen1(self):
        return f"{self.gateway_account.jid}/{SENSOR}@{self.servers.domains[0]}"

    def gate(self, house):
        """The gateway's end, with a consent for what the bridge asks for."""
        if not house.store.consents.all():
            house.allow(self.bridge, granularity=Granularity.MINUTE)
        return Gate(house, self.gateway_account)

    def configure(self, table):
        """Write the bridge's configuration."""
        (self.folder / "password").write_text("secret\n")
        (self.folder / "token").write_text("token-of-the-test\n")
        (self.folder / "bridge.toml").write_text(
            f'directory = "state"\n[federation]\njid = "{self.bridge}"\npassword_file = "password"\n'
            f'address = "{self.servers.address(self.servers.domains[1])}"\nca_file = "{self.servers.ca}"\n'
            f'[[household]]\nname = "{self.name}"\ngateway = "{self.gateway}"\n'
            f'identifier = "{self.sen1}/consumption"\n'
            'facts = { Titre = "Mairie", Batiment = "Mairie", ECS = "Gaz" }\n'
            f"{table}\n"
        )

    def program(self, kind, *more):
        """The bridge as a process."""
        arguments = (kind, "--config", self.folder / "bridge.toml", *more)
        return Process(self.folder, "bridge", *arguments, "--log-level", "DEBUG", module="gateway.bridges.program")


@pytest.fixture
def scene(federation, tmp_path):
    """Accounts of its own for each test."""
    number = next(numbers)
    home, away = federation.domains
    federation.register(f"bgw{number}", home, "secret")
    federation.register(f"bridge{number}", away, "secret")
    account = Account(f"bgw{number}@{home}", "secret", federation.address(home), federation.ca, "proxy")
    return Scene(tmp_path, federation, account, f"bridge{number}@{away}", f"house-{number}")


async def subscribed(house, bridge):
    """The bridge has its subscription."""
    await eventually(lambda: house.store.subscriptions.of(bridge), 30, "the bridge's subscription")


def stored(house):
    """(path, granularity, time, value) of all that the house has stored of what it consumes, minutes at finest."""
    points = house.store.readings.page("house", "consumption", Granularity.MINUTE, 0, 2**40, 100_000)
    return sorted((point.series.path, point.granularity.code, point.time, point.value) for point in points)
