"""Who may ask whether this gateway is well: the household's answers, rows that are added and never changed.

No consent to readings and none of their rows: it names no meter and no series, so that nothing which gives out readings
can ever be opened by it. The latest answer to somebody counts; a yes has an end, a no has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.store.terms import Channel, Proof
from gateway.store.transactions import Transactions, translated

if TYPE_CHECKING:
    from gateway.journal.entry import Kind
    from gateway.store.consents import Consents
    from gateway.store.journal import Journal

_COLUMNS = "id, installer, at, until, given_by, channel, text_version, lang, text_hash"
# Of which consent an entry of the journal tells, beside the kind that all consents share.
_WHAT = "health"
_ENTRIES: dict[str, Kind] = {"withdrawn": "consent-withdrawn", "refused": "access-refused"}


@dataclass(frozen=True, slots=True)
class HealthAnswer:
    """What a household answered: ``installer`` (bare JID) may ask until then (POSIX seconds, not included), or may not.

    ``again`` is for a no: whether there was a yes before it, which it takes back.
    """

    id: int
    installer: str
    at: int
    until: int | None
    proof: Proof
    again: bool = False

    def valid(self, now: float) -> bool:
        """Whether it lets its installer ask at ``now``."""
        return self.until is not None and self.at <= now < self.until

    def state(self, now: float) -> str:
        """How it stands, in the words of the other consents; a no to a question is *refused*."""
        if self.until is None:
            return "withdrawn" if self.again else "refused"
        if now >= self.until:
            return "expired"
        return "valid" if self.valid(now) else "waiting"


@dataclass(eq=False)
class HealthAnswers:
    """Who may know whether the gateway is well."""

    _db: Transactions
    _journal: Journal
    _consents: Consents

    @translated
    def answer(self, installer: str, until: int | None, now: float, proof: Proof) -> HealthAnswer:
        """Add an answer and commit it at once with its entry in the journal; None for a no."""
        with self._db.transaction():
            self._db.execute(
                "INSERT INTO health_answer (installer, at, until, given_by, channel, text_version, lang, text_hash)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    *(installer, int(now), until, proof.given_by, proof.channel.value),
                    *(proof.text_version, proof.lang, proof.text_hash),
                ],
            )
            given = next(one for one in self.all() if one.installer == installer)
            facts: dict[str, int | str] = {"what": _WHAT, "channel": proof.channel.value}
            if until is not None:
                facts["until"] = until
            if proof.text_hash:
                facts["text"] = proof.text_hash
            kind = _ENTRIES.get(given.state(now), "consent-granted")
            by = {"by": proof.given_by} if proof.given_by else {}
            self._journal.append(kind, facts, {"recipient": installer} | by, now)
        return given

    @translated
    def all(self) -> list[HealthAnswer]:
        """The latest answer to everybody, oldest first."""
        latest: dict[str, HealthAnswer] = {}
        for row in self._db.execute(f"SELECT {_COLUMNS} FROM health_answer ORDER BY id"):  # noqa: S608 (a constant)
            number, installer, at, until, by, channel, *text = row
            before = latest.pop(installer, None)
            again = until is None and before is not None and (before.until is not None or before.again)
            latest[installer] = HealthAnswer(number, installer, at, until, Proof(by, Channel(channel), *text), again)
        return list(latest.values())

    def of(self, installer: str) -> HealthAnswer | None:
        """The latest answer to one; None where there was none."""
        return next((one for one in self.all() if one.installer == installer), None)

    def sees(self, who: str, now: float) -> int | None:
        """Until when somebody may know; None who may not at ``now``, also where nothing is given out to it for now."""
        answer = self.of(who)
        return answer.until if answer and answer.valid(now) and not self._consents.limited(who, now) else None
