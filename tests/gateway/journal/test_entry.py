"""An entry's bytes are fixed: what is written here can be computed by anyone from the README."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import JournalError
from gateway.journal.entry import Entry, PersonalText, canonical, clean, digest, read_line, write_event, write_line
from tests.gateway.journal.conftest import T0, chain, life, lines


def test_the_hash_is_over_the_bytes_that_the_readme_names():
    """Tag, hash before, number, time, event."""
    event = '{"kind":"restarted","version":"1"}'
    raw = b"linky-gateway journal 1\n" + b"\x11" * 32 + b"\0\0\0\0\0\0\0\x02" + b"\0\0\0\0" + bytes.fromhex("6a312060")
    assert digest(b"\x11" * 32, 2, 0x6A312060, event) == hashlib.sha256(raw + event.encode()).digest()


def test_a_personal_text_is_in_the_event_as_its_salted_hash_only():
    """Names sorted, no spaces, and the address nowhere."""
    text = PersonalText(b"s" * 16, "coop@sen2.test")
    event = write_event("consent-granted", {"until": 7, "series": "a/b"}, {"recipient": text})
    commitment = hashlib.sha256(b"s" * 16 + b"coop@sen2.test").hexdigest()
    assert event == '{"kind":"consent-granted","recipient":{"$":"' + commitment + '"},"series":"a/b","until":7}'


def test_canonical_json_is_that_of_rfc_8785():
    """The strings of its §3.2.3 example and numbers: escapes in lower case, everything else as it is."""
    value = {"string": '€$\x0f\nA\'B"\\\\"/', "number": 333333333, "z": "\x7f é \U0001f600"}
    assert canonical(value) == '{"number":333333333,"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/","z":"\x7f é \U0001f600"}'


@pytest.mark.parametrize(
    "facts",
    [
        {"value": 1.5},
        {"value": True},
        {"value": None},
        {"value": 2**53},
        {"value": ["a"]},
        {"Value": 1},
        {"kind": "begun"},
        {"recipient": "in clear"},
    ],
    ids=str,
)
def test_what_no_event_may_hold_is_refused(facts):
    """Only whole numbers and strings under plain names, and no text beside its own commitment."""
    with pytest.raises(ValueError, match=r"."):
        write_event("restarted", facts, {"recipient": PersonalText(b"s" * 16, "x")})


def test_a_kind_that_does_not_exist_is_refused():
    """The kinds are a closed set."""
    with pytest.raises(ValueError, match="not a kind"):
        write_event("reading", {}, {})


@given(st.text())
def test_any_text_of_a_stranger_can_be_kept(text):
    """Lone surrogates and lengths without bounds become a text that UTF-8 can say, and that stays the same."""
    kept = clean(text + "\ud800" + "x" * 5000)
    assert len(kept) == 4000
    (entry,) = chain([("access-asked", {}, {"reason": kept})])
    assert read_line(write_line(entry).encode()).texts["reason"].text == kept == clean(kept)


@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True).filter(lambda n: n != "kind"), st.text()))
def test_a_line_read_is_the_entry_written(personal):
    """For every event: line to entry to line."""
    (entry,) = chain([("notice-sent", {}, {name: clean(text) for name, text in personal.items()})])
    line = write_line(entry).encode()
    assert read_line(line) == entry
    assert json.loads(line)["time"] == T0 + 1


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_journal_error(raw):
    """Not even nonsense that begins as an entry."""
    for line in (raw, b'{"event":' + raw + b"}", b"[" * 5000):
        with pytest.raises(JournalError):
            read_line(line)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seq", 1.0),
        ("seq", -1),
        ("seq", True),
        ("time", "1"),
        ("hash", "A" * 64),
        ("hash", 5),
        ("sig", "00"),
        ("event", {}),
        ("event", {"kind": "x", "a": [1]}),
        ("event", {"kind": "x", "a": {"$": "b"}}),
        ("texts", {}),
        ("texts", {"recipient": {"salt": "00", "text": "a"}}),
        ("texts", {"recipient": {"text": "a"}}),
        ("texts", {"recipient": "a"}),
        ("more", 1),
    ],
)
def test_a_line_of_another_form_is_refused(name, value):
    """Each field has one form, canonical JSON or not."""
    found = json.loads(lines(chain(life(3)))[1])
    read_line(canonical(found).encode())
    with pytest.raises(JournalError):
        read_line(canonical(found | {name: value}).encode())


def test_what_was_done_to_an_event_in_the_database_is_exported_as_it_is():
    """Spaces put into it are not written away."""
    (entry,) = chain([("restarted", {}, {})])
    changed = Entry(entry.seq, entry.time, entry.event.replace(":", ": "), entry.prev, entry.hash, entry.sig)
    with pytest.raises(JournalError, match="canonical"):
        read_line(write_line(changed).encode())
