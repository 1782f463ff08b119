"""What the household changed, kept in the database's folder and laid over ``gateway.toml``, which is never written.

A change is checked as a whole before it is kept. A file that cannot be read gives way to the one before it, a table
that does not go with the administrator's file any more to what that says: each is one sentence, and the meter is read
all the same.
"""

from __future__ import annotations

import errno
import logging
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.config import words as say
from gateway.config.checks import check_together
from gateway.config.faults import kinds_at, wrong
from gateway.config.overlay import SettingsOrigin, foreign, forgotten, is_plain, is_shaped, laid_over, put, taken_out
from gateway.config.tables import Config, checked
from gateway.errors import ConfigError, StoreError, reason
from gateway.files import owner_of_folder, write_whole
from gateway.sources.paths import board_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.config.overlay import Tables
    from gateway.words.phrase import Phrase

log = logging.getLogger(__name__)

FILE, BEFORE = "settings.json", "settings-before.json"
# What a version before this one kept: two tables, each whole.
FORMER = "choices.json"
_VERSION = 1
_MOST_BYTES = 262_144


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    version: int
    tables: dict[str, Any]


def settled(file: Path, written: Tables) -> Config:
    """The configuration of what stands in the administrator's file, with the household's over it.

    ConfigError where the file itself is wrong; what is wrong with the household's is a sentence in the log.
    """
    return _settled(file, written)


def as_written(file: Path, written: Tables) -> Config:
    """The same of the administrator's file alone. ConfigError."""
    return _whole(file, file, written)


def _settled(file: Path, written: Tables, tables: Tables | None = None) -> Config:
    config = _whole(file, file, written)
    unread = False
    if tables is None:
        tables, unread = _read(config.directory)
    refused: dict[str, Any] = {}
    if tables:
        laid, refused = _as_far_as_it_goes(config, written, tables)
        config = laid or config
    origin = SettingsOrigin(file=str(file), written=written, tables=tables, refused=refused, unread=unread)
    return _known(config, origin)


def with_value(config: Config, place: str, value: object) -> Config:
    """The configuration with this value in the household's name; nothing is kept yet.

    Args:
        config: the one in force.
        place: ``household``, ``household.language``, ``meter.house.source``; ``tariff`` and ``off_peak`` are whole.
        value: as JSON has it; None where it is not to be there, whatever the file says.

    ConfigError with one sentence for what cannot be: an unknown place, the administrator's, no such value.
    """
    try:
        tables = put(config.settings.tables, place, value)
    except KeyError as error:
        raise ConfigError(say.NO_PLACE.filled(place=place)) from error
    return _changed(config, place, tables)


def value_of(place: str, text: str) -> object:
    """What somebody typed for a place, by what may stand there: a text as it is, several with commas, or JSON."""
    kinds = kinds_at(Config, place)
    if text == "null":
        return None
    value: object = text
    if kinds != {"text"} or text.startswith('"'):
        with suppress(msgspec.MsgspecError, ValueError, RecursionError):
            value = msgspec.json.decode(text)
    if not isinstance(value, str | list) and kinds <= {"text", "list"}:
        value = text
    if isinstance(value, str) and "list" in kinds and ("," in value or "text" not in kinds):
        return [one.strip() for one in value.split(",") if one.strip()]
    return value


def without_value(config: Config, place: str) -> Config:
    """The configuration as the administrator's file has that place. ConfigError where the household said nothing."""
    try:
        tables = taken_out(config.settings.tables, place)
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigError(say.NOT_CHANGED.filled(place=place)) from error
    return _changed(config, place, tables)


def change(config: Config, place: str, value: object) -> None:
    """Keep this value, and let it count at once for whoever holds ``config``; or ConfigError, StoreError, no change."""
    new = with_value(config, place, value)
    keep(new)
    adopt(config, new)


def take_back(config: Config, place: str) -> None:
    """Let the administrator's file count again; or ConfigError, StoreError, and nothing is changed."""
    new = without_value(config, place)
    keep(new)
    adopt(config, new)


def refusing(config: Config, names: Iterable[str], why: Phrase) -> Config:
    """The configuration without what the household changed in these tables, which stays kept; ConfigError."""
    settings = config.settings
    new = msgspec.structs.replace(settings, refused=settings.refused | dict.fromkeys(names, why))
    return _known(_laid(config, settings.written, new.in_force), new)


def forget(config: Config) -> Config:
    """The configuration without what says something of the household; what is left is kept. StoreError.

    The file, and what lies beside it, has been removed with all else of the household.
    """
    tables = forgotten(config.settings.tables)
    settings = msgspec.structs.replace(config.settings, tables=tables)
    new = _settled(Path(settings.file), settings.written, tables)
    if tables:
        keep(new)
    return new


def keep(config: Config) -> None:
    """Write what the household changed, and what it was before beside it. StoreError, and nothing is changed."""
    file = config.settings_file
    kept = encoded(config)
    try:
        # Also where root types the command.
        owner = owner_of_folder(file)
        if (before := _bytes_of(file)) is not None and isinstance(_decoded(before), dict):
            write_whole(file.with_name(BEFORE), before, owner=owner)
        write_whole(file, kept, owner=owner)
    except OSError as error:
        raise StoreError(say.NOT_KEPT.filled(path=file, why=reason(error))) from error


def encoded(config: Config) -> bytes:
    """The file as ``keep`` writes it."""
    return _encoded(config.settings.tables)


