"""Journals without a database: chains of entries, signed with a key of the test's own."""

import random

import pytest

from gateway.journal.entry import FORMAT, NO_ENTRY, Entry, PersonalText, digest, write_event, write_line
from gateway.journal.key import SigningKey

T0 = 1_781_604_000


def make_key(number=1):
    """A key that is the same in every run."""
    return SigningKey(bytes([number]) * 32)


def chain(events, key=None, prev=NO_ENTRY, first=1):
    """Entries of (kind, facts, personal), each chained to the one before and signed."""
    key, chance, entries = key or make_key(), random.Random(7), []
    for seq, (kind, facts, personal) in enumerate(events, first):
        texts = {name: PersonalText(chance.randbytes(16), text) for name, text in personal.items()}
        event = write_event(kind, facts, texts)
        own = digest(prev, seq, T0 + seq, event)
        entries.append(Entry(seq, T0 + seq, event, prev, own, key.sign(own), texts))
        prev = own
    return entries


def begun(key=None):
    """The event that a journal begins with."""
    return "begun", {"format": FORMAT, "epoch": "0a1b2c3d", "key": (key or make_key()).public}, {}


def life(count, key=None):
    """The events of a household's journal."""
    events = [begun(key)]
    for n in range(count - 1):
        kind = ("transfer", "consent-granted", "access-asked")[n % 3]
        events.append((kind, {"points": n, "series": "énergie/\t“index”"}, {"recipient": f"coop{n}@sen2.test"}))
    return events


def lines(entries):
    """An export of them."""
    return [write_line(entry).encode() + b"\n" for entry in entries]


@pytest.fixture(scope="session")
def entries():
    """Fifty entries."""
    return chain(life(50))
