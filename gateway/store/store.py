"""The database, opened for writing or only for reading: builds its parts over one connection, and holds them.

A part owns its tables and says by its fields which others it needs; who is built before it is all that it can
know. Callers are given the part that they need, not the whole.
"""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING

from gateway.errors import StoreError
from gateway.store.absence import Absences
from gateway.store.batches import Batches
from gateway.store.connection import open_reader, open_writer
from gateway.store.consents import Consents
from gateway.store.energy import EnergyRows
from gateway.store.household_notices import HouseholdQueue
from gateway.store.journal import Journal
from gateway.store.ledger import Ledger
from gateway.store.ledger_entries import LedgerEntries
from gateway.store.meters import Meters
from gateway.store.minutes import Minutes
from gateway.store.notices import RecipientNotices
from gateway.store.notified import NotifiedAlerts
from gateway.store.others import OfOthers
from gateway.store.outbox import Outbox
from gateway.store.pseudonyms import Pseudonyms
from gateway.store.queue import Accounts, QueuedRows
from gateway.store.raw import RawGauges
from gateway.store.readings import Readings
from gateway.store.redo import RedoLog
from gateway.store.relayed import Relayed
from gateway.store.rollups import Rollups
from gateway.store.spanning import Spanning
from gateway.store.subscriptions import Subscriptions
from gateway.store.tariff_notes import TariffNotes
from gateway.store.texts import Texts
from gateway.store.transactions import Transactions
from gateway.store.transfers import Transfers
from gateway.store.undated import UndatedFrames
from gateway.store.watching import Watching

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from gateway.store.access import AccessRequests
    from gateway.store.anchors import Anchors
    from gateway.store.corrections import Corrections
    from gateway.store.curves import Curves
    from gateway.store.domains import Domains
    from gateway.store.dump import Dump
    from gateway.store.erasure import Erasure
    from gateway.store.health import HealthAnswers
    from gateway.store.imports import Imports
    from gateway.store.neighbours import Neighbours
    from gateway.store.providers import Providers
    from gateway.store.received import ReceivedPoints

# ruff: noqa: PLC0415 (what is seldom asked for is imported where it is made: a daemon would keep it for months)

log = logging.getLogger(__name__)


class _Parts:
    """What both have: the parts that every minute needs at once, those for a household's rare acts at their first use.

    Args:
        db: the connection.
    """

    def __init__(self, db: Transactions) -> None:
        self.db = db
        self.journal = journal = Journal(db)
        self._minutes, self._raw = minutes, raw = Minutes(db), RawGauges(db)
        self.meters = meters = Meters(db, minutes, raw)
        self.notices = notices = RecipientNotices(db, journal)
        self.absences = Absences(db, journal, notices)
        self.pseudonyms = Pseudonyms(db, meters, journal)
        self.accounts = accounts = Accounts(db)
        self.transfers = Transfers(db, meters, journal, notices, self.pseudonyms, accounts)
        self.queue = QueuedRows(db, meters, accounts)
        self.texts = Texts(db)
        self.consents = consents = Consents(db, meters, journal, notices, self.pseudonyms, self.transfers, self.queue)
        self.subscriptions = Subscriptions(db, meters, self.absences)
        of_outbox = self.transfers, consents, self.subscriptions, self.queue, raw, accounts
        self.outbox = Outbox(db, meters, self.absences, *of_outbox)
        self.ledger, self.entries = Ledger(db), LedgerEntries(db)
        self.readings = Readings(db, meters, minutes, raw)
        self.energy = EnergyRows(db, meters, minutes, raw, self.ledger)
        self.spanning = Spanning(db, meters, self.energy, self.ledger)
        self.tariff_notes = TariffNotes(db)
        self.household = HouseholdQueue(db)
        self.of_others = OfOthers(db)

    @cached_property
    def domains(self) -> Domains:
        """The domains of which all is refused."""
        from gateway.store.domains import Domains

        return Domains(self.db, self.journal)

    @cached_property
    def access(self) -> AccessRequests:
        """Who asks for what."""
        from gateway.store.access import AccessRequests

        of_others = self.notices, self.transfers, self.domains, self.consents
        return AccessRequests(self.db, self.meters, self.journal, *of_others)

    @cached_property
    def health(self) -> HealthAnswers:
        """Who may ask whether the gateway is well."""
        from gateway.store.health import HealthAnswers

        return HealthAnswers(self.db, self.journal, self.consents)

    @cached_property
    def corrections(self) -> Corrections:
        """What the household corrects."""
        from gateway.store.corrections import Corrections

        written = self.transfers, self.queue, self.outbox, self.entries
        return Corrections(self.db, self.meters, self._minutes, self._raw, self.journal, *written)

    @cached_property
    def imports(self) -> Imports:
        """What it brought of former years."""
        from gateway.store.imports import Imports

        return Imports(self.db, self.meters, self.journal)

    @cached_property
    def received(self) -> ReceivedPoints:
        """The points of others."""
        from gateway.store.received import ReceivedPoints

        return ReceivedPoints(self.db)

    @cached_property
    def anchors(self) -> Anchors:
        """The heads of others' journals."""
        from gateway.store.anchors import Anchors

        return Anchors(self.db)

    @cached_property
    def providers(self) -> Providers:
        """The others who send us their series."""
        from gateway.store.providers import Providers

        return Providers(self.db, self.anchors, self.received)


