"""The points of recipients, seen from the gateway's side."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Final

from conformance.checks import Checks
from conformance.points import LeftError, WrongError
from gateway.federation.wire.form import RequestError

if TYPE_CHECKING:
    from conformance.recipient_peer import Asked, RecipientPeer
    from gateway.federation.connection.session import Stanza

CHECKS: Final = Checks()
# How long nothing may come of what is not to be confirmed.
_QUIET_S: Final = 5.0
# A recipient may take a presence that comes soon after its own for the answer to that.
_SHOWN_AGAIN_S: Final = 15.0
# Refused so often for now, then not answered at all, then told that it asks too much.
MOODS: Final = ["wait", "wait", "wait", "silent", "busy"]
# Who is told that waits a minute (§16), by its own clock; and how much longer it may take.
_MINUTE_S: Final = 59.0
_PATIENT_S: Final = 150.0
# By how much the last of three pauses is longer than the shortest, at least: each may be spread by half. Who waits a
# minute each time (spread as well) needs no longer ones.
_LONGER: Final = 1.2
_LONG_S: Final = 40.0
# What lies before the first number that waits, in the second session.
_LATER_FIRST: Final = 10


def now() -> int:
    """The second of which a reading is."""
    return int(time.time())


@CHECKS.of("C37", "R")
async def it_has_patience_and_deadlines(peer: RecipientPeer) -> str | None:
    """Refused for now it asks again later and later; where nothing answers it asks again as well."""
    try:
        times = [await _subscription(peer, number, "after a refusal of type wait") for number in range(4)]
        pauses = [later.at - earlier.at for earlier, later in itertools.pairwise(times)]
        told = ", ".join(f"{pause:.1f} s" for pause in pauses)
        # Of the shortest: an answer may be lost between servers that have only just met, and then its deadline counts.
        if pauses[-1] < min(_LONG_S, _LONGER * min(pauses)):
            raise WrongError(f"refused for now it asked again after {told}")
        busy = await _subscription(peer, 4, "after a question that nobody answered")
        again = await _subscription(peer, 5, "told that it asks too much", _PATIENT_S)
        if again.at - busy.at < _MINUTE_S:
            raise WrongError(f"told that it asks too much it asked again after {again.at - busy.at:.1f} s")
    finally:
        # Whatever it did: from now on it is answered.
        peer.moods.clear()
    return f"refused for now it asked again after {told}"


def _deadline(peer: RecipientPeer) -> float:
    return 2.0 * peer.patience


async def _subscription(peer: RecipientPeer, before: int, why: str, least: float = 0.0) -> Asked:
    """The subscription behind so many others. WrongError where none comes."""
    seen = [one for one in peer.asked if one.node == "subscribe"]
    seconds = max(least, _deadline(peer))
    found = seen[before] if len(seen) > before else await peer.next("subscribe", len(peer.asked), seconds)
    if found is None:
        raise WrongError(f"{why} it did not subscribe again within {seconds:g} s")
    return found


async def _device(peer: RecipientPeer) -> str:
    """Its device whose subscription was answered. WrongError where there is none."""
    if not peer.device:
        await _subscription(peer, len([one for one in peer.asked if one.node == "subscribe"]), "at last")
    return peer.device


@CHECKS.of("C16", "R")
async def pushes_to_both_addresses_are_taken(peer: RecipientPeer) -> str | None:
    """Each is confirmed."""
    for after, to in enumerate((await _device(peer), peer.jid)):
        stanza_id = peer.push(after, peer.point(now() + after, 450 + after), to)
        peer.receipts.append(await peer.receipt(stanza_id, peer.patience))
        if peer.receipts[-1] is None:
            raise WrongError(f"a push to {to} was not confirmed within {peer.patience} s")
        peer.first = after + 2
    return None


@CHECKS.of("C14", "R")
async def presence_is_shown(peer: RecipientPeer) -> str | None:
    """To the gateway, by the device that subscribed."""
    shown = [one.get("from", "") for one in peer.line.presences if one.get("type") is None]
    if peer.device not in shown:
        raise WrongError(f"it subscribed with confirm=receipt and showed no presence of {peer.device}")
    return None


@CHECKS.of("C18", "R")
async def the_receipt_goes_to_the_sender(peer: RecipientPeer) -> str | None:
    """To the full JID of the gateway, with the message's id."""
    came = [stanza for stanza in peer.receipts if stanza is not None]
    if not came:
        raise LeftError("no push was confirmed (C16)")
    own = str(peer.line.jid)
    if wrong := [stanza.xml.get("to") for stanza in came if stanza.xml.get("to") != own]:
        raise WrongError(f"a receipt went to {wrong[0]}, and the message had come from {own}")
    return "that it comes after the commit is not to be seen from outside"


