"""What one key of the configuration says of another: names used twice, a table that another one needs.

What a single key may hold is checked with its type (``gateway.config``).
"""

from __future__ import annotations

import ipaddress
import math
import re
from fractions import Fraction
from typing import TYPE_CHECKING

from gateway.address import fault as address_fault
from gateway.balance.tariff import fault
from gateway.errors import ConfigError, SenMLError
from gateway.language import Phrase, same
from gateway.pulses.quantity import find_quantity, parse_amount
from gateway.senml.naming import parse_identifier
from gateway.sources.board import board_of
from gateway.sources.paths import fault as fault_of_path

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.config import Config, Counter, Federation, Mqtt, Share, Web

# Of a meter, a counter, a board.
NAME = "^[a-z0-9][a-z0-9-]{0,31}$"


def check_together(path: Path, config: Config) -> None:
    """ConfigError, with the path of the first key that cannot stand beside the others."""
    _check_meters(path, config)
    _check_counters(path, config)
    _check_addresses(path, config)
    _check_federation(path, config.federation)
    _check_received(path, config)
    _check_mqtt(path, config.mqtt)
    _check_boards(path, config)
    _check_tariffs(path, config)
    _check_web(path, config.web)
    if config.written_household and not config.federation:
        raise ConfigError(f"{path}: household.address: alerts are sent by the account of [federation]; add that table")


def amount_of(counter: Counter, key: str, where: str) -> Fraction:
    """``per_pulse`` or ``start`` of a counter in the store's unit; ConfigError, at ``where``, when it is none."""
    quantity, text = find_quantity(counter.quantity), getattr(counter, key)
    assert quantity is not None  # noqa: S101 (the words of the struct are those of the table)
    try:
        return Fraction(0) if text is None else parse_amount(text, quantity)
    except ValueError as error:
        raise ConfigError(f"{where}.{key}: {error}") from error


def _check_meters(path: Path, config: Config) -> None:
    for key in ("name", "source", "sensor", "tee"):
        seen: set[str | None] = set()
        for place, meter in enumerate(config.meter):
            value = getattr(meter, key)
            if value is not None and value in seen:
                raise ConfigError(f"{path}: meter[{place}].{key}: {value!r} is used by another [[meter]]")
            seen.add(value)
    for place, meter in enumerate(config.meter):
        if wrong := fault_of_path(meter.source):
            raise ConfigError(same(f"{path}: meter[{place}].source: ") + wrong)
        where = f"{path}: meter[{place}].tee"
        if meter.tee and board_of(meter.source):
            raise ConfigError(f"{where}: a board sends frames, not the bytes of a wire; leave it out")
        if meter.tee_at and not _can_listen(*meter.tee_at):
            raise ConfigError(f"{where}: {meter.tee!r}: write HOST:PORT, a port from 1 to 65535")


def _can_listen(host: str, port: int) -> bool:
    try:
        # A name that no resolver can be asked for would raise much later, and not as an OSError.
        host.encode("idna")
    except UnicodeError:
        return False
    return 1 <= port <= 65_535


def _check_counters(path: Path, config: Config) -> None:
    for place, counter in enumerate(config.counter):
        where = f"{path}: counter[{place}]"
        for key in ("name", "sensor", "gpio"):
            others = [getattr(one, key, None) for one in (*config.meter, *config.counter[:place])]
            value = getattr(counter, key)
            if value is not None and value in others:
                raise ConfigError(f"{where}.{key}: {value!r} is used by another [[meter]] or [[counter]]")
        if amount_of(counter, "per_pulse", where) == 0:
            raise ConfigError(f"{where}.per_pulse: a pulse that is nothing cannot be counted")
        amount_of(counter, "start", where)


def _check_boards(path: Path, config: Config) -> None:
    for place, meter in enumerate(config.meter):
        board = board_of(meter.source)
        where = f"{path}: meter[{place}].source"
        if board is None:
            continue
        if not re.fullmatch(NAME, board) or board == "gateway":
            raise ConfigError(f"{where}: {meter.source!r}: write board:ID, as on the board's label")
        if config.mqtt is None:
            raise ConfigError(f"{where}: boards are heard by way of the MQTT broker; add the table [mqtt]")


