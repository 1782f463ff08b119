"""One entry of the journal, byte by byte: its canonical event, its hash, and its line in an export.

Values only: no clock, no key, no database. Canonical JSON is RFC 8785 restricted to flat objects of whole numbers,
strings and commitments, with ASCII names: for these Python's own writer gives the RFC's bytes. README.md here.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from gateway.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Mapping

# What each hash begins with: it names the format, and no hash of anything else is ever taken for one of these.
TAG = b"linky-gateway journal 1\n"
FORMAT = 1
NO_ENTRY = bytes(32)
SALT_BYTES = 16
# RFC 8785 §3.2.2.3: beyond this a reader whose numbers are doubles sees another one.
LARGEST = 2**53 - 1
LONGEST_TEXT = 4_000
LONGEST_LINE = 65_536

Kind = Literal[
    "begun",
    "consent-granted",
    "consent-withdrawn",
    "consent-limited",
    "consent-resumed",
    "access-asked",
    "access-refused",
    "domain-refused",
    "domain-heard",
    "request-denied",
    "transfer",
    "transfer-confirmed",
    "erasure-spared",
    "notice-sent",
    "notice-confirmed",
    "configuration-changed",
    "setting-changed",
    "recipient-suspended",
    "recipient-returned",
    "key-rotated",
    "data-erased",
    "data-rectified",
    "restarted",
    "history-imported",
    "history-undone",
    "history-file-deleted",
    "root-acted",
    "root-refused",
    "update-agreed",
    "update-refused",
    "update-ended",
    "backup-restored",
    "backup-refused",
    "page-taken",
    "broker-access-given",
    "broker-access-ended",
    "board-update-agreed",
    "board-update-ended",
]
KINDS: frozenset[str] = frozenset(get_args(Kind))

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_HASH = re.compile(r"[0-9a-f]{64}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")
_SALT = re.compile(rf"[0-9a-f]{{{2 * SALT_BYTES}}}")
_LINE_NAMES = {"event", "hash", "prev", "seq", "sig", "time"}


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry's number and hash (64 hexadecimal digits): who holds it can prove what came before."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class PersonalText:
    """A personal text beside the chain: erased, only its commitment stays in the event."""

    salt: bytes
    text: str

    def commitment(self) -> str:
        """SHA-256(salt ‖ UTF-8 of the text), hexadecimal."""
        return hashlib.sha256(self.salt + self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry with what it is chained to; ``event`` is canonical JSON, ``time`` POSIX seconds UTC."""

    seq: int
    time: int
    event: str
    prev: bytes
    hash: bytes
    sig: bytes
    texts: Mapping[str, PersonalText] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """The event: name to whole number, string, or commitment ``{"$": hash}``."""
        facts: dict[str, Any] = json.loads(self.event)
        return facts

    def own_hash(self) -> bytes:
        """The hash that these contents have."""
        return digest(self.prev, self.seq, self.time, self.event)


def canonical(value: object) -> str:
    """RFC 8785's form of objects, strings and whole numbers."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(prev: bytes, seq: int, time: int, event: str) -> bytes:
    """SHA-256(TAG ‖ prev, 32 bytes ‖ seq, 8 bytes big-endian ‖ time, 8 bytes big-endian ‖ event, UTF-8)."""
    return hashlib.sha256(TAG + prev + seq.to_bytes(8, "big") + time.to_bytes(8, "big") + event.encode()).digest()


def write_event(kind: str, facts: Mapping[str, int | str], texts: Mapping[str, PersonalText]) -> str:
    """The canonical event. ValueError for what no event can hold: that is a fault of the caller's."""
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is not a kind of entry")
    doubled = facts.keys() & texts.keys()
    if doubled:
        raise ValueError(f"{sorted(doubled)} stand in clear beside their commitments")
    event = {**facts, **{name: {"$": text.commitment()} for name, text in texts.items()}}
    if "kind" in event:
        raise ValueError("kind is the entry's own")
    event["kind"] = kind
    if not _is_event(event):
        raise ValueError(f"an entry of kind {kind} holds something that is neither a whole number nor a string")
    return canonical(event)


def clean(text: str) -> str:
    """A text as it is kept: at most ``LONGEST_TEXT`` characters, and nothing that UTF-8 cannot say."""
    kept = text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
    return kept.encode("utf-8", "replace").decode()


def write_line(entry: Entry) -> str:
    """The entry's line in an export, without its line feed.

    The event stands as it is kept, not written anew: what was done to it in the database shows.
    """
    texts = {name: {"salt": text.salt.hex(), "text": text.text} for name, text in entry.texts.items()}
    rest = {"hash": entry.hash.hex(), "prev": entry.prev.hex(), "seq": entry.seq, "sig": entry.sig.hex()}
    after = rest | ({"texts": texts} if texts else {}) | {"time": entry.time}
    return f'{{"event":{entry.event},{canonical(after)[1:]}'


def read_line(line: bytes) -> Entry:
    """The entry of one line. JournalError when it is not, byte for byte, what ``write_line`` would write."""
    try:
        text = line.decode().removesuffix("\n")
        found = json.loads(text)
        whole = isinstance(found, dict) and canonical(found) == text
    except (ValueError, RecursionError) as error:
        raise JournalError("is not JSON in UTF-8") from error
    if not whole:
        raise JournalError("is not canonical JSON")
    if found.keys() - {"texts"} != _LINE_NAMES or not _is_event(found["event"]):
        raise JournalError("has not the form of an entry")
    numbers = (found["seq"], found["time"])
    if not all(_is_number(n) and n >= 0 for n in numbers) or not _are_hex(found):
        raise JournalError("has not the form of an entry")
    prev, own, sig = (bytes.fromhex(found[name]) for name in ("prev", "hash", "sig"))
    return Entry(*numbers, canonical(found["event"]), prev, own, sig, _read_texts(found.get("texts")))


def _read_texts(found: object) -> dict[str, PersonalText]:
    if found is None:
        return {}
    if not isinstance(found, dict) or not found:
        raise JournalError("has not the form of an entry")
    texts = {}
    for name, kept in found.items():
        if not isinstance(kept, dict) or kept.keys() != {"salt", "text"} or not isinstance(kept["text"], str):
            raise JournalError("has not the form of an entry")
        if not _matches(_SALT, kept["salt"]):
            raise JournalError("has not the form of an entry")
        texts[name] = PersonalText(bytes.fromhex(kept["salt"]), kept["text"])
    return texts


def _is_event(event: object) -> bool:
    return (
        isinstance(event, dict)
        and isinstance(event.get("kind"), str)
        and all(_NAME.fullmatch(name) and _is_value(value) for name, value in event.items())
    )


def _is_value(value: object) -> bool:
    if isinstance(value, dict):
        return value.keys() == {"$"} and _matches(_HASH, value["$"])
    return isinstance(value, str) or _is_number(value)


def _is_number(value: object) -> bool:
    # A bool is an int in Python; in JSON it is neither a number nor a string.
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST


def _are_hex(found: Mapping[str, object]) -> bool:
    return _matches(_HASH, found["prev"]) and _matches(_HASH, found["hash"]) and _matches(_SIGNATURE, found["sig"])


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
