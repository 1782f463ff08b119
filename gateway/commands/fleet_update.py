"""An installer's gateways brought to a version, wave by wave: each household asked, each gateway judged.

A wave begins when everybody of the one before has come to an end. It is the last one where a gateway went back, did not
begin, lost a link that worked, or does not answer any more. A household that says no, or nothing in time, stops nobody.
Each word is a line of a file of JSON, by which the same command goes on where it was; what the households said stands,
signed, in their own journals.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from gateway.errors import ConfigError, FederationError
from gateway.federation.connection.one_off import alone
from gateway.federation.provider.health import NODE as HEALTH
from gateway.federation.provider.health import read_condition
from gateway.federation.provider.update import read_standing, request_update
from gateway.federation.wire.form import COMMANDS
from gateway.upkeep.releases import versions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from gateway.commands.fleet_ask import AskableGateway
    from gateway.federation.connection.session import Account, Session
    from gateway.federation.provider.update import UpdateStanding

# How it ended for a gateway. Those of ``STOPS`` keep the next wave from beginning.
DONE, BACK, STAYED, WORSE, UNHEARD = "done", "back", "stayed", "worse", "unheard"
REFUSED, UNANSWERED, NO_CONSENT, UNKNOWN = "refused", "unanswered", "no-consent", "unknown"
STOPS = frozenset((BACK, STAYED, WORSE, UNHEARD))
# Of these nothing is asked again when the command is typed again.
_FINAL = frozenset((DONE, BACK, REFUSED))
_ANSWER_S = 30.0
# Whoever just started again has links that are being made.
_SETTLES_S = 180.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited, in seconds: for a household's answer, for a gateway that says nothing, between two looks."""

    household_s: float = 3_600.0
    silence_s: float = 1_200.0
    look_s: float = 10.0


@dataclass(slots=True)
class FleetUpdate:
    """Where it stands.

    Args:
        version: which is to be installed.
        journal: each word a line of JSON.
        tell: told after each: how many have ended, and of how many.
    """

    version: str
    journal: Path
    tell: Callable[[int, int], None]
    ended: dict[str, str] = field(default_factory=dict)
    # How it ended in an earlier run: whoever types the command again has seen it.
    seen: set[str] = field(default_factory=set)

    def resume(self) -> None:
        """Know what an earlier run has come to. Raises ConfigError where its file is none, or of another version."""
        for line in _lines(self.journal):
            if line.get("version") not in (None, self.version):
                raise ConfigError(f"{self.journal}: is of version {line['version']}; name another file with --journal")
            event, gateway = line.get("event"), line.get("gateway")
            if isinstance(event, str) and event in _FINAL and isinstance(gateway, str):
                self.ended[gateway] = event
                self.seen.add(gateway)

    def note(self, event: str, gateway: str = "", **facts: object) -> None:
        """A line of the journal."""
        line: dict[str, object] = {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "event": event}
        line |= ({"gateway": gateway} if gateway else {}) | facts
        with self.journal.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")

    @property
    def stopped(self) -> bool:
        """Whether something has come up that keeps others from being asked."""
        return any(how in STOPS for gateway, how in self.ended.items() if gateway not in self.seen)


def waves_of(text: str, gateways: Sequence[AskableGateway]) -> list[list[AskableGateway]]:
    """``5,20,all``: the first five, the next twenty, all others. Raises ConfigError."""
    waves, left = [], list(gateways)
    for word in text.split(","):
        size = len(left) if word.strip() == "all" else int(word) if word.strip().isdecimal() else 0
        if not size and left:
            raise ConfigError(f"--wave {text}: write how many are updated at a time, such as 5,20,all")
        waves.append(left[:size])
        left = left[size:]
    return [wave for wave in waves if wave]


