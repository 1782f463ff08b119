"""Who listens at the broker, for the page: let in, shown, let out. What mosquitto's files say is root's affair.

The page's user writes whom it wants; ``linky-gateway-displays.path`` sees that, and root enters it. So what is promised
here is tried: the new display's login, at the broker itself.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from gateway.errors import BoardError
from gateway.mqtt.boards.displays import DisplayAccount, Displays
from gateway.mqtt.boards.registry import Registry
from gateway.mqtt.credentials import A_BOARD, BROKER, credentials

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.config.tables import Config
    from gateway.live.credentials import Credentials

# Root's part takes a second on a Pi that is not busy.
_LET_IN_S, _AGAIN_S = 8.0, 0.5


@dataclass(frozen=True, slots=True)
class NewDisplay:
    """One that was just let in: what it needs, and whether the broker takes it by now."""

    credentials: Credentials
    works: bool


class StoredDisplays:
    """Where displays are let in; ``call`` runs something that writes on the store's thread."""

    def __init__(self, config: Config, call: Callable[..., Awaitable[Any]]) -> None:
        self._config, self._call = config, call
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
        """Let one in no more."""
        await self._call(self._displays.remove, name)

    def _enter(self, name: str, home_assistant: bool) -> str:
        if name in {board.id for board in Registry(self._config.directory).all()}:
            raise BoardError(A_BOARD.filled(name=name))
        return self._displays.add(name, home_assistant=home_assistant)

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
