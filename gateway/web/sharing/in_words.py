"""What is said of data, consents and requests, in the language of a visitor; a stranger's words are never believed."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from gateway.addresses.appearance import look_alike, unverified
from gateway.consent.text import duration, granularity_words, role_words
from gateway.store.labels import branch_label
from gateway.store.points import Granularity
from gateway.store.terms import RecipientRole
from gateway.web import dates
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.store.queue import LastComparison
    from gateway.web.sharing.values import Row
    from gateway.web.view import PageView

# Of what nobody knows how it stands, or not of all.
_UNKNOWN = ("unanswered", "veiled", "broken")


class InWords:
    """What the templates of *sharing* say; ``view``: for whom."""

    def __init__(self, view: PageView) -> None:
        self._view = view

    def series(self, path: str) -> str:
        """The name of some data."""
        return branch_label(path).in_language(self._view.lang)

    def fineness(self, code: str) -> str:
        """How fine data are."""
        return granularity_words(Granularity.parse(code), self._view.lang)[0]

    def reveals(self, code: str) -> str:
        """What data so fine let somebody know."""
        return granularity_words(Granularity.parse(code), self._view.lang)[1]

    def grain(self, row: Row) -> str:
        """What comes each time, in few words: a total by the day, a value by the half hour."""
        counted = "energy" in row["series"] or "volume" in row["series"]
        return self._view.say(
            "grain_total" if row["granularity"] == "P1D" and counted else f"grain_{row['granularity']}"
        )

    def asks(self, row: Row) -> str:
        """A request in one sentence."""
        until = row["until"] and dates.last_day(self._view.lang, row["until"])
        key = "asks_until" if until else "asks_year"
        return self._view.say(key, who=row["controller"] or row["from"], grain=self.grain(row), day=until)

    def invites(self, who: str, asked: Row) -> Row:
        """An invitation in short; of ``asked``: series, granularity, until (its last day), purpose."""
        day = dates.day(self._view.lang, date.fromisoformat(asked["until"]))
        grain = self.grain({"series": " ".join(asked["series"]), "granularity": asked["granularity"]})
        return {
            "sentence": self._view.say("asks_until", who=self.named(who) or who, grain=grain, day=day),
            "data": " · ".join(map(self.series, asked["series"])),
            "purpose": asked["purpose"],
            "reveals": self._view.say("reveals_that", what=self.reveals(asked["granularity"])),
        }

    def shares(self, who: str, rows: Sequence[Row]) -> list[tuple[str, str]]:
        """What a recipient has: a sentence for all that comes as finely and as long, and which data those are."""
        found: dict[str, list[str]] = {}
        for row in rows:
            found.setdefault(self._shares(who, row), []).append(self.series(row["series"]))
        return [(sentence, " · ".join(dict.fromkeys(data))) for sentence, data in found.items()]

    def _shares(self, who: str, row: Row) -> str:
        now, later, paused = (
            ("receives", "receives_from", "receives_not") if row["push"] else ("may_ask", "may_ask_from", "may_not_ask")
        )
        key = {"waiting": later, "limited": paused}.get(row["state"], now)
        first, last = (
            dates.day(self._view.lang, dates.read(row["begins"])),
            dates.last_day(self._view.lang, row["until"]),
        )
        return self._view.say(key, who=who, grain=self.grain(row), first=first, day=last)

    def promised(self, rows: Sequence[Row]) -> str:
        """Which way all that goes."""
        return " · ".join(dict.fromkeys(self.ways(row) for row in rows))

    def compared(self, last: LastComparison | None) -> str:
        """Whether a recipient has what it was sent, as the last comparison with it says; unknown is never the same."""
        view = self._view
        if last is None:
            return view.say("compared_not_yet")
        said = [view.say(f"compared_{last.standing}")] if last.standing in _UNKNOWN else []
        if lacked := last.missing + last.altered:
            key = "compared_lacked_again" if last.again > 1 else "compared_lacked"
            said.append(self._counted(key, lacked))
        if last.surplus:
            said.append(self._counted("compared_surplus", last.surplus))
        said = said or [view.say("compared_same" if last.same else "compared_nothing")]
        what = Phrase("; ", "on a page").in_language(view.lang).join(said)
        return view.say("compared_on", day=dates.day(view.lang, dates.local(last.at)), what=what)

    def _counted(self, key: str, count: int) -> str:
        return self._view.say(f"{key}_one" if count == 1 else key, n=dates.count(self._view.lang, count))

    def role(self, code: str) -> str:
        """What a recipient is in law."""
        return role_words(RecipientRole(code), self._view.lang)

    def duration(self, code: str) -> str:
        """An ISO 8601 duration."""
        return duration(code, self._view.lang)

    def named(self, controller: str) -> str:
        """The name that somebody gives to itself, and that nobody has checked it; empty where it gives none."""
        return unverified(controller).in_language(self._view.lang) if controller else ""

    def look_alike(self, jid: str) -> str:
        """What is to be seen in an address before it is believed; empty for nothing."""
        mark = look_alike(jid)
        return mark.in_language(self._view.lang) if mark else ""

    def ways(self, row: Row) -> str:
        """Which way data go."""
        view = self._view
        ways = [view.say("push")] if row["push"] else []
        if row["history"] and row["history_from"]:
            ways.append(view.say("old_values_since", day=dates.day(view.lang, dates.read(row["history_from"]))))
        elif row["history"]:
            ways.append(view.say("old_values"))
        return Phrase("; ", "on a page").in_language(view.lang).join(ways)
