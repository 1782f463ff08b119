"""What the household chose at its page, kept in the database's folder and in force at once.

It stands before what ``gateway.toml`` says: the file is root's, the page is the household's. One choice is a whole
table; taken back, the file counts again.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from gateway.errors import StoreError
from gateway.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.balance.tariff import Objective
    from gateway.config.tables import Config, HouseholdChoices, HouseholdTable

log = logging.getLogger(__name__)


def choose_objective(config: Config, objective: Objective | None) -> None:
    """Let this be the objective, or what the file says; StoreError, with nothing changed, when it cannot be kept."""
    _keep(config.choices_file, msgspec.structs.replace(config.choices, objective=objective))
    config.choices.objective = objective


def choose_household(config: Config, household: HouseholdTable | None) -> None:
    """Let this one be told, or whom the file names; StoreError, with nothing changed, when it cannot be kept."""
    _keep(config.choices_file, msgspec.structs.replace(config.choices, household=household))
    config.choices.household = household


def forget_choices(config: Config) -> None:
    """Nothing is chosen any more: the file has been removed with all else of the household."""
    config.choices.objective = config.choices.household = None


def _keep(file: Path, choices: HouseholdChoices) -> None:
    """On the disk, whole or not at all."""
    try:
        write_whole(file, msgspec.json.encode(choices))
    except OSError as error:
        raise StoreError(f"{file}: cannot be written: {error.strerror}; nothing was changed") from error
    log.info("something was chosen at the page")
