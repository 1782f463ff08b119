"""What one key of the configuration says of another: names used twice, a table that another one needs.

What a single key may hold is checked with its type (``gateway.config.tables``).
"""

from __future__ import annotations

import ipaddress
import math
import re
from datetime import date, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from gateway.addresses.validity import fault as address_fault
from gateway.balance.calendar import days
from gateway.balance.supplier_offer import seasons_fault, windows_fault
from gateway.balance.tariff import fault, fault_of_volumes
from gateway.config import words as say
from gateway.config.faults import wrong
from gateway.config.notice import check_notices
from gateway.errors import ReadingError, SenMLError
from gateway.sources.paths import board_of
from gateway.sources.paths import fault as fault_of_path
from gateway.words.phrase import Phrase, same

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gateway.config.tables import (
        Config,
        CounterTable,
        FederationTable,
        MqttTable,
        OffPeakTable,
        ReceivedTable,
        ShareTable,
    )
    from gateway.config.web import WebTable

# Of a meter, a counter, a board.
NAME = "^[a-z0-9][a-z0-9-]{0,31}$"


def check_together(path: Path, config: Config, brought: Mapping[str, tuple[Path, str]]) -> None:
    """ConfigError, with the path of the first key that cannot stand beside the others.

    Args:
        path: the file that is told to be wrong.
        config: of it.
        brought: names of ``[[received]]`` that another file brought -> that file, and their place in it.
    """
    _check_meters(path, config)
    _check_counters(path, config)
    _check_addresses(path, config)
    _check_federation(path, config.federation)
    _check_received(path, config, brought)
    _check_places(path, config)
    _check_mqtt(path, config.mqtt)
    _check_boards(path, config)
    _check_button(path, config)
    _check_tariffs(path, config)
    _check_web(path, config.web)
    check_notices(path, config.notice)
    if config.household and not config.federation:
        raise wrong(path, "household.address", say.ALERTS_NEED_ACCOUNT)


def amount_of(counter: CounterTable, key: str) -> Fraction:
    """``per_pulse`` or ``start`` of a counter in the store's unit; ReadingError when it is none."""
    from gateway.pulses.quantity import find_quantity, parse_amount  # noqa: PLC0415 (few houses count pulses)

    quantity, text = find_quantity(counter.quantity), getattr(counter, key)
    assert quantity is not None  # noqa: S101 (the words of the struct are those of the table)
    return Fraction(0) if text is None else parse_amount(text, quantity)


def _check_meters(path: Path, config: Config) -> None:
    for key in ("name", "source", "sensor", "tee"):
        seen: set[str | None] = set()
        for number, meter in enumerate(config.meter):
            value = getattr(meter, key)
            if value is not None and value in seen:
                raise wrong(path, f"meter[{number}].{key}", say.USED_TWICE.filled(value=value, tables="[[meter]]"))
            seen.add(value)
    for number, meter in enumerate(config.meter):
        if found := fault_of_path(meter.source):
            raise wrong(path, f"meter[{number}].source", found)
        place = f"meter[{number}].tee"
        if meter.tee and board_of(meter.source):
            raise wrong(path, place, say.NO_BYTES_OF_BOARD)
        if meter.tee_at and not _can_listen(*meter.tee_at):
            raise wrong(path, place, say.NO_PORT.filled(value=meter.tee))


def _can_listen(host: str, port: int) -> bool:
    try:
        # A name that no resolver can be asked for would raise much later, and not as an OSError.
        host.encode("idna")
    except UnicodeError:
        return False
    return 1 <= port <= 65_535


def _check_counters(path: Path, config: Config) -> None:
    for number, counter in enumerate(config.counter):
        place = f"counter[{number}]"
        for key in ("name", "sensor", "gpio"):
            others = [getattr(one, key, None) for one in (*config.meter, *config.counter[:number])]
            value = getattr(counter, key)
            if value is not None and value in others:
                raise wrong(path, f"{place}.{key}", _used_twice(value, ("[[meter]]", "[[counter]]")))
        for key in ("per_pulse", "start"):
            try:
                amount = amount_of(counter, key)
            except ReadingError as error:
                raise wrong(path, f"{place}.{key}", error.phrase) from error
            if key == "per_pulse" and amount == 0:
                raise wrong(path, f"{place}.{key}", say.EMPTY_PULSE)


def _check_button(path: Path, config: Config) -> None:
    button = config.web.gpio_of_button if config.web else None
    if button is not None and button in [counter.gpio for counter in config.counter]:
        raise wrong(path, "web.button", _used_twice(button, ("[[counter]]", "[web]")))


def _used_twice(value: object, tables: Sequence[str]) -> Phrase:
    *others, last = tables
    return say.USED_TWICE.filled(value=value, tables=same(", ".join(others)) + say.OR + same(last))


def _check_boards(path: Path, config: Config) -> None:
    for number, meter in enumerate(config.meter):
        board = board_of(meter.source)
        place = f"meter[{number}].source"
        if board is None:
            continue
        if not re.fullmatch(NAME, board) or board == "gateway":
            raise wrong(path, place, say.BOARD_NAME.filled(value=meter.source))
        if config.mqtt is None:
            raise wrong(path, place, say.BOARD_NEEDS_MQTT)


def _check_mqtt(path: Path, mqtt: MqttTable | None) -> None:
    if mqtt and mqtt.ca_file and not mqtt.tls:
        raise wrong(path, "mqtt.ca_file", say.NO_TLS)
    if mqtt and mqtt.password_file and not mqtt.user:
        raise wrong(path, "mqtt.user", say.WHOSE_PASSWORD)


