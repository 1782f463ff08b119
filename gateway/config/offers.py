"""Files of offers: those that a household writes, and the examples that come with the program.

An example is used where it is named, and nowhere else: its prices are of the day that it says, and each result shows
that day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gateway.balance import supplier_offer
from gateway.balance.supplier_offer import (
    MIDNIGHT,
    POWER_UNKNOWN,
    NotComputable,
    SupplierOffer,
    grid,
    offer_fault,
)
from gateway.config.faults import wrong
from gateway.config.tables import checked, read_toml
from gateway.errors import ConfigError, reason
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from gateway.balance.tariff import Tariff

EXAMPLES = Path(supplier_offer.__file__).with_name("offers")
_MOST_BYTES = 256_000

_NO_EXAMPLE = Phrase("{name}: no such example ({known}); a file of your own is named with its ending, .toml")
_TOO_LARGE = Phrase("{path}: {bytes} bytes are too many for an offer; at most {most}")
_UNREADABLE = Phrase("{path}: cannot be read: {why}")
_BESIDE = Phrase("the file of the offer says it; leave it out here")
_CHOOSE_DAY = Phrase('the offer leaves the weekday to you: add for example weekday = "wed"')
_CHOOSE_POWER = Phrase("the prices of the offer depend on the subscribed power: add for example power = 6")
_CHOOSE_HOURS = Phrase('the offer leaves the hours to you: add for example chosen_hours = ["13:00/15:00"]')
_NOT_THEN = Phrase("the offer has no price in that time; its first one is of {since}")


@dataclass(frozen=True, slots=True)
class OfferFile:
    """An offer, and where it stood: a file of the household's, or an example."""

    offer: SupplierOffer
    path: Path
    example: bool


def example_names() -> list[str]:
    """The examples that come with the program, by the names that a command takes."""
    return sorted(path.stem for path in EXAMPLES.glob("*.toml"))


def find_offer(name: str, folder: Path) -> OfferFile:
    """The offer of a file (``.toml``, from ``folder``), or the example of that name. Raises ConfigError."""
    if name.endswith(".toml"):
        path, example = folder / name, False
    elif name in example_names():
        path, example = EXAMPLES / f"{name}.toml", True
    else:
        raise ConfigError(_NO_EXAMPLE.filled(name=name, known=", ".join(example_names())))
    return OfferFile(read_offer(path), path, example)


def read_offer(path: Path) -> SupplierOffer:
    """A file of an offer, checked. Raises ConfigError."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise ConfigError(_UNREADABLE.filled(path=path, why=reason(error))) from error
    if size > _MOST_BYTES:
        raise ConfigError(_TOO_LARGE.filled(path=path, bytes=size, most=_MOST_BYTES))
    offer = checked(path, read_toml(path), SupplierOffer)
    if found := offer_fault(offer):
        raise wrong(path, *found)
    return offer


def with_their_offers(path: Path, tariffs: tuple[Tariff, ...]) -> tuple[Tariff, ...]:
    """The tariffs of a configuration; one that names the file of an offer as one for each of its prices.

    Raises ConfigError.
    """
    found: list[Tariff] = []
    for number, tariff in enumerate(tariffs):
        found += _from_file(path, f"tariff[{number}]", tariff, tariff.offer) if tariff.offer else [tariff]
    return tuple(found)


def _from_file(path: Path, place: str, tariff: Tariff, name: str) -> list[Tariff]:
    for key in ("prices", "subscription", "checked", "when", "days_of"):
        if getattr(tariff, key):
            raise wrong(path, f"{place}.{'list' if key == 'days_of' else key}", _BESIDE)
    if tariff.day_begins != MIDNIGHT:
        raise wrong(path, f"{place}.day_begins", _BESIDE)
    offer = find_offer(name, path.parent).offer
    weekday, hours = offer.chooses
    if weekday and tariff.weekday is None:
        raise wrong(path, place, _CHOOSE_DAY)
    if hours and not tariff.chosen_hours:
        raise wrong(path, place, _CHOOSE_HOURS)
    found = [
        one
        for day, following in _days_of_prices(tariff, offer)
        if (one := _priced(path, place, tariff, offer, day, following))
    ]
    if not found:
        raise wrong(path, f"{place}.from", _NOT_THEN.filled(since=min(one.since for one in offer.price)))
    return found


def _days_of_prices(tariff: Tariff, offer: SupplierOffer) -> Iterable[tuple[date, date | None]]:
    """Each day in the tariff's time on which a price or a tax begins, with the next one."""
    begins = {*(one.since for one in offer.price), *(one.since for one in offer.taxes)}
    last = tariff.until
    days = sorted({tariff.since, *(day for day in begins if day > tariff.since and (last is None or day <= last))})
    return zip(days, [*days[1:], None], strict=True)


def _priced(
    path: Path, place: str, tariff: Tariff, offer: SupplierOffer, day: date, following: date | None
) -> Tariff | None:
    """The tariff with the offer's prices of a day, until the next ones; None where there are none."""
    price = next((one for one in offer.price if one.holds(day)), None)
    try:
        prices = grid(offer, day, tariff.power)
    except NotComputable as error:
        raise wrong(path, place, _CHOOSE_POWER if error.phrase is POWER_UNKNOWN else error.phrase) from error
    if price is None or prices is None:
        return None
    before = following - timedelta(days=1) if following else None
    ends = [one for one in (tariff.until, price.until, before) if one is not None]
    return msgspec.structs.replace(
        tariff,
        since=day,
        until=min(ends, default=None),
        subscription=float(prices.subscription),
        prices={word: float(one) for word, one in prices.prices.items()},
        checked=offer.checked,
        when=offer.when,
        day_begins=offer.day_begins,
        days_of=offer.days_of,
    )
