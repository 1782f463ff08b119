"""Zabbix's API: one call, its refusals as sentences, and the ids of what was made."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from zabbix_utils import ZabbixAPI
from zabbix_utils.exceptions import ModuleBaseException

from gateway.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Sequence

# Its errors are raised as well, and said by us.
logging.getLogger("zabbix_utils").setLevel(logging.CRITICAL)

TIMEOUT_S = 20


class ZabbixApi:
    """One frontend, spoken to in the name of one token. Raises BridgeError with Zabbix's own words."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = url, token
        self._api: Any = None

    def ask(self, method: str, **params: object) -> Any:  # noqa: ANN401 (what the method gives)
        """One call with named parameters."""
        return self._call(method, params)

    def change(self, method: str, things: Sequence[dict[str, object]]) -> list[str]:
        """Create or update some things of one kind, in one call: all of them or none; their ids in that order."""
        answer: dict[str, list[str | int]] = self._call(method, list(things))
        (ids,) = answer.values()
        return [str(one) for one in ids]

    def _call(self, method: str, params: object) -> Any:  # noqa: ANN401
        try:
            if self._api is None:
                self._api = ZabbixAPI(url=self._url, token=self._token, timeout=TIMEOUT_S)
            name, _, action = method.partition(".")
            call = getattr(getattr(self._api, name), action)
            return call(**params) if isinstance(params, dict) else call(params)
        except (ModuleBaseException, OSError, ValueError) as error:
            raise BridgeError(f"Zabbix's API at {self._url} refuses {method}: {error}") from error