def _check_web(path: Path, web: WebTable | None) -> None:
    if web is None:
        return
    if not 1 <= web.address[1] <= 65_535:
        raise wrong(path, "web.listen", say.PORT_RANGE.filled(value=web.listen))
    encrypted = web.encrypted_address
    if encrypted and not 1 <= encrypted[1] <= 65_535:
        raise wrong(path, "web.https", say.PORT_RANGE.filled(value=web.https))
    if web.http == "redirect" and encrypted is None:
        raise wrong(path, "web.http", say.NO_HTTPS)
    if web.key_file and not web.certificate_file:
        raise wrong(path, "web.certificate_file", say.WHOSE_KEY)
    for network in web.networks:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise wrong(path, "web.networks", say.NO_NETWORK.filled(value=network)) from error


def _check_received(path: Path, config: Config, brought: Mapping[str, tuple[Path, str]]) -> None:
    names = {*(meter.name for meter in config.meter), *(counter.name for counter in config.counter)}
    asked: set[tuple[str, str]] = set()
    for number, one in enumerate(config.received):
        file, place = brought.get(one.name, (path, f"received[{number}]"))
        if config.federation is None:
            raise wrong(path, "roof" if one.name in brought else place, say.RECEIVED_NEEDS_ACCOUNT)
        if one.name in names:
            raise wrong(file, f"{place}.name", _used_twice(one.name, ("[[meter]]", "[[counter]]", "[[received]]")))
        names.add(one.name)
        sender = one.provider.partition("/")[0].lower()
        if sender == config.federation.jid.lower():
            raise wrong(file, f"{place}.provider", say.ITSELF)
        if (sender, one.identifier) in asked:
            raise wrong(file, f"{place}.identifier", say.RECEIVED_TWICE)
        asked.add((sender, one.identifier))
        _check_identifier(file, place, one)
        _check_share(file, f"{place}.share", one.share)


def _check_places(path: Path, config: Config) -> None:
    seen: set[str] = set()
    for number, place in enumerate(config.place):
        if not place.name.isprintable() or not place.name.strip():
            raise wrong(path, f"place[{number}].name", say.ONE_LINE)
        if place.name.casefold() in seen:
            raise wrong(path, f"place[{number}].name", say.USED_TWICE.filled(value=place.name, tables="[[place]]"))
        seen.add(place.name.casefold())
        for name in place.series:
            if name not in config.electricity:
                said = say.NO_SERIES_OF_PLACE.filled(value=name, names=", ".join(config.electricity))
                raise wrong(path, f"place[{number}].series", said)
        if len({*place.series}) < len(place.series):
            twice = next(name for name in place.series if place.series.count(name) > 1)
            raise wrong(path, f"place[{number}].series", say.TWICE_IN_PLACE.filled(value=twice))


def _check_identifier(path: Path, place: str, one: ReceivedTable) -> None:
    from gateway.senml.naming import parse_identifier  # noqa: PLC0415 (few houses receive anything)

    try:
        identifier = parse_identifier(one.identifier)
    except SenMLError as error:
        raise wrong(path, f"{place}.identifier", error.phrase) from error
    if one.message and one.history:
        raise wrong(path, f"{place}.history", say.NO_PAST)
    if one.message and not identifier.path:
        raise wrong(path, f"{place}.identifier", say.ONE_SERIES)


def _check_share(path: Path, place: str, share: ShareTable | None) -> None:
    if share and share.of is None and share.unit != "percent":
        raise wrong(path, f"{place}.of", say.OF_HOW_MANY.filled(unit=share.unit))
    if share and not all(math.isfinite(number) for number in (share.held, share.of or 0)):
        raise wrong(path, place, say.NO_PART)
    if share and share.part > 1:
        raise wrong(path, f"{place}.held", say.TOO_MUCH)


def _check_tariffs(path: Path, config: Config) -> None:
    if found := fault(config.tariff) or fault_of_volumes(config.volume_tariff):
        raise wrong(path, *found)
    for number, one in enumerate(config.off_peak):
        place = f"off_peak[{number}]"
        found = windows_fault(one.hours, f"{place}.hours") or seasons_fault(one.seasons, f"{place}.seasons")
        if found:
            raise wrong(path, *found)
        for other in config.off_peak[:number]:
            if day := _both_hold(one, other):
                raise wrong(path, f"{place}.from", say.OFF_PEAK_TWICE.filled(day=day))
    wanted = config.objective
    if not config.tariff and (wanted.euros_per_month or wanted.euros_per_year):
        raise wrong(path, "objective", say.NO_TARIFF)


def _both_hold(one: OffPeakTable, other: OffPeakTable) -> date | None:
    """The first day on which both are the off-peak hours."""
    first = max(one.since, other.since)
    ends = [until for until in (one.until, other.until) if until is not None]
    # After a year all seasons have been.
    last = min([*ends, first + min(timedelta(days=366), date.max - first)])
    both = (one.dated, other.dated)
    found = [*days(first, last), last] if first <= last else []
    return next((day for day in found if all(w.holds(day) for w in both)), None)


def _check_addresses(path: Path, config: Config) -> None:
    """Each address that is written here can be somebody's."""
    written = [(f"received[{number}].provider", one.provider) for number, one in enumerate(config.received)]
    if config.federation:
        written += [
            ("federation.jid", config.federation.jid),
            ("federation.installer", config.federation.installer or ""),
        ]
    if config.household:
        told = config.household.address
        written += [("household.address", one) for one in ((told,) if isinstance(told, str) else told)]
    for place, text in written:
        if text and (why := address_fault(text.partition("/")[0].lower())):
            raise wrong(path, place, say.AT.filled(place=repr(text), what=why))


def _check_federation(path: Path, federation: FederationTable | None) -> None:
    if federation and federation.pin_only and not federation.pin:
        raise wrong(path, "federation.pin_only", say.NO_PIN)
