"""A bridge's TOML file to frozen structs; what is wrong in it is one sentence naming the place.

``systemd/bridge.toml`` is the commented example. Relative paths are taken from the folder of the file. Secrets are in
files of their own, or in systemd credentials.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from gateway.config.faults import wrong
from gateway.config.metrics import MetricsTable
from gateway.config.tables import checked, read_toml
from gateway.errors import SenMLError
from gateway.senml.naming import parse_identifier

# A token or a reading in clear goes no further than this machine.
_URL = r"^(https://[^\s/]+|http://(localhost|127\.[0-9.]+|\[::1\])(:[0-9]{1,5})?)(/[^\s?#]*)?$"
_HOST = r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$"
_HOST_PORT = r"^.+:[0-9]{1,5}$"
_BARE = r"^[^@/\s]+@[^@/\s]+$"

_Tag = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Url = Annotated[str, msgspec.Meta(pattern=_URL)]
Period = Annotated[str, msgspec.Meta(pattern="^[1-9][0-9]{0,5}[hdw]$")]


class BridgeAccountTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[federation]``: the bridge's own account."""

    jid: Annotated[str, msgspec.Meta(pattern=_BARE)]
    resource: Annotated[str, msgspec.Meta(pattern=r"^[^\s/]+$")] | None = None
    password_file: str | None = None
    address: Annotated[str, msgspec.Meta(pattern=_HOST_PORT)] | None = None
    ca_file: str | None = None


class BuildingFactsTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="pascal"):
    """``facts`` of a ``[[household]]``: what logNact's pages show of a building, in their words."""

    titre: str | None = None
    batiment: str | None = None
    chauffage: str | None = None
    ecs: str | None = msgspec.field(default=None, name="ECS")
    consommation: str | None = None
    production: str | None = None


class BridgedHouseholdTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[[household]]``: whose data, and what the other system calls it."""

    # What Zabbix calls the host, BMHS the device, Warp 10 the PRM, a 2019 proxy the user.
    name: Annotated[str, msgspec.Meta(pattern=_HOST)]
    gateway: Annotated[str, msgspec.Meta(pattern=r"^[^@/\s]+@[^@/\s]+/[^\s/]+$")]
    identifier: str
    facts: BuildingFactsTable = msgspec.field(default_factory=BuildingFactsTable)
    # For Zabbix: by what its operator filters hosts, such as a place.
    tags: Annotated[dict[_Tag, _Tag], msgspec.Meta(max_length=20)] = {}


class ZabbixTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[zabbix]``: its frontend, whose API makes hosts and items, and its server, which takes values."""

    url: Url
    server: Annotated[str, msgspec.Meta(pattern=_HOST_PORT)] = "localhost:10051"
    token_file: str | None = None
    # What the bridge's own host is called.
    bridge: Annotated[str, msgspec.Meta(pattern=_HOST)] = "linky-bridge"
    group: Annotated[str, msgspec.Meta(min_length=1, max_length=255)] = "Linky"
    language: Literal["fr", "en"] = "fr"
    # How long a new item keeps its values, and its hourly trends.
    history: Period = "365d"
    trends: Period = "3650d"


class BmhsTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[bmhs]``: the server, and the third-party application that the token is for."""

    url: Url
    application: Annotated[str, msgspec.Meta(min_length=1)]
    token_file: str | None = None


class Warp10Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[warp10]``: the server, and its ticks a second."""

    url: Url
    token_file: str | None = None
    units: Literal["ms", "us", "ns"] = "us"


class Sen1Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[sen1]``: the proxy that is sent ``Sen1Message``, and the two applications as its database names them."""

    to: Annotated[str, msgspec.Meta(pattern=_BARE)]
    source: Annotated[str, msgspec.Meta(min_length=1)]
    destination: Annotated[str, msgspec.Meta(min_length=1)]


class OwnTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[own]``: a class of one's own in a file, else of an installed package, and the words that it is made with."""

    file: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    sink: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
    given: dict[str, str | int | float | bool] = msgspec.field(default_factory=dict)
    token_file: str | None = None


class BridgeConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file. ``folder`` is where it lay."""

    federation: BridgeAccountTable
    household: Annotated[tuple[BridgedHouseholdTable, ...], msgspec.Meta(min_length=1)]
    # /var/lib/linky-bridge-KIND, where it is not said and systemd gives none.
    directory: str | None = None
    # After so many days a value that was handed on is deleted here.
    keep_days: Annotated[int, msgspec.Meta(ge=1, le=36_525)] = 90
    metrics: MetricsTable = MetricsTable()
    zabbix: ZabbixTable | None = None
    bmhs: BmhsTable | None = None
    warp10: Warp10Table | None = None
    sen1: Sen1Table | None = None
    own: OwnTable | None = None
    folder: str = "."

    def path(self, text: str) -> Path:
        """A path of the file, taken from the file's own folder when it is relative."""
        return Path(self.folder) / text


def load(path: Path) -> BridgeConfig:
    """Read and check a bridge's configuration; ConfigError says what is wrong and where."""
    config = checked(path, {**read_toml(path, ("folder",)), "folder": str(path.parent)}, BridgeConfig)
    _check_households(path, config)
    return config


def _check_households(path: Path, config: BridgeConfig) -> None:
    seen: set[str] = set()
    addresses: dict[str, str] = {}
    for place, household in enumerate(config.household):
        try:
            parse_identifier(household.identifier)
        except SenMLError as error:
            raise wrong(path, f"household[{place}].identifier", error.phrase) from error
        other = addresses.setdefault(household.gateway.partition("/")[0].lower(), household.gateway)
        if other != household.gateway:
            raise wrong(path, f"household[{place}].gateway", f"elsewhere it is {other!r}; write it in one way")
        if household.name in seen:
            raise wrong(path, f"household[{place}].name", f"{household.name!r} is used by another [[household]]")
        seen.add(household.name)
