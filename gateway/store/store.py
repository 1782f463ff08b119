"""The database, opened for writing or only for reading: builds its parts over one connection, and holds them.

A part owns its tables and says by its fields which others it needs; who is built before it is all that it can
know. Callers are given the part that they need, not the whole.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from gateway.errors import StoreError
from gateway.store.absence import Absences
from gateway.store.access import AccessRequests
from gateway.store.anchors import Anchors
from gateway.store.batches import Batches
from gateway.store.connection import open_reader, open_writer
from gateway.store.consents import Consents
from gateway.store.corrections import Corrections
from gateway.store.curves import Curves
from gateway.store.domains import Domains
from gateway.store.dump import Dump, snapshot
from gateway.store.energy import EnergyRows
from gateway.store.erasure import Erasure
from gateway.store.health import HealthAnswers
from gateway.store.household_notices import HouseholdQueue
from gateway.store.imports import Imports
from gateway.store.journal import Journal
from gateway.store.ledger import Ledger
from gateway.store.ledger_entries import LedgerEntries
from gateway.store.meters import Meters
from gateway.store.minutes import Minutes
from gateway.store.neighbours import Neighbours
from gateway.store.notices import RecipientNotices
from gateway.store.notified import NotifiedAlerts
from gateway.store.outbox import Outbox
from gateway.store.providers import Providers
from gateway.store.pseudonyms import Pseudonyms
from gateway.store.queue import QueuedRows
from gateway.store.raw import RawGauges
from gateway.store.readings import Readings
from gateway.store.received import ReceivedPoints
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


log = logging.getLogger(__name__)


class Store:
    """The database of a gateway, opened for writing. All calls must come from one thread at a time.

    Args:
        directory: where the file is; ``gateway.store.prepare`` has checked and migrated it.
    """

    def __init__(self, directory: Path) -> None:
        self.db = db = Transactions(open_writer(directory), RedoLog(directory))
        self.journal = journal = Journal(db)
        minutes, raw = Minutes(db), RawGauges(db)
        self.meters = meters = Meters(db, minutes, raw)
        self.notices = notices = RecipientNotices(db, journal)
        self.absences = Absences(db, journal, notices)
        self.pseudonyms = Pseudonyms(db, meters, journal)
        self.transfers = Transfers(db, meters, journal, notices, self.pseudonyms)
        self.queue = QueuedRows(db, meters)
        self.texts = Texts(db)
        self.consents = consents = Consents(db, meters, journal, notices, self.pseudonyms, self.transfers, self.queue)
        self.domains = Domains(db, journal)
        self.access = AccessRequests(db, meters, journal, notices, self.transfers, self.domains, consents)
        self.health = HealthAnswers(db, journal, consents)
        self.subscriptions = Subscriptions(db, meters, self.absences)
        self.outbox = Outbox(db, meters, self.absences, self.transfers, consents, self.subscriptions, self.queue, raw)
        self.watching = Watching(db, self.transfers, consents)
        self.ledger, self.entries = Ledger(db), LedgerEntries(db)
        self.corrections = Corrections(
            db, meters, minutes, raw, journal, self.transfers, self.queue, self.outbox, self.entries
        )
        self.imports = Imports(db, meters, journal)
        self.erasure = Erasure(
            *(db, meters, minutes, raw, journal, notices, self.pseudonyms, self.transfers, consents, self.entries),
            self.imports,
        )
        self.readings = Readings(db, meters, minutes, raw)
        self.energy = EnergyRows(db, meters, minutes, raw, self.ledger)
        self.spanning = Spanning(db, meters, self.energy, self.ledger)
        self.undated = UndatedFrames(db, meters)
        self.relayed = Relayed(db)
        self.tariff_notes = TariffNotes(db)
        self.notified, self.household = NotifiedAlerts(db), HouseholdQueue(db)
        self.received = ReceivedPoints(db)
        self.providers = Providers(db, Anchors(db), self.received)
        rollups = Rollups(db, meters, self.ledger, minutes, raw)
        of_batches = self.undated, self.relayed, self.tariff_notes, self.entries, rollups
        self.batches = Batches(db, meters, journal, notices, self.queue, self.outbox, *of_batches)
        db.recover()

    def close(self) -> None:
        """Make the journal's entries of the hour that is not over, and close the connection."""
        try:
            self.journal.flush()
            self.db.commit()
            self.journal.tell()
        except StoreError as error:
            log.error("%s; the transfers of this hour are told after the next start", error)  # noqa: TRY400
        self.db.close()


class Archive:
    """The same database, only read: for the command line while the daemon runs."""

    def __init__(self, directory: Path) -> None:
        self.db = db = Transactions(open_reader(directory))
        self.journal = journal = Journal(db)
        minutes, raw = Minutes(db), RawGauges(db)
        self.meters = meters = Meters(db, minutes, raw)
        self.notices = RecipientNotices(db, journal)
        absences = Absences(db, journal, self.notices)
        self.pseudonyms = Pseudonyms(db, meters, journal)
        self.transfers = Transfers(db, meters, journal, self.notices, self.pseudonyms)
        queue = QueuedRows(db, meters)
        self.texts = Texts(db)
        self.consents = Consents(db, meters, journal, self.notices, self.pseudonyms, self.transfers, queue)
        self.access = AccessRequests(
            db, meters, journal, self.notices, self.transfers, Domains(db, journal), self.consents
        )
        self.health = HealthAnswers(db, journal, self.consents)
        subscriptions = Subscriptions(db, meters, absences)
        self.outbox = Outbox(db, meters, absences, self.transfers, self.consents, subscriptions, queue, raw)
        self.ledger, self.entries = Ledger(db), LedgerEntries(db)
        self.corrections = Corrections(
            db, meters, minutes, raw, journal, self.transfers, queue, self.outbox, self.entries
        )
        self.readings = Readings(db, meters, minutes, raw)
        self.neighbours = Neighbours(db, meters, self.readings)
        self.energy = EnergyRows(db, meters, minutes, raw, self.ledger)
        self.spanning = Spanning(db, meters, self.energy, self.ledger)
        self.curves = Curves(db, minutes)
        self.tariff_notes = TariffNotes(db)
        self.imports = Imports(db, meters, journal)
        self.household = HouseholdQueue(db)
        self.anchors = Anchors(db)
        self.received = ReceivedPoints(db)
        self.providers = Providers(db, self.anchors, self.received)

    def snapshot(self) -> AbstractContextManager[Dump]:
        """All tables as they are at this moment; until its end everything else read here is of that moment too."""
        return snapshot(self.db)

    def close(self) -> None:
        """Close the connection."""
        self.db.close()
