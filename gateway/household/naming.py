"""What the series of this house are called in the federation, in an export as in a delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.senml.naming import SeriesName

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.config.tables import Config
    from gateway.store.points import MeterInfo, Series

# What names begin with in a house that has no account in the federation.
_NO_ACCOUNT = ("linky-gateway", "localhost")


def series_namer(config: Config, meters: Sequence[MeterInfo]) -> Callable[[Series], SeriesName]:
    """Series to its name in the federation, for all meters of this house."""
    # As the session folds it, so that an export and a delivery use one name.
    account = config.federation.jid.lower().split("@") if config.federation else _NO_ACCOUNT
    application, server = account
    known = {meter.name: meter for meter in meters}

    def name(series: Series) -> SeriesName:
        meter = known[series.meter]
        return SeriesName(application, server, meter.sensor, server, series.path, meter.prm)

    return name
