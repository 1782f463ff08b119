"""``latest.json``: what is believed, and one sentence for each thing that is not."""

import hashlib
import json
import random
from datetime import UTC, datetime, timedelta

import pytest

from gateway.errors import ReleaseError
from gateway.journal import ed25519
from gateway.upkeep.releases.keys import (
    fingerprint,
    key_id,
    parse_public,
    render_public,
    signature_line,
    signed_by,
    trusted_keys,
)
from gateway.upkeep.releases.latest import MOST_BYTES, read_latest, require_file
from gateway.upkeep.releases.seen import Seen, read_seen, write_seen

ISSUED = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)
OLD, NEXT, STRANGER = (bytes([number]) * 32 for number in (1, 2, 3))
ABOUT = {
    "serial": 42,
    "version": "0.3.0",
    "issued": ISSUED.isoformat(),
    "expires": (ISSUED + timedelta(days=90)).isoformat(),
    "min_version": "0.1.0",
    "security": True,
    "support_end": "2028-11-30",
    "notes": {"fr": "Une faille est fermée.", "en": "A weakness is mended."},
    "files": {"releases/0.3.0/linky-gateway-0.3.0.tar.gz": {"size": 5, "sha256": hashlib.sha256(b"bytes").hexdigest()}},
}


def keys(*seeds):
    """What a machine trusts."""
    return {key_id(public): public for public in map(ed25519.public_of, seeds)}


def signatures_of(text, seeds):
    """The file of signatures."""
    return "".join(signature_line(ed25519.public_of(seed), ed25519.sign(seed, text)) for seed in seeds).encode()


def written(**changes):
    """The list with some of it other."""
    return json.dumps(ABOUT | changes).encode() + b"\n"


def read(text, signatures=None, *, signers=(OLD,), trusted=(OLD,), now=ISSUED, **options):
    """As a machine reads it that runs 0.2.0 and has seen number 41."""
    signatures = signatures_of(text, signers) if signatures is None else signatures
    wanted = {"last_serial": 41, "running": "0.2.0"} | options
    return read_latest(text, signatures, keys(*trusted), now=now, **wanted)


def refused(*arguments, **options):
    """The sentence."""
    with pytest.raises(ReleaseError) as error:
        read(*arguments, **options)
    assert str(error.value) != error.value.phrase.in_language("fr")
    return str(error.value)


def test_a_good_list_is_believed():
    """All that it says, times with their zone; members of a later version are passed over."""
    latest = read(written(from_the_future=[1, {"x": 2}]))
    assert (latest.serial, latest.version, latest.security) == (42, "0.3.0", True)
    assert latest.expires - latest.issued == timedelta(days=90)
    assert str(latest.support_end) == "2028-11-30"
    assert latest.is_newer_than("0.2.0")
    assert not latest.is_newer_than("0.3.0")
    assert latest.follows("0.1.0")
    assert not latest.follows("0.1.0rc1")


def test_one_of_the_trusted_keys_is_enough_and_a_stranger_s_is_not():
    """Two holders: either one; while keys change, the former, the next or both."""
    text = written()
    for signers in ((OLD,), (NEXT,), (OLD, NEXT), (STRANGER, NEXT)):
        assert read(text, signers=signers, trusted=(OLD, NEXT)).serial == 42
    assert "not signed by a key that this gateway trusts" in refused(text, signers=(STRANGER,))
    # Another's key under the name of one that is trusted.
    forged = signatures_of(text, (STRANGER,)).replace(*(key_id(ed25519.public_of(s)).encode() for s in (STRANGER, OLD)))
    assert "not signed" in refused(text, forged)


def test_a_key_that_was_withdrawn_is_believed_no_more():
    """Whoever has found it cannot sign; nor does a list count whose only signer it withdraws itself."""
    old = key_id(ed25519.public_of(OLD))
    text = written(withdrawn=[old])
    assert read(text, signers=(OLD, NEXT), trusted=(OLD, NEXT)).withdrawn == (old,)
    assert "not signed" in refused(text, signers=(OLD,), trusted=(OLD, NEXT))
    assert "not signed" in refused(written(), signers=(OLD,), trusted=(OLD, NEXT), withdrawn={old})
    assert read(written(), signers=(NEXT,), trusted=(OLD, NEXT), withdrawn={old})


def test_an_old_list_is_not_taken():
    """By its number, by its end where the clock is known, by its version; the same one again is no old one."""
    assert "number 42, and number 43 was seen before" in refused(written(), last_serial=43)
    assert read(written(), last_serial=42)
    late = ISSUED + timedelta(days=90)
    assert "was good until 2027-02-27" in refused(written(), now=late)
    assert read(written(), now=None)
    assert "older than 0.4.0 that runs here" in refused(written(), running="0.4.0")
    assert "older than 0.3.0 that runs here" in refused(written(version="0.3.0rc1"), running="0.3.0")
    assert read(written(), running="0.3.0")