def adopt(config: Config, new: Config) -> None:
    """Let a configuration that others hold say what the new one says, from this moment on."""
    for name in config.__struct_fields__:
        msgspec.structs.force_setattr(config, name, getattr(new, name))


def _changed(config: Config, place: str, tables: Tables) -> Config:
    settings, name = config.settings, place.partition(".")[0]
    refused = {table: why for table, why in settings.refused.items() if table != name and table in tables}
    new = msgspec.structs.replace(settings, tables=tables, refused=refused)
    if len(_encoded(tables)) > _MOST_BYTES:
        raise ConfigError(say.TOO_MUCH_IN_ALL.filled(place=place))
    known = name in config.__struct_fields__ and name not in say.OURS
    if not known or (foreign(tables) is None and not is_shaped(tables)):
        raise ConfigError(say.NO_PLACE.filled(place=place))
    return _known(_laid(config, settings.written, new.in_force), new)


def _known(config: Config, settings: SettingsOrigin) -> Config:
    return msgspec.structs.replace(config, settings=settings)


def _as_far_as_it_goes(config: Config, written: Tables, tables: Tables) -> tuple[Config | None, dict[str, Any]]:
    """What of the household's goes with the file, and why the rest does not."""
    try:
        return _laid(config, written, tables), {}
    except ConfigError:
        # One table costs itself and no other.
        good: Tables = {}
        laid, refused = None, {}
        for name, table in tables.items():
            try:
                laid = _laid(config, written, good | {name: table})
                good[name] = table
            except ConfigError as error:
                refused[name] = error.phrase
                log.warning("%s; the administrator's file counts", error)
        return laid, refused


def _laid(config: Config, written: Tables, tables: Mapping[str, Any]) -> Config:
    """The whole configuration with these tables over the file. ConfigError, naming the household's file."""
    file = config.settings_file
    if place := foreign(tables):
        raise wrong(file, place, say.ADMINISTRATORS)
    for name, table in tables.items():
        if not is_plain(table):
            raise wrong(file, name, say.ONE_LINE)
    laid = _whole(file, Path(config.folder) / "gateway.toml", laid_over(written, tables))
    if "meter" in tables:
        _check_sources(file, laid)
    return laid


def _check_sources(file: Path, config: Config) -> None:
    """A line can be made of each."""
    from gateway.sources.source import parse_source  # noqa: PLC0415 (it brings the serial ports along)

    for number, meter in enumerate(config.meter):
        place = f"meter[{number}].source"
        if board_of(meter.source):
            continue
        try:
            parse_source(meter.source, config.path("."))
        except ConfigError as error:
            raise wrong(file, place, error.phrase) from error


def _whole(named: Path, file: Path, raw: Tables) -> Config:
    """Checked in each part and together; ``named`` is the file that is told to be wrong."""
    config = checked(named, {**raw, "folder": str(file.parent)}, Config)
    if any(tariff.offer for tariff in config.tariff):
        from gateway.config.offers import with_their_offers  # noqa: PLC0415 (few name a file)

        config = msgspec.structs.replace(config, tariff=with_their_offers(file, config.tariff))
    brought: Mapping[str, tuple[Path, str]] = {}
    if config.roof:
        from gateway.config.roofs import with_their_roofs  # noqa: PLC0415 (few households hold shares)

        config, brought = with_their_roofs(named, file, config)
    check_together(named, config, brought)
    return config


def _read(folder: Path) -> tuple[Tables, bool]:
    """What the household changed: of the file, or of the one before it; nothing where neither can be read.

    And whether there is a file that could not be read.
    """
    unread = False
    for name in (FILE, BEFORE):
        file = folder / name
        try:
            data = _bytes_of(file)
        except OSError as error:
            log.warning("%s: what was changed at the page cannot be read: %s", file, error.strerror)
            unread = True
            continue
        if data is None:
            # Also where it is none of this user's business.
            unread = unread or os.path.lexists(file)
            break
        found = _decoded(data)
        if isinstance(found, dict):
            return found, unread
        unread = True
        log.warning("%s: what was changed at the page cannot be read (%s); what was kept before counts", file, found)
    return _former(folder / FORMER), unread


def _encoded(tables: Tables) -> bytes:
    return msgspec.json.encode(_Kept(_VERSION, tables))


def _bytes_of(file: Path) -> bytes | None:
    """None for no file; or where it is none of this user's business, as the database is not."""
    try:
        # Root reads it as well, in a folder that is the gateway's: no link, no device, nothing that has one wait.
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "it is no file", str(file))
            return stream.read(_MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None


def _decoded(data: bytes) -> Tables | str:
    """The tables; why there are none."""
    if len(data) > _MOST_BYTES:
        return "it is too large"
    try:
        kept = msgspec.json.decode(data, type=_Kept)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return str(error)
    if kept.version != _VERSION:
        return f"it is of version {kept.version}"
    return kept.tables if is_shaped(kept.tables) else "its tables have another form"


def _former(file: Path) -> Tables:
    """What a version before this one kept, until something is changed."""
    try:
        data = _bytes_of(file)
        found = msgspec.json.decode(data, type=dict[str, dict[str, Any] | None]) if data else {}
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        log.warning("%s: what was chosen at the page cannot be read (%s); choose again there", file, error)
        return {}
    return {name: found[name] for name in ("objective", "household") if found.get(name) is not None}
