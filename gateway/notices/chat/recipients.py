"""Who receives the household's data, a line each, as it is told in a chat; and who asks for them."""

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
    if waiting := stored.access.count_waiting():
        lines.append(words["asked-one" if waiting == 1 else "asked"].format(count=waiting))
    return "\n".join(lines)


def _lines(consents: list[Consent], now: int, lang: str) -> Iterator[str]:
    words = WORDS[lang]
    for one in consents:
        # A name is the recipient's own word; its address is what the data go to.
        who = f"{one.terms.controller} ({one.recipient})" if one.terms.controller else one.recipient
        # The end is not included: the last day is the one before it.
        last = day_of(one.until - 1)
        until = f"{day_in_words(last).in_language(lang)} {last.year}"
        kind = one.prefix.partition("/")[0]
        data = words["data"].get(kind, words["data"]["other"])
        text = words["receives"].format(who=who, data=data, detail=words["details"][one.granularity.code], until=until)
        yield text + ("" if one.valid(now) else words["paused"])