def test_a_list_that_was_cut_is_not_taken():
    """Wherever it ends, with the signature of the whole, and wherever the signatures end."""
    text = written()
    signatures = signatures_of(text, (OLD,))
    for end in range(len(text) - 1):
        said = refused(text[:end], signatures)
        assert "cut on its way" in said or "changed on its way" in said
    for end in range(len(signatures)):
        assert "cut on its way" in refused(text, signatures[:end])


def test_a_list_that_was_changed_is_not_taken():
    """Any bit of it, any bit of its signature."""
    text, chance = written(), random.Random(21)
    signatures = signatures_of(text, (OLD,))
    for _ in range(200):
        whole = bytearray(text + signatures)
        whole[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        one, other = bytes(whole[: len(text)]), bytes(whole[len(text) :])
        if one == text and signed_by(text, other, keys(OLD)):
            continue  # a space at the end of a line says nothing
        assert refused(one, other)


@pytest.mark.parametrize(
    "changes",
    [
        {"serial": 0},
        {"serial": "42"},
        {"version": "latest"},
        {"version": "1..0"},
        {"min_version": "x"},
        {"issued": "2026-11-29T09:00:00"},
        {"expires": ISSUED.isoformat()},
        {"files": {"../../etc/passwd": {"size": 1, "sha256": "0" * 64}}},
        {"files": {"/etc/passwd": {"size": 1, "sha256": "0" * 64}}},
        {"files": {"releases/.hidden": {"size": 1, "sha256": "0" * 64}}},
        {"files": {"a": {"size": -1, "sha256": "0" * 64}}},
        {"files": {"a": {"size": 1, "sha256": "0"}}},
        {"files": {f"f{n}": {"size": 1, "sha256": "0" * 64} for n in range(201)}},
        {"notes": {"fr": "x" * 4_001}},
        {"withdrawn": ["all"]},
    ],
)
def test_a_signed_list_that_says_nonsense_is_not_taken(changes):
    """Signed or not: a number that is none, a version that is none, a path that leaves the folder, too much."""
    assert "this version cannot read it" in refused(written(**changes))


def test_what_is_too_large_or_too_deep_is_not_read():
    """Before anything is looked for in it."""
    assert "larger than 64 kB" in refused(b"{" + b" " * MOST_BYTES + b"}", b"x\n")
    assert "larger than 64 kB" in refused(written(), b"x\n" * 3_000)
    deep = b'{"extra":' + b"[" * 30_000 + b"]" * 30_000 + b"}"
    assert "cannot read it" in refused(deep)
    for strange in (b"{}", b"{]}", b'{"a":\xff}', b"\x00}"):
        assert "cannot read it" in refused(strange)


def test_a_file_is_what_the_list_says(tmp_path):
    """By size and SHA-256; a longer one is not read to its end."""
    latest = read(written())
    name, path = "releases/0.3.0/linky-gateway-0.3.0.tar.gz", tmp_path / "file"
    path.write_bytes(b"bytes")
    require_file(latest, name, path)
    for other in (b"bytez", b"byte", b"bytes ", b""):
        path.write_bytes(other)
        with pytest.raises(ReleaseError, match="is not the file that the signed list names"):
            require_file(latest, name, path)
    with pytest.raises(ReleaseError, match="is not in the list"):
        require_file(latest, "other", path)


def test_the_keys_of_a_machine_are_those_of_its_folder(tmp_path, caplog):
    """The first one and those that releases brought; what is no key is left out and said; none is a sentence."""
    with pytest.raises(ReleaseError, match="no key is known"):
        trusted_keys(tmp_path)
    (tmp_path / "release-keys").mkdir()
    (tmp_path / "release.pub").write_text(render_public(ed25519.public_of(OLD)))
    (tmp_path / "release-keys/next.pub").write_text(render_public(ed25519.public_of(NEXT)))
    (tmp_path / "release-keys/broken.pub").write_text("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
    assert trusted_keys(tmp_path) == keys(OLD, NEXT)
    assert "broken.pub is no Ed25519 public key" in caplog.text


def test_a_public_key_is_read_as_openssl_writes_it():
    """RFC 8410's own example (§10.1); other bytes are none."""
    pem = (
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
        "-----END PUBLIC KEY-----\n"
    )
    public = parse_public(pem)
    assert public.hex() == "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1"
    assert render_public(public) == pem
    assert len(fingerprint(public).split()) == 10
    assert fingerprint(public).replace(" ", "").lower().startswith(key_id(public))
    assert parse_public(pem.replace("MCow", "MCox")) is None
    assert parse_public("") is None


def test_what_was_seen_outlives_a_start(tmp_path, caplog):
    """The highest number and every key that was withdrawn; a file that cannot be read is said, and begins anew."""
    path = tmp_path / "seen.json"
    assert read_seen(path) == Seen()
    old = key_id(ed25519.public_of(OLD))
    seen = Seen(serial=50, withdrawn=("0" * 16,)).with_list(
        read(written(withdrawn=[old]), signers=(NEXT,), trusted=(OLD, NEXT))
    )
    write_seen(path, seen)
    assert read_seen(path) == Seen(serial=50, withdrawn=tuple(sorted(("0" * 16, old))))
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("[" * 5_000)
    assert read_seen(path) == Seen()
    assert "cannot be read" in caplog.text
