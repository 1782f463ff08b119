"""Whatever is done to an exported journal is found, at the number of the entry that it was done to."""

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.journal.entry import Head, PersonalText, canonical, digest, write_line
from gateway.journal.key import read_public
from gateway.journal.verify import JournalFault, Why, read_lines, verify
from tests.gateway.journal.conftest import begun, chain, life, lines, make_key

KEY = make_key().public


def check(export, **options):
    """The fault of an export's bytes, None when it is whole."""
    return verify(read_lines(io.BytesIO(export)), **options).fault


@pytest.fixture(scope="session")
def export(entries):
    """The bytes of an export of fifty entries."""
    return b"".join(lines(entries))


def test_a_whole_journal_is_found_whole(entries, export):
    """Its head, its key, and with or without a key that is trusted."""
    verdict = verify(read_lines(io.BytesIO(export)), [KEY])
    assert (verdict.entries, verdict.fault, verdict.erased, verdict.key) == (50, None, 0, KEY)
    assert verdict.head == Head(50, entries[-1].hash.hex())
    assert check(export, keys=[make_key(2).public, KEY], anchors=[verdict.head, Head(7, entries[6].hash.hex())]) is None
    assert check(export.removesuffix(b"\n")) is None


@given(data=st.data())
def test_any_changed_byte_is_found_at_its_entry(entries, data):
    """Whichever byte of whichever line becomes whichever other: hashes, signatures, salts, line feeds."""
    whole = lines(entries)
    number = data.draw(st.integers(0, len(whole) - 1))
    place = data.draw(st.integers(0, len(whole[number]) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != whole[number][place]))
    whole[number] = whole[number][:place] + bytes([byte]) + whole[number][place + 1 :]
    fault = check(b"".join(whole))
    assert fault is not None
    assert fault.seq == number + 1


@given(number=st.integers(1, 49), more=st.integers(1, 5))
def test_removed_entries_are_found_at_the_first_of_them(entries, number, more):
    """All but a cut tail, which only an anchor shows."""
    rest = entries[: number - 1] + entries[number - 1 + more :]
    fault = check(b"".join(lines(rest)))
    if number - 1 + more >= len(entries):
        assert fault is None
        assert check(b"".join(lines(rest)), anchors=[Head(50, entries[-1].hash.hex())]) == JournalFault(number, Why.CUT)
    else:
        assert fault == JournalFault(number, Why.REMOVED)


@given(places=st.lists(st.integers(0, 49), min_size=2, max_size=2, unique=True).map(sorted))
def test_reordered_entries_are_found_at_the_first_of_them(entries, places):
    """Two that changed places."""
    first, second = places
    moved = list(entries)
    moved[first], moved[second] = moved[second], moved[first]
    assert check(b"".join(lines(moved))) == JournalFault(first + 1, Why.REORDERED)


def test_an_entry_that_stands_twice_is_found(entries):
    """At the place of the one after it."""
    assert check(b"".join(lines([*entries[:9], *entries[8:]]))) == JournalFault(10, Why.REORDERED)


def test_a_cut_tail_is_found_from_an_anchor(entries):
    """A recipient's head that lies beyond the end."""
    anchor = Head(48, entries[47].hash.hex())
    assert check(b"".join(lines(entries[:48])), anchors=[anchor]) is None
    assert check(b"".join(lines(entries[:47])), anchors=[anchor]) == JournalFault(48, Why.CUT)
    assert check(b"") == JournalFault(1, Why.CUT)


def test_a_journal_signed_anew_by_its_owner_is_found_from_an_anchor(entries):
    """The owner has the key: only what somebody else keeps can contradict it."""
    events = life(50)
    events[9] = ("consent-granted", {"points": 0}, {})
    export = b"".join(lines(chain(events)))
    assert check(export, keys=[KEY]) is None
    anchor = Head(30, entries[29].hash.hex())
    assert check(export, keys=[KEY], anchors=[anchor]) == JournalFault(30, Why.REWRITTEN)


