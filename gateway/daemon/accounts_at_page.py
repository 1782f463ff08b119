"""The accounts of the house as its page changes them, at the broker and at its server: tried before they are kept."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gateway.config import settings
from gateway.errors import ConfigError
from gateway.links.link import LinkKind
from gateway.words.phrase import NOTHING

if TYPE_CHECKING:
    from gateway.consent.orders import Row
    from gateway.daemon.house import House
    from gateway.daemon.requests import HouseRequests

# Of a session that tries an account beside the one in use.
_RESOURCE = "account"


class PageBroker:
    """The account at the broker of one house; ``requests`` changes its settings."""

    def __init__(self, house: House, requests: HouseRequests) -> None:
        self._house, self._requests = house, requests

    def known(self) -> Row:
        """What is set (``host`` is empty where nothing is), whether a password is kept, and how the connection is."""
        account = self._house.config.mqtt
        row: Row = {"host": "", "port": 1883, "tls": False, "user": "", "discovery": True}
        if account:
            row = {name: getattr(account, name) for name in row} | {"user": account.user or ""}
        return row | state_of(self._house, LinkKind.MQTT)

    async def keep(self, table: dict[str, Any], password: str) -> None:
        """Try it and keep it; without a password that which is kept. GatewayError with why not, and nothing changed."""
        # Here and not above: without a broker in the house its library need not be there.
        from gateway.mqtt.broker import Broker  # noqa: PLC0415

        config = self._house.config
        # What the household has said besides, by the command line, stays.
        table = (config.settings.tables.get("mqtt") or {}) | table
        new = await self._house.call(settings.with_value, config, "mqtt", table)
        if why := await Broker(new, new.mqtt, None, password or None).refusal():
            raise ConfigError(why)
        await self._requests.put("mqtt", table, password)

    async def leave(self) -> None:
        """Speak to no broker any more. ConfigError where boards are heard by it, StoreError."""
        await self._requests.put("mqtt", None)
        await self._requests.sweep()


class PageAccount:
    """The account of one house at its XMPP server."""

    def __init__(self, house: House, requests: HouseRequests) -> None:
        self._house, self._requests = house, requests

    def known(self) -> Row:
        """Its address (empty where there is none), its server where one is named, how the connection is."""
        account = self._house.config.federation
        address = account.address if account else None
        servers = (address,) if isinstance(address, str) else address or ()
        return {"jid": account.jid if account else "", "server": ", ".join(servers)} | state_of(
            self._house, LinkKind.XMPP
        )

    async def keep(self, jid: str, password: str, server: str | None) -> None:
        """Sign in with it, and keep it. GatewayError with why not, and nothing is changed.

        Args:
            jid: its address.
            password: that of the account.
            server: ``host`` or ``host:port``, empty for the one that the address names, None for what was set before.
        """
        # Here and not above: whoever keeps everything at home needs no XMPP in memory.
        from gateway.account.act import account_of  # noqa: PLC0415
        from gateway.account.password_file import password_file  # noqa: PLC0415
        from gateway.federation.connection.jids import bare_jid  # noqa: PLC0415
        from gateway.federation.connection.one_off import alone  # noqa: PLC0415

        config, call = self._house.config, self._house.call
        table = self._table(bare_jid(jid), server)
        new = await call(settings.with_value, config, "federation", table)
        account = account_of(new, password)
        async with alone(replace(account, jid=bare_jid(jid), resource=_RESOURCE)):
            pass
        file = password_file(new)
        await call(file.prepare, password)
        try:
            await self._requests.put("federation", table)
        except Exception:
            with suppress(OSError):
                await call(file.discard)
            raise
        # The house's own session may have been let in with it by now, and have kept it.
        await call(file.accepted, password)

    def _table(self, jid: str, server: str | None) -> dict[str, Any]:
        """What the household says, with what it said before; of another server nothing that was said of the former."""
        config = self._house.config
        table = dict(config.settings.tables.get("federation") or {}) | {"jid": jid}
        written = config.settings.written.get("federation", {})
        before = config.federation.jid.partition("@")[2] if config.federation else ""
        if before != jid.partition("@")[2]:
            table = {key: value for key, value in table.items() if key not in ("address", "pin", "pin_only")}
            table |= dict.fromkeys(key for key in ("address", "pin", "pin_only") if key in written)
        if server == "":
            table.pop("address", None)
            return table | ({"address": None} if "address" in written else {})
        return table | ({"address": server} if server else {})


def state_of(house: House, kind: LinkKind) -> Row:
    """How the link of that kind is: ``state``, empty where there is none, and ``detail`` by language."""
    links = (link for link in house.standing.own_links(time.monotonic()) if link.kind is kind)
    link = next(links, None)
    detail = link.detail if link else NOTHING
    return {"state": link.state if link else "", "detail": detail.in_every_language()}
