"""How long a gateway lets its recipient keep what it sends: never longer than the household consented to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conformance.checks import Checks
from conformance.packs import records
from conformance.points import LeftError, WrongError
from gateway.federation.wire.stanza import OURS, QUOALISE
from gateway.senml.naming import parse_identifier
from gateway.store.points import Granularity
from gateway.store.terms import days

if TYPE_CHECKING:
    from collections.abc import Iterable
    from xml.etree.ElementTree import Element

    from conformance.gateway_peer import GatewayPeer

CHECKS: Final = Checks()
# How what came is said, and what a consent has to say for it to come.
_NEEDS: Final = {"pushed": "push", "shown live": "push", "of the past": "history"}


@CHECKS.of("C43", "G")
async def nothing_may_be_kept_for_longer_than_was_consented(peer: GatewayPeer) -> str | None:
    """All that came in this run: pushed, live, and of the past."""
    peer.consented()
    access = (await peer.command("my_access")).must_succeed().command
    consents = [one for one in access.iter(f"{{{OURS}}}consent") if one.get("state") == "valid"]
    judged = set()
    for how, parts in peer.data.items():
        given = [consent for consent in consents if consent.get(_NEEDS[how]) == "true"]
        for data in parts:
            judged |= {how for name, granularity in _held(data) if _judge(data, how, name, granularity, given)}
    if not judged:
        raise LeftError("no consent in force states a retention for anything that came")
    return ", ".join(how for how in _NEEDS if how in judged)


def _judge(data: Element, how: str, name: str, granularity: Granularity, given: Iterable[Element]) -> bool:
    """Whether a consent to these values states a retention. WrongError where they may be kept for longer."""
    path = parse_identifier(name).path
    stated = [
        consent.get("retention", "")
        for consent in given
        if consent.get("retention")
        and Granularity.parse(consent.get("granularity", "")) <= granularity
        and parse_identifier(consent.get("series", "")).covers(path)
    ]
    if not stated:
        return False
    bound, meta = min(stated, key=days), data.find(f"{{{QUOALISE}}}meta")
    kept = None if meta is None else meta.get("retention")
    # Where nothing is said the consent's binds alone.
    if kept is not None and days(kept) > days(bound):
        raise WrongError(f"{name}, {how}, may be kept for {kept}, and the consent says {bound}")
    return True


def _held(data: Element) -> set[tuple[str, Granularity]]:
    """The names in a ``<data>``, each with how fine its values are."""
    described = data.findall(f"{{{QUOALISE}}}meta/{{{QUOALISE}}}measurement")
    fine = {one.get("n", ""): one.get("sampling-interval", "raw") for one in described}
    names = {record.name for record in records(data)}
    return {(name, Granularity.parse(fine.get(parse_identifier(name).path, "raw"))) for name in names}
