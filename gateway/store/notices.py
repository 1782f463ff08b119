"""Notices: what recipients and askers are to be told, kept until they have confirmed it or nobody listens any more.

What a later one makes untrue (that a consent was given, when it is withdrawn) is not told again.

A withdrawal asks for erasure too: at once, a moment later (until then the household may spare the recipient that), or
not at all.

A notice is queued in the transaction of what it tells. The payload holds facts (names of series, times, numbers of
consents), never a value; the words are made when it is sent, in the language of whoever is told.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.store.terms import LANGS, Channel, NoticeKind, OutgoingNotice
from gateway.store.transactions import Transactions, translated

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.store.journal import Journal

# A notice that is not confirmed is sent again after a minute, two, four … and then once a day.
_FIRST_RETRY_S, _LAST_RETRY_S = 60, 86400

# Two months of that go to an address that is no longer there, or to a program that never confirms: it is kept, and
# told when there is a sign of life; of erased recipients nothing is kept longer.
_MOST_ATTEMPTS = 70
GIVEN_UP_S = 60 * 86400

# Notices whose recipient is known for nothing else any more, confirmed or given up.
_LAST_WORDS = (
    "(confirmed_at IS NOT NULL OR at < ?) AND recipient NOT IN"
    " (SELECT recipient FROM consent UNION SELECT jid FROM party UNION SELECT jid FROM access_request)"
)

# What the payload of a withdrawal says where no erasure is asked for: its period holds nothing that anybody has.
_SPARED: dict[str, object] = {"spared": 1, "first": 0, "last": 0}
# Whether it is held: a clock that was set back since holds nothing.
_HELD = "(at <= :now AND coalesce(json_extract(payload, '$.held'), 0) > :now)"

_COLUMNS = "id, recipient, at, kind, payload, lang, attempts, sent_at, confirmed_at, superseded"


@dataclass(frozen=True, slots=True)
class ErasureAsked:
    """How a withdrawal asks the recipient to erase what it has: ``after_s`` from now on, or not at all."""

    after_s: int = 0
    spared: bool = False

    def facts(self, now: float) -> dict[str, object]:
        """What a notice says of it."""
        if self.spared:
            return _SPARED
        return {"held": int(now) + self.after_s} if self.after_s else {}


AT_ONCE = ErasureAsked()


@dataclass(eq=False)
class RecipientNotices:
    """What is to be told, and what was."""

    _db: Transactions
    _journal: Journal

    def queue(
        self, recipient: str, kind: NoticeKind, payload: dict[str, object], now: float, lang: str | None = None
    ) -> int:
        """Queue a notice in the open transaction; its number. Without ``lang`` in that in which the recipient asked."""
        (number,) = self._db.execute(
            "INSERT INTO notice (recipient, at, kind, payload, lang) VALUES (?, ?, ?, ?, ?) RETURNING id",
            [recipient, int(now), kind.value, json.dumps(payload), lang or self._lang(recipient)],
        ).fetchone()
        return int(number)

    @translated
    def all(self) -> list[OutgoingNotice]:
        """Every notice there ever was."""
        return [_notice(row) for row in self._db.execute(f"SELECT {_COLUMNS} FROM notice ORDER BY id")]  # noqa: S608

    @translated
    def to_send(self, now: float, limit: int = 20) -> list[OutgoingNotice]:
        """The oldest notices that are due at ``now``: never sent, or long enough ago and not confirmed."""
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM notice WHERE confirmed_at IS NULL AND NOT superseded"  # noqa: S608 (of constants)
            f" AND (sent_at IS NULL AND NOT {_HELD} OR"
            "  (attempts < :most AND sent_at + min(:last, :first << min(attempts - 1, 20)) <= :now))"
            " AND recipient NOT IN (SELECT recipient FROM absence WHERE suspended_at IS NOT NULL)"
            " ORDER BY id LIMIT :limit",
            {"now": now, "most": _MOST_ATTEMPTS, "first": _FIRST_RETRY_S, "last": _LAST_RETRY_S, "limit": limit},
        )
        return [_notice(row) for row in rows]

    @translated
    def held_until(self, now: float) -> int | None:
        """When the first of those that are held is due; None where none is."""
        query = f"SELECT min(json_extract(payload, '$.held')) FROM notice WHERE confirmed_at IS NULL AND {_HELD}"  # noqa: S608
        (until,) = self._db.execute(query, {"now": now}).fetchone()
        return None if until is None else int(until)

    @translated
    def spare_erasure(self, recipient: str, now: float, by: str = "", channel: Channel = Channel.COMMAND) -> int:
        """Let withdrawals that are held ask for no erasure, and hold them no longer; how many there were."""
        with self._db.transaction():
            spared = self._db.execute(
                "UPDATE notice SET payload = json_remove(json_patch(payload, :spared), '$.held')"  # noqa: S608 (constants)
                f" WHERE recipient = :recipient AND kind = :kind AND attempts = 0 AND {_HELD}",
                {
                    **{"recipient": recipient, "now": now, "spared": json.dumps(_SPARED)},
                    "kind": NoticeKind.CONSENT_WITHDRAWN.value,
                },
            ).rowcount
            if spared:
                # What the household decided, when it did: its notice may never reach anybody.
                facts: dict[str, int | str] = {"notices": spared, "channel": channel.value}
                self._journal.append(
                    "erasure-spared", facts, {"recipient": recipient} | ({"by": by} if by else {}), now
                )
        return spared

    @translated
    def sent(self, number: int, now: float) -> bool:
        """Note that it goes out; it is due again later unless it is confirmed. The first time stands in the journal.

        False, with nothing noted, when there is no need any more: it was confirmed, or superseded.
        """
        with self._db.transaction():
            row = self._db.execute(
                "UPDATE notice SET attempts = attempts + 1, sent_at = ?, bounced = 0 WHERE id = ?"
                " AND confirmed_at IS NULL AND NOT superseded"
                " RETURNING recipient, kind, attempts, json_extract(payload, '$.spared')",
                [int(now), number],
            ).fetchone()
            if row and row[2] == 1:
                told = {"notice": number, "told": row[1]} | ({"erasure": 0} if row[3] else {})
                self._journal.append("notice-sent", told, {"recipient": row[0]}, now)
        return row is not None

    @translated
    def came_back(self, number: int, recipient: str) -> bool:
        """Note that it could not be delivered: a sign of life makes it due at once. False when it was no notice."""
        with self._db.transaction():
            mark = "UPDATE notice SET bounced = 1 WHERE id = ? AND recipient = ?"
            return self._db.execute(mark, [number, recipient]).rowcount == 1

    @translated
    def lost(self, number: int) -> None:
        """Note that one's own server has not taken it: it is due now."""
        with self._db.transaction():
            self._db.execute("UPDATE notice SET sent_at = NULL WHERE id = ? AND confirmed_at IS NULL", [number])

    @translated
    def confirmed(self, number: int, recipient: str, now: float) -> bool:
        """Note that ``recipient`` has confirmed it; False, with nothing changed, when it was not told to them."""
        with self._db.transaction():
            done = self._db.execute(
                "UPDATE notice SET confirmed_at = ? WHERE id = ? AND recipient = ? AND confirmed_at IS NULL"
                " RETURNING kind",
                [int(now), number, recipient],
            ).fetchone()
            if done:
                # Of an erasure this is the household's proof (GDPR Art. 19).
                self._journal.append(
                    "notice-confirmed", {"notice": number, "told": done[0]}, {"recipient": recipient}, now
                )
        return done is not None

    def supersede(self, consent: int, kinds: Iterable[NoticeKind]) -> None:
        """Tell no more, in the open transaction, what was to be told of a consent so far and is not true any more."""
        names = [kind.value for kind in kinds]
        self._db.execute(
            f"UPDATE notice SET superseded = 1 WHERE confirmed_at IS NULL AND kind IN ({', '.join('?' * len(names))})"  # noqa: S608
            " AND json_extract(payload, '$.consent') = ?",
            [*names, consent],
        )

    def tell_again(self, recipient: str, *, given_up: bool) -> None:
        """The recipient lives: what came back is due now, and what was given up if that is meant too."""
        self._db.execute(
            "UPDATE notice SET sent_at = NULL, attempts = 0 WHERE recipient = ?1 AND confirmed_at IS NULL"
            " AND (bounced OR ?2 AND attempts >= ?3)",
            [recipient, given_up, _MOST_ATTEMPTS],
        )

    def forget_last_words(self, before: float) -> None:
        """Delete what is left of erased recipients once they have been told: notices, and their name in the journal.

        In the open transaction, as ``supersede`` and ``tell_again``.
        """
        rows = self._db.execute(f"SELECT DISTINCT recipient FROM notice WHERE {_LAST_WORDS}", [before])  # noqa: S608
        for (recipient,) in rows.fetchall():
            self._journal.erase_naming(recipient)
        self._db.execute(f"DELETE FROM notice WHERE {_LAST_WORDS}", [before])  # noqa: S608 (a constant)

    def _lang(self, recipient: str) -> str:
        asked = self._db.execute("SELECT lang FROM access_request WHERE jid = ? ORDER BY id DESC LIMIT 1", [recipient])
        row = asked.fetchone()
        return str(row[0]) if row else LANGS[0]


def _notice(row: tuple[Any, ...]) -> OutgoingNotice:
    number, recipient, at, kind, payload, lang, attempts, sent_at, confirmed_at, superseded = row
    facts = json.loads(payload)
    ends = attempts, sent_at, confirmed_at, bool(superseded)
    return OutgoingNotice(number, recipient, at, NoticeKind(kind), facts, lang, *ends)
