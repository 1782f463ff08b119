"""What the page *series* shows, for the daemon: read on a thread of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.household.series import as_json, of_house
from gateway.web.series.routes import series
from gateway.web.sharing.stored import read

if TYPE_CHECKING:
    from gateway.config.tables import Config
    from gateway.web.part import PageGroup


def series_part(config: Config) -> PageGroup:
    """The part *series* of this house."""

    async def meters() -> list[dict[str, object]]:
        return await read(config.directory, lambda archive: as_json(of_house(archive.meters, config)))

    return series(meters)
