"""Consents: rows that are added, never changed; what happens to one later is rows of its own.

Every consent that is given goes through ``give``, everything that happens to one through ``change``: these two call
the journal, inside their transaction. A withdrawal empties the recipient's queue at once and tells the recipient; a
limitation keeps the queue and lets nothing out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.store.notices import AT_ONCE, ErasureAsked
from gateway.store.points import Consent, Granularity, under
from gateway.store.terms import (
    PLAIN_MANNER,
    PLAIN_PROOF,
    PLAIN_TERMS,
    Channel,
    ConsentChange,
    ConsentChangeKind,
    Manner,
    NoticeKind,
    Offer,
    Profile,
    Proof,
    RecipientRole,
    Terms,
)
from gateway.store.transactions import Transactions, translated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.journal.entry import Kind
    from gateway.store.journal import Journal
    from gateway.store.meters import Meters
    from gateway.store.notices import RecipientNotices
    from gateway.store.pseudonyms import Pseudonyms
    from gateway.store.queue import QueuedRows
    from gateway.store.transfers import Transfers

# What a request asks for and a consent gives; in this order in ``terms_row`` and ``terms_of``.
TERMS = (
    "push, history, history_from, purpose, controller, contact, privacy, role, code_url, code_version, code_hash,"
    " retention"
)
_PROOF = "given_by, channel, text_version, lang, text_hash"

_SELECT = (
    "SELECT consent.id, recipient, meter.name, prefix, granularity, given_at, until, begins, replaces,"  # noqa: S608
    " (SELECT at FROM consent_change AS c WHERE c.consent = consent.id"
    "  AND kind IN ('withdrawn', 'replaced', 'erased') ORDER BY c.id LIMIT 1),"
    " (SELECT kind FROM consent_change AS c WHERE c.consent = consent.id ORDER BY c.id DESC LIMIT 1),"
    f" {TERMS}, {_PROOF}, profile, pseudonym, EXISTS (SELECT 1 FROM consent_held WHERE consent = consent.id)"
    " FROM consent JOIN meter ON meter.id = consent.meter"
)
_NOTICES = {
    ConsentChangeKind.WITHDRAWN: NoticeKind.CONSENT_WITHDRAWN,
    ConsentChangeKind.LIMITED: NoticeKind.CONSENT_LIMITED,
    ConsentChangeKind.RESUMED: NoticeKind.CONSENT_RESUMED,
}


_ENTRIES: dict[ConsentChangeKind, Kind] = {
    ConsentChangeKind.WITHDRAWN: "consent-withdrawn",
    ConsentChangeKind.LIMITED: "consent-limited",
    ConsentChangeKind.RESUMED: "consent-resumed",
}
# What happens to a consent -> which notices of it that are not confirmed yet are not true any more.
_SUPERSEDED = {
    ConsentChangeKind.WITHDRAWN: (NoticeKind.ACCESS_GRANTED, NoticeKind.CONSENT_LIMITED, NoticeKind.CONSENT_RESUMED),
    ConsentChangeKind.LIMITED: (NoticeKind.ACCESS_GRANTED, NoticeKind.CONSENT_RESUMED),
    ConsentChangeKind.RESUMED: (NoticeKind.CONSENT_LIMITED,),
}


@dataclass(eq=False)
class Consents:
    """Who may have what."""

    _db: Transactions
    _meters: Meters
    _journal: Journal
    _notices: RecipientNotices
    _pseudonyms: Pseudonyms
    _transfers: Transfers
    _queue: QueuedRows

    @translated
    def grant(
        self,
        recipient: str,
        meter: str,
        prefix: str,
        granularity: Granularity,
        until: int,
        now: float,
        *,
        begins: int | None = None,
        terms: Terms = PLAIN_TERMS,
        proof: Proof = PLAIN_PROOF,
        manner: Manner = PLAIN_MANNER,
    ) -> Consent:
        """Add a consent and commit it at once; the row as stored.

        The same series at the same granularity for the same purpose is a new version of the consent: it replaces the
        one before. A recipient that is limited stays so.
        """
        offer = Offer(meter, prefix, granularity, until, int(now) if begins is None else begins, terms, manner)
        # A meter that is not known is found out before anything is begun.
        self._meters.number(meter)
        with self._db.transaction():
            return self.give(recipient, offer, proof, now)

    @translated
    def revoke(
        self,
        recipient: str,
        prefix: str,
        now: float,
        by: str = "",
        channel: Channel = Channel.COMMAND,
        asking: ErasureAsked = AT_ONCE,
    ) -> int:
        """Withdraw the recipient's consents under ``prefix`` ("" for all) and purge what they had queued."""
        # Expired or not: with a clock that is wrong today they would be valid again tomorrow.
        ended = [c for c in self.of(recipient) if c.withdrawn_at is None and under(c.prefix, prefix)]
        return self._change_all(ended, ConsentChangeKind.WITHDRAWN, now, by, channel, asking)

    @translated
    def withdraw(
        self,
        number: int,
        now: float,
        by: str = "",
        channel: Channel = Channel.COMMAND,
        asking: ErasureAsked = AT_ONCE,
    ) -> int:
        """Withdraw one consent, whatever others allow; 0 when it has ended before, or there is none."""
        ended = [c for c in self.all() if c.id == number and c.withdrawn_at is None]
        return self._change_all(ended, ConsentChangeKind.WITHDRAWN, now, by, channel, asking)

    @translated
    def limit(self, recipient: str, now: float, by: str = "", channel: Channel = Channel.COMMAND) -> int:
        """Suspend all that the recipient may have: readings are still kept for it, nothing is given out."""
        affected = [c for c in self.of(recipient) if c.withdrawn_at is None and not c.limited]
        return self._change_all(affected, ConsentChangeKind.LIMITED, now, by, channel)

    @translated
    def lift_limit(self, recipient: str, now: float, by: str = "", channel: Channel = Channel.COMMAND) -> int:
        """End a limitation: what was kept since, and not longer than the outbox keeps, goes out."""
        affected = [c for c in self.of(recipient) if c.withdrawn_at is None and c.limited]
        return self._change_all(affected, ConsentChangeKind.RESUMED, now, by, channel)

    @translated
    def all(self) -> list[Consent]:
        """Every consent ever given."""
        return [_consent(row) for row in self._db.execute(_SELECT + " ORDER BY consent.id")]

    @translated
    def of(self, recipient: str) -> list[Consent]:
        """Every consent ever given to one recipient."""
        rows = self._db.execute(_SELECT + " WHERE recipient = ? ORDER BY consent.id", [recipient])
        return [_consent(row) for row in rows]

    def allowed(self, recipient: str, now: float) -> list[Consent]:
        """The recipient's consents that are valid at ``now``."""
        return [c for c in self.of(recipient) if c.valid(now)]

    @translated
    def limited(self, recipient: str, now: float) -> bool:
        """Whether the recipient is suspended: all of its consents are, or none."""
        return any(c.limited and c.standing(now) for c in self.of(recipient))

    @translated
    def changes(self) -> list[ConsentChange]:
        """Whatever happened to consents, oldest first."""
        rows = self._db.execute("SELECT consent, at, kind, given_by, channel FROM consent_change ORDER BY id")
        return [ConsentChange(number, at, ConsentChangeKind(kind), by, Channel(c)) for number, at, kind, by, c in rows]

    def give(self, recipient: str, offer: Offer, proof: Proof, now: float) -> Consent:
        """Add one consent inside the open transaction. The one place where a consent is given."""
        # What was queued under a consent that has expired since does not come back with the new one.
        self._purge(recipient, now)
        limited = self.limited(recipient, now)
        replaced = [c for c in self.of(recipient) if c.withdrawn_at is None and _is_version(c, offer)]
        number = self._insert(recipient, offer, proof, now, replaced[-1].id if replaced else None)
        facts = _granted(number, offer, proof) | ({"replaces": replaced[-1].id} if replaced else {})
        self._journal.append("consent-granted", facts, _personal(recipient, proof.given_by), now)
        for consent in replaced:
            self.change(consent, ConsentChangeKind.REPLACED, now, proof.given_by, proof.channel)
        given = self._one(number)
        if limited:
            self.change(given, ConsentChangeKind.LIMITED, now, proof.given_by, proof.channel)
        # The new version may allow less.
        self._purge(recipient, now)
        return self._one(number)

    def change(
        self,
        consent: Consent,
        change: ConsentChangeKind,
        now: float,
        by: str,
        channel: Channel,
        asking: ErasureAsked = AT_ONCE,
    ) -> None:
        """Add what happens to a consent, and, of a withdrawal, whether erasure is asked for. The one place."""
        self._db.execute(
            "INSERT INTO consent_change (consent, at, kind, given_by, channel) VALUES (?, ?, ?, ?, ?)",
            [consent.id, int(now), change.value, by, channel.value],
        )
        self._notices.supersede(consent.id, _SUPERSEDED.get(change, ()))
        # Whatever is said of it here, it is of this house now.
        self._db.execute("DELETE FROM consent_held WHERE consent = ?", [consent.id])
        # That one is replaced stands in the entry of the one that replaces it.
        if kind := _ENTRIES.get(change):
            facts: dict[str, int | str] = {"consent": consent.id, "channel": channel.value}
            facts |= {"erasure": 0} if asking.spared else {}
            self._journal.append(kind, facts, _personal(consent.recipient, by), now)

    def _change_all(
        self,
        consents: Sequence[Consent],
        change: ConsentChangeKind,
        now: float,
        by: str,
        channel: Channel,
        asking: ErasureAsked = AT_ONCE,
    ) -> int:
        """Change some consents of one recipient, purge its queue, tell it; how many they were."""
        with self._db.transaction():
            for consent in consents:
                self.change(consent, change, now, by, channel, asking)
                # Of one that has expired only a withdrawal is news: it asks for erasure.
                if change is ConsentChangeKind.WITHDRAWN or consent.standing(now):
                    for sensor in self._pseudonyms.known_as(consent.recipient, consent.meter, now):
                        facts = self._transfers.facts_of(consent, now, sensor)
                        if change is ConsentChangeKind.WITHDRAWN:
                            facts |= asking.facts(now)
                        self._notices.queue(consent.recipient, _NOTICES[change], facts, now)
            for recipient in {c.recipient for c in consents}:
                self._purge(recipient, now)
        return len(consents)

    def _insert(self, recipient: str, offer: Offer, proof: Proof, now: float, replaces: int | None) -> int:
        (number,) = self._db.execute(
            f"INSERT INTO consent (recipient, meter, prefix, granularity, given_at, until, begins, replaces, {TERMS},"  # noqa: S608
            f" {_PROOF}, profile, pseudonym) VALUES ({', '.join('?' * 27)}) RETURNING id",
            [
                *(recipient, self._meters.number(offer.meter), offer.prefix, int(offer.granularity), int(now)),
                *(offer.until, offer.begins, replaces),
                *terms_row(offer.terms),
                *(proof.given_by, proof.channel.value, proof.text_version, proof.lang, proof.text_hash),
                *(offer.manner.profile.value, int(offer.manner.pseudonym)),
            ],
        ).fetchone()
        return int(number)

    def _one(self, number: int) -> Consent:
        return _consent(self._db.execute(_SELECT + " WHERE consent.id = ?", [number]).fetchone())

    def _purge(self, recipient: str, now: float) -> None:
        self._queue.purge(recipient, [c for c in self.of(recipient) if c.standing(now)])


