"""The ways by which the household is told, as its page changes them: tried before they are kept, in force at once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from gateway.config.notice import NoticeTable
from gateway.control.messages import NoticeTest
from gateway.daemon.absent import NoWays
from gateway.daemon.build import contact
from gateway.links.link import OK

if TYPE_CHECKING:
    from gateway.consent.orders import Row
    from gateway.daemon.house import House
    from gateway.daemon.requests import HouseRequests
    from gateway.notices.delivery.ways import HouseholdWays


class PageWays:
    """Of one house; ``requests`` changes its settings."""

    def __init__(self, house: House, requests: HouseRequests) -> None:
        self._house, self._requests = house, requests
        # While the house has none; that a test goes out once in ten seconds holds for it as well.
        self._trial: HouseholdWays | None = None

    def _known(self) -> HouseholdWays | None:
        return None if isinstance(self._house.ways, NoWays) else self._house.ways

    def listed(self) -> list[Row]:
        """Each way: name, for whom, kind, what may be shown of its address, its state and a sentence.

        The sentence is by language; ``unused``: nothing was told there yet; ``mark``: by which a browser knows its own.
        """
        rows: list[Row] = []
        ways = self._known()
        for name, sender in (ways.senders if ways else {}).items():
            way, link = sender.way, sender.link(time.time())
            address = way.address
            row: Row = {"name": name, "for": way.person, "kind": address.kind if address else ""}
            row |= {"shown": address.shown if address else "", "state": link.state}
            row["mark"] = address.mark if address and address.kind == "push" else ""
            row["unused"] = link.state == OK and link.age_s is None
            rows.append(row | {"detail": link.detail.in_every_language()})
        return rows

    def tells_apple(self) -> bool:
        """Whether Apple's push service takes what comes from here: it wants to know to whom it may write."""
        return bool(contact())

    def messenger(self) -> str:
        """The XMPP addresses that are told; "" where none is, or nothing can be sent to it."""
        config = self._house.config
        return ", ".join(config.household.addresses) if config.household and config.federation else ""

    async def try_out(self, table: dict[str, Any], url: str) -> Row:
        """What comes of a test by such a way: ``answer`` (done, again, refused) and ``why``. GatewayError."""
        # Here and not above: whoever only looks at the page needs no way in memory.
        from gateway.notices.delivery.way import way_of  # noqa: PLC0415
        from gateway.notices.delivery.ways import HouseholdWays  # noqa: PLC0415

        house = self._house
        if (ways := self._known()) is None:
            parts = house.store.household, house.call, house.host.time, house.notices.is_calm
            self._trial = ways = self._trial or HouseholdWays((), *parts, contact=contact())
        return await ways.try_out(way_of(NoticeTable(name="new", **_named(table)), url))

    async def add(self, name: str, table: dict[str, Any], url: str) -> None:
        """Keep it, under a name like this that nobody has: the address as a secret. ConfigError, StoreError."""
        config = self._house.config
        # Also of one that does not go with the file just now: its address is kept.
        taken = {one.name for one in config.notice} | set(config.settings.tables.get("notice") or ())
        free = next(one for one in (name, *(f"{name}-{number}" for number in range(2, 99))) if one not in taken)
        await self._requests.put(f"notice.{free}", table, url)

    async def remove(self, name: str) -> None:
        """Tell there no more, whoever wrote it down. ConfigError, StoreError."""
        config = self._house.config
        if any(one.name == name for one in config.notice):
            written = any(one.get("name") == name for one in config.settings.written.get("notice", ()))
            await (self._requests.put if written else self._requests.change)(f"notice.{name}", None)
        # Also where somebody else has taken it away already.
        await self._requests.sweep()

    async def new_key(self) -> tuple[str, str]:
        """A key by which one browser will know the gateway: private, public."""
        from gateway.notices.ways.push import new_key  # noqa: PLC0415 (few browsers are asked)

        return await new_key()

    async def test(self, name: str) -> Row:
        """What comes of a test by one of them. GatewayError."""
        (row,) = await self._requests.answer(NoticeTest(way=name))
        return row


def _named(table: dict[str, Any]) -> dict[str, Any]:
    """Its keys as the struct calls them."""
    return {"person" if key == "for" else key: value for key, value in table.items()}