@CHECKS.of("C19", "R")
async def a_repetition_is_confirmed_again(peer: RecipientPeer) -> str | None:
    """The same message once more, with the same point."""
    stanza_id = peer.push(1, peer.pushed.get(1) or peer.point(now(), 451), peer.device)
    if await peer.receipt(stanza_id, peer.patience) is None:
        raise WrongError(f"a message that came twice was not confirmed twice within {peer.patience} s")
    return "that it is stored once is not to be seen from outside"


@CHECKS.of("C27", "R")
async def live_values_are_not_confirmed(peer: RecipientPeer) -> str | None:
    """A headline, which nobody asked to have confirmed."""
    stanza_id = peer.live(peer.point(now(), 460), peer.device)
    if await peer.receipt(stanza_id, _QUIET_S) is not None:
        raise WrongError("a live value was confirmed")
    return "that it is not stored as delivered is not to be seen from outside"


async def _confirmed(peer: RecipientPeer, stanza_id: str, what: str) -> Stanza:
    found = await peer.receipt(stanza_id, peer.patience)
    if found is None:
        raise WrongError(f"{what} was not confirmed within {peer.patience} s")
    return found


@CHECKS.of("C10", "R")
async def an_answer_is_confirmed(peer: RecipientPeer) -> str | None:
    """The household's, to a request."""
    facts = {"series": peer.name(), "request": "1", "consent": "1", "granularity": "raw"}
    await _confirmed(peer, peer.notice("1", "access-granted", **facts), "the notice of an answer")
    return None


@CHECKS.of("C30", "R")
async def a_notice_is_confirmed_each_time(peer: RecipientPeer) -> str | None:
    """With one id, twice; one of a kind that there is not, never."""
    for time_ in ("once", "twice"):
        stanza_id = peer.notice("2", "access-refused", series=peer.name(), request="2")
        await _confirmed(peer, stanza_id, f"a notice that came {time_}")
    if await peer.receipt(peer.notice("3", "tea-is-ready"), _QUIET_S) is not None:
        raise WrongError("a notice of a kind that there is not was confirmed")
    return "that it is obeyed once is not to be seen from outside"


@CHECKS.of("C32", "R")
async def what_is_rectified_is_asked_again(peer: RecipientPeer) -> str | None:
    """For the time that the notice names."""
    at, before = now() - 60, len(peer.asked)
    peer.history = [peer.point(at, 455, rectified=True)]
    stanza_id = peer.notice("4", "data-rectified", series=peer.name(), first=str(at), last=str(at + 120))
    if await peer.next("get_history", before, peer.patience, lambda asked: _meant(peer, asked) == {0}) is None:
        raise WrongError(f"after data-rectified it did not ask for that time within {peer.patience} s")
    # What has come by now was sent before the answer could be there: then it has to be noted durably.
    noted = peer.line.has(lambda stanza: peer.is_receipt(stanza, stanza_id))
    await _confirmed(peer, stanza_id, "data-rectified")
    said = "it confirms before it has the answer, and has to have noted what it owes" if noted else "it asks again"
    return f"{said}; that it replaces is not to be seen from outside"


