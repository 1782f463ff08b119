"""What the page *series* shows, for the daemon: read on a thread of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.household.series import as_json, of_house

if TYPE_CHECKING:
    from gateway.config.tables import Config
    from gateway.web.reader import StoreReader


async def stored_series(config: Config, reader: StoreReader) -> list[dict[str, object]]:
    """Each meter of the house with its series."""
    return await reader.read(lambda archive: as_json(of_house(archive.meters, config)))