async def update_all(
    account: Account,
    gateways: Sequence[AskableGateway],
    waves: str,
    version: str,
    journal: Path,
    patience: Patience,
    tell: Callable[[int, int], None],
) -> FleetUpdate:
    """Do it; how it ended. Raises FederationError when the account's own server cannot be reached, ConfigError."""
    everybody = list({one.jid: one for one in gateways}.values())
    async with alone(account) as session:
        campaign = FleetUpdate(version or await _newest(session, everybody), journal, tell)
        campaign.resume()
        planned = waves_of(waves, everybody)
        campaign.note("begin", version=campaign.version, waves=[len(wave) for wave in planned])
        for number, wave in enumerate(planned, 1):
            if campaign.stopped:
                break
            campaign.note("wave", number=number, gateways=[one.jid for one in wave])
            async with asyncio.TaskGroup() as group:
                for one in wave:
                    if one.jid not in campaign.ended:
                        group.create_task(_update(session, one, campaign, patience, len(everybody)))
        campaign.note("stopped" if campaign.stopped else "end", ended=dict(Counter(campaign.ended.values())))
    return campaign


async def _newest(session: Session, gateways: Sequence[AskableGateway]) -> str:
    """The newest version that any of them knows of."""
    known: list[str] = []
    for one in gateways:
        with suppress(FederationError):
            told = await _ask(session, one, "", wants=True)
            known += [told.release, told.running]
        if known and known[-2]:
            break
    found = [one for one in known if versions.order(one)]
    if not found:
        raise ConfigError("no gateway says which version there is; name it with --to")
    return max(found, key=lambda one: versions.order(one) or ())


async def _update(
    session: Session, gateway: AskableGateway, campaign: FleetUpdate, patience: Patience, of: int
) -> None:
    before = await _broken(session, gateway)
    how = await _carried(session, gateway, campaign, patience)
    if how == DONE and before is not None:
        lost = await _lost(session, gateway, before, patience)
        if lost:
            campaign.note("lost", gateway.jid, links=sorted(lost))
            how = WORSE
    campaign.ended[gateway.jid] = how
    campaign.note(how, gateway.jid)
    campaign.tell(len(campaign.ended), of)


async def _carried(session: Session, gateway: AskableGateway, campaign: FleetUpdate, patience: Patience) -> str:
    """Ask, and look again and again until it has come to an end."""
    began = heard = time.monotonic()
    said, wants, began_there = "", True, False
    while True:
        now = time.monotonic()
        try:
            told = await _ask(session, gateway, campaign.version, wants=wants)
        except FederationError as error:
            if error.condition == "item-not-found" and not said:
                return NO_CONSENT
            if now - heard > patience.silence_s:
                return UNHEARD
            await asyncio.sleep(patience.look_s)
            continue
        heard, wants = now, False
        if told.state != said:
            said = told.state
            campaign.note(said, gateway.jid, runs=told.running)
        began_there |= said in ("agreed", "installing")
        end = {"current": DONE, "back": BACK, "refused": REFUSED, "unknown": UNKNOWN}.get(said)
        if said == "none":
            # It had begun, or was to begin, and nothing of it is under way any more.
            end = STAYED if began_there else UNANSWERED
        if said == "asked" and now - began > patience.household_s:
            end = UNANSWERED
        if end:
            return end
        await asyncio.sleep(patience.look_s)


async def _lost(session: Session, gateway: AskableGateway, before: set[str], patience: Patience) -> set[str]:
    """What is broken now and was not before, once the links of a new start have had the time to be made."""
    end = time.monotonic() + min(_SETTLES_S, patience.silence_s)
    while True:
        now = await _broken(session, gateway)
        if now is not None and not now - before:
            return set()
        if time.monotonic() > end:
            return {"gateway"} if now is None else now - before
        await asyncio.sleep(patience.look_s)


async def _broken(session: Session, gateway: AskableGateway) -> set[str] | None:
    """Its broken links; None where it does not answer."""
    command = ET.Element(f"{{{COMMANDS}}}command", {"node": HEALTH, "action": "execute"})
    try:
        condition = read_condition(await session.request(gateway.jid, command, _ANSWER_S))
    except FederationError:
        return None
    return {f"{one.link} {one.number or ''}".strip() for one in condition.links if one.state == "broken"}


async def _ask(session: Session, gateway: AskableGateway, version: str, *, wants: bool) -> UpdateStanding:
    return read_standing(await session.request(gateway.jid, request_update(version, ask=wants), _ANSWER_S))


def _lines(path: Path) -> Iterator[dict[str, object]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    for line in text.splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            # The power went while it was written.
            continue
        if isinstance(found, dict):
            yield found
