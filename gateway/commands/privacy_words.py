"""What ``linky-gateway privacy`` says to a person, in French and English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.words.table import WordTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.privacy.orders import Erasing

# What is typed to erase, in the language of the question.
ERASE = WordTable("erase")

_SAID = WordTable(
    {
        "range": "To erase: {readings} readings and roll-ups, {queued} messages that wait, {events} events.",
        "everything": "To erase: EVERYTHING that the gateway knows of this household ({readings} readings and"
        " roll-ups), with the consents, which are withdrawn first, and the series received from others.",
        "recipient": "To erase: what is kept about {recipient}. Consents, withdrawn first: {consents}.",
        "told": "Will be asked to erase too: {told}.",
        "nobody": "Nobody has received these readings.",
        "asked": "{recipient} is asked to erase what it has received.",
        "journal": "The journal keeps the proof of what was decided, without a value; this cannot be undone.",
        "type": 'To erase, type "erase" and Enter: ',
        "nothing": "nothing was erased",
        "empty": "there is nothing to erase there",
        "done": "erased: {readings} readings and roll-ups, {queued} messages that waited, {events} events",
        "done-recipient": "erased: what was kept about {recipient}; consents: {consents}",
        "wiped": "the database's file is written anew without these data",
        "held": "another program reads the database: repeat the command when it has ended, so that the bytes go too",
        "undone": "could not be done: {undone}; repeat the command",
        "copies": "files that were set aside (damaged, or from before an update) still hold old data: {copies}",
        "removed": "removed as well: {removed}",
        "left": "what stays, for the gateway to go on: the configuration, the account's password, the journal's key;"
        " with `privacy erase --machine` nothing stays",
        "machine": "To erase for good, with the free space of the card: the whole installation ({count} files),"
        " its data,"
        " its keys, its passwords, the rights of the boards, the Wi-Fi that came by linky.toml.",
        "machine-told": "Have received readings and are NOT told by this command: {told}. For them to erase as well:"
        " first `privacy erase --everything`, and let the gateway run until they have answered.",
        "machine-done": "erased: {count} files, and the free space written over; a memory card keeps blocks"
        " that it does"
        " not show: give it only to whom you would trust",
        "machine-phones": "phones and computers that were given the authority of the encrypted page believe it still;"
        " its key is erased. Take “Linky …” off them: their settings, under certificates",
        "machine-backups": "the backups in {place} stay: they are encrypted, erase them there",
        "rectified": "{meter}:{series} {granularity} {time}: {before} → {after} {unit}",
        "rectified-told": "whoever had received the old value is told",
        "rotated": "{recipient} knows {meter} as {known} from now on; give it that name",
        "exported": "{count} files in {path}",
        "imported": "imported: {path}, of {made}",
        "consents-held": "The imported consents do not apply here by themselves: nothing is sent before"
        " `linky-gateway consent resume RECIPIENT`, for each of those of `linky-gateway consent list` (held).",
    }
)


def say(lang: str, name: str, **facts: object) -> str:
    """One sentence."""
    return str(_SAID[lang][name].format(**facts))


def question(lang: str, order: Erasing[Any], found: Mapping[str, Any]) -> list[str]:
    """What is shown before an erasure is confirmed."""
    lines = [say(lang, order.what, recipient=order.recipient, **found)]
    if order.what == "recipient":
        lines.append(say(lang, "asked", recipient=order.recipient))
    else:
        lines.append(say(lang, "told", told=", ".join(found["told"])) if found["told"] else say(lang, "nobody"))
    return [*lines, say(lang, "journal")]


def outcome(lang: str, order: Erasing[Any], done: Mapping[str, Any]) -> list[str]:
    """What is said after an erasure."""
    recipient = order.what == "recipient"
    lines = [say(lang, "done-recipient" if recipient else "done", recipient=order.recipient, **done)]
    if recipient:
        lines.append(say(lang, "asked", recipient=order.recipient))
    elif done["told"]:
        lines.append(say(lang, "told", told=", ".join(done["told"])))
    lines.append(done.get("unwritten") or say(lang, "wiped" if done["wiped"] else "held"))
    listed = {name: ", ".join(done[name]) for name in ("copies", "removed", "undone") if done.get(name)}
    lines += [say(lang, name, **{name: names}) for name, names in listed.items()]
    return [*lines, say(lang, "left")] if order.what == "everything" else lines


def corrected(lang: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is said after a correction."""
    return [*(say(lang, "rectified", **row).rstrip() for row in rows), say(lang, "rectified-told")]
