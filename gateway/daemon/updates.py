"""Updates in the running gateway: the watch with what it needs of a house, and what the house says of it."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.control.messages import Update
from gateway.errors import ReleaseError, StoreError
from gateway.links.alert_words import Topic
from gateway.links.link import OK, WAITING, Link, LinkKind, title
from gateway.live.state import kind_and_name
from gateway.notices.deciding.news import Item
from gateway.store.local_time import PARIS
from gateway.store.terms import Channel
from gateway.upkeep.helper.client import ask
from gateway.upkeep.owner import owner
from gateway.upkeep.releases import versions
from gateway.upkeep.releases.keys import trusted_keys
from gateway.upkeep.updates.machine import HOME, outcome
from gateway.upkeep.updates.watch import NO_PLACE, OFF, UpdateWatch
from gateway.words.phrase import NOTHING, Phrase, joined, same, written

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Iterator

    from gateway.config.tables import Config
    from gateway.consent.orders import Row
    from gateway.daemon.clock import HostClock
    from gateway.federation.provider.health import Condition
    from gateway.federation.provider.update import UpdateStanding
    from gateway.journal.entry import Kind as EntryKind
    from gateway.notices.deciding.household import HouseholdNotices
    from gateway.store.journal import Journal
    from gateway.upkeep.updates.kind import InstallKind
    from gateway.upkeep.updates.state import How

log = logging.getLogger(__name__)

_ETC = Path("/etc/linky-gateway")
# Between the backup of half past two and the household's breakfast; the system's own restart is at four.
_NIGHT = range(3, 4)
# From then on it is said that a version will not be mended any more.
_SUPPORT_SOON_S = 60 * 86_400
# A list that nobody could read for so long is worth a word.
_STALE_S = 8 * 86_400
# For so long it is said how the last update ended.
_NEWS_S = 7 * 86_400

_RUNS = Phrase("Version {version} is installed")
_NEWEST = Phrase("Version {version} is installed, and is the newest")
_THERE = Phrase("Version {version} is installed, and {newer} is available")
_SECURITY = Phrase("; it fixes a vulnerability")
_WISHED = Phrase("; {newer} will be installed tonight")
_BEING = Phrase("; {newer} is being installed")
_WENT_BACK = Phrase("; {newer} was tried and did not keep what worked")
_NOT_LOOKED = Phrase("; nobody looks for a newer one: {why}")
_FAILED = Phrase("; the last look failed: {why}")
_NEVER = Phrase("; not looked for a newer one yet")
_SUPPORTED = Phrase("; fixed until {day}")
_UNSUPPORTED = Phrase("; no longer fixed since {day}")

_NEW = Phrase(
    "Version {newer} of the gateway is available ({version} is installed). Install it on the page of the house,"
    " under “Settings”."
)
_NEW_SECURITY = Phrase(
    "Version {newer} of the gateway is available ({version} is installed). It fixes a vulnerability: install it soon,"
    " on the page of the house, under “Settings”."
)
_KEPT = Phrase("The gateway was updated to {newer}, and everything works as before.")
_BACK = Phrase(
    "Version {newer} of the gateway did not keep what worked ({missing}): the gateway went back to {version} by itself."
    " No reading is lost."
)
_UNDECIDED = Phrase(
    "The update to {newer} was taken back, as something did not come back ({missing}); with {version} it does not"
    " either: it can be tried again."
)
_BROKEN = Phrase("The update to {newer} failed, and {version} is not whole: its “Status” page says what is missing.")
_CUT = Phrase("the power was cut, or it could not be installed")
_STAYED = Phrase("The update to {newer} failed, {version} stays in service: {why}.")
_ENDINGS = {"kept": _KEPT, "back": _BACK, "undecided": _UNDECIDED, "failed": _BROKEN, "stayed": _STAYED}
# What a version may lack besides links.
_LACKED = {
    "gateway": Phrase("the gateway itself"),
    "readings": Phrase("readings"),
    "package": Phrase("its installation"),
}
# Of the way back to the former version, which is no update to whoever has asked for it.
_BACK_AGAIN = Phrase("The gateway went back to version {newer}, as you asked, and everything works as before.")
_BACK_NOT = Phrase("Going back to version {newer} failed, {version} stays in service: {why}.")
_ENDINGS_OF_BACK = _ENDINGS | {"kept": _BACK_AGAIN, "stayed": _BACK_NOT}
_ASKED = Phrase(
    "{asker} asks to update the gateway to {newer}. Say yes or no on the page of the house, under “Settings”."
)
_ENDS = Phrase("Version {version} of the gateway is fixed until {day}: update it before then.")
_ENDED = Phrase("Version {version} of the gateway has had no security fixes since {day}: update it.")


class HouseUpdates:
    """Updates of a house.

    Args:
        config: the whole configuration.
        host: whether the host knows the time.
        journal: where what the household decides stands; written through ``call``.
        call: ``await call(function, *arguments)``.
        notices: what the household is told.
        etc: where the keys are by which releases are believed.
        running: the version that runs.
        install: hands a version to root's helper.
        kind: how this installation came onto its machine; looked at by default.
        home: where root writes down how an update ended.
    """

    def __init__(
        self,
        config: Config,
        host: HostClock,
        journal: Journal,
        call: Callable[..., Awaitable[Any]],
        notices: HouseholdNotices,
        *,
        etc: Path = _ETC,
        running: str = __version__,
        install: Callable[[str], Awaitable[object]] | None = None,
        kind: InstallKind | None = None,
        home: Path = HOME,
    ) -> None:
        self._host, self._journal, self._call, self._notices = host, journal, call, notices
        self._said: set[str] = set()
        # How the last one ended, where this start has heard of it.
        self._last: dict[str, Any] | None = None
        self._etc, self._home = etc, home
        self._support_end = owner().support_end
        self._url = owner().url if config.updates.url is None else config.updates.url
        self.watch = UpdateWatch(
            config.directory,
            etc,
            running,
            url=self._url,
            rules=lambda: config.updates,
            install=install or (lambda version: ask("install-update", version=version)),
            note=self._note,
            clock=host.time,
            is_night=lambda now: datetime.fromtimestamp(now, PARIS).hour in _NIGHT,
            kind=kind,
            home=home,
        )
        self.watch.hearers.append(self._ended)
        self.watch.lookers.append(self.look)

    @property
    def alive_at(self) -> float:
        """When it last came round."""
        return self.watch.alive_at

    async def run(self, stop: asyncio.Event) -> None:
        """Until ``stop``."""
        await self.watch.resume()
        await self.watch.run(stop)

    async def _note(self, kind: EntryKind, facts: dict[str, int | str], texts: dict[str, str]) -> None:
        try:
            await self._call(self._journal.append, kind, facts, texts)
        except StoreError as error:
            log.warning("%s; what was decided of an update stands in no entry", error)

    # --- What is said ---

    def links(self, _: float) -> list[Link]:
        """The version that runs, and what is known of others."""
        watch = self.watch
        newer, wish, now = watch.newer, watch.state.wish, self._host.time()
        words = _THERE.filled(version=watch.running, newer=newer.version) if newer else None
        if words is None:
            looked = watch.state.checked is not None and watch.latest is not None
            words = (_NEWEST if looked else _RUNS).filled(version=watch.running)
        state = WAITING if newer else OK
        if newer and newer.security:
            words += _SECURITY
        if wish:
            words += (_BEING if wish.sent is not None or wish.when == "now" else _WISHED).filled(newer=wish.version)
        elif watch.latest and watch.latest.is_newer_than(watch.running) and not newer:
            words += _WENT_BACK.filled(newer=watch.latest.version)
        words += self._look() + self._support(now)
        checked = watch.state.checked
        age = None if checked is None or now is None else max(0.0, now - checked)
        if age is not None and age > _STALE_S and watch.wanted:
            state = WAITING
        return [Link(LinkKind.RELEASE, "", state, age, words)]

    def _look(self) -> Phrase:
        watch = self.watch
        if watch.fault:
            return _FAILED.filled(why=watch.fault)
        if not watch.wanted:
            return _NOT_LOOKED.filled(why=OFF if self._url else NO_PLACE)
        return NOTHING if watch.state.checked is not None else _NEVER

    def _support(self, now: float | None) -> Phrase:
        end = self.support_end
        if end is None or now is None:
            return NOTHING
        return (_UNSUPPORTED if _is_over(end, now) else _SUPPORTED).filled(day=end)

    @property
    def support_end(self) -> str | None:
        """The last day (ISO 8601) on which the version that runs is mended; None where nobody has said."""
        latest = self.watch.latest
        if latest and latest.support_end and versions.compared(self.watch.running, latest.version) == "same":
            return latest.support_end.isoformat()
        # What this version brought with it; a list that knows better comes first.
        return self._support_end or None

    def look(self) -> None:
        """Have the household told what it should know, each once; what holds no more is taken back."""
        items = {item.key: item for item in self._items()}
        for key in self._said - items.keys():
            self._notices.over(key)
        self._said = set(items)
        for item in items.values():
            self._notices.announce(item)

    def _items(self) -> Iterator[Item]:
        watch, version = self.watch, Topic.VERSION.value
        now, newer, end = self._host.time(), watch.newer, self.support_end
        if newer:
            words = _NEW_SECURITY if newer.security else _NEW
            text = words.filled(newer=newer.version, version=watch.running)
            yield Item(f"{version} new {newer.version}", Topic.VERSION, "new", text, f"{newer.version} is there")
        asked = watch.state.asked
        if asked and not asked.refused:
            text = _ASKED.filled(asker=asked.asker, newer=asked.version)
            key = f"{version} asked {asked.version} {asked.asker}"
            yield Item(key, Topic.VERSION, "asked", text, "an installer asks for an update")
        if end and now is not None and now > _begin(end) - _SUPPORT_SOON_S:
            words, which = (_ENDED, "ended") if _is_over(end, now) else (_ENDS, "ends")
            text = words.filled(version=watch.running, day=end)
            yield Item(f"{Topic.SUPPORT.value} {which} {end}", Topic.SUPPORT, which, text, f"support {which} {end}")

    def _ended(self, how: dict[str, Any]) -> None:
        self._last = how
        text = _ending(how)
        if text is None:
            return
        key = f"{Topic.VERSION.value} {how['result']} {how['to']} {how['ended']}"
        name = f"update to {how['to']}"
        self._notices.announce(Item(key, Topic.VERSION, name, text, f"{name}: {how['result']}", shown_s=86_400.0))

    # --- What is asked ---

    async def asked(self, version: str, asker: str, wants: bool) -> UpdateStanding:
        """How it stands with a version, for an installer who may ask; where it wants it, the household is asked."""
        # Here and not above: a house without an account needs no XMPP in memory.
        from gateway.federation.provider.update import UpdateStanding  # noqa: PLC0415

        watch, state = self.watch, ""
        if version:
            state = await watch.ask(version, asker) if wants else watch.standing_of(version, asker)
        elif wants:
            await watch.check_again()
        return UpdateStanding(state, watch.running, watch.newer.version if watch.newer else "")

    def for_installer(self, condition: Condition) -> Condition:
        """How the gateway is, with what is known of its version."""
        newer = self.watch.newer
        return replace(condition, release=newer.version if newer else "", support_end=self.support_end or "")

    async def answer(self, order: Update) -> Row:
        """Do what the household orders, and say how it stands then. Raises GatewayError where it cannot be done."""
        watch = self.watch
        how: How = "page" if order.channel is Channel.WEB else "command"
        if order.action == "check":
            await watch.check()
        elif order.action in ("install", "tonight"):
            if watch.latest is None and watch.wanted:
                await watch.check()
            await watch.agree("now" if order.action == "install" else "tonight", how, order.by, order.version)
        elif order.action == "refuse":
            await watch.refuse(order.by)
        elif order.action == "back":
            await watch.go_back(how, order.by)
        return self.standing(order.lang)

    async def for_the_page(self, action: str, lang: str, version: str = "") -> Row:
        """The same for whoever is signed in at the page; an ``action`` of ``Update``, on the version that was shown."""
        order = Update(action=action, lang=lang, version=version, channel=Channel.WEB)  # type: ignore[arg-type]
        return await self.answer(order)

    def standing(self, lang: str) -> Row:
        """How updates stand, as ``update status --json`` has it; notes in that language, or in English."""
        watch, newer = self.watch, self.watch.newer
        wish, asked = watch.state.wish, watch.state.asked
        (link,) = self.links(0.0)
        return {
            "running": watch.running,
            "newer": newer.version if newer else None,
            "security": bool(newer and newer.security),
            "notes": (newer.notes.get(lang) or newer.notes.get("en", "")) if newer else "",
            "wish": wish and {"version": wish.version, "when": wish.when, "begun": wish.sent is not None},
            "told": watch.state.told,
            "asked": (asked and not asked.refused and {"version": asked.version, "asker": asked.asker}) or None,
            "former": watch.former or None,
            "ended": self._how_it_ended(),
            "wanted": watch.wanted,
            "checked": watch.state.checked,
            "support_end": self.support_end,
            "sentence": link.detail.in_every_language(),
        }

    def _how_it_ended(self) -> Row | None:
        """The last update: when (POSIX seconds), its ``result``, in a sentence; None where that is no news."""
        how, now = self._last or outcome(self._home), self._host.time()
        text = _ending(how) if how else None
        if how is None or text is None or (now is not None and now - how["ended"] > _NEWS_S):
            return None
        return {"at": how["ended"], "result": how["result"], "sentence": text.in_every_language()}

    def has_ended(self, told: int) -> bool:
        """Whether an update that began when ``told`` was the end of the last one goes on no more."""
        return self.watch.state.wish is None or self.watch.state.told != told

    def trusted(self) -> dict[str, bytes]:
        """The keys by which a version is believed here, by id; none where none is known. Reads some small files."""
        try:
            return trusted_keys(self._etc)
        except ReleaseError:
            return {}


def _ending(how: dict[str, Any]) -> Phrase | None:
    """What is said of how an update ended; None for an ending that this version does not know."""
    is_back = versions.compared(str(how["from"]), str(how["to"])) == "older"
    words = (_ENDINGS_OF_BACK if is_back else _ENDINGS).get(how["result"])
    if words is None:
        return None
    missing = joined(", ", (_lacked(str(one)) for one in how["missing"])) or same("…")
    why = written(how.get("why") or {}) or _CUT
    return words.filled(newer=how["to"], version=how["from"], missing=missing, why=why)


def _lacked(link: str) -> Phrase:
    """What a version did not have, as the page "State" calls it."""
    kind, name = kind_and_name(link)
    return _LACKED.get(kind) or title(kind) + same(f" {name}".rstrip())


def _begin(day: str) -> float:
    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()


def _is_over(day: str, now: float) -> bool:
    return now >= _begin(day) + 86_400
