"""What the page *settings* shows and changes, for the daemon: values of the configuration that are no secrets."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.balance.calendar import day_of
from gateway.balance.tariff import in_force
from gateway.consent.text import duration
from gateway.errors import StoreError
from gateway.federation.connection.jids import bare_jid
from gateway.web.settings.values import GOALS, Settings
from gateway.words.phrase import made

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from datetime import date

    from gateway.config.tables import Config
    from gateway.web.reader import StoreReader


# What is shown of each table; a path to a password is no secret, and of no interest either.
_SHOWN = {
    "meter": ("source", "mode", "clock", "sensor", "tee"),
    "counter": ("quantity", "gpio", "per_pulse"),
    "store": ("directory", "raw_hours", "minute_days", "outbox_days", "received_days"),
    "federation": ("jid", "resource", "address", "units", "max_retention", "batch_s", "strangers"),
    "mqtt": ("host", "port", "tls", "user", "discovery"),
    "web": ("listen", "https", "http", "names", "networks"),
    "tariff": ("from", "until", "subscription", "prices", "injection"),
    "received": ("provider", "identifier"),
}


class StoredSettings:
    """Where settings are read and changed.

    Args:
        config: the whole configuration.
        change: lets this be a table, or, for None, what the file says.
        commit: writes all readings that wait.
        reader: of the database.
    """

    def __init__(
        self,
        config: Config,
        change: Callable[[str, Mapping[str, object] | None], Awaitable[None]],
        commit: Callable[[], Awaitable[None]],
        reader: StoreReader,
    ) -> None:
        self._config, self._change, self._commit = config, change, commit
        self._reader = reader

    async def settings(self) -> Settings:
        """What is configured now, and the ids that are in force."""
        config = self._config
        sensors = await self._sensors()
        told, tables = config.household, list(_tables(config, sensors))
        places = {".".join(filter(None, (kind, name, key))) for kind, name, keys in tables for key in keys}
        return Settings(
            goals={name: getattr(config.objective, name) for name in GOALS},
            address=", ".join(told.addresses) if told else "",
            language=told.language if told else "fr",
            chosen=frozenset(("objective", "household")) & config.settings.in_force.keys(),
            has_tariff=bool(config.tariff),
            has_account=config.federation is not None,
            folder=str(Path(config.folder).absolute()),
            commit_interval_s=config.store.commit_interval_s,
            tables=tables,
            changed=frozenset(place for place in places if config.settings.origin(place) == "settings"),
            tariff=_tariff(config),
            ways=len(config.notice),
            broker=config.mqtt.host if config.mqtt else "",
            account=config.federation.jid if config.federation else "",
        )

    async def _sensors(self) -> dict[str, str]:
        """The id that stands in the names of each meter; none where the database cannot be read."""
        try:
            meters = await self._reader.read(lambda archive: archive.meters.all())
        except StoreError:
            return {}
        return {meter.name: meter.sensor for meter in meters}

    async def commit(self) -> None:
        """Write all that waits. Raises StoreError when it cannot be written."""
        await self._commit()

    async def choose_objective(self, goals: Mapping[str, float | None] | None) -> None:
        """Let these be the objectives, or what the file says. Raises StoreError when it cannot be kept."""
        await self._change("objective", None if goals is None else dict(goals))

    async def choose_household(self, address: str | None, language: str) -> None:
        """Tell this address, or several with commas between, or whom the file names.

        Raises ConfigError when it is none, StoreError.
        """
        named = [bare_jid(one) for one in address.replace(",", " ").split()] if address is not None else []
        await self._change("household", None if address is None else {"address": named, "language": language})


def _tariff(config: Config) -> tuple[str, date] | None:
    found = in_force(config.tariff, day_of(time.time()))
    return (found.name, found.since) if found else None


def _tables(config: Config, sensors: Mapping[str, str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    written: dict[str, Any] = config.as_written()
    for kind, keys in _SHOWN.items():
        found = written[kind]
        for table in found if isinstance(found, list | tuple) else [found] if found else []:
            told = {key: table[key] for key in keys}
            if "sensor" in told:
                # Where the file says none, a random one was made at the first start.
                told["sensor"] = sensors.get(table["name"], table["sensor"])
            if "max_retention" in told:
                told["max_retention"] = made(partial(duration, config.max_retention))
            yield kind, str(table.get("name", "")), told
