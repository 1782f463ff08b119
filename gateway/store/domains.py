"""Domains whose requests the household does not hear: all of one are refused at once, and for some weeks more.

A domain is the last two labels of an address (``a.b.coop.test`` is of ``coop.test``): names below one's own cost
nothing. That is a rule of thumb: who rents a name below a shared one (``…asso.fr``) is counted with its neighbours. So
nothing hangs on it but how many requests wait and which are heard; no consent is given, bounded or ended by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import ConsentError
from gateway.store.transactions import Transactions, translated

if TYPE_CHECKING:
    from gateway.store.journal import Journal
from gateway.store.terms import LONGEST_WORDS, Channel, check_jid

# A household presses a button so many times; beyond that the one that would end first makes room.
MOST_DOMAINS = 100

_LABELS = 2


@dataclass(frozen=True, slots=True)
class RefusedDomain:
    """A domain, since when and until when (POSIX seconds, not included) its requests are refused, and who said so."""

    domain: str
    at: int
    until: int
    by: str
    channel: Channel


def domain_of(jid: str) -> str:
    """To which domain an address belongs; a host without a name (RFC 7622 §3.2) is one of its own."""
    host = jid.rpartition("@")[2].rstrip(".")
    labels = host.split(".")
    return host if host.startswith("[") or labels[-1].isdigit() else ".".join(labels[-_LABELS:])


def check_domain(text: str) -> str:
    """The domain that somebody wrote, or that of the address that somebody wrote; ConsentError if it is none."""
    host = text.strip().rpartition("@")[2]
    try:
        # Whoever may ask may be refused.
        domain = domain_of(check_jid(f"somebody@{host}"))
    except ConsentError:
        domain = ""
    if not domain or len(domain) > LONGEST_WORDS:
        raise ConsentError(f"domain {text[:LONGEST_WORDS]!r}: write one such as example.org, or an address of it")
    return domain


@dataclass(eq=False)
class Domains:
    """Which domains the household does not hear."""

    _db: Transactions
    _journal: Journal

    @translated
    def refused(self, now: float) -> list[RefusedDomain]:
        """Those that are refused at ``now``, the latest first."""
        rows = self._db.execute(
            "SELECT domain, at, until, by, channel FROM refused_domain WHERE until > ? ORDER BY at DESC, domain", [now]
        )
        return [RefusedDomain(domain, at, until, by, Channel(channel)) for domain, at, until, by, channel in rows]

    def is_refused(self, jid: str, now: float) -> bool:
        """Whether requests of this address are refused unheard."""
        return any(refused.domain == domain_of(jid) for refused in self.refused(now))

    @translated
    def hear(self, domain: str, now: float, by: str = "", channel: Channel = Channel.COMMAND) -> bool:
        """Take requests of a domain again; False when it is not refused. What was refused stays so."""
        named = check_domain(domain)
        if not any(refused.domain == named for refused in self.refused(now)):
            return False
        with self._db.transaction():
            self._db.execute("DELETE FROM refused_domain WHERE domain = ?", [named])
            texts = {"domain": named} | ({"by": by} if by else {})
            self._journal.append("domain-heard", {"channel": channel.value}, texts, now)
        return True

    def hear_no_more(self, refused: RefusedDomain, waited: int, now: float) -> None:
        """Keep it, with its entry in the journal, in the open transaction."""
        self._db.execute("DELETE FROM refused_domain WHERE until <= ? OR domain = ?", [now, refused.domain])
        self._db.execute(
            "DELETE FROM refused_domain WHERE domain IN"
            " (SELECT domain FROM refused_domain ORDER BY until DESC LIMIT -1 OFFSET ?)",
            [MOST_DOMAINS - 1],
        )
        self._db.execute(
            "INSERT INTO refused_domain VALUES (?, ?, ?, ?, ?)",
            [refused.domain, refused.at, refused.until, refused.by, refused.channel.value],
        )
        facts: dict[str, int | str] = {"requests": waited, "until": refused.until, "channel": refused.channel.value}
        by = {"by": refused.by} if refused.by else {}
        self._journal.append("domain-refused", facts, {"domain": refused.domain} | by, now)
