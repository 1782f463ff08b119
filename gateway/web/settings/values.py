"""What the page *settings* shows, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

GOALS = ("kwh_per_month", "kwh_per_year", "euros_per_month", "euros_per_year")


@dataclass(frozen=True, slots=True)
class Settings:
    """What is configured.

    Args:
        goals: each of ``GOALS``, None where there is none.
        address: who is told, with commas between, empty for nobody; ``language`` comes first.
        chosen: the tables that were chosen at the page.
        has_tariff: whether euros can be reckoned.
        has_account: whether the household can be written to.
        folder: of the configuration file.
        commit_interval_s: how often readings are written.
        tables: all that is set: kind, name, and key -> value of each table.
        changed: places (``kind.name.key``, or ``kind.key``) of which the file does not say the value.
        tariff: the one in force, and since when.
        ways: by so many the household is told, besides its XMPP addresses.
        broker: its machine; empty where there is none.
        account: its address; empty where there is none.
    """

    goals: Mapping[str, float | None]
    address: str
    language: str
    chosen: frozenset[str]
    has_tariff: bool
    has_account: bool
    folder: str
    commit_interval_s: int
    tables: Sequence[tuple[str, str, Mapping[str, Any]]]
    changed: frozenset[str] = frozenset()
    tariff: tuple[str, date] | None = None
    ways: int = 0
    broker: str = ""
    account: str = ""
