"""One TOML file to frozen structs; an unknown key, a wrong type or a missing file is one sentence naming its path.

``systemd/gateway.toml`` is the commented default. Relative paths are taken from the folder of the file. Secrets are
never in it: a password is in a file of its own, or in a systemd credential.
"""

from __future__ import annotations

import logging
import os
import tomllib
from datetime import date  # noqa: TC003 (msgspec reads it)
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import msgspec

from gateway.balance.supplier_offer import minutes_of, season_of
from gateway.balance.tariff import Objective, Tariff, VolumeTariffTable
from gateway.config import words as say
from gateway.config.checks import NAME
from gateway.config.faults import wrong, wrong_toml, wrong_value
from gateway.config.notice import NoticeTable  # noqa: TC001 (msgspec reads it)
from gateway.config.overlay import SettingsOrigin
from gateway.config.roof import RoofTable  # noqa: TC001 (msgspec reads it)
from gateway.config.updates import UpdatesTable
from gateway.config.web import WebTable  # noqa: TC001 (msgspec reads it)
from gateway.errors import ConfigError, reason
from gateway.words.catalogue import Language  # noqa: TC001 (msgspec reads it)

if TYPE_CHECKING:
    from gateway.balance.offer_hours import DatedWindows

log = logging.getLogger(__name__)

T = TypeVar("T")

# systemd hands credentials over in this folder (systemd.exec(5), LoadCredential=).
PASSWORD_CREDENTIAL = "xmpp-password"  # noqa: S105 (the name of the credential, not its content)
MQTT_CREDENTIAL = "mqtt-password"
BACKUP_CREDENTIAL = "backup-passphrase"

MAX_RETENTION = "P3Y"
# On one screen no more can be told apart.
MOST_PLACES = 12

_SENSOR = "^[a-z0-9][a-z0-9._-]{0,63}$"

# A host name, an IPv4 address, or an IPv6 one in brackets; a port.
HOST_AND_PORT = r"^([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}$"

Pin = Annotated[str, msgspec.Meta(pattern="^sha256/[A-Za-z0-9+/]{43}=$")]

HostPort = Annotated[str, msgspec.Meta(pattern=r"^.+:[0-9]{1,5}$")]
Address = Annotated[str, msgspec.Meta(pattern=r"^[^@/\s]+@[^@/\s]+$")]

# A century is for ever, and its seconds still fit into SQLite's numbers.
Hours = Annotated[int, msgspec.Meta(ge=1, le=876_600)]
Days = Annotated[int, msgspec.Meta(ge=1, le=36_525)]


class MeterTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[[meter]]``: where one meter's bytes come from, and what its series are called."""

    name: Annotated[str, msgspec.Meta(pattern=NAME)] = "house"
    source: str
    mode: Literal["auto", "historic", "standard"] = "auto"
    # The id in series names; random when it is not given. A serial number would follow the household for ever.
    sensor: Annotated[str, msgspec.Meta(pattern=_SENSOR)] | None = None
    # Whose time its readings get: the meter's unless it is far off the host's, always the meter's, always the host's.
    clock: Literal["auto", "meter", "host"] = "auto"
    # The delivery point, needed for urn: names in historic mode, which does not carry it.
    prm: Annotated[str, msgspec.Meta(pattern="^[0-9]{14}$")] | None = None
    # Where others may have its bytes as they come, "host:port".
    tee: Annotated[str, msgspec.Meta(pattern=HOST_AND_PORT)] | None = None

    @property
    def tee_at(self) -> tuple[str, int] | None:
        """Host and port of the tee."""
        host, _, port = (self.tee or "").rpartition(":")
        return (host.strip("[]"), int(port)) if self.tee else None


class CounterTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[[counter]]``: a meter that gives pulses (a contact, an S0 output) to a GPIO pin."""

    name: Annotated[str, msgspec.Meta(pattern=NAME)]
    quantity: Literal["water", "gas", "heat", "electricity-consumed", "electricity-produced"]
    # As BCM numbers them; those of the 40-pin header.
    gpio: Annotated[int, msgspec.Meta(ge=0, le=27)]
    per_pulse: str
    # The index on the meter's face when it was installed.
    start: str | None = None
    pull: Literal["up", "down", "none"] = "up"
    # Where a pulse begins: by itself where the pull ends.
    edge: Literal["falling", "rising"] | None = None
    # S0 pulses and their pauses last 30 ms at least (EN 62053-31).
    debounce_ms: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 20
    sensor: Annotated[str, msgspec.Meta(pattern=_SENSOR)] | None = None

    @property
    def rising(self) -> bool:
        """Whether a pulse begins when the pin goes high."""
        return self.edge == "rising" or (self.edge is None and self.pull == "down")


class OffPeakTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """``[[off_peak]]``: the off-peak hours of this meter from a day until another, the last one included."""

    since: date
    until: date | None = None
    # "22:30/06:30"; the second one not included.
    hours: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=12)]
    # "04-01/10-31"; all the year where it is not given.
    seasons: Annotated[tuple[str, ...], msgspec.Meta(max_length=12)] = ()

    @property
    def dated(self) -> DatedWindows:
        """The same as numbers."""
        from gateway.balance.offer_hours import DatedWindows  # noqa: PLC0415 (a running gateway needs none of it)

        seasons = tuple(map(season_of, self.seasons))
        return DatedWindows(self.since, self.until, tuple(map(minutes_of, self.hours)), seasons)


class StoreTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[store]``: the folder of the database, how often it is written, how long it is kept."""

    directory: str = "/var/lib/linky-gateway"
    commit_interval_s: Annotated[int, msgspec.Meta(ge=1, le=300)] = 60
    raw_hours: Hours = 48
    minute_days: Days = 1095
    outbox_days: Days = 90
    received_days: Days = 1095


class FederationTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[federation]``: the account, and how it speaks."""

    jid: Address
    resource: Annotated[str, msgspec.Meta(pattern=r"^[^\s/]+$")] = "proxy"
    password_file: str | None = None
    # Several are the nodes of one server: any of them will do.
    address: HostPort | Annotated[tuple[HostPort, ...], msgspec.Meta(min_length=1, max_length=20)] | None = None
    ca_file: str | None = None
    # What the server's key must be one of, besides a trusted certificate; with pin_only instead of one.
    pin: Pin | tuple[Pin, ...] = ()
    pin_only: bool = False
    units: Literal["secondary", "primary"] = "secondary"
    # What the recipients are bound to (ISO 8601 duration), written into every pack.
    max_retention: Annotated[str, msgspec.Meta(pattern=r"^P(\d+[YMWD])+$")] = MAX_RETENTION
    max_stanza_bytes: Annotated[int, msgspec.Meta(ge=4000, le=200_000)] = 30_000
    # For how long new readings are gathered for one message.
    batch_s: Annotated[int, msgspec.Meta(ge=0, le=86_400)] = 60
    # A recipient is away, and the household is told, when its oldest point has waited for so many hours.
    recipient_away_h: Hours = 24
    # What somebody without a consent may see: nothing, or which series there are (never a value).
    strangers: Literal["nothing", "catalogue"] = "nothing"
    # Who set the gateway up and would like to know whether it is well: the page asks the household, which decides.
    installer: Address | None = None


class HouseholdTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[household]``: who is told what is wrong and what is new, and may ask how the house is."""

    address: Address | Annotated[tuple[Address, ...], msgspec.Meta(min_length=1, max_length=10)]
    language: Language = "fr"

    @property
    def addresses(self) -> tuple[str, ...]:
        """All of them."""
        return (self.address,) if isinstance(self.address, str) else self.address


class ClockTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[clock]``: the host's clock."""

    # It is right although nothing tells the kernel so: set by hand, or by a program of one's own.
    trusted: bool = False


class MqttTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[mqtt]``: the household's broker, which carries the live feed."""

    host: Annotated[str, msgspec.Meta(min_length=1)] = "localhost"
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 1883
    tls: bool = False
    # A certificate authority of one's own (PEM); the system's otherwise.
    ca_file: str | None = None
    user: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    password_file: str | None = None
    # Whether Home Assistant is told of the meters, and below which topic it listens.
    discovery: bool = True
    discovery_prefix: Annotated[str, msgspec.Meta(pattern=r"^[^+#/\s]+(/[^+#/\s]+)*$")] = "homeassistant"


class BackupTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[backup]``: the second place, and how many backups stay there."""

    directory: Annotated[str, msgspec.Meta(min_length=1)]
    keep: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 14
    passphrase_file: str | None = None
    # Whether the place may be on the card that it is to outlive.
    same_card: bool = False


class ShareTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``share`` of a ``[[received]]``: the household's part of what others produce; of 100 where it is in per cent."""

    held: Annotated[int, msgspec.Meta(ge=0)] | Annotated[float, msgspec.Meta(ge=0)]
    of: Annotated[int, msgspec.Meta(gt=0)] | Annotated[float, msgspec.Meta(gt=0)] | None = None
    unit: Literal["actions", "m2", "percent"]

    @property
    def part(self) -> Fraction:
        """The part, exactly as it is written in the file: 3.3 is 33/10."""
        return Fraction(str(self.held)) / Fraction(str(self.of or 100))


class ProxyMessageTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``message`` of a ``[[received]]``: which series of a proxy of 2019, as its messages name it."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    metaname: str = ""


class ReceivedTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[[received]]``: series of another provider that the household is allowed to have."""

    name: Annotated[str, msgspec.Meta(pattern=NAME)]
    provider: Annotated[str, msgspec.Meta(pattern=r"^[^@/\s]+@[^@/\s]+/[^\s/]+$")]
    identifier: str
    # Days before the first subscription that are asked for as well.
    history: Annotated[int, msgspec.Meta(ge=0, le=36_525)] = 0
    share: ShareTable | None = None
    # The provider is a proxy of 2019: it is not asked for anything, and identifier is what its series is called here.
    message: ProxyMessageTable | None = None


_PlaceKind = Literal["home", "school", "hall", "office", "roof", "other"]
_PlaceSide = Literal["consumed", "produced"]


class PlaceTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[[place]]``: what it is called, what it is, whose figures it has, and by what they are divided."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    kind: _PlaceKind = "home"
    # Names of [[meter]], [[counter]] and [[received]]; several are added up.
    series: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=20)]
    # What a roof makes, what any other place uses, where it is not said.
    shows: _PlaceSide | None = None
    people: Annotated[int, msgspec.Meta(ge=1, le=100_000)] | None = None
    area_m2: (
        Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] | Annotated[float, msgspec.Meta(gt=0, le=1_000_000)] | None
    ) = None


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file. ``folder`` is where it lay."""

    meter: Annotated[tuple[MeterTable, ...], msgspec.Meta(min_length=1)]
    store: StoreTable = StoreTable()
    clock: ClockTable = ClockTable()
    federation: FederationTable | None = None
    mqtt: MqttTable | None = None
    household: HouseholdTable | None = None
    web: WebTable | None = None
    backup: BackupTable | None = None
    updates: UpdatesTable = UpdatesTable()
    counter: tuple[CounterTable, ...] = ()
    notice: Annotated[tuple[NoticeTable, ...], msgspec.Meta(max_length=20)] = ()
    received: tuple[ReceivedTable, ...] = ()
    place: Annotated[tuple[PlaceTable, ...], msgspec.Meta(max_length=MOST_PLACES)] = ()
    roof: tuple[RoofTable, ...] = ()
    tariff: tuple[Tariff, ...] = ()
    volume_tariff: tuple[VolumeTariffTable, ...] = ()
    off_peak: tuple[OffPeakTable, ...] = ()
    objective: Objective = Objective()
    folder: str = "."
    settings: SettingsOrigin = SettingsOrigin()

    @property
    def electricity(self) -> list[str]:
        """The names of all from which electricity is known: meters, counters of it, what others send."""
        counters = [one.name for one in self.counter if one.quantity.startswith("electricity")]
        return [*(one.name for one in self.meter), *counters, *(one.name for one in self.received)]

    @property
    def directory(self) -> Path:
        """The database's folder."""
        return self.path(self.store.directory)

    @property
    def max_retention(self) -> str:
        """How long a recipient may keep what it is sent."""
        return self.federation.max_retention if self.federation else MAX_RETENTION

    @property
    def settings_file(self) -> Path:
        """What the household changed."""
        return self.directory / "settings.json"

    @property
    def joining_file(self) -> Path:
        """By which invitations the household joined, and the one that is being carried out."""
        return self.directory / "joining.json"

    @property
    def page_file(self) -> Path:
        """What the page's password and links are checked against."""
        return self.directory / "page.json"

    @property
    def certificates(self) -> Path:
        """Where the house's own authority for its page is."""
        return Path(self.folder) / "https"

    @property
    def control_socket(self) -> Path:
        """Where the running daemon answers the command line."""
        return self.directory / "control.sock"

    def as_written(self) -> dict[str, object]:
        """As the file would say it, what the household changed in its place."""
        return {name: msgspec.to_builtins(getattr(self, name)) for name in _KEYS if name not in say.OURS}

    def path(self, text: str) -> Path:
        """A path of the file, taken from the file's own folder when it is relative."""
        return Path(self.folder) / text


