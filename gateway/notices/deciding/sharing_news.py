"""What a recipient says of its account that somebody of the household should see to. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.links.alert_words import Topic
from gateway.notices.deciding.news import Item
from gateway.words.phrase import plural

if TYPE_CHECKING:
    from gateway.store.queue import RecipientAccount

# What stays so stands on the page Sharing for as long.
_SHOWN_S = 30 * 86_400.0


def sharing_key(recipient: str) -> str:
    """Under which the household is told of a recipient; it ends with the address, by which it is erased."""
    return f"{Topic.SHARING.value} {recipient}"


def unbalanced(account: RecipientAccount) -> Item | None:
    """Values that only the recipient has, or that are missing there again after they were sent again; else None."""
    last, who = account.comparison, account.recipient
    if last is None:
        return None
    if last.surplus:
        text = plural(
            "{who} has {count} reading that is not in your gateway: either they have not deleted what you deleted, or"
            " your gateway has lost it. Ask them; the “Sharing” page keeps their account.",
            "{who} has {count} readings that are not in your gateway: either they have not deleted what you deleted, or"
            " your gateway has lost them. Ask them; the “Sharing” page keeps their account.",
            last.surplus,
            who=who,
        )
        log = f"a recipient has {last.surplus} values that nobody here has"
    elif last.again > 1 and last.missing + last.altered:
        text = plural(
            "{count} reading was missing or different at {who}, although it had already been put right: it was sent"
            " again. Ask them why; the “Sharing” page keeps their account.",
            "{count} readings were missing or different at {who}, although that had already been put right: they were"
            " sent again. Ask them why; the “Sharing” page keeps their account.",
            last.missing + last.altered,
            who=who,
        )
        log = f"a recipient has lost what it was sent, in {last.again} comparisons in a row"
    else:
        return None
    return Item(sharing_key(who), Topic.SHARING, who, text, log, _SHOWN_S)
