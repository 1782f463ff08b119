"""The journal for a person, in French and English: what each entry tells, and what is wrong with one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gateway.journal.verify import JournalFault, JournalVerdict, Why
from gateway.words.phrase import Phrase

if TYPE_CHECKING:
    from gateway.journal.entry import Entry

_KINDS = {
    "begun": Phrase("journal begun"),
    "consent-granted": Phrase("consent granted"),
    "consent-withdrawn": Phrase("consent withdrawn"),
    "consent-limited": Phrase("consent limited"),
    "consent-resumed": Phrase("consent resumed"),
    "access-asked": Phrase("access asked for"),
    "access-refused": Phrase("access refused"),
    "domain-refused": Phrase("domain refused"),
    "domain-heard": Phrase("domain heard again"),
    "request-denied": Phrase("request denied"),
    "transfer": Phrase("data sent"),
    "transfer-confirmed": Phrase("receipt confirmed"),
    "erasure-spared": Phrase("erasure not asked for"),
    "notice-sent": Phrase("notice sent"),
    "notice-confirmed": Phrase("notice confirmed"),
    "configuration-changed": Phrase("configuration changed"),
    "setting-changed": Phrase("setting changed"),
    "recipient-suspended": Phrase("recipient suspended"),
    "recipient-returned": Phrase("recipient returned"),
    "key-rotated": Phrase("journal key changed"),
    "data-erased": Phrase("data erased"),
    "data-rectified": Phrase("data rectified"),
    "restarted": Phrase("gateway started"),
    "history-imported": Phrase("history imported"),
    "history-undone": Phrase("import of history undone"),
    "history-file-deleted": Phrase("imported file deleted"),
    "root-acted": Phrase("done with the machine's own rights"),
    "root-refused": Phrase("asked of the machine and not done"),
    "update-agreed": Phrase("update agreed to"),
    "update-refused": Phrase("update refused"),
    "update-ended": Phrase("update ended"),
    "backup-restored": Phrase("backup brought back"),
    "backup-refused": Phrase("backup not brought back"),
    "page-taken": Phrase("the page's password chosen with a code or at the meter"),
    "broker-access-given": Phrase("let in at the broker"),
    "broker-access-ended": Phrase("let in no more at the broker"),
    "board-update-agreed": Phrase("update of a board agreed to"),
    "board-update-ended": Phrase("update of a board ended"),
}
_FIELDS = {
    "recipient": Phrase("recipient"),
    "consent": Phrase("consent"),
    "meter": Phrase("meter"),
    "series": Phrase("series"),
    "granularity": Phrase("granularity"),
    "push": Phrase("push"),
    "history": Phrase("history"),
    "begins": Phrase("from"),
    "until": Phrase("until"),
    "channel": Phrase("channel"),
    "text": Phrase("text"),
    "by": Phrase("by"),
    "replaces": Phrase("replaces"),
    "request": Phrase("request"),
    "asker": Phrase("asker"),
    "domain": Phrase("domain"),
    "requests": Phrase("requests"),
    "day": Phrase("day"),
    "points": Phrase("values"),
    "first": Phrase("first"),
    "last": Phrase("last"),
    "key": Phrase("key"),
    "epoch": Phrase("epoch"),
    "reason": Phrase("reason"),
    "notice": Phrase("notice"),
    "notices": Phrase("notices"),
    "erasure": Phrase("erasure asked for"),
    "told": Phrase("told"),
    "days": Phrase("days away"),
    "account": Phrase("account"),
    "retention": Phrase("retention"),
    "units": Phrase("units"),
    "strangers": Phrase("strangers see"),
    "batch_s": Phrase("batched over (s)"),
    "hash": Phrase("hash"),
    "version": Phrase("version"),
    "purpose": Phrase("purpose"),
    "command": Phrase("command"),
    "controller": Phrase("controller", "controller"),
    "profile": Phrase("profile"),
    "pseudonym": Phrase("pseudonym"),
    "what": Phrase("what"),
    "consents": Phrase("consents"),
    "import": Phrase("import"),
    "form": Phrase("form"),
    "sha256": Phrase("SHA-256"),
    "how": Phrase("how"),
    "when": Phrase("when"),
    "result": Phrase("result"),
    "made": Phrase("made", "when a backup was"),
    "files": Phrase("files"),
    "name": Phrase("name"),
}
_ERASED = Phrase("erased")
# Their numbers are 0 and 1.
_FLAGS = {"push", "history", "pseudonym", "erasure"}
_YES, _NO = Phrase("yes"), Phrase("no")
# Their numbers are POSIX seconds.
_TIMES = {"begins", "until", "day", "first", "last", "begins_at", "expires_at", "made"}

_FAULTS = {
    Why.CHANGED: Phrase("was changed or damaged"),
    Why.REMOVED: Phrase("is missing: it was removed"),
    Why.REORDERED: Phrase("is not in its place"),
    Why.SIGNATURE: Phrase("is not signed by the journal's key"),
    Why.KEY: Phrase("names a key that is not one of the trusted ones; if it is the right one, add --key {detail}"),
    Why.TEXT: Phrase("has a text “{detail}” that is not the one it was written with"),
    Why.CUT: Phrase("is missing: the end of the journal was cut off"),
    Why.REWRITTEN: Phrase("is not the one that was there: the journal was rewritten"),
}
_VERDICT = Phrase("{entries} entries, all whole and signed; {erased} texts erased\nlast: {seq}:{hash}\nkey: {key}")
_UNCHECKED = Phrase("this key is the one that the journal itself names: compare it, or give the true one by --key")
_ANCHORED = Phrase("hashes noted elsewhere (system log, recipients): {count}, all of them are in it")
_ALONE = Phrase(
    "no hash noted elsewhere is within reach: checked by the key alone. The key is on the card: whoever has the card"
    " may have written all of it anew. Ask a recipient for the hash that it keeps, and add --anchor N:HASH"
)
_OF_ANOTHER = Phrase(
    "the system log speaks of another database, too: a backup restored, data erased, or the database exchanged"
)
_FAULT = Phrase("entry {seq} {words}")


def as_text(entry: Entry, lang: str) -> str:
    """One line: when, the number, what happened, and its facts; a text that was erased is said to be."""
    facts = entry.facts()
    kind = facts.pop("kind")
    told = [f"{_word(_FIELDS, name, lang)} {_value(entry, name, facts[name], lang)}" for name in _ordered(facts)]
    return " · ".join([f"{_moment(entry.time)}  {entry.seq:>6}  {_word(_KINDS, kind, lang)}", *told])


def as_json(entry: Entry) -> dict[str, Any]:
    """The entry with its texts in their places, null for those that were erased."""
    facts = {
        name: (entry.texts[name].text if name in entry.texts else None) if isinstance(value, dict) else value
        for name, value in entry.facts().items()
    }
    return {"seq": entry.seq, "time": _moment(entry.time), **facts}


def verdict_text(verdict: JournalVerdict, lang: str, *, key_given: bool) -> str:
    """What was found, in a few lines."""
    if verdict.fault:
        return fault_text(verdict.fault, lang)
    assert verdict.head is not None, "without an entry there is a fault"  # noqa: S101
    words = {"entries": verdict.entries, "erased": verdict.erased, "seq": verdict.head.seq}
    lines = [_VERDICT.in_language(lang).format(**words, hash=verdict.head.hash, key=verdict.key)]
    return "\n".join(lines if key_given else [*lines, _UNCHECKED.in_language(lang)])


def anchors_text(count: int, lang: str, *, of_another: bool) -> str:
    """Whether anything but the key vouches for it."""
    lines = [(_ANCHORED if count else _ALONE).in_language(lang).format(count=count)]
    return "\n".join([*lines, _OF_ANOTHER.in_language(lang)] if of_another else lines)


def fault_text(fault: JournalFault, lang: str) -> str:
    """The number of the bad entry, and why it is bad."""
    return _FAULT.in_language(lang).format(
        seq=fault.seq, words=_FAULTS[fault.why].in_language(lang).format(detail=fault.detail)
    )


def _ordered(facts: dict[str, Any]) -> list[str]:
    """Who comes first, then the rest in the order of ``_FIELDS``."""
    known = list(_FIELDS)
    return sorted(facts, key=lambda name: (known.index(name) if name in known else len(known), name))


def _value(entry: Entry, name: str, value: int | str | dict[str, str], lang: str) -> str:
    if isinstance(value, dict):
        # What a stranger wrote stays on its line.
        return " ".join(entry.texts[name].text.split()) if name in entry.texts else f"({_ERASED.in_language(lang)})"
    if name in _FLAGS:
        return (_YES if value else _NO).in_language(lang)
    return _moment(value) if name in _TIMES and isinstance(value, int) else str(value)


def _word(words: dict[str, Phrase], name: str, lang: str) -> str:
    return words[name].in_language(lang) if name in words else name


def _moment(time: int) -> str:
    """ISO 8601 in UTC, as every output of ours; what is no time of our era stays a number."""
    try:
        return datetime.fromtimestamp(time, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return str(time)
