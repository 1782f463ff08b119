"""BMHS: indexes and states to ``/api/device/push``; what it has is asked of ``/api/device/fetch``.

It keeps twice what it is sent twice, so when that is in doubt it is asked first. Increments (``…/daily``) are left out:
sums of a period are the server's own to make from indexes.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from gateway.bridges.http import HttpError, post
from gateway.bridges.naming import metaname
from gateway.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.bridges.config import BmhsTable
    from gateway.bridges.core import Value

# The server reads the times of a query in its own time zone, whatever stands behind them.
_MARGIN = timedelta(hours=15)
_MOST_PAGES = 1000


class BmhsSink:
    """One account of a BMHS. Blocks: it is called in a thread.

    Args:
        settings: ``[bmhs]``.
        token: that the account gave to the application.
    """

    most = 500

    def __init__(self, settings: BmhsTable, token: str) -> None:
        self._settings, self._token = settings, token

    def missing(self, values: Sequence[Value]) -> list[Value]:
        """Those that the server does not have; a text always: it keeps the last one only."""
        left: list[Value] = []
        for group in _groups(values):
            there = self._stored(group)
            left += [value for value in group if isinstance(value.value, str) or (_ms(value), value.value) not in there]
        return left

    def send(self, values: Sequence[Value]) -> None:
        """One request for each series. Raises BridgeError at the first that is refused."""
        for group in _groups(values):
            body = self._address(group[0]) | {"datas": [{"value": v.value, "timestamp": _ms(v)} for v in group]}
            if group[0].unit:
                body["unite"] = group[0].unit
            self._post("push", body)

    def _stored(self, group: Sequence[Value]) -> set[tuple[int, float]]:
        """Time (ms) and value of what the server has of the series in the span of the group."""
        limits = [datetime.fromtimestamp(end(_ms(v) for v in group) / 1000, UTC) for end in (min, max)]
        asked = self._address(group[0]) | {
            "start": f"{limits[0] - _MARGIN:%Y-%m-%dT%H:%M:%SZ}", "end": f"{limits[1] + _MARGIN:%Y-%m-%dT%H:%M:%SZ}"
        }  # fmt: skip
        there: set[tuple[int, float]] = set()
        offset = 0
        for _ in range(_MOST_PAGES):
            try:
                page = json.loads(self._post("fetch", asked | {"offset": offset}))
                rows = [(int(row["timestamp"]), float(row["value"])) for row in page["datas"]]
                count = int(page["count"])
            except HttpError as error:
                if re.search("Device .* not found", str(error)):
                    # The device is made by the first push.
                    return there
                raise
            except (ValueError, KeyError, TypeError) as error:
                raise BridgeError(f"{self._settings.url} does not answer as /api/device/fetch does") from error
            there |= set(rows)
            offset += len(rows)
            if not rows or offset >= count:
                return there
        raise BridgeError(f"{self._settings.url}: the pages of /api/device/fetch do not end")

    def _address(self, value: Value) -> dict[str, object]:
        named = {"name": value.household.name, "metaname": metaname(value.path)}
        return {"application": self._settings.application, **named}

    def _post(self, action: str, body: dict[str, object]) -> bytes:
        url = f"{self._settings.url.rstrip('/')}/api/device/{action}"
        headers = {"Authorization": self._token, "Content-Type": "application/json"}
        return post(url, json.dumps(body, ensure_ascii=False).encode(), headers)


def _groups(values: Sequence[Value]) -> list[list[Value]]:
    """The values of each series of each household, without increments."""
    groups: defaultdict[tuple[str, str], list[Value]] = defaultdict(list)
    for value in values:
        if not value.path.endswith("/daily"):
            groups[value.household.name, metaname(value.path)].append(value)
    return list(groups.values())


def _ms(value: Value) -> int:
    return round(value.time * 1000)
