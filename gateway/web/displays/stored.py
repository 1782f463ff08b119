"""Who listens at the broker, for the page: let in, shown, let out. What mosquitto's files say is root's affair.

The page's user writes whom it wants; ``linky-gateway-displays.path`` sees that, and root enters it. So what is promised
here is tried: the new display's login, at the broker itself. Nobody is let in without an entry of the journal.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from gateway.errors import BoardError, StoreError
from gateway.mqtt.boards.displays import DisplayAccount, Displays
from gateway.mqtt.boards.registry import Registry
from gateway.mqtt.credentials import A_BOARD, BROKER, credentials
from gateway.store.terms import Channel

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.config.tables import Config
    from gateway.journal.entry import Kind
    from gateway.live.credentials import Credentials
    from gateway.store.journal import Journal

log = logging.getLogger(__name__)

# Root's part takes a second on a Pi that is not busy.
_LET_IN_S, _AGAIN_S = 8.0, 0.5


@dataclass(frozen=True, slots=True)
class NewDisplay:
    """One that was just let in: what it needs, and whether the broker takes it by now."""

    credentials: Credentials
    works: bool


class StoredDisplays:
    """Where displays are let in; ``call`` runs what writes on the store's thread, where the ``journal`` is, too."""

    def __init__(self, config: Config, call: Callable[..., Awaitable[Any]], journal: Journal) -> None:
        self._config, self._call, self._journal = config, call, journal
        self._displays = Displays(config.directory)

    async def known(self) -> list[DisplayAccount]:
        """Who is let in, by name. BoardError when the file is none."""
        return cast("list[DisplayAccount]", await self._call(self._displays.all))

    async def add(self, name: str, *, home_assistant: bool) -> NewDisplay:
        """Let one in. BoardError, ConfigError, with what to do, before anything is written."""
        place = credentials(self._config, BROKER, name)
        password = await self._call(self._enter, name, home_assistant)
        given = place.with_password(password)
        return NewDisplay(given, works=await self._works(given))

    async def remove(self, name: str) -> None:
        """Let one in no more. BoardError where there is none of that name."""
        await self._call(self._leave, name)

    def _enter(self, name: str, home_assistant: bool) -> str:
        try:
            boards = Registry(self._config.directory).names()
        except BoardError as error:
            # Root's part lets nobody in whose name is a board's.
            log.warning("%s; whether a board has that name is not known", error)
            boards = []
        if name in boards:
            raise BoardError(A_BOARD.filled(name=name))
        password = self._displays.add(name, home_assistant=home_assistant)
        try:
            self._note("broker-access-given", name, home_assistant=home_assistant)
        except StoreError:
            # Nobody comes in untold.
            self._displays.remove(name)
            raise
        return password

    def _leave(self, name: str) -> None:
        was = [one for one in self._displays.all() if one.name == name]
        self._displays.remove(name)
        try:
            self._note("broker-access-ended", name, home_assistant=any(one.home_assistant for one in was))
        except StoreError as error:
            log.warning("%s; that somebody is let in no more stands in no entry", error)

    def _note(self, kind: Kind, name: str, *, home_assistant: bool) -> None:
        """What it is stands in clear; its name may be somebody's."""
        what = "home-assistant" if home_assistant else "display"
        self._journal.append(kind, {"what": what, "channel": Channel.WEB.value}, {"name": name})

    async def _works(self, given: Credentials) -> bool:
        """Whether the broker lets it in by now."""
        import aiomqtt  # noqa: PLC0415 (a house without a broker need not have it)

        account = self._config.mqtt
        if account is None or account.tls:
            return False
        try:
            async with asyncio.timeout(_LET_IN_S):
                while True:
                    try:
                        async with aiomqtt.Client(
                            account.host, account.port, username=given.user, password=given.password
                        ):
                            return True
                    except aiomqtt.MqttError:
                        await asyncio.sleep(_AGAIN_S)
        except TimeoutError:
            return False