def test_an_entry_put_in_without_the_key_is_found(entries):
    """Its hash can be computed by anyone, its signature cannot."""
    event = canonical({"kind": "consent-withdrawn"})
    own = digest(entries[-1].prev, 50, 1, event)
    forged = replace(entries[-1], time=1, event=event, hash=own, texts={})
    assert check(b"".join(lines([*entries[:49], forged]))) == JournalFault(50, Why.SIGNATURE)


def test_an_entry_chained_to_another_past_is_found(entries):
    """The right number and its own good hash, after something else."""
    (other,) = chain([("restarted", {}, {})], prev=b"\x01" * 32, first=50)
    assert check(b"".join(lines([*entries[:49], other]))) == JournalFault(50, Why.REWRITTEN)


def test_a_whole_journal_by_another_key_is_found(export):
    """A forger's chain is as good as ours, but for the key that the household has published."""
    assert check(export, keys=[make_key(2).public]) == JournalFault(1, Why.KEY, KEY)


def test_a_journal_without_its_beginning_is_found(entries):
    """The first entry says the key; what follows it does not stand for it."""
    assert check(b"".join(lines(entries[1:]))) == JournalFault(1, Why.REMOVED)
    renumbered = chain(life(5)[1:])
    assert check(b"".join(lines(renumbered))) == JournalFault(1, Why.REMOVED)


def test_an_erased_text_leaves_the_chain_whole(entries):
    """The commitment stays and says nothing; each text that is gone is counted."""
    erased = [replace(entry, texts={}) if entry.seq % 2 else entry for entry in entries]
    verdict = verify(lines(erased), [KEY])
    assert (verdict.fault, verdict.erased) == (None, 24)


@pytest.mark.parametrize(
    "texts",
    [
        {"recipient": PersonalText(b"s" * 16, "coop8@sen2.test")},
        {"controller": PersonalText(b"s" * 16, "coop8@sen2.test")},
    ],
)
def test_a_text_that_was_not_committed_to_is_found(entries, texts):
    """Neither another one in its place, nor one that never was."""
    changed = [*entries[:9], replace(entries[9], texts=texts), *entries[10:]]
    assert check(b"".join(lines(changed))) == JournalFault(10, Why.TEXT, *texts)


def test_a_new_key_is_believed_only_when_it_is_trusted():
    """Whoever lost the old one cannot sign with it; whoever verifies must be told the new one."""
    old = chain(life(5))
    new = make_key(2)
    events = [("key-rotated", {"key": new.public}, {}), ("restarted", {}, {})]
    export = b"".join(lines(old + chain(events, new, old[-1].hash, 6)))
    assert check(export, keys=[KEY]) == JournalFault(6, Why.KEY, new.public)
    assert check(export) == JournalFault(6, Why.KEY, new.public)
    assert check(export, keys=[KEY, new.public]) is None


def test_a_line_without_an_end_takes_no_memory():
    """It is read in pieces of the longest that an entry can be."""
    pieces = list(read_lines(io.BytesIO(b"x" * 200_000)))
    assert max(map(len, pieces)) == 65_536
    assert check(b"x" * 200_000) == JournalFault(1, Why.CHANGED)


def test_the_first_entry_must_say_the_format():
    """A verifier of today does not vouch for a format of tomorrow."""
    kind, facts, personal = begun()
    assert check(b"".join(lines(chain([(kind, facts | {"format": 2}, personal)])))) == JournalFault(1, Why.REMOVED)


def test_a_public_key_is_read_in_both_forms():
    """Digits as the command prints them, and PEM as openssl does; a text that is neither is refused."""
    pem = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAiojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=
-----END PUBLIC KEY-----
"""
    assert read_public(pem) == read_public(KEY.upper() + "\n") == KEY
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        read_public("key")


def test_a_line_is_what_the_readme_shows(entries):
    """The export of the README's example is a prefix in form of this one."""
    line = write_line(entries[1])
    names = [line.find(f'"{name}":') for name in ("event", "hash", "prev", "seq", "sig", "texts", "time")]
    assert names == sorted(names)
    assert -1 not in names