def terms_row(terms: Terms) -> list[str | int | None]:
    """The columns ``TERMS``."""
    return [
        *(int(terms.push), int(terms.history), terms.history_from, terms.purpose, terms.controller, terms.contact),
        *(terms.privacy, terms.role.value, terms.code_url, terms.code_version, terms.code_hash, terms.retention),
    ]


def terms_of(row: Sequence[str | int | None]) -> Terms:
    """The terms in the columns ``TERMS``."""
    push, history, history_from, *words = row
    purpose, controller, contact, privacy, role, *rest = map(str, words)
    since = None if history_from is None else int(history_from)
    return Terms(bool(push), bool(history), since, purpose, controller, contact, privacy, RecipientRole(role), *rest)


def _granted(number: int, offer: Offer, proof: Proof) -> dict[str, int | str]:
    """What the journal keeps of a consent that is given."""
    facts: dict[str, int | str] = {
        "consent": number,
        "meter": offer.meter,
        "series": offer.prefix,
        "granularity": offer.granularity.code,
        "push": int(offer.terms.push),
        "history": int(offer.terms.history),
        "begins": offer.begins,
        "until": offer.until,
        "channel": proof.channel.value,
    }
    if offer.manner != PLAIN_MANNER:
        facts |= {"profile": offer.manner.profile.value, "pseudonym": int(offer.manner.pseudonym)}
    if proof.text_hash:
        facts["text"] = proof.text_hash
    return facts


def _personal(recipient: str, by: str) -> dict[str, str]:
    """Who is named in an entry of the journal; an empty name names nobody."""
    return {"recipient": recipient} | ({"by": by} if by else {})


def _is_version(consent: Consent, offer: Offer) -> bool:
    same = (consent.meter, consent.prefix, consent.granularity, consent.terms.purpose)
    return same == (offer.meter, offer.prefix, offer.granularity, offer.terms.purpose)


def _consent(row: tuple[Any, ...]) -> Consent:
    number, recipient, meter, prefix, granularity, given_at, until, begins, replaces, ended, last = row[:11]
    given_by, channel, version, lang, text_hash, profile, pseudonym, held = row[23:]
    return Consent(
        *(number, recipient, meter, prefix, Granularity(granularity), given_at, until, ended, begins, replaces),
        terms_of(row[11:23]),
        Proof(given_by, Channel(channel), version, lang, text_hash),
        ConsentChangeKind(last) if last else None,
        Manner(Profile(profile), bool(pseudonym)),
        bool(held),
    )
