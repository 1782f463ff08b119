"""The part of the configuration that decides how data are shared, and its changes as entries of the journal.

What no journal may hold stays out of it: the delivery point's number is not even in the hash, since fourteen digits
are soon guessed; the account's address stands beside the chain, where it can be erased.
"""

from __future__ import annotations

import hashlib
import logging
import time
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.errors import GatewayError, StoreError
from gateway.journal.entry import Kind, canonical
from gateway.store.spanning import take_back
from gateway.store.terms import days

if TYPE_CHECKING:
    from gateway.config.tables import Config
    from gateway.daemon.house import House
    from gateway.store.journal import Journal
    from gateway.store.store import Store

log = logging.getLogger(__name__)

# Each is an entry that is signed: a start takes no longer than a few seconds of it, the next one goes on.
_MOST_TAKEN_BACK = 300

_KIND: Kind = "configuration-changed"


def note_sharing(config: Config, journal: Journal, now: float) -> bool:
    """Make an entry when the house shares in another way than the last entry says; whether it did. StoreError."""
    facts, account = _facts(config), config.federation.jid.lower() if config.federation else ""
    told = journal.facts_of(_KIND)
    if not told and not account:
        # A house that never shared anything has nothing to tell.
        return False
    # An address that was erased since proves nothing either way.
    if told and told[-1]["hash"] == facts["hash"] and told[-1].get("account", "") in (None, account):
        return False
    journal.append(_KIND, facts, {"account": account} if account else {}, now)
    return True


def note_start(store: Store, config: Config, boot: str) -> None:
    """Make the entries of a start, and give up what waited for a date in an earlier one of the machine."""
    try:
        store.journal.append("restarted", {"version": __version__})
        note_sharing(config, store.journal, time.time())
        _take_back(store)
        if lost := store.undated.give_up(boot):
            log.warning("%d frames of an earlier start are lost: nobody knew the time until it ended", lost)
    except StoreError as error:
        # A card that is full must not keep the meter from being read.
        log.warning("%s; the start stands in no entry", error)


async def note_taken(house: House, how: str) -> None:
    """Make the entry of the page's first password: by a ``code``, by the ``meter``'s plug or the ``button``."""
    try:
        await house.call(house.store.journal.append, "page-taken", {"how": how}, {}, time.time())
    except GatewayError as error:
        log.warning("%s; that the page's first password was chosen stands in no entry", error)


def longest_retention_s(config: Config, journal: Journal) -> int:
    """For how long somebody may still have data: the longest that was ever stated with them. StoreError."""
    stated = [str(told["retention"]) for told in journal.facts_of(_KIND) if "retention" in told]
    return max(days(retention) for retention in [*stated, config.max_retention]) * 86_400


def _facts(config: Config) -> dict[str, int | str]:
    federation = config.federation
    told: dict[str, int | str] = {}
    if federation:
        told = {"retention": federation.max_retention, "units": federation.units, "strangers": federation.strangers}
    names = [[meter.name, meter.sensor or "", meter.prm is not None] for meter in config.meter]
    names += [[counter.name, counter.sensor or "", False] for counter in config.counter]
    whole = {"told": told, "names": names, "resource": federation.resource if federation else ""}
    return told | {"hash": hashlib.sha256(canonical(whole).encode()).hexdigest()}


def _take_back(store: Store) -> None:
    """What a former version counted across a break is no energy: whoever has it is told, before anything is sent."""
    try:
        if count := take_back(store, time.time(), most=_MOST_TAKEN_BACK):
            told = "whoever was handed them is asked to erase them, and the page Repair shows them"
            log.warning(
                "%d values that an older version counted across a change of the index are taken back; %s", count, told
            )
    except StoreError:
        raise
    except GatewayError as error:
        log.error("what an older version counted across a change of the index cannot be taken back: %s", error)  # noqa: TRY400
