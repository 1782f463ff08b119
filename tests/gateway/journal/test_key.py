"""The journal's key: signatures as others make them, and a file as others write it."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.errors import StoreError
from gateway.journal import ed25519
from gateway.journal.key import read_key, read_or_make_key

# RFC 8032 §7.1, tests 1, 3 and SHA(abc): seed, public key, message, signature.
RFC_8032 = (
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2465"
        "5141438e7a100b",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc0"
        "27beceea1ec40a",
    ),
)
BY = (ed25519._signer(), ed25519._Package())


def test_this_pythons_openssl_signs():
    """Where it can be reached, which is everywhere that Python is not built in one piece."""
    assert isinstance(BY[0], ed25519._OpenSSL)


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
def test_it_signs_as_the_rfc_does(by, seed, public, message, signature):
    """And believes neither another message, nor a signature that is cut, nor another key's."""
    seed, public, message, signature = map(bytes.fromhex, (seed, public, message, signature))
    assert by.public_of(seed) == public
    assert by.sign(seed, message) == signature
    assert by.is_signed(public, message, signature)
    for key, text, word in (
        (public, message + b"\0", signature),
        (public, message, signature[:-1]),
        (public, message, b""),
        (public, message, bytes(64)),
        (by.public_of(bytes(32)), message, signature),
    ):
        assert not by.is_signed(key, text, word)


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("bad", [b"", bytes(31), bytes(33)])
def test_what_is_no_key_is_refused(by, bad):
    """A key of another length, private or public."""
    for act in (by.public_of, lambda key: by.sign(key, b""), lambda key: by.is_signed(key, b"", bytes(64))):
        with pytest.raises(ValueError, match=r".+"):
            act(bad)


def test_both_sign_and_believe_the_same():
    """Messages of the length of a hash, and signatures with one bit turned."""
    ours, theirs = BY
    for number in range(200):
        seed, message = number.to_bytes(32, "big"), (number * 7).to_bytes(32, "little")
        signature = ours.sign(seed, message)
        assert signature == theirs.sign(seed, message)
        public = ours.public_of(seed)
        turned = bytearray(signature)
        turned[number % 64] ^= 1 << number % 8
        assert not ours.is_signed(public, message, bytes(turned))
        assert not theirs.is_signed(public, message, bytes(turned))


def test_a_python_whose_openssl_cannot_be_reached_signs_all_the_same(monkeypatch):
    """Built in one piece, its module of hashes has no file; or it says what the RFC does not."""
    monkeypatch.setattr(ed25519.hashlib, "_hashlib", object())
    assert isinstance(ed25519._signer.__wrapped__(), ed25519._Package)
    monkeypatch.undo()
    monkeypatch.setattr(ed25519, "_TEST", ("00" * 32, *ed25519._TEST[1:]))
    assert isinstance(ed25519._signer.__wrapped__(), ed25519._Package)


def test_a_key_is_the_file_that_others_write(tmp_path):
    """Byte for byte what ``cryptography`` makes of it, private to its owner; read again it is the same key."""
    path = tmp_path / "journal.key"
    made = read_or_make_key(path)
    seed = made._seed
    theirs = Ed25519PrivateKey.from_private_bytes(seed)
    assert path.read_bytes() == theirs.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_key(path).public == made.public == theirs.public_key().public_bytes_raw().hex()


def test_a_key_of_another_form_is_read(tmp_path):
    """With a comment before it, or the ends of lines of Windows; one that is damaged is none."""
    theirs = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = theirs.public_key().public_bytes_raw().hex()
    pem = theirs.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = tmp_path / "journal.key"
    for content in (pem, pem.replace(b"\n", b"\r\n"), b"# ours\n" + pem, pem.rstrip()):
        path.write_bytes(content)
        assert read_key(path).public == public
    for content in (b"", pem[:60], pem.replace(b"MC4C", b"MC4D"), pem.replace(b"MC4C", b"M*4C")):
        path.write_bytes(content)
        with pytest.raises(StoreError, match="is no Ed25519 private key"):
            read_key(path)
