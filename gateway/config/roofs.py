"""Roofs of a configuration: the file that a co-operative hands to its members, and the shares that follow of each.

The file is the same for everybody: name, area, shares, its inverters as ``[[received]]``, the budget. A member names it
and says how many shares it holds.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Annotated

import msgspec

from gateway.config import words as say
from gateway.config.faults import wrong
from gateway.config.roof import Area, BudgetTable, Euros, Shares, Text  # noqa: TC001 (msgspec reads them)
from gateway.config.tables import Config, ReceivedTable, ShareTable, checked, read_toml
from gateway.errors import ConfigError, reason
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.config.roof import RoofTable

MOST_ROOFS = 20
_MOST_BYTES = 256_000

_TOO_LARGE = Phrase("{path}: {bytes} bytes are too many for a roof; at most {most}")
_NO_FILE = Phrase("{path}: is no file")
_UNREADABLE = Phrase("{path}: cannot be read: {why}; put the file of your co-operative there")
_BESIDE = Phrase("the file of the roof says it; leave it out here")
_TOO_MANY = Phrase("these are more than {most} roofs")
_NO_SOURCE = Phrase("there is no [[received]] of that name")
_TAKEN_TWICE = Phrase("this source is part of a roof already; name it once")
_OWN_SHARE = Phrase("the roof says which part is yours; leave {key} out").filled(key="share")
_OTHER_SHARE = Phrase("this source has another part than the roof; leave {key} out there").filled(key="share")
_TOO_MANY_HELD = Phrase("these are more shares than the roof has ({shares})")
_NONE_HELD = Phrase("write how many shares you hold; without any leave this table out")
_NAME_TWICE = Phrase("two roofs have this name")
_YEAR_TWICE = Phrase("the budget of {year} stands there twice")
_OTHER_YEAR = Phrase("{day} does not lie in {year}, the year of this budget")


class RoofFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of a co-operative."""

    name: Text
    shares: Shares
    received: Annotated[tuple[ReceivedTable, ...], msgspec.Meta(min_length=1, max_length=50)]
    area_m2: Area | None = None
    share_price: Euros | None = None
    budget: Annotated[tuple[BudgetTable, ...], msgspec.Meta(max_length=60)] = ()


def with_their_roofs(named: Path, file: Path, config: Config) -> tuple[Config, dict[str, tuple[Path, str]]]:
    """The configuration with each roof whole, and its sources with the household's share. Raises ConfigError.

    And of each source that a roof's file brought that file, and its place in it.

    Args:
        named: the file that is told to be wrong.
        file: from whose folder the roofs' files are taken.
        config: as it was read.
    """
    if len(config.roof) > MOST_ROOFS:
        raise wrong(named, "roof", _TOO_MANY.filled(most=MOST_ROOFS))
    received = {one.name: one for one in config.received}
    brought: dict[str, tuple[Path, str]] = {}
    roofs: list[RoofTable] = []
    taken: set[str] = set()
    for number, table in enumerate(config.roof):
        place, of_roof = f"roof[{number}]", file.parent / (table.file or "")
        roof, own = _read(named, place, table, of_roof) if table.file else (_inline(named, place, table), ())
        for line, one in enumerate(own):
            if one.name in received:
                twice = say.USED_TWICE.filled(value=one.name, tables="[[received]]")
                raise wrong(of_roof, f"received[{line}].name", twice)
            received[one.name] = one
            brought[one.name] = of_roof, f"received[{line}]"
        _check_held(named, place, roof)
        if roof.name in {one.name for one in roofs}:
            raise wrong(of_roof, "name", _NAME_TWICE) if table.file else wrong(named, f"{place}.name", _NAME_TWICE)
        for name in roof.received:
            received[name] = _shared(named, place, roof, received.get(name), taken)
            taken.add(name)
        roofs.append(roof)
    return msgspec.structs.replace(config, roof=tuple(roofs), received=tuple(received.values())), brought


def read_roof(path: Path) -> RoofFile:
    """The file of a roof, checked. Raises ConfigError."""
    try:
        about = path.stat()
    except OSError as error:
        raise ConfigError(_UNREADABLE.filled(path=path, why=reason(error))) from error
    except ValueError as error:
        raise ConfigError(_NO_FILE.filled(path=repr(str(path)))) from error
    if not stat.S_ISREG(about.st_mode):
        raise ConfigError(_NO_FILE.filled(path=path))
    if about.st_size > _MOST_BYTES:
        raise ConfigError(_TOO_LARGE.filled(path=path, bytes=about.st_size, most=_MOST_BYTES))
    found = checked(path, read_toml(path), RoofFile)
    names = set()
    for number, one in enumerate(found.received):
        if one.share:
            raise wrong(path, f"received[{number}].share", _OWN_SHARE)
        if one.name in names:
            raise wrong(path, f"received[{number}].name", say.USED_TWICE.filled(value=one.name, tables="[[received]]"))
        names.add(one.name)
    _check_budget(path, "", found.budget)
    return found


def _read(named: Path, place: str, table: RoofTable, file: Path) -> tuple[RoofTable, tuple[ReceivedTable, ...]]:
    for key in ("name", "shares", "area_m2", "share_price", "received", "budget"):
        if getattr(table, key) not in (None, ()):
            raise wrong(named, f"{place}.{key}", _BESIDE)
    found = read_roof(file)
    whole = msgspec.structs.replace(
        table,
        name=found.name,
        shares=found.shares,
        area_m2=found.area_m2,
        share_price=found.share_price,
        received=tuple(one.name for one in found.received),
        budget=found.budget,
    )
    return whole, found.received


def _inline(named: Path, place: str, table: RoofTable) -> RoofTable:
    for key in ("name", "shares", "received"):
        if not getattr(table, key):
            raise wrong(named, place, say.MISSING.filled(key=f"`{key}`"))
    _check_budget(named, f"{place}.", table.budget)
    return table


def _check_held(named: Path, place: str, roof: RoofTable) -> None:
    if not roof.held:
        raise wrong(named, f"{place}.held", _NONE_HELD)
    if roof.part > 1:
        raise wrong(named, f"{place}.held", _TOO_MANY_HELD.filled(shares=roof.shares))


def _shared(named: Path, place: str, roof: RoofTable, one: ReceivedTable | None, taken: set[str]) -> ReceivedTable:
    if one is None:
        raise wrong(named, f"{place}.received", _NO_SOURCE)
    if one.name in taken:
        raise wrong(named, f"{place}.received", _TAKEN_TWICE)
    if one.share and one.share.part != roof.part:
        raise wrong(named, f"{place}.received", _OTHER_SHARE)
    return msgspec.structs.replace(one, share=ShareTable(held=roof.held, of=roof.shares, unit="actions"))


def _check_budget(path: Path, place: str, budget: tuple[BudgetTable, ...]) -> None:
    """One budget a year, and each line of it in that year."""
    years: set[int] = set()
    for number, one in enumerate(budget):
        here = f"{place}budget[{number}]"
        if one.year in years:
            raise wrong(path, f"{here}.year", _YEAR_TWICE.filled(year=one.year))
        years.add(one.year)
        for line, spending in enumerate(one.spent):
            if spending.when.year != one.year:
                raise wrong(path, f"{here}.spent[{line}].date", _OTHER_YEAR.filled(day=spending.when, year=one.year))
