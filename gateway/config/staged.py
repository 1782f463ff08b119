"""A configuration that has not its place yet, with the files that come with it: would the gateway start by it?"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.config import words as say
from gateway.config.faults import wrong
from gateway.config.settings import as_written
from gateway.config.tables import read_toml
from gateway.errors import ConfigError
from gateway.sources.paths import board_of
from gateway.sources.source import parse_source

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = "gateway.toml"


def check_staged(config: Path, place: Path, beside: Mapping[str, Path]) -> None:
    """ConfigError, naming it as it will be called, where the gateway would not start by it.

    Args:
        config: where it is now.
        place: where it is to be.
        beside: of the files that come with it, by their paths from its folder, where each is now.
    """
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for name, file in {**beside, _NAME: config}.items():
            (scratch / name).parent.mkdir(parents=True, exist_ok=True)
            (scratch / name).symlink_to(file.absolute())
        try:
            raw = read_toml(scratch / _NAME, say.OURS)
            _name_the_rest(raw, place.parent, beside)
            for number, meter in enumerate(as_written(scratch / _NAME, raw).meter):
                _check_source(f"meter[{number}].source", meter.source, place)
        except ConfigError as error:
            raise ConfigError(str(error).replace(str(scratch), str(place.parent))) from error


def _check_source(where: str, source: str, place: Path) -> None:
    """A line can be made of it."""
    try:
        if not board_of(source):
            parse_source(source, place.parent)
    except ConfigError as error:
        raise wrong(place, where, error.phrase) from error


def _name_the_rest(raw: dict[str, Any], folder: Path, beside: Mapping[str, Path]) -> None:
    """An offer, or a roof's file, that does not come along is the one that lies there already."""
    # An offer without an ending is an example that comes with the program.
    for name, key, ending in (("tariff", "offer", ".toml"), ("roof", "file", "")):
        tables = raw.get(name)
        for table in tables if isinstance(tables, list) else ():
            file = table.get(key) if isinstance(table, dict) else None
            if isinstance(file, str) and file and file.endswith(ending) and file not in beside and "\0" not in file:
                table[key] = str(folder.absolute() / file)
