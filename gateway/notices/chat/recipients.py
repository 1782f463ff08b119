"""Who receives the household's data and who may know whether the gateway is well, a line each, as it is told in a chat.

And how many ask for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.balance.calendar import day_of
from gateway.household.tariff_words import day_in_words
from gateway.notices.chat.words import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.store.points import Consent
    from gateway.store.store import Store


def describe(stored: Store, now: int, lang: str) -> str:
    """The text at POSIX second ``now``. Raises StoreError when the store cannot be read."""
    words = WORDS[lang]
    standing = [one for one in stored.consents.all() if one.standing(now)]
    lines = list(dict.fromkeys(_lines(standing, now, lang))) or [words["nobody"]]
    for one in stored.health.all():
        if one.until is not None and now < one.until:
            lines.append(words["health"].format(who=one.installer, until=_until(one.until, lang)))
    if waiting := stored.access.count_waiting():
        lines.append(words["asked-one" if waiting == 1 else "asked"].format(count=waiting))
    return "\n".join(lines)


def _lines(consents: list[Consent], now: int, lang: str) -> Iterator[str]:
    words = WORDS[lang]
    for one in consents:
        # A name is the recipient's own word; its address is what the data go to.
        who = f"{one.terms.controller} ({one.recipient})" if one.terms.controller else one.recipient
        kind = one.prefix.partition("/")[0]
        data = words["data"].get(kind, words["data"]["other"])
        # What is said to begin later is not received yet, nor what a clock that is not set says was not given.
        later = not one.limited and max(one.given_at, one.begins) > now
        facts = {"who": who, "data": data, "detail": words["details"][one.granularity.code]}
        facts |= {"until": _until(one.until, lang), "since": _written(max(one.given_at, one.begins), lang)}
        yield words["receives-later" if later else "receives"].format(**facts) + (
            words["paused"] if one.limited else ""
        )


def _until(end: int, lang: str) -> str:
    """The last day: the end is not included."""
    return _written(end - 1, lang)


def _written(time: int, lang: str) -> str:
    when = day_of(time)
    return f"{day_in_words(when).in_language(lang)} {when.year}"