@CHECKS.of("C24", "R")
async def it_goes_on_in_a_new_session(peer: RecipientPeer) -> str | None:
    """From the number up to which there is no gap: one number never comes."""
    await _confirmed(peer, peer.push(3, peer.point(now(), 470), peer.device), "a push behind a gap")
    before = len(peer.asked)
    peer.line.show(peer.device, there=False)
    peer.first, peer.last = _LATER_FIRST, _LATER_FIRST - 1
    peer.history = [peer.point(now() - 5 + n, 480 + n) for n in range(5)]
    await peer.connection.renew()
    asked = await _seen_again(peer, before)
    if asked is None:
        raise WrongError(f"the gateway came back, and it did not subscribe again within {peer.patience} s")
    peer.renewed_at = before
    said = asked.fields.get("epoch"), asked.fields.get("resume_after")
    if said == (None, None):
        return "without epoch and number: what is not confirmed comes again"
    if said != (peer.epoch, "2"):
        raise WrongError(
            f"2 is the number up to which nothing is missing, of {peer.epoch}; it said {said[1]} of {said[0]}"
        )
    return None


@CHECKS.of("C14", "R")
async def presence_is_shown_in_each_session(peer: RecipientPeer) -> str | None:
    """In that which begins as the gateway comes back, too."""
    if peer.renewed_at is None:
        raise LeftError("it did not come back (C24)")
    if await peer.line.see(peer.device, peer.patience) is None:
        raise WrongError(f"the gateway came back, and was shown no presence of {peer.device}")
    return None


async def _seen_again(peer: RecipientPeer, before: int) -> Asked | None:
    """The subscription after the gateway has shown its presence; as a gateway does it, it is shown again."""
    end = time.monotonic() + peer.patience
    while (left := end - time.monotonic()) > 0:
        peer.line.show(peer.device)
        if asked := await peer.next("subscribe", before, min(left, _SHOWN_AGAIN_S)):
            return asked
    return None


async def _asked_for(peer: RecipientPeer) -> list[Asked]:
    """What it asked of the history for what lies before the first number that waits; waited for once."""
    if peer.renewed_at is None:
        raise LeftError("it did not come back (C24)")
    if peer.filled is None:
        # To its end, as far as it goes: pages follow each other at once.
        end, seconds, count = time.monotonic() + 2 * peer.patience, float(peer.patience), peer.renewed_at
        while time.monotonic() < end and await peer.next("get_history", count, seconds):
            count, seconds = len(peer.asked), _QUIET_S
        peer.filled = [one for one in peer.asked[peer.renewed_at :] if one.node == "get_history"]
    return peer.filled


def _meant(peer: RecipientPeer, asked: Asked) -> set[int]:
    """Which records of the history a question was about; none where it cannot be read."""
    try:
        return set(peer.meant(asked.fields))
    except RequestError:
        return set()


@CHECKS.of("C15", "R")
async def what_is_missing_is_asked_for(peer: RecipientPeer) -> str | None:
    """Numbers 3 and 5 to 9 are not kept by the gateway any more."""
    asked = await _asked_for(peer)
    if not asked:
        raise WrongError(f"numbers 5 to 9 are missing, and it did not ask the history within {peer.patience} s")
    if len(set().union(*(_meant(peer, one) for one in asked))) < len(peer.history):
        spans = {f"{one.fields.get('start_time')} to {one.fields.get('end_time')}" for one in asked}
        raise WrongError(f"it asked the history for {', '.join(sorted(spans))}: that is not all that is missing")
    return None


@CHECKS.of("C28", "R")
async def history_is_asked_by_pages(peer: RecipientPeer) -> str | None:
    """With a page's size, and further pages by what the last one ended with."""
    asked = await _asked_for(peer)
    if not asked:
        raise LeftError("it did not ask the history (C15)")
    if any(one.page is None and not one.fields.get("max") for one in asked):
        raise WrongError("it asks the history without pages")
    return None


@CHECKS.of("C29", "R")
async def a_short_page_is_no_end(peer: RecipientPeer) -> str | None:
    """Five records of which two come with each page, however many it wants."""
    asked = await _asked_for(peer)
    if not asked:
        raise LeftError("it did not ask the history (C15)")
    if not any(len(_meant(peer, one)) == len(peer.history) for one in asked):
        raise LeftError("it did not ask for all of it in one (C15)")
    went_on = {one.page.after if one.page else one.fields.get("after") for one in asked}
    # Behind the last as well: what is added meanwhile is behind what the first page counted.
    if missing := {"1", "3", "4"} - went_on:
        raise WrongError(
            f"of five records, two on a page, it did not ask for those behind {' and '.join(sorted(missing))}"
        )
    return None
