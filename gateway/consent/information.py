"""The information notice on one recipient (GDPR Art. 13): made of its consents and of the log of what it was handed.

The template lies in ``texts/``; the words for granularities, roles and profiles are those of the consent itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.consent.text import Passage, day, describe_offer, fill, who
from gateway.errors import ConsentError
from gateway.store.points import Consent, Granularity
from gateway.store.terms import PLAIN_TERMS, Offer, check_jid
from gateway.store.transfers import FOR_EVER, Transfers
from gateway.words.table import WordTable

if TYPE_CHECKING:
    from gateway.store.store import Archive

_WORDS = WordTable(
    {
        "none": "   No consent is in force: nothing is sent.\n",
        "nothing": "   Nothing was handed over.\n",
        "handed": "   {meter}: {series}, {granularity}: {points} values, from {first} to {last}.\n",
        "confirmed": "   Confirmed by its receipts: {count} values.\n",
        "ended": "   {count} consents have ended; they allow nothing any more.\n",
        "health": "   To know whether the gateway is well, when it asks, until {until}; no reading.\n",
        "held": "   Suspended: nothing is sent at present.\n",
        "account": " ({account})",
        "unknown": "the recipient",
    }
)


def information_text(
    archive: Archive, recipient: str, lang: str, house_retention: str, account: str | None, now: float
) -> str:
    """The whole notice; ConsentError for a recipient of whom nothing is known."""
    jid, words = check_jid(recipient), _WORDS[lang]
    consents = archive.consents.of(jid)
    handed = _handed(archive.transfers, jid, lang)
    health = archive.health.of(jid)
    if not consents and not handed and not health:
        raise ConsentError(f"{jid}: never had a consent here, and never received anything")
    standing = [c for c in consents if c.standing(now)]
    terms = consents[-1].terms if consents else PLAIN_TERMS
    blocks = [_block(c, lang, house_retention) for c in standing]
    if health and health.until is not None and now < health.until:
        blocks.append(words["health"].format(until=day(health.until - 1)))
    blocks = blocks or [words["none"]]
    if ended := len(consents) - len(standing):
        blocks.append(words["ended"].format(count=ended))
    stated = who(terms, lang)
    if not terms.controller:
        stated["controller"] = words["unknown"]
    return fill(
        Passage.INFORMATION,
        lang,
        {
            **stated,
            "recipient": jid,
            "today": day(int(now)),
            "account": words["account"].format(account=account) if account else "",
            "consents": "\n".join(blocks),
            "handed": handed or words["nothing"],
        },
    )


def _block(consent: Consent, lang: str, house_retention: str) -> str:
    """One consent, a line each of what, how fine, in which direction, why and for how long."""
    offer = Offer(
        *(consent.meter, consent.prefix, consent.granularity, consent.until, consent.begins),
        *(consent.terms, consent.manner),
    )
    lines = fill(Passage.CONSENTED, lang, describe_offer(offer, lang, house_retention)).splitlines()
    suspended = _WORDS[lang]["held"] if consent.limited else ""
    return "".join(f"   {line}\n" for line in lines if line) + suspended


def _handed(transfers: Transfers, recipient: str, lang: str) -> str:
    sums: dict[tuple[str, str, int], tuple[int, int, int]] = {}
    for _, jid, series, granularity, first, last, points in transfers.all():
        if jid == recipient:
            key = series.meter, series.path, granularity
            low, high, count = sums.get(key, (first, last, 0))
            sums[key] = min(low, first), max(high, last), count + points
    lines = [
        _WORDS[lang]["handed"].format(
            meter=meter,
            series=path,
            granularity=Granularity(granularity).code,
            points=count,
            first=day(low),
            last=day(high),
        )
        for (meter, path, granularity), (low, high, count) in sorted(sums.items())
    ]
    days = transfers.confirmed_by_day(0, FOR_EVER)
    if lines and (confirmed := sum(points for (_, jid), points in days.items() if jid == recipient)):
        lines.append(_WORDS[lang]["confirmed"].format(count=confirmed))
    return "".join(lines)
