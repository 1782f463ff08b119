"""The gateway's half of updates: it looks whether there is a version, fetches it, and hands it to root's helper.

It looks once a day, at a minute of its own, in a thread: a file of 64 kB at most. Nothing is installed without the
household's word (``AgreedUpdate``): of the moment, or given beforehand in the settings. What came of it is read from
root's folder, after the start that the new version, or the former one, has made of it.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from msgspec.structs import replace

from gateway.errors import GatewayError, ReleaseError
from gateway.upkeep.updates.folder import ReleaseFolder
from gateway.upkeep.updates.in_thread import in_thread
from gateway.upkeep.updates.kind import InstallKind, deb_version, files_for, former, kind_here
from gateway.upkeep.updates.machine import HOME, goes_on, outcome, refused
from gateway.upkeep.updates.state import FOLDER, AgreedUpdate, AskedUpdate, KnownUpdates, read_state, write_state
from gateway.words.phrase import Phrase, written

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from gateway.upkeep.releases.latest import Latest
    from gateway.upkeep.updates.state import How, Rules, When

log = logging.getLogger(__name__)

CHECK_EVERY_S, TRY_AGAIN_S, LOOK_S = 86_400.0, 3_600.0, 5.0
# For so long nothing may be seen of an update that was handed to root.
BEGINS_S = 60.0
# Whoever asks what is new has it looked for no more often; what cannot be fetched at night is tried again, so often.
_LOOK_AGAIN_S, _FETCH_AGAIN_S, _MOST_TRIES = 600.0, 900.0, 3

NO_PLACE = Phrase("whoever installed the gateway has not said where newer versions are")
OFF = Phrase("whoever installed the gateway has switched that off")
_NOTHING_NEW = Phrase("{version} runs, and there is no newer version")
_NOT_THE_NEWEST = Phrase("{version} is not the newest version any more: say again that it is to be installed")
_WENT_BACK = Phrase("{version} was tried here and did not keep what worked: the next version comes by itself")
_NO_FORMER = Phrase("there is no former version to go back to")
_UNDERWAY = Phrase("an update to {version} is under way")
_ENDED = Phrase("it did not begin, or the power was cut; say again that it is to be installed")


# The entries of the journal that are of updates.
Noted = Literal["update-agreed", "update-refused", "update-ended"]


class UpdateWatch:
    """Updates of one gateway.

    Args:
        directory: of the database; what is known of updates lies in a folder there.
        etc: where the keys are by which releases are believed.
        running: the version that runs.
        url: the folder of releases; empty where nobody has said one.
        rules: what the household has said beforehand, as it is now.
        install: hands a version to root's helper; GatewayError where it refuses.
        note: has an entry in the household's journal: kind, facts, personal texts.
        clock: POSIX seconds, None while nobody knows the time.
        is_night: whether it is the hour of the night in which an update disturbs nobody.
        kind: how this installation came onto its machine; looked at by default.
        home: where root writes down how an update ended.
    """

    def __init__(
        self,
        directory: Path,
        etc: Path,
        running: str,
        *,
        url: str,
        rules: Callable[[], Rules],
        install: Callable[[str], Awaitable[object]],
        note: Callable[[Noted, dict[str, int | str], dict[str, str]], Awaitable[None]],
        clock: Callable[[], float | None],
        is_night: Callable[[float], bool],
        kind: InstallKind | None = None,
        home: Path = HOME,
    ) -> None:
        self.kind = kind or kind_here()
        self._place, self.running = directory / FOLDER, running
        self._folder = ReleaseFolder(url, self._place, etc, self.kind, running)
        self._rules = rules
        self._install, self._note, self._clock, self._is_night = install, note, clock, is_night
        self.state: KnownUpdates = KnownUpdates()
        self.latest: Latest | None = None
        self.alive_at = time.monotonic()
        # Spread over an hour: not all gateways of a village at once.
        self._next = time.monotonic() + random.uniform(60.0, 3_600.0)  # noqa: S311 (no secret)
        self._moved = asyncio.Event()
        self._refused: set[str] = set()
        self._again = 0.0
        # When root's helper had taken the last one: on a slow machine that alone may last a minute.
        self._handed = 0.0
        self._home = home
        self._busy = asyncio.Lock()
        # Told how an update ended: the outcome.
        self.hearers: list[Callable[[dict[str, Any]], None]] = []
        # Whoever has something to say of how it stands, each time it came round.
        self.lookers: list[Callable[[], None]] = []

    # --- What is known ---

    async def resume(self) -> None:
        """Know what an earlier start has found."""
        self.state = await in_thread(partial(read_state, self._place))
        self._refused = await in_thread(partial(refused, self._home))
        self.latest = await in_thread(partial(self._folder.known, self._clock()))
        wish = self.state.wish
        if wish and wish.sent is None and wish.version == self.running:
            # The power went between the two; it is there.
            self._keep(replace(self.state, wish=None))

    @property
    def wanted(self) -> bool:
        """Whether a newer version is looked for."""
        return bool(self._folder.url) and self._rules().check

    @property
    def newer(self) -> Latest | None:
        """The version that could be installed; None where there is none."""
        latest, now = self.latest, self._clock()
        if latest is None or (now is not None and now >= latest.expires.timestamp()):
            return None
        return latest if latest.is_newer_than(self.running) and not self.went_back(latest.version) else None

    def went_back(self, version: str) -> bool:
        """Whether it was tried here and did not stay."""
        return deb_version(version) in self._refused

    @property
    def former(self) -> str:
        """The version that is kept to go back to; empty where there is none, or where it was tried and did not stay."""
        kept = former(self.kind, self.running)
        return "" if self.went_back(kept) else kept

    @property
    def fault(self) -> Phrase | None:
        """Why the last look came to nothing; None where it did not."""
        return written(self.state.why) if self.state.why else None

    # --- Its life ---

    async def run(self, stop: asyncio.Event) -> None:
        """Look, install what the household wants, and hear how it ended, until ``stop``."""
        while not stop.is_set():
            self.alive_at = time.monotonic()
            await self._hear()
            if self.wanted and time.monotonic() >= self._next and self._clock() is not None:
                with suppress(ReleaseError):
                    await self.check()
            await self._carry_out()
            for look in self.lookers:
                look()
            await self._sleep(stop)

    async def _sleep(self, stop: asyncio.Event) -> None:
        self._moved.clear()
        waits = [asyncio.ensure_future(one.wait()) for one in (stop, self._moved)]
        try:
            await asyncio.wait(waits, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()

    async def check(self) -> Latest:
        """Look now; the signed list. Raises ReleaseError with why there is none that is believed."""
        if not self.wanted:
            raise ReleaseError(OFF if self._folder.url else NO_PLACE)
        async with self._busy:
            now, etag = self._clock(), self.state.etag
            self._next = time.monotonic() + TRY_AGAIN_S * random.uniform(0.8, 1.2)  # noqa: S311
            try:
                latest, etag = await in_thread(partial(self._folder.look, etag, now))
            except ReleaseError as error:
                self._keep(replace(self.state, tried=now, why=error.phrase.in_every_language()))
                raise
            self.latest = latest
            self._next = time.monotonic() + CHECK_EVERY_S * random.uniform(0.9, 1.1)  # noqa: S311
            self._keep(replace(self.state, checked=now or time.time(), tried=now, why={}, etag=etag))
        wish = self.state.wish
        stale = wish is None or (wish.sent is None and wish.version != latest.version)
        unwanted = latest.version == self.state.left
        if self._rules().install == "night" and self.newer and stale and not unwanted:
            await self.agree("tonight", "beforehand")
        return latest

    async def check_again(self) -> None:
        """Look now, for somebody else, no more often than each ten minutes."""
        if time.time() - (self.state.tried or 0.0) > _LOOK_AGAIN_S:
            with suppress(ReleaseError):
                await self.check()

    # --- The household's word ---

    async def agree(self, when: When, how: How, by: str = "", version: str = "") -> AgreedUpdate:
        """The household wants it: ``now`` or ``tonight``; ReleaseError where there is nothing to install.

        ``version``: the one that it was shown; another one is not installed in its place.
        """
        latest = self.latest
        if latest and version and latest.version != version:
            raise ReleaseError(_NOT_THE_NEWEST.filled(version=version))
        if latest is None or not latest.is_newer_than(self.running):
            raise ReleaseError(_NOTHING_NEW.filled(version=self.running))
        if self.went_back(latest.version):
            raise ReleaseError(_WENT_BACK.filled(version=latest.version))
        self._require_free()
        files_for(self.kind, latest, self.running)
        return await self._agree(latest.version, when, how, by)

    async def go_back(self, how: How, by: str = "") -> AgreedUpdate:
        """The household wants the former version again; ReleaseError where there is none."""
        self._require_free()
        if not self.former:
            raise ReleaseError(_NO_FORMER)
        left = self.running
        wish = await self._agree(self.former, "now", how, by)
        # Nobody who has gone back is brought there again by what was said beforehand.
        self._keep(replace(self.state, left=left))
        return wish

    def _require_free(self) -> None:
        if self.state.wish and self.state.wish.sent is not None:
            raise ReleaseError(_UNDERWAY.filled(version=self.state.wish.version))

    async def _agree(self, version: str, when: When, how: How, by: str) -> AgreedUpdate:
        asked = self.state.asked
        asker = asked.asker if asked and asked.version == version else ""
        wish = AgreedUpdate(version=version, when=when, how=how, asker=asker)
        texts = {name: text for name, text in (("asker", asker), ("by", by)) if text}
        await self._note("update-agreed", {"version": version, "how": how, "when": when}, texts)
        self._keep(replace(self.state, wish=wish, asked=None, left=""))
        self._moved.set()
        return wish

    async def refuse(self, by: str) -> bool:
        """The household does not want it, or not any more; whether there was anything to refuse."""
        wish, asked = self.state.wish, self.state.asked
        self._require_free()
        if not wish and not asked:
            return False
        version = wish.version if wish else asked.version if asked else ""
        asker = (wish.asker if wish else "") or (asked.asker if asked else "")
        texts = {name: text for name, text in (("asker", asker), ("by", by)) if text}
        await self._note("update-refused", {"version": version}, texts)
        asked = replace(asked, refused=True) if asked else None
        self._keep(replace(self.state, wish=None, asked=asked, left=version))
        return True

    def standing_of(self, version: str, asker: str) -> str:
        """How it stands with a version, for an installer, in a word.

        ``current`` it runs; ``back`` it was tried and did not stay; ``installing``; ``agreed``; ``asked`` the household
        has not answered; ``refused``; ``none`` of these.
        """
        wish, asked = self.state.wish, self.state.asked
        if version == self.running or self.went_back(version):
            return "current" if version == self.running else "back"
        if wish and wish.version == version:
            return "installing" if wish.sent is not None else "agreed"
        if asked and (asked.version, asked.asker) == (version, asker):
            return "refused" if asked.refused else "asked"
        return "none"

    async def ask(self, version: str, asker: str) -> str:
        """An installer asks that it be installed: how that stands then; ``unknown`` where no list names it.

        Who may ask has been looked at.
        """
        known = self.standing_of(version, asker)
        if known != "none":
            return known
        if self.latest is None or self.latest.version != version:
            await self.check_again()
        if self.latest is None or self.latest.version != version or not self.latest.is_newer_than(self.running):
            return "unknown"
        self._keep(
            replace(self.state, asked=AskedUpdate(version=version, asker=asker, at=self._clock() or time.time()))
        )
        if self._rules().installer == "agreed" and self.state.left != version:
            await self.agree("now", "beforehand")
        return self.standing_of(version, asker)

    # --- Installing ---

    async def _carry_out(self) -> None:
        wish, now = self.state.wish, self._clock()
        if wish is None or wish.sent is not None:
            return
        if wish.when == "tonight" and (now is None or not self._is_night(now) or time.monotonic() < self._again):
            return
        try:
            if wish.version != self.former:
                await self._bring(wish.version)
            # Before it is: a power cut must not have it asked for twice.
            self._keep(replace(self.state, wish=replace(wish, sent=time.time())))
            await self._install(wish.version)
            self._handed = time.time()
        except GatewayError as error:
            await self._could_not(wish, error)
        else:
            log.info("the update to %s begins", wish.version)

    async def _could_not(self, wish: AgreedUpdate, error: GatewayError) -> None:
        """It could not begin: at night it is tried again, a little later and the next night; then it is said."""
        log.error("the update to %s could not begin: %s", wish.version, error)
        self._again = time.monotonic() + _FETCH_AGAIN_S
        if wish.when == "tonight" and wish.tries < _MOST_TRIES:
            self._keep(replace(self.state, wish=replace(wish, sent=None, tries=wish.tries + 1)))
            return
        why = error.phrase.in_every_language()
        self._keep(replace(self.state, wish=None))
        await self._note("update-ended", {"version": wish.version, "result": "stayed"}, {})
        how = {"from": self.running, "to": wish.version, "result": "stayed", "missing": [], "ended": int(time.time())}
        for hear in self.hearers:
            hear(how | {"why": why})

    # --- The boards' programs, which come with a version ---

    @property
    def set_for_boards(self) -> str:
        """The path of the boards' files in the list, of the version that runs; empty where it has none of them."""
        latest, now = self.latest, self._clock()
        if latest is None or latest.version != self.running or (now is not None and now >= latest.expires.timestamp()):
            return ""
        return next((path for path in latest.files if path.endswith(f"/esp32-set-{self.running}.zip")), "")

    async def bring_set_for_boards(self) -> Path:
        """Fetch it, by its size and hash of the signed list; where it lies. Raises ReleaseError where there is none."""
        latest, path = self.latest, self.set_for_boards
        if latest is None or not path:
            raise ReleaseError(_NOTHING_NEW.filled(version=self.running))
        async with self._busy:
            return await in_thread(partial(self._folder.bring_one, latest, path))

    async def _bring(self, version: str) -> None:
        latest = self.latest
        if latest is None or latest.version != version:
            raise ReleaseError(_NOT_THE_NEWEST.filled(version=version))
        async with self._busy:
            await in_thread(partial(self._folder.bring, latest))

    async def _hear(self) -> None:
        """How an update ended, which root writes down; told once."""
        ended, wish = outcome(self._home), self.state.wish
        if ended and int(ended["ended"]) != self.state.told:
            self._refused, asker = refused(self._home), wish.asker if wish else ""
            wish = None if wish and wish.sent else wish
            self._keep(replace(self.state, told=int(ended["ended"]), wish=wish))
            facts: dict[str, int | str] = {"version": str(ended["to"]), "result": str(ended["result"])}
            await self._note("update-ended", facts, {"asker": asker} if asker else {})
            for hear in self.hearers:
                hear(ended)
        elif wish and wish.sent is not None and self._since(wish.sent) > BEGINS_S and not goes_on(self._home):
            self._keep(replace(self.state, wish=None))
            # Where it runs the power went when it had been judged, before root could write that down.
            result, why = ("kept", {}) if wish.version == self.running else ("stayed", _ENDED.in_every_language())
            await self._note("update-ended", {"version": wish.version, "result": result}, {})
            how = {"from": self.running, "to": wish.version, "result": result, "missing": []}
            for hear in self.hearers:
                hear(how | {"ended": int(time.time()), "why": why})

    def _since(self, sent: float) -> float:
        return time.time() - max(sent, self._handed)

    def _keep(self, state: KnownUpdates) -> None:
        self.state = state
        try:
            write_state(self._place, state)
        except OSError as error:
            log.warning("what is known of updates cannot be kept: %s", error.strerror)