def _check_mqtt(path: Path, mqtt: Mqtt | None) -> None:
    if mqtt and mqtt.ca_file and not mqtt.tls:
        raise ConfigError(f"{path}: mqtt.ca_file: without tls = true no certificate is looked at")
    if mqtt and mqtt.password_file and not mqtt.user:
        raise ConfigError(f"{path}: mqtt.user: whose password is it? set the user's name")


def _check_web(path: Path, web: Web | None) -> None:
    if web and not 1 <= web.address[1] <= 65_535:
        raise ConfigError(f"{path}: web.listen: {web.listen!r}: a port is 1 to 65535")
    for network in web.networks if web else ():
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise ConfigError(f"{path}: web.networks: {error}; write it as in 2001:db8:1:2::/64") from error


def _check_received(path: Path, config: Config) -> None:
    names = {*(meter.name for meter in config.meter), *(counter.name for counter in config.counter)}
    asked: set[tuple[str, str]] = set()
    for place, one in enumerate(config.received):
        where = f"{path}: received[{place}]"
        if config.federation is None:
            raise ConfigError(f"{where}: series are received by the account of [federation]; add that table")
        if one.name in names:
            raise ConfigError(f"{where}.name: {one.name!r} is used by another [[meter]], [[counter]] or [[received]]")
        names.add(one.name)
        sender = one.provider.partition("/")[0].lower()
        if sender == config.federation.jid.lower():
            raise ConfigError(f"{where}.provider: this is the gateway itself")
        if (sender, one.identifier) in asked:
            raise ConfigError(f"{where}.identifier: another [[received]] has the same of this provider")
        asked.add((sender, one.identifier))
        try:
            parse_identifier(one.identifier)
        except SenMLError as error:
            raise ConfigError(f"{where}.identifier: {error}") from error
        _check_share(f"{where}.share", one.share)
        if one.message and one.history:
            raise ConfigError(f"{where}.history: a proxy of 2019 cannot be asked for its past; leave it out")
        if one.message and not parse_identifier(one.identifier).path:
            raise ConfigError(
                f"{where}.identifier: a Sen1Message is one series; write the whole name that it is to have"
            )


def _check_share(where: str, share: Share | None) -> None:
    if share and share.of is None and share.unit != "percent":
        raise ConfigError(f"{where}.of: how many {share.unit} there are in all is missing")
    if share and not all(math.isfinite(number) for number in (share.held, share.of or 0)):
        raise ConfigError(f"{where}: a part of endlessly many is no part")
    if share and share.part > 1:
        raise ConfigError(f"{where}.held: more than there is")


def _check_tariffs(path: Path, config: Config) -> None:
    found = fault(config.tariff)
    if found:
        raise ConfigError(f"{path}: {found}")
    wanted = config.written_objective
    euros = wanted.euros_per_month or wanted.euros_per_year
    if euros and not config.tariff:
        raise ConfigError(f"{path}: objective: euros are reckoned by a [[tariff]]; add one, or set kwh_per_month")


def _check_addresses(path: Path, config: Config) -> None:
    """Each address that is written here can be somebody's."""
    written = [(f"received[{place}].provider", one.provider) for place, one in enumerate(config.received)]
    if config.federation:
        written += [
            ("federation.jid", config.federation.jid),
            ("federation.installer", config.federation.installer or ""),
        ]
    if config.written_household:
        told = config.written_household.address
        written += [("household.address", one) for one in ((told,) if isinstance(told, str) else told)]
    for where, text in written:
        if text and (reason := address_fault(text.partition("/")[0].lower())):
            fr, en = f"{path}: {where}: {text!r}: {reason.fr}", f"{path}: {where}: {text!r}: {reason.en}"
            raise ConfigError(Phrase(fr, en))


def _check_federation(path: Path, federation: Federation | None) -> None:
    if federation and federation.pin_only and not federation.pin:
        raise ConfigError(
            f"{path}: federation.pin_only: without a pin every server would be believed; "
            "set pin (`linky-gateway account pin` shows it)"
        )