_KEYS = Config.__struct_fields__


def load(path: Path) -> Config:
    """Read and check a configuration file, with what the household changed; ConfigError says what is wrong."""
    from gateway.config.settings import settled  # noqa: PLC0415 (it knows these tables)

    return settled(path, read_toml(path, say.OURS))


def read_toml(path: Path, reserved: tuple[str, ...] = ()) -> dict[str, object]:
    """The tables of a file in which the ``reserved`` keys, ours, do not stand; ConfigError says what is wrong."""
    try:
        with path.open("rb") as file:
            raw = tomllib.load(file)
    except PermissionError as error:
        raise ConfigError(say.NO_RIGHT.filled(path=path)) from error
    except OSError as error:
        raise ConfigError(say.UNREADABLE.filled(path=path, why=reason(error))) from error
    except UnicodeDecodeError as error:
        raise ConfigError(say.NO_TEXT.filled(path=path)) from error
    except tomllib.TOMLDecodeError as error:
        raise wrong_toml(path, error) from error
    except (ValueError, RecursionError) as error:
        # A number of five thousand digits, a thousand brackets.
        raise wrong(path, "", say.NO_TOML.filled(why=str(error))) from error
    for name in reserved:
        if name in raw:
            raise wrong(path, name, say.UNKNOWN)
    return raw


def checked(path: Path, raw: dict[str, object], kind: type[T]) -> T:
    """What stands in it as that kind of settings; ConfigError names the first place where it is none."""
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise wrong_value(path, raw, kind, error) from error


def credential_file(name: str = PASSWORD_CREDENTIAL) -> Path | None:
    """The password that systemd hands over under that name, if it does; a blank one is the unit's word for none."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    file = Path(folder) / name if folder else None
    return file if file and file.is_file() and file.read_bytes().strip() else None


def password_from(file: Path) -> str:
    """The first line of a password file."""
    try:
        password = file.read_text(encoding="utf-8").split("\n", 1)[0]
    except OSError as error:
        raise ConfigError(f"{file}: the password cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: the password is not UTF-8 text") from error
    if not password:
        raise ConfigError(f"{file}: the password file is empty")
    return password