class Store(_Parts):
    """The database of a gateway, opened for writing. All calls must come from one thread at a time.

    Args:
        directory: where the file is; ``gateway.store.prepare`` has checked and migrated it.
    """

    def __init__(self, directory: Path) -> None:
        db = Transactions(open_writer(directory), RedoLog(directory))
        super().__init__(db)
        # Before what the log says is done again.
        self.watching = Watching(db, self.transfers, self.consents)
        self.undated = UndatedFrames(db, self.meters)
        self.relayed = Relayed(db)
        self.notified = NotifiedAlerts(db)
        rollups = Rollups(db, self.meters, self.ledger, self._minutes, self._raw)
        of_batches = self.undated, self.relayed, self.tariff_notes, self.entries, rollups
        self.batches = Batches(db, self.meters, self.journal, self.notices, self.queue, self.outbox, *of_batches)
        db.recover()

    @cached_property
    def erasure(self) -> Erasure:
        """Deleting for good."""
        from gateway.store.erasure import Erasure

        of_people = self.notices, self.pseudonyms, self.transfers, self.consents
        of_others = *of_people, self.entries, self.imports, self.accounts
        return Erasure(self.db, self.meters, self._minutes, self._raw, self.journal, *of_others)

    def close(self) -> None:
        """Make the journal's entries of the hour that is not over, and close the connection."""
        try:
            self.journal.flush()
            self.db.commit()
            self.journal.tell()
        except StoreError as error:
            log.error("%s; the transfers of this hour are told after the next start", error)  # noqa: TRY400
        self.db.close()


class Archive(_Parts):
    """The same database, only read: for the command line while the daemon runs."""

    def __init__(self, directory: Path) -> None:
        super().__init__(Transactions(open_reader(directory)))

    @cached_property
    def neighbours(self) -> Neighbours:
        """What stands beside a point that may be wrong."""
        from gateway.store.neighbours import Neighbours

        return Neighbours(self.db, self.meters, self.readings)

    @cached_property
    def curves(self) -> Curves:
        """Points of many days, drawn."""
        from gateway.store.curves import Curves

        return Curves(self.db, self._minutes)

    def snapshot(self) -> AbstractContextManager[Dump]:
        """All tables as they are at this moment; until its end everything else read here is of that moment too."""
        from gateway.store.dump import snapshot

        return snapshot(self.db)

    def close(self) -> None:
        """Close the connection."""
        self.db.close()
